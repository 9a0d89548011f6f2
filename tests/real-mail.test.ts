/** The real mailbox: 1,702 business mails through the whole house. Balanced books, rows equal to counters, and every mail found again by a rare word of its own. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Client as Agent, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContextAnswer } from '#contract/context';
import { Erasure, ErasuresAnswer } from '#contract/erasure';
import { ExportLine } from '#contract/export';
import type { Job } from '#contract/job';
import { MemoryRecord } from '#contract/memory';
import { startHouse, type House } from '#dev/house';
import { freePorts } from '#dev/ports';
import { openClient, type Client } from './client.ts';

const FILE = resolve(import.meta.dirname, '../../shared/data/real-mail.jsonl.gz');
const DEEP = 9_000, AT_ONCE = 6, YEARS_BACK = 9;

describe.skipIf(!existsSync(FILE))('the real mailbox (../shared/data/real-mail.jsonl.gz)', () => {
  let house: House, dir: string, client: Client, job: Job;
  const texts = new Map<string, string>();                          // record id -> stored text
  let frequency: Map<string, Set<string>>;                          // word -> records

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'hsync-real-'));
    house = await startHouse({ dir, port: await freePorts(5), workers: 1, env: { SANDBOX_MAILBOX: FILE, SANDBOX_SHIFT: '1' } });
    await house.owner.system([sql`update tenants set plan = 'enterprise' where id = 'nordlicht'`]);
    client = openClient(house.url, house.credentials.tenants[0]!.api_key);
    const start = new Date();
    start.setUTCFullYear(start.getUTCFullYear() - YEARS_BACK);
    job = await client.ended((await client.start(await client.connect('anna.keller@nordlicht-robotics.example'), { start_date: start.toISOString() })).job_id);
    await each(await recordIds(), async (id) => { texts.set(id, MemoryRecord.parse(await (await client.fetch(`/api/memory/records/${id}`)).json()).text); });
    frequency = new Map();
    for (const [id, text] of texts) for (const [token] of text.toLowerCase().matchAll(/[a-z]+/g)) frequency.set(token, (frequency.get(token) ?? new Set()).add(id));
  }, 240_000);
  afterAll(async () => { await house.stop(); rmSync(dir, { recursive: true, force: true }); }, 60_000);

  const recordIds = async () => (await house.owner.system([sql`select record_id::text as id from records where tenant_id = 'nordlicht'`]))[0]!.map((r) => String(r.id));

  it('goes through whole, with balanced books and counters that equal the rows', async () => {
    expect(job).toMatchObject({ status: 'completed', progress_percentage: 100 });
    const [rows] = await house.owner.system([sql`select (select count(*)::int from records) as records, (select count(*)::int from discovered_entities) as entities, (select count(*)::int from graph_edges) as edges`]);
    expect(rows![0]).toEqual({ records: job.ledger.stored, entities: job.entities_extracted, edges: job.relationships_extracted });
    expect(job.ledger).toMatchObject({ seen: job.ledger.stored, failed: 0, duplicate: 0, unchanged: 0 });
    const inRange = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n').map((l) => JSON.parse(l) as { date: string }).filter((m) => m.date >= '1994');
    expect(job.ledger.stored).toBe(inRange.length);
  });

  it('finds every mail again by a rare word of its own body', async () => {
    const lost: string[] = [];
    let asked = 0;
    await each([...texts.keys()], async (id) => {
      const [word, records] = [...wordsOf(texts.get(id)!)].map((w) => [w, frequency.get(w)?.size ?? 1] as const).sort((a, b) => a[1] - b[1])[0] ?? ['', Infinity];
      if (records > 80) return;                                     // a mail of three common words has no rare one
      asked++;
      const { results } = await client.search(word, { mode: 'keyword', limit: records > 15 ? '100' : '20' });
      if (!results.some((r) => r.record_id === id)) lost.push(`${id} by "${word}" (${records} records)`);
    });
    expect(lost).toEqual([]);
    expect(asked).toBeGreaterThan(texts.size * 0.97);
  }, 240_000);

  it('finds words that stand at character 9,000 and later', async () => {
    let asked = 0;
    for (const [id, text] of texts) {
      if (text.length <= DEEP) continue;
      const early = wordsOf(text.slice(0, DEEP)), word = [...wordsOf(text.slice(DEEP).replace(/^\S+/, ''))].find((w) => !early.has(w) && (frequency.get(w)?.size ?? 1) <= 2 && w.length > 5);
      if (!word) continue;
      asked++;
      expect((await client.search(word, { mode: 'keyword', limit: '100' })).results.map((r) => r.record_id), `"${word}" at ${text.toLowerCase().indexOf(word)}`).toContain(id);
    }
    expect(asked).toBeGreaterThan(20);
  }, 120_000);

  it('is told to an agent over MCP, with citations and watermarks', async () => {
    const agent = new Agent({ name: 'test', version: '1' });
    await agent.connect(new StreamableHTTPClientTransport(new URL('/mcp', house.url), { requestInit: { headers: { authorization: `Bearer ${house.credentials.tenants[0]!.api_key}` } } }));
    const pack = ContextAnswer.parse((await agent.callTool({ name: 'get_context', arguments: { query: 'What did the governor say about power prices in California?', token_budget: 3_000 } })).structuredContent);
    expect(pack).toMatchObject({ watermarks: [{ stream: 'calendar' }, { stream: 'mail' }], citations: pack.records.map(({ citation, record_id, url }) => ({ citation, record_id, url })) });
    expect(pack.records.length).toBeGreaterThan(3);
    expect(pack.entities.length).toBeGreaterThan(3);
    expect(pack.tokens).toBeLessThanOrEqual(3_000);
    const { structuredContent } = await agent.callTool({ name: 'timeline', arguments: { entity_id: pack.entities[0]!.id, limit: 3 } });
    expect(structuredContent).toMatchObject({ entity: { name: pack.entities[0]!.name } });
    await agent.close();
  });

  it('comes out whole, and when it is erased nothing of it is left in either memory', async () => {
    const exported = async (): Promise<ExportLine[]> => (await (await client.fetch('/api/memory/export')).text()).split('\n').filter(Boolean).map((line) => ExportLine.parse(JSON.parse(line)));
    const records = (await exported()).filter((line) => line.type === 'record');
    expect(new Map(records.map((r) => [r.record_id, r.text]))).toEqual(texts);
    const erased = Erasure.parse(await (await client.fetch('/api/tenant/data', { method: 'DELETE' })).json());
    expect((await client.search('power')).results).toEqual([]);
    await expect.poll(async () => ErasuresAnswer.parse(await (await client.fetch('/api/memory/erasures')).json()).erasures, { timeout: 120_000 }).toMatchObject([{ erasure_id: erased.erasure_id, status: 'done', records: texts.size, texts: texts.size }]);
    expect(await exported()).toEqual([]);
  }, 180_000);
});

/** Whole words in lower case; nothing that an index might rightly take apart. */
const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/(?<![\w'’.@/-])[a-z]{4,20}(?![\w'’.@/-])/g) ?? []);

/** A few at a time. */
async function each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (const item of queue) await work(item); }));
}
