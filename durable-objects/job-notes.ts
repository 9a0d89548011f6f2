/** What is told of a decision afterwards: who did what when, in a sentence. Pure. Heartbeats are not worth a word. */
import { reasonSentences } from '#contract/errors';
import type { JobEventKind } from '#contract/job';
import { JOB_EVENT_CHARS_MAX } from '#contract/limits';
import type { JobEvent, JobState } from './job-machine.ts';

/** One event of a job on its way to Postgres. `at`: milliseconds since the epoch. */
export interface JobNote { no: number; at: number; actor: string; event: JobEventKind; message: string }

const SYSTEM = 'system';

/** The note of a step that changed something; null when there is nothing to say. */
export function noteOf(before: JobState, event: JobEvent, after: JobState): Omit<JobNote, 'no' | 'at'> | null {
  if (event.type === 'beat' || event.type === 'started' || after.version === before.version) return null;
  return { actor: actorOf(before, event), event: kindOf(event, after), message: clean(messageOf(before, event, after)) };
}

function actorOf(before: JobState, event: JobEvent): string {
  switch (event.type) {
    case 'claimed': return `worker:${event.workerId}`;
    case 'released': return `worker:${before.lease?.workerId ?? 'unknown'}`;
    case 'cancelled': case 'paused': case 'resumed': case 'failures_retried': case 'disconnected': case 'reconnected': return event.by ?? SYSTEM;
    case 'started': case 'held': case 'beat': case 'claim_lost': case 'resume_refused': case 'room_again': case 'completion_refused': case 'alarm': return SYSTEM;
  }
}

function kindOf(event: JobEvent, after: JobState): JobEventKind {
  if (event.type === 'resume_refused') return 'resume_refused';
  return after.reason ?? 'claimed';
}

function messageOf(before: JobState, event: JobEvent, after: JobState): string {
  if (event.type === 'resume_refused') return 'It could not go on yet: too many syncs are active, its account is being synced by another job, or the quota is used up.';
  if (after.status === 'running') return `A worker took it: try ${after.attempt} of ${after.facts.maxRetries}, ${after.progress.chunks_completed} chunks stored so far.`;
  const sentence = after.message ?? (after.reason ? reasonSentences[after.reason] : '');
  const error = after.errorCount > before.errorCount || after.reason === 'rate_limited' ? after.lastError : null;
  return error && error !== sentence ? `${error} ${sentence}` : sentence;
}

/** Postgres takes neither NUL nor half a surrogate pair. */
const clean = (text: string): string => text.slice(0, JOB_EVENT_CHARS_MAX).toWellFormed().replaceAll('\0', '');
