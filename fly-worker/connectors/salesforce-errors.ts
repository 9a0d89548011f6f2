/** What Salesforce means when it says no: `[{errorCode, message}]`. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
import { z } from 'zod';
import type { Meaning } from '#contract/connector';
import { DAILY_LIMIT_AGAIN_MS } from '#contract/limits';

const Refusal = z.array(z.object({ errorCode: z.string(), message: z.string().nullish() })).min(1);

/** Codes whose status misleads; every other status means what it says. */
const CODES: Record<string, Omit<Meaning, 'code'>> = {
  REQUEST_LIMIT_EXCEEDED: { status: 429 },
  INVALID_QUERY_LOCATOR: { status: 410 },
  // A query that takes longer than two minutes: fewer rows may do.
  QUERY_TIMEOUT: { status: 504 },
  SERVER_UNAVAILABLE: { status: 503 },
  UNABLE_TO_LOCK_ROW: { status: 503 },
  INVALID_SESSION_ID: { status: 401 },
  INVALID_TYPE: { status: 403, isUsual: true },
};

export function salesforceMeaning(status: number, body: unknown): Meaning | null {
  const refusal = status >= 400 ? Refusal.safeParse(body).data?.[0] : undefined;
  const meaning = refusal && CODES[refusal.errorCode];
  if (!refusal || !meaning) return null;
  // The day's allowance is counted over the last 24 hours: asking again within minutes does not help. Every other limit passes within seconds.
  const isDaily = meaning.status === 429 && /TotalRequests/i.test(refusal.message ?? '');
  return { ...meaning, code: refusal.errorCode, ...(isDaily ? { retryAfterMs: DAILY_LIMIT_AGAIN_MS } : {}) };
}

/** Why an object is passed over: profiles without leads or opportunities are common. */
export const whyUnavailable = (code: string | null, stream: string): string | null =>
  (code === 'INVALID_TYPE' ? `Not read: the account's profile in Salesforce has no access to ${stream}.` : null);
