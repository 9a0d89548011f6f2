/**
 * Where one mail of an mbox ends and the next begins. A mail begins with a line `From sender date`; such lines within a mail are quoted by `>`
 * (mboxrd: one more, mboxo: only bare ones). Content-Length is not believed: programs that edit mail leave it as it was.
 * https://www.rfc-editor.org/rfc/rfc4155, https://doc.dovecot.org/main/core/config/mailbox_formats/mbox.html
 */
import { ENVELOPE_BYTES_MAX, MAIL_BYTES_MAX } from '#contract/limits';
import { asciiOf } from './archive-file.ts';

export interface RawMail {
  /** Where in the file it begins, and where the next one does (the file's end after the last). */
  from: number;
  next: number;
  /** The line it begins with; empty when there is none (a single mail as a file). */
  envelope: string;
  /** Without that line; of a longer mail the first MAIL_BYTES_MAX. */
  bytes: Uint8Array;
}

const LF = 10, CR = 13, QUOTE = 62;
const FROM = [70, 114, 111, 109, 32];
const beginsWithFrom = (bytes: Uint8Array, at: number): boolean => FROM.every((byte, k) => bytes[at + k] === byte);

/** Bytes that must stand behind a candidate before it can be judged: its line and the beginning of the next. */
const LOOK_AHEAD = ENVELOPE_BYTES_MAX + 256;

/**
 * The mails from a place on where one begins, in their order. `more` answers the bytes of the file that follow those it answered before,
 * and none at the end. At most a mail and one answer of `more` are held. A file that is `isSmall`, as is known when some of it was read,
 * and does not begin as an mbox must is a single mail, whatever mails it may bring along inside.
 */
export async function* splitMbox(more: () => Promise<Uint8Array>, { from, isSmall }: { from: number; isSmall(): boolean }): AsyncGenerator<RawMail> {
  let held: Uint8Array = new Uint8Array(), start = from, dropped = 0, scanned = 0, isEnd = false, isSingle = false;
  const grow = async (): Promise<void> => {
    const next = await more();
    isEnd = next.length === 0;
    held = joined(held, next);
  };
  if (from === 0) {
    while (!isEnd && held.length < LOOK_AHEAD) await grow();
    start = leading(held);
    held = held.subarray(start);
    isSingle = isSmall() && !beginsWithFrom(held, 0);
  }
  for (;;) {
    const found = isSingle ? null : boundaryIn(held, scanned, isEnd);
    if (found === null) {
      if (isEnd) {
        if (held.length > 0) yield mailOf(held.subarray(0, MAIL_BYTES_MAX), start, start + dropped + held.length);
        return;
      }
      // A candidate may stand at the very end: what cannot be judged yet is looked at again.
      scanned = Math.max(scanned, held.length - LOOK_AHEAD - 4);
      if (held.length > MAIL_BYTES_MAX + 2 * LOOK_AHEAD) {
        const cut = held.length - LOOK_AHEAD * 2 - MAIL_BYTES_MAX;
        held = joined(held.subarray(0, MAIL_BYTES_MAX), held.subarray(MAIL_BYTES_MAX + cut));
        scanned = Math.max(MAIL_BYTES_MAX, scanned - cut);
        dropped += cut;
      }
      await grow();
      continue;
    }
    const next = start + dropped + found;
    yield mailOf(held.subarray(0, Math.min(found, MAIL_BYTES_MAX)), start, next);
    held = held.subarray(found);
    start = next;
    dropped = scanned = 0;
  }
}

/** A mark of the encoding and empty lines before the first mail. */
function leading(bytes: Uint8Array): number {
  let i = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[i] === LF || bytes[i] === CR) i++;
  return i;
}

/** The next place behind the first line where a mail begins; null: none that can be told with what is there. */
function boundaryIn(bytes: Uint8Array, scanned: number, isEnd: boolean): number | null {
  for (let i = bytes.indexOf(LF, scanned); i >= 0; i = bytes.indexOf(LF, i + 1)) {
    if (!beginsWithFrom(bytes, i + 1)) continue;
    if (!isEnd && i + 1 + LOOK_AHEAD > bytes.length) return null;
    if (beginsMail(bytes, i + 1)) return i + 1;
  }
  return null;
}

const DAY_AND_TIME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\\d{1,2}|\\d{1,2} +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))\\b.* \\d{1,2}:\\d\\d';
const DATED = new RegExp(`^From .*\\b${DAY_AND_TIME}`);
const DATED_WITH_SENDER = new RegExp(`^From +(?:\\S+ +)?${DAY_AND_TIME}`);
/** Thunderbird writes `From - date`, sometimes without the date; Eudora `From ???@??? date`. */
const UNDATED = /^From (?:-|\?\?\?@\?\?\?|[^\s@]+@[^\s@]+)?\s*$/;
const HEADER = /^(?:[!-9;-~]{1,100}:|>From )/;

/**
 * Words like "From here on" begin lines too. A date as mail programs write it, behind an empty line or before a header, is told from
 * words; a line without a date must have both.
 */
function beginsMail(bytes: Uint8Array, at: number): boolean {
  const end = bytes.indexOf(LF, at);
  if (end < 0 || end - at > ENVELOPE_BYTES_MAX) return end < 0 && DATED_WITH_SENDER.test(asciiOf(bytes.subarray(at, at + ENVELOPE_BYTES_MAX)));
  const line = asciiOf(bytes.subarray(at, end)), isHeaderNext = HEADER.test(asciiOf(bytes.subarray(end + 1, end + 121)));
  const isBlankBefore = at < 2 || bytes[at - 2] === LF || (bytes[at - 2] === CR && bytes[at - 3] === LF);
  if (isBlankBefore) return isHeaderNext ? DATED.test(line) || UNDATED.test(line) : DATED_WITH_SENDER.test(line);
  return isHeaderNext && DATED_WITH_SENDER.test(line);
}

function mailOf(bytes: Uint8Array, from: number, next: number): RawMail {
  if (!beginsWithFrom(bytes, 0)) return { from, next, envelope: '', bytes: unquoted(bytes) };
  const end = bytes.indexOf(LF), first = end < 0 ? bytes.length : end;
  return { from, next, envelope: asciiOf(bytes.subarray(0, Math.min(first, ENVELOPE_BYTES_MAX))).trimEnd(), bytes: unquoted(bytes.subarray(first + 1)) };
}

/** `>From ` and `>>From ` lose one mark. A copy: what is held behind the view goes on. */
function unquoted(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  let written = 0, read = 0;
  for (let i = bytes.indexOf(LF); i >= 0; i = bytes.indexOf(LF, i + 1)) {
    let text = i + 1;
    while (bytes[text] === QUOTE) text++;
    if (text === i + 1 || !beginsWithFrom(bytes, text)) continue;
    copy.set(bytes.subarray(read, i + 1), written);
    written += i + 1 - read;
    read = i + 2;
  }
  copy.set(bytes.subarray(read), written);
  return copy.subarray(0, written + bytes.length - read);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
