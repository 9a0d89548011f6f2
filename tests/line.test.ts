/**
 * The line, whole: real Postgres, workerd, LanceDB and worker processes on loopback, killed with -9 at random moments. Afterwards both memories hold what an
 * undisturbed run leaves, nothing twice, and every resume began within the lease's length plus one second.
 */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '#contract/job';
import { openClient, until, type Client } from './client.ts';
import { openCollector, type Collector, type Seen } from './collector.ts';
import { kill, openWholeHouse, type WholeHouse } from './whole-house.ts';

const LEASE_SECONDS = 4, KILLS = 20, MACHINE_KILLS = 4;

let house: WholeHouse, first: Client, second: Client, collector: Collector;

beforeAll(async () => {
  collector = await openCollector();
  house = await openWholeHouse({ workers: 3, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LEASE_SECONDS: String(LEASE_SECONDS), HEARTBEAT_SECONDS: '1', RING_AGAIN_SECONDS: '10', WORKER_SLOTS: '2' } });
  [first, second] = house.credentials.tenants.map((t) => openClient(house.url, t.api_key)) as [Client, Client];
  await house.sandbox.addAccount('line@line.example', { mails: 900, events: 60, seed: 5 });
}, 120_000);
afterAll(async () => { await house.end(); await collector.close(); }, 60_000);

const latency = (latencyMs: number): Promise<void> => house.sandbox.settings({ latencyMs });

/** Everything both memories hold of a tenant, by meaning: ids differ between tenants. */
async function memoryOf(tenantId: string) {
  const [counts] = await house.owner.system([sql`
    select (select count(*)::int from records where tenant_id = ${tenantId}) as records, (select count(*)::int from evidence where tenant_id = ${tenantId}) as evidence,
           (select count(*)::int from graph_edges where tenant_id = ${tenantId}) as edges, (select count(*)::int from discovered_entities where tenant_id = ${tenantId}) as staged,
           (select md5(string_agg(node_type || key || name, '|' order by node_type, key)) from graph_nodes where tenant_id = ${tenantId}) as nodes,
           (select md5(string_agg(provider_id || content_hash, '|' order by provider_id)) from records where tenant_id = ${tenantId}) as contents`]);
  return counts![0];
}

