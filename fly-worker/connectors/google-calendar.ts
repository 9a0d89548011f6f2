/** Google Calendar: the events of an account's own calendar, recurring ones one by one. https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
import { z } from 'zod';
import { defineConnector, type FetchContext } from '#contract/connector';
import { calendarChanges, readOne, ZONE_REACH_MS, type CalendarPlace } from './google-calendar-changes.ts';
import { readEvents } from './google-events.ts';
import { googleOAuth, PageToken, untilForgotten } from './google-oauth.ts';
import { inSpan, inUrl } from './items.ts';
import { ProviderError } from './provider-error.ts';

/** Google's own limit. */
const LIST_MAX = 2_500;

/** `items` may be empty though a next page follows. */
const List = z.object({ items: z.array(z.unknown()), nextPageToken: z.string().min(1).nullish() });

export const googleCalendar = defineConnector<PageToken, null, CalendarPlace>({
  id: 'google_calendar',
  title: 'Google Calendar',
  baseUrl: { env: 'GOOGLE_CALENDAR_API_URL', fallback: 'https://www.googleapis.com' },
  // The id of somebody's own calendar is the account. https://developers.google.com/workspace/calendar/api/v3/reference/calendars/get
  oauth: googleOAuth('calendar.readonly', 'Read your calendar', {
    path: '/calendar/v3/calendars/primary', schema: z.object({ id: z.string().min(1) }).transform((calendar) => calendar.id.toLowerCase()),
  }),
  /** 600 requests a minute and user: ten a second. https://developers.google.com/workspace/calendar/api/guides/quota */
  concurrencyMax: 4,
  cursor: PageToken,

  streams: () => Promise.resolve([{ name: 'calendar', order: 'unordered', windowDays: 31 }]),

  async fetchPage(context) {
    if (context.stream !== 'calendar') throw new ProviderError('bad_request', `Google Calendar has no stream called "${context.stream}". Start the sync again.`);
    const { get, cursor, span } = context;
    const list = await untilForgotten(cursor, () => get(List, { url: listUrl(context) }));
    const { records, unreadable } = readEvents(list.items);
    return { records: records.filter((record) => inSpan(record.occurredAt, span)), unreadable, next: list.nextPageToken ? { pageToken: list.nextPageToken } : null };
  },

  changes: calendarChanges,
  readOne,
});

/** The list brings whatever overlaps; an event belongs to the window in which it starts. */
function listUrl({ baseUrl, span, cursor, pageSize }: FetchContext<PageToken, null>): string {
  const edge = (iso: string, byMs: number): string => inUrl(new Date(Date.parse(iso) + byMs).toISOString());
  const token = cursor === null ? '' : `&pageToken=${inUrl(cursor.pageToken)}`;
  return `${baseUrl}/calendar/v3/calendars/primary/events?timeMin=${edge(span.since, -ZONE_REACH_MS)}&timeMax=${edge(span.until, ZONE_REACH_MS)}&singleEvents=true&timeZone=UTC&maxResults=${Math.min(pageSize, LIST_MAX)}${token}`;
}
