/** Scheduled and asked-for incremental syncs: the routes, and the minute's look against a real Postgres: once per due time, within the limits, never lost, never piled up. */
import { createScheduledController } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { Connection, JobEventsResponse } from '#contract/api';
import { Job } from '#contract/job';
import { RECORDS_PER_ACU } from '#contract/limits';
import desk from '#worker-api/index';
import { act, call, claimed, env, newConnection, newJob, newTenant, rows, signIn, start, type Answer, type ErrorBody, type Tenant } from './visitor.ts';

const HOUR = 3_600_000;
const minute = (): Promise<void> => desk.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }), env);
const put = <T = Connection>(tenant: Tenant, connection: string, every: unknown): Promise<Answer<T>> => call('PUT', `/api/connections/${connection}/schedule`, { key: tenant.key, body: { every } });
const syncNow = <T = Job>(tenant: Tenant, connection: string, headers: Record<string, string> = {}): Promise<Answer<T>> => call('POST', `/api/connections/${connection}/sync`, { key: tenant.key, headers });
const jobsOf = (connection: string) => rows<{ id: string; mode: string; priority: string; status: string; created_by: string }>('select id, mode, priority, status, created_by from historical_sync_jobs where source_connection_id = $1 order by created_at', connection);
async function shown(tenant: Tenant, connection: string): Promise<Connection> {
  const { body } = await call<{ connections: unknown[] }>('GET', '/api/connections', { key: tenant.key });
  return Connection.parse(body.connections.find((c) => (c as { connection_id: string }).connection_id === connection));
}
/** A connection whose hourly sync was due so many minutes ago. */
async function due(tenant: Tenant, minutesAgo = 1): Promise<string> {
  const connection = await newConnection(tenant);
  expect((await put(tenant, connection, 'hourly')).status).toBe(200);
  await rows('update connections set next_sync_at = now() - make_interval(mins => $2) where id = $1', connection, minutesAgo);
  return connection;
}
const end = (jobId: string) => rows(`update historical_sync_jobs set status = 'cancelled' where id = $1`, jobId);

describe('a schedule', () => {
  it('is off by default; set, it says when the next sync is due, and off again it says nothing', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    expect(await shown(tenant, connection)).toMatchObject({ schedule: 'off', next_sync_at: null, schedule_note: null });
    const set = Connection.parse((await put(tenant, connection, 'hourly')).body);
    expect(set.schedule).toBe('hourly');
    expect(Math.abs(Date.parse(set.next_sync_at!) - Date.now()), 'it was never synced, so it is due').toBeLessThan(60_000);
    expect(await shown(tenant, connection)).toEqual(set);
    expect((await put(tenant, connection, 'off')).body).toMatchObject({ schedule: 'off', next_sync_at: null });
  });

  it('counts from the last sync, and is not moved by being set again', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    await rows('update connections set last_synced_at = now() where id = $1', connection);
    const { body: daily } = await put(tenant, connection, 'daily');
    expect(Math.abs(Date.parse(daily.next_sync_at!) - Date.now() - 24 * HOUR)).toBeLessThan(60_000);
    expect((await put(tenant, connection, 'daily')).body.next_sync_at).toBe(daily.next_sync_at);
    const { body: hourly } = await put(tenant, connection, 'hourly');
    expect(Math.abs(Date.parse(hourly.next_sync_at!) - Date.now() - HOUR)).toBeLessThan(60_000);
  });

  it.each(['weekly', '', null, 1])('of %j is refused with 400', async (every) => {
    const tenant = await newTenant();
    expect((await put(tenant, await newConnection(tenant), every)).status).toBe(400);
  });

  it('needs a connected account, and the scope sync', async () => {
    const tenant = await newTenant(), gone = await newConnection(tenant, 'revoked'), connection = await newConnection(tenant);
    expect((await put(tenant, gone, 'daily')).status).toBe(404);
    expect((await put(tenant, gone, 'off')).status, 'off is always possible').toBe(200);
    await rows(`update api_keys set scopes = '{read}' where tenant_id = $1`, tenant.id);
    expect((await put(tenant, connection, 'daily')).status).toBe(403);
    expect((await syncNow(tenant, connection)).status).toBe(403);
    const cookie = await signIn(tenant);
    expect((await call('PUT', `/api/connections/${connection}/schedule`, { cookie, body: { every: 'daily' }, headers: { origin: 'https://elsewhere.example' } })).status).toBe(403);
  });
});

