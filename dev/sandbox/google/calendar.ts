/** The sandbox's Google Calendar: the signed-in user's own calendar, expanded. https://developers.google.com/workspace/calendar/api/v3/reference */
import { createHash } from 'node:crypto';
import { EXCHANGE_ID } from '../../mailbox/message.ts';
import type { GraphEvent, Recipient } from '../../mailbox/shape.ts';
import type { Account, Entry } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { googleError, say } from './wording.ts';

const LIST_DEFAULT = 250, LIST_MAX = 2_500;
const HOUR = 3_600_000, DAY = 24 * HOUR;
/** Where the calendar's owner lives; all-day events are days there. */
const ZONE = 'Europe/Berlin', ZONE_MS = 2 * HOUR;

/** Answers one GET below /calendar/v3. */
export function answerCalendar(request: ApiRequest, path: string): Answer {
  const { account, url: { searchParams: asked } } = request;
  const [, calendar = '', one] = /^\/calendars\/([^/]+)(?:\/events(?:\/([^/]+))?)?$/.exec(decodeURIComponent(path)) ?? [];
  if (calendar !== 'primary' && calendar !== account.plan.address) return say({ kind: 'status', status: 404 });
  if (one) return oneEvent(account, one, asked.get('timeZone') === 'UTC');
  if (!path.endsWith('/events')) return json(200, { kind: 'calendar#calendar', etag: '"sandbox"', id: account.plan.address, summary: account.plan.address, timeZone: ZONE, conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] } });
  if (asked.get('singleEvents') !== 'true') return googleError(400, 'invalid', 'The sandbox knows expanded events only: singleEvents=true', 'INVALID_ARGUMENT');
  return asked.has('syncToken') ? listChanges(request) : listEvents(request);
}

/** One that was deleted is found for some time, as cancelled. https://developers.google.com/workspace/calendar/api/v3/reference/events/get */
function oneEvent(account: Account, id: string, utc: boolean): Answer {
  const found = [...account.events, ...account.cancelled.values()].find((event) => eventId(account, event) === id);
  return found ? json(200, eventOf(account, found, utc)) : say({ kind: 'status', status: 404 });
}

/** What happened since the token was given, events that are gone as no more than their ids. https://developers.google.com/workspace/calendar/api/guides/sync */
function listChanges({ account, url: { searchParams: asked }, pageFault }: ApiRequest): Answer {
  if (['timeMin', 'timeMax', 'orderBy', 'q', 'updatedMin', 'iCalUID'].some((name) => asked.has(name))) return googleError(400, 'badRequest', 'Sync token cannot be used with this parameter.', 'INVALID_ARGUMENT');
  const [edition, mark] = numbersIn(asked.get('syncToken'), 'sync', 2), [offset = 0, until = account.journal.length] = asked.has('pageToken') ? numbersIn(asked.get('pageToken'), 'page', 2) : [];
  if (edition !== account.journalEdition || mark === undefined) return say({ kind: 'status', status: 410 });
  if (Number.isNaN(offset)) return googleError(400, 'invalid', 'Invalid page token value.', 'INVALID_ARGUMENT');
  const ids = [...new Set(account.journal.slice(mark, until).flatMap(({ what, id }) => (what === 'event' ? id : [])))], max = Number(asked.get('maxResults') ?? LIST_DEFAULT);
  const next = pageFault === 'empty-page-with-next' ? offset : offset + max, page = ids.slice(offset, next);
  const items = page.flatMap((id) => {
    const there = account.events.find((event) => event.id === id), gone = account.cancelled.get(id);
    return there ? eventOf(account, there, asked.get('timeZone') === 'UTC') : gone ? { kind: 'calendar#event', etag: `"${gone.value.changeKey}"`, id: eventId(account, gone), status: 'cancelled' } : [];
  });
  return json(200, { kind: 'calendar#events', etag: '"p33g8t"', summary: account.plan.address, timeZone: 'UTC', accessRole: 'owner', items, ...next < ids.length ? { nextPageToken: tokenOf('page', next, until) } : { nextSyncToken: tokenOf('sync', edition, until) } });
}

const tokenOf = (kind: 'page' | 'sync', ...numbers: number[]): string => Buffer.from(`${kind} ${numbers.join(' ')}`).toString('base64url');
function numbersIn(token: string | null, kind: 'page' | 'sync', count: number): number[] {
  const [first, ...numbers] = Buffer.from(token ?? '', 'base64url').toString('utf8').split(' ');
  return first === kind && numbers.length === count && numbers.every((one) => /^\d+$/.test(one)) ? numbers.map(Number) : Array<number>(count).fill(Number.NaN);
}

