/** An event of a calendar file as records: one, or one for each time that it comes back within the range. What is remembered is what the other calendars remember. */
import type { Participant, ParticipantRole, SourceRecord, Span, UnreadableRecord } from '#contract/connector';
import { OCCURRENCES_MAX, RECURRENCE_STEPS_MAX } from '#contract/limits';
import type { IcsComponent, IcsProperty } from './ics-properties.ts';
import { clockOf, lengthOf, ruleOf, type IcsRule } from './ics-values.ts';
import { utc, zoneNamed, type Zone } from './ics-zones.ts';
import { addressOf, facts, inSpan } from './items.ts';
import { momentsOf, TooManySteps } from './recurrence.ts';

const DAY_MS = 86_400_000;

/** What every event of a file needs to know of the others. */
export interface Calendar {
  zones: ReadonlyMap<string, Zone>;
  /** The zone of times that name none. */
  own: Zone;
  /** By UID: the moments (UTC, milliseconds) of a series that the file words anew, each in an event of its own. */
  reworded: ReadonlyMap<string, ReadonlySet<number>>;
}

type IcsRecord = { record: SourceRecord } | { unreadable: UnreadableRecord } | { leftOut: true };

/** The records of one event, in time's order. `fallbackId` stands in for a missing UID. */
export function* recordsOf(event: IcsComponent, calendar: Calendar, span: Span, fallbackId: string): Generator<IcsRecord> {
  const uid = textOf(event, 'uid'), id = uid ?? fallbackId;
  const unreadable = (message: string, of = id): IcsRecord => ({ unreadable: { providerId: of, message } });
  const crucial = event.broken.find((name) => ['DTSTART', 'RRULE', 'RECURRENCE-ID', 'RDATE', 'EXDATE'].includes(name));
  if (crucial) return yield unreadable(`The event's ${crucial} is not written as calendars write it.`);
  const start = momentOf(event, 'dtstart', calendar);
  if ('trouble' in start) return yield unreadable(start.trouble);
  const rules = all(event, 'rrule').map(({ values }) => ruleOf(values[0]));
  if (rules.includes(null)) return yield unreadable('The rule by which the event comes back cannot be read.');
  const wording = wordingOf(event, { id, uid, lengthMs: lengthOfEvent(event, start, calendar), isAllDay: start.isDay });
  const own = momentOf(event, 'recurrence-id', calendar);
  if (!('trouble' in own)) return yield kept(wording(start.at, 'exception', own.at), span);
  const more = all(event, 'rdate').flatMap((property) => momentsIn(property, calendar));
  if (rules.length === 0 && more.length === 0) return yield kept(wording(start.at, 'singleInstance', null), span);
  const gone = goneOf(event, calendar);
  let any = false;
  for (const at of series(rules as IcsRule[], start, more, span)) {
    if (at === 'too_many') return yield unreadable(`The event comes back more often than can be followed; what is after ${OCCURRENCES_MAX} times in the range was left out.`, `${id}/rest`);
    any = true;
    if (gone.moments.has(at) || gone.days.has(Math.floor(at / DAY_MS) * DAY_MS) || (uid !== null && calendar.reworded.get(uid)?.has(at))) continue;
    yield kept(wording(at, 'occurrence', at), span);
  }
  if (!any) yield { leftOut: true };
}

const kept = (record: SourceRecord, span: Span): IcsRecord => (inSpan(record.occurredAt, span) ? { record } : { leftOut: true });

interface Start { at: number; clock: number; zone: Zone; isDay: boolean }

/** Every moment of a series within the span, in order; the last may be that there are too many of them. */
function* series(rules: IcsRule[], { at: startAt, clock, zone }: Start, more: number[], span: Span): Generator<number | 'too_many'> {
  const since = Date.parse(span.since), until = Date.parse(span.until), inside = (at: number): boolean => at >= since && at < until;
  const found = new Set<number>([...more, ...(rules.length === 0 ? [startAt] : [])].filter(inside));
  let tooMany = false;
  try {
    for (const rule of rules) {
      // Zones are at most a day away.
      for (const moment of momentsOf(rule, clock, { since: since - DAY_MS, until: until + DAY_MS, stepsMax: RECURRENCE_STEPS_MAX })) {
        const at = zone(moment);
        if (rule.untilUtc !== null && at > rule.untilUtc) break;
        if (!inside(at)) continue;
        found.add(at);
        if (found.size > OCCURRENCES_MAX) throw new TooManySteps();
      }
    }
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    tooMany = true;
  }
  yield* [...found].sort((a, b) => a - b).slice(0, OCCURRENCES_MAX);
  if (tooMany) yield 'too_many';
}

/** Times that were struck off. A day that is struck off an event with a time means that day's. */
function goneOf(event: IcsComponent, calendar: Calendar): { moments: Set<number>; days: Set<number> } {
  const moments = new Set<number>(), days = new Set<number>();
  for (const property of all(event, 'exdate')) for (const at of momentsIn(property, calendar)) (property.type === 'date' ? days : moments).add(at);
  return { moments, days };
}

// --- moments

