/** Microsoft's words: Graph's error envelope and the login's AADSTS sentences. https://learn.microsoft.com/graph/errors and .../entra/identity-platform/reference-error-codes */
import { randomUUID } from 'node:crypto';
import type { Refusal, Trouble } from '../provider.ts';
import { json, type Answer } from '../wire.ts';

export function graphError(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  const id = randomUUID();
  const innerError = { date: new Date().toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id };
  return json(status, { error: { code, message, innerError } }, { 'request-id': id, ...headers });
}

/** Graph's answer to trouble. */
export function say(trouble: Trouble): Answer {
  switch (trouble.kind) {
    case 'unauthorised': return graphError(401, 'InvalidAuthenticationToken', UNAUTHORISED[trouble.why], { 'www-authenticate': 'Bearer realm="", error="invalid_token"' });
    case 'throttled': return graphError(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', later(trouble.retryAfter));
    case 'status': return graphError(trouble.status, ...STATUS[trouble.status], later(trouble.retryAfter));
  }
}

const later = (retryAfter: string | undefined): Record<string, string> => (retryAfter === undefined ? {} : { 'retry-after': retryAfter });
const UNAUTHORISED = {
  missing: 'Access token is empty.', malformed: 'IDX14100: JWT is not well formed, there are no dots (.).', expired: 'Lifetime validation failed, the token is expired.',
};
const STATUS: Record<(Trouble & { kind: 'status' })['status'], [code: string, message: string]> = {
  403: ['ErrorAccessDenied', 'Access is denied. Check credentials and try again.'],
  404: ['ErrorItemNotFound', 'The specified object was not found in the store.'],
  410: ['SyncStateNotFound', 'The sync state generation is not found; continuation token is not found.'],
  500: ['InternalServerError', 'An internal server error occurred. The operation failed.'],
  503: ['ServiceUnavailable', 'The service is unavailable.'],
  504: ['UnknownError', ''],
};

/** The login's refusal of a token. */
export function refused(refusal: Refusal, now: number): Answer {
  const [error, code, sentence, status = 400] = refusal.why === 'refresh_refused'
    ? ['invalid_grant', 700082, `The refresh token has expired due to inactivity. The token was issued on ${new Date(refusal.issued).toISOString().replace('Z', '0000Z')} and was inactive for 90.00:00:00.`] as const
    : REFUSALS[refusal.why];
  const trace = randomUUID(), correlation = randomUUID(), timestamp = new Date(now).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
  return json(status, {
    error, error_description: `AADSTS${code}: ${sentence} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code], timestamp, trace_id: trace, correlation_id: correlation, error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  });
}

const REFUSALS: Record<Exclude<Refusal['why'], 'refresh_refused'>, readonly [error: string, code: number, sentence: string, status?: number]> = {
  no_client: ['invalid_request', 900144, "The request body must contain the following parameter: 'client_id'."],
  wrong_secret: ['invalid_client', 7000215, 'Invalid client secret provided.', 401],
  unknown_grant_type: ['unsupported_grant_type', 70003, 'The app requested an unsupported grant type.'],
  unknown_code: ['invalid_grant', 70008, 'The provided authorization code or refresh token has expired due to inactivity or was already redeemed. Send a new interactive authorization request.'],
  expired_code: ['invalid_grant', 70008, 'The provided authorization code has expired.'],
  wrong_redirect: ['invalid_grant', 50011, 'The redirect URI specified in the request does not match the one the code was issued for.'],
  wrong_verifier: ['invalid_grant', 501481, 'The Code_Verifier does not match the code_challenge supplied in the authorization request.'],
};
