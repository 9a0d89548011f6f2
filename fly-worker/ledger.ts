/**
 * The ledger: the one place where a chunk becomes true. `open` reads the checkpoints under the fence; `commit` is one statement that passes the
 * gate and writes everything, or nothing. Both memories exist for a record from the moment its row here names its content hash.
 */
import { sql, type SQL } from 'drizzle-orm';
import type { PlannedWindow, WindowKind, WindowState } from '#contract/windows';
import { isBalanced, type Enrichment, type Ledger, type Progress, type StreamProgress } from '#contract/job';
import { DatabaseError, type Database } from '#migrations/database';
import { recordsLeft, thisMonth } from '#migrations/quota';
import { plain, quoted, UNNAMED_AT, type ChunkColumns, type Failure, type Owner } from './chunk.ts';
import { dropUnsupported, forgottenBehindGate, touch } from './forget.ts';
import { markBehindGate, sweepsPostponed, type Mark } from './tokens.ts';

/** A right to write: the job and the token minted for this claim. */
export interface Lease extends Owner { fence: number }

/** The gate is shut: another fence, another chunk, the job no longer runs, or a record of the chunk was erased meanwhile. Nothing was written. */
export class FencedError extends Error {
  override name = 'FencedError';
}

export interface OpenWindow extends WindowState { seq: number; checkpoint: unknown; retryOf: number | null; kind: WindowKind }
/** The job's counters as they stand: absolute numbers. `records_removed`: forgotten, because the provider has them no more. `records_left`: what the tenant's quota still allows to store this month. */
export interface Counters { records_left: number; chunks_completed: number; records_processed: number; records_removed: number; entities_extracted: number; relationships_extracted: number; ledger: Ledger; enrichment: Enrichment | null }
/**
 * `owesRetries`: people asked to try the failed records again, and no windows are planned for it yet.
 * `isFirst`: the first claim of the connection's first job, so that no other attempt can have left anything in semantic memory.
 */
interface OpenJob { windows: OpenWindow[]; counters: Counters; owesRetries: boolean; isFirst: boolean }

export interface Chunk {
  window: OpenWindow;
  /** Where the next chunk of the window starts; null with `done`. */
  checkpoint: unknown;
  done: boolean;
  covered: number;
  seen: number;
  unchanged: string[];
  failures: Failure[];
  rows: ChunkColumns;
  /** Records whose former content stands in the ledger: their old facts go. None: no record of the chunk has ever been stored. */
  edited: string[];
  /** Records of the job failed earlier: some of them may be stored now. */
  mayHeal: boolean;
  /** Records that the provider has no more: gone with everything only they supported. None of them is among the others. */
  forgotten: string[];
  /** Why the window was passed over; null: it was read. */
  note: string | null;
  /** The end of a round of changes or of a sweep; null: neither. */
  mark: Mark | null;
  /** Records of the window that were left out so far, all pages together. */
  leftOut: number;
  streams: StreamProgress[];
  coveredTotal: number;
}

export const counterColumns = (of = ''): SQL =>
  sql.raw([...['chunks_completed', 'records_processed', 'removed', 'entities_extracted', 'relationships_extracted', 'seen', 'stored', 'unchanged', 'duplicate', 'failed'].map((c) => of + c), `${of}enrichment::text as enrichment`].join(', '));
const left = (lease: Lease): SQL => sql`${recordsLeft(lease.tenantId, sql`historical_sync_jobs.acu_at_start`)}::float8`;
/** The gate's condition: this lease, and the job still runs. */
export const held = (lease: Lease): SQL => sql`tenant_id = ${lease.tenantId} and id = ${lease.jobId}::uuid and fence = ${lease.fence}::bigint and status = 'running'`;

