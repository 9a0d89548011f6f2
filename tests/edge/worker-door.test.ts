/** The workers' door and the lease behind it: who may work, until when, and that stop means stop, in the row too, when the answer is out. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { emptyProgress, type Outcome, type Progress } from '#contract/job';
import type { SyncJob } from '#durable-objects/sync-job';
import { signJobToken } from '#worker-api/tokens';
import {
  act, backRoom, beat, call, claim, claimed, commit, env, get, heard, inObject, inStorage, newJob, newTenant, objectOf, release, row, rows, start, until, newConnection, withPostgresGone, workerToken, type ErrorBody, type Tenant,
} from './visitor.ts';

const progress = (chunks: number, covered = chunks / 10): Progress => ({ ...emptyProgress, chunks_completed: chunks, records_processed: chunks * 100, covered, ledger: { seen: chunks * 100, stored: chunks * 100, unchanged: 0, duplicate: 0, failed: 0 } });
const UTTERLY_GONE = 'Abandoned (server restart or timeout)';

/** The lease runs out now, and the alarm goes off. */
async function leaseRunsOut(tenant: Tenant, jobId: string): Promise<void> {
  await inStorage(tenant, jobId, (s) => ({ ...s, lease: s.lease && { ...s.lease, expiresAt: Date.now() - 1 } }));
  expect(await runDurableObjectAlarm(objectOf(tenant, jobId)), 'an alarm is armed while a lease runs').toBe(true);
}
describe('claim', () => {
  it('makes the job run under a fence that Postgres knows before the worker does', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const lease = await claimed(tenant, job.job_id);
    expect(lease).toMatchObject({ fence: 1, lease_seconds: 20, heartbeat_seconds: 5, job: { job_id: job.job_id, connection_id: job.source_connection_id } });
    expect(await row(job.job_id)).toMatchObject({ status: 'running', reason: null, fence: 1 });
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('is given to one of many', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const answers = await Promise.all(Array.from({ length: 6 }, () => claim(tenant, job.job_id)));
    expect(answers.map((a) => a.status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });

  it.each(['completed', 'paused', 'cancelled'] as const)('is refused on a job that is %s', async (kind) => {
    const tenant = await newTenant(), job = await newJob(tenant);
    if (kind === 'completed') await release((await claimed(tenant, job.job_id)).token, { kind, progress: { ...progress(1), covered: 1 } });
    else await act(tenant, job.job_id, kind === 'paused' ? 'pause' : 'cancel');
    expect(await claim(tenant, job.job_id)).toMatchObject({ status: 409, body: { error: { code: 'invalid_state' } } });
    expect((await row(job.job_id)).status).toBe(kind);
  });

  it('wants a token of ours: none, another secret\'s, another audience\'s and an API key are refused', async () => {
    const tenant = await newTenant(), { job_id } = await newJob(tenant);
    const body = { tenant_id: tenant.id, job_id, worker_id: 'w' };
    const forJobs = await signJobToken(env, { tenant: tenant.id, job: job_id, connection: 'c', fence: 1, chunks: 0 });
    for (const key of [undefined, await workerToken('another secret of the same length...'), forJobs, tenant.key]) expect((await call('POST', '/internal/claim', { ...(key ? { key } : {}), body })).status).toBe(401);
    expect((await call('POST', '/internal/claim', { key: await workerToken(), body: { ...body, job_id: 'x' } })).status).toBe(400);
    expect((await call('POST', '/internal/claim', { key: await workerToken(), raw: '{' })).status).toBe(400);
  });

  it('of a job that does not exist is refused', async () => {
    expect((await claim(await newTenant(), crypto.randomUUID())).status).toBe(409);
  });
});

describe('a job\'s token', () => {
  it('is not taken when it is somebody else\'s, a worker\'s, or changed', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token } = await claimed(tenant, job.job_id);
    for (const wrong of [await workerToken(), `${token}x`, tenant.key, 'x']) expect((await beat(wrong)).status).toBe(401);
    expect((await beat(token)).status).toBe(200);
  });

  it('touches the one job it was given for', async () => {
    const tenant = await newTenant(), [a, b] = [await newJob(tenant), await newJob(tenant)];
    const [forA] = [await claimed(tenant, a.job_id), await claimed(tenant, b.job_id)];
    await release(forA.token, { kind: 'failed', reason: 'forbidden', message: 'No.' });
    expect((await get(tenant, b.job_id)).status).toBe('running');
  });
});

