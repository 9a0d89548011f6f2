/** The pack for an agent: within its budget to the last character, and on real stores with what an agent needs to answer and to cite. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContextAnswer, ContextRequest } from '#contract/context';
import { CONTEXT_CHARS_PER_TOKEN, CONTEXT_TOKENS_MIN } from '#contract/limits';
import { contentHash, derive } from '#fly-worker/extract/derive';
import { localEmbedder } from '#fly-worker/embed/local';
import { contextOf } from '#fly-worker/graph/context';
import { packContext, type PackParts } from '#fly-worker/graph/pack';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { learn } from '../edge/learn.ts';

const parts = (n: number, chars: number): PackParts => ({
  query: 'what about "lamps"?',
  records: Array.from({ length: n }, (_, i) => ({ record_id: randomUUID(), title: `Mail ${i}`, occurred_at: '2026-01-01T00:00:00.000Z', integration_id: 'outlook', stream: 'mail', url: `https://mail.example/${i}` })),
  texts: Array.from({ length: n }, (_, i) => `"Line ${i}"\n`.repeat(chars / 10)),
  entities: Array.from({ length: n }, (_, i) => ({ id: `n${i}`, node_type: 'person', key: `p${i}@x.example`, name: `Person ${i}`, score: 1 / (i + 1) })),
  relations: Array.from({ length: n }, (_, i) => ({ source: 'n0', source_name: 'Person 0', edge_type: 'REPLY_TO', target: `n${i}`, target_name: `Person ${i}`, weight: 1, first_seen: '2026-01-01T00:00:00.000Z', last_seen: '2026-01-01T00:00:00.000Z', citations: [i + 1] })),
  watermarks: Array.from({ length: n }, (_, i) => ({ connection_id: randomUUID(), integration_id: 'slack', stream: `channel-${i}`, title: null, complete_back_to: '2026-01-01T00:00:00.000Z', complete_until: '2026-01-01T00:00:00.000Z' })) as PackParts['watermarks'],
});
const tokens = (pack: unknown): number => Math.ceil(JSON.stringify(pack).length / CONTEXT_CHARS_PER_TOKEN);

describe('the pack', () => {
  it.each([[0, 0], [1, 40], [3, 2_000], [40, 10_000], [50, 300]])('of %d records of %d characters is never larger than its budget', (n, chars) => {
    for (const budget of [CONTEXT_TOKENS_MIN, 777, 1_500, 4_000, 20_000, 100_000]) {
      const pack = packContext(parts(n, chars), budget);
      expect(tokens(pack), `budget ${budget}`).toBeLessThanOrEqual(budget);
      expect(pack.tokens).toBeGreaterThanOrEqual(tokens(pack) - 1);
      expect(ContextAnswer.safeParse(pack).error?.issues).toBeUndefined();
    }
  });

  it('says whether something was left out', () => {
    expect(packContext(parts(3, 300), 4_000)).toMatchObject({ truncated: false, records: [{ is_whole: true }, { is_whole: true }, { is_whole: true }] });
    const small = packContext(parts(20, 3_000), 2_000);
    expect(small.truncated).toBe(true);
    expect(small.records.length).toBeGreaterThan(2);
    expect(small.entities.length).toBeGreaterThan(1);
  });

  it('gives what room is left to the best records\' texts, and uses most of it', () => {
    const pack = packContext(parts(8, 4_000), 6_000);
    expect(pack.records[0]!.text.length).toBeGreaterThan(pack.records.at(-1)!.text.length);
    expect(tokens(pack)).toBeGreaterThan(5_800);
  });

  it('cites only what it holds', () => {
    const pack = packContext(parts(30, 500), 3_000), numbers = new Set(pack.citations.map((c) => c.citation));
    expect(pack.records.map((r) => r.citation)).toEqual([...numbers]);
    for (const relation of pack.relations) for (const citation of relation.citations) expect(numbers.has(citation)).toBe(true);
    const ids = new Set(pack.entities.map((e) => e.id));
    for (const relation of pack.relations) expect(ids.has(relation.source) && ids.has(relation.target)).toBe(true);
  });
});

describe('context from real stores', () => {
  let db: TestDatabase, dir: string, semantic: SemanticMemory;
  const tenant = 'ctx', connection = randomUUID(), embedder = localEmbedder();
  beforeAll(async () => {
    db = await startTestDatabase();
    dir = mkdtempSync(join(tmpdir(), 'hsync-context-'));
    semantic = openSemanticMemory({ uri: dir });
    await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenant}, 'T', ${tenant})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${connection}::uuid, 'outlook', 'a')`]);
    const mails = [...benchMails(60), { ...benchMails(1)[0]!, providerId: 'quince', title: 'Quince marmalade', body: { format: 'text' as const, content: 'Priya wants forty jars of quince marmalade by Friday.\n\nBest regards,\nMia' },
      participants: [{ role: 'from' as const, address: 'mia.chen@quill.example', name: 'Mia Chen' }, { role: 'to' as const, address: 'priya@lumen.example', name: 'Priya Nair' }], threadId: 'quince' }];
    const ids = await learn(db, tenant, connection, mails), derived = derive(mails);
    await semantic.store({ tenant, embedder }, await Promise.all(mails.map(async (source, i) => ({
      recordId: ids[i]!, contentHash: contentHash(source), integrationId: 'outlook', connectionId: connection, stream: 'mail', occurredAt: Date.parse(source.occurredAt), title: derived[i]!.title, text: derived[i]!.text,
      parts: derived[i]!.parts, people: derived[i]!.people, url: source.url, vector: (await embedder.embed([derived[i]!.passages[0]!.embeddable])).slice(),
    }))));
  });
  afterAll(async () => { await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });

  const ask = (request: object) => contextOf({ db: db.app, semantic, embedder }, tenant, ContextRequest.parse(request));

  it('holds the record, who it is about, how they are tied, and how far memory reaches', async () => {
    const pack = ContextAnswer.parse(await ask({ query: 'Who wants quince marmalade?', limit: 5 }));
    expect(pack.records[0]).toMatchObject({ citation: 1, title: 'Quince marmalade', text: 'Priya wants forty jars of quince marmalade by Friday.', is_whole: true });
    expect(pack.entities.slice(0, 6).map((e) => e.name)).toEqual(expect.arrayContaining(['Mia Chen', 'Priya Nair', 'Quince marmalade']));
    expect(pack.relations.find((r) => r.edge_type === 'SENT' && r.target_name === 'Quince marmalade')).toMatchObject({ source_name: 'Mia Chen', citations: [1] });
    expect(pack.citations[0]).toMatchObject({ citation: 1, record_id: pack.records[0]!.record_id });
    expect(pack.watermarks).toHaveLength(1);
    expect(pack.tokens).toBeLessThanOrEqual(4_000);
  });

  it('begins with whom the question names, and keeps to what it is narrowed to', async () => {
    const pack = await ask({ query: 'Jonas Falk contract', limit: 3, token_budget: 2_000 });
    expect(pack.entities.slice(0, 3).map((e) => e.name)).toContain('Jonas Falk');
    expect((await ask({ query: 'quince marmalade', person: 'tom@quill.example' })).records.map((r) => r.title)).not.toContain('Quince marmalade');
  });

  it('is the same for the same question', async () => { expect(await ask({ query: 'invoice shipment delayed' })).toEqual(await ask({ query: 'invoice shipment delayed' })); });
});