/** Takes over the job: windows with their checkpoints, newest first, and the counters. Throws FencedError, DatabaseError. */
export async function open(db: Database, lease: Lease): Promise<OpenJob> {
  const [jobs, windows] = await db.tenant(lease.tenantId, [
    sql`update historical_sync_jobs set last_heartbeat = now() where ${held(lease)} returning ${counterColumns()}, ${left(lease)} as records_left, retries_asked > retries_planned as owes_retries,
          fence = 1 and not exists (select from historical_sync_jobs o where o.tenant_id = ${lease.tenantId} and o.source_connection_id = ${lease.connectionId}::uuid and o.id <> ${lease.jobId}::uuid) as is_first`,
    sql`select stream, no, retry_of as "retryOf", kind, seq, checkpoint, done, covered::float8 as covered, title, note, left_out as "leftOut", to_char(since at time zone 'UTC', ${ISO}) as since, to_char(until at time zone 'UTC', ${ISO}) as until
          from sync_windows where tenant_id = ${lease.tenantId} and job_id = ${lease.jobId}::uuid order by sync_windows.until desc, stream`,
  ]);
  const job = jobs?.[0];
  if (!job) throw fenced(lease);
  return { counters: toCounters(job), windows: (windows ?? []) as unknown as OpenWindow[], owesRetries: job.owes_retries === true, isFirst: job.is_first === true };
}

/** Writes the plan of a new job. A plan that is there already stays. Throws FencedError, DatabaseError. */
export async function plan(db: Database, lease: Lease, windows: PlannedWindow[]): Promise<OpenJob> {
  await db.tenant(lease.tenantId, [sql`
    with gate as (select tenant_id, id from historical_sync_jobs where ${held(lease)} for update),
    planned as (
      insert into sync_windows (tenant_id, job_id, stream, no, kind, since, until, checkpoint, title, planned_fence)
      select gate.tenant_id, gate.id, w.stream, w.no, w.kind, w.since, w.until, w.checkpoint, w.title, ${lease.fence}::bigint
        from gate, jsonb_to_recordset(${JSON.stringify(windows)}::jsonb) as w(stream text, no int, kind text, since timestamptz, until timestamptz, checkpoint jsonb, title text)
       order by w.stream, w.no on conflict do nothing returning stream, kind),
    ${sweepsPostponed(lease)}
    select count(*)::int as planned from planned`]);
  return open(db, lease);
}

const failuresOfJob = sql`record_failures f join sync_ledger l on l.tenant_id = f.tenant_id and l.job_id = f.job_id and l.record_id = f.record_id and l.outcome = 'failed'`;

/** One window more for each that has failed records: it will read the same span again, and of it only those. Asked once, planned once. Throws FencedError, DatabaseError. */
export async function planRetries(db: Database, lease: Lease): Promise<OpenJob> {
  await db.tenant(lease.tenantId, [sql`
    with gate as (select tenant_id, id, retries_asked from historical_sync_jobs where ${held(lease)} and retries_asked > retries_planned for update),
    planned as (
      insert into sync_windows (tenant_id, job_id, stream, no, retry_of, since, until)
      select w.tenant_id, w.job_id, w.stream, (select max(a.no) from sync_windows a where a.tenant_id = w.tenant_id and a.job_id = w.job_id and a.stream = w.stream) + row_number() over (partition by w.stream order by w.no), w.no, w.since, w.until
        from gate join sync_windows w on w.tenant_id = gate.tenant_id and w.job_id = gate.id
       where exists (select from ${failuresOfJob} where f.tenant_id = w.tenant_id and f.job_id = w.job_id and l.stream = w.stream and l.window_no = w.no)
       order by w.stream, w.no)
    update historical_sync_jobs j set retries_planned = gate.retries_asked from gate where j.tenant_id = gate.tenant_id and j.id = gate.id`]);
  return open(db, lease);
}

/** The records of the window it retries that are still not stored. Throws DatabaseError. */
export async function failedIn(db: Database, lease: Lease, { stream, retryOf }: OpenWindow): Promise<Set<string>> {
  const [rows] = await db.tenant(lease.tenantId, [sql`
    select f.record_id::text as id from ${failuresOfJob} where f.tenant_id = ${lease.tenantId} and f.job_id = ${lease.jobId}::uuid and l.stream = ${stream} and l.window_no = ${retryOf}::int`]);
  return new Set((rows ?? []).map((r) => String(r.id)));
}

