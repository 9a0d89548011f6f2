/** How the job's object writes through to its row in Postgres, and how it finds itself again when only the row is left. */
import { sql } from 'drizzle-orm';
import { emptyProgress } from '#contract/job';
import { ACTIVE_JOBS_PER_TENANT_MAX } from '#contract/limits';
import { DatabaseError, type Database } from '#migrations/database';
import { checkpointOf, jobColumns, type JobRow } from '#migrations/job-row';
import { percentage } from './job-json.ts';
import { newJob, type JobState } from './job-machine.ts';

/** `unbalanced`: Postgres would not call it completed. `over_limit`: the tenant has its share of active jobs. `busy`: the connection has another active job. */
export type MirrorAnswer = 'written' | 'unbalanced' | 'over_limit' | 'busy';

const at = (value: number | null) => sql`to_timestamp(${value}::float8 / 1000)`;

/**
 * Writes status and fence, unless a newer version stands there already. A job that becomes active again (`limited`) is counted
 * against the tenant's limit in the same transaction that starts use. Throws DatabaseError when Postgres cannot be reached.
 */
export async function mirror(db: Database, state: JobState, limited: boolean): Promise<MirrorAnswer> {
  const { facts } = state;
  const room = limited
    ? sql`and (select count(*) from historical_sync_jobs where tenant_id = ${facts.tenantId} and status in ('pending', 'running') and id <> ${facts.jobId}) < ${ACTIVE_JOBS_PER_TENANT_MAX}`
    : sql``;
  const write = sql`
    update historical_sync_jobs set status = ${state.status}, reason = ${state.reason}, message = ${state.message}, status_version = ${state.version},
      fence = greatest(fence, ${state.fence}::bigint), attempt = ${state.attempt}, error_count = ${state.errorCount}, last_error = ${state.lastError},
      next_retry_at = ${at(state.nextRetryAt)}, started_at = ${at(state.startedAt)}, completed_at = ${at(state.completedAt)},
      last_heartbeat = ${at(state.lastHeartbeat)}, progress_percentage = greatest(progress_percentage, ${percentage(state.status === 'completed', state.progress.covered)}::real), updated_at = now()
     where tenant_id = ${facts.tenantId} and id = ${facts.jobId} and status_version < ${state.version} ${room}`;
  const read = sql`select status_version::float8 as version from historical_sync_jobs where tenant_id = ${facts.tenantId} and id = ${facts.jobId}`;
  try {
    const statements = limited ? [startLock(facts.tenantId), write, read] : [write, read];
    const answer = await db.tenant(facts.tenantId, statements);
    const version = Number(answer.at(-1)?.[0]?.version ?? -1);
    return version >= state.version || !limited ? 'written' : 'over_limit';
  } catch (error) {
    if (error instanceof DatabaseError && error.constraint === 'completed_means_balanced') return 'unbalanced';
    if (error instanceof DatabaseError && error.constraint === 'jobs_one_active_per_connection') return 'busy';
    throw error;
  }
}

/** Taken by whatever makes a job active, so that limits are counted one at a time per tenant. */
export const startLock = (tenantId: string) => sql`select pg_advisory_xact_lock(hashtextextended(${tenantId}, 2))`;

/** The object lost its storage or never got its start: the row is enough to go on from. Null: no such job. */
export async function adopt(db: Database, tenantId: string, jobId: string): Promise<JobState | null> {
  const [rows] = await db.tenant(tenantId, [sql`select ${jobColumns} from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid`]);
  const row = rows?.[0] as JobRow | undefined;
  if (!row) return null;
  const { streams, covered } = checkpointOf(row);
  const state = newJob({
    jobId: row.id, tenantId: row.tenant_id, integrationId: row.integration_id, connectionId: row.source_connection_id, priority: row.priority,
    startDate: row.start_date, endDate: row.end_date, chunkSize: row.chunk_size, scope: row.scope, maxRetries: row.max_retries, createdAt: row.created_at,
  }, {
    ...emptyProgress, chunks_completed: row.chunks_completed, records_processed: row.records_processed, entities_extracted: row.entities_extracted,
    relationships_extracted: row.relationships_extracted, streams, covered,
    ledger: { seen: row.seen, stored: row.stored, unchanged: row.unchanged, duplicate: row.duplicate, failed: row.failed },
  });
  return {
    ...state, status: row.status === 'running' ? 'pending' : row.status, reason: row.status === 'running' ? 'lease_lost' : row.reason, message: row.message,
    // One above whatever the row has seen: a worker that still believes in an old lease is out.
    fence: row.fence + 1, version: row.status_version + (row.status === 'running' ? 1 : 0), mirrored: row.status_version,
    attempt: row.attempt, errorCount: row.error_count, lastError: row.last_error, nextRetryAt: row.next_retry_at, startedAt: row.started_at, completedAt: row.completed_at, updatedAt: row.updated_at,
  };
}
