/**
 * What an event says:
 *   person -ORGANIZED-> event, person -ATTENDS-> event, person -WORKS_AT-> organization,
 *   event -IN_THREAD-> thread   an occurrence belongs to its series
 * The event's facts (start, end, place, all day, cancelled, meeting link) are properties of its node.
 */
import type { SourceRecord } from '#contract/connector';
import type { Facts } from '#contract/memory';
import { draftFacts, introduce } from './facts.ts';
import { mention } from './mentions.ts';
import { redact } from './redact.ts';
import type { DerivedText } from './text.ts';

/** Of the record's properties, those that describe the event. */
const FACTS = ['location', 'isAllDay', 'isCancelled', 'type', 'onlineMeetingUrl', 'status'] as const;

export function eventFacts(record: SourceRecord, derived: DerivedText): Facts {
  const draft = draftFacts();
  const known = introduce(draft, record.participants);
  const properties: Facts['entities'][number]['properties'] = { start: record.occurredAt, end: record.endsAt };
  for (const name of FACTS) {
    const value = record.properties[name];
    if (value !== undefined && value !== null) properties[name] = typeof value === 'string' ? redact(value.slice(0, 1_000)).text : value;
  }
  const event = draft.entity('event', eventKey(record), derived.title || '(no title)', properties);
  for (const { person, participant } of known) {
    if (participant.role === 'organizer') draft.relation('ORGANIZED', person, event);
    else if (participant.role === 'attendee') draft.relation('ATTENDS', person, event);
  }
  if (record.threadId !== null) draft.relation('IN_THREAD', event, draft.entity('thread', record.threadId, derived.title || '(no title)'));
  const place = properties['location'];
  if (typeof place === 'string' && /\p{L}/u.test(place) && !/https?:\/\/|@/.test(place)) {
    draft.include([{ type: 'place', key: place.trim().toLowerCase().slice(0, 300), name: place.trim().slice(0, 200), properties: {}, method: 'header', confidence: 0.8 }]);
  }
  mention(draft, `${derived.title}\n${derived.fresh}`, known, null);
  return draft.done();
}

/** The same meeting in two calendars is one node. Occurrences may share their series' id, so their start tells them apart. */
function eventKey(record: SourceRecord): string {
  const id = record.globalId?.replace(EXCHANGE_DAY, (_, head: string) => `${head}00000000`) ?? record.providerId;
  return record.threadId === null ? id : `${id}@${record.occurredAt}`;
}

/** Exchange writes an occurrence's day into the id of its series (MS-OXOCAL 2.2.1.27, bytes 17 to 20); other calendars know the meeting by the id without it. */
const EXCHANGE_DAY = /^(040000008200E00074C5B7101A82E008)[0-9A-F]{8}(?=[0-9A-F]+$)/i;
