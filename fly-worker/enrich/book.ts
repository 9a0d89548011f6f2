/** The books of enrichment: what waits to be read, what was answered, what it cost. Every change of a job's queue passes the gate of the ledger. */
import { sql, type SQL } from 'drizzle-orm';
import { ENRICH_ROUND_RECORDS } from '#contract/limits';
import { modelTokensPerMonth } from '#contract/plans';
import type { Database } from '#migrations/database';
import { thisMonth } from '#migrations/quota';
import { MODEL_NAMED_AT, plain, quoted, toColumns, UNNAMED_AT, type ChunkRows } from '../chunk.ts';
import { activeTypes, counterColumns, describingAnew, edgeRows, evidenceRows, fenced, held, stagedRows, toCounters, unnest, type Counters, type Lease } from '../ledger.ts';
import type { Reading } from './question.ts';

/** A version of a record that waits to be read. */
export interface Waiting { recordId: string; contentHash: string; occurredAt: string }
/** What became of it. `message`: why it failed. `inputHash`: of the question, if one was asked. */
export interface Read extends Waiting { outcome: 'done' | 'failed'; message: string | null; inputHash: string | null }
/** An answer worth keeping: a reading, or why there is none. */
interface Answered { inputHash: string; answer: Reading | string; tokens: number }

const ofJob = (lease: Lease): SQL => sql`tenant_id = ${lease.tenantId} and job_id = ${lease.jobId}::uuid`;
const counted = (lease: Lease, outcome: 'queued' | 'done' | 'failed'): SQL => sql`(select count(*)::int from enrichments where ${ofJob(lease)} and outcome = ${outcome})`;
/** Null when the tenant's plan names no figure; below zero never. */
const tokensLeft = (lease: Lease): SQL => sql`(select greatest(0, coalesce(t.model_tokens_per_month, (${JSON.stringify(modelTokensPerMonth)}::jsonb ->> t.plan)::bigint)
  - (select coalesce(sum(u.tokens), 0) from model_usage u where u.tenant_id = t.id and u.month = ${thisMonth})) from tenants t where t.id = ${lease.tenantId})`;
/** The job's `enrichment` as JSON; `moved` records have left the queue in this very statement. */
const shape = (lease: Lease, message: SQL, moved = { queued: sql`0`, done: sql`0`, failed: sql`0` }): SQL => sql`jsonb_build_object(
  'queued', ${counted(lease, 'queued')} - ${moved.queued}, 'done', ${counted(lease, 'done')} + ${moved.done}, 'failed', ${counted(lease, 'failed')} + ${moved.failed},
  'tokens_spent', (select coalesce(sum(tokens), 0) from model_usage where ${ofJob(lease)}), 'tokens_left', ${tokensLeft(lease)}, 'message', ${message})`;

/** Queues every record of the connection that no model has read in this version, and answers the counters with the books. Throws FencedError, DatabaseError. */
export async function queue(db: Database, lease: Lease): Promise<Counters> {
  const [, rows] = await db.tenant(lease.tenantId, [
    sql`with gate as (select tenant_id, id, source_connection_id from historical_sync_jobs where ${held(lease)} for update)
      insert into enrichments (tenant_id, job_id, record_id, content_hash, occurred_at)
      select gate.tenant_id, gate.id, r.record_id, r.content_hash, r.occurred_at from gate join records r on r.tenant_id = gate.tenant_id and r.connection_id = gate.source_connection_id
       where not exists (select from enrichments e where e.tenant_id = r.tenant_id and e.record_id = r.record_id and e.content_hash = r.content_hash and e.outcome <> 'queued')
       order by r.record_id
       on conflict (tenant_id, job_id, record_id) do update set content_hash = excluded.content_hash, outcome = 'queued', message = null, input_hash = null where enrichments.content_hash <> excluded.content_hash`,
    note(lease, null),
  ]);
  return countersIn(rows, lease);
}

/** Says in the books why enrichment ends here; null: nothing stands in its way. Throws FencedError, DatabaseError. */
export async function conclude(db: Database, lease: Lease, message: string | null): Promise<Counters> {
  const [rows] = await db.tenant(lease.tenantId, [note(lease, message)]);
  return countersIn(rows, lease);
}
const note = (lease: Lease, message: string | null): SQL => sql`
  update historical_sync_jobs set enrichment = ${shape(lease, sql`${message}::text`)}, updated_at = now() where ${held(lease)} returning ${counterColumns()}, 0 as records_left`;

/** The next records, newest first: what is read first is what people ask for. Throws DatabaseError. */
export async function nextWaiting(db: Database, lease: Lease): Promise<Waiting[]> {
  const [rows] = await db.tenant(lease.tenantId, [sql`
    select record_id::text as "recordId", content_hash as "contentHash", to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "occurredAt"
      from enrichments where ${ofJob(lease)} and outcome = 'queued' order by enrichments.occurred_at desc, record_id limit ${ENRICH_ROUND_RECORDS}`]);
  return (rows ?? []) as unknown as Waiting[];
}

/** What this model has answered before, to whichever job. Throws DatabaseError. */
export async function answersTo(db: Database, lease: Lease, modelId: string, inputHashes: string[]): Promise<Map<string, Reading | string>> {
  const [rows] = await db.tenant(lease.tenantId, [sql`
    select content_hash as hash, answer::text as answer from extraction_cache where tenant_id = ${lease.tenantId} and extractor = ${modelId} and content_hash = any(${plain(inputHashes)}::text[])`]);
  return new Map((rows as { hash: string; answer: string }[]).map((row) => [row.hash, JSON.parse(row.answer) as Reading | string]));
}