/** What ends after `timeMin` and starts before `timeMax`; in an order that is stable and means nothing. */
function listEvents({ account, url: { searchParams: asked }, pageFault }: ApiRequest): Answer {
  const [from, to] = [asked.get('timeMin'), asked.get('timeMax')].map((edge) => (edge === null ? null : Date.parse(edge)));
  if (Number.isNaN(from) || Number.isNaN(to)) return googleError(400, 'badRequest', 'Bad Request', 'INVALID_ARGUMENT');
  const max = Math.min(LIST_MAX, Number(asked.get('maxResults') ?? LIST_DEFAULT)), [offset = 0, mark = account.journal.length] = asked.has('pageToken') ? numbersIn(asked.get('pageToken'), 'page', 2) : [];
  if (!Number.isInteger(offset) || !Number.isInteger(max) || max < 1) return googleError(400, 'invalid', 'Invalid page token value.', 'INVALID_ARGUMENT');
  const inside = account.events.filter(({ value, at, end }) => {
    const shift = value.isAllDay ? ZONE_MS : 0, starts = Date.parse(at) - shift, ends = Date.parse(end) - shift;
    return (from == null || ends > from) && (to == null || starts < to) && (!value.isCancelled || asked.get('showDeleted') === 'true');
  }).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const slice = pageFault === 'empty-page-with-next' ? [] : inside.slice(offset, offset + max), step = pageFault === 'duplicate-across-pages' && slice.length > 1 ? -1 : 0;
  const next = offset + slice.length + step, more = pageFault === 'empty-page-with-next' || offset + slice.length < inside.length;
  const goesOn = more ? { nextPageToken: tokenOf('page', next, mark) } : { nextSyncToken: tokenOf('sync', account.journalEdition, mark) };
  if (asked.get('fields') === 'nextPageToken,nextSyncToken') return json(200, goesOn);
  return json(200, {
    kind: 'calendar#events', etag: '"p33g8t"', summary: account.plan.address, description: '', updated: new Date(Date.parse(account.messages[0]?.at ?? '2026-01-01')).toISOString(), timeZone: asked.get('timeZone') ?? ZONE,
    accessRole: 'owner', defaultReminders: [{ method: 'popup', minutes: 10 }], items: slice.map((event) => eventOf(account, event, asked.get('timeZone') === 'UTC')),
    ...goesOn,
  });
}

const idOf = (account: Account, id: string): string => createHash('sha256').update(`calendar ${account.plan.address} ${id}`).digest('hex').slice(0, 26);
/** All occurrences share the id that the series was invited with. */
const seriesUid = (id: string): string => `${EXCHANGE_ID}00000000${id.slice(EXCHANGE_ID.length + 8)}`;
const seconds = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const originalStart = ({ value, at }: Pick<Entry<GraphEvent>, 'value' | 'at'>): number => Date.parse(at) - (value.type === 'exception' ? HOUR : 0);
const eventId = (account: Account, event: Pick<Entry<GraphEvent>, 'value' | 'at'>): string => (event.value.seriesMasterId ? `${idOf(account, event.value.seriesMasterId)}_${seconds(originalStart(event)).replace(/[-:]/g, '')}` : idOf(account, event.value.id));

/** https://developers.google.com/workspace/calendar/api/v3/reference/events#resource */
function eventOf(account: Account, { value, at, end }: Entry<GraphEvent>, utc: boolean): object {
  const starts = Date.parse(at), series = value.seriesMasterId && idOf(account, value.seriesMasterId), original = originalStart({ value, at });
  const moment = (ms: number): object => (value.isAllDay ? { date: new Date(ms).toISOString().slice(0, 10) } : { dateTime: utc ? seconds(ms) : `${seconds(ms + ZONE_MS).slice(0, -1)}+02:00`, timeZone: ZONE });
  const id = eventId(account, { value, at });
  const me = account.plan.address, person = ({ emailAddress: { name, address } }: Recipient): object => ({ email: address, displayName: name, ...address === me && { self: true } });
  return {
    kind: 'calendar#event', etag: `"${value.changeKey}"`, id, status: value.isCancelled || account.cancelled.has(value.id) ? 'cancelled' : 'confirmed', htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(`${id} ${me}`).toString('base64url')}`,
    created: value.createdDateTime, updated: value.lastModifiedDateTime, summary: value.subject, ...value.body.content && { description: value.body.content }, ...value.location.displayName && { location: value.location.displayName },
    creator: person(value.organizer), organizer: person(value.organizer), start: moment(starts), end: moment(Math.max(Date.parse(end), value.isAllDay ? starts + DAY : starts)),
    ...value.isAllDay && { transparency: 'transparent' }, ...series && { recurringEventId: series, originalStartTime: moment(original) }, iCalUID: seriesUid(value.iCalUId), sequence: 0,
    ...value.attendees.length && { attendees: attendeesOf(value, me) }, ...value.onlineMeeting && { hangoutLink: value.onlineMeeting.joinUrl }, reminders: { useDefault: true }, eventType: 'default',
  };
}

const RESPONSES: Record<string, string> = { accepted: 'accepted', tentativelyAccepted: 'tentative', declined: 'declined', none: 'needsAction' };
/** The organizer stands among the attendees here. */
const attendeesOf = ({ organizer, attendees }: GraphEvent, me: string): object[] => [
  { email: organizer.emailAddress.address, displayName: organizer.emailAddress.name, organizer: true, responseStatus: 'accepted', ...organizer.emailAddress.address === me && { self: true } },
  ...attendees.map(({ emailAddress: { name, address }, type, status }) => ({ email: address, displayName: name, responseStatus: RESPONSES[status.response] ?? 'needsAction', ...type === 'optional' && { optional: true }, ...address === me && { self: true } })),
];
