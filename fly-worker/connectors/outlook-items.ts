/** What Microsoft Graph calls a message and an event, as records. https://learn.microsoft.com/graph/api/resources/message and .../event */
import { z } from 'zod';
import type { Participant, ParticipantRole, SourceRecord, UnreadableRecord } from '#contract/connector';
import { facts, readItems } from './items.ts';
import { isBelow, ProviderError } from './provider-error.ts';

/** Requests that Graph answers at once for one app and mailbox. https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits */
export const REQUESTS_AT_ONCE = 4;

export type Channel = 'mail' | 'calendar';

const Address = z.object({ emailAddress: z.object({ name: z.string().nullish(), address: z.string().nullish() }).nullish() });
const Addresses = z.array(Address).nullish();
const Body = z.object({ contentType: z.string().nullish(), content: z.string().nullish() }).nullish();

const Message = z.object({
  id: z.string().min(1),
  internetMessageId: z.string().nullish(),
  conversationId: z.string().nullish(),
  conversationIndex: z.string().nullish(),
  subject: z.string().nullish(),
  bodyPreview: z.string().nullish(),
  body: Body,
  from: Address.nullish(),
  sender: Address.nullish(),
  toRecipients: Addresses,
  ccRecipients: Addresses,
  bccRecipients: Addresses,
  replyTo: Addresses,
  receivedDateTime: z.string().nullish(),
  sentDateTime: z.string().nullish(),
  createdDateTime: z.string().nullish(),
  hasAttachments: z.boolean().nullish(),
  importance: z.string().nullish(),
  isDraft: z.boolean().nullish(),
  webLink: z.string().nullish(),
  categories: z.array(z.string()).nullish(),
  internetMessageHeaders: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
type Message = z.infer<typeof Message>;
export const MESSAGE_FIELDS = 'id,internetMessageId,conversationId,conversationIndex,subject,bodyPreview,body,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,receivedDateTime,sentDateTime,createdDateTime,hasAttachments,importance,isDraft,webLink,categories';

const Moment = z.object({ dateTime: z.string(), timeZone: z.string().nullish() });
const Event = z.object({
  id: z.string().min(1),
  iCalUId: z.string().nullish(),
  subject: z.string().nullish(),
  bodyPreview: z.string().nullish(),
  body: Body,
  start: Moment,
  end: Moment.nullish(),
  location: z.object({ displayName: z.string().nullish() }).nullish(),
  isAllDay: z.boolean().nullish(),
  isCancelled: z.boolean().nullish(),
  type: z.string().nullish(),
  seriesMasterId: z.string().nullish(),
  attendees: z.array(Address.extend({ type: z.string().nullish() })).nullish(),
  organizer: Address.nullish(),
  onlineMeeting: z.object({ joinUrl: z.string().nullish() }).nullish(),
  importance: z.string().nullish(),
  hasAttachments: z.boolean().nullish(),
  categories: z.array(z.string()).nullish(),
  webLink: z.string().nullish(),
});
type Event = z.infer<typeof Event>;
export const EVENT_FIELDS = 'id,iCalUId,subject,bodyPreview,body,start,end,location,isAllDay,isCancelled,type,seriesMasterId,attendees,organizer,onlineMeeting,importance,hasAttachments,categories,webLink';

/** Ids that stay when a mail is moved; dates that need no table of time zones. With every request: ids of two kinds would be two records. */
export const PREFER: Record<Channel, string> = { mail: 'IdType="ImmutableId"', calendar: 'outlook.timezone="UTC"' };

interface Read { records: SourceRecord[]; unreadable: UnreadableRecord[] }
/** Items of a channel as they came over the wire. */
export function readChannel(channel: Channel, raw: unknown[]): Read {
  const who = { provider: 'Microsoft Graph', idField: 'id' };
  return channel === 'mail' ? readItems(raw, Message, who, fromMessage) : readItems(raw, Event, who, fromEvent);
}

/** Throws ProviderError `foreign_link`. */
export function refuseForeign(baseUrl: string, link: string): void {
  if (!isBelow(baseUrl, link)) throw new ProviderError('foreign_link', 'Microsoft Graph named a next page at another address. It was not followed; the page is read again on the next try.');
}

/** Graph dates mail by the second. */
export const wholeSecond = (iso: string, round: (n: number) => number): string =>
  new Date(round(Date.parse(iso) / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');

function fromMessage(m: Message): SourceRecord | string {
  const occurredAt = toIso(m.receivedDateTime ?? m.sentDateTime ?? m.createdDateTime ?? '');
  if (occurredAt === null) return 'The mail has no date that can be read.';
  const from = people('from', [m.from]), author = from[0]?.address;
  return {
    stream: 'mail', kind: 'mail', providerId: m.id, occurredAt, endsAt: null,
    title: m.subject ?? '',
    body: bodyOf(m.body, m.bodyPreview),
    participants: [
      ...from,
      ...people('sender', [m.sender]).filter((p) => p.address !== author),
      ...people('to', m.toRecipients), ...people('cc', m.ccRecipients), ...people('bcc', m.bccRecipients),
      ...people('reply_to', m.replyTo).filter((p) => p.address !== author),
    ],
    threadId: m.conversationId || null,
    globalId: m.internetMessageId || null,
    replyToGlobalId: m.internetMessageHeaders?.find((h) => h.name.toLowerCase() === 'in-reply-to')?.value.trim() || null,
    url: webUrl(m.webLink),
    properties: facts({
      sentAt: m.sentDateTime ? toIso(m.sentDateTime) : null,
      hasAttachments: m.hasAttachments, importance: m.importance, isDraft: m.isDraft,
      isReply: m.conversationIndex ? isReplyIndex(m.conversationIndex) : null,
      categories: m.categories?.join(', '),
    }),
  };
}

function fromEvent(e: Event): SourceRecord | string {
  const occurredAt = momentIso(e.start);
  if (occurredAt === null) return `The event's start "${e.start.dateTime}" (${e.start.timeZone ?? 'no time zone'}) is not a date in UTC, as was asked for.`;
  return {
    stream: 'calendar', kind: 'event', providerId: e.id, occurredAt, endsAt: e.end ? momentIso(e.end) : null,
    title: e.subject ?? '',
    body: bodyOf(e.body, e.bodyPreview),
    participants: [...people('organizer', [e.organizer]), ...people('attendee', e.attendees)],
    threadId: e.seriesMasterId || null,
    globalId: e.iCalUId || null,
    replyToGlobalId: null,
    url: webUrl(e.webLink),
    properties: facts({
      location: e.location?.displayName, isAllDay: e.isAllDay, isCancelled: e.isCancelled, type: e.type,
      onlineMeetingUrl: e.onlineMeeting?.joinUrl, importance: e.importance, hasAttachments: e.hasAttachments,
      categories: e.categories?.join(', '),
    }),
  };
}

/** Exchange names people inside the company by X.500 paths now and then: no address, but still a name. */
const people = (role: ParticipantRole, list: (z.infer<typeof Address> | null | undefined)[] | null | undefined): Participant[] =>
  (list ?? []).flatMap((entry) => {
    const raw = entry?.emailAddress?.address?.trim() ?? '', name = entry?.emailAddress?.name?.trim() || null;
    const address = /^[^\s@]+@[^\s@]+$/.test(raw) ? raw.toLowerCase() : null;
    return address === null && name === null && raw === '' ? [] : [{ role, address, name: name ?? (address === null ? raw : null) }];
  });

const bodyOf = (body: z.infer<typeof Body>, preview: string | null | undefined): SourceRecord['body'] =>
  body?.content == null ? { format: 'text', content: preview ?? '' } : { format: body.contentType?.toLowerCase() === 'html' ? 'html' : 'text', content: body.content };

/** A conversation index is 22 bytes for the first mail and 5 more for every answer (MS-OXOMSG 2.2.1.3). */
const isReplyIndex = (base64: string): boolean => Math.floor(base64.replace(/=+$/, '').length * 3 / 4) > 22;

const webUrl = (url: string | null | undefined): string | null => (url && /^https?:\/\//i.test(url) ? url : null);

function toIso(text: string): string | null {
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`) : NaN;
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
const momentIso = ({ dateTime, timeZone }: z.infer<typeof Moment>): string | null =>
  (/(?:^|\/)(?:utc|gmt|z)$/i.test(timeZone ?? 'UTC') ? toIso(dateTime) : null);
