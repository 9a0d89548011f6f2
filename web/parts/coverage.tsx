/** For each stream how far back it is complete: one track over the job's range, newest at the right. Many streams (Slack channels) are summed up until one asks. */
import { useState } from 'react';
import type { HistoricalSyncJob } from '../client/index.ts';
import { streamTitle } from '../words/job.ts';
import { count, day } from '../words/time.ts';

type Stream = HistoricalSyncJob['streams'][number];
/** More tracks than this say less, not more. */
const TRACKS_MAX = 5;

export function Coverage({ job }: { job: HistoricalSyncJob }) {
  const [all, setAll] = useState(false);
  if (job.streams.length === 0) return null;
  // What is still open, or was passed over, is what one looks for.
  const ranked = job.streams.length > TRACKS_MAX ? job.streams.toSorted((a, b) => rank(a) - rank(b)) : job.streams;
  const shown = all ? ranked : ranked.slice(0, TRACKS_MAX), done = job.streams.filter((one) => one.done && !one.note).length;
  return (
    <div className="coverage">
      <ul>{shown.map((stream) => <Track key={stream.name} stream={stream} job={job} />)}</ul>
      {job.streams.length > TRACKS_MAX && <p className="coverage-more">{count(done, 'part')} of {job.streams.length} complete. <button type="button" className="text-link" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show all ${job.streams.length}`}</button></p>}
    </div>
  );
}

const rank = (stream: Stream): number => (!stream.done ? 0 : stream.note ? 1 : 2);

function Track({ stream, job }: { stream: Stream; job: HistoricalSyncJob }) {
  const start = Date.parse(job.start_date), end = Date.parse(job.end_date), whole = stream.done && !stream.note;
  const from = whole ? start : stream.complete_back_to ? Date.parse(stream.complete_back_to) : end;
  const covered = end > start ? Math.max(0, Math.min(1, (end - from) / (end - start))) : 1;
  return (
    <li>
      <span className="coverage-name">{streamTitle(stream)}</span>
      <span className="track" aria-hidden="true"><span className={whole ? 'track-fill track-done' : 'track-fill'} style={{ transform: `scaleX(${covered})` }} /></span>
      <span className="coverage-text">{reach(stream, job)}</span>
      {stream.note && <span className="coverage-note">{stream.note}</span>}
    </li>
  );
}

function reach({ done, complete_back_to, note }: Stream, job: HistoricalSyncJob): string {
  if (done && !note) return `complete back to ${day(job.start_date)}`;
  if (complete_back_to) return `complete back to ${day(complete_back_to)}`;
  return note ? 'passed over' : 'newest days first …';
}
