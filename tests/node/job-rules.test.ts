/** Rules of jobs that live in Postgres and the pipeline: whose turn it is, what the quota allows, and how failed records are tried again alone. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, Page, SourceRecord } from '#contract/connector';
import { RECORDS_PER_ACU } from '#contract/limits';
import { acuPerMonth } from '#contract/plans';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { outcomeOf } from '#fly-worker/outcome';
import { QuotaExhausted, runPipeline, type Finished } from '#fly-worker/pipeline';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import type { Row } from '#migrations/database';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';

/** Two windows: mails of an even index stand in the newer one. */
const RANGE = { since: '2026-01-01T00:00:00.000Z', until: '2026-01-15T00:00:00.000Z' }, MIDDLE = '2026-01-08T00:00:00.000Z';
const embedder = localEmbedder();
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string;

beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-rules-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
beforeEach(async () => { tenantId = await newTenant(); connectionId = await newConnection(tenantId); });

const rows = async (statement: ReturnType<typeof sql>): Promise<Row[]> => (await db.owner.system([statement]))[0]!;
async function newTenant(): Promise<string> {
  const id = `t${randomUUID().slice(0, 8)}`;
  await rows(sql`insert into tenants (id, name, slug) values (${id}, 'T', ${id})`);
  return id;
}
async function newConnection(tenant: string): Promise<string> {
  const id = randomUUID();
  await rows(sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${id}::uuid, 'outlook', ${id})`);
  return id;
}
async function newJob({ tenant = tenantId, status = 'running', priority = 'normal', minutesAgo = 0, connection = connectionId, promisedAcu = 0 } = {}): Promise<string> {
  const id = randomUUID();
  await rows(sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence, priority, created_at, acu_at_start)
    values (${tenant}, ${id}::uuid, 'outlook', ${connection}::uuid, ${RANGE.since}::timestamptz, ${RANGE.until}::timestamptz, 'test', ${status}, 1, ${priority}, now() - make_interval(mins => ${minutesAgo}::int), ${promisedAcu}::int)`);
  return id;
}

describe('whose turn it is', () => {
  const order = async (names: Record<string, string>): Promise<string[]> => {
    const [waiting] = await db.app.system([sql`select job_id::text as id from next_pending_jobs(100)`]);
    return waiting!.map((r) => Object.keys(names).find((name) => names[name] === r.id)).filter((name) => name !== undefined);
  };
  const waiting = async (tenant: string, minutesAgo: number, priority = 'normal', status = 'pending') => newJob({ tenant, minutesAgo, priority, status, connection: await newConnection(tenant) });

  it('is the higher class\'s first, whatever its age, and the older one\'s within a tenant', async () => {
    const names = { low: await waiting(tenantId, 9, 'low'), normal: await waiting(tenantId, 5), high: await waiting(tenantId, 2, 'high'), older: await waiting(tenantId, 7), urgent: await waiting(tenantId, 1, 'urgent') };
    expect(await order(names)).toEqual(['urgent', 'high', 'older', 'normal', 'low']);
  });

  it('comes to every tenant: the second job of one stands behind the first of another, and running ones count', async () => {
    const other = await newTenant(), third = await newTenant();
    const names = { a1: await waiting(tenantId, 9), a2: await waiting(tenantId, 8), a3: await waiting(tenantId, 7), b1: await waiting(other, 6), c1: await waiting(third, 5) };
    expect(await order(names)).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
    await waiting(tenantId, 20, 'normal', 'running');
    expect(await order(names)).toEqual(['b1', 'c1', 'a1', 'a2', 'a3']);
  });

  it('comes to those who had none before those who had one in the same rush, however soon that one was done', async () => {
    const other = await newTenant(), third = await newTenant();
    const names = { a2: await waiting(tenantId, 9), a3: await waiting(tenantId, 9), b1: await waiting(other, 6), c1: await waiting(third, 5) };
    const ended = async (minutesAgo: number): Promise<void> => {
      await rows(sql`update historical_sync_jobs set started_at = now() - make_interval(mins => ${minutesAgo}::int) where id = ${await waiting(tenantId, minutesAgo, 'normal', 'completed')}::uuid`);
    };
    await ended(30);
    expect(await order(names), 'long before anybody waited').toEqual(['a2', 'b1', 'c1', 'a3']);
    await ended(8);
    expect(await order(names)).toEqual(['b1', 'c1', 'a2', 'a3']);
  });

  it('is not lost by a job that comes back to the queue', async () => {
    const other = await newTenant(), names = { back: await waiting(tenantId, 9), b1: await waiting(other, 6) };
    await rows(sql`update historical_sync_jobs set started_at = now() - interval '8 minutes' where id = ${names.back}::uuid`);
    expect(await order(names)).toEqual(['back', 'b1']);
  });

  it('never lets fairness put a lower class before a waiting higher one', async () => {
    const other = await newTenant();
    for (let i = 0; i < 2; i++) await waiting(tenantId, 20, 'normal', 'running');
    const names = { high: await waiting(tenantId, 1, 'high'), normal: await waiting(other, 9) };
    expect(await order(names)).toEqual(['high', 'normal']);
  });

  it('has not come for a job that is to wait until later', async () => {
    const id = await waiting(tenantId, 5);
    await rows(sql`update historical_sync_jobs set next_retry_at = now() + interval '1 minute' where id = ${id}::uuid`);
    expect(await order({ id })).toEqual([]);
  });
});

