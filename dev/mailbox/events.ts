/** The workbench: a generated calendar: weekly series, meetings with partners, all-day things, a few cancelled. */
import { isWeekend } from './calendar-time.ts';
import type { Member } from './cast.ts';
import type { Workshop } from './compose.ts';
import { escapeHtml } from './markup.ts';
import { makeEvent } from './message.ts';
import type { GraphEvent } from './shape.ts';
import { factsFor, fill, type Storyline } from './storyline.ts';

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY;
/** The calendar reaches a little into the future, as calendars do. */
const AHEAD = 3 * WEEK;
const SERIES: [subject: string, weekday: number, hour: number, minutes: number][] = [
  ['Monday stand-up', 1, 8, 30], ['Jour fixe Projekte', 2, 9, 60], ['Revue de projet', 4, 13, 60], ['Weekly sales pipeline', 3, 12, 45], ['1:1 with the managing director', 5, 7, 30],
];
const WHOLE_DAYS = ['Public holiday', 'Summer closing', 'Out of office: dentist and garage', 'Trade fair', 'Inventory day', 'Anniversary of the company'];

/** Exactly `count` events between `from` and a little after `to`. */
export function writeEvents(shop: Workshop, stories: Storyline[], count: number, from: number, to: number): GraphEvent[] {
  const made: GraphEvent[] = [], series = Math.floor(count * 0.4), days = Math.ceil(count * 0.04);
  for (const [index, [subject, weekday, hour, minutes]] of SERIES.entries()) {
    const occurrences = starts(from, to + AHEAD, weekday, hour).slice(-Math.ceil(series / SERIES.length));
    for (const [i, start] of occurrences.entries()) if (made.length < series) made.push(occurrence(shop, subject, `${shop.cast.owner.address} series ${index}`, start, minutes, i));
  }
  for (let i = 0; i < days && made.length < count; i++) made.push(wholeDay(shop, from, to));
  while (made.length < count) made.push(meeting(shop, stories, from, to));
  return made;
}

function starts(from: number, to: number, weekday: number, hour: number): number[] {
  let day = Math.floor(from / DAY) * DAY;
  while (new Date(day).getUTCDay() !== weekday) day += DAY;
  const found: number[] = [];
  for (; day < to; day += WEEK) found.push(day + hour * HOUR);
  return found;
}

function occurrence(shop: Workshop, subject: string, series: string, start: number, minutes: number, index: number): GraphEvent {
  const { cast, roll } = shop, moved = roll.chance(0.08), at = start + (moved ? HOUR : 0), team = cast.home.people.slice(1, 7);
  const text = `Agenda of week ${index + 1}: ${roll.some(['open orders', 'service tickets', 'travel', 'hiring', 'budget', 'safety walk', 'the fair', 'next release'], 3).join(', ')}.`;
  return event(shop, { key: `${series} ${start}`, series, type: moved ? 'exception' : 'occurrence', subject, text, start: at, minutes, organizer: cast.owner, guests: team, online: roll.chance(0.7), location: 'Elbe' });
}

function meeting(shop: Workshop, stories: Storyline[], from: number, to: number): GraphEvent {
  const { cast, roll } = shop, story = roll.pick(stories), company = roll.pick(cast.byRole(story.with));
  let day = Math.floor((from + roll.next() * (to + AHEAD - from)) / DAY) * DAY;
  while (isWeekend(day)) day += DAY;
  const start = day + roll.int(6, 15) * HOUR + roll.pick([0, 30]) * MINUTE, organizer = roll.chance(0.45) ? cast.owner : roll.pick(company.people);
  const facts = factsFor(roll, cast.trade, story.lang, { company: company.name, person: organizer.first, colleague: roll.pick(cast.home.people).name }, new Date(start));
  const say = (text: string): string => fill(text, facts, roll, story.lang), guests = [...roll.some(company.people, roll.int(1, 4)), ...roll.some(cast.home.people, roll.int(0, 4))];
  const visit = roll.chance(0.3);
  return event(shop, {
    key: shop.serial(), subject: `${company === cast.home ? '' : `${company.name}: `}${say(roll.pick(story.subjects))}`, text: [roll.pick(story.open), ...roll.some(story.ask, 2)].map(say).join(' '),
    start, minutes: roll.pick([30, 30, 45, 60, 60, 90, 120]), organizer, guests, online: !visit, location: visit ? `${company.street}, ${company.city}` : say('$room'), cancelled: roll.chance(0.05),
  });
}

function wholeDay(shop: Workshop, from: number, to: number): GraphEvent {
  const { cast, roll } = shop, start = Math.floor((from + roll.next() * (to - from)) / DAY) * DAY;
  return event(shop, { key: shop.serial(), subject: roll.pick(WHOLE_DAYS), text: '', start, minutes: roll.pick([1, 1, 2, 5]) * 1_440, organizer: cast.owner, guests: [], online: false, location: '', allDay: true });
}

type Draft = {
  key: string; series?: string; type?: GraphEvent['type']; subject: string; text: string; start: number; minutes: number;
  organizer: Member; guests: Member[]; online: boolean; location: string; allDay?: boolean; cancelled?: boolean;
};
const TEAMS = `<br>\r\n<div style="color:#616161">${'_'.repeat(80)}</div>\r\n<div>Microsoft Teams meeting</div>\r\n`;
const RESPONSES = ['accepted', 'accepted', 'accepted', 'tentativelyAccepted', 'declined', 'none'];

function event({ cast, roll }: Workshop, { start, minutes, text, guests, organizer, ...rest }: Draft): GraphEvent {
  const invited = [...new Map([cast.owner, ...guests].filter(one => one !== organizer && guests.length).map(one => [one.address, one])).values()];
  const html = `<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n<body>
<div>${escapeHtml(text)}</div>\r\n${rest.online ? TEAMS : ''}</body>\r\n</html>\r\n`;
  return makeEvent({
    ...rest, html, preview: text, start: iso(start), end: iso(start + minutes * MINUTE), created: iso(start - roll.int(2, 30) * DAY),
    organizer: { name: organizer.name, address: organizer.address }, owner: cast.owner.address,
    attendees: invited.map(({ name, address }) => ({ person: { name, address }, response: roll.pick(RESPONSES), optional: roll.chance(0.15) })),
  });
}

const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
