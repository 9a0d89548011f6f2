/** The workbench: a mailbox from a file, one mail a line as JSON, in the shape of SPEC.md section 8. Plain bodies stay plain. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { makeMessage } from './message.ts';
import type { Mailbox, Person } from './shape.ts';

type Line = {
  id?: unknown; folder?: unknown; messageId?: unknown; date?: unknown; from?: unknown; to?: unknown; cc?: unknown; bcc?: unknown;
  subject?: unknown; inReplyTo?: unknown; references?: unknown; body?: unknown;
};
type LoadOptions = { shift: boolean; now: Date; owner?: Person };

const DAY_MS = 86_400_000;
/** Dates outside of these are a clock's fault, not a time. */
const EARLIEST = Date.UTC(1980, 0, 1), LATEST = Date.UTC(2035, 0, 1);

/** Reads `file` (.jsonl, or .jsonl.gz). With `shift` all dates move by the same whole days, so that the newest mail is of yesterday. */
export function loadMailbox(file: string, { shift, now }: LoadOptions): Mailbox {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  const lines = text.split('\n').flatMap((line, index) => parse(line, index, file));
  const times = datesOf(lines, now), newest = times.reduce((a, b) => Math.max(a, b), 0);
  const by = shift && lines.length ? Math.floor(now.getTime() / DAY_MS) * DAY_MS - DAY_MS - Math.floor(newest / DAY_MS) * DAY_MS : 0;
  const threads = threadsOf(lines), people = new Map<string, Person>(), ids = new Set<string>();
  const messages = lines.map((line, i) => {
    const key = unique(textOf(line.id) || textOf(line.messageId) || `line ${i}`, ids);
    const body = textOf(line.body), html = /^\s*<(!doctype|html|body|div|p|table)\b/i.test(body), from = personOf(line.from);
    const to = peopleOf(line.to), cc = peopleOf(line.cc), bcc = peopleOf(line.bcc), at = new Date((times[i] ?? 0) + by).toISOString().replace(/\.\d+Z$/, 'Z');
    for (const person of [...from ? [from] : [], ...to, ...cc]) if (!people.has(person.address.toLowerCase())) people.set(person.address.toLowerCase(), person);
    const draft = /draft/i.test(textOf(line.folder)), messageId = textOf(line.messageId);
    return makeMessage({
      key, thread: threads[i] ?? key, subject: textOf(line.subject), body: { contentType: html ? 'html' : 'text', content: body },
      preview: (html ? body.replace(/<[^>]*>/g, ' ') : body).replace(/\s+/g, ' ').trim(), at, to, cc, bcc, isDraft: draft,
      folder: draft ? 'Drafts' : /sent/i.test(textOf(line.folder)) ? 'Sent Items' : 'Inbox', ...from && { from }, ...messageId && { messageId },
    });
  });
  return { messages, events: [], people: [...people.values()] };
}

function parse(line: string, index: number, file: string): Line[] {
  if (!line.trim()) return [];
  try {
    return [JSON.parse(line) as Line];
  } catch {
    throw new Error(`${file}: line ${index + 1} is not JSON`);
  }
}

/** A mail without a usable date takes the one of the mail before it, the first ones that of the first dated mail. */
function datesOf(lines: Line[], now: Date): number[] {
  const read = lines.map(({ date }) => typeof date === 'string' || typeof date === 'number' ? new Date(date).getTime() : Number.NaN);
  const usable = (ms: number | undefined): ms is number => ms !== undefined && ms >= EARLIEST && ms <= LATEST;
  let last = read.find(usable) ?? now.getTime() - DAY_MS;
  return read.map(ms => last = usable(ms) ? ms : last);
}

/** Mails that answer each other, or quote the same mail, or carry the same subject between the same words, are one thread. */
function threadsOf(lines: Line[]): string[] {
  const parent = new Map<string, string>();
  const root = (key: string): string => {
    const up = parent.get(key);
    if (up === undefined || up === key) return key;
    const top = root(up);
    parent.set(key, top);
    return top;
  };
  const keys = lines.map((line, i) => {
    const own = textOf(line.messageId) || `line ${i}`, subject = textOf(line.subject).replace(/^\s*((re|fw|fwd|aw|wg|tr)(\[\d+\])?:\s*)+/i, '').trim().toLowerCase();
    const answered = [...listOf(line.inReplyTo), ...listOf(line.references)];
    const replies = /^\s*(re|fw|fwd|aw|wg|tr)(\[\d+\])?:/i.test(textOf(line.subject));
    for (const other of answered) parent.set(root(other), root(own));
    if (subject && (replies || !answered.length)) parent.set(root(own), root(`subject ${subject}`));
    return own;
  });
  return keys.map(root);
}

function listOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : textOf(value).split(/\s+/)).map(textOf).filter(Boolean);
}

const textOf = (value: unknown): string => typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

function personOf(value: unknown): Person | undefined {
  if (typeof value === 'string') return value.includes('@') ? { name: '', address: value.trim() } : undefined;
  const { name, address } = (value ?? {}) as Record<string, unknown>;
  return textOf(address) ? { name: textOf(name), address: textOf(address).trim() } : undefined;
}

const peopleOf = (value: unknown): Person[] => (Array.isArray(value) ? value : value ? [value] : []).flatMap(one => personOf(one) ?? []);

function unique(key: string, taken: Set<string>): string {
  let free = key;
  for (let n = 2; taken.has(free); n++) free = `${key} (${n})`;
  taken.add(free);
  return free;
}