describe('the line', () => {
  let disturbed: Job, undisturbed: Job;

  it('ends with the same memory after 20 and more kills as without any', async () => {
    const [a, b] = await Promise.all([first.connect('line@line.example'), second.connect('line@line.example')]);
    await latency(60);
    disturbed = await first.start(a, { chunk_size: 10 });
    const late: string[] = [], took: number[] = [];
    let done = 0, kills = 0;
    while (kills < KILLS) {
      // Killed at a random moment after at least one more chunk, so that it is never the same three attempts.
      const before = await until(() => first.job(disturbed.job_id), (j) => j.status === 'completed' || (j.status === 'running' && j.chunks_completed > done), 'a chunk more');
      expect(before.status, 'the job outlasts the kills').toBe('running');
      done = before.chunks_completed;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));            // the random moment
      const { supervisor, worker } = house.holder(disturbed.job_id), known = house.claims(disturbed.job_id).length, killedAt = Date.now();
      const whole = kills % Math.floor(KILLS / MACHINE_KILLS) === 0;
      if (whole) kill(supervisor);
      kill(worker);
      kills++;
      const next = await until(async () => house.claims(disturbed.job_id)[known], (c) => c !== undefined, 'another worker carries on');
      const tookMs = next!.at - killedAt;
      if (tookMs > (LEASE_SECONDS + 1) * 1000) late.push(`kill ${kills} (${whole ? 'machine' : 'process'}): ${tookMs} ms\n${house.workerLog().filter((l) => l.at >= killedAt - 500).map((l) => `  ${l.at - killedAt} ms ${JSON.stringify(l)}`).join('\n')}`);
      took.push(tookMs);
    }
    await latency(0);
    disturbed = await first.ended(disturbed.job_id);
    console.log(`resumed after ${took.toSorted((a, b) => a - b).join(', ')} ms`);
    expect(late, 'resumes later than lease + 1 s').toEqual([]);
    undisturbed = await second.ended((await second.start(b, { chunk_size: 10, start_date: disturbed.start_date, end_date: disturbed.end_date })).job_id);

    for (const job of [disturbed, undisturbed]) expect(job).toMatchObject({ status: 'completed', reason: 'done', progress_percentage: 100 });
    expect(await memoryOf('nordlicht')).toEqual(await memoryOf('lumiere'));
    expect(disturbed.records_processed).toBe(undisturbed.records_processed);
    expect(disturbed.ledger.stored + disturbed.ledger.unchanged).toBe(undisturbed.ledger.stored);
  }, 240_000);

  it('is one trace: from every chunk, of whichever worker, a way leads to the request that started the job', async () => {
    const log = house.workerLog();
    for (const job of [disturbed, undisturbed]) {
      // The last claim's spans are sent some moments after it.
      const spans = await until(async () => collector.spansOf(job.job_id), (all) => all.some((s) => s.name === 'release' && s.attributes['job.outcome'] === 'completed') && Math.max(...all.filter((s) => s.name === 'chunk').map((s) => Number(s.attributes['job.fence']))) === Math.max(...house.claims(job.job_id).map((c) => c.fence!)), 'the last spans');
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      const wayUp = (span: Seen): string[] => [span.name, ...(span.parentSpanId ? wayUp(byId.get(span.parentSpanId)!) : [])];
      expect(spans.filter((s) => !s.parentSpanId).map((s) => s.name)).toEqual(['start']);
      for (const span of spans.filter((s) => s.name === 'chunk')) expect(wayUp(span)).toEqual(['chunk', 'claim', 'start']);
      expect(wayUp(spans.find((s) => s.name === 'bell')!)).toEqual(['bell', 'start']);
      expect(new Set(spans.filter((s) => s.name === 'claim').map((s) => s.attributes['job.fence'])), 'a claim of every worker that had it, the killed ones too').toEqual(new Set(house.claims(job.job_id).map((c) => c.fence)));
    }
    expect(collector.spansOf(disturbed.job_id).filter((s) => s.name === 'claim').length).toBeGreaterThan(KILLS);
    expect(collector.text(), 'no content, address or key').not.toMatch(/@|Bearer|hs_|token/i);
    for (const line of log.filter((l) => l.job !== undefined)) {
      expect(line, `${line.event} says whose job it is`).toHaveProperty('tenant');
      if (line.event !== 'claim_refused' && line.event !== 'hand_back_failed') expect(line, `${line.event} says under which fence`).toHaveProperty('fence');
    }
    const [titles] = await house.owner.system([sql`select distinct title from records where length(title) > 12 limit 500`]), words = JSON.stringify(log);
    expect((titles as { title: string }[]).filter(({ title }) => words.includes(title)), 'content in the workers\' log').toEqual([]);
    expect(words).not.toContain('line@line.example');
  }, 30_000);

  it('finds every record in semantic memory exactly once', async () => {
    const [rows] = await house.owner.system([sql`select record_id::text as id, title from records where tenant_id = 'nordlicht' and title <> '' order by record_id limit 40`]);
    for (const { id, title } of rows as { id: string; title: string }[]) {
      const { results } = await first.search(title, { limit: '100', mode: 'keyword' });
      expect(new Set(results.map((r) => r.record_id)).size, `no hit twice for "${title}"`).toBe(results.length);
      if (results.length < 100) expect(results.map((r) => r.record_id)).toContain(id);
    }
  }, 60_000);

  it('changes no row and makes no embedding when it runs a second time', async () => {
    const before = await memoryOf('nordlicht');
    const [stamps] = await house.owner.system([sql`select md5(string_agg(stored_at::text || stored_by_job::text, '|' order by record_id)) as at from records where tenant_id = 'nordlicht'`]);
    const again = await first.ended((await first.start(disturbed.source_connection_id, { start_date: disturbed.start_date, end_date: disturbed.end_date })).job_id);
    expect(again).toMatchObject({ status: 'completed', entities_extracted: 0, relationships_extracted: 0 });
    expect(again.ledger).toMatchObject({ stored: 0, failed: 0, unchanged: disturbed.records_processed });
    expect(await memoryOf('nordlicht')).toEqual(before);
    const [after] = await house.owner.system([sql`select md5(string_agg(stored_at::text || stored_by_job::text, '|' order by record_id)) as at from records where tenant_id = 'nordlicht'`]);
    expect(after).toEqual(stamps);
    const health = await Promise.all(house.fleet.machines().map(async (m) => (await fetch(`http://127.0.0.1:${m.port}/healthz`)).json() as Promise<{ busy: number }>));
    expect(health.every((h) => h.busy === 0)).toBe(true);
  }, 60_000);

  it('lets a worker that was frozen beyond its lease write nothing more', async () => {
    await house.sandbox.addAccount('frozen@line.example', { mails: 300, events: 10, seed: 6 });
    const connection = await first.connect('frozen@line.example');
    await latency(60);
    const started = await first.start(connection, { chunk_size: 10 });
    await until(() => first.job(started.job_id), (j) => j.chunks_completed > 2, 'under way');
    const { worker } = house.holder(started.job_id), known = house.claims(started.job_id).length;
    kill(worker, 'SIGSTOP');
    try {
      await until(async () => house.claims(started.job_id).length, (n) => n > known, 'another worker carries on');
      await latency(0);
      const job = await first.ended(started.job_id);
      const [before] = await house.owner.system([sql`select seen, stored, chunks_completed, fence::int as fence from historical_sync_jobs where id = ${started.job_id}::uuid`]);
      kill(worker, 'SIGCONT');
      await until(async () => house.workerLog().filter((l) => l.event === 'let_go' && l.job === started.job_id && l.outcome === 'fenced').length, (n) => n > 0, 'the stale worker notices');
      expect(job).toMatchObject({ status: 'completed' });
      expect((await house.owner.system([sql`select seen, stored, chunks_completed, fence::int as fence from historical_sync_jobs where id = ${started.job_id}::uuid`]))[0]).toEqual(before);
      expect(job.ledger.stored).toBe(job.records_processed);
    } finally {
      kill(worker, 'SIGCONT');
    }
  }, 120_000);
});
