/** Plans what one run of a job reads: spans as windows, the provider's changes, and sweeps for what a whole reading did not meet. Pure. */
import type { Span, Stream } from './connector.ts';
import type { JobMode } from './job.ts';
import { INCREMENTAL_OVERLAP_DAYS } from './limits.ts';
import { planWindows, type PlannedWindow } from './windows.ts';

/** Where a stream's changes go on; `place` null: the provider has none for this stream, and is asked again when a sweep is due. `isSweepDue`: there may be more than they told of: what memory holds is to be read anew, and swept. */
export interface Token { since: string; place: unknown; isSweepDue: boolean }
/** What is known of a stream before a run. `stretch`: the newest unbroken stretch of time that is in memory; null: none. */
export interface StreamHistory { stretch: Span | null; tokens: Token[] }

/** `hasChanges`: the provider tells what changed. `looksUp`: it says of one id whether it is gone; without that a sweep only ends a reading that was owed. */
export interface Abilities { hasChanges: boolean; looksUp: boolean }

const DAY_MS = 86_400_000;
const later = (a: string, b: string): string => (a > b ? a : b);

/** All windows of a job's first run. `no` counts per stream: spans from the newest on, then the others. */
export function planRun(mode: JobMode, streams: Stream[], range: Span, historyOf: (stream: string) => StreamHistory, abilities: Abilities): PlannedWindow[] {
  return streams.flatMap((stream) => {
    const history = historyOf(stream.name);
    return mode === 'backfill' ? planBackfill(stream, range, history, abilities) : planIncremental(stream, range, history, abilities);
  });
}

/** A backfill reads its range. Where the provider tells of changes, a token is taken first, so that nothing between this and the first round is missed. */
function planBackfill(stream: Stream, range: Span, { tokens }: StreamHistory, { hasChanges }: Abilities): PlannedWindow[] {
  const begins = hasChanges && !tokens.some((token) => token.since <= range.since);
  return numbered(stream, planWindows([stream], range), begins ? [{ kind: 'changes', ...range, checkpoint: null }] : []);
}

/**
 * A later sync reads what is dated after what memory holds as windows, and of what it holds the changes. Where nothing tells of those (no token, or one
 * that has to be made good), what memory holds is read again, and swept: all of it when a token is begun with it, else the newest days.
 */
function planIncremental(stream: Stream, range: Span, history: StreamHistory, abilities: Abilities): PlannedWindow[] {
  const { stretch } = history, { looksUp } = abilities, isDue = history.tokens.some((token) => token.isSweepDue);
  if (stretch === null) return planBackfill(stream, range, history, abilities);
  const tokens = history.tokens.filter((token) => token.place !== null), hasChanges = abilities.hasChanges && (isDue || tokens.length === history.tokens.length);
  const held: Span = { since: later(stretch.since, range.since), until: later(stretch.until, range.since) };
  const others: Other[] = tokens.map((token) => ({ kind: 'changes', since: token.since, until: later(held.until, token.since), checkpoint: token.place }));
  const isTold = hasChanges && tokens.some((token) => token.since <= held.since);
  if (isTold && !isDue) return numbered(stream, planWindows([stream], { since: held.until, until: range.until }), others);
  const since = hasChanges ? held.since : later(held.since, new Date(Date.parse(held.until) - INCREMENTAL_OVERLAP_DAYS * DAY_MS).toISOString());
  if (hasChanges && !isTold) others.push({ kind: 'changes', ...held, checkpoint: null });
  if (looksUp || hasChanges) others.push({ kind: 'sweep', since, until: later(range.until, held.until), checkpoint: null });
  return numbered(stream, planWindows([stream], { since, until: range.until }), others);
}

/** A token was lost in the middle of a run: what it was to tell of is read anew, and swept. `spans`: the windows that the stream has in this run. Empty: all of it is planned already. */
export function planAnew(stream: Stream, held: Span, until: string, spans: Span[]): PlannedWindow[] {
  const oldest = spans.map((span) => span.since).sort()[0] ?? later(until, held.until);
  if (oldest <= held.since) return [];
  return numbered(stream, planWindows([stream], { since: held.since, until: oldest }), [{ kind: 'sweep', since: held.since, until: later(until, held.until), checkpoint: null }]);
}

type Other = Pick<PlannedWindow, 'kind' | 'since' | 'until' | 'checkpoint'>;
const numbered = (stream: Stream, spans: PlannedWindow[], others: Other[]): PlannedWindow[] =>
  [...spans, ...others.map((other, i) => ({ stream: stream.name, ...(stream.title === undefined ? {} : { title: stream.title }), no: spans.length + i, ...other }))];
