/** Microsoft Graph: one mailbox's mail and calendar. https://learn.microsoft.com/graph/api/user-list-messages and /user-list-calendarview */
import { z } from 'zod';
import { defineConnector, PlainTokenAnswer, type FetchContext, type GetJson, type Page, type Participant, type ParticipantRole, type SourceRecord, type Span, type UnreadableRecord } from '#contract/connector';
import { isBelow, ProviderError } from './provider-error.ts';

/**
 * Where the next page starts: `channel||nextLink#size`. Graph's link is opaque and followed as it is; `size` is the page size its
 * window was begun with. When smaller pages are asked for by now, the link would bring a page that is too large again, so the
 * window is read anew from its start with small pages: what was stored already is recognised by the ledger, nothing is lost, and
 * nothing depends on how Graph words its links. That happens at most once per halving.
 */
const CURSOR = /^(mail|calendar)\|\|(https?:\/\/[^\s#]+)#(\d+)$/;
const Cursor = z.string().regex(CURSOR, 'expected channel||nextLink#size');
type Cursor = z.infer<typeof Cursor>;
const Channel = z.enum(['mail', 'calendar']);
type Channel = z.infer<typeof Channel>;

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
const MESSAGE_FIELDS = 'id,internetMessageId,conversationId,conversationIndex,subject,bodyPreview,body,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,receivedDateTime,sentDateTime,createdDateTime,hasAttachments,importance,isDraft,webLink,categories';

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
const EVENT_FIELDS = 'id,iCalUId,subject,bodyPreview,body,start,end,location,isAllDay,isCancelled,type,seriesMasterId,attendees,organizer,onlineMeeting,importance,hasAttachments,categories,webLink';

/** Items are read one by one afterwards: one broken mail must not spoil its page. */
const List = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().nullish() });

const LOGIN = { env: 'MICROSOFT_LOGIN_URL', fallback: 'https://login.microsoftonline.com' };

export const outlook = defineConnector<Cursor>({
  id: 'outlook',
  title: 'Outlook',
  baseUrl: { env: 'MICROSOFT_GRAPH_URL', fallback: 'https://graph.microsoft.com' },
  oauth: {
    provider: 'microsoft',
    // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
    authorize: { ...LOGIN, path: '/common/oauth2/v2.0/authorize' },
    token: { ...LOGIN, path: '/common/oauth2/v2.0/token' },
    // Only a person can take consent back: https://myapps.microsoft.com
    revoke: null,
    authorizeExtra: { always: { response_mode: 'query' }, unhinted: { prompt: 'select_account' } },
    tokenAnswer: PlainTokenAnswer,
    refusals: ['interaction_required', 'consent_required', 'login_required'],
    scopes: [
      { scope: 'offline_access', inWords: 'Stay connected, so that a sync can finish while you are away' },
      { scope: 'User.Read', inWords: 'Read the name and address of your account' },
      { scope: 'Mail.Read', inWords: 'Read your mail' },
      { scope: 'Calendars.Read', inWords: 'Read your calendar' },
    ],
    account: {
      path: '/v1.0/me',
      schema: z.object({ mail: z.string().nullish(), userPrincipalName: z.string().nullish() })
        .transform((me) => (me.mail || me.userPrincipalName || '').toLowerCase()).pipe(z.string().min(1)),
    },
  },
  /** Four per app and mailbox. https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits */
  concurrencyMax: 4,
  cursor: Cursor,

  streams: () => Promise.resolve([
    { name: 'mail', order: 'newest_first', windowDays: 7 },
    { name: 'calendar', order: 'unordered', windowDays: 31 },
  ]),

  async fetchPage(context) {
    const channel = channelOf(context.stream);
    const place = placeOf(channel, context);
    return channel === 'mail'
      ? readPage(context, channel, place, 'IdType="ImmutableId"', Message, fromMessage)
      : readPage(context, channel, place, 'outlook.timezone="UTC"', Event, fromEvent);
  },
});

function channelOf(stream: string): Channel {
  const channel = Channel.safeParse(stream);
  if (!channel.success) throw new ProviderError('bad_request', `Outlook has no stream called "${stream}". Start the sync again.`);
  return channel.data;
}

