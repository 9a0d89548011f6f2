/** Forgetting records on real stores: what goes with them, what stays because others support it, and what the sweep does with the rest. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { SWEEP_AFTER_MS } from '#contract/limits';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { forgetting } from '#fly-worker/forget';
import type { Database } from '#migrations/database';
import { readRecord, search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { sweepLeftovers } from '#fly-worker/sweep';
import { openWorkshop } from '#fly-worker/workshop';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const embedder = localEmbedder();
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string;
beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-forget-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
beforeEach(async () => {
  [tenantId, connectionId] = [`t${randomUUID().slice(0, 8)}`, randomUUID()];
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
});

const run = (records: SourceRecord[]) => runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId, connectionId, records });
const memory = () => ({ db: db.app, semantic, embedder });
const find = async (q: string): Promise<string[]> => (await search(memory(), tenantId, { q, mode: 'keyword', recency: 'ignore', limit: 50 })).results.map((r) => r.record_id);
/** Everything Postgres holds of the tenant's memory, as one value. */
async function graph(): Promise<unknown> {
  const [rows] = await db.owner.system([sql`select
    (select json_agg(json_build_array(provider_id, content_hash) order by provider_id) from records where tenant_id = ${tenantId}) as records,
    (select json_agg(json_build_array(node_type, key, name, properties, described_by) order by node_type, key) from graph_nodes where tenant_id = ${tenantId}) as nodes,
    (select json_agg(id order by id) from graph_edges where tenant_id = ${tenantId}) as edges, (select json_agg(id order by id) from discovered_entities where tenant_id = ${tenantId}) as staged,
    (select count(*)::int from evidence where tenant_id = ${tenantId}) as evidence`]);
  return rows![0];
}
const rowsInLance = async (): Promise<number> => (await semantic.stats({ tenant: tenantId, embedder }))?.rows ?? 0;
const leftovers = async (): Promise<number> => Number((await db.owner.system([sql`select count(*)::int as n from semantic_leftovers where tenant_id = ${tenantId}`]))[0]![0]!.n);

/** Answers how many of these records were there. */
async function forgetRecords(at: Database, tenant: string, ids: string[]): Promise<number> {
  const [, gone] = await at.tenant(tenant, forgetting(tenant, ids, ({ records }) => sql`select ${records ? sql`(select count(*)::int from ${records})` : sql`0`} as gone`), 'exclusive');
  return Number(gone![0]!.gone);
}

const quince: SourceRecord = {
  ...benchMails(1)[0]!, providerId: 'quince', title: 'Quince marmalade', body: { format: 'text', content: 'Offer OF-2031-777 over €1,234.50, see https://quince.example/offer' }, threadId: 'quince',
  participants: [{ role: 'from', address: 'only@quince.example', name: 'Only Here' }, { role: 'to', address: 'shared@nordwind.example', name: 'Newest Name' }], occurredAt: '2039-01-01T00:00:00.000Z',
};

describe('a forgotten record', () => {
  it('is gone from Postgres with everything only it supported, and from search at once; what others support stays, described by the newest of them', async () => {
    const others = benchMails(20).map((m) => ({ ...m, participants: [...m.participants, { role: 'cc' as const, address: 'shared@nordwind.example', name: 'Older Name' }] }));
    await run(others);
    const before = await graph();
    await run([...others, quince]);
    const [id] = await find('marmalade');
    expect(JSON.stringify(await graph())).toContain('Newest Name');
    expect(await forgetRecords(db.app, tenantId, [id!])).toBe(1);
    expect(await graph()).toEqual(before);
    expect(await find('marmalade')).toEqual([]);
    expect(await readRecord(memory(), tenantId, id!)).toBeNull();
    expect(await forgetRecords(db.app, tenantId, [id!]), 'it is gone already').toBe(0);
  });

  it('takes its place in failure lists and its cached answers with it', async () => {
    await run([quince]);
    const [id] = await find('marmalade');
    await db.owner.system([sql`insert into extraction_cache (tenant_id, content_hash, extractor, answer) values (${tenantId}, 'asked', 'x', '{}'), (${tenantId}, 'other', 'x', '{}')`,
      sql`insert into enrichments (tenant_id, job_id, record_id, content_hash, occurred_at, outcome, input_hash) select tenant_id, stored_by_job, record_id, content_hash, occurred_at, 'done', 'asked' from records where record_id = ${id}::uuid`,
      sql`insert into record_failures (tenant_id, job_id, record_id, stream, provider_id, kind, message) values (${tenantId}, ${randomUUID()}::uuid, ${id}::uuid, 'mail', 'quince', 'not_processed', 'x')`]);
    await forgetRecords(db.app, tenantId, [id!]);
    const [left] = await db.owner.system([sql`select (select json_agg(content_hash) from extraction_cache where tenant_id = ${tenantId}) as cache,
      (select count(*)::int from record_failures where tenant_id = ${tenantId}) as failures, (select count(*)::int from enrichments where tenant_id = ${tenantId}) as enrichments`]);
    expect(left).toEqual([{ cache: ['other'], failures: 0, enrichments: 0 }]);
  });

  it('is another tenant\'s to forget no more than to read', async () => {
    await run([quince]);
    const [id] = await find('marmalade');
    expect(await forgetRecords(db.app, 'somebody-else', [id!])).toBe(0);
    expect(await find('marmalade')).toEqual([id]);
  });

  it('that the provider shows again is stored again, and found', async () => {
    await run([quince]);
    const [id] = await find('marmalade'), before = await graph();
    await forgetRecords(db.app, tenantId, [id!]);
    expect((await run([quince])).progress.ledger).toMatchObject({ seen: 1, stored: 1 });
    expect(await graph()).toEqual(before);
    expect(await find('marmalade')).toEqual([id]);
  });
});