/** Would Postgres take these rows? Reads them as their types, writes nothing. Throws DatabaseError `refused` when not. */
export async function probe(db: Database, lease: Lease, rows: ChunkColumns): Promise<void> {
  await db.tenant(lease.tenantId, [sql`
    select (select count(x.people::text[]) + count(x.redacted::jsonb) from ${recordRows(rows)}) + (select count(*) from ${stagedRows(rows)}) + (select count(x.props::jsonb) from ${nodeRows(rows)})
         + (select count(*) from ${edgeRows(rows)}) + (select count(x.props::jsonb) from ${evidenceRows(rows)}) as readable`]);
}

/**
 * One chunk, one statement: the gate opens and everything lands, or nothing does. Answers the job's counters afterwards.
 * Throws FencedError when the gate is shut; DatabaseError `unavailable` when it is unknown whether it landed (ask `landed`).
 */
export async function commit(db: Database, lease: Lease, chunk: Chunk): Promise<Counters> {
  const { tenantId } = lease;
  const statement = commitStatement(lease, chunk);
  // Old facts may leave nodes that nothing supports any more; that needs the tenant's graph for a moment alone.
  const outdated = [...chunk.edited, ...chunk.forgotten];
  const answers = outdated.length > 0
    ? (await db.tenant(tenantId, [touch(tenantId, outdated), statement, ...dropUnsupported(tenantId, chunk.edited)], 'exclusive')).slice(1)
    : await db.tenant(tenantId, [statement], 'shared');
  const row = answers[0]?.[0];
  if (!row) throw fenced(lease);
  return toCounters(row);
}

