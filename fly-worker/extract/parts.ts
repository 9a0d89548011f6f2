/** Marked parts of a text: pure bookkeeping of offsets. */
import type { MarkedPart } from '#contract/memory';

/** Strongest first: a signature inside history is history. */
const BY_STRENGTH: MarkedPart['kind'][] = ['quote', 'disclaimer', 'signature'];

/** Ascending, without overlaps and white space at the edges; where two kinds overlap, the stronger one wins. */
export function settleParts(parts: MarkedPart[], text: string): MarkedPart[] {
  let settled: MarkedPart[] = [];
  for (const kind of BY_STRENGTH) {
    const own = parts.filter((part) => part.kind === kind);
    if (own.length > 0) settled = [...settled, ...without(united(own, text), settled)].sort((a, b) => a.start - b.start);
  }
  return settled.flatMap((part) => trimmed(part, text) ?? []);
}

/** Overlapping ones and those with nothing but white space between become one. */
function united(parts: MarkedPart[], text: string): MarkedPart[] {
  const joined: MarkedPart[] = [];
  for (const part of [...parts].sort((a, b) => a.start - b.start)) {
    const last = joined[joined.length - 1];
    if (last && (part.start <= last.end || isBlank(text, last.end, part.start))) last.end = Math.max(last.end, part.end);
    else joined.push({ ...part });
  }
  return joined;
}

/** `parts` minus `taken`; both ascending, neither overlapping in itself. */
function without(parts: MarkedPart[], taken: MarkedPart[]): MarkedPart[] {
  const left: MarkedPart[] = [];
  let i = 0;
  for (const part of parts) {
    let start = part.start;
    while (i < taken.length && taken[i]!.end <= start) i += 1;
    for (let k = i; k < taken.length && taken[k]!.start < part.end; k += 1) {
      if (taken[k]!.start > start) left.push({ kind: part.kind, start, end: taken[k]!.start });
      start = Math.max(start, taken[k]!.end);
    }
    if (start < part.end) left.push({ kind: part.kind, start, end: part.end });
  }
  return left;
}

function isBlank(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (!isSpace(text.charCodeAt(i))) return false;
  return true;
}

function trimmed(part: MarkedPart, text: string): MarkedPart | null {
  let { start, end } = part;
  end = Math.min(end, text.length);
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return start < end ? { kind: part.kind, start, end } : null;
}
const isSpace = (c: number): boolean => c === 32 || c === 10 || c === 9 || c === 13 || c === 160;

/** What no part covers: the new part of the text. Parts must be settled. */
export function newPart(text: string, parts: MarkedPart[]): string {
  if (parts.length === 0) return text;
  let kept = '', at = 0;
  for (const part of parts) { kept += text.slice(at, part.start); at = part.end; }
  return (kept + text.slice(at)).replace(/\n{3,}/g, '\n\n').trim();
}
