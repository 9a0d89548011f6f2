/** The page's book of jobs: the recent list, kept live by one subscription per active job, read by every screen. */
import { useEffect } from 'react';
import { isActive, isTerminal } from '#contract/job';
import { getJobStatus, listSyncJobs, subscribeToProgress } from '../client/index.ts';
import type { ApiError, HistoricalSyncJob, ProgressMode } from '../client/index.ts';
import { activity, integrationTitle } from '../words/job.ts';
import type { Tone } from '../words/job.ts';
import { count } from '../words/time.ts';
import { notify } from './notify.ts';
import { reloadResources } from './resource.ts';
import { asApiError, sessionLost } from './session.ts';
import { createStore, useStore } from './store.ts';
import { onTabNews } from './tabs.ts';
import { toast } from './toasts.ts';

export interface LiveJob {
  job: HistoricalSyncJob;
  /** How its news comes in; null when nobody needs to tell us any more. */
  mode: ProgressMode | null;
  recordsPerSecond: number | null;
}
interface JobBook { jobs: ReadonlyMap<string, LiveJob>; loaded: boolean; error: ApiError | null; total: number }

const RECENT = 50;
const REFRESH_MS = 20_000;
/** The rate is that of the last half minute: long enough to be calm, short enough to be true. */
const RATE_WINDOW_MS = 30_000;

const empty: JobBook = { jobs: new Map(), loaded: false, error: null, total: 0 };
const book = createStore<JobBook>(empty);
const following = new Map<string, () => void>();
const samples = new Map<string, { at: number; records: number }[]>();
const set = (next: Partial<JobBook>): void => book.set({ ...book.get(), ...next });

export const useJobBook = (): JobBook => useStore(book);
export const newestFirst = (jobs: JobBook['jobs']): LiveJob[] => [...jobs.values()].sort((a, b) => b.job.created_at.localeCompare(a.job.created_at));

/** Puts what somebody just learned of a job into the book. Older news than known is dropped. */
export function noteJob(job: HistoricalSyncJob): void {
  const known = book.get().jobs.get(job.job_id);
  if (!known || job.seq > known.job.seq) {
    if (known) announce(known.job, job);
    put(job, { mode: known?.mode ?? null, recordsPerSecond: rateOf(job) });
  }
  if (!isTerminal(job.status)) follow(job.job_id);
}

function put(job: HistoricalSyncJob, rest: Omit<LiveJob, 'job'>): void {
  set({ jobs: new Map(book.get().jobs).set(job.job_id, { job, ...rest }) });
}

function follow(jobId: string): void {
  if (following.has(jobId)) return;
  const done = (): void => { following.delete(jobId); samples.delete(jobId); const known = book.get().jobs.get(jobId); if (known) put(known.job, { mode: null, recordsPerSecond: null }); };
  following.set(jobId, subscribeToProgress(jobId, {
    onEvent: (event) => noteJob(event.job),
    onMode: (mode) => { const known = book.get().jobs.get(jobId); if (known) put(known.job, { ...known, mode }); },
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
  if (!first || now - first.at < 1_500) return book.get().jobs.get(job.job_id)?.recordsPerSecond ?? null;
  return Math.max(0, (job.records_processed - first.records) / ((now - first.at) / 1_000));
}

/** Says it anywhere in the app, and outside it to whoever asked for that, when a job that was on its way stops being so. */
function announce(before: HistoricalSyncJob, after: HistoricalSyncJob): void {
  if (!isActive(before.status) || isActive(after.status)) return;
  const title = integrationTitle(after.integration_id), to = `/jobs/${after.job_id}`, link = { to, label: 'See the sync' };
  const say = (tone: Tone, headline: string, text: string, way = link): void => { toast({ tone, title: headline, text, link: way }); notify(headline, text, to); };
  reloadResources();
  if (after.status === 'completed') say('good', `${title} is in memory`, `${count(after.records_processed, 'record')} can be searched now.`, { to: '/search', label: 'Search' });
  else if (after.status === 'failed' || after.reason === 'abandoned') say('bad', `The ${title} sync stopped`, activity(after));
  else if (after.status === 'paused' && after.reason !== 'user_paused') say('warn', `The ${title} sync is paused`, activity(after));
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
    const error = asApiError(cause);
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
    const everything = (): void => { void refreshJobs(); reloadResources(); };
    void refreshJobs();
    const timer = setInterval(whenSeen, REFRESH_MS);
    const deaf = onTabNews((news) => { if (news === 'changed') everything(); });
    addEventListener('focus', whenSeen);
    addEventListener('online', everything);
    return () => {
      era++;
      clearInterval(timer);
      deaf();
      removeEventListener('focus', whenSeen);
      removeEventListener('online', everything);
      for (const stop of following.values()) stop();
      following.clear();
      samples.clear();
      book.set(empty);
    };
  }, []);
}