function commitStatement(lease: Lease, chunk: Chunk): SQL {
  const { tenantId, jobId, integrationId, connectionId } = lease;
  const { window: w, rows } = chunk;
  const outcomes = [...rows.recordIds.map(() => 'stored'), ...chunk.unchanged.map(() => 'unchanged'), ...chunk.failures.map(() => 'failed')];
  const entries = [plain([...rows.recordIds, ...chunk.unchanged, ...chunk.failures.map((f) => f.recordId)]), plain(outcomes)];
  const none = sql``, heals = chunk.mayHeal, isEdit = chunk.edited.length > 0;
  const checkpointData = JSON.stringify({ streams: chunk.streams, covered: chunk.coveredTotal });
  return sql`
    with gate as (
      select j.tenant_id, j.id as job_id, w.stream, w.no, w.since, j.failed from historical_sync_jobs j join sync_windows w on w.tenant_id = j.tenant_id and w.job_id = j.id
       where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid and j.fence = ${lease.fence}::bigint and j.status = 'running'
         and w.stream = ${w.stream} and w.no = ${w.no}::int and w.seq = ${w.seq}::int and not w.done and (${heals}::boolean or j.failed = 0)
         and not exists (select from barred_records b where b.tenant_id = ${tenantId} and b.record_id = any(${plain(rows.recordIds)}::uuid[]))
         for update of j, w),
    met as (select x.id, x.outcome from gate, ${unnest(entries, 'uuid', 'text')} as x(id, outcome)),
    entries as (
      insert into sync_ledger (tenant_id, job_id, record_id, stream, window_no, outcome)
      select gate.tenant_id, gate.job_id, met.id, gate.stream, gate.no, met.outcome from gate, met order by met.id on conflict do nothing returning outcome),
    counted as (
      select count(*)::int as met, (count(*) filter (where outcome = 'stored'))::int as stored, (count(*) filter (where outcome = 'unchanged'))::int as unchanged,
             (count(*) filter (where outcome = 'failed'))::int as failed from entries),
    ${heals ? healing(lease) : none}
    moved as (
      select stream, no, sum(seq)::int as seq, sum(seen)::int as seen, sum(stored)::int as stored, sum(unchanged)::int as unchanged, sum(duplicate)::int as duplicate, sum(failed)::int as failed from (
        select gate.stream, gate.no, 1 as seq, ${chunk.seen}::int as seen, c.stored, c.unchanged, ${chunk.seen}::int - c.met as duplicate, c.failed from gate, counted c
        ${heals ? sql`union all select stream, no, 0, 0, (outcome = 'stored')::int, (outcome = 'unchanged')::int, 0, -1 from healed` : none}) as parts group by stream, no),
    total as (select sum(seen)::int as seen, sum(stored)::int as stored, sum(unchanged)::int as unchanged, sum(duplicate)::int as duplicate, sum(failed)::int as failed from moved),
    spent as (
      insert into acu_usage (tenant_id, month, job_id, records_stored) select gate.tenant_id, ${thisMonth}, gate.job_id, t.stored from gate, total t where t.stored > 0
       on conflict (tenant_id, month, job_id) do update set records_stored = acu_usage.records_stored + excluded.records_stored),
    ${chunk.failures.length > 0 ? failing(chunk.failures) : none}
    arrived as (select x.* from gate, ${recordRows(rows)}),
    stored as (
      insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, url, occurred_at, ends_at, people, redacted, stored_by_job)
      select gate.tenant_id, x.id, ${integrationId}, ${connectionId}::uuid, gate.stream, x.provider_id, x.kind, x.hash, x.title, x.preview, x.url, x.at, x.ends, x.people::text[], x.redacted::jsonb, gate.job_id
        from gate, arrived x
       order by x.id ${isEdit ? sql`on conflict (tenant_id, record_id) do update set content_hash = excluded.content_hash, kind = excluded.kind, title = excluded.title, preview = excluded.preview,
         url = excluded.url, occurred_at = excluded.occurred_at, ends_at = excluded.ends_at, people = excluded.people, redacted = excluded.redacted, stored_by_job = excluded.stored_by_job, stored_at = now()
       where records.content_hash <> excluded.content_hash` : none}),
    ${factStatements(rows, chunk.edited)},
    ${isEdit || chunk.forgotten.length > 0 ? sql`${forgottenBehindGate(chunk.forgotten, chunk.edited)}, removed as (select count(*)::int as n from forgotten)` : sql`removed as (select 0 as n)`},
    ${chunk.mark === null ? none : sql`${markBehindGate(lease, chunk.mark)},`}
    advanced as (
      update sync_windows w set seq = w.seq + m.seq, seen = w.seen + m.seen, stored = w.stored + m.stored, unchanged = w.unchanged + m.unchanged, failed = w.failed + m.failed, duplicate = w.duplicate + m.duplicate,
             checkpoint = case m.seq when 1 then ${chunk.done ? null : JSON.stringify(chunk.checkpoint)}::jsonb else w.checkpoint end, done = case m.seq when 1 then ${chunk.done}::boolean else w.done end,
             covered = case m.seq when 1 then greatest(w.covered, ${chunk.covered}::real) else w.covered end, note = case m.seq when 1 then ${chunk.note}::text else w.note end,
             left_out = case m.seq when 1 then ${chunk.leftOut}::int else w.left_out end, removed = w.removed + case m.seq when 1 then r.n else 0 end, updated_at = now()
        from gate, moved m, removed r where w.tenant_id = gate.tenant_id and w.job_id = gate.job_id and w.stream = m.stream and w.no = m.no)
    update historical_sync_jobs set chunks_completed = chunks_completed + 1, records_processed = records_processed + t.stored + t.unchanged,
           seen = historical_sync_jobs.seen + t.seen, stored = historical_sync_jobs.stored + t.stored, unchanged = historical_sync_jobs.unchanged + t.unchanged,
           failed = historical_sync_jobs.failed + t.failed, duplicate = historical_sync_jobs.duplicate + t.duplicate, removed = historical_sync_jobs.removed + r.n,
           entities_extracted = entities_extracted + (select count(*) from staged)::int, relationships_extracted = relationships_extracted + (select count(*) from edges)::int,
           checkpoint_data = ${checkpointData}::jsonb, progress_percentage = greatest(progress_percentage, ${Math.min(99, chunk.coveredTotal * 100)}::real), last_heartbeat = now(), updated_at = now()
      from gate, total t, removed r where historical_sync_jobs.tenant_id = gate.tenant_id and historical_sync_jobs.id = gate.job_id
    returning ${counterColumns('historical_sync_jobs.')}, ${left(lease)} - t.stored as records_left`;
}

