/** The stretch of a text that shows best why it was found, matched words between ⟦ and ⟧. Plain text in, plain text out. */
import { SNIPPET_CHARS } from '#contract/limits';
import { nearestStretch } from './nearest.ts';
import { coverage, fold, matches, termsOf, WORD, type Term } from './terms.ts';

interface Mark { term: number; start: number; end: number }

/** A body shorter than this is shown with everything else there is. */
const LITTLE_CHARS = 40;

/** The snippet of a hit. Without a body to speak of (an event that is only a title): title and people. From the passage that was found, where it comes nearest to the query, unless the query's words are elsewhere. */
export function snippetOf({ title, text, people, passage }: { title: string; text: string; people: readonly string[]; passage?: { start: number; end: number } | null }, query: string): string {
  if (passage) {
    const found = text.slice(passage.start, passage.end), terms = termsOf(query), share = coverage(terms, fold(found));
    if (share >= coverage(terms, fold(text))) {
      const { start, end } = share > 0 ? { start: 0, end: found.length } : nearestStretch(found, query);
      return `${passage.start + start > 0 ? '…' : ''}${snippet(found.slice(start, end), query)}${passage.start + end < text.length ? '…' : ''}`.replace(/…{2,}/g, '…');
    }
  }
  if (text.trim().length >= LITTLE_CHARS) return snippet(text, query);
  return snippet([title, text, people.join(', ')].map((part) => part.trim()).filter((part) => part !== '').join(' · '), query);
}

/** About SNIPPET_CHARS characters of `text`, cut at words, with … where something was left out. */
export function snippet(text: string, query: string, chars: number = SNIPPET_CHARS): string {
  const plain = text.replace(/[⟦⟧]/g, ' '), marks = find(plain, termsOf(query));
  const { start, end } = widened(plain, bestWindow(marks, chars), chars);
  let out = start > 0 ? '…' : '', at = start;
  for (const mark of marks) {
    if (mark.start < at || mark.end > end) continue;
    out += `${plain.slice(at, mark.start)}⟦${plain.slice(mark.start, mark.end)}⟧`;
    at = mark.end;
  }
  out += plain.slice(at, end) + (end < plain.length ? '…' : '');
  return out.replace(/\s+/g, ' ').trim();
}

function find(text: string, terms: Term[]): Mark[] {
  const marks: Mark[] = [];
  if (terms.length === 0) return marks;
  for (const token of fold(text).matchAll(WORD)) {
    const term = terms.findIndex((candidate) => matches(candidate, token[0]));
    if (term >= 0) marks.push({ term, start: token.index, end: token.index + token[0].length });
  }
  return marks;
}

/** The window with most different terms, then most matches, then the earliest. Two pointers. */
function bestWindow(marks: Mark[], chars: number): { start: number; end: number } {
  let best = { start: 0, end: 0 }, bestScore = -1;
  const counts = new Map<number, number>();
  for (let from = 0, to = 0; from < marks.length; from += 1) {
    while (to < marks.length && marks[to]!.end - marks[from]!.start <= chars) { counts.set(marks[to]!.term, (counts.get(marks[to]!.term) ?? 0) + 1); to += 1; }
    const score = counts.size * 1_000 + Math.min(to - from, 999);
    if (score > bestScore) { bestScore = score; best = { start: marks[from]!.start, end: marks[Math.max(from, to - 1)]!.end }; }
    const left = (counts.get(marks[from]!.term) ?? 1) - 1;
    if (left === 0) counts.delete(marks[from]!.term); else counts.set(marks[from]!.term, left);
    if (to <= from) to = from + 1;
  }
  return best;
}

/** Spreads what is left of the length around the matches, a third of it before them, and moves the edges to words. */
function widened(text: string, { start, end }: { start: number; end: number }, chars: number): { start: number; end: number } {
  const spare = Math.max(0, chars - (end - start));
  let from = Math.max(0, start - Math.floor(spare / 3));
  let to = Math.min(text.length, Math.max(end, from + chars));
  from = Math.max(0, Math.min(from, Math.max(0, to - chars), start));
  if (from > 0) { const space = text.slice(from, start).search(/\s/); from = space >= 0 ? from + space + 1 : start; }
  if (to < text.length) { const space = text.slice(end, to).search(/\s\S*$/); to = space > 0 ? end + space : to; }
  if (isLow(text, from)) from -= 1;
  if (isLow(text, to)) to -= 1;
  return { start: from, end: Math.max(to, end) };
}
const isLow = (text: string, at: number): boolean => at > 0 && at < text.length && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
