/** A mail as it was sent, bytes and all, as a record. What is remembered is what the other mail connectors remember of it. */
import PostalMime, { type Email } from 'postal-mime';
import type { SourceRecord } from '#contract/connector';
import { ATTACHMENT_NAMES_CHARS_MAX, HTML_CHARS_MAX, MIME_DEPTH_MAX } from '#contract/limits';
import { fingerprint } from './archive-file.ts';
import { facts } from './items.ts';
import { envelopeDate, headerDate } from './mail-dates.ts';
import { headerOf, isoOf, messageIdIn, peopleOf, type Header } from './mail-headers.ts';
import type { RawMail } from './mbox-split.ts';

/** What a mail made: a record, a sentence about why it made none under an id, or null for one that its owner had deleted. */
type ReadMail = { record: SourceRecord } | { providerId: string; message: string } | null;

export async function readMail({ bytes, envelope }: RawMail): Promise<ReadMail> {
  let email: Email;
  try {
    email = await PostalMime.parse(bytes as Uint8Array<ArrayBuffer>, { maxNestingDepth: MIME_DEPTH_MAX });
  } catch (error) {
    return { providerId: `unreadable:${fingerprint(bytes)}`, message: `The mail cannot be read: ${error instanceof Error ? error.message.replace(/\.?\s*$/, '') : 'its form is broken'}.` };
  }
  const headers = email.headers.map(({ key, value }): Header => ({ name: key, value }));
  if (isExpunged(headers)) return null;
  const id = messageIdIn(headers, 'message-id'), providerId = id ?? `content:${fingerprint(bytes)}`;
  if (headers.length === 0) return { providerId, message: 'This part of the file is no mail: it has no header.' };
  const sent = headerDate(headerOf(headers, 'date')), at = sent ?? receivedDate(headers) ?? envelopeDate(envelope);
  const occurredAt = at === null ? null : isoOf(at);
  if (occurredAt === null) return { providerId, message: 'The mail has no date that can be read, in its header or before it.' };
  return { record: recordOf(email, headers, { id, providerId, occurredAt, sentAt: sent === null ? null : isoOf(sent) }) };
}

function recordOf(email: Email, headers: Header[], { id, providerId, occurredAt, sentAt }: { id: string | null; providerId: string; occurredAt: string; sentAt: string | null }): SourceRecord {
  const answered = messageIdIn(headers, 'in-reply-to'), labels = labelsOf(headers);
  const names = email.attachments.filter(({ related }) => !related).map(({ filename, mimeType }) => filename ?? mimeType);
  return {
    stream: 'mail', kind: 'mail', providerId, occurredAt, endsAt: null,
    title: headerOf(headers, 'subject') ?? '',
    body: email.html ? { format: 'html', content: email.html.slice(0, HTML_CHARS_MAX) } : { format: 'text', content: (email.text ?? '').slice(0, HTML_CHARS_MAX) },
    participants: peopleOf(headers),
    threadId: gmailThread(headers) ?? messageIdIn(headers, 'references') ?? answered,
    globalId: id,
    replyToGlobalId: answered,
    url: null,
    properties: facts({
      sentAt, hasAttachments: names.length > 0, attachments: names.join(', ').slice(0, ATTACHMENT_NAMES_CHARS_MAX),
      importance: importanceOf(headerOf(headers, 'importance') ?? headerOf(headers, 'x-priority')),
      isDraft: labels.includes('Drafts') || headerOf(headers, 'x-mozilla-draft-info') !== null ? true : null,
      isReply: answered === null ? null : true, labels: labels.join(', '),
    }),
  };
}

/** When it arrived: the topmost line was written last, by the owner's own server. */
const receivedDate = (headers: Header[]): number | null => headerDate(headerOf(headers, 'received')?.split(';').at(-1));

/** Thunderbird keeps deleted mails in the file until it is compacted. https://searchfox.org/comm-central/source/mailnews/base/public/nsMsgMessageFlags.idl */
const EXPUNGED = 0x0008;
const isExpunged = (headers: Header[]): boolean => (Number.parseInt(headerOf(headers, 'x-mozilla-status') ?? '0', 16) & EXPUNGED) !== 0;

/** Gmail's own labels that change by looking at a mail: they would change the record with every export. */
const VOLATILE_LABELS = new Set(['Unread', 'Opened']);
const labelsOf = (headers: Header[]): string[] => (headerOf(headers, 'x-gmail-labels') ?? '').split(',').map((label) => label.trim()).filter((label) => label !== '' && !VOLATILE_LABELS.has(label));

/** Takeout writes the number whose hexadecimal form Gmail's API calls the thread's id: the conversation of a mailbox that is connected as well. */
function gmailThread(headers: Header[]): string | null {
  const id = headerOf(headers, 'x-gm-thrid');
  return id !== null && /^\d{1,20}$/.test(id) ? BigInt(id).toString(16) : null;
}

/** "high", or "1 (Highest)". */
const importanceOf = (text: string | null): string | null => (text === null ? null : /^(?:high|[12]\b)/i.test(text) ? 'high' : /^(?:low|[45]\b)/i.test(text) ? 'low' : 'normal');
