/** Starting and listing: what is let in, what is refused and how, and that no race gets round a limit. */
import { describe, expect, it } from 'vitest';
import { JobsListResponse } from '#contract/api';
import { Job } from '#contract/job';
import { act, call, newConnection, newJob, newTenant, rows, start, until, heard, type ErrorBody } from './visitor.ts';

const daysAgo = (n: number): string => new Date(Date.now() - n * 86_400_000).toISOString();

describe('start', () => {
  it('answers 201 with a job in the one shape, filled with the defaults', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    const answer = await start(tenant, connection);
    expect(answer.status).toBe(201);
    const job = Job.parse(answer.body);
    expect(job).toMatchObject({
      integration_id: 'outlook', source_connection_id: connection, status: 'pending', reason: 'queued', priority: 'normal', chunk_size: 100, scope: 'personal', progress_percentage: 0,
      ledger: { seen: 0, stored: 0, unchanged: 0, duplicate: 0, failed: 0 }, attempt: 0, max_retries: 3, started_at: null, completed_at: null,
    });
    const months = (Date.parse(job.end_date) - Date.parse(job.start_date)) / 86_400_000;
    expect(months).toBeGreaterThan(88);
    expect(months).toBeLessThan(93);
  });

  it('rings the fleet', async () => {
    const tenant = await newTenant();
    await heard();
    await newJob(tenant);
    await until(async () => { expect(await heard()).not.toEqual([]); });
  });

  it.each<[string, object]>([
    ['a chunk size of 0', { chunk_size: 0 }], ['a chunk size above 1,000', { chunk_size: 1_001 }], ['half a chunk', { chunk_size: 1.5 }], ['an unknown priority', { priority: 'soon' }],
    ['an unknown field', { tenant_id: 'other' }], ['a date that is none', { start_date: 'yesterday' }], ['a range that runs backwards', { start_date: daysAgo(1), end_date: daysAgo(2) }],
    ['an empty range', { start_date: '2026-11-01', end_date: '2026-11-01' }], ['an end far in the future', { end_date: daysAgo(-400) }], ['an id with spaces', { connection_id: 'a b' }],
    ['an id that is a number', { connection_id: 7 }], ['an unknown scope', { scope: 'everything' }],
  ])('answers 400 to %s', async (_, body) => {
    const tenant = await newTenant();
    expect(await start(tenant, await newConnection(tenant), body)).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
    expect(await rows('select from historical_sync_jobs where tenant_id = $1', tenant.id)).toHaveLength(0);
  });

  it('answers 404 to a connection that is unknown, revoked or of another integration, and 409 to one that must be reconnected', async () => {
    const tenant = await newTenant();
    for (const id of [crypto.randomUUID(), 'no-uuid', await newConnection(tenant, 'revoked')]) expect((await start(tenant, id)).status, id).toBe(404);
    const other = await call('POST', '/api/integrations/gmail/historical-sync/start', { key: tenant.key, body: { connection_id: await newConnection(tenant) } });
    expect(other.status).toBe(404);
    expect((await call('POST', '/api/integrations/fax/historical-sync/start', { key: tenant.key, body: { connection_id: await newConnection(tenant) } })).status).toBe(400);
    expect(await start(tenant, await newConnection(tenant, 'needs_reauth'))).toMatchObject({ status: 409, body: { error: { code: 'needs_reauth' } } });
  });

  it('reaches back as far as the plan allows and no further', async () => {
    const tenant = await newTenant('free');
    const connection = await newConnection(tenant);
    const refused = await start<ErrorBody>(tenant, connection, { start_date: daysAgo(40) });
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'plan_limit', details: { months_of_history: 1 } } } });
    expect((await start(tenant, connection, { start_date: daysAgo(27) })).status).toBe(201);
  });

  it('starts with its own defaults on every plan', async () => {
    const tenant = await newTenant('free');
    expect((await start(tenant, await newConnection(tenant))).status, 'a body with nothing but the connection').toBe(201);
  });

  it('lets one job per connection be active, and names it', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    const first = await start(tenant, connection);
    const second = await start<ErrorBody>(tenant, connection);
    expect(second).toMatchObject({ status: 409, body: { error: { code: 'already_active', details: { job_id: first.body.job_id } } } });
    await act(tenant, first.body.job_id, 'cancel');
    expect((await start(tenant, connection)).status).toBe(201);
  });

  it('gives exactly 3 jobs to 20 starts at once over 20 connections, and a time to come back to the other 17', async () => {
    const tenant = await newTenant();
    const connections = await Promise.all(Array.from({ length: 20 }, () => newConnection(tenant)));
    const answers = await Promise.all(connections.map((c) => start(tenant, c)));
    expect(answers.filter((a) => a.status === 201)).toHaveLength(3);
    const refused = answers.filter((a) => a.status === 429);
    expect(refused).toHaveLength(17);
    for (const { headers, body } of refused) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body).toMatchObject({ error: { code: 'too_many_jobs' } });
    }
    expect(await rows('select from historical_sync_jobs where tenant_id = $1', tenant.id)).toHaveLength(3);
  });

  it('gives one job to 5 starts at once of one connection', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    const answers = await Promise.all(Array.from({ length: 5 }, () => start(tenant, connection)));
    expect(answers.map((a) => a.status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it('answers a repeated Idempotency-Key with the same job, also when both come at once, and per tenant', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant), key = { 'idempotency-key': 'again' };
    const [a, b] = await Promise.all([start(tenant, connection, {}, key), start(tenant, connection, {}, key)]);
    expect([a.status, b.status]).toEqual([201, 201]);
    expect(a.body.job_id).toBe(b.body.job_id);
    await act(tenant, a.body.job_id, 'cancel');
    expect((await start(tenant, connection, {}, key)).body).toMatchObject({ job_id: a.body.job_id, status: 'cancelled' });
    const other = await newTenant();
    expect((await start(other, await newConnection(other), {}, key)).body.job_id).not.toBe(a.body.job_id);
    expect((await start(tenant, connection, {}, { 'idempotency-key': 'a b' })).status).toBe(400);
  });

  it('counts a resumed job against the limit', async () => {
    const tenant = await newTenant();
    const paused = await newJob(tenant);
    await act(tenant, paused.job_id, 'pause');
    for (let i = 0; i < 3; i++) await newJob(tenant);
    expect(await act<ErrorBody>(tenant, paused.job_id, 'resume')).toMatchObject({ status: 429, body: { error: { code: 'too_many_jobs' } } });
    expect((await rows('select status from historical_sync_jobs where id = $1', paused.job_id))[0]).toMatchObject({ status: 'paused' });
  });

  it('does not resume beside another active job of the connection', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant);
    const first = await start(tenant, connection);
    await act(tenant, first.body.job_id, 'pause');
    await start(tenant, connection);
    expect(await act<ErrorBody>(tenant, first.body.job_id, 'resume')).toMatchObject({ status: 409, body: { error: { code: 'already_active' } } });
  });
});

