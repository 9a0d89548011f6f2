/** A job in plain words: its state, what it is doing, why it stopped, and what one can do next. Pure. */
import { reasonSentences } from '#contract/errors';
import type { IntegrationId, Job, JobStatus, StreamProgress } from '#contract/job';
import { count, day, range, shortDay, span } from './time.ts';

export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad';
export const statusWords: Record<JobStatus, { label: string; tone: Tone }> = {
  pending: { label: 'Waiting', tone: 'neutral' },
  running: { label: 'Syncing', tone: 'accent' },
  completed: { label: 'Complete', tone: 'good' },
  failed: { label: 'Failed', tone: 'bad' },
  paused: { label: 'Paused', tone: 'warn' },
  cancelled: { label: 'Cancelled', tone: 'neutral' },
};

const integrationTitles: Record<IntegrationId, string> = {
  outlook: 'Outlook', gmail: 'Gmail', google_calendar: 'Google Calendar', slack: 'Slack', salesforce: 'Salesforce',
  mbox: 'Mail archive', slack_export: 'Slack export', ics: 'Calendar file',
};
/** More streams than this in one sentence are a number. */
export const STREAMS_NAMED_MAX = 4;
export const integrationTitle = (id: IntegrationId): string => integrationTitles[id];
/** The colour it has in charts, always the same one. */
const integrationHues: Record<IntegrationId, number> = { outlook: 1, slack: 2, gmail: 3, google_calendar: 6, salesforce: 4, mbox: 7, slack_export: 5, ics: 8 };
export const integrationHue = (id: IntegrationId): string => `var(--hue-${integrationHues[id]})`;

/** What kind of sync it is, in a word or two. */
export const modeWords: Record<Job['mode'], string> = { backfill: 'History', incremental: 'Update' };
const files: ReadonlySet<IntegrationId> = new Set(['mbox', 'slack_export', 'ics']);
/** Nobody has mail from before; a file that is read from here on is read as a whole. */
const BEFORE_MAIL = '1960';
/** What it covers: a stretch of the past, a file, or what is new since the last one. */
export function rangeOf(job: Job): string {
  if (job.mode === 'incremental') return `New since ${shortDay(job.start_date)}`;
  if (files.has(job.integration_id)) return job.start_date < BEFORE_MAIL ? 'The whole file' : `The file from ${shortDay(job.start_date)} on`;
  return range(job.start_date, job.end_date);
}

/** Connection -> the account's name. */
export const accountsOf = (connections: readonly { connection_id: string; account: string }[] | undefined): ReadonlyMap<string, string> => new Map(connections?.map((one) => [one.connection_id, one.account]));

/** The stream's own title (`#general`), else its name in words: `mail` -> `Mail`, `inbox_items` -> `Inbox items`. A provider's id says nothing to anybody. */
export function streamTitle({ name, title }: { name: string; title?: string | null | undefined }): string {
  if (title || !/^[a-z_]+$/.test(name)) return title ?? '';
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Something of it is in memory while it is still at work: one need not wait to ask. */
export const canBeAsked = (job: Job): boolean => job.status === 'running' && job.records_processed > 0;

/** What is happening, in one sentence. */
export function activity(job: Job): string {
  switch (job.status) {
    case 'running': return runningActivity(job);
    case 'pending': case 'paused': case 'failed': case 'cancelled': case 'completed':
      return job.message ?? (job.reason ? reasonSentences[job.reason] : statusWords[job.status].label);
  }
}

function runningActivity(job: Job): string {
  const open = job.streams.filter((stream) => !stream.done);
  if (job.streams.length === 0 || (job.chunks_completed === 0 && open.length > 0)) return 'A worker has started. It reads the newest days first.';
  if (open.length === 0) {
    const { enrichment } = job;
    if (enrichment && enrichment.queued > 0) return `Everything is stored and searchable. Your model is still reading: ${count(enrichment.queued, 'record')} to go.`;
    return 'Everything is stored. Checking the books.';
  }
  const shown = open.slice(0, STREAMS_NAMED_MAX).map(readingNow), more = open.length - shown.length;
  return `Reading ${listOf(more > 0 ? [...shown, `${more} more`] : shown)}.${canBeAsked(job) ? ' What is stored can be searched already.' : ''}`;
}

function readingNow(stream: StreamProgress): string {
  const title = stream.title ?? streamTitle(stream).toLowerCase();
  return stream.complete_back_to ? `${title} from before ${day(stream.complete_back_to)}` : `the newest ${title}`;
}

export function listOf(parts: readonly string[]): string {
  if (parts.length < 2) return parts[0] ?? '';
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

export type NextStep = 'reconnect' | 'resume' | 'start_again' | 'search' | 'see_failures' | 'raise_limit' | 'see_running';
/** The ways on from a state that does not run by itself, best first. */
export function nextSteps(job: Job): NextStep[] {
  const failures: NextStep[] = job.ledger.failed > 0 ? ['see_failures'] : [];
  switch (job.status) {
    case 'pending': case 'running': return [];
    case 'completed': return [...failures, 'search'];
    case 'failed': return job.reason === 'forbidden' ? ['reconnect', 'resume', ...failures] : ['resume', 'start_again', ...failures];
    case 'paused':
      if (job.reason === 'auth_expired' || job.reason === 'connection_removed') return ['reconnect', 'resume'];
      if (job.reason === 'quota_exhausted') return ['raise_limit', 'resume'];
      return job.reason === 'too_many_jobs' ? ['see_running', 'resume'] : ['resume'];
    case 'cancelled': return job.reason === 'abandoned' ? ['resume', 'start_again'] : ['start_again'];
  }
}

/** How long the job took or has been at it; null when it never began. */
export function duration(job: Job, now = Date.now()): string | null {
  if (!job.started_at) return null;
  const end = job.completed_at ? Date.parse(job.completed_at) : job.status === 'running' ? now : Date.parse(job.updated_at);
  return span((end - Date.parse(job.started_at)) / 1_000);
}
