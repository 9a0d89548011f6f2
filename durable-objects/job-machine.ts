/**
 * The life of one job as a pure function: (state, event, now) -> (state, effects, reply).
 * The Durable Object around it only loads, decides, saves and carries out. No rule lives anywhere else.
 *
 *            +--------- lease lost, error, hand-back ---------+
 *            v                                                |
 *   start -> pending --claim--> running --release--> completed | failed | paused
 *            ^  |                  |                              |         |
 *            |  +--cancel, pause---+--> cancelled | paused        |         |
 *            +------------------------- resume ------------------+---------+   (and cancelled, if abandoned; completed, to try failed records again)
 */
import { isBalanced, type IntegrationId, type JobMode, type JobStatus, type Lease, type Outcome, type Priority, type Progress, type Reason } from '#contract/job';
import { doneSentence, reasonSentences } from '#contract/errors';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS, JOB_EVENTS_MAX, MIRROR_AGAIN_MS, SNOOZES_MAX } from '#contract/limits';
import { noteOf, type JobNote } from './job-notes.ts';

/** What never changes after the start. Times are milliseconds since the epoch. */
export interface JobFacts {
  jobId: string; tenantId: string; integrationId: IntegrationId; connectionId: string; priority: Priority; mode: JobMode;
  startDate: number; endDate: number; chunkSize: number; scope: string; maxRetries: number; createdAt: number; createdBy: string;
}

export interface JobState {
  readonly facts: JobFacts;
  status: JobStatus;
  reason: Reason | null;
  message: string | null;
  /** Grows with every change; the `seq` of the job's JSON. */
  version: number;
  /** The last version whose status stands in Postgres. */
  mirrored: number;
  /** Who may write: raised at every claim and whenever a lease ends. */
  fence: number;
  lease: Lease | null;
  /** Runs since the last committed chunk. */
  attempt: number;
  /** Times the provider said "later" since the last committed chunk. */
  snoozes: number;
  errorCount: number;
  lastError: string | null;
  /** Not to be claimed before. */
  nextRetryAt: number | null;
  /** When to ring (again) for a job that waits. */
  ringAt: number | null;
  /** Where a resume came from, as long as Postgres has not counted it against the limits: nobody may claim it yet, and it may have to go back. */
  resumedFrom: Pick<JobState, 'status' | 'reason' | 'message' | 'completedAt' | 'retriesAsked'> | null;
  /** How often people asked to try the failed records again. */
  retriesAsked: number;
  /** Events so far, and those of them that Postgres does not have yet. */
  noted: number;
  unwritten: JobNote[];
  progress: Progress;
  /** Where this run began: the base of the ETA. */
  runBegan: { at: number; covered: number } | null;
  lastHeartbeat: number | null;
  startedAt: number | null;
  completedAt: number | null;
  updatedAt: number;
}

/** The settings of SPEC section 2. */
export interface Rules { leaseMs: number; stallMs: number; ringAgainMs: number }

export type JobEvent =
  | { type: 'started' }
  | { type: 'claimed'; workerId: string }
  /** Its provider fails again and again: nobody tries before `until`. */
  | { type: 'held'; until: number; message: string }
  /** Postgres did not take the claim, so nobody may have it. */
  | { type: 'claim_lost' }
  | { type: 'beat'; fence: number; progress: Progress | null }
  /** `committed`: chunks that Postgres has, where it was asked: a worker may die between a commit and the word of it. */
  | { type: 'released'; fence: number; outcome: Outcome; committed?: number | undefined }
  /** `by`: who asked; nobody in particular is the system. */
  | { type: 'cancelled' | 'paused' | 'resumed'; by?: string }
  /** The records that failed are to be tried again, and whatever else is still open. */
  | { type: 'failures_retried'; by?: string }
  /** Resuming would break a limit: back to where it was. */
  | { type: 'resume_refused'; because: 'over_limit' | 'over_quota' | 'busy' }
  /** The connection was authorised anew: a job that waited for just that goes on. */
  | { type: 'reconnected'; by?: string }
  /** The tenant may store again, and has room for one more job: one that waited for just that goes on. */
  | { type: 'room_again' }
  /** The account was disconnected: nothing more is read with what we were given. */
  | { type: 'disconnected'; by?: string }
  /** Postgres would not write `completed` on books that do not balance. */
  | { type: 'completion_refused' }
  | { type: 'alarm'; committed?: number | undefined };

type Effect =
  | { type: 'mirror' }                      // write status and fence through to Postgres, before anybody is told
  | { type: 'ring'; delayMs: number }       // put a doorbell on the queue
  | { type: 'broadcast' };                  // send the job to every socket

export type Refusal = 'fenced' | 'leased' | 'not_waiting' | 'not_due' | 'invalid_state';
type Reply = { ok: true; fence: number } | { ok: false; refusal: Refusal };
export interface Decision { state: JobState; effects: Effect[]; reply: Reply }