describe('lists', () => {
  it('are newest first, filtered, paged and counted', async () => {
    const tenant = await newTenant();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await newJob(tenant)).job_id);
    await act(tenant, ids[1]!, 'cancel');
    const list = async (query: string, base = '/api/integrations/historical-sync/jobs') => JobsListResponse.parse((await call('GET', `${base}${query}`, { key: tenant.key })).body);
    expect((await list('')).jobs.map((j) => j.job_id)).toEqual(ids);
    expect(await list('?limit=1&offset=1')).toMatchObject({ total: 3, limit: 1, offset: 1, jobs: [{ job_id: ids[1], status: 'cancelled' }] });
    expect((await list('?status=pending')).jobs.map((j) => j.job_id)).toEqual([ids[0], ids[2]]);
    expect(await list('?status=completed')).toMatchObject({ total: 0, jobs: [] });
    expect((await list('', '/api/integrations/outlook/historical-sync/jobs')).total).toBe(3);
    expect((await list('', '/api/integrations/slack/historical-sync/jobs')).total).toBe(0);
  });

  it.each(['?limit=0', '?limit=101', '?limit=x', '?offset=-1', '?status=asleep', '?limit=1.5'])('answer 400 to %s', async (query) => {
    const { key } = await newTenant();
    expect((await call('GET', `/api/integrations/historical-sync/jobs${query}`, { key })).status).toBe(400);
  });
});
