/** How much a sync will find and how long it will take, before it begins: from what earlier syncs of the account did, else from what is usual. Pure. */
import { RECORDS_PER_ACU, TYPICAL_RECORDS_PER_DAY, TYPICAL_RECORDS_PER_SECOND } from '#contract/limits';
import type { Job } from '#contract/job';

const DAY_MS = 86_400_000;
/** Shorter ones say more of the first request than of the account. */
const TELLING_DAYS = 2, TELLING_SECONDS = 1;

/** `own`: reckoned from earlier syncs of the same account. `acu`: at most, if nothing of it is in memory yet. */
interface Estimate { records: number; seconds: number; acu: number; own: boolean }

export function estimate(days: number, earlier: readonly Job[]): Estimate {
  const telling = earlier.filter((job) => job.status === 'completed' && job.ledger.seen > 0 && daysOf(job) >= TELLING_DAYS && secondsOf(job) >= TELLING_SECONDS);
  const seen = sum(telling, (job) => job.ledger.seen), own = telling.length > 0;
  const perDay = own ? seen / sum(telling, daysOf) : TYPICAL_RECORDS_PER_DAY;
  const perSecond = own ? seen / sum(telling, secondsOf) : TYPICAL_RECORDS_PER_SECOND;
  const records = Math.max(1, Math.round(perDay * days));
  return { records, seconds: Math.max(1, Math.round(records / perSecond)), acu: Math.ceil(records / RECORDS_PER_ACU), own };
}

/** Two figures: nobody knows the 3,481st mail before it was met. */
export function rough(records: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(records)) - 1);
  return Math.round(records / unit) * unit;
}

const daysOf = (job: Job): number => (Date.parse(job.end_date) - Date.parse(job.start_date)) / DAY_MS;
const secondsOf = (job: Job): number => job.started_at && job.completed_at ? (Date.parse(job.completed_at) - Date.parse(job.started_at)) / 1_000 : 0;
const sum = (jobs: readonly Job[], of: (job: Job) => number): number => jobs.reduce((total, job) => total + of(job), 0);