const publish: Effect[] = [{ type: 'mirror' }, { type: 'broadcast' }];
const ring = (delayMs = 0): Effect => ({ type: 'ring', delayMs });

const refuse = (state: JobState, refusal: Refusal): Decision => ({ state, effects: [], reply: { ok: false, refusal } });
const unchanged = (state: JobState): Decision => ({ state, effects: [], reply: { ok: true, fence: state.fence } });
const accept = (state: JobState, now: number, effects: Effect[]): Decision => {
  const next = { ...state, version: state.version + 1, updatedAt: now };
  return { state: next, effects, reply: { ok: true, fence: next.fence } };
};

/** Ends the current lease. Raising the fence here is what makes the old holder's next write fail. */
const vacate = (state: JobState): JobState => ({ ...state, lease: null, fence: state.fence + 1, runBegan: null });

/** A new job, waiting. Its row in Postgres says the same, and its first event stands there too. */
export function newJob(facts: JobFacts, progress: Progress): JobState {
  return {
    facts, status: 'pending', reason: 'queued', message: reasonSentences.queued, version: 1, mirrored: 1, fence: 0, lease: null, attempt: 0, snoozes: 0,
    errorCount: 0, lastError: null, nextRetryAt: null, ringAt: facts.createdAt, resumedFrom: null, retriesAsked: 0, noted: 1, unwritten: [], progress, runBegan: null, lastHeartbeat: null,
    startedAt: null, completedAt: null, updatedAt: facts.createdAt,
  };
}

/** One step of a job's life, with a note of what happened. */
export function decide(state: JobState, event: JobEvent, now: number, rules: Rules): Decision {
  const decision = step(state, event, now, rules), note = noteOf(state, event, decision.state);
  if (!note) return decision;
  const no = state.noted + 1;
  return { ...decision, state: { ...decision.state, noted: no, unwritten: [...state.unwritten, { no, at: now, ...note }].slice(-JOB_EVENTS_MAX) } };
}

function step(state: JobState, event: JobEvent, now: number, rules: Rules): Decision {
  switch (event.type) {
    case 'started':
      if (state.status !== 'pending') return unchanged(state);
      return { ...unchanged({ ...state, ringAt: now + rules.ringAgainMs }), effects: [ring()] };

    case 'claimed': {
      if (state.lease) return refuse(state, 'leased');
      if (state.status !== 'pending' || state.resumedFrom) return refuse(state, 'not_waiting');
      if (state.nextRetryAt !== null && state.nextRetryAt > now) return refuse(state, 'not_due');
      const fence = state.fence + 1;
      return accept({
        ...state, status: 'running', reason: null, message: null, fence, attempt: state.attempt + 1, nextRetryAt: null, ringAt: null,
        lease: { fence, workerId: event.workerId, expiresAt: now + rules.leaseMs, lastCommitAt: now },
        runBegan: { at: now, covered: state.progress.covered }, startedAt: state.startedAt ?? now, lastHeartbeat: now,
      }, now, publish);
    }

    case 'held':
      if (state.status !== 'pending' || state.resumedFrom) return refuse(state, 'not_waiting');
      // Every worker that asks says it again.
      if (event.until <= now || (state.nextRetryAt ?? 0) >= event.until) return refuse(state, 'not_due');
      return wait(state, 'provider_down', event.until - now, now, rules, event.message);

    case 'claim_lost':
      if (!state.lease) return unchanged(state);
      return wait({ ...vacate(state), attempt: state.attempt - 1 }, 'queued', MIRROR_AGAIN_MS, now, rules);

    case 'beat': {
      if (state.lease?.fence !== event.fence) return refuse(state, 'fenced');
      const moved = event.progress !== null && stepsOf(event.progress) > stepsOf(state.progress);
      return accept({
        ...withProgress(state, event.progress),
        lease: { ...state.lease, expiresAt: now + rules.leaseMs, lastCommitAt: moved ? now : state.lease.lastCommitAt },
        // A chunk that landed proves the job is not stuck, so its budget of attempts starts again.
        attempt: moved ? 1 : state.attempt, snoozes: moved ? 0 : state.snoozes, lastHeartbeat: now,
      }, now, [{ type: 'broadcast' }]);
    }

    case 'released':
      if (state.lease?.fence !== event.fence) return refuse(state, 'fenced');
      return settle(vacate(informed(state, event.committed)), event.outcome, now, rules);

    case 'cancelled':
      if (state.status !== 'pending' && state.status !== 'running' && state.status !== 'paused') return refuse(state, 'invalid_state');
      return end(vacate(state), 'cancelled', 'user_cancelled', null, now);

    case 'paused':
      if (state.status !== 'pending' && state.status !== 'running') return refuse(state, 'invalid_state');
      return end(vacate(state), 'paused', 'user_paused', null, now);

    case 'resumed':
      return isResumable(state) ? resume(state, now, rules) : refuse(state, 'invalid_state');

    case 'failures_retried':
      if (!isResumable(state) && state.status !== 'completed') return refuse(state, 'invalid_state');
      return resume(state, now, rules, 'failures_retried');

    case 'resume_refused':
      if (!state.resumedFrom) return unchanged(state);
      return accept({ ...state, ...backFrom(state.resumedFrom, event.because), resumedFrom: null, nextRetryAt: null, ringAt: null }, now, publish);

    case 'reconnected':
      if (state.status !== 'paused' || state.reason !== 'auth_expired') return refuse(state, 'invalid_state');
      // Whatever comes of it, the account is no longer what it waits for.
      return resume({ ...state, ...waitingFor('too_many_jobs') }, now, rules);

    case 'room_again':
      if (!waitsForRoom(state)) return refuse(state, 'invalid_state');
      return resume(state, now, rules);

    case 'disconnected':
      if (state.status !== 'pending' && state.status !== 'running') return refuse(state, 'invalid_state');
      return end(vacate(state), 'paused', 'connection_removed', null, now);

    case 'completion_refused':
      if (state.status !== 'completed') return unchanged(state);
      return end(state, 'failed', 'ledger_mismatch', null, now);

    case 'alarm':
      return reap(informed(state, event.committed), now, rules);
  }
}

