/** A mail as Gmail has it, and as a record. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages */
import { z } from 'zod';
import type { GetJson, SourceRecord, UnreadableRecord } from '#contract/connector';
import { bodyOf, hasAttachments, Part, PartBody, partsElsewhere } from './gmail-body.ts';
import { facts, inUrl, readItems } from './items.ts';
import { headerOf, isoOf, messageIdIn, peopleOf } from './mail-headers.ts';
import { ProviderError } from './provider-error.ts';

const Message = z.object({
  id: z.string().min(1),
  threadId: z.string().nullish(),
  labelIds: z.array(z.string()).nullish(),
  snippet: z.string().nullish(),
  /** Milliseconds. */
  internalDate: z.string().nullish(),
  payload: Part.nullish(),
});
type Message = z.infer<typeof Message>;

/** Reads raw mails. */
export const readMails = (mails: unknown[]): { records: SourceRecord[]; unreadable: UnreadableRecord[] } => readItems(mails, Message, { provider: 'Gmail', idField: 'id' }, fromMessage);

/** A mail as Gmail has it, or why it is not to be had. A mail can be deleted between the list and here: that is its own failure, not the page's. */
export async function readMessage(get: GetJson, baseUrl: string, id: string): Promise<{ mail: unknown } | { gone: UnreadableRecord }> {
  const url = `${baseUrl}/gmail/v1/users/me/messages/${inUrl(id)}`;
  try {
    // https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/get
    const mail = await get(z.unknown(), { url: `${url}?format=full` });
    const parsed = Message.safeParse(mail);
    if (!parsed.success || !parsed.data.payload) return { mail };
    for (const { part, attachmentId } of partsElsewhere(parsed.data.payload)) {
      // https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages.attachments/get
      part.body = await get(PartBody, { url: `${url}/attachments/${inUrl(attachmentId)}` });
    }
    return { mail: parsed.data };
  } catch (error) {
    if (!(error instanceof ProviderError) || (error.kind !== 'not_found' && error.kind !== 'answer_too_large')) throw error;
    return { gone: { providerId: id, message: error.kind === 'not_found' ? 'The mail was deleted between the list and the reading of it.' : 'The mail is larger than can be read.' } };
  }
}

function fromMessage(m: Message): SourceRecord | string {
  const headers = m.payload?.headers ?? [], sentAt = isoOf(Date.parse(headerOf(headers, 'date') ?? ''));
  const occurredAt = (m.internalDate ? isoOf(Number(m.internalDate)) : null) ?? sentAt;
  if (occurredAt === null) return 'The mail has no date that can be read.';
  const answered = messageIdIn(headers, 'in-reply-to');
  return {
    stream: 'mail', kind: 'mail', providerId: m.id, occurredAt, endsAt: null,
    title: headerOf(headers, 'subject') ?? '',
    // The snippet comes with HTML's entities.
    body: (m.payload && bodyOf(m.payload)) ?? { format: 'html', content: m.snippet ?? '' },
    participants: peopleOf(headers),
    threadId: m.threadId || null,
    globalId: messageIdIn(headers, 'message-id'),
    replyToGlobalId: answered,
    url: `https://mail.google.com/mail/#all/${m.id}`,
    properties: facts({
      sentAt, hasAttachments: m.payload ? hasAttachments(m.payload) : null, importance: importanceOf(headerOf(headers, 'importance') ?? headerOf(headers, 'x-priority')),
      isDraft: m.labelIds?.includes('DRAFT') ?? null, isReply: answered === null ? null : true,
    }),
  };
}

/** "high", or "1 (Highest)". */
const importanceOf = (text: string | null): string | null => (text === null ? null : /^(?:high|[12]\b)/i.test(text) ? 'high' : /^(?:low|[45]\b)/i.test(text) ? 'low' : 'normal');
