/** Values of a calendar's properties: clock times, lengths, rules. Null: not a value of that kind. RFC 5545 section 3.3 */
import { z } from 'zod';
import type { Frequency, Rule, Weekday } from './recurrence.ts';

/** `clock`: as if the zone were UTC. `isUtc`: it is. `isDay`: a whole day without a time. */
interface Clock { clock: number; isUtc: boolean; isDay: boolean }

/** `2026-06-15`, `2026-06-15T10:00:00`, with or without Z; a day that is not marked as one comes as `2026-06-15T::`. Numbers that no calendar has are refused. */
export function clockOf(value: unknown): Clock | null {
  const found = typeof value === 'string' ? /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(Z)?|T::)?$/.exec(value) : null;
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const at = new Date(0).setUTCFullYear(year, month - 1, day);
  if (new Date(at).getUTCMonth() !== month - 1 || new Date(at).getUTCDate() !== day || hour > 24 || minute > 59 || second > 60) return null;
  return { clock: at + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1_000, isUtc: found[7] === 'Z', isDay: found[4] === undefined };
}

/** Milliseconds of `PT1H30M`, `P2D`, `P1W`; what goes backwards is no length. */
export function lengthOf(value: unknown): number | null {
  const found = typeof value === 'string' ? /^\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(value) : null;
  if (!found) return null;
  const [weeks, days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number];
  const ms = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
  return ms <= LENGTH_MS_MAX ? ms : null;
}

/** Milliseconds of `+02:00`. */
export function offsetOf(value: unknown): number | null {
  const found = typeof value === 'string' ? /^([+-])(\d\d):?(\d\d)(?::?(\d\d))?$/.exec(value) : null;
  return found ? Number(`${found[1]}1`) * ((Number(found[2]) * 60 + Number(found[3])) * 60 + Number(found[4] ?? 0)) * 1_000 : null;
}

/** A century: longer is a slip of the pen, and dates end somewhere. */
const LENGTH_MS_MAX = 36_525 * 86_400_000;
const DAY_MS = 86_400_000;
const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const list = <T>(one: z.ZodType<T>) => z.union([one, z.array(one)]).default([]).transform((value) => (Array.isArray(value) ? value : [value]) as T[]);
const numbers = (low: number, high: number) => list(z.coerce.number().int().min(low).max(high));
const WeekdayText = z.string().regex(/^[+-]?\d{0,2}(?:SU|MO|TU|WE|TH|FR|SA)$/i).transform((text): Weekday => ({ day: DAYS.indexOf(text.slice(-2).toUpperCase()), nth: Number(text.slice(0, -2) || 0) }));

const RuleValue = z.object({
  freq: z.enum(['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'] satisfies Frequency[]),
  interval: z.coerce.number().int().min(1).max(100_000).default(1),
  count: z.coerce.number().int().min(1).nullish(),
  until: z.string().nullish(),
  // jCal counts Sunday as 1
  wkst: z.union([z.int().min(1).max(7).transform((day) => day - 1), z.string().transform((day) => DAYS.indexOf(day.toUpperCase()))]).nullish(),
  bysecond: numbers(0, 60), byminute: numbers(0, 59), byhour: numbers(0, 23), byday: list(WeekdayText), bymonthday: numbers(-31, 31), byyearday: numbers(-366, 366),
  byweekno: numbers(-53, 53), bymonth: numbers(1, 12), bysetpos: numbers(-366, 366),
});

/** `untilUtc`: the last moment, where it is written in UTC. As a clock time it is then a day too late, which no zone is away. */
export interface IcsRule extends Rule { untilUtc: number | null }

/** A rule as jCal has it. */
export function ruleOf(value: unknown): IcsRule | null {
  const parsed = RuleValue.safeParse(value);
  if (!parsed.success) return null;
  const { freq, interval, count, until, wkst, bysecond, byminute, byhour, byday, bymonthday, byyearday, byweekno, bymonth, bysetpos } = parsed.data;
  const last = until ? clockOf(until) : null;
  if (until && last === null) return null;
  return {
    freq, interval, count: count ?? null, weekStart: wkst != null && wkst >= 0 ? wkst : 1,
    // The last day is meant as a whole.
    until: last === null ? null : last.isDay ? last.clock + DAY_MS - 1 : last.isUtc ? last.clock + DAY_MS : last.clock, untilUtc: last?.isUtc ? last.clock : null,
    bySecond: bysecond, byMinute: byminute, byHour: byhour, byDay: byday, byMonthDay: bymonthday, byYearDay: byyearday, byWeekNo: byweekno, byMonth: bymonth, bySetPos: bysetpos,
  };
}
