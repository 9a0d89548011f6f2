/**
 * What changed in a calendar since last time, by sync token: events as they are now, removed ones as their ids. The first token comes at the end of a
 * list of everything from a date on, of which nothing but the tokens is asked for. https://developers.google.com/workspace/calendar/api/guides/sync
 */
import { z } from 'zod';
import type { Ask, Changes, ChangesContext, ChangesPage, SourceRecord, UnreadableRecord } from '#contract/connector';
import { readEvents } from './google-events.ts';
import { inUrl } from './items.ts';
import { ProviderError } from './provider-error.ts';

/** All-day events are days of the calendar's own zone, up to 14 hours away from the UTC day under which they are remembered. */
export const ZONE_REACH_MS = 14 * 3_600_000;
/** Google's own limit. */
const LIST_MAX = 2_500;

/** `syncToken` null: the first one is still being looked for. `pageToken`: within a round. */
const CalendarPlace = z.strictObject({ syncToken: z.string().min(1).nullable(), pageToken: z.string().min(1).nullable() }).refine((place) => place.syncToken !== null || place.pageToken !== null);
export type CalendarPlace = z.infer<typeof CalendarPlace>;
type Context = ChangesContext<CalendarPlace, null>;

const Tokens = z.object({ nextPageToken: z.string().min(1).nullish(), nextSyncToken: z.string().min(1).nullish() });
const Changed = Tokens.extend({ items: z.array(z.unknown()) });
const Event = z.looseObject({ id: z.string().min(1), status: z.string().nullish() });

export const calendarChanges: Changes<CalendarPlace, null> = {
  place: CalendarPlace,

  async read(context) {
    const syncToken = context.from?.syncToken ?? null;
    if (syncToken === null) {
      const tokens = await list(context, Tokens, `timeMin=${inUrl(new Date(Date.parse(context.span.since) - ZONE_REACH_MS).toISOString())}&fields=nextPageToken,nextSyncToken`, LIST_MAX);
      return { records: [], unreadable: [], removed: [], ...goesOn(null, tokens) };
    }
    const page = await list(context, Changed, `syncToken=${inUrl(syncToken)}`, Math.min(context.pageSize, LIST_MAX));
    const isGone = (item: unknown): boolean => Event.safeParse(item).data?.status === 'cancelled';
    const found = readEvents(page.items.filter((item) => !isGone(item))), gone = [...new Set(page.items.filter(isGone).map((item) => Event.parse(item).id))];
    // A removed event may be one that was only moved out of what is listed, or is back by now.
    const looked = await Promise.all(gone.map((providerId) => readOne({ ...context, providerId })));
    return {
      records: [...found.records, ...looked.flatMap((one) => (one !== null && 'kind' in one ? [one] : []))], unreadable: [...found.unreadable, ...looked.flatMap((one) => (one !== null && 'message' in one ? [one] : []))],
      removed: gone.filter((_, i) => looked[i] === null), ...goesOn(syncToken, page),
    };
  },
};

/** One page of a list. A page token that was forgotten begins the round again. https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
async function list<T>({ get, baseUrl, from }: Context, schema: z.ZodType<T>, what: string, size: number): Promise<T> {
  const url = `${baseUrl}/calendar/v3/calendars/primary/events?${what}&singleEvents=true&timeZone=UTC&maxResults=${size}`, pageToken = from?.pageToken ?? null;
  if (pageToken === null) return get(schema, { url });
  return get(schema, { url: `${url}&pageToken=${inUrl(pageToken)}` }).catch((error: unknown) => { if (error instanceof ProviderError && error.kind === 'bad_request') return get(schema, { url }); throw error; });
}

function goesOn(syncToken: string | null, { nextPageToken, nextSyncToken }: z.infer<typeof Tokens>): Pick<ChangesPage<CalendarPlace>, 'next' | 'done'> {
  if (nextPageToken) return { next: { syncToken, pageToken: nextPageToken }, done: false };
  if (!nextSyncToken) throw new ProviderError('unreadable_answer', 'Google Calendar ended a list of changes without saying where the next one starts. It is read again on the next try.');
  return { next: { syncToken: nextSyncToken, pageToken: null }, done: true };
}

/** One event by its id; null: it is gone, or cancelled, which no list shows. https://developers.google.com/workspace/calendar/api/v3/reference/events/get */
export async function readOne({ get, baseUrl, providerId }: Ask & { providerId: string }): Promise<SourceRecord | UnreadableRecord | null> {
  try {
    const event = await get(Event, { url: `${baseUrl}/calendar/v3/calendars/primary/events/${inUrl(providerId)}?timeZone=UTC` });
    if (event.status === 'cancelled') return null;
    const { records, unreadable } = readEvents([event]);
    return records[0] ?? unreadable[0] ?? null;
  } catch (error) {
    // Google's words for it; a 404 without them comes from somewhere else.
    if (error instanceof ProviderError && ((error.kind === 'not_found' && error.code === 'notFound') || (error.kind === 'gone' && error.code === 'deleted'))) return null;
    throw error;
  }
}
