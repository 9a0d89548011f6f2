/** The pipeline on real stores: what a second, an edited and a poisoned run change, and what they do not. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Page, SourceRecord } from '#contract/connector';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import type { Embedder } from '#fly-worker/embed/embedder';
import { localEmbedder } from '#fly-worker/embed/local';
import { balance } from '#fly-worker/ledger';
import type { Finished } from '#fly-worker/pipeline';
import { readRecord, search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string, embedded: number;

/** Counts what it embeds; otherwise the local one. Off the thread, as a model's would be. */
const local = localEmbedder();
const embedder: Embedder = { ...local, embed: (texts, signal) => { embedded += texts.length; return local.embed(texts, signal); } };

beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-second-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
beforeEach(async () => {
  tenantId = `t${randomUUID().slice(0, 8)}`;
  connectionId = randomUUID();
  embedded = 0;
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
});

const run = (records: SourceRecord[], unreadable: Page['unreadable'] = []): Promise<Finished> =>
  runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: false, semantic }), tenantId, connectionId, records, unreadable });

/** Every row of both memories, as one value. */
async function everything(): Promise<unknown> {
  const [rows] = await db.owner.system([sql`select
    (select md5(string_agg(r::text, '|' order by record_id)) from records r where tenant_id = ${tenantId}) as records,
    (select md5(string_agg(r::text, '|' order by id)) from graph_nodes r where tenant_id = ${tenantId}) as nodes,
    (select md5(string_agg(r::text, '|' order by id)) from graph_edges r where tenant_id = ${tenantId}) as edges,
    (select md5(string_agg(r::text, '|' order by id)) from discovered_entities r where tenant_id = ${tenantId}) as staged,
    (select md5(string_agg(r::text, '|' order by record_id, target_id)) from evidence r where tenant_id = ${tenantId}) as evidence`]);
  return [rows![0], (await semantic.stats({ tenant: tenantId, embedder }))?.rows];
}
const ask = (q: string) => search({ db: db.app, semantic, embedder }, tenantId, { q, mode: 'keyword', limit: 10, recency: 'ignore' });

describe('a run over what is in memory already', () => {
  it('changes no row, count or weight and embeds nothing', async () => {
    const mails = benchMails(60);
    const first = await run(mails), before = await everything();
    expect(first.progress.ledger).toEqual({ seen: 60, stored: 60, unchanged: 0, duplicate: 0, failed: 0 });
    expect(embedded, 'long ones as several passages').toBeGreaterThanOrEqual(60);
    embedded = 0;
    const second = await run(mails);
    expect(second.mismatch).toBeNull();
    expect(second.progress.ledger).toEqual({ seen: 60, stored: 0, unchanged: 60, duplicate: 0, failed: 0 });
    expect(second.progress).toMatchObject({ entities_extracted: 0, relationships_extracted: 0 });
    expect(embedded).toBe(0);
    expect(await everything()).toEqual(before);
  });

  it('lets an edited mail replace itself and leaves no trace of its old facts', async () => {
    const mails = benchMails(20).map((m, i) => ({ ...m, body: { format: 'text' as const, content: `Plain number ${i}.` } }));
    const edited = mails.with(7, { ...mails[7]!, title: 'Quince marmalade', body: { format: 'text', content: 'Invoice INV-2031-777 over €1,234.50 about quince marmalade. See https://quince.example/offer' } });
    await run(mails);
    const plain = await everything();
    expect((await run(edited)).progress.ledger).toMatchObject({ stored: 1, unchanged: 19 });
    expect((await ask('marmalade')).results).toHaveLength(1);
    const id = (await ask('marmalade')).results[0]!.record_id;
    expect((await readRecord({ db: db.app, semantic, embedder }, tenantId, id))!.text).toContain('INV-2031-777');
    expect((await run(mails)).progress.ledger).toMatchObject({ stored: 1, unchanged: 19 });
    expect((await ask('marmalade')).results, 'the old version is not found any more').toHaveLength(0);
    const [graph] = await everything() as [Record<string, string>], [former] = plain as [Record<string, string>];
    for (const table of ['nodes', 'edges', 'evidence']) expect(graph[table], table).toBe(former[table]);
  });

  it('counts what it meets twice as duplicate and what it cannot read as failed, and the books balance', async () => {
    const mails = benchMails(30), { progress, mismatch } = await run([...mails, ...mails.slice(5, 15)], [{ providerId: 'broken-1', message: 'It has no date.' }]);
    expect(mismatch).toBeNull();
    expect(progress.ledger).toEqual({ seen: 41, stored: 30, unchanged: 0, duplicate: 10, failed: 1 });
    expect((await semantic.stats({ tenant: tenantId, embedder }))?.rows, 'met twice, remembered once').toBe(30);
    const [failures] = await db.owner.system([sql`select provider_id, kind, message from record_failures where tenant_id = ${tenantId}`]);
    expect(failures).toEqual([{ provider_id: 'broken-1', kind: 'unreadable', message: 'It has no date.' }]);
  });

  it('survives NUL, lone surrogates, quotes, backslashes and endless ids in every field', async () => {
    const [mail] = benchMails(1), nasty = 'a"b\\c{d},\u0000\ud800 ende';
    const odd = { ...mail!, providerId: `x${'y'.repeat(5_000)}"\\`, title: nasty, body: { format: 'text' as const, content: nasty }, participants: [{ role: 'from' as const, address: 'we"ird\\@x.example', name: nasty }], threadId: nasty, url: `https://x.example/?q=${nasty}` };
    expect((await run([odd, mail!])).progress.ledger).toMatchObject({ stored: 2, failed: 0 });
    expect((await ask('ende')).results).toHaveLength(1);
  });

  it('lets a record whose value Postgres cannot read fail by itself', async () => {
    const mails = benchMails(20), bad = mails.with(3, { ...mails[3]!, occurredAt: '2026-02-31T00:00:00.000Z' });
    const { progress, mismatch } = await run(bad);
    expect(mismatch).toBeNull();
    expect(progress.ledger).toEqual({ seen: 20, stored: 19, unchanged: 0, duplicate: 0, failed: 1 });
  });
});

describe('books that do not balance', () => {
  it.each([
    ['a row of the ledger that is gone', sql`delete from sync_ledger where record_id = (select record_id from sync_ledger where job_id = (select max(id::text)::uuid from historical_sync_jobs where tenant_id = current_setting('test.tenant')) limit 1)`, /^Window 0 of mail: 30 seen, but 30 stored .* \(books: 29, 0, 0\)/],
    ['a window that counted one too many', sql`update sync_windows set seen = seen + 1 where tenant_id = current_setting('test.tenant')`, /^Window 0 of mail: 31 seen, but 30 stored/],
    ['a job that counted what no window did', sql`update historical_sync_jobs set seen = seen + 1, duplicate = duplicate + 1 where tenant_id = current_setting('test.tenant')`, /^The windows do not add up to the job/],
  ])('name where they do not: %s', async (_, tamper, sentence) => {
    await run(benchMails(30));
    const [jobs] = await db.owner.system([sql`update historical_sync_jobs set status = 'running' where tenant_id = ${tenantId} returning id::text as id`]);
    const lease = { tenantId, jobId: String(jobs![0]!.id), connectionId, integrationId: 'outlook', fence: 1 } as const;
    expect((await balance(db.app, lease)).mismatch).toBeNull();
    await db.owner.system([sql`select set_config('test.tenant', ${tenantId}, true)`, tamper]);
    expect((await balance(db.app, lease)).mismatch).toMatch(sentence);
  });
});
