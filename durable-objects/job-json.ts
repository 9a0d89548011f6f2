/** The job's object as the one JSON shape of contract/job. Pure. */
import type { Job } from '#contract/job';
import type { JobState } from './job-machine.ts';

/** Below this part of the range an estimate would be a guess. */
const ETA_MIN_COVERED = 0.01;

export function toJob(state: JobState, now: number): Job {
  const { facts, progress } = state;
  return {
    job_id: facts.jobId, integration_id: facts.integrationId, source_connection_id: facts.connectionId,
    status: state.status, reason: state.reason, message: state.message, priority: facts.priority, mode: facts.mode, created_by: facts.createdBy,
    start_date: iso(facts.startDate), end_date: iso(facts.endDate), chunk_size: facts.chunkSize, scope: facts.scope,
    progress_percentage: percentage(state.status === 'completed', progress.covered),
    records_processed: progress.records_processed, records_removed: progress.records_removed, entities_extracted: progress.entities_extracted, relationships_extracted: progress.relationships_extracted,
    ledger: progress.ledger, enrichment: progress.enrichment, streams: progress.streams, chunks_completed: progress.chunks_completed,
    attempt: Math.max(0, state.attempt), max_retries: facts.maxRetries, error_count: state.errorCount, last_error: state.lastError,
    estimated_seconds_remaining: secondsLeft(state, now),
    next_retry_at: isoOrNull(state.nextRetryAt), last_heartbeat: isoOrNull(state.lastHeartbeat),
    created_at: iso(facts.createdAt), started_at: isoOrNull(state.startedAt), completed_at: isoOrNull(state.completedAt),
    updated_at: iso(state.updatedAt), seq: state.version,
  };
}

/** 100 only when completed; one decimal place. */
export const percentage = (completed: boolean, covered: number): number => (completed ? 100 : Math.min(99, Math.floor(covered * 1000) / 10));

/** This run's own speed, carried on. Null unless running and far enough to tell. */
function secondsLeft({ status, runBegan, progress }: JobState, now: number): number | null {
  if (status !== 'running' || !runBegan) return null;
  const gained = progress.covered - runBegan.covered;
  if (gained < ETA_MIN_COVERED) return null;
  return Math.ceil(((now - runBegan.at) / gained) * (1 - progress.covered) / 1000);
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