/** Behind the gate: records of \`met\` that had failed are booked anew as what they are now, and their failures go. */
const healing = ({ tenantId, jobId }: Lease): SQL => sql`
    healed as (
      update sync_ledger l set outcome = (select met.outcome from met where met.id = l.record_id)
       where l.tenant_id = ${tenantId} and l.job_id = ${jobId}::uuid and l.outcome = 'failed'
         and l.record_id = any((select array_agg(met.id) from met, gate where gate.failed > 0 and met.outcome <> 'failed')::uuid[])
       returning l.record_id, l.stream, l.window_no as no, l.outcome),
    mended as (delete from record_failures f using gate, healed h where f.tenant_id = gate.tenant_id and f.job_id = gate.job_id and f.record_id = h.record_id),`;

/** Behind the gate: what failed, and why. */
const failing = (failures: Failure[]): SQL => sql`
    failures as (
      insert into record_failures (tenant_id, job_id, record_id, stream, provider_id, kind, message)
      select gate.tenant_id, gate.job_id, x.id, gate.stream, x.pid, x.kind, x.message from gate, ${unnest([plain(failures.map((f) => f.recordId)), quoted(failures.map((f) => f.providerId)), quoted(failures.map((f) => f.kind)), quoted(failures.map((f) => f.message))], 'uuid', 'text', 'text', 'text')} as x(id, pid, kind, message)
       order by x.id on conflict (tenant_id, job_id, record_id) do update set message = excluded.message, attempts = record_failures.attempts + 1),`;

/** Array literals side by side, as rows. */
export const unnest = (columns: string[], ...types: string[]): SQL => sql`unnest(${sql.join(columns.map((c, i) => sql`${c}::${sql.raw(types[i]!)}[]`), sql`, `)})`;
/** A chunk's columns as tables named x, in the order `toColumns` writes them. */
const recordRows = (c: ChunkColumns): SQL => sql`${unnest(c.records, 'uuid', 'text', 'text', 'text', 'text', 'text', 'text', 'timestamptz', 'timestamptz', 'text', 'text')} as x(id, hash, provider_id, kind, title, preview, url, at, ends, people, redacted)`;
export const stagedRows = (c: ChunkColumns): SQL => sql`${unnest(c.staged, 'uuid', 'text', 'text', 'text', 'boolean')} as x(id, type, key, name, sys)`;
const nodeRows = (c: ChunkColumns): SQL => sql`${unnest(c.nodes, 'uuid', 'text', 'text', 'text', 'text', 'timestamptz', 'uuid')} as x(id, type, key, name, props, at, by)`;
export const edgeRows = (c: ChunkColumns): SQL => sql`${unnest(c.edges, 'uuid', 'uuid', 'text', 'uuid')} as x(id, src, type, dst)`;
export const evidenceRows = ({ staged, edges, evidence: { records, rows } }: ChunkColumns): SQL => sql`(
      select k.records[e.rec] as rec, case when e.target > 0 then k.nodes[e.target] else k.edges[-e.target] end as id, case when e.target > 0 then 'n' else 'e' end::"char" as kind, e.method, e.conf, e.name, e.props
        from (select ${records}::uuid[] as records, ${staged[0]}::uuid[] as nodes, ${edges[0]}::uuid[] as edges) k, ${unnest(rows, 'int', 'int', 'text', 'real', 'text', 'text')} as e(rec, target, method, conf, name, props)) as x`;

/** A node is described by the newest record that names it, whatever the order of arrival. */
export const describingAnew = sql`on conflict (tenant_id, id) do update set name = excluded.name, properties = excluded.properties, described_at = excluded.described_at, described_by = excluded.described_by
       where (excluded.described_at, excluded.described_by) > (graph_nodes.described_at, graph_nodes.described_by)`;
