/** The page's book of jobs: the recent list, kept live by one subscription per active job, read by every screen. */
import { useEffect, useSyncExternalStore } from 'react';
import { isActive, isTerminal } from '#contract/job';
import { ApiError, getJobStatus, listSyncJobs, subscribeToProgress } from '../client/index.ts';
import type { HistoricalSyncJob, ProgressMode } from '../client/index.ts';
import { activity, integrationTitle } from '../words/job.ts';
import { count } from '../words/time.ts';
import { sessionLost } from './session.ts';
import { toast } from './toasts.ts';

export interface LiveJob {
  job: HistoricalSyncJob;
  /** How its news comes in; null when nobody needs to tell us any more. */
  mode: ProgressMode | null;
  recordsPerSecond: number | null;
}
export interface JobBook { jobs: ReadonlyMap<string, LiveJob>; loaded: boolean; error: ApiError | null; total: number }

const RECENT = 50;
const REFRESH_MS = 20_000;
/** The rate is that of the last half minute: long enough to be calm, short enough to be true. */
const RATE_WINDOW_MS = 30_000;

let book: JobBook = { jobs: new Map(), loaded: false, error: null, total: 0 };
const listeners = new Set<() => void>();
const following = new Map<string, () => void>();
const samples = new Map<string, { at: number; records: number }[]>();
function set(next: Partial<JobBook>): void { book = { ...book, ...next }; for (const listener of listeners) listener(); }

export const useJobBook = (): JobBook => useSyncExternalStore((listener) => { listeners.add(listener); return () => { listeners.delete(listener); }; }, () => book);
export const newestFirst = (jobs: JobBook['jobs']): LiveJob[] => [...jobs.values()].sort((a, b) => b.job.created_at.localeCompare(a.job.created_at));

/** Puts what somebody just learned of a job into the book. Older news than known is dropped. */
export function noteJob(job: HistoricalSyncJob): void {
  const known = book.jobs.get(job.job_id);
  if (!known || job.seq > known.job.seq) {
    if (known) announce(known.job, job);
    put(job, { mode: known?.mode ?? null, recordsPerSecond: rateOf(job) });
  }
  if (!isTerminal(job.status)) follow(job.job_id);
}

function put(job: HistoricalSyncJob, rest: Omit<LiveJob, 'job'>): void {
  set({ jobs: new Map(book.jobs).set(job.job_id, { job, ...rest }) });
}

function follow(jobId: string): void {
  if (following.has(jobId)) return;
  const done = (): void => { following.delete(jobId); samples.delete(jobId); const known = book.jobs.get(jobId); if (known) put(known.job, { mode: null, recordsPerSecond: null }); };
  following.set(jobId, subscribeToProgress(jobId, {
    onEvent: (event) => noteJob(event.job),
    onMode: (mode) => { const known = book.jobs.get(jobId); if (known) put(known.job, { ...known, mode }); },
    onEnd: done,
    onError: (error) => { done(); if (error.code === 'unauthenticated') sessionLost(); },
  }));
}

function rateOf(job: HistoricalSyncJob): number | null {
  if (job.status !== 'running') { samples.delete(job.job_id); return null; }
  const now = Date.now(), all = samples.get(job.job_id) ?? [];
  const kept = [...all.filter((sample) => now - sample.at < RATE_WINDOW_MS), { at: now, records: job.records_processed }];
  samples.set(job.job_id, kept);
  const first = kept[0];
  if (!first || now - first.at < 1_500) return book.jobs.get(job.job_id)?.recordsPerSecond ?? null;
  return Math.max(0, (job.records_processed - first.records) / ((now - first.at) / 1_000));
}

/** Says it anywhere in the app when a job that was on its way stops being so. */
function announce(before: HistoricalSyncJob, after: HistoricalSyncJob): void {
  if (!isActive(before.status) || isActive(after.status)) return;
  const title = integrationTitle(after.integration_id), link = { to: `/jobs/${after.job_id}`, label: 'See the sync' };
  if (after.status === 'completed') toast({ tone: 'good', title: `${title} is in memory`, text: `${count(after.records_processed, 'record')} can be searched now.`, link: { to: '/search', label: 'Search' } });
  else if (after.status === 'failed' || after.reason === 'abandoned') toast({ tone: 'bad', title: `The ${title} sync stopped`, text: activity(after), link });
  else if (after.status === 'paused' && after.reason !== 'user_paused') toast({ tone: 'warn', title: `The ${title} sync is paused`, text: activity(after), link });
}

/** Grows when the book is closed: what was asked for somebody else must not come into the next one's. */
let era = 0;
export async function refreshJobs(): Promise<void> {
  const asked = era;
  try {
    const { jobs, total } = await listSyncJobs(null, { limit: RECENT });
    if (asked !== era) return;
    for (const job of jobs) noteJob(job);
    set({ loaded: true, error: null, total });
  } catch (cause) {
    const error = cause instanceof ApiError ? cause : new ApiError('internal', 'This page ran into a fault of its own. Reload it.', { details: String(cause) });
    if (error.code === 'unauthenticated') sessionLost();
    if (asked === era) set({ error });
  }
}

/** A job older than the recent list. */
export async function loadJob(jobId: string): Promise<void> { noteJob(await getJobStatus(jobId)); }

/** Runs while somebody is signed in: fills the book, keeps it fresh, empties it afterwards. */
export function useJobWatch(): void {
  useEffect(() => {
    const whenSeen = (): void => { if (document.visibilityState === 'visible') void refreshJobs(); };
    void refreshJobs();
    const timer = setInterval(whenSeen, REFRESH_MS);
    addEventListener('focus', whenSeen);
    return () => {
      era++;
      clearInterval(timer);
      removeEventListener('focus', whenSeen);
      for (const stop of following.values()) stop();
      following.clear();
      samples.clear();
      set({ jobs: new Map(), loaded: false, error: null, total: 0 });
    };
  }, []);
}
