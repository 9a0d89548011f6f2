/** An event as Google Calendar has it, and as a record. https://developers.google.com/workspace/calendar/api/v3/reference/events#resource */
import { z } from 'zod';
import type { Participant, ParticipantRole, SourceRecord, UnreadableRecord } from '#contract/connector';
import { addressOf, facts, readItems } from './items.ts';
import { isoOf } from './mail-headers.ts';

/** All-day events have a `date`, others a `dateTime`. */
const Moment = z.object({ date: z.string().nullish(), dateTime: z.string().nullish(), timeZone: z.string().nullish() });
type Moment = z.infer<typeof Moment>;
/** `resource`: a room or a projector, not a person. */
const Person = z.object({ email: z.string().nullish(), displayName: z.string().nullish(), resource: z.boolean().nullish(), organizer: z.boolean().nullish() });
type Person = z.infer<typeof Person>;

const Event = z.object({
  id: z.string().min(1),
  status: z.string().nullish(),
  iCalUID: z.string().nullish(),
  recurringEventId: z.string().nullish(),
  originalStartTime: Moment.nullish(),
  summary: z.string().nullish(),
  description: z.string().nullish(),
  location: z.string().nullish(),
  start: Moment.nullish(),
  end: Moment.nullish(),
  organizer: Person.nullish(),
  attendees: z.array(Person).nullish(),
  hangoutLink: z.string().nullish(),
  conferenceData: z.object({ entryPoints: z.array(z.object({ entryPointType: z.string().nullish(), uri: z.string().nullish() })).nullish() }).nullish(),
  eventType: z.string().nullish(),
  htmlLink: z.string().nullish(),
  attachments: z.array(z.unknown()).nullish(),
});
type Event = z.infer<typeof Event>;

/** Reads raw events; of a removed one nothing comes. */
export const readEvents = (events: unknown[]): { records: SourceRecord[]; unreadable: UnreadableRecord[] } => readItems(events, Event, { provider: 'Google Calendar', idField: 'id' }, fromEvent);

/** Null: a removed event of which nothing is left but its id. */
function fromEvent(e: Event): SourceRecord | string | null {
  const isCancelled = e.status === 'cancelled';
  if (isCancelled && !e.start) return null;
  const occurredAt = e.start ? momentIso(e.start) : null;
  if (occurredAt === null) return `The event's start (${e.start?.dateTime ?? e.start?.date ?? 'none'}) is not a date that can be read.`;
  const original = e.originalStartTime ? momentIso(e.originalStartTime) : null;
  return {
    stream: 'calendar', kind: 'event', providerId: e.id, occurredAt, endsAt: e.end ? momentIso(e.end) : null,
    title: e.summary ?? '',
    body: { format: /<[a-z][^>]*>/i.test(e.description ?? '') ? 'html' : 'text', content: e.description ?? '' },
    participants: [...people('organizer', e.organizer ? [e.organizer] : []), ...people('attendee', e.attendees ?? [])],
    threadId: e.recurringEventId || null,
    globalId: e.iCalUID || null,
    replyToGlobalId: null,
    url: e.htmlLink && /^https?:\/\//i.test(e.htmlLink) ? e.htmlLink : null,
    properties: facts({
      location: e.location, isAllDay: e.start?.date != null, isCancelled,
      type: !e.recurringEventId ? 'singleInstance' : original === null || original === occurredAt ? 'occurrence' : 'exception',
      onlineMeetingUrl: e.hangoutLink ?? e.conferenceData?.entryPoints?.find((entry) => entry.entryPointType === 'video')?.uri,
      hasAttachments: e.attachments ? e.attachments.length > 0 : null, eventType: e.eventType === 'default' ? null : e.eventType,
    }),
  };
}

/** Rooms are no people, and a shared calendar that stands as organizer has a name but no address that anybody writes to. The organizer attends by being that. */
const people = (role: ParticipantRole, list: Person[]): Participant[] => list.flatMap((one) => {
  const email = addressOf(one.email), address = email !== null && /@(?:group|resource|import)\.(?:v\.)?calendar\.google\.com$/.test(email) ? null : email, name = one.displayName?.trim() || null;
  return one.resource || (role === 'attendee' && one.organizer) || (address === null && name === null) ? [] : [{ role, address, name }];
});

/** An all-day event is remembered by its UTC day, as the other calendars do. A time without an offset is in UTC, as was asked for. */
function momentIso({ date, dateTime, timeZone }: Moment): string | null {
  if (date) return /^\d{4}-\d\d-\d\d$/.test(date) ? isoOf(Date.parse(`${date}T00:00:00Z`)) : null;
  if (!dateTime || !/^\d{4}-\d\d-\d\dT/.test(dateTime)) return null;
  if (/(?:Z|[+-]\d\d:?\d\d)$/i.test(dateTime)) return isoOf(Date.parse(dateTime));
  return /^(?:utc|etc\/utc|gmt)$/i.test(timeZone ?? 'UTC') ? isoOf(Date.parse(`${dateTime}Z`)) : null;
}
