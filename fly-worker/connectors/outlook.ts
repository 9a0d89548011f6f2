/** Microsoft Graph: one mailbox's mail and calendar. https://learn.microsoft.com/graph/api/user-list-messages and /user-list-calendarview */
import { z } from 'zod';
import { defineConnector, PlainTokenAnswer, type FetchContext, type Page, type Span } from '#contract/connector';
import { inSpan, inUrl } from './items.ts';
import { outlookChanges, readOne, type ChangesPlace } from './outlook-changes.ts';
import { EVENT_FIELDS, MESSAGE_FIELDS, PREFER, readChannel, refuseForeign, REQUESTS_AT_ONCE, wholeSecond, type Channel } from './outlook-items.ts';
import { ProviderError } from './provider-error.ts';

/**
 * Where the next page starts: `channel||nextLink#size`. Graph's link is opaque and followed as it is; `size` is the page size its
 * window was begun with. When smaller pages are asked for by now, the link would bring a page that is too large again, so the
 * window is read anew from its start with small pages: what was stored already is recognised by the ledger, nothing is lost, and
 * nothing depends on how Graph words its links. That happens at most once per halving.
 */
const CURSOR = /^(mail|calendar)\|\|(https?:\/\/[^\s#]+)#(\d+)$/;
const Cursor = z.string().regex(CURSOR, 'expected channel||nextLink#size');
type Cursor = z.infer<typeof Cursor>;

/** Items are read one by one afterwards: one broken mail must not spoil its page. */
const List = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().nullish() });

const LOGIN = { env: 'MICROSOFT_LOGIN_URL', fallback: 'https://login.microsoftonline.com' };

export const outlook = defineConnector<Cursor, null, ChangesPlace>({
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
  concurrencyMax: REQUESTS_AT_ONCE,
  cursor: Cursor,

  streams: () => Promise.resolve([
    { name: 'mail', order: 'newest_first', windowDays: 14 },
    { name: 'calendar', order: 'unordered', windowDays: 31 },
  ]),

  async fetchPage(context) {
    const channel = channelOf(context.stream);
    const place = placeOf(channel, context);
    return readPage(context, channel, place);
  },

  changes: outlookChanges,
  readOne: ({ stream, providerId, ...ask }) => readOne(ask, channelOf(stream), providerId),
});

function channelOf(stream: string): Channel {
  if (stream === 'mail' || stream === 'calendar') return stream;
  throw new ProviderError('bad_request', `Outlook has no stream called "${stream}". Start the sync again.`);
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
  const filter = inUrl(`receivedDateTime ge ${since} and receivedDateTime lt ${until}`);
  return `${baseUrl}/v1.0/me/messages?$filter=${filter}&$orderby=${inUrl('receivedDateTime desc')}&$top=${pageSize}&$select=${MESSAGE_FIELDS}`;
}

async function readPage({ get, baseUrl, span }: FetchContext<Cursor, null>, channel: Channel, { url, size }: Place): Promise<Page<Cursor>> {
  const answer = await get(List, { url, headers: { Prefer: PREFER[channel] } }), { records, unreadable } = readChannel(channel, answer.value);
  const link = answer['@odata.nextLink'] ?? null;
  if (link !== null) refuseForeign(baseUrl, link);
  // Mail is dated by the second, and a view brings whatever overlaps: the exact edge is cut here.
  return { records: records.filter((record) => inSpan(record.occurredAt, span)), unreadable, next: link === null ? null : `${channel}||${link.split('#', 1)[0]!}#${size}` };
}