/** Whether the end of the lease in hand could use up the budget: then Postgres is asked first what was stored. */
export const isLastTry = (state: JobState): boolean => state.lease !== null && state.attempt >= state.facts.maxRetries;

/** A chunk that landed unheard of is progress like any other. */
const informed = (state: JobState, committed: number | undefined): JobState =>
  (committed !== undefined && committed > state.progress.chunks_completed ? { ...state, attempt: 1, snoozes: 0, progress: { ...state.progress, chunks_completed: committed } } : state);

/** The reaper: what is overdue? */
function reap(state: JobState, now: number, rules: Rules): Decision {
  if (state.lease && state.lease.expiresAt <= now) return loseLease(state, 'lease_lost', `Worker ${state.lease.workerId} went silent.`, now, rules);
  if (state.lease && state.lease.lastCommitAt + rules.stallMs <= now) return loseLease(state, 'stalled', `Worker ${state.lease.workerId} stored nothing for ${Math.round(rules.stallMs / 60_000)} min.`, now, rules);
  // Waiting and nobody came: the doorbell was lost. Ring again.
  if (state.status === 'pending' && state.ringAt !== null && state.ringAt <= now) {
    const late = behind(state);
    return { ...unchanged({ ...state, ringAt: now + rules.ringAgainMs }), effects: late.length > 0 ? late : [ring()] };
  }
  return { ...unchanged(state), effects: behind(state) };
}

/** Postgres missed the last change: say it again, and whatever had to wait for it. */
function behind(state: JobState): Effect[] {
  if (state.mirrored >= lastPublished(state)) return [];
  return state.status === 'pending' ? [...publish, ring()] : publish;
}
/** Heartbeats change the version but not what Postgres must know, so only a state without a lease, or one just claimed, can be behind. */
const lastPublished = (state: JobState): number => (state.lease ? state.mirrored : state.version);

function loseLease(state: JobState, reason: 'lease_lost' | 'stalled', error: string, now: number, rules: Rules): Decision {
  const vacant: JobState = { ...vacate(state), errorCount: state.errorCount + 1, lastError: error };
  if (state.attempt >= state.facts.maxRetries) return end(vacant, 'cancelled', 'abandoned', null, now);
  return wait(vacant, reason, 0, now, rules);
}

/** What becomes of a job whose worker let go. The lease is over already. */
function settle(state: JobState, outcome: Outcome, now: number, rules: Rules): Decision {
  switch (outcome.kind) {
    case 'completed': {
      const finished = withProgress(state, outcome.progress);
      if (outcome.progress.covered < 1 || !isBalanced(outcome.progress.ledger)) return end(finished, 'failed', 'ledger_mismatch', null, now);
      return end({ ...finished, attempt: 0, nextRetryAt: null }, 'completed', 'done', doneSentence(outcome.progress.streams), now);
    }
    case 'paused': return end({ ...state, lastError: outcome.message }, 'paused', outcome.reason, outcome.message, now);
    case 'failed': return end({ ...state, errorCount: state.errorCount + 1, lastError: outcome.message }, 'failed', outcome.reason, outcome.message, now);
    case 'handed_back': {
      if (!outcome.crashed) return wait({ ...state, attempt: state.attempt - 1 }, 'handed_back', 0, now, rules);
      const crashed: JobState = { ...state, errorCount: state.errorCount + 1, lastError: 'The worker process died.' };
      return state.attempt >= state.facts.maxRetries ? end(crashed, 'cancelled', 'abandoned', null, now) : wait(crashed, 'lease_lost', 0, now, rules);
    }
    case 'snoozed':
      if (state.snoozes + 1 >= SNOOZES_MAX) return end({ ...state, attempt: state.facts.maxRetries, lastError: outcome.message }, 'failed', 'provider_error', outcome.message, now);
      return wait({ ...state, attempt: state.attempt - 1, snoozes: state.snoozes + 1, lastError: outcome.message }, 'rate_limited', outcome.retryAfterMs, now, rules);
    case 'errored': {
      const failed: JobState = { ...state, errorCount: state.errorCount + 1, lastError: outcome.message };
      if (state.attempt >= state.facts.maxRetries) return end(failed, 'failed', outcome.reason, outcome.message, now);
      return wait(failed, 'retry_scheduled', backoffMs(state.attempt), now, rules);
    }
  }
}

