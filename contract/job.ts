/** The language of a job: its states, reasons, lease, progress, outcomes and the one JSON shape that REST, WebSocket and page share. */
import { z } from 'zod';
import { OUTCOME_CHARS_MAX } from './limits.ts';

/** Stands in addresses where an integration's id could stand, so no integration may be called that. */
export const RESERVED_INTEGRATION_ID = 'historical-sync';
export const IntegrationId = z.enum(['outlook', 'gmail', 'google_calendar', 'slack', 'salesforce', 'mbox', 'slack_export', 'ics']);
export type IntegrationId = z.infer<typeof IntegrationId>;

export const JobStatus = z.enum(['pending', 'running', 'completed', 'failed', 'paused', 'cancelled']);
export type JobStatus = z.infer<typeof JobStatus>;

/** A job in one of these never runs again by itself. */
export const isTerminal = (status: JobStatus): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';
/** Counts against the tenant's active jobs. */
export const isActive = (status: JobStatus): boolean => status === 'pending' || status === 'running';

export const Priority = z.enum(['urgent', 'high', 'normal', 'low']);
export type Priority = z.infer<typeof Priority>;

/** `backfill`: reads a range of the past. `incremental`: reads what is new since the last one, and what was edited or deleted. */
export const JobMode = z.enum(['backfill', 'incremental']);
export type JobMode = z.infer<typeof JobMode>;

/** Why a job is in the state it is in. Every state but running has one. */
export const Reason = z.enum([
  'queued', 'resumed', 'failures_retried', 'retry_scheduled', 'rate_limited', 'provider_down', 'lease_lost', 'stalled', 'handed_back',   // pending
  'done',                                                                                                               // completed
  'user_paused', 'auth_expired', 'quota_exhausted', 'too_many_jobs', 'connection_removed',                              // paused
  'user_cancelled', 'abandoned',                                                                                        // cancelled
  'provider_error', 'forbidden', 'ledger_mismatch', 'internal_error',                                                   // failed
]);
export type Reason = z.infer<typeof Reason>;

/** The books: seen = stored + unchanged + duplicate + failed, or the job may not complete. */
export const Ledger = z.object({
  seen: z.int(), stored: z.int(), unchanged: z.int(), duplicate: z.int(), failed: z.int(),
});
export type Ledger = z.infer<typeof Ledger>;
export const emptyLedger: Ledger = { seen: 0, stored: 0, unchanged: 0, duplicate: 0, failed: 0 };
export const isBalanced = (l: Ledger): boolean => l.seen === l.stored + l.unchanged + l.duplicate + l.failed;

/**
 * How far one stream is: every record of it from `complete_back_to` until the job's end date is in memory. `title`: what people call it, when
 * that is not its name. `note`: it was passed over, wholly or from there on back, and why. `left_out`: records that were met (in a file, which is
 * read whole) but lie outside of the job's range: how many, and that in a sentence.
 */
export const StreamProgress = z.object({ name: z.string(), title: z.string().optional(), complete_back_to: z.iso.datetime().nullable(), done: z.boolean(), note: z.string().optional(), left_out: z.object({ records: z.int(), message: z.string() }).optional() });
export type StreamProgress = z.infer<typeof StreamProgress>;

/**
 * The stage after the memory: what a tenant's model reads of records that are stored and searchable already. `queued` waits, `done` was read, `failed` could not be;
 * tokens: spent by this job, left to the tenant this month (null: not limited). `message`: why it ended before everything was read.
 */
export const Enrichment = z.object({ queued: z.int(), done: z.int(), failed: z.int(), tokens_spent: z.int(), tokens_left: z.int().nullable(), message: z.string().nullable() });
export type Enrichment = z.infer<typeof Enrichment>;

/** What the lease holder has committed so far, as absolute numbers read from the ledger. Repeating it changes nothing. */
export const Progress = z.object({
  chunks_completed: z.int().min(0),
  records_processed: z.int().min(0),
  /** Forgotten, because the provider has them no more. Beside the books: such a record is not seen. */
  records_removed: z.int().min(0).default(0),
  entities_extracted: z.int().min(0),
  relationships_extracted: z.int().min(0),
  ledger: Ledger,
  streams: z.array(StreamProgress),
  /** Covered part of the time range, 0..1; 1 only when every window is done. */
  covered: z.number().min(0).max(1),
  enrichment: Enrichment.nullable().default(null),
});
export type Progress = z.infer<typeof Progress>;
export const emptyProgress: Progress = {
  chunks_completed: 0, records_processed: 0, records_removed: 0, entities_extracted: 0, relationships_extracted: 0, ledger: emptyLedger, streams: [], covered: 0, enrichment: null,
};