/** The types of the tenant of `gate` that people activated. */
export const activeTypes = sql`select t.slug from gate join entity_types t on t.tenant_id = gate.tenant_id and t.status = 'active'`;

/** Graph and evidence behind the gate; reads `arrived`. Types that people activated are promoted like the system's own. `staged` and `edges` return what is new. */
function factStatements(rows: ChunkColumns, edited: string[]): SQL {
  return sql`
    news as (select x.* from gate, ${evidenceRows(rows)}),
    things as (select x.* from gate, ${stagedRows(rows)}),
    active as (${activeTypes}),
    staged as (
      insert into discovered_entities (tenant_id, id, entity_type, key, name, status)
      select gate.tenant_id, x.id, x.type, x.key, x.name, case when x.sys or x.type in (select slug from active) then 'promoted' else 'staged' end
        from gate, things x order by x.id on conflict (tenant_id, id) do nothing returning id),
    activated as (
      select distinct on (x.id) x.id, x.type, x.key, coalesce(n.name, x.key) as name, coalesce(n.props, '{}') as props, case when n.name is null then ${UNNAMED_AT}::timestamptz else r.at end as at, n.rec as by
        from active a join things x on x.type = a.slug and not x.sys join news n on n.id = x.id join arrived r on r.id = n.rec
       order by x.id, 6 desc, n.rec desc),
    nodes as (
      insert into graph_nodes (tenant_id, id, node_type, key, name, properties, described_at, described_by)
      select gate.tenant_id, x.id, x.type, x.key, x.name, x.props::jsonb, x.at, x.by
        from gate, (select * from ${nodeRows(rows)} union all select * from activated) x
       where not exists (select from graph_nodes g where g.tenant_id = gate.tenant_id and g.id = x.id and (g.described_at, g.described_by) >= (x.at, x.by))
       order by x.id ${describingAnew}),
    edges as (
      insert into graph_edges (tenant_id, id, source, edge_type, target)
      select gate.tenant_id, x.id, x.src, x.type, x.dst from gate, ${edgeRows(rows)}
       order by x.id on conflict (tenant_id, id) do nothing returning id),
    ${edited.length === 0 ? sql`found as (${evidenceFound})` : sql`outdated as (
      delete from evidence e using gate where e.tenant_id = gate.tenant_id and e.record_id = any(${plain(edited)}::uuid[])
         and not exists (select from news where news.rec = e.record_id and news.id = e.target_id)),
    found as (
      ${evidenceFound} order by n.rec, n.id
       on conflict (tenant_id, record_id, target_id) do update set method = excluded.method, confidence = excluded.confidence, name = excluded.name, properties = excluded.properties
       where (evidence.method, evidence.confidence, evidence.name, evidence.properties) is distinct from (excluded.method, excluded.confidence, excluded.name, excluded.properties))`}`;
}

/** Of a record that was never stored there is no evidence: nothing to meet, nothing to wait for, so neither order nor conflict. */
const evidenceFound = sql`
      insert into evidence (tenant_id, record_id, target_id, target_kind, method, confidence, name, properties)
      select gate.tenant_id, n.rec, n.id, n.kind, n.method, n.conf, n.name, n.props::jsonb from gate, news n`;

/** After an answer that got lost: did this chunk land? The same fence means nobody else can have moved the window. Throws FencedError, DatabaseError. */
export async function landed(db: Database, lease: Lease, window: OpenWindow): Promise<Counters | null> {
  const { windows, counters } = await open(db, lease);
  const now = windows.find((w) => w.stream === window.stream && w.no === window.no);
  return now && now.seq > window.seq ? counters : null;
}

export interface Books { counters: Counters; openWindows: number; mismatch: string | null }

