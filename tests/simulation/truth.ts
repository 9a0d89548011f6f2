/** What must be true when a history has ended, whatever happened in it. */
import assert from 'node:assert/strict';
import { JOB_EVENTS_MAX } from '#contract/limits';
import { edgeId, nodeId, recordId } from '#fly-worker/ids';
import type { Row } from '#migrations/database';
import type { SimulatedDatabase } from './postgres.ts';
import { barredOf } from './eraser.ts';
import { CLOSED_NOTE, derivedOf, type SimulatedProvider } from './provider.ts';

interface Ending {
  seed: number; tenantId: string; jobId: string; connectionId: string; provider: SimulatedProvider; lance: { id: string; hash: string }[];
  completed: boolean; poison: string | null;
  /** What could not be read or processed could be from some moment on; and the job was asked to try it again after that. */
  mayHaveHealed: boolean; wasRetried: boolean;
  /** The type of what is only staged by itself was activated, and not deactivated again. */
  isActive: boolean;
}

/** Everything that a worker could write, as one comparable value. */
export async function snapshotOf(db: SimulatedDatabase, tenantId: string): Promise<Row> {
  const [row] = await db.query(`select
    (select string_agg(w::text, ';' order by job_id, stream, no) from sync_windows w where tenant_id = $1) as windows,
    (select string_agg(r.record_id::text || r.content_hash, ';' order by record_id) from records r where tenant_id = $1) as records,
    (select count(*)::int from sync_ledger where tenant_id = $1) as ledger, (select count(*)::int from evidence where tenant_id = $1) as evidence,
    (select count(*)::int from graph_nodes where tenant_id = $1) as nodes, (select count(*)::int from graph_edges where tenant_id = $1) as edges,
    (select string_agg(t::text, ';' order by stream, since) from sync_tokens t where tenant_id = $1) as tokens,
    (select string_agg(c::text, ';' order by connection_id, stream) from stream_coverage c where tenant_id = $1) as coverage,
    (select string_agg(seen || '/' || stored || '/' || removed || '/' || chunks_completed || '/' || status, ';' order by id) from historical_sync_jobs where tenant_id = $1) as jobs`, [tenantId]);
  return row!;
}

export async function expectTruth(db: SimulatedDatabase, ending: Ending): Promise<void> {
  const { seed, tenantId, provider, lance, completed } = ending;
  const records = await db.query('select record_id::text as id, provider_id, stream, content_hash as hash from records where tenant_id = $1', [tenantId]) as unknown as { id: string; provider_id: string; stream: string; hash: string }[];
  const idOf = (providerId: string) => recordId(tenantId, ending.connectionId, providerId.split('-')[0]!, providerId);
  const failed = new Set((await db.query(`select record_id::text as id from sync_ledger where tenant_id = $1 and outcome = 'failed'`, [tenantId])).map((r) => String(r.id)));
  const broken = [...new Set([provider.unreadable, ending.poison])].filter((id) => id !== null);
  assert([...failed].every((id) => broken.some((b) => idOf(b) === id)), `seed ${seed}: only what cannot be read or processed failed`);
  if (completed && !ending.mayHaveHealed) assert.equal(failed.size, broken.length, `seed ${seed}: what cannot be read or processed failed`);
  if (completed && ending.wasRetried) assert.equal(failed.size, 0, `seed ${seed}: what failed was tried again and is stored`);
  const barred = await barredOf({ db, tenantId });
  const expected = provider.ids.filter((id) => !failed.has(idOf(id)) && !barred.has(idOf(id)));

  for (const r of records) {
    const [id, revision] = r.hash.split('#');
    assert(id === r.provider_id && Number(revision) <= provider.revisions.get(r.provider_id)!, `seed ${seed}: ${r.provider_id} holds content the provider never had`);
    assert(lance.some((l) => l.id === r.id && l.hash === r.hash), `seed ${seed}: ${r.provider_id} stands in the ledger but not in semantic memory`);
  }
  if (completed) assert.deepEqual(records.map((r) => r.id).sort(), expected.map(idOf).sort(), `seed ${seed}: the ledger holds exactly the provider's records`);
  await expectGraph(db, ending, records);
  await expectBooks(db, ending);
  if (completed) await expectPassedOver(db, ending);
}