/** Back to the queue, from the last checkpoint. */
function wait(state: JobState, reason: Reason, delayMs: number, now: number, rules: Rules, message = reasonSentences[reason]): Decision {
  const nextRetryAt = delayMs > 0 ? now + delayMs : null;
  return accept({ ...state, status: 'pending', reason, message, nextRetryAt, ringAt: now + delayMs + rules.ringAgainMs }, now, [...publish, ring(delayMs)]);
}

/** Back to the queue because somebody asked for it; a new budget of attempts. Stands once Postgres has counted it. */
function resume(state: JobState, now: number, rules: Rules, why: 'resumed' | 'failures_retried' = 'resumed'): Decision {
  const { status, reason, message, completedAt, retriesAsked } = state;
  return wait({
    ...state, attempt: 0, snoozes: 0, completedAt: null, resumedFrom: { status, reason, message, completedAt, retriesAsked }, retriesAsked: retriesAsked + (why === 'failures_retried' ? 1 : 0),
  }, why, 0, now, rules);
}

type Former = NonNullable<JobState['resumedFrom']>;
const waitsForRoom = ({ status, reason }: Pick<JobState, 'status' | 'reason'>): boolean => status === 'paused' && (reason === 'quota_exhausted' || reason === 'too_many_jobs');
const waitingFor = (reason: 'quota_exhausted' | 'too_many_jobs'): Pick<JobState, 'reason' | 'message'> => ({ reason, message: reasonSentences[reason] });

/** Where a refused resume goes back to. A job that waits for room says for which, as of now; it goes on by itself. */
const backFrom = (former: Former, because: 'over_limit' | 'over_quota' | 'busy'): Former =>
  (waitsForRoom(former) ? { ...former, ...waitingFor(because === 'over_quota' ? 'quota_exhausted' : 'too_many_jobs') } : former);

const isResumable = (state: JobState): boolean => state.status === 'failed' || state.status === 'paused' || (state.status === 'cancelled' && state.reason === 'abandoned');

/** Into a state that nothing leaves by itself. */
function end(state: JobState, status: 'completed' | 'failed' | 'paused' | 'cancelled', reason: Reason, message: string | null, now: number): Decision {
  return accept({
    ...state, status, reason, message: message ?? reasonSentences[reason], nextRetryAt: null, ringAt: null, resumedFrom: null,
    completedAt: status === 'paused' ? null : now,
  }, now, publish);
}

/** Absolute numbers of the ledger; an older report than the one we have changes nothing. */
function withProgress(state: JobState, progress: Progress | null): JobState {
  if (progress === null || progress.chunks_completed < state.progress.chunks_completed) return state;
  return { ...state, progress: { ...progress, covered: Math.max(progress.covered, state.progress.covered) } };
}

/** What only ever grows while a job gets on: chunks, and records that a model has read. */
const stepsOf = ({ chunks_completed, enrichment }: Progress): number => chunks_completed + (enrichment ? enrichment.done + enrichment.failed : 0);

/** 2 s, 4 s, 8 s .. five minutes. */
export const backoffMs = (attempt: number): number => Math.min(BACKOFF_FIRST_MS * 2 ** Math.max(0, attempt - 1), BACKOFF_MAX_MS);

/** When the object must wake: the nearest of lease end, stall, ring and a mirror to repeat. Null: never. */
export function wakeAt(state: JobState, now: number, rules: Rules): number | null {
  const moments: number[] = [];
  if (state.lease) moments.push(state.lease.expiresAt, state.lease.lastCommitAt + rules.stallMs);
  if (state.status === 'pending' && state.ringAt !== null) moments.push(state.ringAt);
  if (behind(state).length > 0) moments.push(now + MIRROR_AGAIN_MS);
  return moments.length === 0 ? null : Math.min(...moments);
}
