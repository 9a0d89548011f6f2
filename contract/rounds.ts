/** Plans what one run of a job reads: spans as windows, the provider's changes, and sweeps for what a whole reading did not meet. Pure. */
import type { Span, Stream } from './connector.ts';
import type { JobMode } from './job.ts';
import { INCREMENTAL_OVERLAP_DAYS } from './limits.ts';
import { planWindows, type PlannedWindow } from './windows.ts';

/** Where a stream's changes go on; `place` null: the provider has none for this stream, and is asked again when a sweep is due. `isSweepDue`: there may be more than they told of: what memory holds is to be read anew, and swept. */
interface Token { since: string; place: unknown; isSweepDue: boolean }
/** What is known of a stream before a run. `held`: the unbroken stretches of time that are in memory. `owed`: what later syncs were to read and did not, because they were stopped. Both disjoint. */
export interface StreamHistory { held: Span[]; owed: Span[]; tokens: Token[] }

/** `hasChanges`: the provider tells what changed. `looksUp`: it says of one id whether it is gone; without that a sweep only ends a reading that was owed. */
export interface Abilities { hasChanges: boolean; looksUp: boolean }

const DAY_MS = 86_400_000;
const later = (a: string, b: string): string => (a > b ? a : b);
const earlier = (a: string, b: string): string => (a < b ? a : b);

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
  if (history.held.length === 0) return planBackfill(stream, range, history, abilities);
  // A backfill may have reached into the future, which this range does not.
  const within = overlap(history.held, { since: range.since, until: later(range.until, history.held[0]!.until) }), held = within.length > 0 ? within : [{ since: range.since, until: range.since }];
  const oldest = held.at(-1)!.since, newest = held[0]!.until, fresh = [...overlap(history.owed, range), { since: newest, until: range.until }];
  const tokens = history.tokens.filter((token) => token.place !== null), isDue = history.tokens.some((token) => token.isSweepDue);
  const hasChanges = abilities.hasChanges && (isDue || tokens.length === history.tokens.length), isTold = hasChanges && tokens.some((token) => token.since <= oldest);
  const others: Other[] = tokens.map((token) => ({ kind: 'changes', since: token.since, until: later(newest, token.since), checkpoint: token.place }));
  if (isTold && !isDue) return numbered(stream, windowsOf(stream, fresh), others);
  const since = hasChanges ? oldest : later(oldest, new Date(Date.parse(newest) - INCREMENTAL_OVERLAP_DAYS * DAY_MS).toISOString());
  if (hasChanges && !isTold) others.push({ kind: 'changes', since: oldest, until: newest, checkpoint: null });
  if (abilities.looksUp || hasChanges) others.push({ kind: 'sweep', since, until: later(range.until, newest), checkpoint: null });
  return numbered(stream, windowsOf(stream, [...fresh, ...overlap(held, { since, until: newest })]), others);
}

/** A token was lost in the middle of a run: what it was to tell of is read anew, and swept. `spans`: what the stream has to read in this run. Empty: all of it is planned already. */
export function planAnew(stream: Stream, held: Span, until: string, spans: Span[]): PlannedWindow[] {
  const missing = spans.reduce<Span[]>((rest, { since, until: end }) => rest.flatMap((one) => [{ since: later(one.since, end), until: one.until }, { since: one.since, until: earlier(one.until, since) }].filter(isSome)), [held].filter(isSome));
  if (missing.length === 0) return [];
  return numbered(stream, windowsOf(stream, missing), [{ kind: 'sweep', since: held.since, until: later(until, held.until), checkpoint: null }]);
}

const isSome = ({ since, until }: Span): boolean => since < until;
const overlap = (spans: Span[], { since, until }: Span): Span[] => spans.map((one) => ({ since: later(one.since, since), until: earlier(one.until, until) })).filter(isSome).toSorted(newestFirst);
const newestFirst = (a: Span, b: Span): number => (a.until === b.until ? 0 : a.until > b.until ? -1 : 1);

/** Windows of all of these spans, each moment in one of them, newest first. */
function windowsOf(stream: Stream, spans: Span[]): PlannedWindow[] {
  const joined: Span[] = [];
  for (const { since, until } of spans.filter(isSome).toSorted(newestFirst)) {
    const newer = joined.at(-1);
    if (newer && until >= newer.since) newer.since = earlier(newer.since, since);
    else joined.push({ since, until });
  }
  return joined.flatMap((span) => planWindows([stream], span)).map((window, no) => ({ ...window, no }));
}

type Other = Pick<PlannedWindow, 'kind' | 'since' | 'until' | 'checkpoint'>;
const numbered = (stream: Stream, spans: PlannedWindow[], others: Other[]): PlannedWindow[] =>
  [...spans, ...others.map((other, i) => ({ stream: stream.name, ...(stream.title === undefined ? {} : { title: stream.title }), no: spans.length + i, ...other }))];
