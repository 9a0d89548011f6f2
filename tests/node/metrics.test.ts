/** What a worker tells Prometheus: counted as it happens, in bounded labels, in the format that Prometheus reads; and how old the queue is, off a real Postgres. */
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { emptyProgress, type Progress } from '#contract/job';
import { METRICS_MEMORY_EVERY_MS } from '#contract/limits';
import { openMetrics, type Looks } from '#fly-worker/metrics';
import { startTestDatabase } from '../database.ts';

let nowMs = 1_000_000;
const figures = { datasets: 2, unindexedRows: 120, fragments: 7, cacheBytes: 4096, cacheItems: 9 };
const looks: Looks = { busy: () => 3, draining: () => false, pressure: () => 1, queue: async () => ({ jobs: 4, oldestSeconds: 12.5 }), memory: async () => figures, now: () => nowMs };
const open = (over: Partial<Looks> = {}) => openMetrics({ ...looks, ...over }, { defaults: false });
const progress = (stored: number, failed: number, chunks: number): Progress => ({ ...emptyProgress, chunks_completed: chunks, ledger: { ...emptyProgress.ledger, seen: stored + failed, stored, failed } });
/** Samples by name and labels; a line that is none of the format's fails. */
async function samples(metrics: { text(): Promise<string> }): Promise<Map<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => { const [, key, value] = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) (\S+)$/.exec(line)!; return [key!, Number(value)]; }));
}

describe('the worker\'s metrics', () => {
  it('count the records of committed chunks from where a run begins, not what earlier runs had stored', async () => {
    const metrics = open(), run = {}, another = {};
    metrics.books(run, 'gmail', progress(500, 0, 5));
    metrics.books(another, 'gmail', progress(0, 0, 0));
    metrics.books(run, 'gmail', progress(598, 2, 6));
    metrics.books(run, 'gmail', progress(600, 1, 7));
    metrics.books(another, 'gmail', progress(10, 0, 1));
    const found = await samples(metrics);
    expect(found.get('hsync_records_total{integration="gmail",outcome="stored"}')).toBe(110);
    expect(found.get('hsync_records_total{integration="gmail",outcome="failed"}'), 'a counter never falls').toBe(2);
    expect(found.get('hsync_chunks_total{integration="gmail"}')).toBe(3);
  });

  it('count attempts by class, 429s and retries, and time pages in buckets', async () => {
    const metrics = open();
    for (const [outcome, attempt] of [[200, 1], [429, 1], [200, 2], ['timeout', 1], [503, 2]] as const) metrics.request('outlook', { path: 'graph.microsoft.com/v1.0/me', attempt, durationMs: 5, outcome });
    metrics.page('outlook', 300);
    metrics.ended('outlook', 'completed');
    const found = await samples(metrics);
    expect(['2xx', '4xx', '5xx', 'timeout'].map((outcome) => found.get(`hsync_provider_requests_total{integration="outlook",outcome="${outcome}"}`))).toEqual([2, 1, 1, 1]);
    expect([found.get('hsync_provider_throttled_total{integration="outlook"}'), found.get('hsync_provider_retries_total{integration="outlook"}')]).toEqual([1, 2]);
    expect([found.get('hsync_page_seconds_bucket{le="0.25",integration="outlook"}'), found.get('hsync_page_seconds_bucket{le="0.5",integration="outlook"}')]).toEqual([0, 1]);
    expect(found.get('hsync_runs_total{integration="outlook",outcome="completed"}')).toBe(1);
    expect(await metrics.text(), 'no address becomes a label').not.toContain('graph.microsoft.com');
  });

  it('show the age of the lease that has waited longest, and none when all are given back', async () => {
    const metrics = open(), age = async () => { const found = await samples(metrics); return [found.get('hsync_leases'), found.get('hsync_lease_age_seconds')]; };
    metrics.lease('job-a', {});
    nowMs += 4_000;
    metrics.lease('job-b', {});
    nowMs += 3_000;
    expect(await age()).toEqual([2, 7]);
    metrics.lease('job-a', {});
    expect(await age()).toEqual([2, 3]);
    metrics.lease('job-a', null);
    metrics.lease('job-b', null);
    expect(await age()).toEqual([0, 0]);
    expect(await metrics.text()).not.toMatch(/job-a|job-b/);
  });

  it('look at slots, queue and memory when they are scraped, and at memory\'s files not every time', async () => {
    let asked = 0;
    const metrics = open({ memory: async () => { asked += 1; return figures; } }), found = await samples(metrics);
    expect(['slots_busy', 'memory_pressure', 'queue_jobs', 'queue_oldest_seconds', 'unindexed_rows', 'fragments', 'session_cache_bytes', 'datasets_open'].map((name) => found.get(`hsync_${name}`))).toEqual([3, 1, 4, 12.5, 120, 7, 4096, 2]);
    await metrics.text();
    expect(asked).toBe(1);
    nowMs += METRICS_MEMORY_EVERY_MS;
    await metrics.text();
    expect(asked).toBe(2);
  });

  it('say that they do not know when Postgres does not, and go on', async () => {
    const found = await samples(open({ queue: async () => null }));
    expect([found.get('hsync_queue_jobs'), found.get('hsync_slots_busy')]).toEqual([NaN, 3]);
  });

  it('bring the process\'s own figures where they are wanted', async () => {
    const metrics = openMetrics(looks, { defaults: true });
    expect((await samples(metrics)).get('process_resident_memory_bytes')).toBeGreaterThan(1 << 20);
    expect(metrics.contentType).toMatch(/^text\/plain/);
  });
});

describe('the age of the queue', () => {
  it('is that of the due job that has waited longest; one that is not due yet does not count', async () => {
    const db = await startTestDatabase();
    try {
      const age = async () => Number((await db.app.system([sql`select waiting_seconds() as s`]))[0]![0]!.s);
      expect(await age()).toBe(0);
      await db.owner.system([
        sql`insert into tenants (id, name, slug) values ('q', 'Q', 'q')`,
        sql`insert into connections (tenant_id, id, integration_id, account) select 'q', gen_random_uuid(), 'outlook', n::text from generate_series(1, 3) n`,
        sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, updated_at, next_retry_at)
            select 'q', gen_random_uuid(), 'outlook', id, now() - interval '1 day', now(), 'test', case account when '3' then 'running' else 'pending' end, now() - interval '1 hour', case account when '1' then now() - interval '90 seconds' else now() + interval '1 hour' end from connections`,
      ]);
      expect(Math.round(await age())).toBe(90);
    } finally {
      await db.stop();
    }
  });
});
