/** How far a job is: the bar, the figures, and what a model reads afterwards. Shows; does nothing. */
import { Progress } from 'radix-ui';
import type { HistoricalSyncJob } from '../client/index.ts';
import type { LiveJob } from '../state/jobs.ts';
import { duration, statusWords } from '../words/job.ts';
import { count, left, number, percent, rate } from '../words/time.ts';
import { Badge, Figure } from './basics.tsx';
import { Icon } from './icon.tsx';

export function StatusBadge({ job }: { job: HistoricalSyncJob }) {
  const { label, tone } = statusWords[job.status];
  return <Badge tone={tone} dot>{label}</Badge>;
}

/** A small mark: is the news pushed, or asked for every few seconds? */
export function ModeMark({ mode }: { mode: LiveJob['mode'] }) {
  if (!mode) return null;
  return mode === 'live'
    ? <span className="mode mode-live" title="Progress arrives as it happens"><span className="dot" aria-hidden="true" />Live</span>
    : <span className="mode" title="The live connection is down; asking every 5 seconds until it is back"><Icon name="refresh" />Every 5 s</span>;
}

export function ProgressBar({ job }: { job: HistoricalSyncJob }) {
  const done = job.status === 'completed', shown = percent(job.progress_percentage, done);
  return (
    <div className="bar-block">
      <div className="bar-head">
        <strong className="bar-percent">{shown}</strong>
        <span className="bar-eta">{eta(job)}</span>
      </div>
      <Progress.Root className={`bar bar-${job.status}`} value={Math.floor(job.progress_percentage)} aria-label="Progress of the sync" getValueLabel={() => shown}>
        <Progress.Indicator className="bar-fill" style={{ transform: `scaleX(${Math.max(0, Math.min(100, job.progress_percentage)) / 100})` }} />
      </Progress.Root>
    </div>
  );
}
function eta(job: HistoricalSyncJob): string {
  if (job.status === 'running') return job.estimated_seconds_remaining === null ? 'estimating …' : left(job.estimated_seconds_remaining);
  if (job.status === 'pending') return job.next_retry_at && Date.parse(job.next_retry_at) > Date.now() ? `tries again ${left((Date.parse(job.next_retry_at) - Date.now()) / 1_000).replace(' left', '').replace(/^/, 'in ')}` : 'starts by itself';
  return '';
}

export function JobFigures({ live: { job, recordsPerSecond } }: { live: LiveJob }) {
  return (
    <dl className="figures">
      <Figure label="Records" value={number(job.records_processed)} />
      <Figure label="Entities" value={number(job.entities_extracted)} />
      <Figure label="Relationships" value={number(job.relationships_extracted)} />
      {job.status === 'running'
        ? <Figure label="Rate" value={recordsPerSecond === null ? '–' : rate(recordsPerSecond)} hint="records/s" />
        : <Figure label="Took" value={duration(job) ?? '–'} />}
    </dl>
  );
}

/** The stage after the memory: what the tenant's own model has read, and what that cost. */
export function EnrichmentLine({ job: { enrichment } }: { job: HistoricalSyncJob }) {
  if (!enrichment) return null;
  const { queued, done, failed, tokens_spent, tokens_left, message } = enrichment, all = queued + done + failed;
  if (all === 0 && !message) return null;
  return (
    <div className="enrichment">
      <p><Icon name="bolt" /><span><strong>Your model</strong> has read {number(done)} of {count(all, 'record')}{failed > 0 && `, ${number(failed)} it could not`}.</span>
        <span className="quiet">{number(tokens_spent)} tokens spent{tokens_left !== null && `, ${number(tokens_left)} left this month`}</span></p>
      {queued > 0 && <span className="track" aria-hidden="true"><span className="track-fill track-forward" style={{ transform: `scaleX(${all > 0 ? (done + failed) / all : 0})` }} /></span>}
      {message && <p className="quiet">{message}</p>}
    </div>
  );
}