/** After later syncs and a last one in peace: both memories hold what the provider has, as it is, and nothing else; every job's books balance. `wanted`: record id -> content. */
export async function expectUpToDate(db: SimulatedDatabase, { seed, tenantId, lance, isActive }: Pick<Ending, 'seed' | 'tenantId' | 'lance' | 'isActive'>, wanted: Map<string, string>): Promise<void> {
  const records = await db.query('select record_id::text as id, content_hash as hash from records where tenant_id = $1', [tenantId]) as unknown as { id: string; hash: string }[];
  const sorted = (entries: Iterable<readonly [string, string]>) => [...entries].map(([id, hash]) => `${hash} ${id}`).sort();
  assert.deepEqual(sorted(records.map((r) => [r.id, r.hash])), sorted(wanted), `seed ${seed}: memory holds what the provider has, edited and deleted as there`);
  for (const r of records) assert(lance.some((l) => l.id === r.id && l.hash === r.hash), `seed ${seed}: ${r.hash} stands in the ledger but not in semantic memory`);
  await expectGraph(db, { seed, tenantId, isActive }, records);
  for (const { id } of await db.query('select id::text from historical_sync_jobs where tenant_id = $1', [tenantId])) await expectBalance(db, seed, tenantId, String(id));
}

/** The graph is exactly what the stored records say: nothing more, nothing less. */
async function expectGraph(db: SimulatedDatabase, { seed, tenantId, isActive }: Pick<Ending, 'seed' | 'tenantId' | 'isActive'>, records: { id: string; hash: string }[]): Promise<void> {
  const nodes = new Set<string>(), staged = new Set<string>(), edges = new Set<string>(), evidence = new Set<string>();
  for (const r of records) {
    const { facts } = derivedOf({ body: { content: r.hash }, title: '' } as never);
    for (const e of facts.entities) {
      const id = nodeId(tenantId, e.type, e.key);
      staged.add(id);
      if (e.type !== 'url' || isActive) nodes.add(id);
      evidence.add(`${r.id} ${id}`);
    }
    for (const f of facts.relations) {
      const id = edgeId(tenantId, nodeId(tenantId, f.source.type, f.source.key), f.type, nodeId(tenantId, f.target.type, f.target.key));
      edges.add(id);
      evidence.add(`${r.id} ${id}`);
    }
  }
  const ids = async (text: string) => (await db.query(text, [tenantId])).map((r) => String(r.id)).sort();
  assert.deepEqual(await ids(`select record_id || ' ' || target_id as id from evidence where tenant_id = $1`), [...evidence].sort(), `seed ${seed}: evidence is what the records say`);
  assert.deepEqual(await ids('select id from graph_nodes where tenant_id = $1'), [...nodes].sort(), `seed ${seed}: nodes are what the evidence supports`);
  assert.deepEqual(await ids('select n.id from graph_nodes n cross join lateral newest_description($1, n.id) b where n.tenant_id = $1 and (n.name, n.described_at, n.described_by) is distinct from (coalesce(b.name, n.key), b.at, b.record_id)'), [],
    `seed ${seed}: every node is described by the newest record that supports it`);
  assert.deepEqual(await ids(`select id from discovered_entities where tenant_id = $1 and status = 'promoted'`), [...nodes].sort(), `seed ${seed}: what is promoted is a node`);
  assert.deepEqual(await ids('select id from discovered_entities where tenant_id = $1'), [...staged].sort(), `seed ${seed}: staged entities are what the evidence supports`);
  assert.deepEqual(await ids('select id from graph_edges where tenant_id = $1'), [...edges].sort(), `seed ${seed}: edges are what the evidence supports`);
}

/** Every event was told once, in order; the newest 50 are kept. */
export async function expectEvents(db: SimulatedDatabase, seed: number, tenantId: string, noted: number): Promise<void> {
  const numbers = (await db.query('select no from job_events where tenant_id = $1 order by no', [tenantId])).map((r) => Number(r.no));
  // The first one is written by the start, which is not played here.
  const first = Math.max(2, noted - JOB_EVENTS_MAX + 1);
  assert.deepEqual(numbers, Array.from({ length: Math.max(0, noted - first + 1) }, (_, i) => first + i), `seed ${seed}: the newest events, without a gap`);
}

