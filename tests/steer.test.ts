/**
 * A job that is stopped, moved and stalled while it works, on a whole house: what is stopped writes and asks no more, what goes on goes on where it was, and whoever
 * is gone is replaced, by itself. The lease is long here, so that nothing can be explained by its end.
 */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '#contract/job';
import { PAGE_SIZE_MIN, WINDOWS_IN_FLIGHT_MAX } from '#contract/limits';
import { openClient, until, type Client } from './client.ts';
import { openWholeHouse, type Request, type WholeHouse } from './whole-house.ts';

const LEASE_SECONDS = 30, STALE_SECONDS = 12;
const MAILBOX = { mails: 300, events: 20, months: 3 };

let house: WholeHouse, client: Client;

beforeAll(async () => {
  house = await openWholeHouse({ workers: 2, env: { LEASE_SECONDS: String(LEASE_SECONDS), HEARTBEAT_SECONDS: '1', REAPER_STALE_MINUTES: String(STALE_SECONDS / 60), RING_AGAIN_SECONDS: '5', WORKER_SLOTS: '2' } });
  client = openClient(house.url, house.credentials.tenants[0]!.api_key);
}, 120_000);
afterAll(() => house.end(), 60_000);

let accounts = 0;
/** A job on a mailbox of its own, some chunks into it. */
async function underWay(latencyMs: number): Promise<{ account: string; job: Job }> {
  const account = `steer-${++accounts}@steer.example`;
  await house.sandbox.addAccount(account, { ...MAILBOX, seed: accounts });
  await house.sandbox.settings({ latencyMs });
  const { job_id } = await client.start(await client.connect(account), { chunk_size: 10 });
  return { account, job: await until(() => client.job(job_id), (j) => j.chunks_completed > 3, 'under way') };
}

/** Everything that a worker could write for the job. */
async function written({ job_id, source_connection_id }: Job): Promise<unknown> {
  const [rows] = await house.owner.system([sql`
    select j.fence::int as fence, j.seen, j.stored, j.chunks_completed, j.checkpoint_data::text as streams, (select sum(w.seq)::int || coalesce(string_agg(w.checkpoint::text, ',' order by w.stream, w.no), '') from sync_windows w where w.job_id = j.id) as windows,
           (select count(*)::int from sync_ledger l where l.job_id = j.id) as ledger, (select count(*)::int from records r where r.connection_id = ${source_connection_id}::uuid) as records,
           (select count(*)::int from evidence e join records r on r.tenant_id = e.tenant_id and r.record_id = e.record_id where r.connection_id = ${source_connection_id}::uuid) as evidence
      from historical_sync_jobs j where j.id = ${job_id}::uuid`]);
  return rows![0];
}
const act = async (job: Job, verb: 'cancel' | 'pause' | 'resume'): Promise<number> => {
  const response = await client.fetch(`/api/integrations/historical-sync/jobs/${job.job_id}/${verb}`, { method: 'POST' });
  expect(response.status, await response.text()).toBe(200);
  return Date.now();
};
const letGo = (job: Job): number => house.workerLog().filter((l) => l.event === 'let_go' && l.job === job.job_id).length;
/** What was asked of lists; where changes begin is asked for besides. */
const listed = (requests: Request[]): Request[] => requests.filter((r) => r.path.includes('$top='));
const after = (requests: Request[], at: number): Request[] => requests.filter((r) => Date.parse(r.at) > at);

/** Stops the job in the middle of a chunk; what was written then stays all there is, and every window asks for one page more at most. */
async function stopAndWatch(account: string, job: Job, verb: 'cancel' | 'pause'): Promise<void> {
  const known = letGo(job), answeredAt = await act(job, verb), atAnswer = await written(job);
  await until(async () => letGo(job), (n) => n > known, 'the worker lets go');
  const letGoAt = Date.now();
  // Another job is through from start to end meanwhile: time enough for whatever was still on its way.
  const other = await underWay(0);
  await client.ended(other.job.job_id);
  const later = after(await house.sandbox.requests(account), answeredAt);
  expect(later.length, 'requests after the answer').toBeLessThanOrEqual(WINDOWS_IN_FLIGHT_MAX);
  expect(after(later, letGoAt), 'none since it let go').toEqual([]);
  expect(await written(job)).toEqual(atAnswer);
}

