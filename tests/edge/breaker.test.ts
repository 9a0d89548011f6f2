/** The circuit breaker of a connection: after five runs in a row that its provider failed its jobs wait, one tries, and no other connection notices. And what a connection asks of its provider. */
import { describe, expect, it } from 'vitest';
import { ConnectionsResponse, type Connection } from '#contract/api';
import { emptyProgress, type Job, type Outcome } from '#contract/job';
import { act, beat, call, claim, claimed, get, inStorage, newConnection, newTenant, release, rows, start, type Answer, type Claim, type ErrorBody, type Tenant } from './visitor.ts';

const DOWN: Outcome = { kind: 'errored', reason: 'provider_error', message: 'graph.example answered 503, 5 times in a row.' };
const shown = async (tenant: Tenant, id: string): Promise<Connection> => ConnectionsResponse.parse((await call('GET', '/api/connections', { key: tenant.key })).body).connections.find((c) => c.connection_id === id)!;
const startOn = async (tenant: Tenant, connection: string): Promise<Job> => {
  const answer = await start(tenant, connection);
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};
/** Time goes by for a job that waits. */
const due = (tenant: Tenant, id: string): Promise<void> => inStorage(tenant, id, (state) => ({ ...state, nextRetryAt: null }));
const later = (connection: string): Promise<unknown> => rows(`update connections set open_until = now() - interval '1 second' where id = $1`, connection);
async function fails(tenant: Tenant, id: string): Promise<void> {
  await due(tenant, id);
  await release((await claimed(tenant, id)).token, DOWN);
}
/** A connection whose provider has failed five runs: three of one job, which gave up, two of the next. */
async function opened(): Promise<{ tenant: Tenant; connection: string; job: Job }> {
  const tenant = await newTenant(), connection = await newConnection(tenant), first = await startOn(tenant, connection);
  for (let i = 0; i < 3; i++) await fails(tenant, first.job_id);
  expect(await get(tenant, first.job_id)).toMatchObject({ status: 'failed', reason: 'provider_error' });
  const job = await startOn(tenant, connection);
  for (let i = 0; i < 2; i++) await fails(tenant, job.job_id);
  return { tenant, connection, job };
}
const refused = async (tenant: Tenant, id: string): Promise<Answer<ErrorBody>> => { await due(tenant, id); return claim<ErrorBody>(tenant, id); };

