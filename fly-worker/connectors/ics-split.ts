/** Where the components of a calendar file begin and end, byte by byte, so that a checkpoint can stand between any two. RFC 5545 section 3.4 */
import { EVENT_BYTES_MAX } from '#contract/limits';
import { asciiOf } from './archive-file.ts';

export interface RawComponent {
  /** Where in the file it begins, and where the one after it may. */
  from: number;
  next: number;
  /** In lower case: `vevent`. */
  name: string;
  /** From BEGIN to END; of one that is too large its beginning. */
  bytes: Uint8Array;
  /** Why it cannot be read as a whole, in a sentence; null: it can. */
  trouble: string | null;
}

const LF = 10;
/** A line that matters is a short one. */
const MARK_CHARS = 80;

interface Open { name: string; from: number; depth: number; head: Uint8Array | null }

/**
 * The components right below VCALENDAR from a place between two of them on; several calendars in one file are one. `more` answers the bytes
 * that follow those it answered before, and none at the end. At most a component and one answer of `more` are held.
 */
export async function* splitCalendar(more: () => Promise<Uint8Array>, from: number): AsyncGenerator<RawComponent> {
  let held: Uint8Array = new Uint8Array(), base = from, at = 0, isEnd = false, open: Open | null = null;
  const upTo = (end: number): Uint8Array => (open!.head ?? held.subarray(open!.from - base, end - base));
  const closed = (end: number, trouble: string | null): RawComponent => ({ from: open!.from, next: end, name: open!.name, bytes: upTo(end), trouble: open!.head ? 'It is too large to be read.' : trouble });
  for (;;) {
    const lineEnd = held.indexOf(LF, at);
    if (lineEnd < 0 && !isEnd) {
      if (open && open.head === null && base + held.length - open.from > EVENT_BYTES_MAX) open.head = held.slice(open.from - base, open.from - base + 65_536);
      // What is behind us goes, as far as it is not the component in hand.
      const keep: number = open && open.head === null ? open.from - base : at;
      const next = await more();
      isEnd = next.length === 0;
      const joined = new Uint8Array(held.length - keep + next.length);
      joined.set(held.subarray(keep));
      joined.set(next, held.length - keep);
      [held, base, at] = [joined, base + keep, at - keep];
      continue;
    }
    const end = lineEnd < 0 ? held.length : lineEnd + 1;
    if (at >= held.length) {
      if (open) yield closed(base + held.length, 'The file breaks off in the middle of it.');
      return;
    }
    const mark = /^\s*(BEGIN|END):\s*([^\s;:]+)\s*$/i.exec(asciiOf(held.subarray(at, Math.min(end, at + MARK_CHARS))));
    const isBegin = mark?.[1]!.toUpperCase() === 'BEGIN', name = mark?.[2]!.toLowerCase() ?? '';
    const begins: Open = { name, from: base + at, depth: 1, head: null };
    if (mark && open) {
      if (name === 'vcalendar' || (isBegin && name === open.name)) {
        // Its END is missing; the next one must not drown with it.
        yield closed(base + at, 'The file does not say where it ends.');
        open = isBegin && name !== 'vcalendar' ? begins : null;
      } else {
        open.depth += isBegin ? 1 : -1;
        if (open.depth === 0) {
          yield closed(base + end, null);
          open = null;
        }
      }
    } else if (mark && isBegin && name !== 'vcalendar') open = begins;
    at = end;
  }
}
