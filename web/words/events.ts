/** What happened to a job, as a line of its log: a short name for each event, and who did it. Pure. */
import type { JobEventEntry, JobEventKind } from '#contract/job';
import type { IconName } from '../parts/icon.tsx';
import type { Tone } from './job.ts';

interface EventWords { label: string; tone: Tone; icon: IconName }
export const eventWords: Record<JobEventKind, EventWords> = {
  started: { label: 'Asked for', tone: 'neutral', icon: 'plus' },
  claimed: { label: 'Picked up', tone: 'accent', icon: 'play' },
  resume_refused: { label: 'Could not go on yet', tone: 'warn', icon: 'clock' },
  queued: { label: 'Waiting', tone: 'neutral', icon: 'clock' },
  resumed: { label: 'Resumed', tone: 'accent', icon: 'play' },
  failures_retried: { label: 'Failed records tried again', tone: 'accent', icon: 'refresh' },
  retry_scheduled: { label: 'Trying again', tone: 'warn', icon: 'refresh' },
  rate_limited: { label: 'Asked to wait', tone: 'warn', icon: 'clock' },
  provider_down: { label: 'Provider is down', tone: 'warn', icon: 'clock' },
  lease_lost: { label: 'Worker lost', tone: 'warn', icon: 'bolt' },
  stalled: { label: 'Worker made no headway', tone: 'warn', icon: 'bolt' },
  handed_back: { label: 'Handed on', tone: 'neutral', icon: 'refresh' },
  done: { label: 'Complete', tone: 'good', icon: 'check' },
  user_paused: { label: 'Paused', tone: 'neutral', icon: 'pause' },
  auth_expired: { label: 'Access lost', tone: 'warn', icon: 'key' },
  quota_exhausted: { label: 'Quota used up', tone: 'warn', icon: 'alert' },
  too_many_jobs: { label: 'Waiting for room', tone: 'warn', icon: 'clock' },
  connection_removed: { label: 'Account disconnected', tone: 'warn', icon: 'plug' },
  user_cancelled: { label: 'Cancelled', tone: 'neutral', icon: 'close' },
  abandoned: { label: 'Given up', tone: 'bad', icon: 'alert' },
  provider_error: { label: 'Provider kept failing', tone: 'bad', icon: 'alert' },
  forbidden: { label: 'Not allowed', tone: 'bad', icon: 'alert' },
  ledger_mismatch: { label: 'Books do not balance', tone: 'bad', icon: 'alert' },
  internal_error: { label: 'Broke on our side', tone: 'bad', icon: 'alert' },
};

/** `user:u1` -> the person's name when it is known; a worker is a worker, whichever it was. */
export function actorName(actor: JobEventEntry['actor'], people: ReadonlyMap<string, string>): string {
  const [kind, id = ''] = [actor.slice(0, actor.indexOf(':')), actor.slice(actor.indexOf(':') + 1)];
  if (kind === 'user') return people.get(id) ?? 'Somebody of the team';
  if (kind === 'key') return 'An API key';
  if (kind === 'worker') return 'A worker';
  return 'By itself';
}
