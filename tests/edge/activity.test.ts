/** Looking back: days and sums as the rows have them, of one's own tenant only. */
import { describe, expect, it } from 'vitest';
import { ActivityResponse, SourcesResponse } from '#contract/activity';
import { call, newConnection, newJob, newTenant, rows, type Tenant } from './visitor.ts';

const DAY_MS = 86_400_000;
const dayAgo = (n: number): string => new Date(Date.now() - n * DAY_MS).toISOString().slice(0, 10);

/** One record that happened and was stored so many days ago. */
const store = (tenant: Tenant, connection: string, integration: string, happened: number, stored: number) => rows(`
  insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, stored_at, stored_by_job)
  values ($1, gen_random_uuid(), $3, $2, 'mail', gen_random_uuid()::text, 'mail', 'h', 't', 'p', now() - make_interval(days => $4), now() - make_interval(days => $5), gen_random_uuid())`, tenant.id, connection, integration, happened, stored);

describe('activity', () => {
  it('counts records by the day they happened and by integration, and memory by the day they were stored', async () => {
    const tenant = await newTenant(), other = await newTenant(), connection = await newConnection(tenant);
    for (const [integration, happened, stored] of [['outlook', 2, 1], ['outlook', 2, 1], ['slack', 2, 0], ['outlook', 200, 100]] as const) await store(tenant, connection, integration, happened, stored);
    await store(other, await newConnection(other), 'outlook', 2, 1);
    const answer = ActivityResponse.parse((await call('GET', '/api/activity?days=30', { key: tenant.key })).body);
    expect([answer.since, answer.until]).toEqual([dayAgo(29), dayAgo(0)]);
    expect(answer.records).toEqual([{ day: dayAgo(2), integration_id: 'outlook', records: 2 }, { day: dayAgo(2), integration_id: 'slack', records: 1 }]);
    expect(answer.growth, 'what was there before stands on the first day').toEqual([{ day: dayAgo(29), records: 1 }, { day: dayAgo(1), records: 3 }, { day: dayAgo(0), records: 4 }]);
    expect(answer.syncs).toEqual([]);
  });

  it('says of each day how many syncs ended how, what failed in them and how fast they were', async () => {
    const tenant = await newTenant(), ids = [];
    for (let i = 0; i < 3; i++) ids.push((await newJob(tenant)).job_id);
    const end = (id: string | undefined, columns: string) => rows(`update historical_sync_jobs set updated_at = now(), completed_at = now(), started_at = now() - interval '20 seconds', ${columns} where id = $1`, id);
    await end(ids[0], `status = 'completed', reason = 'done', records_processed = 400, seen = 402, stored = 400, failed = 2`);
    await end(ids[1], `status = 'cancelled', reason = 'abandoned', records_processed = 90`);
    await end(ids[2], `status = 'cancelled', reason = 'user_cancelled'`);
    const { syncs } = ActivityResponse.parse((await call('GET', '/api/activity', { key: tenant.key })).body);
    expect(syncs).toEqual([{ day: dayAgo(0), completed: 1, failed: 1, cancelled: 1, records_failed: 2, processed: 400, seconds: 20 }]);
  });

  it.each(['?days=6', '?days=367', '?days=many'])('answers 400 to %s', async (query) => {
    expect((await call('GET', `/api/activity${query}`, { key: (await newTenant()).key })).status).toBe(400);
  });
});

describe('sources', () => {
  it('say per account how much is in memory, from when to when, and how far back each stream is complete', async () => {
    const tenant = await newTenant(), { job_id, source_connection_id: connection } = await newJob(tenant);
    await store(tenant, connection, 'outlook', 9, 0);
    await store(tenant, connection, 'outlook', 3, 0);
    for (const [no, since, until, done] of [[0, '2026-03-08', '2026-03-15', true], [1, '2026-03-01', '2026-03-08', true], [2, '2026-02-22', '2026-03-01', false]] as const) {
      await rows(`insert into sync_windows (tenant_id, job_id, stream, no, since, until, done) values ($1, $2, 'mail', $3, $4, $5, $6)`, tenant.id, job_id, no, since, until, done);
    }
    const { sources, watermarks } = SourcesResponse.parse((await call('GET', '/api/memory/sources', { key: tenant.key })).body);
    expect(sources.map((s) => [s.connection_id, s.records, s.oldest.slice(0, 10), s.newest.slice(0, 10)])).toEqual([[connection, 2, dayAgo(9), dayAgo(3)]]);
    expect(watermarks).toMatchObject([{ connection_id: connection, integration_id: 'outlook', stream: 'mail', complete_back_to: '2026-03-01T00:00:00.000Z', complete_until: '2026-03-15T00:00:00.000Z' }]);
    expect(SourcesResponse.parse((await call('GET', '/api/memory/sources', { key: (await newTenant()).key })).body)).toEqual({ sources: [], watermarks: [] });
  });
});
