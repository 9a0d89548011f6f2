/**
 * A circuit breaker per connection, over all its jobs. Closed: everybody may try. After BREAKER_FAILURES runs in a row that stored nothing because the
 * provider failed it is open: nobody tries until a moment that is further away each time. Then one run is the probe (half open): at most one job of a
 * connection is active, so there is only one. Whatever it stores closes the breaker; failing again opens it for longer. Pure.
 */
import { BREAKER_FAILURES, BREAKER_FIRST_MS, BREAKER_MAX_MS } from './limits.ts';
import type { Outcome } from './job.ts';

/** `openUntil`: milliseconds since the epoch. */
export interface Breaker { failures: number; openUntil: number | null }
export const closedBreaker: Breaker = { failures: 0, openUntil: null };

type BreakerState = 'closed' | 'open' | 'half_open';
export function stateOf({ openUntil }: Breaker, now: number): BreakerState {
  if (openUntil === null) return 'closed';
  return now < openUntil ? 'open' : 'half_open';
}

/**
 * What a run that has ended means for its connection. `stored`: it committed a chunk, so the provider does answer. Being asked to wait, losing access,
 * a shutdown or a fault of ours say nothing about the provider.
 */
export function afterRun(before: Breaker, outcome: Outcome, stored: boolean, now: number): Breaker {
  const breaker = stored || outcome.kind === 'completed' ? closedBreaker : before;
  if (outcome.kind !== 'errored' || outcome.reason !== 'provider_error') return breaker;
  const failures = breaker.failures + 1;
  if (failures < BREAKER_FAILURES) return { failures, openUntil: null };
  return { failures, openUntil: now + Math.min(BREAKER_FIRST_MS * 2 ** (failures - BREAKER_FAILURES), BREAKER_MAX_MS) };
}

/** "Outlook has failed 5 times in a row; next try at 14:05 UTC." */
export const breakerSentence = (title: string, failures: number, until: number): string =>
  `${title} has failed ${failures} times in a row; next try at ${new Date(until).toISOString().slice(11, 16)} UTC.`;
