/** Google's words: the APIs' error envelope and the sign-in's refusals. https://developers.google.com/workspace/gmail/api/guides/handle-errors */
import type { Refusal, Trouble } from '../provider.ts';
import { json, type Answer } from '../wire.ts';

/** `reason` is what programs read; `status` is the word of the newer envelope. */
export function googleError(code: number, reason: string, message: string, status: string, headers: Record<string, string> = {}): Answer {
  return json(code, { error: { code, message, errors: [{ message, domain: domainOf(reason), reason }], status } }, headers);
}

const domainOf = (reason: string): string => (/rateLimit/i.test(reason) ? 'usageLimits' : reason === 'fullSyncRequired' ? 'calendar' : 'global');

/** The API's answer to trouble. */
export function say(trouble: Trouble): Answer {
  switch (trouble.kind) {
    case 'unauthorised': return googleError(401, 'authError', UNAUTHORISED[trouble.why], 'UNAUTHENTICATED', { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' });
    case 'throttled': return trouble.softly
      ? googleError(403, 'userRateLimitExceeded', 'User Rate Limit Exceeded', 'PERMISSION_DENIED', later(trouble.retryAfter))
      : googleError(429, 'rateLimitExceeded', 'Too many concurrent requests for user', 'RESOURCE_EXHAUSTED', later(trouble.retryAfter));
    case 'status': return googleError(trouble.status, ...STATUS[trouble.status], later(trouble.retryAfter));
  }
}

const later = (retryAfter: string | undefined): Record<string, string> => (retryAfter === undefined ? {} : { 'retry-after': retryAfter });
const UNAUTHORISED = {
  missing: 'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  malformed: 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  expired: 'Invalid Credentials',
};
const STATUS: Record<(Trouble & { kind: 'status' })['status'], [reason: string, message: string, status: string]> = {
  403: ['insufficientPermissions', 'Request had insufficient authentication scopes.', 'PERMISSION_DENIED'],
  404: ['notFound', 'Requested entity was not found.', 'NOT_FOUND'],
  410: ['fullSyncRequired', 'Sync token is no longer valid, a full sync is required.', 'FAILED_PRECONDITION'],
  500: ['backendError', 'Internal error encountered.', 'INTERNAL'],
  503: ['backendError', 'The service is currently unavailable.', 'UNAVAILABLE'],
  504: ['backendError', 'Deadline exceeded.', 'DEADLINE_EXCEEDED'],
};

/** The sign-in's refusal of a token. https://developers.google.com/identity/protocols/oauth2/web-server#exchange-errors-invalid-grant */
export function refused({ why }: Refusal): Answer {
  const [status, error, error_description] = REFUSALS[why];
  return json(status, { error, error_description });
}

const REFUSALS: Record<Refusal['why'], [status: number, error: string, description: string]> = {
  no_client: [400, 'invalid_request', 'Could not determine client ID from request.'],
  wrong_secret: [401, 'invalid_client', 'The provided client secret is invalid.'],
  unknown_grant_type: [400, 'unsupported_grant_type', 'Invalid grant_type.'],
  unknown_code: [400, 'invalid_grant', 'Malformed auth code.'],
  expired_code: [400, 'invalid_grant', 'Bad Request'],
  wrong_redirect: [400, 'redirect_uri_mismatch', 'Bad Request'],
  wrong_verifier: [400, 'invalid_grant', 'Invalid code verifier.'],
  refresh_refused: [400, 'invalid_grant', 'Token has been expired or revoked.'],
};
