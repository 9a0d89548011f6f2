/** Pure: a long text as passages, each with a vector of its own, so that a phrase at the end of a long mail counts as much as one at its beginning. A short text is one. */
import { PASSAGE_BOUNDARY_CHARS, PASSAGE_CHARS, PASSAGE_OVERLAP_CHARS, PASSAGE_WHOLE_CHARS_MAX } from '#contract/limits';
import type { MarkedPart, Passage } from '#contract/memory';
import { newPart } from './parts.ts';

interface Range { start: number; end: number }

/** At least one; of the new part only, or of everything where nothing is new. Settled parts. The same text always gives the same passages. */
export function passagesOf(title: string, text: string, parts: MarkedPart[], fresh = newPart(text, parts) || text): Passage[] {
  if (fresh.length <= PASSAGE_WHOLE_CHARS_MAX) return [{ start: 0, end: text.length, embeddable: `${title}\n${fresh}`.trim() }];
  const ranges = unmarked(text, parts), joined = ranges.map(({ start, end }) => text.slice(start, end)).join('');
  return cutsOf(joined).map(({ start, end }) => ({ start: placeOf(ranges, start), end: placeOf(ranges, end - 1) + 1, embeddable: `${title}\n${joined.slice(start, end).trim()}`.trim() }));
}

/** What no part covers; the whole text when that is blank. */
function unmarked(text: string, parts: MarkedPart[]): Range[] {
  const ranges: Range[] = [];
  let at = 0;
  for (const { start, end } of [...parts, { start: text.length, end: text.length }]) {
    if (start > at) ranges.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  return ranges.some(({ start, end }) => text.slice(start, end).trim() !== '') ? ranges : [{ start: 0, end: text.length }];
}

/** Where a position of the joined ranges is in the text. */
function placeOf(ranges: readonly Range[], at: number): number {
  let before = 0;
  for (const { start, end } of ranges) {
    if (at - before < end - start) return start + at - before;
    before += end - start;
  }
  return ranges.at(-1)!.end;
}

/** Stretches of about PASSAGE_CHARS, ends at paragraphs, lines, sentences or words, each beginning with the end of the one before. */
function cutsOf(text: string): Range[] {
  const cuts: Range[] = [];
  for (let start = 0; ;) {
    // a rest that would be little more than the overlap belongs to the last one
    if (text.length - start <= PASSAGE_CHARS + 2 * PASSAGE_OVERLAP_CHARS) return [...cuts, { start, end: text.length }];
    const end = boundaryIn(text, start + PASSAGE_CHARS - PASSAGE_BOUNDARY_CHARS, start + PASSAGE_CHARS, 'last');
    cuts.push({ start, end });
    start = boundaryIn(text, end - PASSAGE_OVERLAP_CHARS, end - PASSAGE_OVERLAP_CHARS / 4, 'first');
  }
}

/** Strongest first: where a paragraph, a line, a sentence, a word ends. */
const BOUNDARIES = [/\n\s*\n/g, /\n/g, /[.!?。！？…]["'”’)\]]*\s+|[。！？]/g, /\s+/g];

/** The first or last place between `from` and `to` where something begins that is worth beginning with. */
function boundaryIn(text: string, from: number, to: number, which: 'first' | 'last'): number {
  const window = text.slice(from, to);
  for (const boundary of BOUNDARIES) {
    const found = [...window.matchAll(boundary)].at(which === 'first' ? 0 : -1);
    if (found) return from + found.index + found[0].length;
  }
  return (text.charCodeAt(to) & 0xfc00) === 0xdc00 ? to - 1 : to;
}
