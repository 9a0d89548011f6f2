/** Cuts a job's range into windows, newest first, and reads progress off them. Pure. */
import type { Span, Stream } from './connector.ts';
import type { StreamProgress } from './job.ts';
import { WINDOWS_PER_STREAM_MAX } from './limits.ts';

/** `span`: reads a span of time. `changes`: follows the provider's changes of what memory holds. `sweep`: looks for what a whole reading did not meet. */
export type WindowKind = 'span' | 'changes' | 'sweep';
/** `checkpoint`: where it starts; null: at its beginning. */
export interface PlannedWindow extends Span { stream: string; title?: string; no: number; kind: WindowKind; checkpoint: unknown }
/**
 * `covered`: part of the window that is in memory, 0..1. `retryOf`: it only reads the failed records of that window again, so it covers nothing
 * of its own. `note`: why it was passed over; there is nothing more to do in it, but nothing is complete either. `leftOut`: records that were
 * met but lie outside of the range.
 */
export interface WindowState {
  stream: string; no: number; since: string; until: string; done: boolean; covered: number; retryOf?: number | null; kind?: WindowKind; title?: string | null; note?: string | null; leftOut?: number;
}

const DAY_MS = 86_400_000;

/** Windows of all streams; `no` 0 is the newest. Windows touch: one's `since` is the next one's `until`. Empty when the span is empty. */
export function planWindows(streams: Stream[], span: Span): PlannedWindow[] {
  const from = Date.parse(span.since), to = Date.parse(span.until);
  if (!(from < to)) return [];
  return streams.flatMap((stream) => {
    const length = Math.max(stream.windowDays * DAY_MS, Math.ceil((to - from) / WINDOWS_PER_STREAM_MAX));
    const windows: PlannedWindow[] = [];
    for (let until = to, no = 0; until > from; until -= length, no++) {
      windows.push({ stream: stream.name, ...(stream.title === undefined ? {} : { title: stream.title }), no, kind: 'span', checkpoint: null, since: new Date(Math.max(from, until - length)).toISOString(), until: new Date(until).toISOString() });
    }
    return windows;
  });
}

const isOrdinary = (w: WindowState): boolean => w.retryOf == null;
/** Only these prove anything about a stretch of time. */
const isSpan = (w: WindowState): boolean => (w.kind ?? 'span') === 'span';

/** Covered part of the whole range, 0..1, weighted by each window's length in time; changes and sweeps weigh nothing. 1 only when every window is done, retries not counted. */
export function coveredPart(all: WindowState[]): number {
  const windows = all.filter(isOrdinary);
  let total = 0, covered = 0, done = windows.length > 0;
  for (const w of windows) {
    const length = isSpan(w) ? Date.parse(w.until) - Date.parse(w.since) : 0;
    total += length;
    covered += length * (w.done ? 1 : Math.min(w.covered, 0.99));
    done &&= w.done;
  }
  return done ? 1 : total === 0 ? 0 : Math.min(covered / total, 0.999);
}

/** Per stream: the oldest edge of the unbroken run of finished windows, counted from the newest. A window that was passed over breaks it. */
export function streamProgress(windows: WindowState[]): StreamProgress[] {
  const byStream = Map.groupBy(windows.filter(isOrdinary), (w) => w.stream);
  return [...byStream].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, list]) => {
    const ordered = list.filter(isSpan).toSorted((a, b) => (a.until > b.until ? -1 : 1));
    // What lies between two windows that do not touch is not this run's to answer for.
    const broken = ordered.findIndex((w, i) => !w.done || w.note || (i > 0 && w.until < ordered[i - 1]!.since));
    const run = broken === -1 ? ordered : ordered.slice(0, broken);
    const title = list[0]?.title, note = ordered.find((w) => w.note)?.note;
    return { name, ...(title ? { title } : {}), complete_back_to: run.at(-1)?.since ?? null, done: list.every((w) => w.done), ...(note ? { note } : {}), ...leftOutOf(ordered) };
  });
}

/** What was met and left out, counted and in a sentence; nothing when nothing was. */
function leftOutOf(newestFirst: WindowState[]): Pick<StreamProgress, 'left_out'> {
  const records = newestFirst.reduce((sum, w) => sum + (w.leftOut ?? 0), 0);
  if (records === 0) return {};
  const since = newestFirst.at(-1)!.since.slice(0, 10), until = newestFirst[0]!.until.slice(0, 10);
  return { left_out: { records, message: `${records} ${records === 1 ? 'record is' : 'records are'} dated before ${since} or after ${until}, outside the range of this sync, and left out. A sync with a wider range, as far as the plan reaches, takes them in.` } };
}

/**
 * How much of a window one page proves: pages of an ordered stream end at a known point in time.
 * `edge` is the occurredAt of the page's last record; unordered streams prove nothing until they end.
 */
export function coveredByPage(order: Stream['order'], span: Span, edge: string | null): number {
  if (edge === null || order === 'unordered') return 0;
  const since = Date.parse(span.since), until = Date.parse(span.until), at = Date.parse(edge);
  const part = order === 'newest_first' ? (until - at) / (until - since) : (at - since) / (until - since);
  return Number.isFinite(part) ? Math.max(0, Math.min(part, 0.99)) : 0;
}