describe('stopping during a chunk', () => {
  it('pause: nothing is written after the answer, nothing asked after the next chunk, and no finished page is read again after the resume', async () => {
    const { account, job } = await underWay(300);
    for (let i = 0; i < 3; i++) {
      const before = (await client.job(job.job_id)).chunks_completed;
      await stopAndWatch(account, job, 'pause');
      expect(await client.job(job.job_id)).toMatchObject({ status: 'paused', reason: 'user_paused' });
      await house.sandbox.settings({ latencyMs: 300 });
      await act(job, 'resume');
      await until(() => client.job(job.job_id), (j) => j.chunks_completed > before + 2, 'further on');
    }
    await house.sandbox.settings({ latencyMs: 0 });
    const ended = await client.ended(job.job_id);
    expect(ended).toMatchObject({ status: 'completed', error_count: 0, ledger: { duplicate: 0, failed: 0 } });
    // Every page of a list became one chunk: one that was read again after it was stored would be a chunk too many.
    const asked = listed(await house.sandbox.requests(account)).map((r) => r.path);
    const [rows] = await house.owner.system([sql`select sum(seq)::int as chunks from sync_windows where job_id = ${job.job_id}::uuid and kind = 'span'`]);
    expect(rows![0]!.chunks).toBe(new Set(asked).size);
    expect(asked.length - new Set(asked).size, 'only pages in flight at a pause were asked for twice').toBeLessThanOrEqual(3 * 2 * WINDOWS_IN_FLIGHT_MAX);
  }, 120_000);

  it('cancel: nothing is written after the answer, nothing asked after the next chunk, and it stays so', async () => {
    const { account, job } = await underWay(300);
    await stopAndWatch(account, job, 'cancel');
    expect(await client.job(job.job_id)).toMatchObject({ status: 'cancelled', reason: 'user_cancelled' });
    expect((await client.fetch(`/api/integrations/historical-sync/jobs/${job.job_id}/resume`, { method: 'POST' })).status).toBe(409);
  }, 60_000);
});

describe('a worker', () => {
  it('that is told to end (SIGTERM) hands its job back, and another one carries on at once', async () => {
    const { job } = await underWay(300), { machine, supervisor, worker } = house.holder(job.job_id), known = house.claims(job.job_id).length, toldAt = Date.now();
    process.kill(supervisor, 'SIGTERM');
    const next = (await until(async () => house.claims(job.job_id)[known], (c) => c !== undefined, 'another worker carries on'))!;
    expect(next.machine).not.toBe(machine);
    expect(next.at - toldAt, 'long before the lease runs out').toBeLessThan(LEASE_SECONDS * 1000 / 3);
    const log = house.workerLog(), gaveBack = log.find((l) => l.event === 'let_go' && l.job === job.job_id && l.at >= toldAt)!;
    expect(log.some((l) => l.event === 'stopping' && l.machine === machine && l.at >= toldAt)).toBe(true);
    expect(gaveBack).toMatchObject({ machine, outcome: 'handed_back' });
    await until(async () => [supervisor, worker].filter(isAlive), (alive) => alive.length === 0, 'the processes end');
    await house.sandbox.settings({ latencyMs: 0 });
    expect(await client.ended(job.job_id), 'a hand-over costs no try').toMatchObject({ status: 'completed', error_count: 0, ledger: { duplicate: 0 } });
    expect(await events(job)).toContain('handed_back');
  }, 60_000);

  it('that is alive and stores nothing loses its job, and the job ends well all the same', async () => {
    const { account, job } = await underWay(300);
    // Every window's next page never comes.
    await house.sandbox.ask('POST', 'faults', { kind: 'hang', account, match: '/v1.0/me/messages?', count: WINDOWS_IN_FLIGHT_MAX });
    await until(() => events(job), (all) => all.includes('stalled'), 'the lease is taken');
    await house.sandbox.settings({ latencyMs: 0 });
    expect(await client.ended(job.job_id)).toMatchObject({ status: 'completed', last_error: expect.stringContaining('stored nothing') });
  }, 90_000);
});

