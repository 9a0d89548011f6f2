/** What Salesforce means when it says no: `[{errorCode, message}]`. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
import { z } from 'zod';
import type { Meaning } from '#contract/connector';
import { DAILY_LIMIT_AGAIN_MS } from '#contract/limits';

const Refusal = z.array(z.object({ errorCode: z.string() })).min(1);

/** Codes whose status misleads; every other status means what it says. */
const CODES: Record<string, Omit<Meaning, 'code'>> = {
  // Counted over the last 24 hours: asking again within minutes only costs.
  REQUEST_LIMIT_EXCEEDED: { status: 429, retryAfterMs: DAILY_LIMIT_AGAIN_MS },
  CONCURRENT_API_REQUESTS_LIMIT_EXCEEDED: { status: 429 },
  INVALID_QUERY_LOCATOR: { status: 410 },
  // A query that takes longer than two minutes: fewer rows may do.
  QUERY_TIMEOUT: { status: 504 },
  SERVER_UNAVAILABLE: { status: 503 },
  UNABLE_TO_LOCK_ROW: { status: 503 },
  INVALID_SESSION_ID: { status: 401 },
  INVALID_TYPE: { status: 403 },
};

export function salesforceMeaning(status: number, body: unknown): Meaning | null {
  const code = status >= 400 ? Refusal.safeParse(body).data?.[0]?.errorCode : undefined;
  const meaning = code === undefined ? undefined : CODES[code];
  return code !== undefined && meaning !== undefined ? { ...meaning, code } : null;
}

/** Why an object is passed over: profiles without leads or opportunities are common. */
export const whyUnavailable = (code: string | null, stream: string): string | null =>
  (code === 'INVALID_TYPE' ? `Not read: the account's profile in Salesforce has no access to ${stream}.` : null);
