/** How far a job is: the bar, the figures, and for each stream how far back it is complete. Shows; does nothing. */
import { Progress } from 'radix-ui';
import { isBalanced } from '#contract/job';
import type { HistoricalSyncJob } from '../client/index.ts';
import type { LiveJob } from '../state/jobs.ts';
import { duration, statusWords, streamTitle } from '../words/job.ts';
import { day, left, number, percent, rate, shortDay } from '../words/time.ts';
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

/** One track per stream over the job's range: newest at the right, filled as far back as everything is in memory. */
export function Coverage({ job }: { job: HistoricalSyncJob }) {
  if (job.streams.length === 0) return null;
  const start = Date.parse(job.start_date), end = Date.parse(job.end_date);
  return (
    <div className="coverage">
      <ul>
        {job.streams.map((stream) => {
          const from = stream.done && !stream.note ? start : stream.complete_back_to ? Date.parse(stream.complete_back_to) : end;
          const covered = end > start ? Math.max(0, Math.min(1, (end - from) / (end - start))) : 1;
          return (
            <li key={stream.name}>
              <span className="coverage-name">{streamTitle(stream)}</span>
              <span className="track" aria-hidden="true"><span className={stream.done && !stream.note ? 'track-fill track-done' : 'track-fill'} style={{ transform: `scaleX(${covered})` }} /></span>
              <span className="coverage-text">{reach(stream, job)}</span>
              {stream.note && <span className="coverage-note">{stream.note}</span>}
            </li>
          );
        })}
      </ul>
      <p className="coverage-axis" aria-hidden="true"><span>{shortDay(job.start_date)}</span><span>{shortDay(job.end_date)}</span></p>
    </div>
  );
}

function reach({ done, complete_back_to, note }: HistoricalSyncJob['streams'][number], job: HistoricalSyncJob): string {
  if (done && !note) return `complete back to ${day(job.start_date)}`;
  if (complete_back_to) return `complete back to ${day(complete_back_to)}`;
  return note ? 'passed over' : 'newest days first …';
}

const ledgerColumns = [
  ['stored', 'New in memory'], ['unchanged', 'Known already'], ['duplicate', 'Met twice'], ['failed', 'Not readable'],
] as const;
/** The books: everything seen is accounted for. */
export function LedgerTable({ job }: { job: HistoricalSyncJob }) {
  const { ledger } = job, balanced = isBalanced(ledger);
  return (
    <table className="ledger">
      <caption className="visually-hidden">Ledger: what became of every record the provider showed</caption>
      <tbody>
        {ledgerColumns.map(([key, label]) => <tr key={key}><th scope="row">{label}</th><td>{number(ledger[key])}</td></tr>)}
        <tr className="ledger-sum"><th scope="row">Seen at the provider</th><td>{number(ledger.seen)}</td></tr>
      </tbody>
      <tfoot><tr><td colSpan={2}><Badge tone={balanced ? 'good' : 'warn'}>{balanced ? 'Balanced' : job.status === 'running' ? 'Counting' : 'Does not balance'}</Badge></td></tr></tfoot>
    </table>
  );
}