/** Keeps answers as soon as they are there: whatever happens next, nobody pays for them twice. Not fenced: they were paid for, whoever holds the job. Throws DatabaseError. */
export async function keepAnswers(db: Database, lease: Lease, modelId: string, answers: Answered[]): Promise<void> {
  await db.tenant(lease.tenantId, [sql`
    with kept as (
      insert into extraction_cache (tenant_id, content_hash, extractor, answer, tokens)
      select ${lease.tenantId}, x.hash, ${modelId}, x.answer::jsonb, x.tokens
        from ${unnest([plain(answers.map((a) => a.inputHash)), quoted(answers.map((a) => JSON.stringify(a.answer))), plain(answers.map((a) => String(a.tokens)))], 'text', 'text', 'int')} as x(hash, answer, tokens)
       order by x.hash on conflict do nothing returning tokens)
    insert into model_usage (tenant_id, month, job_id, tokens) select ${lease.tenantId}, ${thisMonth}, ${lease.jobId}::uuid, sum(tokens) from kept having count(*) > 0
      on conflict (tenant_id, month, job_id) do update set tokens = model_usage.tokens + excluded.tokens`]);
}

/**
 * One round, one statement through the gate: the records leave the queue and what was found in them stands in the graph, or nothing happens. Findings of a
 * version that is no longer the record's are dropped. What rules or headers said already is not overwritten. Saying it twice changes nothing. Throws FencedError, DatabaseError.
 */
export async function commitRead(db: Database, lease: Lease, read: Read[], rows: ChunkRows): Promise<Counters> {
  const columns = toColumns(rows);
  const news = [plain(read.map((r) => r.recordId)), plain(read.map((r) => r.outcome)), quoted(read.map((r) => r.message)), quoted(read.map((r) => r.inputHash))];
  const won = (outcome: 'done' | 'failed'): SQL => sql`(select count(*)::int from won where won.outcome = ${outcome})`;
  const [rowsAfter] = await db.tenant(lease.tenantId, [sql`
    with gate as (select tenant_id, id from historical_sync_jobs where ${held(lease)} for update),
    news as (select x.* from gate, ${unnest(news, 'uuid', 'text', 'text', 'text')} as x(id, outcome, message, input)),
    won as (
      update enrichments e set outcome = news.outcome, message = news.message, input_hash = news.input from gate, news
       where e.tenant_id = gate.tenant_id and e.job_id = gate.id and e.record_id = news.id and e.outcome = 'queued' returning e.record_id, e.content_hash, e.outcome),
    live as (select won.record_id from won join records r on r.tenant_id = ${lease.tenantId} and r.record_id = won.record_id and r.content_hash = won.content_hash),
    found as (
      select x.* from ${evidenceRows(columns)} join live on live.record_id = x.rec
       where not exists (select from evidence e where e.tenant_id = ${lease.tenantId} and e.record_id = x.rec and e.target_id = x.id)),
    things as (select x.* from gate, ${stagedRows(columns)} where x.id in (select id from found)),
    active as (${activeTypes}),
    staged as (
      insert into discovered_entities (tenant_id, id, entity_type, key, name, status)
      select gate.tenant_id, x.id, x.type, x.key, x.name, case when x.sys or x.type in (select slug from active) then 'promoted' else 'staged' end
        from gate, things x order by x.id on conflict do nothing returning id),
    nodes as (
      insert into graph_nodes (tenant_id, id, node_type, key, name, properties, described_at, described_by)
      select distinct on (x.id) gate.tenant_id, x.id, x.type, x.key, coalesce(f.name, x.key), coalesce(f.props, '{}')::jsonb, case when f.name is null then ${UNNAMED_AT}::timestamptz else ${MODEL_NAMED_AT}::timestamptz end, f.rec
        from gate, things x join found f on f.id = x.id where x.sys or x.type in (select slug from active) order by x.id, 7 desc, f.rec desc ${describingAnew}),
    edges as (
      insert into graph_edges (tenant_id, id, source, edge_type, target)
      select gate.tenant_id, x.id, x.src, x.type, x.dst from gate, ${edgeRows(columns)} where x.id in (select id from found) order by x.id on conflict do nothing returning id),
    proved as (
      insert into evidence (tenant_id, record_id, target_id, target_kind, method, confidence, name, properties)
      select gate.tenant_id, n.rec, n.id, n.kind, n.method, n.conf, n.name, n.props::jsonb from gate, found n order by n.rec, n.id on conflict do nothing)
    update historical_sync_jobs set enrichment = ${shape(lease, sql`null::text`, { queued: sql`(select count(*)::int from won)`, done: won('done'), failed: won('failed') })},
           entities_extracted = entities_extracted + (select count(*) from staged)::int, relationships_extracted = relationships_extracted + (select count(*) from edges)::int,
           last_heartbeat = now(), updated_at = now()
      from gate where historical_sync_jobs.tenant_id = gate.tenant_id and historical_sync_jobs.id = gate.id
    returning ${counterColumns('historical_sync_jobs.')}, 0 as records_left`], 'shared');
  return countersIn(rowsAfter, lease);
}

function countersIn(rows: Record<string, unknown>[] | undefined, lease: Lease): Counters {
  const row = rows?.[0];
  if (!row) throw fenced(lease);
  return toCounters(row);
}