describe('heartbeat', () => {
  it('renews the lease, carries progress, and brings the next token', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token } = await claimed(tenant, job.job_id);
    const next = await beat(token, progress(3));
    expect(next.status).toBe(200);
    expect(await get(tenant, job.job_id)).toMatchObject({ chunks_completed: 3, records_processed: 300, progress_percentage: 30 });
    await beat(next.body.token, progress(2));
    expect(await get(tenant, job.job_id), 'an older report changes nothing').toMatchObject({ chunks_completed: 3, progress_percentage: 30 });
  });

  it('under a stale fence is answered 409 fenced, and changes nothing', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const old = await claimed(tenant, job.job_id);
    await release(old.token, { kind: 'handed_back', crashed: false });
    const current = await claimed(tenant, job.job_id);
    const before = await get(tenant, job.job_id);
    expect(await beat(old.token, progress(9))).toMatchObject({ status: 409, body: { error: { code: 'fenced' } } });
    expect(await release(old.token, { kind: 'completed', progress: progress(9, 1) })).toMatchObject({ status: 409, body: { error: { code: 'fenced' } } });
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'running', chunks_completed: before.chunks_completed, seq: before.seq });
    expect((await beat(current.token)).status).toBe(200);
  });

  it.each([{ progress: { ...emptyProgress, covered: 2 } }, { progress: { ...emptyProgress, chunks_completed: -1 } }, {}, { progress: 'all' }])('with %j is answered 400', async (body) => {
    const tenant = await newTenant(), { token } = await claimed(tenant, (await newJob(tenant)).job_id);
    expect((await call('POST', '/internal/heartbeat', { key: token, body })).status).toBe(400);
  });
});

describe('stop means stop', () => {
  it.each(['cancel', 'pause'] as const)('%s while running: the fence is dead and the gate is shut when the answer is out', async (verb) => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token, fence } = await claimed(tenant, job.job_id);
    expect(await commit(tenant, job, fence)).toEqual({ landed: true, chunks: 1 });
    const answer = await act(tenant, job.job_id, verb);
    const status = verb === 'cancel' ? 'cancelled' : 'paused';
    expect(answer).toMatchObject({ status: 200, body: { status, reason: `user_${status}` } });
    expect(await row(job.job_id)).toMatchObject({ status, reason: `user_${status}`, fence: fence + 1 });
    expect(await commit(tenant, job, fence)).toEqual({ landed: false });
    expect((await beat(token)).status).toBe(409);
    expect((await release(token, { kind: 'completed', progress: progress(9, 1) })).status).toBe(409);
    expect((await row(job.job_id)).status).toBe(status);
  });

  it('resume goes on under a new fence, and the old one stays shut', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const first = await claimed(tenant, job.job_id);
    await act(tenant, job.job_id, 'pause');
    await heard();
    expect(await act(tenant, job.job_id, 'resume')).toMatchObject({ status: 200, body: { status: 'pending', reason: 'resumed' } });
    await until(async () => { expect(await heard()).not.toEqual([]); });
    const second = await claimed(tenant, job.job_id);
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await commit(tenant, job, first.fence)).toEqual({ landed: false });
    expect(await commit(tenant, job, second.fence)).toMatchObject({ landed: true });
  });

  it('cancelled while waiting never runs', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    await act(tenant, job.job_id, 'cancel');
    expect((await claim(tenant, job.job_id)).status).toBe(409);
    expect(await objectOf(tenant, job.job_id).wanted()).toBe(false);
  });

  it.each([['cancel', 'cancelled'], ['pause', 'paused'], ['resume', 'resumed']] as const)('%s where it makes no sense is answered 409 invalid_state with a sentence', async (verb, word) => {
    const tenant = await newTenant(), job = await newJob(tenant);
    if (verb !== 'resume') await act(tenant, job.job_id, 'cancel');
    const answer = await act<ErrorBody>(tenant, job.job_id, verb);
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'invalid_state', details: { status: verb === 'resume' ? 'pending' : 'cancelled' } } } });
    expect(answer.body.error.message).toContain(`cannot be ${word}`);
  });
});