const all = (event: IcsComponent, wanted: string): IcsProperty[] => event.properties.filter(({ name }) => name === wanted);
const one = (event: IcsComponent, wanted: string): IcsProperty | undefined => event.properties.find(({ name }) => name === wanted);
const zoneName = ({ parameters }: IcsProperty): string | null => (typeof parameters['tzid'] === 'string' && parameters['tzid'] !== '' ? parameters['tzid'] : null);

/** When a property says it is. */
export function momentOf(event: IcsComponent, name: string, { zones, own }: Pick<Calendar, 'zones' | 'own'>): Start | { trouble: string } {
  const property = one(event, name), value = clockOf(property?.values[0]);
  if (!property) return { trouble: name === 'dtstart' ? 'The event does not say when it starts.' : `The event has no ${name.toUpperCase()}.` };
  if (!value) return { trouble: `The event's ${name.toUpperCase()} is not a date.` };
  const named = zoneName(property), zone = value.isUtc || value.isDay ? utc : named === null ? own : zoneNamed(named, zones);
  return zone === null ? { trouble: `The event's time zone "${named}" is not known, and the file does not describe it.` } : { at: zone(value.clock), clock: value.clock, zone, isDay: value.isDay };
}

/** Every moment that a property lists; of a period its beginning. */
function momentsIn(property: IcsProperty, { zones, own }: Calendar): number[] {
  return property.values.flatMap((value) => {
    const clock = clockOf(Array.isArray(value) ? value[0] : value), named = zoneName(property);
    if (!clock) return [];
    const zone = clock.isUtc || clock.isDay ? utc : named === null ? own : zoneNamed(named, zones) ?? own;
    return [zone(clock.clock)];
  });
}

function lengthOfEvent(event: IcsComponent, start: Start, calendar: Calendar): number {
  const end = momentOf(event, 'dtend', calendar), length = lengthOf(one(event, 'duration')?.values[0]);
  if (!('trouble' in end)) return Math.max(0, end.at - start.at);
  return length ?? (start.isDay ? DAY_MS : 0);
}

// --- words

function textOf(event: IcsComponent, name: string): string | null {
  const value = one(event, name)?.values[0];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

type Wording = (at: number, type: 'singleInstance' | 'occurrence' | 'exception', original: number | null) => SourceRecord;

/** All that the times of a series have in common. */
function wordingOf(event: IcsComponent, { id, uid, lengthMs, isAllDay }: { id: string; uid: string | null; lengthMs: number; isAllDay: boolean }): Wording {
  const description = one(event, 'description')?.values[0], body = typeof description === 'string' ? description : '';
  const participants = [...all(event, 'organizer').flatMap((property) => personOf('organizer', property)), ...all(event, 'attendee').flatMap((property) => personOf('attendee', property))];
  const link = textOf(event, 'url'), meeting = ['x-google-conference', 'x-microsoft-skypeteamsmeetingurl', 'conference'].map((name) => textOf(event, name)).find(isWebLink);
  const priority = Number(textOf(event, 'priority') ?? one(event, 'priority')?.values[0] ?? 0);
  const properties = {
    location: textOf(event, 'location'), isAllDay, isCancelled: textOf(event, 'status')?.toUpperCase() === 'CANCELLED', onlineMeetingUrl: meeting ?? null,
    importance: priority === 0 || Number.isNaN(priority) ? null : priority < 5 ? 'high' : priority === 5 ? 'normal' : 'low',
    hasAttachments: all(event, 'attach').length > 0 ? true : null, categories: all(event, 'categories').flatMap(({ values }) => values).filter((value) => typeof value === 'string').join(', '),
  };
  return (at, type, original) => ({
    stream: 'calendar', kind: 'event', providerId: original === null ? id : `${id}/${new Date(original).toISOString()}`,
    occurredAt: new Date(at).toISOString(), endsAt: new Date(at + lengthMs).toISOString(),
    title: textOf(event, 'summary') ?? '',
    body: { format: /<(?:p|br|div|a|b|i|ul|ol|html|span|table)\b[^>]*>/i.test(body) ? 'html' : 'text', content: body },
    participants, threadId: original === null ? null : id, globalId: uid, replyToGlobalId: null,
    url: isWebLink(link) ? link : null,
    properties: facts({ ...properties, type }),
  });
}

const isWebLink = (link: string | null): link is string => link !== null && /^https?:\/\/\S+$/i.test(link);

/** Rooms and projectors are no people. */
function personOf(role: ParticipantRole, { parameters, values }: IcsProperty): Participant[] {
  const kind = String(parameters['cutype'] ?? '').toUpperCase(), raw = typeof values[0] === 'string' ? values[0].replace(/^mailto:/i, '') : '';
  const address = addressOf(raw) ?? addressOf(typeof parameters['email'] === 'string' ? parameters['email'] : null), name = typeof parameters['cn'] === 'string' ? parameters['cn'].trim() : '';
  return kind === 'ROOM' || kind === 'RESOURCE' || (address === null && name === '') ? [] : [{ role, address, name: name !== '' && name.toLowerCase() !== address ? name : null }];
}
