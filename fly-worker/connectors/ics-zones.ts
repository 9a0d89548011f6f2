/** Clock times of a calendar's time zones as UTC. A zone that the world knows by its name is taken as the world has it; only others as the file describes them. */
import type { IcsComponent } from './ics-properties.ts';
import { momentsOf } from './recurrence.ts';
import { clockOf, offsetOf, ruleOf } from './ics-values.ts';
import { fromWindows } from './windows-zones.ts';

/** Clock time to UTC, both in milliseconds. A time that the clock skips or shows twice is taken as before the change. */
export type Zone = (clock: number) => number;

export const utc: Zone = (clock) => clock;

/** What `name` means; null: nobody knows. `described`: zones of the file by their names. */
export function zoneNamed(name: string, described: ReadonlyMap<string, Zone>): Zone | null {
  return byName(name) ?? described.get(name) ?? byName(fromWindows(name)) ?? byName(/(?<=^|\/)[A-Za-z]\w*(?:\/[\w+-]+){1,2}$/.exec(name)?.[0]) ?? byOffset(name);
}

const DAY_MS = 86_400_000, WEEK_MS = 7 * DAY_MS;
const known = new Map<string, Zone | null>();

/** A zone of the runtime's own tables. Numbers are none of them, though newer runtimes take them. */
function byName(name: string | null | undefined): Zone | null {
  if (!name || !/^[A-Za-z]/.test(name)) return null;
  let zone = known.get(name);
  if (zone === undefined) known.set(name, zone = /^(?:UTC|GMT|Z|Etc\/UTC|Etc\/GMT)$/i.test(name) ? utc : open(name));
  return zone;
}

function open(name: string): Zone | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return null;                                                              // no zone of that name
  }
  // "6/15/2026, GMT+02:00"; of UTC itself only "GMT"
  const offsetAt = (moment: number): number => offsetOf(/[+-][\d:]+$/.exec(format.format(moment))?.[0]) ?? 0;
  // Asking takes a tenth of a millisecond, and a daily series asks thousands of times.
  const ofWeek = new Map<number, number>();
  const edge = (week: number): number => {
    let offset = ofWeek.get(week);
    if (offset === undefined) ofWeek.set(week, offset = offsetAt(week * WEEK_MS));
    return offset;
  };
  return (clock) => {
    const week = Math.floor(clock / WEEK_MS), before = edge(week - 1), after = edge(week + 2);
    if (before === after && edge(week) === before && edge(week + 1) === before) return clock - before;
    return nearChange(clock);
  };

  /** The offset may change within these weeks. */
  function nearChange(clock: number): number {
    const before = offsetAt(clock - DAY_MS), after = offsetAt(clock + DAY_MS);
    if (before === after) return clock - before;
    // Near a change: the old offset wherever it still shows this time, else the new one; a skipped time moves forward.
    if (offsetAt(clock - before) === before) return clock - before;
    return offsetAt(clock - after) === after ? clock - after : clock - before;
  }
}

/** "GMT+0200", "UTC-5", "+01:00". */
function byOffset(name: string): Zone | null {
  const found = /^(?:GMT|UTC)?\s*([+-])(\d{1,2}):?(\d{2})?$/.exec(name.trim());
  if (!found || Number(found[2]) > 14) return null;
  const shift = Number(`${found[1]}1`) * (Number(found[2]) * 60 + Number(found[3] ?? 0)) * 60_000;
  return (clock) => clock - shift;
}

/** Changes of one part of a zone that are looked at: a century of one a year. */
const CHANGES_MAX = 200, STEPS_MAX = 100_000;
const UNTIL = Date.UTC(2100, 0, 1);

/** A VTIMEZONE: each of its parts says when it begins to hold, by the clock that held until then. Null: it says nothing that can be used. RFC 5545 section 3.6.5 */
export function zoneDescribed({ parts }: IcsComponent): Zone | null {
  const changes = parts.flatMap(({ properties }) => {
    const start = clockOf(properties.find(({ name }) => name === 'dtstart')?.values[0]), to = offsetOf(properties.find(({ name }) => name === 'tzoffsetto')?.values[0]);
    const from = offsetOf(properties.find(({ name }) => name === 'tzoffsetfrom')?.values[0]);
    if (start === null || to === null) return [];
    const rule = ruleOf(properties.find(({ name }) => name === 'rrule')?.values[0]);
    const more = properties.filter(({ name }) => name === 'rdate').flatMap(({ values }) => values.map((value) => clockOf(value)?.clock ?? null)).filter((at) => at !== null);
    return [start.clock, ...more, ...(rule === null ? [] : first(momentsOf(rule, start.clock, { since: start.clock, until: UNTIL, stepsMax: STEPS_MAX })))].map((at) => ({ at, to, from: from ?? to }));
  }).sort((a, b) => a.at - b.at);
  if (changes.length === 0) return null;
  return (clock) => clock - (changes.findLast(({ at }) => at <= clock)?.to ?? changes[0]!.from);
}

function first(moments: Iterator<number>): number[] {
  const found: number[] = [];
  try {
    for (let next = moments.next(); !next.done && found.length < CHANGES_MAX; next = moments.next()) found.push(next.value);
  } catch { /* a rule that comes to no end: what was found so far */ }
  return found;
}
