/** Pure: what an answer of a provider means and what is done about it. One table, no clock, no socket. */
import { PROVIDER_RETRY_FIRST_MS, RETRY_AFTER_INLINE_MAX_MS, RETRY_AFTER_MAX_MS, RETRY_AFTER_MIN_MS } from '#contract/limits';
import type { ProviderErrorKind } from './connectors/provider-error.ts';

/** How one attempt ended, other than well. */
export type Failure =
  | { kind: 'status'; status: number; retryAfter: string | null; code: string | null; isUsual?: boolean }
  | { kind: 'timeout' }
  | { kind: 'connection' }
  /** 200, but not JSON to its end. */
  | { kind: 'broken_json' }
  /** 206, but not all the bytes it speaks of. */
  | { kind: 'cut_short' };

/** What is done about it. `retry` and `wait` are bounded by the attempts; `refresh` happens once a request. */
type Action =
  | { do: 'retry' }
  | { do: 'wait'; retryAfterMs: number | null }
  | { do: 'refresh' }
  | { do: 'stop'; kind: ProviderErrorKind };

/** The one table: status -> what is done, or the kind it stops with. Statuses that are not named are decided by their class. */
const TABLE: Record<number, 'retry' | 'wait' | 'refresh' | ProviderErrorKind> = {
  401: 'refresh',
  403: 'forbidden',
  404: 'not_found',
  408: 'retry',
  410: 'gone',
  429: 'wait',
  500: 'retry',
  502: 'retry',
  503: 'retry',
  504: 'retry',
};

/** A 403 with one of these is a limit, not a refusal (Google, Salesforce, Microsoft). */
const RATE_CODES = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded', 'REQUEST_LIMIT_EXCEEDED', 'ApplicationThrottled', 'TooManyRequests', 'MailboxConcurrency']);

/** @param nowMs for a Retry-After that names a date */
export function actionFor(failure: Failure, nowMs: number): Action {
  switch (failure.kind) {
    case 'timeout': case 'connection': case 'broken_json': case 'cut_short': return { do: 'retry' };
    case 'status': return actionForStatus(failure, nowMs);
  }
}

function actionForStatus({ status, retryAfter, code }: Failure & { kind: 'status' }, nowMs: number): Action {
  const limited = status === 403 && code !== null && RATE_CODES.has(code);
  const entry = limited ? 'wait' : TABLE[status] ?? (status >= 500 ? 'retry' : 'bad_request');
  if (entry === 'refresh') return { do: 'refresh' };
  // a 503 may say when to come back, too
  if (entry === 'wait' || (entry === 'retry' && retryAfter !== null)) return { do: 'wait', retryAfterMs: parseRetryAfter(retryAfter, nowMs) };
  return entry === 'retry' ? { do: 'retry' } : { do: 'stop', kind: entry };
}

/** Seconds or an HTTP date -> milliseconds from now, within the limits; null when absent or nonsense. RFC 9110 10.2.3 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : /[a-z]/i.test(text) ? Date.parse(text) - nowMs : NaN;
  return Number.isNaN(ms) ? null : Math.min(RETRY_AFTER_MAX_MS, Math.max(RETRY_AFTER_MIN_MS, Math.ceil(ms)));
}

/** Wait before attempt `attempt + 1`: 2 s, 4 s, 8 s .. and up to half of it more, so that windows do not return together. */
export const backoffMs = (attempt: number, random: () => number): number =>
  Math.min(RETRY_AFTER_INLINE_MAX_MS, Math.round(PROVIDER_RETRY_FIRST_MS * 2 ** (attempt - 1) * (1 + random() / 2)));

/** The provider's own word for what went wrong, where it is one word: `error.code` (Microsoft), `errors[].reason` (Google), `[].errorCode` (Salesforce). */
export function errorCode(json: unknown): string | null {
  const first = Array.isArray(json) ? json[0] as unknown : json;
  const error = field(first, 'error'), errors = field(error, 'errors');
  const candidates = [Array.isArray(errors) ? field(errors[0], 'reason') : null, field(error, 'code'), field(error, 'status'), error, field(first, 'errorCode')];
  const code = candidates.find((candidate): candidate is string => typeof candidate === 'string' && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(candidate));
  return code ?? null;
}

const field = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined);

/** What to do, said to a person. */
export const ADVICE: Record<ProviderErrorKind, string> = {
  auth_expired: 'Reconnect the account.',
  forbidden: 'The account may not read this. Reconnect it with the permissions asked for.',
  rate_limited: 'The provider asks us to wait. It goes on by itself.',
  provider_unavailable: 'It is tried again by itself.',
  page_too_heavy: 'It is asked for again in smaller pages.',
  not_found: 'It may have been deleted in the meantime.',
  gone: 'The sync of this part starts anew.',
  bad_request: 'Asking again does not help; please report it.',
  unreadable_answer: 'The answer is not what the provider documents; please report it.',
  answer_too_large: 'Start the sync with smaller chunks.',
  foreign_link: 'Links are followed on the provider\'s own address only.',
};