describe('the front desk', () => {
  it('that dies takes its queue with it and no job: the one that runs goes on, the one that waits is rung for', async () => {
    const running = await underWay(400), busy = [await underWay(400)];
    // Two machines with two slots: the fifth job waits, and its bell with it, in a queue that does not survive.
    const second = openClient(house.url, house.credentials.tenants[1]!.api_key), theirs: Job[] = [];
    for (let i = 0; i < 3; i++) {
      await house.sandbox.addAccount(`queue-${i}@steer.example`, { mails: 40, events: 0, seed: 90 + i });
      theirs.push(await second.start(await second.connect(`queue-${i}@steer.example`), { chunk_size: 10 }));
    }
    await house.restartWorker('crash');
    await house.sandbox.settings({ latencyMs: 0 });
    for (const { job } of [running, ...busy]) {
      const ended = await client.ended(job.job_id);
      expect(ended, JSON.stringify((await (await client.fetch(`/api/integrations/historical-sync/jobs/${job.job_id}/events`)).json()))).toMatchObject({ status: 'completed', error_count: 0, ledger: { duplicate: 0 } });
    }
    for (const { job_id } of theirs) expect(await second.ended(job_id)).toMatchObject({ status: 'completed' });
  }, 120_000);
});

describe('a machine that is short of memory', () => {
  let small: WholeHouse;
  beforeAll(async () => { small = await openWholeHouse({ workers: 1, env: { WORKER_MEMORY_MB: '300' } }); }, 120_000);
  afterAll(() => small.end(), 60_000);

  it('reads one small page at a time, and the job completes with balanced books', async () => {
    await small.sandbox.addAccount('small@steer.example', { mails: 200, events: 20, seed: 3 });
    await small.sandbox.settings({ latencyMs: 20 });
    const anna = openClient(small.url, small.credentials.tenants[0]!.api_key), job = await anna.ended((await anna.start(await anna.connect('small@steer.example'), { chunk_size: 100 })).job_id);
    expect(job).toMatchObject({ status: 'completed', reason: 'done', error_count: 0, ledger: { duplicate: 0, failed: 0 } });
    expect(job.ledger.seen).toBe(job.ledger.stored);
    expect(small.workerLog().filter((l) => l.event === 'memory_pressure').map((l) => (l as unknown as { pressure: string }).pressure)).toContain('severe');
    const asked = listed(await small.sandbox.requests('small@steer.example')).map((r) => ({ top: Number(/\$top=(\d+)/.exec(r.path)![1]), from: Date.parse(r.at), until: Date.parse(r.at) + r.ms }));
    expect(new Set(asked.map((a) => a.top))).toEqual(new Set([PAGE_SIZE_MIN]));
    expect(asked.some((a, i) => i > 0 && a.from < asked[i - 1]!.until - 1), 'two pages at once').toBe(false);
    const [machine] = small.fleet.machines();
    expect(await (await fetch(`http://127.0.0.1:${machine!.port}/healthz`)).json()).toMatchObject({ memory_pressure: 'severe' });
  }, 120_000);
});

async function events(job: Job): Promise<string[]> {
  return ((await (await client.fetch(`/api/integrations/historical-sync/jobs/${job.job_id}/events`)).json()) as { events: { event: string }[] }).events.map((e) => e.event);
}
function isAlive(pid: number): boolean {
  try { process.kill(pid, 0); return true; } catch { return false; }
}