const mails = (count: number): SourceRecord[] => benchMails(count).map((m, i) => ({ ...m, stream: 'mail', occurredAt: i % 2 === 0 ? '2026-01-10T00:00:00.000Z' : '2026-01-03T00:00:00.000Z' }));

/** One run of the job over these records, in pages of 10. Answers which windows' pages were asked for. */
async function run(jobId: string, records: SourceRecord[], isBroken: (id: string, page: string) => boolean = () => false): Promise<Finished & { asked: string[] }> {
  const asked: string[] = [];
  const fetchPage = async (_: unknown, { cursor, span }: { cursor: unknown; span: { since: string } }): Promise<Page> => {
    const place = `${span.since === MIDDLE ? 'newer' : 'older'}/${String(cursor ?? 0)}`;
    asked.push(place);
    const inSpan = records.filter((r) => (r.occurredAt >= MIDDLE) === (span.since === MIDDLE)), from = Number(cursor ?? 0), page = inSpan.slice(from, from + 10);
    return {
      records: page.filter((r) => !isBroken(r.providerId, place)), unreadable: page.filter((r) => isBroken(r.providerId, place)).map((r) => ({ providerId: r.providerId, message: 'It has no date.' })),
      next: from + 10 < inSpan.length ? from + 10 : null,
    };
  };
  const connector = { id: 'outlook', concurrencyMax: 1, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => [{ name: 'mail', order: 'unordered', windowDays: 7 }] } as unknown as Connector;
  const finished = await runPipeline({
    mode: 'backfill',
    shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), connector, baseUrl: '', range: RANGE, signal: new AbortController().signal, onProgress: () => undefined,
    lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence: 1 }, provider: { fetchPage, pageSize: () => 10, get: () => { throw new Error('not asked'); } } as never,
  });
  return { ...finished, asked };
}
const failures = (jobId: string): Promise<Row[]> => rows(sql`select provider_id, attempts from record_failures where job_id = ${jobId}::uuid order by 1`);
const askForRetry = (jobId: string): Promise<Row[]> => rows(sql`update historical_sync_jobs set retries_asked = retries_asked + 1 where id = ${jobId}::uuid`);

describe('records that failed', () => {
  it('are tried again alone: only their window is read, only they are written, and the books still balance', async () => {
    const jobId = await newJob(), all = mails(50), broken = new Set([all[4]!.providerId, all[24]!.providerId]);
    const first = await run(jobId, all, (id) => broken.has(id));
    expect(first.progress.ledger).toEqual({ seen: 50, stored: 48, unchanged: 0, duplicate: 0, failed: 2 });
    const before = await rows(sql`select record_id, stored_at from records where tenant_id = ${tenantId} order by 1`);
    await askForRetry(jobId);
    const second = await run(jobId, all);
    expect(second).toMatchObject({ mismatch: null, progress: { ledger: { seen: 50, stored: 50, unchanged: 0, duplicate: 0, failed: 0 }, records_processed: 50, covered: 1 } });
    expect(second.asked).toEqual(['newer/0', 'newer/10', 'newer/20']);
    expect(await failures(jobId)).toEqual([]);
    expect(await rows(sql`select record_id, stored_at from records where record_id = any(${`{${before.map((r) => r.record_id).join(',')}}`}::uuid[]) order by 1`), 'nothing else was written').toEqual(before);
    expect(second.progress.streams).toEqual(first.progress.streams);
    expect(await rows(sql`select sum(records_stored)::int as n from acu_usage where tenant_id = ${tenantId}`)).toEqual([{ n: 50 }]);
  });

  it('that fail again stay in the list, with one attempt more, and can be asked for again', async () => {
    const jobId = await newJob(), all = mails(20), broken = [all[1]!.providerId, all[2]!.providerId];
    await run(jobId, all, (id) => broken.includes(id));
    await askForRetry(jobId);
    expect((await run(jobId, all, (id) => id === broken[0])).progress.ledger).toEqual({ seen: 20, stored: 19, unchanged: 0, duplicate: 0, failed: 1 });
    expect(await failures(jobId)).toEqual([{ provider_id: broken[0], attempts: 2 }]);
    await askForRetry(jobId);
    const third = await run(jobId, all);
    expect(third).toMatchObject({ mismatch: null, asked: ['older/0'], progress: { ledger: { seen: 20, stored: 20, failed: 0 } } });
  });

  it('are left as they are when nobody asked, and when the provider has them no more', async () => {
    const jobId = await newJob(), all = mails(20), broken = all[1]!.providerId;
    await run(jobId, all, (id) => id === broken);
    expect((await run(jobId, all)).asked).toEqual([]);
    await askForRetry(jobId);
    const { mismatch, progress } = await run(jobId, all.filter((m) => m.providerId !== broken));
    expect({ mismatch, failed: progress.ledger.failed }).toEqual({ mismatch: null, failed: 1 });
  });

  it('that are met again in the same run and can be read now are stored and fail no more', async () => {
    const jobId = await newJob(), all = mails(20), twice = [...all, ...all.slice(0, 2)];
    const { mismatch, progress } = await run(jobId, twice, (id, page) => id === all[0]!.providerId && page === 'newer/0');
    expect({ mismatch, ledger: progress.ledger }).toEqual({ mismatch: null, ledger: { seen: 22, stored: 20, unchanged: 0, duplicate: 2, failed: 0 } });
    expect(await failures(jobId)).toEqual([]);
  });
});

