/** How the job's object writes through to its row in Postgres, and how it finds itself again when only the row is left. */
import { sql, type SQL } from 'drizzle-orm';
import { emptyProgress } from '#contract/job';
import { ACTIVE_JOBS_PER_TENANT_MAX, JOB_EVENTS_MAX } from '#contract/limits';
import { DatabaseError, type Database } from '#migrations/database';
import { recordsLeft } from '#migrations/quota';
import { checkpointOf, enrichmentOf, jobColumns, type JobRow } from '#migrations/job-row';
import { percentage } from './job-json.ts';
import { newJob, type JobState } from './job-machine.ts';

/** `unbalanced`: Postgres would not call it completed. `over_limit`: the tenant has its share of active jobs. `over_quota`: it may store nothing more this month. `busy`: the connection has another active job. */
export type MirrorAnswer = 'written' | 'unbalanced' | 'over_limit' | 'over_quota' | 'busy';

const at = (value: number | null) => sql`to_timestamp(${value}::float8 / 1000)`;

/**
 * Writes status and fence, unless a newer version stands there already, and the events that were not told yet. A job that becomes active
 * again (`limited`) is counted against the tenant's limits in the same transaction that starts use. Throws DatabaseError when Postgres cannot be reached.
 */
export async function mirror(db: Database, state: JobState, limited: boolean): Promise<MirrorAnswer> {
  const { facts } = state;
  const room = limited
    ? sql`and (select count(*) from historical_sync_jobs where tenant_id = ${facts.tenantId} and status in ('pending', 'running') and id <> ${facts.jobId}) < ${ACTIVE_JOBS_PER_TENANT_MAX}
          and ${left(facts.tenantId)} > 0`
    : sql``;
  const write = sql`
    update historical_sync_jobs set status = ${state.status}, reason = ${state.reason}, message = ${state.message}, status_version = ${state.version},
      fence = greatest(fence, ${state.fence}::bigint), attempt = ${state.attempt}, retries_asked = ${state.retriesAsked}, error_count = ${state.errorCount}, last_error = ${state.lastError},
      next_retry_at = ${at(state.nextRetryAt)}, started_at = ${at(state.startedAt)}, completed_at = ${at(state.completedAt)},
      last_heartbeat = ${at(state.lastHeartbeat)}, progress_percentage = greatest(progress_percentage, ${percentage(state.status === 'completed', state.progress.covered)}::real), updated_at = now()
     where tenant_id = ${facts.tenantId} and id = ${facts.jobId} and status_version < ${state.version} ${room}`;
  const read = sql`select status_version::float8 as version, ${limited ? left(facts.tenantId) : sql`null`}::float8 as records_left from historical_sync_jobs where tenant_id = ${facts.tenantId} and id = ${facts.jobId}`;
  try {
    const statements = [...limited ? [startLock(facts.tenantId)] : [], ...writeNotes(state), write, read];
    const answer = (await db.tenant(facts.tenantId, statements)).at(-1)?.[0];
    if (!limited || Number(answer?.version ?? -1) >= state.version) return 'written';
    return Number(answer?.records_left) > 0 ? 'over_limit' : 'over_quota';
  } catch (error) {
    if (error instanceof DatabaseError && error.constraint === 'completed_means_balanced') return 'unbalanced';
    if (error instanceof DatabaseError && error.constraint === 'jobs_one_active_per_connection') return 'busy';
    throw error;
  }
}

const left = (tenantId: string): SQL => recordsLeft(tenantId, sql`historical_sync_jobs.acu_at_start`);

/** Events that Postgres does not have yet; the newest JOB_EVENTS_MAX stay. Said twice they change nothing. */
function writeNotes({ facts, noted, unwritten }: JobState): SQL[] {
  if (unwritten.length === 0) return [];
  const ofJob = sql`tenant_id = ${facts.tenantId} and job_id = ${facts.jobId}::uuid`;
  return [
    sql`insert into job_events (tenant_id, job_id, no, at, actor, event, message)
        select j.tenant_id, j.id, n.no, to_timestamp(n.at / 1000), n.actor, n.event, n.message
          from historical_sync_jobs j, jsonb_to_recordset(${JSON.stringify(unwritten)}::jsonb) as n(no int, at float8, actor text, event text, message text)
         where j.tenant_id = ${facts.tenantId} and j.id = ${facts.jobId}::uuid on conflict do nothing`,
    ...noted > JOB_EVENTS_MAX ? [sql`delete from job_events where ${ofJob} and no <= ${noted - JOB_EVENTS_MAX}`] : [],
  ];
}

/** Taken by whatever makes a job active, so that limits are counted one at a time per tenant. */
export const startLock = (tenantId: string) => sql`select pg_advisory_xact_lock(hashtextextended(${tenantId}, 2))`;

/** Chunks committed so far. Undefined: Postgres does not answer. */
export async function committed(db: Database, { facts }: JobState): Promise<number | undefined> {
  const rows = await db.tenant(facts.tenantId, [sql`select chunks_completed from historical_sync_jobs where tenant_id = ${facts.tenantId} and id = ${facts.jobId}::uuid`]).catch(() => null);
  const chunks = rows?.[0]?.[0]?.chunks_completed;
  return chunks === undefined ? undefined : Number(chunks);
}

/** The object lost its storage or never got its start: the row is enough to go on from. Null: no such job. */
export async function adopt(db: Database, tenantId: string, jobId: string): Promise<JobState | null> {
  const [rows] = await db.tenant(tenantId, [sql`
    select ${jobColumns}, j.retries_asked, (select coalesce(max(e.no), 0) from job_events e where e.tenant_id = j.tenant_id and e.job_id = j.id) as noted from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid`]);
  const row = rows?.[0] as JobRow & { retries_asked: number; noted: number } | undefined;
  if (!row) return null;
  const { streams, covered } = checkpointOf(row);
  const state = newJob({
    jobId: row.id, tenantId: row.tenant_id, integrationId: row.integration_id, connectionId: row.source_connection_id, priority: row.priority, mode: row.mode,
    startDate: row.start_date, endDate: row.end_date, chunkSize: row.chunk_size, scope: row.scope, maxRetries: row.max_retries, createdAt: row.created_at, createdBy: row.created_by,
  }, {
    ...emptyProgress, chunks_completed: row.chunks_completed, records_processed: row.records_processed, records_removed: row.removed, entities_extracted: row.entities_extracted,
    relationships_extracted: row.relationships_extracted, streams, covered, enrichment: enrichmentOf(row),
    ledger: { seen: row.seen, stored: row.stored, unchanged: row.unchanged, duplicate: row.duplicate, failed: row.failed },
  });
  const notes: JobState['unwritten'] = row.status !== 'running' ? [] : [{
    no: row.noted + 1, at: Date.now(), actor: 'system', event: 'lease_lost', message: 'The object that keeps this job lost what it knew and took the job over from its row. It goes on from the last saved point.',
  }];
  return {
    ...state, status: row.status === 'running' ? 'pending' : row.status, reason: row.status === 'running' ? 'lease_lost' : row.reason, message: row.message,
    // One above whatever the row has seen: a worker that still believes in an old lease is out.
    fence: row.fence + 1, version: row.status_version + (row.status === 'running' ? 1 : 0), mirrored: row.status_version,
    retriesAsked: row.retries_asked, noted: row.noted + notes.length, unwritten: notes, attempt: row.attempt, errorCount: row.error_count, lastError: row.last_error, nextRetryAt: row.next_retry_at, startedAt: row.started_at, completedAt: row.completed_at, updatedAt: row.updated_at,
  };
}