describe('letting go', () => {
  it.each<[string, Outcome, object]>([
    ['completed', { kind: 'completed', progress: progress(10, 1) }, { status: 'completed', reason: 'done', progress_percentage: 100 }],
    ['completed too early', { kind: 'completed', progress: progress(5) }, { status: 'failed', reason: 'ledger_mismatch' }],
    ['completed with books that do not balance', { kind: 'completed', progress: { ...progress(10, 1), ledger: { seen: 9, stored: 1, unchanged: 0, duplicate: 0, failed: 0 } } }, { status: 'failed', reason: 'ledger_mismatch' }],
    ['snoozed', { kind: 'snoozed', retryAfterMs: 60_000, message: 'Wait.' }, { status: 'pending', reason: 'rate_limited', attempt: 0 }],
    ['errored', { kind: 'errored', reason: 'provider_error', message: 'Oh.' }, { status: 'pending', reason: 'retry_scheduled', error_count: 1, last_error: 'Oh.' }],
    ['paused', { kind: 'paused', reason: 'auth_expired', message: 'Reconnect.' }, { status: 'paused', reason: 'auth_expired', message: 'Reconnect.' }],
    ['failed', { kind: 'failed', reason: 'forbidden', message: 'No.' }, { status: 'failed', reason: 'forbidden', message: 'No.' }],
    ['handed back', { kind: 'handed_back', crashed: false }, { status: 'pending', reason: 'handed_back', attempt: 0, next_retry_at: null }],
    ['crashed', { kind: 'handed_back', crashed: true }, { status: 'pending', reason: 'lease_lost', attempt: 1 }],
  ])('%s', async (_, outcome, expected) => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token, fence } = await claimed(tenant, job.job_id);
    expect((await release(token, outcome)).status).toBe(200);
    expect(await get(tenant, job.job_id)).toMatchObject(expected);
    const stored = await row(job.job_id);
    expect(stored).toMatchObject({ status: (expected as { status: string }).status, reason: (expected as { reason: string }).reason });
    expect(stored.fence).toBe(fence + 1);
    expect(await commit(tenant, job, fence)).toEqual({ landed: false });
  });

  it('completed is refused by Postgres itself when its own counters do not balance', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token } = await claimed(tenant, job.job_id);
    await rows('update historical_sync_jobs set seen = 5 where id = $1', job.job_id);
    await release(token, { kind: 'completed', progress: progress(10, 1) });
    expect(await row(job.job_id)).toMatchObject({ status: 'failed', reason: 'ledger_mismatch' });
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'failed', reason: 'ledger_mismatch' });
  });

  it('with an outcome that is none is answered 400', async () => {
    const tenant = await newTenant(), { token } = await claimed(tenant, (await newJob(tenant)).job_id);
    for (const outcome of [{ kind: 'gone' }, null, { kind: 'errored', reason: 'forbidden', message: '' }]) expect((await call('POST', '/internal/release', { key: token, body: { outcome } })).status).toBe(400);
  });
});