/** The last look before `completed`: every window done, and the counters equal to the rows. Throws FencedError, DatabaseError. */
export async function balance(db: Database, lease: Lease): Promise<Books> {
  const [jobs, windows] = await db.tenant(lease.tenantId, [
    sql`select ${counterColumns()}, ${left(lease)} as records_left from historical_sync_jobs where ${held(lease)} for update`,
    sql`select w.stream, w.no, w.done, w.seen, w.stored, w.unchanged, w.duplicate, w.failed,
               coalesce(b.stored, 0)::int as b_stored, coalesce(b.unchanged, 0)::int as b_unchanged, coalesce(b.failed, 0)::int as b_failed
          from sync_windows w left join (
            select stream, window_no, count(*) filter (where outcome = 'stored') as stored, count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'failed') as failed
              from sync_ledger where tenant_id = ${lease.tenantId} and job_id = ${lease.jobId}::uuid group by 1, 2) b on b.stream = w.stream and b.window_no = w.no
         where w.tenant_id = ${lease.tenantId} and w.job_id = ${lease.jobId}::uuid order by w.stream, w.no`,
    sql`update connections set last_synced_at = now() where tenant_id = ${lease.tenantId} and id = ${lease.connectionId}::uuid
           and exists (select from historical_sync_jobs where ${held(lease)}) and not exists (select from sync_windows where tenant_id = ${lease.tenantId} and job_id = ${lease.jobId}::uuid and not done)`,
  ]);
  const job = jobs?.[0];
  if (!job) throw fenced(lease);
  const counters = toCounters(job);
  const sum: Ledger = { seen: 0, stored: 0, unchanged: 0, duplicate: 0, failed: 0 };
  let openWindows = 0, mismatch: string | null = null;
  for (const row of (windows ?? []) as unknown as (Ledger & { stream: string; no: number; done: boolean; b_stored: number; b_unchanged: number; b_failed: number })[]) {
    if (!row.done) openWindows++;
    for (const key of Object.keys(sum) as (keyof Ledger)[]) sum[key] += row[key];
    if (!isBalanced(row) || row.stored !== row.b_stored || row.unchanged !== row.b_unchanged || row.failed !== row.b_failed) {
      mismatch ??= `Window ${row.no} of ${row.stream}: ${row.seen} seen, but ${row.stored} stored + ${row.unchanged} unchanged + ${row.duplicate} duplicate + ${row.failed} failed (books: ${row.b_stored}, ${row.b_unchanged}, ${row.b_failed}).`;
    }
  }
  if (!mismatch && (Object.keys(sum) as (keyof Ledger)[]).some((k) => sum[k] !== counters.ledger[k])) mismatch = 'The windows do not add up to the job.';
  return { counters, openWindows, mismatch };
}

/** The job's progress from counters and windows. */
export const toProgress = ({ chunks_completed, records_processed, records_removed, entities_extracted, relationships_extracted, ledger, enrichment }: Counters, streams: StreamProgress[], covered: number): Progress =>
  ({ chunks_completed, records_processed, records_removed, entities_extracted, relationships_extracted, ledger, streams, covered, enrichment });

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';
export const fenced = (lease: Lease): FencedError => new FencedError(`Fence ${lease.fence} of job ${lease.jobId} is no longer current: another worker holds it, or it was stopped.`);
export const toCounters = (row: Record<string, unknown>): Counters => ({
  records_left: Number(row.records_left), chunks_completed: Number(row.chunks_completed), records_processed: Number(row.records_processed), records_removed: Number(row.removed), entities_extracted: Number(row.entities_extracted), relationships_extracted: Number(row.relationships_extracted),
  ledger: { seen: Number(row.seen), stored: Number(row.stored), unchanged: Number(row.unchanged), duplicate: Number(row.duplicate), failed: Number(row.failed) },
  enrichment: row.enrichment ? JSON.parse(String(row.enrichment)) as Enrichment : null,
});
/** A value that Postgres cannot read (SQLSTATE class 22): some record's fault, not the statement's. */
export const isBadValue = (error: unknown): boolean => error instanceof DatabaseError && error.kind === 'refused' && (error.code?.startsWith('22') ?? false);
/** Whether it took effect is unknown. */
export const isUnavailable = (error: unknown): boolean => error instanceof DatabaseError && error.kind === 'unavailable';