describe('the quota', () => {
  const spend = (records: number): Promise<Row[]> => rows(sql`insert into acu_usage (tenant_id, month, job_id, records_stored) values (${tenantId}, date_trunc('month', now() at time zone 'UTC')::date, gen_random_uuid(), ${records}::int)`);
  const grant = (acu: number | null): Promise<Row[]> => rows(sql`update tenants set acu_per_month = ${acu}::int where id = ${tenantId}`);
  const usage = async (): Promise<unknown> => (await rows(sql`select sum(records_stored)::int as n from acu_usage where tenant_id = ${tenantId}`))[0]!.n;

  it('stops a job before the first chunk too many, as paused, and the job goes on at its checkpoint when it is raised', async () => {
    await grant(1);
    await spend(RECORDS_PER_ACU - 15);
    const jobId = await newJob(), all = mails(60);
    const error: unknown = await run(jobId, all).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(QuotaExhausted);
    expect(outcomeOf(error)).toMatchObject({ kind: 'paused', reason: 'quota_exhausted' });
    expect(await usage(), 'the chunk that crosses the line is the last one').toBe(RECORDS_PER_ACU + 5);
    await grant(2);
    const rest = await run(jobId, all);
    expect(rest).toMatchObject({ mismatch: null, progress: { ledger: { seen: 60, stored: 60, duplicate: 0 } } });
    expect(rest.asked[0], 'no finished page is read again').toBe('newer/20');
    expect(await usage()).toBe(RECORDS_PER_ACU - 15 + 60);
  });

  it('is spent by what is stored only: a run over what memory holds costs nothing and is not stopped', async () => {
    const all = mails(20);
    await run(await newJob(), all);
    await rows(sql`update historical_sync_jobs set status = 'completed' where tenant_id = ${tenantId}`);
    await grant(0);
    const again = await run(await newJob(), all);
    expect(again.progress.ledger).toMatchObject({ seen: 20, unchanged: 20, stored: 0 });
    expect(await usage()).toBe(20);
  });

  it('of the plan that a job was started with holds to its end: a downgrade does not stop it', async () => {
    await grant(0);
    expect((await run(await newJob({ promisedAcu: 1 }), mails(20))).progress.ledger.stored).toBe(20);
  });

  it('that was raised, or a new month, brings back the oldest job of each tenant that waits for it, within the limits', async () => {
    const again = async (): Promise<unknown[]> => (await db.app.system([sql`select job_id::text as id from jobs_with_room_again(${JSON.stringify(acuPerMonth)}::jsonb, ${RECORDS_PER_ACU}::int, 3, 100) where tenant_id = ${tenantId}`]))[0]!.map((r) => r.id);
    const stopped = async (minutesAgo: number): Promise<string> => {
      const id = await newJob({ status: 'paused', minutesAgo, connection: await newConnection(tenantId) });
      await rows(sql`update historical_sync_jobs set reason = 'quota_exhausted' where id = ${id}::uuid`);
      return id;
    };
    await grant(1);
    await spend(RECORDS_PER_ACU);
    const [, older] = [await stopped(1), await stopped(5)];
    expect(await again()).toEqual([]);
    await grant(2);
    expect(await again()).toEqual([older]);
    for (let i = 0; i < 3; i++) await newJob({ status: 'pending', connection: await newConnection(tenantId) });
    expect(await again(), 'three are active already').toEqual([]);
    await rows(sql`update historical_sync_jobs set status = 'cancelled' where tenant_id = ${tenantId} and status = 'pending'`);
    await grant(null);
    expect(await again(), 'without a figure of its own the plan\'s holds').toEqual([older]);
  });
});
