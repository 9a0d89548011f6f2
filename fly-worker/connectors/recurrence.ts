/**
 * The moments of a recurring event, in the clock time of its own zone. RFC 5545 section 3.3.10. Own work because it must come to an end: the
 * kept libraries step through time until a rule is met, and a rule can name days that never come (30 February), or every second of a century.
 * Here every day or time that is looked at is a step, and the steps are counted.
 *
 * Clock times are milliseconds as if the zone were UTC.
 */
const SECOND = 1_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

export type Frequency = 'YEARLY' | 'MONTHLY' | 'WEEKLY' | 'DAILY' | 'HOURLY' | 'MINUTELY' | 'SECONDLY';
/** Of a week: 0 is Sunday. `nth`: the second or the last but one of the month or year; 0: every. */
export interface Weekday { day: number; nth: number }

export interface Rule {
  freq: Frequency;
  interval: number;
  count: number | null;
  /** The last moment there may be, clock time. */
  until: number | null;
  /** First day of a week. */
  weekStart: number;
  bySecond: number[]; byMinute: number[]; byHour: number[];
  byDay: Weekday[]; byMonthDay: number[]; byYearDay: number[]; byWeekNo: number[]; byMonth: number[];
  bySetPos: number[];
}

/** Steps are used up: what the rule says cannot be told. */
export class TooManySteps extends Error { override name = 'TooManySteps'; }

/** The moments from `since` on and before `until`, in their order. Throws TooManySteps. */
export function* momentsOf(rule: Rule, start: number, { since, until, stepsMax }: { since: number; until: number; stepsMax: number }): Generator<number> {
  const last = rule.until === null ? until - 1 : Math.min(until - 1, rule.until);
  let steps = 0, found = 0;
  const step = (): void => { if (++steps > stepsMax) throw new TooManySteps(); };
  // What counts its moments is counted from the first one on; anything else may begin where it is looked at.
  for (let n = rule.count === null ? periodsBefore(rule, start, since) : 0; ; n++) {
    step();
    const period = periodAt(rule, start, n);
    if (period.from > last) return;
    const times = inPeriod(rule, start, period, step);
    for (const at of rule.bySetPos.length > 0 ? atPositions(times, rule.bySetPos) : times) {
      if (at < start) continue;
      if (at > last) return;
      if (rule.count !== null && ++found > rule.count) return;
      if (at >= since) yield at;
    }
  }
}

const LENGTH: Record<Exclude<Frequency, 'YEARLY' | 'MONTHLY'>, number> = { WEEKLY: 7 * DAY, DAILY: DAY, HOURLY: HOUR, MINUTELY: MINUTE, SECONDLY: SECOND };

function periodsBefore(rule: Rule, start: number, since: number): number {
  const away = since - start;
  if (away <= 0) return 0;
  const length = rule.freq === 'YEARLY' ? 366 * DAY : rule.freq === 'MONTHLY' ? 31 * DAY : LENGTH[rule.freq];
  return Math.max(0, Math.floor(away / (length * rule.interval)) - 1);
}

interface Period { from: number; until: number }
const monthStart = (year: number, month: number): number => Date.UTC(year, month, 1);

function periodAt({ freq, interval, weekStart }: Rule, start: number, n: number): Period {
  const at = new Date(start), day = floorTo(start, DAY);
  switch (freq) {
    case 'YEARLY': return { from: monthStart(at.getUTCFullYear() + n * interval, 0), until: monthStart(at.getUTCFullYear() + n * interval + 1, 0) };
    case 'MONTHLY': return { from: monthStart(at.getUTCFullYear(), at.getUTCMonth() + n * interval), until: monthStart(at.getUTCFullYear(), at.getUTCMonth() + n * interval + 1) };
    case 'WEEKLY': {
      const from = day - ((at.getUTCDay() - weekStart + 7) % 7) * DAY + n * interval * LENGTH.WEEKLY;
      return { from, until: from + LENGTH.WEEKLY };
    }
    case 'DAILY': case 'HOURLY': case 'MINUTELY': case 'SECONDLY': {
      const from = floorTo(start, LENGTH[freq]) + n * interval * LENGTH[freq];
      return { from, until: from + LENGTH[freq] };
    }
  }
}

const floorTo = (at: number, unit: number): number => Math.floor(at / unit) * unit;

/** Every moment of a period that the rule names, in order. */
function inPeriod(rule: Rule, start: number, period: Period, step: () => void): number[] {
  const times: number[] = [], isDay = dayTest(rule, start);
  for (let day = floorTo(period.from, DAY); day < period.until; day += DAY) {
    step();
    if (!isDay(day)) continue;
    for (const time of timesOfDay(rule, start, period, day)) {
      step();
      times.push(time);
    }
  }
  return times.sort((a, b) => a - b);
}