/** Who may write, until when. Milliseconds since the epoch. */
export interface Lease { fence: number; workerId: string; expiresAt: number; lastCommitAt: number }

/** What went wrong, as a worker tells it. Postgres takes neither NUL nor half a surrogate pair, and a row that cannot be written would be tried for ever. */
const Said = z.string().overwrite((text) => text.slice(0, OUTCOME_CHARS_MAX).toWellFormed().replaceAll('\0', ''));

/** What a worker says when it lets go of a job. Every way a run can end is listed here. */
export const Outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('completed'), progress: Progress }),
  /** The provider asked to wait. Not an error; bounded by SNOOZES_MAX without progress. */
  z.object({ kind: z.literal('snoozed'), retryAfterMs: z.int().min(0), message: Said }),
  /** Something broke that may work again: tried again with back-off, up to max_retries without progress. */
  z.object({ kind: z.literal('errored'), reason: z.enum(['provider_error', 'internal_error']), message: Said }),
  z.object({ kind: z.literal('paused'), reason: z.enum(['auth_expired', 'quota_exhausted', 'connection_removed']), message: Said }),
  /** Will not work again by itself. */
  z.object({ kind: z.literal('failed'), reason: z.enum(['provider_error', 'forbidden', 'ledger_mismatch', 'internal_error']), message: Said }),
  /** SIGTERM, or the supervisor speaking for a process that died: another worker goes on at once. */
  z.object({ kind: z.literal('handed_back'), crashed: z.boolean() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** The one shape of a job: REST, WebSocket and page. Times are ISO 8601 UTC. */
export const Job = z.object({
  job_id: z.string(),
  integration_id: IntegrationId,
  source_connection_id: z.string(),
  status: JobStatus,
  reason: Reason.nullable(),
  message: z.string().nullable(),
  priority: Priority,
  mode: JobMode,
  /** Who asked for it: `user:<id>`, `key:<id>` or `system` (a schedule). */
  created_by: z.string(),
  start_date: z.iso.datetime(),
  end_date: z.iso.datetime(),
  chunk_size: z.int(),
  scope: z.string(),
  progress_percentage: z.number(),
  records_processed: z.int(),
  records_removed: z.int(),
  entities_extracted: z.int(),
  relationships_extracted: z.int(),
  ledger: Ledger,
  enrichment: Enrichment.nullable(),
  streams: z.array(StreamProgress),
  chunks_completed: z.int(),
  attempt: z.int(),
  max_retries: z.int(),
  error_count: z.int(),
  last_error: z.string().nullable(),
  estimated_seconds_remaining: z.int().nullable(),
  next_retry_at: z.iso.datetime().nullable(),
  last_heartbeat: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  completed_at: z.iso.datetime().nullable(),
  updated_at: z.iso.datetime(),
  seq: z.int(),
});
export type Job = z.infer<typeof Job>;

/** Something that happened to a job: who did what when. `event` is the reason of the state it led to, or one of the few that lead to none. */
export const JobEventKind = z.enum(['started', 'claimed', 'resume_refused', ...Reason.options]);
export type JobEventKind = z.infer<typeof JobEventKind>;
export const JobEventEntry = z.object({
  no: z.int(),
  at: z.iso.datetime(),
  /** `user:<id>`, `key:<id>`, `worker:<id>` or `system`. */
  actor: z.string(),
  event: JobEventKind,
  message: z.string(),
});
export type JobEventEntry = z.infer<typeof JobEventEntry>;

/** A record that could not be read or processed. It did not stop the job, and can be tried again alone. */
export const RecordFailure = z.object({
  record_id: z.string(), stream: z.string(), provider_id: z.string(),
  kind: z.enum(['unreadable', 'not_processed']),
  message: z.string(),
  attempts: z.int(),
  failed_at: z.iso.datetime(),
});
export type RecordFailure = z.infer<typeof RecordFailure>;

/** What the WebSocket sends. */
export const JobEventMessage = z.object({
  type: z.enum(['snapshot', 'progress', 'completed', 'failed', 'paused', 'cancelled']),
  seq: z.int(),
  job: Job,
  timestamp: z.iso.datetime(),
});
export type JobEventMessage = z.infer<typeof JobEventMessage>;