describe('the reaper', () => {
  it('leaves a living lease alone', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token } = await claimed(tenant, job.job_id);
    await runDurableObjectAlarm(objectOf(tenant, job.job_id));
    expect((await get(tenant, job.job_id)).status).toBe('running');
    expect((await beat(token)).status).toBe(200);
  });

  it('puts a job whose lease ran out back to the queue, rings, and shuts the gate', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token, fence } = await claimed(tenant, job.job_id);
    await heard();
    await leaseRunsOut(tenant, job.job_id);
    expect(await row(job.job_id)).toMatchObject({ status: 'pending', reason: 'lease_lost', fence: fence + 1 });
    expect((await beat(token)).status).toBe(409);
    expect(await commit(tenant, job, fence)).toEqual({ landed: false });
    await until(async () => { expect(await heard()).not.toEqual([]); });
  });

  it('takes the lease of a worker that beats but stores nothing', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    await claimed(tenant, job.job_id);
    await inStorage(tenant, job.job_id, (s) => ({ ...s, lease: s.lease && { ...s.lease, lastCommitAt: Date.now() - 16 * 60_000 } }));
    await runDurableObjectAlarm(objectOf(tenant, job.job_id));
    expect(await row(job.job_id)).toMatchObject({ status: 'pending', reason: 'stalled' });
  });

  it('abandons a job after three lost leases without a chunk, and lets people resume it', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    for (let i = 0; i < 3; i++) {
      await claimed(tenant, job.job_id);
      await leaseRunsOut(tenant, job.job_id);
    }
    expect(await row(job.job_id)).toMatchObject({ status: 'cancelled', reason: 'abandoned', message: UTTERLY_GONE });
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'cancelled', message: UTTERLY_GONE, error_count: 3 });
    expect((await claim(tenant, job.job_id)).status).toBe(409);
    expect(await act(tenant, job.job_id, 'resume')).toMatchObject({ status: 200, body: { status: 'pending', attempt: 0 } });
  });

  it('does not abandon a job whose worker died between a commit and the word of it', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    for (let i = 0; i < 2; i++) {
      await claimed(tenant, job.job_id);
      await leaseRunsOut(tenant, job.job_id);
    }
    const { fence } = await claimed(tenant, job.job_id);
    expect(await commit(tenant, job, fence)).toMatchObject({ landed: true });
    await leaseRunsOut(tenant, job.job_id);
    expect(await row(job.job_id)).toMatchObject({ status: 'pending', reason: 'lease_lost' });
    for (let i = 0; i < 2; i++) {
      await claimed(tenant, job.job_id);
      await leaseRunsOut(tenant, job.job_id);
    }
    expect(await row(job.job_id)).toMatchObject({ status: 'cancelled', reason: 'abandoned' });
  });

  it('rings again for a job nobody came for', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    await until(async () => { expect(await heard()).not.toEqual([]); });
    await inStorage(tenant, job.job_id, (s) => ({ ...s, ringAt: Date.now() - 1 }));
    await runDurableObjectAlarm(objectOf(tenant, job.job_id));
    await until(async () => { expect(await heard()).not.toEqual([]); });
  });
});