it('many records that were forgotten just now do not stand before those that are left', async () => {
  const mails = Array.from({ length: 60 }, (_, i): SourceRecord => ({ ...benchMails(1)[0]!, providerId: `m${i}`, threadId: `t${i}`, title: i < 55 ? 'Marmalade marmalade' : 'Other things', body: { format: 'text', content: i < 55 ? 'marmalade' : `${'words about something else '.repeat(20)} marmalade` } }));
  await run(mails);
  const all = await find('marmalade'), gone = all.slice(0, 50);
  await forgetRecords(db.app, tenantId, gone);
  const { results } = await search(memory(), tenantId, { q: 'marmalade', mode: 'keyword', recency: 'ignore', limit: 5 });
  expect(results.length).toBe(5);
  expect(results.filter(({ record_id }) => gone.includes(record_id))).toEqual([]);
});

describe('the sweep', () => {
  it('deletes what forgotten and edited records left in semantic memory, once it is old enough, and nothing else', async () => {
    const others = benchMails(5), edited = { ...quince, title: 'Quince jelly' };
    await run([...others, quince]);
    await run([...others, edited]);
    const [id] = await find('jelly');
    await forgetRecords(db.app, tenantId, [id!]);
    expect([await rowsInLance(), await leftovers()]).toEqual([7, 2]);
    await sweepLeftovers(db.app, semantic, SWEEP_AFTER_MS);
    expect([await rowsInLance(), await leftovers()], 'not an hour old').toEqual([7, 2]);
    expect(await sweepLeftovers(db.app, semantic, 0)).toBeGreaterThanOrEqual(2);
    expect([await rowsInLance(), await leftovers()]).toEqual([5, 0]);
    for (const mail of others) expect((await find(mail.title)).length).toBeGreaterThan(0);
  });

  it('takes along what an attempt stored that was killed before its commit', async () => {
    await run([quince]);
    const [id] = await find('marmalade');
    await semantic.store({ tenant: tenantId, embedder }, [{ recordId: id!, contentHash: 'never-committed', integrationId: 'outlook', connectionId, stream: 'mail', occurredAt: Date.now(), title: 'Quince', text: 'Never named', parts: [], people: [], url: null, vector: null }]);
    await forgetRecords(db.app, tenantId, [id!]);
    await sweepLeftovers(db.app, semantic, 0);
    expect([await rowsInLance(), await leftovers()]).toEqual([0, 0]);
  });

  it('leaves alone what was stored again in the meantime, named already or just about to be', async () => {
    await run([quince]);
    const [id] = await find('marmalade');
    await forgetRecords(db.app, tenantId, [id!]);
    // Stored again, and not yet named: a worker between its two memories, while a sweep that began earlier is about to delete.
    const sweeper = { remove: async (...args: Parameters<SemanticMemory['remove']>) => { await run([quince]); return semantic.remove(...args); } };
    await sweepLeftovers(db.app, sweeper, 0);
    expect(await find('marmalade')).toEqual([id]);
    expect((await readRecord(memory(), tenantId, id!))!.text).toContain('OF-2031-777');
    await forgetRecords(db.app, tenantId, [id!]);
    await run([quince]);
    await sweepLeftovers(db.app, semantic, 0);
    expect([await find('marmalade'), await rowsInLance(), await leftovers()], 'named again').toEqual([[id], 1, 0]);
  });
});
