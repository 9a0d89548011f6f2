/** Is a figure flat? Its course is cut into thirds, the warm-up left out, and the last is held against the second: what still filled in the first (caches up to their bound, pools of libc and V8) is no leak, and a leak goes on. */

/** `at`: milliseconds since the beginning. */
export interface Sample { at: number; value: number }
/** `typical`: the median of each third, for what goes up and down; `most`: the greatest; `p95`: of latencies. */
type How = 'typical' | 'most' | 'p95';
/** How much more the last third may be than the second: a part of it, and so many units that are nothing. */
/** `settlesMs`: what is tidied away only then cannot be flat before. */
export interface Course { name: string; unit: string; how: How; samples: readonly Sample[]; part: number; slack: number; settlesMs?: number }
/** `flat` null: it had no time to settle, so nothing can be said. */
interface Verdict { name: string; unit: string; thirds: [number, number, number]; flat: boolean | null }

/** Caches fill, code is compiled, the first index is built. */
const WARM_UP = 0.1;

const quantile = (values: number[], q: number): number => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;
const summed: Record<How, (values: number[]) => number> = { typical: (values) => quantile(values, 0.5), most: (values) => quantile(values, 1), p95: (values) => quantile(values, 0.95) };

/** A third without a sample is not flat: nothing is known of it. */
export function verdictOf({ name, unit, how, samples, part, slack, settlesMs = 0 }: Course, wholeMs: number): Verdict {
  const isLongEnough = wholeMs >= 2 * settlesMs, begin = Math.max(wholeMs * WARM_UP, isLongEnough ? settlesMs : 0), third = (wholeMs - begin) / 3;
  const thirds = [0, 1, 2].map((n) => summed[how](samples.filter(({ at }) => at >= begin + n * third && at < begin + (n + 1) * third).map(({ value }) => value))) as [number, number, number];
  return { name, unit, thirds, flat: !isLongEnough ? null : thirds[2] <= thirds[1] * (1 + part) + slack };
}
