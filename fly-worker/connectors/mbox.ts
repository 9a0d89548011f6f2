/** Mail from disk: an mbox as Google Takeout and Thunderbird write it, or a single mail. One window: the order in the file says nothing about dates. */
import { z } from 'zod';
import { defineConnector, type FetchContext, type Page } from '#contract/connector';
import { ARCHIVE_PAGE_BYTES_MAX, ARCHIVE_READ_BYTES } from '#contract/limits';
import { asciiOf, openArchive } from './archive-file.ts';
import { inSpan } from './items.ts';
import { readMail } from './mbox-mail.ts';
import { splitMbox } from './mbox-split.ts';
import { ProviderError } from './provider-error.ts';

/** The byte at which the next mail begins, in which version of the file, and how many were left out before it. */
const Cursor = z.strictObject({ version: z.string().min(1), offset: z.int().min(1), leftOut: z.int().min(0) });
type Cursor = z.infer<typeof Cursor>;

export const mbox = defineConnector<Cursor>({
  id: 'mbox',
  title: 'Mail from a file',
  baseUrl: null,
  oauth: null,
  upload: { inWords: 'A mailbox as one file (.mbox), as Google Takeout and Thunderbird export it, or a single mail (.eml)', extensions: ['.mbox', '.mbx', '.eml'], monthsAhead: 1_200, refuse },
  /** One window; the next page is read while this one is stored. */
  concurrencyMax: 1,
  cursor: Cursor,
  streams: () => Promise.resolve([{ name: 'mail', order: 'unordered', windowDays: Infinity }]),

  async fetchPage(context) {
    if (context.stream !== 'mail') throw new ProviderError('bad_request', `A mailbox file has no stream called "${context.stream}". Start the import again.`);
    return readPage(context);
  },
});

async function readPage(context: FetchContext<Cursor, null>): Promise<Page<Cursor>> {
  const { cursor, pageSize, span } = context, from = cursor?.offset ?? 0;
  const file = openArchive(context, cursor?.version ?? null), page: Page<Cursor> = { records: [], unreadable: [], next: null };
  let read = from, met = 0, leftOut = cursor?.leftOut ?? 0;
  const more = async (): Promise<Uint8Array> => {
    const bytes = await file.read(read, ARCHIVE_READ_BYTES);
    read += bytes.length;
    return bytes;
  };
  for await (const raw of splitMbox(more, { from, isSmall: () => file.size <= ARCHIVE_PAGE_BYTES_MAX })) {
    const mail = await readMail(raw);
    if (mail && 'message' in mail) page.unreadable.push(mail);
    else if (mail && inSpan(mail.record.occurredAt, span)) page.records.push(mail.record);
    else if (mail) leftOut++;
    met++;
    const isFull = met >= pageSize || raw.next - from >= ARCHIVE_PAGE_BYTES_MAX;
    if (isFull && raw.next < file.size) return { ...page, leftOut, covered: raw.next / file.size, next: { version: file.version, offset: raw.next, leftOut } };
  }
  return { ...page, leftOut };
}

/** What people upload instead: what Takeout packed, or another program's own format. */
function refuse(head: Uint8Array): string | null {
  const begin = asciiOf(head.subarray(0, 600));
  if (begin.startsWith('PK')) return 'This is a zip. Unpack it and upload the .mbox file that is in it.';
  if (begin.startsWith('\x1f\x8b')) return 'This file is packed (gzip). Unpack it and upload the .mbox file that is in it.';
  if (begin.startsWith('!BDN')) return 'This is an Outlook data file (.pst). Export the mail as .mbox, or connect the account itself.';
  if (/^\s*BEGIN:VCALENDAR/i.test(begin)) return 'This is a calendar. Upload it as a calendar (ics).';
  return /^(?:\xef\xbb\xbf)?\s*(?:From |[!-9;-~]{1,100}:)/.test(begin) ? null : 'This is not a mailbox: it begins neither as a mail nor as a file of mails does.';
}
