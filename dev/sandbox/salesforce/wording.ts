/** The sandbox's Salesforce in its own words: a list of one error. */
import type { Refusal, Trouble } from '../provider.ts';
import { json, type Answer } from '../wire.ts';

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
export const refuse = (status: number, errorCode: string, message: string): Answer => json(status, [{ message, errorCode }]);

/** What Salesforce says when something is in the way. `softly`: the day's allowance, which waiting a moment does not bring back. */
export function say(trouble: Trouble): Answer {
  switch (trouble.kind) {
    case 'unauthorised': return refuse(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    case 'throttled': return refuse(403, 'REQUEST_LIMIT_EXCEEDED', trouble.softly ? 'TotalRequests Limit exceeded.' : 'ConcurrentPerOrgLongTxn Limit exceeded.');
    case 'status': return saidAs(trouble.status);
  }
}

function saidAs(status: (Trouble & { kind: 'status' })['status']): Answer {
  switch (status) {
    case 403: return refuse(403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled for this Organization.');
    case 404: return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
    case 410: return refuse(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    case 500: return refuse(500, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred.');
    case 503: return refuse(503, 'SERVER_UNAVAILABLE', 'The server is temporarily unavailable.');
    case 504: return refuse(400, 'QUERY_TIMEOUT', 'Your query request was running for too long.');
  }
}

const REFUSALS: Record<Refusal['why'], [error: string, description: string]> = {
  no_client: ['invalid_client_id', 'client identifier invalid'], wrong_secret: ['invalid_client', 'invalid client credentials'], unknown_grant_type: ['unsupported_grant_type', 'grant type not supported'],
  unknown_code: ['invalid_grant', 'invalid authorization code'], expired_code: ['invalid_grant', 'expired authorization code'], wrong_redirect: ['redirect_uri_mismatch', 'redirect_uri must match configuration'],
  wrong_verifier: ['invalid_grant', 'invalid code verifier'], refresh_refused: ['invalid_grant', 'expired access/refresh token'],
};
/** https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm */
export const refused = ({ why }: Refusal): Answer => json(400, { error: REFUSALS[why][0], error_description: REFUSALS[why][1] });
