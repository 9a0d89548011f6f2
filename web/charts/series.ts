/** From days as the server counts them to bars and lines: gaps filled, days put together where there are too many, axes that end on round figures. Pure. */
import type { ActivityResponse } from '#contract/activity';
import type { IntegrationId } from '#contract/job';

const DAY_MS = 86_400_000;
/** More bars than this cannot be told apart on a phone. */
const BARS_MAX = 92;

/** One bar's stretch of time: `from` and `to` are days, both included. */
export interface Stretch { from: string; to: string }
export interface Bars<K extends string> { stretches: Stretch[]; series: { key: K; values: number[]; total: number }[]; max: number }

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Days of `since`..`until` in stretches of one day, or of seven when there are many. The newest stretch ends today; the oldest may be short. */
export function stretchesOf(since: string, until: string): Stretch[] {
  const first = Date.parse(since), last = Date.parse(until), days = Math.round((last - first) / DAY_MS) + 1;
  const length = days > BARS_MAX ? 7 : 1;
  const out: Stretch[] = [];
  for (let to = last; to >= first; to -= length * DAY_MS) out.unshift({ from: dayOf(Math.max(first, to - (length - 1) * DAY_MS)), to: dayOf(to) });
  return out;
}

/** Which stretch a day falls in. */
function placer(stretches: readonly Stretch[]): (day: string) => number {
  const places = new Map<string, number>();
  for (const [i, { from, to }] of stretches.entries()) for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) places.set(dayOf(at), i);
  return (day) => places.get(day) ?? -1;
}

/** One series per kind, the largest first, so that it stands at the bottom of the stack. */
export function barsOf<K extends string>(stretches: Stretch[], rows: readonly { day: string; key: K; value: number }[]): Bars<K> {
  const place = placer(stretches), byKey = new Map<K, number[]>();
  for (const { day, key, value } of rows) {
    const at = place(day);
    if (at < 0 || value === 0) continue;
    const values = byKey.get(key) ?? Array.from({ length: stretches.length }, () => 0);
    values[at] = (values[at] ?? 0) + value;
    byKey.set(key, values);
  }
  const series = [...byKey].map(([key, values]) => ({ key, values, total: values.reduce((a, b) => a + b, 0) })).sort((a, b) => b.total - a.total);
  const max = stretches.reduce((most, _, i) => Math.max(most, series.reduce((sum, one) => sum + (one.values[i] ?? 0), 0)), 0);
  return { stretches, series, max };
}

/** Records by integration. */
export const recordBars = (activity: ActivityResponse): Bars<IntegrationId> =>
  barsOf(stretchesOf(activity.since, activity.until), activity.records.map(({ day, integration_id: key, records: value }) => ({ day, key, value })));

/** Memory at the end of each stretch; what was there before carries on. */
export function growthLine(activity: ActivityResponse): { stretches: Stretch[]; values: number[] } {
  const stretches = stretchesOf(activity.since, activity.until);
  let at = 0, known = 0;
  const values = stretches.map(({ to }) => {
    for (; at < activity.growth.length && (activity.growth[at]?.day ?? '') <= to; at++) known = activity.growth[at]?.records ?? known;
    return known;
  });
  return { stretches, values };
}

/** Records a second while syncs ran, per stretch; null where none completed. */
export function throughputOf(activity: ActivityResponse): { stretches: Stretch[]; values: (number | null)[] } {
  const stretches = stretchesOf(activity.since, activity.until), place = placer(stretches);
  const sums = stretches.map(() => ({ processed: 0, seconds: 0 }));
  for (const { day, processed, seconds } of activity.syncs) {
    const sum = sums[place(day)];
    if (sum) { sum.processed += processed; sum.seconds += seconds; }
  }
  return { stretches, values: sums.map(({ processed, seconds }) => (seconds > 0 ? processed / seconds : null)) };
}

/** Where the axis ends and how it is divided: 1, 2, 2.5 or 5 times a power of ten, three or four steps. */
export function ticksOf(max: number, whole = true): number[] {
  if (max <= 0) return [0, 1];
  const rough = max / 3, unit = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].map((times) => times * unit).find((one) => one >= rough) ?? unit * 10;
  if (whole) step = Math.max(1, Math.ceil(step));
  const ticks = [0];
  while ((ticks.at(-1) ?? 0) < max) ticks.push(ticks.length * step);
  return ticks;
}
