/** The limits of a tenant: active jobs, quota, plan; and starting everything at once within them. */
import { createScheduledController } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { StartAllResponse } from '#contract/api';
import { RECORDS_PER_ACU } from '#contract/limits';
import { acuPerMonth } from '#contract/plans';
import desk from '#worker-api/index';
import { act, call, claimed, env, get, newConnection, newJob, newTenant, release, rows, start, until, type ErrorBody, type Tenant } from './visitor.ts';

const START_ALL = '/api/integrations/historical-sync/start-all';
const daysAgo = (n: number): string => new Date(Date.now() - n * 86_400_000).toISOString();
const spend = (tenant: Tenant, records: number, month = 0) => rows(`insert into acu_usage (tenant_id, month, job_id, records_stored) values ($1, (date_trunc('month', now() at time zone 'UTC') - make_interval(months => $3))::date, gen_random_uuid(), $2)`, tenant.id, records, month);
const setPlan = (tenant: Tenant, plan: string) => rows('update tenants set plan = $2 where id = $1', tenant.id, plan);
const grant = (tenant: Tenant, acu: number | null) => rows('update tenants set acu_per_month = $2 where id = $1', tenant.id, acu);

describe('active jobs', () => {
  it('20 starts at once of one connection give one job and 19 answers that name it; another tenant is not affected', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()], connection = await newConnection(tenant);
    const [answers, theirs] = await Promise.all([Promise.all(Array.from({ length: 20 }, () => start<ErrorBody>(tenant, connection))), newJob(other)]);
    const started = answers.filter((a) => a.status === 201), refused = answers.filter((a) => a.status === 409);
    expect([started.length, refused.length]).toEqual([1, 19]);
    const { job_id } = started[0]!.body as unknown as { job_id: string };
    for (const { body } of refused) expect(body.error).toMatchObject({ code: 'already_active', details: { job_id } });
    expect(theirs.status).toBe('pending');
    await act(tenant, job_id, 'cancel');
    expect((await start(tenant, connection)).status, 'it has ended').toBe(201);
  });

  it('at the limit, a job that is paused makes room for one more and no two, whoever wants it', async () => {
    const tenant = await newTenant(), jobs = [await newJob(tenant), await newJob(tenant), await newJob(tenant)], fourth = await newConnection(tenant);
    expect((await start(tenant, fourth)).status).toBe(429);
    await act(tenant, jobs[1]!.job_id, 'pause');
    const answers = await Promise.all([start(tenant, fourth), start(tenant, await newConnection(tenant)), act(tenant, jobs[1]!.job_id, 'resume')]);
    expect(answers.map((a) => a.status).filter((s) => s < 300), 'one place, three that want it').toHaveLength(1);
  });
});

describe('the quota', () => {
  it('used up is answered 403 with what was used and until when, and nothing is started; last month\'s use does not count', async () => {
    const tenant = await newTenant('free'), connection = await newConnection(tenant);
    await spend(tenant, 9_999_999, 1);
    await spend(tenant, acuPerMonth.free * RECORDS_PER_ACU);
    const refused = await start<ErrorBody>(tenant, connection);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'quota_exhausted', details: { acu_per_month: acuPerMonth.free, acu_used: acuPerMonth.free } } } });
    expect(await rows('select from historical_sync_jobs where tenant_id = $1', tenant.id)).toHaveLength(0);
    await setPlan(tenant, 'solo');
    expect((await start(tenant, connection)).status).toBe(201);
  });

  it('of the tenant\'s own figure goes before the plan\'s', async () => {
    const tenant = await newTenant('enterprise'), connection = await newConnection(tenant);
    await grant(tenant, 0);
    expect(await start(tenant, connection)).toMatchObject({ status: 403, body: { error: { code: 'quota_exhausted' } } });
    await grant(tenant, 1);
    expect((await start(tenant, connection)).status).toBe(201);
  });

  it('used up in the middle pauses the job; resume is refused until it is raised, and then the minute\'s look resumes it by itself', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    await rows('update historical_sync_jobs set acu_at_start = 0 where id = $1', job.job_id);
    await grant(tenant, 1);
    await spend(tenant, RECORDS_PER_ACU);
    await release((await claimed(tenant, job.job_id)).token, { kind: 'paused', reason: 'quota_exhausted', message: 'Used up.' });
    expect(await act(tenant, job.job_id, 'resume')).toMatchObject({ status: 403, body: { error: { code: 'quota_exhausted' } } });
    expect(await get(tenant, job.job_id)).toMatchObject({ status: 'paused', reason: 'quota_exhausted' });
    await grant(tenant, 2);
    await desk.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }), env);
    await until(async () => { expect(await get(tenant, job.job_id)).toMatchObject({ status: 'pending', reason: 'resumed' }); });
  });
});