interface Place { url: string; size: number }

function placeOf(channel: Channel, { baseUrl, cursor, pageSize, span }: FetchContext<Cursor, null>): Place {
  const start: Place = { url: firstUrl(channel, baseUrl, span, pageSize), size: pageSize };
  if (cursor === null) return start;
  const [, cursorChannel, link, size] = CURSOR.exec(cursor) ?? [];
  if (cursorChannel !== channel || !link) throw new ProviderError('bad_request', `The checkpoint of ${channel} points into another stream. Start the sync again.`);
  refuseForeign(baseUrl, link);
  return Number(size) > pageSize ? start : { url: link, size: Number(size) };
}

/** `$orderby`'s property must come first in `$filter`, else 400 InefficientFilter. The view of a calendar brings whatever overlaps. */
function firstUrl(channel: Channel, baseUrl: string, span: Span, pageSize: number): string {
  const since = wholeSecond(span.since, Math.floor), until = wholeSecond(span.until, Math.ceil);
  if (channel === 'calendar') return `${baseUrl}/v1.0/me/calendarView?startDateTime=${since}&endDateTime=${until}&$top=${pageSize}&$select=${EVENT_FIELDS}`;
  const filter = encodeURIComponent(`receivedDateTime ge ${since} and receivedDateTime lt ${until}`);
  return `${baseUrl}/v1.0/me/messages?$filter=${filter}&$orderby=${encodeURIComponent('receivedDateTime desc')}&$top=${pageSize}&$select=${MESSAGE_FIELDS}`;
}

/** Graph dates mail by the second; the exact edge is cut in `inSpan`. */
const wholeSecond = (iso: string, round: (n: number) => number): string =>
  new Date(round(Date.parse(iso) / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');

function refuseForeign(baseUrl: string, link: string): void {
  if (!isBelow(baseUrl, link)) throw new ProviderError('foreign_link', 'Microsoft Graph named a next page at another address. It was not followed; the page is read again on the next try.');
}

async function readPage<Item extends { id: string }>(
  { get, baseUrl, span }: { get: GetJson; baseUrl: string; span: Span }, channel: Channel, { url, size }: Place, prefer: string,
  schema: z.ZodType<Item>, toRecord: (item: Item) => SourceRecord | string,
): Promise<Page<Cursor>> {
  const answer = await get(List, { url, headers: { Prefer: prefer } });
  const records: SourceRecord[] = [], unreadable: UnreadableRecord[] = [];
  for (const raw of answer.value) {
    const item = schema.safeParse(raw);
    const record = item.success ? toRecord(item.data) : whatIsWrong(item.error);
    if (typeof record === 'string') unreadable.push({ providerId: idOf(raw), message: record });
    else if (inSpan(record.occurredAt, span)) records.push(record);
  }
  const link = answer['@odata.nextLink'] ?? null;
  if (link !== null) refuseForeign(baseUrl, link);
  return { records, unreadable, next: link === null ? null : `${channel}||${link.split('#', 1)[0]!}#${size}` };
}

const inSpan = (iso: string, { since, until }: Span): boolean => {
  const at = Date.parse(iso);
  return at >= Date.parse(since) && at < Date.parse(until);
};

const whatIsWrong = (error: z.ZodError): string => {
  const issue = error.issues[0];
  return `Microsoft Graph sent it in a form that cannot be read: ${issue?.path.join('.') || 'the item'}: ${issue?.message ?? 'unknown'}.`;
};
/** An item too broken to have an id is known by its content (FNV-1a), so that the same breakage is one failure and not many. */
const idOf = (raw: unknown): string => {
  const id = z.object({ id: z.string().min(1) }).safeParse(raw);
  if (id.success) return id.data.id;
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(raw)) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  return `unreadable:${hash.toString(16)}`;
};

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

/** Only what the provider said: a missing field is no fact, and must not change the record's hash when a provider starts to send null. */
const facts = (all: Record<string, string | number | boolean | null | undefined>): SourceRecord['properties'] =>
  Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string | number | boolean] => entry[1] != null && entry[1] !== ''));
