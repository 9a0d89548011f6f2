/** Gmail: one mailbox's mail, newest first. A page is a list of ids and one request a mail. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages */
import { z } from 'zod';
import { defineConnector, type FetchContext, type Span } from '#contract/connector';
import { gmailChanges, readOne, type GmailPlace } from './gmail-changes.ts';
import { readMails, readMessage } from './gmail-mail.ts';
import { googleOAuth, PageToken, untilForgotten } from './google-oauth.ts';
import { inSpan, inUrl } from './items.ts';
import { ProviderError } from './provider-error.ts';

/** Gmail's own limit. */
const LIST_MAX = 500;

/** No `messages` when there are none. An answer that speaks of other things altogether is not an empty mailbox. */
const List = z.looseObject({ messages: z.array(z.object({ id: z.string().min(1) })).optional(), nextPageToken: z.string().min(1).optional(), resultSizeEstimate: z.number().optional() })
  .refine((a) => a.messages !== undefined || a.nextPageToken !== undefined || a.resultSizeEstimate !== undefined || Object.keys(a).length === 0, 'neither mails nor their number');

export const gmail = defineConnector<PageToken, null, GmailPlace>({
  id: 'gmail',
  title: 'Gmail',
  baseUrl: { env: 'GMAIL_API_URL', fallback: 'https://gmail.googleapis.com' },
  // https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/getProfile
  oauth: googleOAuth('gmail.readonly', 'Read your mail', {
    path: '/gmail/v1/users/me/profile', schema: z.object({ emailAddress: z.string().min(1) }).transform((profile) => profile.emailAddress.toLowerCase()),
  }),
  /** 15,000 units a minute and user, five a mail: 50 mails/s, which ten at once reach. https://developers.google.com/workspace/gmail/api/reference/quota */
  concurrencyMax: 10,
  cursor: PageToken,

  streams: () => Promise.resolve([{ name: 'mail', order: 'newest_first', windowDays: 14 }]),

  async fetchPage(context) {
    if (context.stream !== 'mail') throw new ProviderError('bad_request', `Gmail has no stream called "${context.stream}". Start the sync again.`);
    const { get, baseUrl, cursor, span, range } = context;
    const list = await untilForgotten(cursor, () => get(List, { url: listUrl(context) }));
    const found = await Promise.all((list.messages ?? []).map(({ id }) => readMessage(get, baseUrl, id)));
    const there = readMails(found.flatMap((one) => ('mail' in one ? [one.mail] : [])));
    return {
      records: there.records.filter((record) => isOurs(record.occurredAt, span, range)),
      unreadable: [...there.unreadable, ...found.flatMap((one) => ('gone' in one ? [one.gone] : []))],
      next: list.nextPageToken === undefined ? null : { pageToken: list.nextPageToken },
    };
  },

  changes: gmailChanges,
  readOne,
});

/** `after:` and `before:` take whole seconds, and whether the edges belong to it is not documented: a second more is asked for and cut off again. */
function listUrl({ baseUrl, span, cursor, pageSize }: FetchContext<PageToken, null>): string {
  const query = `after:${seconds(span.since, Math.floor) - 1} before:${seconds(span.until, Math.ceil) + 1}`;
  const token = cursor === null ? '' : `&pageToken=${inUrl(cursor.pageToken)}`;
  return `${baseUrl}/gmail/v1/users/me/messages?q=${inUrl(query)}&maxResults=${Math.min(pageSize, LIST_MAX)}${token}`;
}

const seconds = (iso: Span['since'], round: (n: number) => number): number => round(Date.parse(iso) / 1_000);

const EDGE_MS = 2_000;
/**
 * A mail of the asked-for edges belongs to the window beside this one. But one that Gmail found here while its date lies elsewhere (mail that was moved
 * in with its old date) is found by no other window: it is kept, as long as it is in the job's range.
 */
function isOurs(iso: string, span: Span, range: Span): boolean {
  if (inSpan(iso, span)) return true;
  const at = Date.parse(iso), isEdge = at >= Date.parse(span.since) - EDGE_MS && at < Date.parse(span.until) + EDGE_MS;
  return !isEdge && inSpan(iso, range);
}