function* timesOfDay({ freq, byHour, byMinute, bySecond }: Rule, start: number, period: Period, day: number): Generator<number> {
  const at = new Date(start), inside = new Date(period.from);
  const isFixed = { hour: freq === 'HOURLY' || freq === 'MINUTELY' || freq === 'SECONDLY', minute: freq === 'MINUTELY' || freq === 'SECONDLY', second: freq === 'SECONDLY' };
  const values = (by: number[], fixed: boolean, now: number, own: number): number[] => (fixed ? (by.length === 0 || by.includes(now) ? [now] : []) : by.length > 0 ? by : [own]);
  for (const hour of values(byHour, isFixed.hour, inside.getUTCHours(), at.getUTCHours())) {
    for (const minute of values(byMinute, isFixed.minute, inside.getUTCMinutes(), at.getUTCMinutes())) {
      for (const second of values(bySecond, isFixed.second, inside.getUTCSeconds(), at.getUTCSeconds())) yield day + hour * HOUR + minute * MINUTE + second * SECOND;
    }
  }
}

/** Whether a day is named by the rule; what the rule leaves open is as in the first event. */
function dayTest(rule: Rule, start: number): (day: number) => boolean {
  const { freq, byMonth, byMonthDay, byYearDay, byWeekNo, byDay, weekStart } = rule;
  const first = new Date(start), isLong = freq === 'YEARLY' || freq === 'MONTHLY';
  const namesDay = byMonthDay.length + byYearDay.length + byDay.length > 0;
  return (day) => {
    const at = new Date(day), month = at.getUTCMonth(), date = at.getUTCDate(), weekday = at.getUTCDay();
    if (byMonth.length > 0 && !byMonth.includes(month + 1)) return false;
    if (byMonthDay.length > 0 && !isNth(date, daysOfMonth(at), byMonthDay)) return false;
    if (byYearDay.length > 0 && !isNth(dayOfYear(day), daysOfYear(at), byYearDay)) return false;
    if (byWeekNo.length > 0 && !isWeek(day, byWeekNo, weekStart)) return false;
    if (byDay.length > 0 && !byDay.some((wanted) => isWeekday(wanted, day, freq === 'MONTHLY' || (freq === 'YEARLY' && byMonth.length > 0) ? 'month' : freq === 'YEARLY' && byWeekNo.length === 0 ? 'year' : null))) return false;
    if (namesDay) return true;
    if (freq === 'WEEKLY' || byWeekNo.length > 0) return weekday === first.getUTCDay();
    return !isLong || (date === first.getUTCDate() && (freq === 'MONTHLY' || byMonth.length > 0 || month === first.getUTCMonth()));
  };
}

/** From the end when negative: -1 is the last of `total`. */
const isNth = (n: number, total: number, wanted: number[]): boolean => wanted.includes(n) || wanted.includes(n - total - 1);
const daysOfMonth = (at: Date): number => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
const daysOfYear = (at: Date): number => (monthStart(at.getUTCFullYear() + 1, 0) - monthStart(at.getUTCFullYear(), 0)) / DAY;
const dayOfYear = (day: number): number => (day - monthStart(new Date(day).getUTCFullYear(), 0)) / DAY + 1;

function isWeekday({ day: wanted, nth }: Weekday, day: number, within: 'month' | 'year' | null): boolean {
  const at = new Date(day);
  if (at.getUTCDay() !== wanted) return false;
  if (nth === 0 || within === null) return true;
  const n = within === 'month' ? at.getUTCDate() : dayOfYear(day), total = within === 'month' ? daysOfMonth(at) : daysOfYear(at);
  return nth > 0 ? Math.ceil(n / 7) === nth : Math.ceil((total - n + 1) / 7) === -nth;
}

/** Week 1 is the first with four days in the year; the last days of December may be of the next year's. */
function isWeek(day: number, wanted: number[], weekStart: number): boolean {
  const year = new Date(day).getUTCFullYear();
  return [year - 1, year, year + 1].some((of) => {
    const first = firstWeek(of, weekStart), next = firstWeek(of + 1, weekStart);
    return day >= first && day < next && isNth(Math.floor((day - first) / LENGTH.WEEKLY) + 1, (next - first) / LENGTH.WEEKLY, wanted);
  });
}

function firstWeek(year: number, weekStart: number): number {
  const jan1 = monthStart(year, 0), into = (new Date(jan1).getUTCDay() - weekStart + 7) % 7;
  return into <= 3 ? jan1 - into * DAY : jan1 + (7 - into) * DAY;
}

const atPositions = (times: number[], positions: number[]): number[] => times.filter((_, i) => positions.includes(i + 1) || positions.includes(i - times.length));
