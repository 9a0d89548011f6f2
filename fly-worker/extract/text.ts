/** Source record -> clean, redacted, marked text. Order matters: readable first, secrets out, then cut, then history marked on what is kept. */
import type { SourceRecord } from '#contract/connector';
import { TEXT_CHARS_MAX, TITLE_CHARS_MAX } from '#contract/limits';
import type { MarkedPart } from '#contract/memory';
import type { SecretKind } from '#contract/redaction';
import { readHtml, type ReadableText } from './html.ts';
import { newPart } from './parts.ts';
import { redact } from './redact.ts';
import { markReplies } from './replies.ts';

export interface DerivedText {
  title: string;
  text: string;
  /** Settled. */
  parts: MarkedPart[];
  /** The new part; the whole text when everything in it is history (a forwarded mail). */
  fresh: string;
  redacted: Record<string, number>;
  /** Kinds of secrets that the tenant wants left in. */
  spared: readonly SecretKind[];
}

/** Redaction makes text shorter or longer by little; nothing behind this is ever stored. */
const READ_CHARS_MAX = 2 * TEXT_CHARS_MAX;

export function deriveText(record: SourceRecord, spared: readonly SecretKind[] = []): DerivedText {
  const title = redact(clean(record.title.slice(0, 2 * TITLE_CHARS_MAX)).replace(/\s+/g, ' ').trim(), [], spared);
  const readable = read(record);
  const body = redact(readable.text, readable.parts, spared);
  const text = cut(body.text, TEXT_CHARS_MAX);
  const parts = markReplies(text, body.parts);
  const counts: Record<string, number> = { ...title.counts };
  for (const [kind, count] of Object.entries(body.counts)) counts[kind] = (counts[kind] ?? 0) + count;
  return { title: cut(title.text, TITLE_CHARS_MAX), text, parts, fresh: newPart(text, parts) || text, redacted: counts, spared };
}

function read(record: SourceRecord): ReadableText {
  const { format, content } = record.body;
  const isHtml = format === 'html' || /^\s*<(?:!doctype html|html|head|body|div|p|table)[\s>]/i.test(content.slice(0, 200));
  const readable = isHtml ? readHtml(clean(content)) : { text: readPlain(content), parts: [] };
  const place = record.kind === 'event' ? record.properties['location'] : null;
  if (typeof place !== 'string' || place.trim() === '') return readable;
  // the place of an event is searched for as its words are
  const head = `${clean(place).replace(/\s+/g, ' ').trim().slice(0, 500)}\n\n`;
  return { text: (head + readable.text).trimEnd(), parts: readable.parts.map((part) => ({ ...part, start: part.start + head.length, end: part.end + head.length })) };
}

const readPlain = (content: string): string =>
  clean(content.slice(0, READ_CHARS_MAX)).replace(/\r\n?/g, '\n').replace(/[ \t\u00a0]+$/gm, '').replace(/\n{3,}/g, '\n\n').replace(/^\n+|\n+$/g, '');

/** Postgres refuses NUL, JSON refuses lone surrogates. Other control characters say nothing. */
const clean = (text: string): string => {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  const printable = CONTROL.test(wellFormed) ? wellFormed.replace(CONTROLS, '') : wellFormed;
  // macOS writes é as e and an accent; searched as one letter, it must be one.
  return ACCENT.test(printable) ? printable.normalize('NFC') : printable;
};
const ACCENT = /[\u0300-\u036f]/;
/** One plain class of one-byte characters is five times as fast as \p{Cc} with a look-ahead. */
const CONTROL = /[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]/, CONTROLS = /[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]/g;

/** At most `max` UTF-16 units, never half a character, never half a word where that costs little. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = (text.charCodeAt(max - 1) & 0xfc00) === 0xd800 ? max - 1 : max;
  return text.slice(0, end).trimEnd();
}
