/** The text of a Gmail message: which of its parts people read. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#MessagePart */
import { z } from 'zod';
import type { SourceRecord } from '#contract/connector';
import { headerOf } from './mail-headers.ts';
import { fromBase64Url, textOf } from './text-bytes.ts';

/** Big parts are not in the mail itself: `attachmentId` stands for them. */
export const PartBody = z.object({ data: z.string().nullish(), attachmentId: z.string().nullish() });
export const Part = z.object({
  mimeType: z.string().nullish(),
  filename: z.string().nullish(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  body: PartBody.nullish(),
  get parts() { return z.array(Part).nullish(); },
});
export type Part = z.infer<typeof Part>;

type Piece = SourceRecord['body'];

/** Null: there is nothing that people read (an encrypted mail, a lone attachment). */
export function bodyOf(payload: Part): Piece | null {
  const pieces = piecesOf(payload);
  if (pieces.length <= 1) return pieces[0] ?? null;
  if (pieces.every((piece) => piece.format === 'text')) return { format: 'text', content: pieces.map((piece) => piece.content).join('\n\n') };
  return { format: 'html', content: pieces.map((piece) => (piece.format === 'html' ? piece.content : inHtml(piece.content))).join('\n') };
}

/** In the order they are read. Of alternatives the richest one, of related parts (a page and its images) the first, of a mail in the mail nothing. RFC 2046 */
function piecesOf(part: Part): Piece[] {
  const type = part.mimeType?.toLowerCase() ?? '', parts = part.parts ?? [];
  if (type === 'multipart/alternative') {
    const choices = parts.map(piecesOf).filter((pieces) => pieces.length > 0);
    return choices.find((pieces) => pieces.some((piece) => piece.format === 'html')) ?? choices[0] ?? [];
  }
  if (type === 'multipart/related') return parts.map(piecesOf).find((pieces) => pieces.length > 0) ?? [];
  if (type.startsWith('multipart/')) return parts.flatMap(piecesOf);
  const data = part.body?.data;
  if ((type !== 'text/html' && type !== 'text/plain') || isAttachment(part) || !data) return [];
  const content = textOf(fromBase64Url(data), charsetOf(part));
  return content.trim() === '' ? [] : [{ format: type === 'text/html' ? 'html' : 'text', content }];
}

const charsetOf = (part: Part): string | null => /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(headerOf(part.headers ?? [], 'content-type') ?? '')?.[1] ?? null;
const dispositionOf = (part: Part): string => headerOf(part.headers ?? [], 'content-disposition')?.toLowerCase() ?? '';
const isAttachment = (part: Part): boolean => !!part.filename || dispositionOf(part).startsWith('attachment');
const inHtml = (text: string): string => `<div>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(/\r?\n/g, '<br>')}</div>`;

/** Something to keep beside the text: not the images that the text shows. */
export const hasAttachments = (part: Part): boolean =>
  (isAttachment(part) && !(dispositionOf(part).startsWith('inline') && headerOf(part.headers ?? [], 'content-id') !== null)) || (part.parts ?? []).some(hasAttachments);

/** Texts so long that they have to be fetched by themselves. */
export const partsElsewhere = (part: Part): { part: Part; attachmentId: string }[] => [
  ...(/^text\/(?:html|plain)$/i.test(part.mimeType ?? '') && !isAttachment(part) && !part.body?.data && part.body?.attachmentId ? [{ part, attachmentId: part.body.attachmentId }] : []),
  ...(part.parts ?? []).flatMap(partsElsewhere),
];
