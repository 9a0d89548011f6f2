/** A mail as Gmail shows it: headers and nested parts, bodies in base64url. Mails take the forms that real ones have: encoded words, alternatives, images, attachments, wrong charsets. */
import { createHash } from 'node:crypto';
import type { GraphMessage, Recipient } from '../../mailbox/shape.ts';
import type { Account } from '../accounts.ts';

type Header = { name: string; value: string };
type Part = { partId: string; mimeType: string; filename: string; headers: Header[]; body: { size: number; data?: string; attachmentId?: string }; parts?: Part[] };

/** Longer bodies come as an attachment's id. */
const INLINE_MAX = 48_000;
const REPLY = /^\s*(?:re|aw|fw|fwd|wg|tr)\s*:/i;

/** One of `count` forms, the same for the same mail. */
const formOf = (mail: GraphMessage, count: number): number => createHash('sha256').update(`form ${mail.id}`).digest()[0]! % count;

/** Top-level headers. The mails answered are those that stand before this one in its conversation. */
export function headersOf(account: Account, mail: GraphMessage): Header[] {
  const from = mail.from ?? (mail.isDraft ? { emailAddress: { name: account.plan.name, address: account.plan.address } } : undefined), encode = formOf(mail, 3) === 0;
  const before = REPLY.test(mail.subject) ? account.conversation(mail.conversationId).filter((other) => other.receivedDateTime < mail.receivedDateTime).map((other) => other.internetMessageId) : [];
  const named: [string, string | undefined][] = [
    ['Delivered-To', mail.isDraft ? undefined : account.plan.address], ['Received', mail.isDraft ? undefined : `by 2002:a05:6a10:${formOf(mail, 255)}:b0 with SMTP id x1; ${dateOf(mail.receivedDateTime)}`],
    ['MIME-Version', '1.0'], ['Date', dateOf(mail.sentDateTime)], ['From', from && people([from], encode)], ['To', people(mail.toRecipients, encode)], ['Cc', people(mail.ccRecipients, encode)], ['Bcc', people(mail.bccRecipients, encode)],
    ['Reply-To', people(mail.replyTo, encode)], ['Subject', encode ? encodedWords(mail.subject) : mail.subject], ['Message-ID', mail.internetMessageId],
    ['In-Reply-To', before.at(-1)], ['References', before.join('\r\n ')], ['Importance', mail.importance === 'high' ? 'high' : undefined],
  ];
  return named.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

/** The tree of a mail: text alone, text and page, with an image within the page, with a file beside it. */
export function payloadOf(account: Account, mail: GraphMessage): Part {
  const headers = headersOf(account, mail), isPage = mail.body.contentType === 'html';
  const text = leaf('text/plain', mail, isPage ? mail.bodyPreview : mail.body.content);
  const page = isPage ? leaf('text/html', mail, mail.body.content) : null;
  const shown = page && /src="cid:/i.test(mail.body.content) ? branch('multipart/related', [page, file('image/png', 'image001.png', 'inline; filename="image001.png"', '<image001.png@01>')]) : page;
  const body = shown ? formOf(mail, 8) === 1 ? shown : branch('multipart/alternative', [text, shown]) : text;
  const whole = mail.hasAttachments ? branch('multipart/mixed', [body, file('application/pdf', 'document.pdf', 'attachment; filename="document.pdf"')]) : body;
  const numbered = number(whole, '');
  return { ...numbered, headers: [...headers, ...numbered.headers] };
}

/** The bytes that an attachment's id stands for; null: it stands for nothing. */
export function partElsewhere(mail: GraphMessage, attachmentId: string): Buffer | null {
  if (attachmentId === longId(mail)) return bytesOf(mail, mail.body.content);
  return attachmentId.startsWith('ANGjdJ-file') ? Buffer.from('%PDF-1.4 sandbox') : null;
}

const longId = (mail: GraphMessage): string => `ANGjdJ-text-${createHash('sha256').update(mail.id).digest('base64url')}`;
const branch = (mimeType: string, parts: Part[]): Part => ({ partId: '', mimeType, filename: '', headers: [{ name: 'Content-Type', value: `${mimeType}; boundary="000000000000${parts.length}"` }], body: { size: 0 }, parts });
const file = (mimeType: string, filename: string, disposition: string, contentId?: string): Part => ({
  partId: '', mimeType, filename, body: { attachmentId: `ANGjdJ-file-${filename}`, size: 48_211 },
  headers: [{ name: 'Content-Type', value: `${mimeType}; name="${filename}"` }, { name: 'Content-Disposition', value: disposition }, ...contentId ? [{ name: 'Content-ID', value: contentId }] : []],
});

/** The header names the sender's charset, the bytes are UTF-8 all the same; some are left as they came. */
function leaf(mimeType: string, mail: GraphMessage, content: string): Part {
  const bytes = bytesOf(mail, content), isLong = content === mail.body.content && bytes.length > INLINE_MAX;
  return {
    partId: '', mimeType, filename: '', headers: [{ name: 'Content-Type', value: `${mimeType}; charset="${charsetOf(mail)}"` }, { name: 'Content-Transfer-Encoding', value: 'quoted-printable' }],
    body: isLong ? { attachmentId: longId(mail), size: bytes.length } : { size: bytes.length, data: bytes.toString('base64url') },
  };
}

const charsetOf = (mail: GraphMessage): string => ['UTF-8', 'UTF-8', 'iso-8859-1', 'utf-8'][formOf(mail, 4)]!;
function bytesOf(mail: GraphMessage, content: string): Buffer {
  const isLatin = formOf(mail, 4) === 2 && formOf(mail, 12) === 2 && !/[^\u0000-\u007e\u00a0-\u00ff]/.test(content);
  return Buffer.from(content, isLatin ? 'latin1' : 'utf8');
}

function number(part: Part, id: string): Part {
  return { ...part, partId: id, ...part.parts && { parts: part.parts.map((child, i) => number(child, id === '' ? String(i) : `${id}.${i}`)) } };
}

function people(list: Recipient[], encode: boolean): string | undefined {
  const written = list.map(({ emailAddress: { name, address } }) => (!name || name === address ? address : `${encode ? encodedWords(name) : /[^\p{L}\p{N} ]/u.test(name) ? `"${name.replaceAll('"', '\\"')}"` : name} <${address}>`));
  return written.length ? written.join(', ') : undefined;
}

/** RFC 2047, in pieces that end between characters. */
function encodedWords(text: string): string {
  if (!/[^\u0020-\u007e]/.test(text)) return text;
  return (text.match(/.{1,12}/gsu) ?? []).map((piece) => `=?UTF-8?B?${Buffer.from(piece).toString('base64')}?=`).join('\r\n ');
}

const dateOf = (iso: string): string => new Date(iso).toUTCString().replace('GMT', '+0000');
