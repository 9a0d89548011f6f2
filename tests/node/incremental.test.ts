/** Later syncs of providers that do not tell what changed, on real stores: the newest days are read again, edits update, and what is gone is forgotten only after a whole reading and a look by id. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, Page, SourceRecord } from '#contract/connector';
import type { JobMode } from '#contract/job';
import { INCREMENTAL_OVERLAP_DAYS } from '#contract/limits';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { FencedError } from '#fly-worker/ledger';
import { runPipeline, type Finished } from '#fly-worker/pipeline';
import { ProviderError } from '#fly-worker/provider';
import { search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';

const embedder = localEmbedder(), PAGE = 10, START = Date.parse('2026-06-01T00:00:00.000Z'), DAY = 86_400_000;
const day = (n: number): string => new Date(START + n * DAY).toISOString();
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string;
beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-incremental-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });

const rows = async (statement: ReturnType<typeof sql>) => (await db.owner.system([statement]))[0]!;

/** The provider: what it has, what it lists (a list can miss what is there), what it answers to which request. */
interface Box {
  mails: Map<string, SourceRecord>;
  hidden: Set<string>;
  refusals: number;
  looksUp: boolean;
  looked: string[];
  skips: string | null;
  onPage(page: number): void;
  onLook(): void;
  waits(): Promise<void>;
}
let box: Box;
/** 30 mails, one a day, so that the last ones stand within the overlap. */
beforeEach(async () => {
  [tenantId, connectionId] = [`t${randomUUID().slice(0, 8)}`, randomUUID()];
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
  const mails = benchMails(30).map((mail, i): SourceRecord => ({ ...mail, stream: 'mail', providerId: `m${i}`, title: `Mail ${i}`, body: { format: 'text', content: `plain${i}` }, occurredAt: new Date(START + i * DAY + 1000).toISOString() }));
  box = { mails: new Map(mails.map((m) => [m.providerId, m])), hidden: new Set(), refusals: 0, looksUp: true, looked: [], skips: null, onPage: () => undefined, onLook: () => undefined, waits: () => Promise.resolve() };
  await sync('backfill', 30);
});