describe('the circuit breaker', () => {
  it('opens after five failed runs over all jobs, and the job says until when', async () => {
    const { tenant, connection, job } = await opened();
    expect(await refused(tenant, job.job_id)).toMatchObject({ status: 409, body: { error: { code: 'invalid_state', message: expect.stringMatching(/^Outlook has failed 5 times in a row; next try at \d\d:\d\d UTC\.$/) } } });
    const held = await get(tenant, job.job_id), { health } = await shown(tenant, connection);
    expect(held).toMatchObject({ status: 'pending', reason: 'provider_down', message: health.message, next_retry_at: health.next_try_at, attempt: 2 });
    expect(health).toMatchObject({ state: 'open', failures_in_a_row: 5 });
    const wait = Date.parse(health.next_try_at!) - Date.now();
    expect(wait).toBeGreaterThan(4 * 60_000);
    expect(wait).toBeLessThanOrEqual(5 * 60_000);
    expect((await rows<{ event: string }>('select event from job_events where job_id = $1 order by no desc limit 1', job.job_id))[0]!.event).toBe('provider_down');
  });

  it('holds whatever comes to that connection: a new job, a resumed one; cancelling and pausing work all the same', async () => {
    const { tenant, connection, job } = await opened();
    await refused(tenant, job.job_id);
    expect((await act(tenant, job.job_id, 'pause')).body).toMatchObject({ status: 'paused' });
    expect((await act(tenant, job.job_id, 'resume')).body).toMatchObject({ status: 'pending', reason: 'resumed' });
    expect((await claim(tenant, job.job_id)).status).toBe(409);
    expect(await get(tenant, job.job_id)).toMatchObject({ reason: 'provider_down' });
    expect((await act(tenant, job.job_id, 'cancel')).body).toMatchObject({ status: 'cancelled' });
    const next = await startOn(tenant, connection);
    expect((await claim(tenant, next.job_id)).status).toBe(409);
    expect(await get(tenant, next.job_id)).toMatchObject({ status: 'pending', reason: 'provider_down', attempt: 0 });
  });

  it('never holds another connection, of the same tenant or of another', async () => {
    const { tenant } = await opened(), other = await newTenant();
    for (const who of [tenant, other]) {
      const job = await startOn(who, await newConnection(who));
      expect((await claim(who, job.job_id)).status).toBe(200);
    }
  });

  it('lets one run try when its time has come; a failure opens it for longer', async () => {
    const { tenant, connection, job } = await opened();
    await refused(tenant, job.job_id);
    await later(connection);
    expect((await shown(tenant, connection)).health).toMatchObject({ state: 'half_open', message: null });
    await fails(tenant, job.job_id);
    const { health } = await shown(tenant, connection);
    expect(health).toMatchObject({ state: 'open', failures_in_a_row: 6 });
    expect(Date.parse(health.next_try_at!) - Date.now()).toBeGreaterThan(9 * 60_000);
  });

  it.each<[string, (probe: Claim) => Promise<unknown>]>([
    ['completes', (probe) => release(probe.token, { kind: 'completed', progress: { ...emptyProgress, covered: 1 } })],
    ['stores a chunk', async (probe) => { await beat(probe.token, { ...emptyProgress, chunks_completed: 1 }); await release(probe.token, { kind: 'handed_back', crashed: false }); }],
  ])('closes when the probe %s', async (_, ends) => {
    const { tenant, connection, job } = await opened();
    await later(connection);
    await due(tenant, job.job_id);
    await ends(await claimed(tenant, job.job_id));
    expect((await shown(tenant, connection)).health).toEqual({ state: 'closed', failures_in_a_row: 0, next_try_at: null, message: null });
  });

  it('counts a run that stored something and then failed as the first of a new row', async () => {
    const { tenant, connection, job } = await opened();
    await later(connection);
    await due(tenant, job.job_id);
    const probe = await claimed(tenant, job.job_id);
    await beat(probe.token, { ...emptyProgress, chunks_completed: 1 });
    await release(probe.token, DOWN);
    expect((await shown(tenant, connection)).health).toMatchObject({ state: 'closed', failures_in_a_row: 1 });
  });

  it.each<[string, Outcome]>([['being asked to wait', { kind: 'snoozed', retryAfterMs: 0, message: '429' }], ['lost access', { kind: 'paused', reason: 'auth_expired', message: 'x' }], ['a crash', { kind: 'handed_back', crashed: true }], ['a fault of ours', { kind: 'errored', reason: 'internal_error', message: 'x' }]])('is not moved by %s', async (_, outcome) => {
    const { tenant, connection, job } = await opened();
    await later(connection);
    await due(tenant, job.job_id);
    await release((await claimed(tenant, job.job_id)).token, outcome);
    expect((await shown(tenant, connection)).health).toMatchObject({ state: 'half_open', failures_in_a_row: 5 });
  });

  it('does not hear a worker whose lease is over', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant), job = await startOn(tenant, connection);
    const { token } = await claimed(tenant, job.job_id);
    await act(tenant, job.job_id, 'pause');
    expect((await release(token, DOWN)).status).toBe(409);
    expect((await shown(tenant, connection)).health).toMatchObject({ failures_in_a_row: 0 });
  });
});

describe('usage', () => {
  it('is shown per connection, for today and the last thirty days', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant), quiet = await newConnection(tenant);
    for (const [daysAgo, requests, throttled] of [[0, 7, 1], [1, 100, 20], [29, 1000, 0], [30, 5000, 5000]]) {
      await rows(`insert into provider_usage (tenant_id, connection_id, day, requests, throttled) values ($1, $2, (now() at time zone 'UTC')::date - $3::int, $4, $5)`, tenant.id, connection, daysAgo, requests, throttled);
    }
    expect((await shown(tenant, connection)).usage).toEqual({ today: { requests: 7, throttled: 1 }, last_30_days: { requests: 1107, throttled: 21 } });
    expect((await shown(tenant, quiet)).usage).toEqual({ today: { requests: 0, throttled: 0 }, last_30_days: { requests: 0, throttled: 0 } });
  });
});
