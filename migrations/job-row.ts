/** The job's row as Postgres holds it: read whole, turned into the JSON shape. What the object knows better (a live lease) it says itself. */
import { sql } from 'drizzle-orm';
import type { Enrichment, IntegrationId, Job, JobMode, JobStatus, Priority, Reason, StreamProgress } from '#contract/job';
import type { Row } from './database.ts';

const ms = (column: string) => sql.raw(`(extract(epoch from j.${column}) * 1000)::float8 as ${column}`);

/** Select list over `historical_sync_jobs j`: everything the job's JSON and the object's state need. */
export const jobColumns = sql`j.id::text, j.tenant_id, j.integration_id, j.source_connection_id::text, j.status, j.reason, j.message, j.status_version::float8 as status_version,
  j.fence::float8 as fence, j.attempt, j.max_retries, j.error_count, j.last_error, j.priority, j.mode, j.created_by, j.chunk_size, j.scope, j.progress_percentage::float8 as progress_percentage,
  j.records_processed, j.removed, j.entities_extracted, j.relationships_extracted, j.seen, j.stored, j.unchanged, j.duplicate, j.failed, j.chunks_completed, j.checkpoint_data::text as checkpoint_data, j.enrichment::text as enrichment,
  ${ms('start_date')}, ${ms('end_date')}, ${ms('created_at')}, ${ms('started_at')}, ${ms('completed_at')}, ${ms('updated_at')}, ${ms('last_heartbeat')}, ${ms('next_retry_at')}`;

/** One row of `jobColumns`. Times are milliseconds since the epoch. */
export interface JobRow extends Row {
  id: string; tenant_id: string; integration_id: IntegrationId; source_connection_id: string; status: JobStatus; reason: Reason | null; message: string | null;
  status_version: number; fence: number; attempt: number; max_retries: number; error_count: number; last_error: string | null; priority: Priority; mode: JobMode; created_by: string; chunk_size: number; scope: string;
  progress_percentage: number; records_processed: number; removed: number; entities_extracted: number; relationships_extracted: number;
  seen: number; stored: number; unchanged: number; duplicate: number; failed: number; chunks_completed: number; checkpoint_data: string | null; enrichment: string | null;
  start_date: number; end_date: number; created_at: number; started_at: number | null; completed_at: number | null; updated_at: number; last_heartbeat: number | null; next_retry_at: number | null;
}

/** What a commit leaves in `checkpoint_data`: the streams' watermarks and the covered part. The windows' own checkpoints stand in sync_windows. */
interface CheckpointData { streams: StreamProgress[]; covered: number }
export function checkpointOf(row: JobRow): CheckpointData {
  return row.checkpoint_data === null ? { streams: [], covered: 0 } : JSON.parse(row.checkpoint_data) as CheckpointData;
}

export const enrichmentOf = (row: Pick<JobRow, 'enrichment'>): Enrichment | null => (row.enrichment ? JSON.parse(row.enrichment) as Enrichment : null);

export function jobFromRow(row: JobRow): Job {
  const { streams } = checkpointOf(row);
  return {
    job_id: row.id, integration_id: row.integration_id, source_connection_id: row.source_connection_id, status: row.status, reason: row.reason, message: row.message, priority: row.priority, mode: row.mode, created_by: row.created_by,
    start_date: iso(row.start_date), end_date: iso(row.end_date), chunk_size: row.chunk_size, scope: row.scope,
    progress_percentage: row.status === 'completed' ? 100 : Math.min(99, oneDecimal(row.progress_percentage)),
    records_processed: row.records_processed, records_removed: row.removed, entities_extracted: row.entities_extracted, relationships_extracted: row.relationships_extracted,
    ledger: { seen: row.seen, stored: row.stored, unchanged: row.unchanged, duplicate: row.duplicate, failed: row.failed }, enrichment: enrichmentOf(row),
    streams, chunks_completed: row.chunks_completed, attempt: Math.max(0, row.attempt), max_retries: row.max_retries, error_count: row.error_count, last_error: row.last_error,
    estimated_seconds_remaining: null, next_retry_at: isoOrNull(row.next_retry_at), last_heartbeat: isoOrNull(row.last_heartbeat),
    created_at: iso(row.created_at), started_at: isoOrNull(row.started_at), completed_at: isoOrNull(row.completed_at), updated_at: iso(row.updated_at), seq: row.status_version,
  };
}

/** 12.3 comes back from a `real` as 12.300000190734863. */
const oneDecimal = (percent: number): number => Math.floor(percent * 10 + 1e-3) / 10;

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