async function job(mode: JobMode, until: number): Promise<string> {
  const id = randomUUID();
  await rows(sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence, mode)
    values (${tenantId}, ${id}::uuid, 'outlook', ${connectionId}::uuid, ${day(0)}::timestamptz, ${day(until)}::timestamptz, 'test', 'running', 1, ${mode})`);
  return id;
}
/** One run of the job, under this fence. Throws what the line throws. */
async function run(jobId: string, mode: JobMode, until: number, fence = 1): Promise<Finished> {
  const list = (span: { since: string; until: string }) => [...box.mails.values()].filter((m) => m.occurredAt >= span.since && m.occurredAt < span.until && !box.hidden.has(m.providerId));
  const readOne = async (providerId: string): Promise<SourceRecord | null> => { box.looked.push(providerId); box.onLook(); await box.waits(); return box.mails.get(providerId) ?? null; };
  const connector = {
    id: 'outlook', concurrencyMax: 2, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => [{ name: 'mail', order: 'newest_first', windowDays: 5 }],
    ...(box.looksUp ? { readOne: () => undefined } : {}),
  } as unknown as Connector;
  let pages = 0;
  const fetchPage = async (_: unknown, { cursor, span }: { cursor: unknown; span: { since: string; until: string } }): Promise<Page> => {
    box.onPage(++pages);
    const all = list(span), from = Number(cursor ?? 0);
    return { records: all.slice(from, from + PAGE), unreadable: [], next: from + PAGE < all.length ? from + PAGE : null, ...(box.skips === null ? {} : { skipped: box.skips }) };
  };
  return runPipeline({
    shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), connector, baseUrl: '', mode, range: { since: day(0), until: day(until) }, signal: new AbortController().signal, onProgress: () => undefined,
    lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence },
    provider: { fetchPage, pageSize: () => PAGE, readOne: (_: unknown, { providerId }: { providerId: string }) => readOne(providerId), refusals: () => box.refusals, get: () => { throw new Error('not asked'); } } as never,
  });
}
async function sync(mode: JobMode, until: number): Promise<Finished> {
  const id = await job(mode, until);
  try { return await run(id, mode, until); } finally { await rows(sql`update historical_sync_jobs set status = 'cancelled' where id = ${id}::uuid`); }
}
const later = (until = 31): Promise<Finished> => sync('incremental', until);
const held = async (): Promise<string[]> => (await rows(sql`select provider_id from records where tenant_id = ${tenantId}`)).map((r) => String(r.provider_id));
const find = async (q: string): Promise<number> => (await search({ db: db.app, semantic, embedder }, tenantId, { q, mode: 'keyword', recency: 'ignore', limit: 50 })).results.length;
const edit = (id: string, content: string): void => { box.mails.set(id, { ...box.mails.get(id)!, body: { format: 'text', content } }); };

describe('without the provider\'s own changes', () => {
  it('what is new is stored, and of what was there the newest days are read again', async () => {
    box.mails.set('new', { ...box.mails.get('m29')!, providerId: 'new', occurredAt: day(30.5), body: { format: 'text', content: 'wombat' } });
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ covered: 1, records_removed: 0, ledger: { seen: INCREMENTAL_OVERLAP_DAYS + 1, stored: 1, unchanged: INCREMENTAL_OVERLAP_DAYS } });
    expect(await find('wombat')).toBe(1);
    expect(progress.streams).toEqual([{ name: 'mail', complete_back_to: day(30 - INCREMENTAL_OVERLAP_DAYS), done: true }]);
  });

  it('an edit of these days updates, a delete is forgotten, and the books balance beside it', async () => {
    edit('m27', 'marmot');
    box.mails.delete('m26');
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 1, ledger: { seen: 6, stored: 1, unchanged: 5, duplicate: 0, failed: 0 } });
    expect([await find('marmot'), await find('plain27'), await find('plain26')]).toEqual([1, 0, 0]);
    expect(await held()).toHaveLength(29);
    expect(box.looked).toEqual(['m26']);
  });

  it('what a list missed while it shifted is not gone: it is looked at by its id, and stored as it is', async () => {
    box.hidden.add('m25').add('m28');
    edit('m28', 'badger');
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 0, ledger: { seen: 7, stored: 1, unchanged: 6 } });
    expect(await held()).toHaveLength(30);
    expect(await find('badger')).toBe(1);
    expect(box.looked.toSorted()).toEqual(['m25', 'm28']);
  });

  it('what was deleted longer ago stays, for nobody looked', async () => {
    box.mails.delete('m3');
    expect((await later()).progress.records_removed).toBe(0);
    expect(await held()).toContain('m3');
  });

  it('of a provider that cannot be asked by id nothing is forgotten', async () => {
    box.looksUp = false;
    box.mails.delete('m26');
    expect((await later()).progress).toMatchObject({ records_removed: 0, covered: 1 });
    expect(await held()).toContain('m26');
  });

  it('the forgotten are looked for page by page', async () => {
    const gone = Array.from({ length: 25 }, (_, i) => `x${i}`);
    for (const id of gone) box.mails.set(id, { ...box.mails.get('m29')!, providerId: id, occurredAt: day(29.5) });
    await later(31);
    for (const id of gone) box.mails.delete(id);
    expect((await later(32)).progress).toMatchObject({ records_removed: 25, covered: 1 });
    expect(await held()).toHaveLength(30);
  });
});

describe('nothing is forgotten', () => {
  beforeEach(() => { box.mails.delete('m26'); });
  /** The whole reading that comes afterwards does forget it. */
  const butLater = async (): Promise<void> => {
    expect(await held()).toContain('m26');
    Object.assign(box, { refusals: 0, skips: null, onPage: () => undefined, onLook: () => undefined });
    await rows(sql`update connections set status = 'active' where tenant_id = ${tenantId}`);
    expect((await later(32)).progress.records_removed).toBe(1);
    expect(await held()).not.toContain('m26');
  };

  it('after a 401 or 403 in the run, though it could go on', async () => {
    box.onPage = () => { box.refusals = 1; };
    expect((await later()).progress).toMatchObject({ records_removed: 0, covered: 1 });
    expect(box.looked).toEqual([]);
    await butLater();
  });

  it('when it is refused while the forgotten are looked for', async () => {
    box.onLook = () => { box.refusals = 1; };
    expect((await later()).progress.records_removed).toBe(0);
    await butLater();
  });

  it.each<[string, () => Error]>([
    ['a page that failed', () => new ProviderError('provider_unavailable', '504.')], ['a 403', () => new ProviderError('forbidden', 'No.')],
    ['a lost consent', () => new ProviderError('auth_expired', 'Reconnect.')], ['a limit', () => new ProviderError('rate_limited', 'Later.', { retryAfterMs: 1 })], ['a crash', () => new Error('killed')],
  ])('when the run was broken by %s, and another one ended the job', async (_, error) => {
    const id = await job('incremental', 31);
    box.onPage = (page) => { if (page === 2) throw error(); };
    await expect(run(id, 'incremental', 31)).rejects.toThrow();
    box.onPage = () => undefined;
    await rows(sql`update historical_sync_jobs set fence = 2 where id = ${id}::uuid`);
    const { progress, mismatch } = await run(id, 'incremental', 31, 2);
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ covered: 1, records_removed: 0 });
    await rows(sql`update historical_sync_jobs set status = 'cancelled' where id = ${id}::uuid`);
    await butLater();
  });

  it('when a window was passed over', async () => {
    box.skips = 'Not a member.';
    expect((await later()).progress.records_removed).toBe(0);
    await butLater();
  });

  it('when the connection is no longer ours', async () => {
    await rows(sql`update connections set status = 'needs_reauth' where tenant_id = ${tenantId}`);
    expect((await later()).progress.records_removed).toBe(0);
    await butLater();
  });

  it('by a backfill, which is asked for a range and not for what is gone', async () => {
    expect((await sync('backfill', 31)).progress.records_removed).toBe(0);
    await butLater();
  });
});

describe('under a fence that was taken', () => {
  it('nothing is forgotten: the gate is shut for that as well', async () => {
    box.mails.delete('m26');
    const id = await job('incremental', 31), looking = Promise.withResolvers<void>(), taken = Promise.withResolvers<void>();
    box.waits = () => { looking.resolve(); return taken.promise; };
    const stale = run(id, 'incremental', 31).catch((error: unknown) => error);
    await looking.promise;
    await rows(sql`update historical_sync_jobs set fence = 5 where id = ${id}::uuid`);
    taken.resolve();
    expect(await stale).toBeInstanceOf(FencedError);
    expect(await held()).toContain('m26');
  });
});