describe('the minute\'s look', () => {
  it('starts what is due as a low priority job and moves the due moment on, keeping its minute', async () => {
    const tenant = await newTenant(), connection = await due(tenant, 90);
    const [before] = await rows<{ at: string }>('select next_sync_at as at from connections where id = $1', connection);
    await minute();
    const [job, ...more] = await jobsOf(connection);
    expect(more).toEqual([]);
    expect(job).toMatchObject({ mode: 'incremental', priority: 'low', status: 'pending', created_by: 'system' });
    const { next_sync_at, schedule_note } = await shown(tenant, connection);
    expect(Date.parse(next_sync_at!) - Date.parse(before!.at), 'the hour that was missed is not made up for').toBe(2 * HOUR);
    expect(schedule_note).toBeNull();
    const { events } = JobEventsResponse.parse((await call('GET', `/api/integrations/historical-sync/jobs/${job!.id}/events`, { key: tenant.key })).body);
    expect(events.map((e) => `${e.actor} ${e.event}`)).toEqual(['system started']);
    expect((await claimed(tenant, job!.id)).job).toMatchObject({ mode: 'incremental' });
  });

  it('starts one job per due time, however many look at once or again', async () => {
    const tenant = await newTenant(), connection = await due(tenant);
    await Promise.all([minute(), minute(), minute()]);
    expect(await jobsOf(connection)).toHaveLength(1);
    await end((await jobsOf(connection))[0]!.id);
    await minute();
    expect(await jobsOf(connection), 'the next one is due in an hour').toHaveLength(1);
  });

  it('leaves those that are off or not yet due alone', async () => {
    const tenant = await newTenant(), off = await newConnection(tenant), later = await newConnection(tenant);
    await put(tenant, later, 'daily');
    await rows(`update connections set next_sync_at = now() + interval '1 minute' where id = $1`, later);
    await minute();
    expect([await jobsOf(off), await jobsOf(later)]).toEqual([[], []]);
  });

  it('tries a connection with an active job later: it is not lost, and what was missed is not piled up', async () => {
    const tenant = await newTenant(), connection = await due(tenant, 200), { body: busy } = await start(tenant, connection);
    await minute();
    await minute();
    expect((await jobsOf(connection)).map((j) => j.mode)).toEqual(['backfill']);
    await act(tenant, busy.job_id, 'cancel');
    await Promise.all([minute(), minute()]);
    expect((await jobsOf(connection)).map((j) => j.mode)).toEqual(['backfill', 'incremental']);
  });

  it('keeps to the tenant\'s limit of active jobs; the rest has its turn when one has ended', async () => {
    const tenant = await newTenant(), connections = [await due(tenant, 9), await due(tenant, 8), await due(tenant, 7), await due(tenant, 6)];
    await newJob(tenant);
    await Promise.all([minute(), minute()]);
    const started = async () => (await Promise.all(connections.map(jobsOf))).map((jobs) => jobs.length);
    expect(await started(), 'the longest waiting first').toEqual([1, 1, 0, 0]);
    expect((await shown(tenant, connections[2]!)).schedule_note, 'it waits, it was not skipped').toBeNull();
    await end((await jobsOf(connections[0]!))[0]!.id);
    await minute();
    expect(await started()).toEqual([1, 1, 1, 0]);
  });

  it.each([['needs_reauth', /reconnect/i], ['revoked', /connect/i]])('skips an account that is %s, says why, and looks again at the next due time', async (status, why) => {
    const tenant = await newTenant(), connection = await due(tenant);
    await rows('update connections set status = $2 where id = $1', connection, status);
    await minute();
    expect(await jobsOf(connection)).toEqual([]);
    const skipped = await shown(tenant, connection);
    expect(skipped.schedule_note).toMatch(why);
    expect(Date.parse(skipped.next_sync_at!)).toBeGreaterThan(Date.now());
    await rows(`update connections set status = 'active', next_sync_at = now() where id = $1`, connection);
    await minute();
    expect(await jobsOf(connection)).toHaveLength(1);
    expect((await shown(tenant, connection)).schedule_note).toBeNull();
  });

  it('skips a tenant whose quota is used up, and nobody else', async () => {
    const [poor, other] = [await newTenant(), await newTenant()], [theirs, mine] = [await due(poor), await due(other)];
    await rows('update tenants set acu_per_month = 1 where id = $1', poor.id);
    await rows(`insert into acu_usage (tenant_id, month, job_id, records_stored) values ($1, date_trunc('month', now() at time zone 'UTC')::date, gen_random_uuid(), $2)`, poor.id, RECORDS_PER_ACU);
    await minute();
    expect([await jobsOf(theirs), (await jobsOf(mine)).length]).toEqual([[], 1]);
    expect((await shown(poor, theirs)).schedule_note).toMatch(/quota/);
  });
});

