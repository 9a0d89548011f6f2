/** What became of a job: its events, the records that failed and their retry, and the dead letters. */
import { runDurableObjectAlarm } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { DeadLettersResponse, FailuresResponse, JobEventsResponse, RetryAllResponse } from '#contract/api';
import { emptyProgress, Job, type JobEventEntry, type Outcome } from '#contract/job';
import { act, call, claimed, get, inStorage, newJob, newTenant, objectOf, release, row, rows, withPostgresGone, backRoom, until, type ErrorBody, type Tenant } from './visitor.ts';

const SYNC = '/api/integrations/historical-sync';
const events = async (tenant: Tenant, jobId: string): Promise<JobEventEntry[]> => JobEventsResponse.parse((await call('GET', `${SYNC}/jobs/${jobId}/events`, { key: tenant.key })).body).events;
const told = async (tenant: Tenant, jobId: string): Promise<string[]> => (await events(tenant, jobId)).reverse().map((e) => `${e.actor} ${e.event}`);
const completed: Outcome = { kind: 'completed', progress: { ...emptyProgress, covered: 1, chunks_completed: 1 } };

describe('events', () => {
  it('say who did what when, newest first, and are there when the answer is out', async () => {
    const tenant = await newTenant(), { job_id } = await newJob(tenant);
    const { token } = await claimed(tenant, job_id);
    await release(token, { kind: 'errored', reason: 'provider_error', message: 'The provider answered 503.' });
    await act(tenant, job_id, 'pause');
    await act(tenant, job_id, 'resume');
    await act(tenant, job_id, 'cancel');
    expect(await told(tenant, job_id)).toEqual(['key:seeded started', 'worker:w1 claimed', 'worker:w1 retry_scheduled', 'key:seeded user_paused', 'key:seeded resumed', 'key:seeded user_cancelled']);
    const all = await events(tenant, job_id);
    expect(all.map((e) => e.no)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(all[3]!.message).toContain('The provider answered 503.');
    for (const { message } of all) expect(message).toMatch(/\.$/);
  });

  it('tell of a lost lease and of what the object lost', async () => {
    const tenant = await newTenant(), { job_id } = await newJob(tenant);
    await claimed(tenant, job_id);
    await inStorage(tenant, job_id, (s) => ({ ...s, lease: s.lease && { ...s.lease, expiresAt: Date.now() - 1 } }));
    await runDurableObjectAlarm(objectOf(tenant, job_id));
    expect((await told(tenant, job_id)).at(-1)).toBe('system lease_lost');
    await claimed(tenant, job_id);
    await inStorage(tenant, job_id, () => null);
    await get(tenant, job_id);
    await runDurableObjectAlarm(objectOf(tenant, job_id));
    await until(async () => { expect(await told(tenant, job_id)).toEqual(['key:seeded started', 'worker:w1 claimed', 'system lease_lost', 'worker:w1 claimed', 'system lease_lost']); });
  });

  it('that Postgres did not take are told later, in order and once', async () => {
    const tenant = await newTenant(), { job_id } = await newJob(tenant);
    await claimed(tenant, job_id);
    expect((await withPostgresGone(job_id, () => act(tenant, job_id, 'pause'))).status).toBe(503);
    await backRoom('let-go', { id: job_id });
    await until(async () => { expect(await told(tenant, job_id)).toEqual(['key:seeded started', 'worker:w1 claimed', 'key:seeded user_paused']); });
  });

  it('are the newest 50', async () => {
    const tenant = await newTenant(), { job_id } = await newJob(tenant);
    for (let i = 0; i < 30; i++) { await act(tenant, job_id, 'pause'); await act(tenant, job_id, 'resume'); }
    expect((await events(tenant, job_id)).map((e) => e.no)).toEqual(Array.from({ length: 50 }, (_, i) => 61 - i));
    expect(await rows('select from job_events where job_id = $1', job_id)).toHaveLength(50);
  });
});

/** A completed job of which two records failed. */
async function withFailures(tenant: Tenant, count = 2): Promise<string> {
  const { job_id } = await newJob(tenant);
  const { token } = await claimed(tenant, job_id);
  for (let i = 0; i < count; i++) {
    await rows(`with l as (insert into sync_ledger (tenant_id, job_id, record_id, stream, window_no, outcome) values ($1, $2, gen_random_uuid(), 'mail', 0, 'failed') returning *)
      insert into record_failures (tenant_id, job_id, record_id, stream, provider_id, kind, message, created_at) select tenant_id, job_id, record_id, 'mail', $3, 'unreadable', 'It has no date.', now() + make_interval(secs => $4) from l`, tenant.id, job_id, `p${i}`, i);
  }
  await rows('update historical_sync_jobs set seen = $2, failed = $2 where id = $1', job_id, count);
  await release(token, { kind: 'completed', progress: { ...emptyProgress, covered: 1, chunks_completed: 1, ledger: { seen: count, stored: 0, unchanged: 0, duplicate: 0, failed: count } } });
  return job_id;
}
const failures = async (tenant: Tenant, jobId: string, query = '') => FailuresResponse.parse((await call('GET', `${SYNC}/jobs/${jobId}/failures${query}`, { key: tenant.key })).body);
const retry = <T = Job>(tenant: Tenant, jobId: string) => call<T>('POST', `${SYNC}/jobs/${jobId}/failures/retry`, { key: tenant.key });

describe('failed records', () => {
  it('are listed with their error, newest first, paged and counted', async () => {
    const tenant = await newTenant(), jobId = await withFailures(tenant, 3);
    expect(await failures(tenant, jobId)).toMatchObject({ total: 3, limit: 20, offset: 0, failures: [{ provider_id: 'p2', kind: 'unreadable', message: 'It has no date.', attempts: 1, stream: 'mail' }, { provider_id: 'p1' }, { provider_id: 'p0' }] });
    expect(await failures(tenant, jobId, '?limit=1&offset=1')).toMatchObject({ total: 3, limit: 1, offset: 1, failures: [{ provider_id: 'p1' }] });
    expect((await failures(tenant, (await newJob(tenant)).job_id)).failures).toEqual([]);
    for (const wrong of ['?limit=0', '?limit=101', '?offset=x']) expect((await call('GET', `${SYNC}/jobs/${jobId}/failures${wrong}`, { key: tenant.key })).status).toBe(400);
  });

  it('are tried again when somebody asks: the job waits once more and completes once more', async () => {
    const tenant = await newTenant(), jobId = await withFailures(tenant);
    const answer = await retry(tenant, jobId);
    expect(answer.status, answer.text).toBe(200);
    expect(Job.parse(answer.body)).toMatchObject({ status: 'pending', reason: 'failures_retried', progress_percentage: 99, completed_at: null });
    expect(await rows('select retries_asked from historical_sync_jobs where id = $1', jobId)).toEqual([{ retries_asked: 1 }]);
    expect(await retry(tenant, jobId), 'asked already').toMatchObject({ status: 409 });
    const { token } = await claimed(tenant, jobId);
    expect(await retry(tenant, jobId), 'running').toMatchObject({ status: 409, body: { error: { code: 'invalid_state' } } });
    await release(token, { ...completed, progress: { ...completed.progress, chunks_completed: 2 } } as Outcome);
    expect(await get(tenant, jobId)).toMatchObject({ status: 'completed', progress_percentage: 100 });
    expect((await told(tenant, jobId)).slice(3)).toEqual(['key:seeded failures_retried', 'worker:w1 claimed', 'worker:w1 done']);
  });

  it('are not tried again when there are none, when the job was cancelled, or beyond the limits', async () => {
    const tenant = await newTenant(), clean = await newJob(tenant);
    await act(tenant, clean.job_id, 'cancel');
    expect(await retry<ErrorBody>(tenant, clean.job_id)).toMatchObject({ status: 409, body: { error: { code: 'invalid_state', message: 'No record of this job is waiting to be tried again.' } } });
    const jobId = await withFailures(tenant);
    for (let i = 0; i < 3; i++) await newJob(tenant);
    expect(await retry(tenant, jobId)).toMatchObject({ status: 429, body: { error: { code: 'too_many_jobs' } } });
    expect(await get(tenant, jobId)).toMatchObject({ status: 'completed', reason: 'done', progress_percentage: 100 });
    expect(await rows('select retries_asked from historical_sync_jobs where id = $1', jobId)).toEqual([{ retries_asked: 0 }]);
  });
});

async function abandoned(tenant: Tenant): Promise<string> {
  const { job_id } = await newJob(tenant);
  for (let i = 0; i < 3; i++) await release((await claimed(tenant, job_id)).token, { kind: 'handed_back', crashed: true });
  return job_id;
}
const letters = async (tenant: Tenant, query = '') => DeadLettersResponse.parse((await call('GET', `${SYNC}/dead-letters${query}`, { key: tenant.key })).body);

describe('dead letters', () => {
  it('are the jobs that used up their retries, and no other that ended', async () => {
    const tenant = await newTenant(), first = await abandoned(tenant);
    await release((await claimed(tenant, (await newJob(tenant)).job_id)).token, { kind: 'failed', reason: 'forbidden', message: 'No.' });
    await act(tenant, (await newJob(tenant)).job_id, 'cancel');
    const { job_id: second } = await newJob(tenant);
    for (let i = 0; i < 3; i++) {
      await inStorage(tenant, second, (s) => ({ ...s, nextRetryAt: null }));
      await release((await claimed(tenant, second)).token, { kind: 'errored', reason: 'provider_error', message: 'Down.' });
    }
    expect(await letters(tenant)).toMatchObject({ total: 2, dead_letters: [{ job_id: second, status: 'failed', last_error: 'Down.' }, { job_id: first, status: 'cancelled', reason: 'abandoned', message: 'Abandoned (server restart or timeout)' }] });
    expect(await letters(tenant, '?limit=1&offset=1')).toMatchObject({ total: 2, limit: 1, offset: 1, dead_letters: [{ job_id: first }] });
    expect(await letters(await newTenant())).toMatchObject({ total: 0, dead_letters: [] });
  });

  it('are retried one by one, once', async () => {
    const tenant = await newTenant(), jobId = await abandoned(tenant), ask = (id: string) => call<ErrorBody>('POST', `${SYNC}/dead-letters/${id}/retry`, { key: tenant.key });
    expect(await ask(jobId)).toMatchObject({ status: 200, body: { job_id: jobId, status: 'pending', reason: 'resumed', attempt: 0 } });
    expect(await letters(tenant)).toMatchObject({ total: 0 });
    expect(await ask(jobId)).toMatchObject({ status: 409, body: { error: { code: 'invalid_state', details: { status: 'pending' } } } });
    expect((await ask('no-uuid')).status).toBe(404);
  });

  it('are retried all at once, the longest waiting first, as far as the limits allow, each outcome listed', async () => {
    const tenant = await newTenant(), ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.push(await abandoned(tenant));
    const answer = await call('POST', `${SYNC}/dead-letters/retry`, { key: tenant.key });
    expect(answer.status, answer.text).toBe(200);
    const { outcomes } = RetryAllResponse.parse(answer.body);
    expect(outcomes.map((o) => [o.job_id, o.outcome, o.job?.status ?? o.error?.code])).toEqual([...ids.slice(0, 3).map((id) => [id, 'resumed', 'pending']), [ids[3], 'refused', 'too_many_jobs']]);
    expect(await letters(tenant)).toMatchObject({ total: 1, dead_letters: [{ job_id: ids[3] }] });
    expect((await row(ids[3]!)).status).toBe('cancelled');
  });
});
