/** How much went on lately: a mean over time in which what is longer ago counts less and less. Means of several machines add up to that of all of them. */

export interface Load {
  /** From now on so many. */
  is(count: number): void;
  readonly mean: number;
}

/** @param overMs what is longer ago than this counts about a third of what is now */
export function openLoad(overMs: number, now: () => number = Date.now): Load {
  let at = now(), count = 0, sum = 0, weight = 0;

  /** `weight` is how much time has been seen: a mean over the first minute is one of that minute, not of five. */
  function settle(): void {
    const to = now(), kept = Math.exp(-Math.max(0, to - at) / overMs);
    sum = count + (sum - count) * kept;
    weight = 1 + (weight - 1) * kept;
    at = to;
  }
  return {
    is(next) { settle(); count = next; },
    get mean() { settle(); return weight > 0 ? sum / weight : count; },
  };
}