describe('sync now', () => {
  it('starts the same job at normal priority, over what memory holds of the connection until now', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant), since = new Date(Date.now() - 40 * 24 * HOUR).toISOString();
    const { body: backfill } = await start(tenant, connection, { start_date: since });
    await rows(`insert into sync_windows (tenant_id, job_id, stream, no, since, until, done) values ($1, $2, 'mail', 0, $3, now(), true)`, tenant.id, backfill.job_id, since);
    await end(backfill.job_id);
    const answer = await syncNow(tenant, connection);
    expect(answer.status, answer.text).toBe(201);
    const job = Job.parse(answer.body);
    expect(job).toMatchObject({ mode: 'incremental', priority: 'normal', status: 'pending', start_date: since, source_connection_id: connection });
    expect(Math.abs(Date.parse(job.end_date) - Date.now())).toBeLessThan(60_000);
    expect(backfill.mode).toBe('backfill');
  });

  it('reaches no further back than the plan does by now, and three months without any memory', async () => {
    const tenant = await newTenant('free'), connection = await newConnection(tenant);
    const days = (job: Job): number => (Date.parse(job.end_date) - Date.parse(job.start_date)) / (24 * HOUR);
    expect(Math.round(days((await syncNow(tenant, connection)).body))).toBeLessThanOrEqual(31);
    const team = await newTenant();
    expect(Math.round(days((await syncNow(team, await newConnection(team))).body) / 30)).toBe(3);
  });

  it('is held to the same limits as every start, and does not move the schedule', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    await rows('update connections set last_synced_at = now() where id = $1', connection);
    const { body: { next_sync_at } } = await put(tenant, connection, 'hourly');
    const { body: first } = await syncNow(tenant, connection, { 'idempotency-key': 'k' });
    expect((await syncNow(tenant, connection, { 'idempotency-key': 'k' })).body.job_id).toBe(first.job_id);
    expect((await syncNow<ErrorBody>(tenant, connection)).body.error).toMatchObject({ code: 'already_active', details: { job_id: first.job_id } });
    expect((await syncNow<ErrorBody>(tenant, await newConnection(tenant, 'needs_reauth'))).body.error.code).toBe('needs_reauth');
    await newJob(tenant);
    await newJob(tenant);
    expect((await syncNow(tenant, await newConnection(tenant))).status).toBe(429);
    expect((await shown(tenant, connection)).next_sync_at).toBe(next_sync_at);
  });
});