describe('a smaller plan', () => {
  it('stops new jobs beyond it; the one that runs goes on, and comes back after a pause', async () => {
    const tenant = await newTenant('team'), connection = await newConnection(tenant);
    const { body: job } = await start(tenant, connection, { start_date: daysAgo(170) });
    const { token } = await claimed(tenant, job.job_id);
    await setPlan(tenant, 'free');
    await spend(tenant, acuPerMonth.free * RECORDS_PER_ACU);
    expect(await start(tenant, await newConnection(tenant), { start_date: daysAgo(170) })).toMatchObject({ status: 403, body: { error: { code: 'plan_limit', details: { months_of_history: 1 } } } });
    expect(await start(tenant, await newConnection(tenant))).toMatchObject({ status: 403, body: { error: { code: 'quota_exhausted' } } });
    await release(token, { kind: 'handed_back', crashed: false });
    await claimed(tenant, job.job_id);
    await act(tenant, job.job_id, 'pause');
    expect((await act(tenant, job.job_id, 'resume')).status).toBe(200);
  });
});

describe('start-all', () => {
  const startAll = async (tenant: Tenant, body?: object, headers: Record<string, string> = {}) => {
    const answer = await call('POST', START_ALL, { key: tenant.key, headers, ...(body && { body }) });
    expect(answer.status, answer.text).toBe(200);
    return StartAllResponse.parse(answer.body).outcomes;
  };

  it('starts one job per connected account and lists every outcome', async () => {
    const tenant = await newTenant(), busy = await newJob(tenant);
    const ids = [busy.source_connection_id, await newConnection(tenant, 'needs_reauth'), await newConnection(tenant), await newConnection(tenant), await newConnection(tenant)];
    await newConnection(tenant, 'revoked');
    const outcomes = await startAll(tenant, { chunk_size: 50, priority: 'low' });
    expect(outcomes.map((o) => [o.connection_id, o.outcome, o.error?.code ?? o.job?.status])).toEqual([
      [ids[0], 'refused', 'already_active'], [ids[1], 'refused', 'needs_reauth'], [ids[2], 'started', 'pending'], [ids[3], 'started', 'pending'], [ids[4], 'refused', 'too_many_jobs'],
    ]);
    expect(outcomes[2]!.job).toMatchObject({ source_connection_id: ids[2], chunk_size: 50, priority: 'low' });
    expect(outcomes[0]!.error).toMatchObject({ details: { job_id: busy.job_id } });
  });

  it('needs no body, and with nothing connected starts nothing', async () => {
    expect(await startAll(await newTenant())).toEqual([]);
    const tenant = await newTenant('free');
    await newConnection(tenant);
    expect(await startAll(tenant)).toMatchObject([{ outcome: 'started' }]);
  });

  it('with the same Idempotency-Key answers with the same jobs', async () => {
    const tenant = await newTenant(), key = { 'idempotency-key': 'monday' };
    await newConnection(tenant);
    const [first, second] = [await startAll(tenant, {}, key), await startAll(tenant, {}, key)];
    expect(second[0]!.job!.job_id).toBe(first[0]!.job!.job_id);
  });

  it.each<object>([{ connection_id: 'x' }, { chunk_size: 0 }, { start_date: 'soon' }, { start_date: daysAgo(1), end_date: daysAgo(2) }])('answers 400 to %j', async (body) => {
    expect((await call('POST', START_ALL, { key: (await newTenant()).key, body })).status).toBe(400);
  });

  it('is no integration\'s: the id historical-sync is reserved', async () => {
    const tenant = await newTenant(), body = { connection_id: await newConnection(tenant) };
    expect((await call('POST', '/api/integrations/historical-sync/historical-sync/start', { key: tenant.key, body })).status).toBe(400);
  });
});