/** What may not be read is done, says why, and is complete back to nowhere; everything else is complete to its end and says nothing. */
async function expectPassedOver(db: SimulatedDatabase, { seed, tenantId }: Ending): Promise<void> {
  const [job] = await db.query(`select checkpoint_data->'streams' as streams from historical_sync_jobs where tenant_id = $1`, [tenantId]) as [Row];
  const streams = job.streams as { name: string; title?: string; complete_back_to: string | null; done: boolean; note?: string }[];
  for (const { name, title, complete_back_to, done, note } of streams) {
    const isClosed = name === 'closed';
    assert.deepEqual([done, complete_back_to === null, note ?? null, title ?? null], [true, isClosed, isClosed ? CLOSED_NOTE : null, isClosed ? '#closed' : null], `seed ${seed}: ${name} says how far it is`);
  }
}

async function expectBooks(db: SimulatedDatabase, { seed, tenantId, jobId, completed, provider }: Ending): Promise<void> {
  const { job, sums } = await expectBalance(db, seed, tenantId, jobId), n = (row: Row, key: string) => Number(row[key]);
  const [usage] = await db.query('select coalesce(sum(records_stored), 0)::int as stored from acu_usage where tenant_id = $1', [tenantId]) as [Row];
  assert.equal(n(usage, 'stored'), n(job, 'stored'), `seed ${seed}: what was stored is what is paid for`);
  const covered = await db.query(`select stream, c.held, w.held as read, c.oldest, w.oldest as earliest from (select * from stream_coverage where tenant_id = $1) c full join (
    select stream, coalesce(range_agg(tstzrange(since, until)) filter (where note is null and retry_of is null), '{}') as held, min(since) as oldest from sync_windows where tenant_id = $1 and kind = 'span' and done group by 1) w using (stream)
    where (c.held, c.oldest) is distinct from (w.held, w.oldest)`, [tenantId]);
  assert.deepEqual(covered, [], `seed ${seed}: memory reaches as far as windows were read`);
  if (!completed) return;
  assert.equal(job.status, 'completed', `seed ${seed}: Postgres knows that it is completed`);
  assert.equal(sums.done, true, `seed ${seed}: every window is done`);
  assert.equal(n(job, 'stored') + n(job, 'unchanged') + n(job, 'failed'), provider.ids.length, `seed ${seed}: every record of the provider is counted once`);
  assert.equal(n(job, 'records_processed'), n(job, 'stored') + n(job, 'unchanged'));
  assert.equal(n(job, 'progress_percentage'), 100);
}

/** The books of one job: they balance, and they are what windows and ledger rows say. */
async function expectBalance(db: SimulatedDatabase, seed: number, tenantId: string, jobId: string): Promise<{ job: Row; sums: Row }> {
  const [job] = await db.query('select status, seen, stored, unchanged, duplicate, failed, removed, chunks_completed, records_processed, progress_percentage from historical_sync_jobs where tenant_id = $1 and id = $2', [tenantId, jobId]) as [Row];
  const [sums] = await db.query(`select coalesce(sum(seen), 0)::int as seen, coalesce(sum(stored), 0)::int as stored, coalesce(sum(unchanged), 0)::int as unchanged, coalesce(sum(duplicate), 0)::int as duplicate,
    coalesce(sum(failed), 0)::int as failed, coalesce(sum(removed), 0)::int as removed, coalesce(sum(seq), 0)::int as chunks_completed, coalesce(bool_and(done), false) as done from sync_windows where tenant_id = $1 and job_id = $2`, [tenantId, jobId]) as [Row];
  const [entries] = await db.query(`select count(*) filter (where outcome = 'stored')::int as stored, count(*) filter (where outcome = 'unchanged')::int as unchanged, count(*) filter (where outcome = 'failed')::int as failed from sync_ledger where tenant_id = $1 and job_id = $2`, [tenantId, jobId]) as [Row];
  const n = (row: Row, key: string) => Number(row[key]);
  assert.equal(n(job, 'seen'), n(job, 'stored') + n(job, 'unchanged') + n(job, 'duplicate') + n(job, 'failed'), `seed ${seed}: the books balance`);
  for (const key of ['seen', 'stored', 'unchanged', 'duplicate', 'failed', 'removed', 'chunks_completed']) assert.equal(n(job, key), n(sums, key), `seed ${seed}: ${key} of the windows add up to the job's`);
  for (const key of ['stored', 'unchanged', 'failed']) assert.equal(n(job, key), n(entries, key), `seed ${seed}: ${key} is what the ledger's rows say`);
  return { job, sums };
}