describe('when something breaks', () => {
  it('a cancel that Postgres did not take is answered 503, holds at once for the worker, and reaches Postgres by the alarm', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token } = await claimed(tenant, job.job_id);
    const answer = await withPostgresGone(job.job_id, () => act<ErrorBody>(tenant, job.job_id, 'cancel'));
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await row(job.job_id)).status).toBe('running');
    expect((await beat(token)).status).toBe(409);
    await backRoom('let-go', { id: job.job_id });
    await until(async () => { expect(await row(job.job_id)).toMatchObject({ status: 'cancelled', reason: 'user_cancelled', fence: 2 }); });
    expect(await act(tenant, job.job_id, 'cancel'), 'done already').toMatchObject({ status: 409 });
  });

  it('a start whose bell the queue does not take is a start: it is rung for later, by itself', async () => {
    const tenant = await newTenant(), job = await newJob(tenant), object = objectOf(tenant, job.job_id);
    await until(async () => { expect(await heard()).not.toEqual([]); });
    let refused = 0;
    await runInDurableObject(object, (o: SyncJob) => {
      const held = o as unknown as { env: object };
      held.env = { ...held.env, SYNC_QUEUE: { send: () => { refused++; return Promise.reject(new Error('Queue is overloaded.')); } } };
    });
    const { facts } = await inObject(tenant, job.job_id);
    expect(await object.start(facts)).toMatchObject({ ok: true, job: { status: 'pending' } });
    expect((await inObject(tenant, job.job_id)).ringAt).toBeGreaterThan(Date.now());
    expect(refused).toBe(1);
    await inStorage(tenant, job.job_id, (s) => ({ ...s, ringAt: Date.now() - 1 }));        // a new object, and a queue that works
    expect(await runDurableObjectAlarm(objectOf(tenant, job.job_id)), 'its alarm was armed all the same').toBe(true);
    await until(async () => { expect(await heard()).not.toEqual([]); });
  });

  it('a claim that Postgres did not take is nobody\'s', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    expect((await withPostgresGone(job.job_id, () => claim(tenant, job.job_id))).status).toBe(503);
    await backRoom('let-go', { id: job.job_id });
    await until(async () => { expect(await row(job.job_id)).toMatchObject({ status: 'pending', fence: 2 }); });
    await inStorage(tenant, job.job_id, (s) => ({ ...s, nextRetryAt: null }));
    expect((await claimed(tenant, job.job_id)).fence).toBe(3);
  });

  it('without a database every route answers 503 with a time to come back, and says no more', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    await backRoom('close-door');
    try {
      for (const path of ['/api/me', '/api/connections', `/api/integrations/historical-sync/jobs/${job.job_id}`]) {
        const answer = await call<ErrorBody>('GET', path, { key: tenant.key });
        expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(answer.text).not.toMatch(/postgres:|127\.0\.0\.1|select|test-only/i);
      }
    } finally {
      await backRoom('open-door');
    }
    expect((await get(tenant, job.job_id)).status).toBe('pending');
  });

  it('an object that lost its storage finds itself again in its row, one fence further', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token, fence } = await claimed(tenant, job.job_id);
    expect(await commit(tenant, job, fence)).toMatchObject({ landed: true });
    await inStorage(tenant, job.job_id, () => null);
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'pending', reason: 'lease_lost', chunks_completed: 1, source_connection_id: job.source_connection_id, start_date: job.start_date });
    expect((await beat(token)).status).toBe(409);
    await until(async () => { expect(await row(job.job_id)).toMatchObject({ status: 'pending', reason: 'lease_lost' }); });
    const next = await claimed(tenant, job.job_id);
    expect(next.fence).toBeGreaterThan(fence);
    expect(await commit(tenant, job, fence)).toEqual({ landed: false });
    expect(await commit(tenant, job, next.fence)).toEqual({ landed: true, chunks: 2 });
  });

  it('an object that never heard of its start finds its row, and does not start a second one', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    await inStorage(tenant, job.job_id, () => null);
    expect((await claimed(tenant, job.job_id)).fence).toBeGreaterThan(0);
    expect((await get(tenant, job.job_id)).status).toBe('running');
  });

  it('keeps its state over an eviction', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const { token } = await claimed(tenant, job.job_id);
    await beat(token, progress(4));
    await evictDurableObject(objectOf(tenant, job.job_id));
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'running', chunks_completed: 4 });
    expect((await beat(token)).status).toBe(200);
  });

  it('a resume during an outage does not get round the limits later', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    const first = await start(tenant, connection);
    await act(tenant, first.body.job_id, 'pause');
    expect((await withPostgresGone(first.body.job_id, () => act(tenant, first.body.job_id, 'resume'))).status).toBe(503);
    const second = await start(tenant, connection);
    expect(second.status, 'the first one is paused as far as anybody can know').toBe(201);
    await backRoom('let-go', { id: first.body.job_id });
    await until(async () => { expect(await objectOf(tenant, first.body.job_id).snapshot()).toMatchObject({ status: 'paused', reason: 'user_paused' }); });
    expect(await row(first.body.job_id)).toMatchObject({ status: 'paused', reason: 'user_paused' });
    expect((await get(tenant, second.body.job_id)).status).toBe('pending');
  });
});
