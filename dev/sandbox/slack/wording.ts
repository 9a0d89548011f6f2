/** The sandbox's Slack in its own words: HTTP 200 with `ok: false`, but for limits and outages. */
import type { Refusal, Trouble } from '../provider.ts';
import { json, type Answer } from '../wire.ts';

/** https://docs.slack.dev/apis/web-api/#responses */
export const no = (error: string, more: object = {}): Answer => json(200, { ok: false, error, ...more });

/** What Slack says when something is in the way. */
export function say(trouble: Trouble): Answer {
  switch (trouble.kind) {
    case 'unauthorised': return no({ missing: 'not_authed', malformed: 'invalid_auth', expired: 'token_expired' }[trouble.why]);
    // https://docs.slack.dev/apis/web-api/rate-limits
    case 'throttled': return { ...no('ratelimited'), status: trouble.softly ? 200 : 429, headers: trouble.retryAfter === undefined ? {} : { 'retry-after': trouble.retryAfter } };
    case 'status': return saidAs(trouble);
  }
}

function saidAs({ status, retryAfter }: Trouble & { kind: 'status' }): Answer {
  switch (status) {
    case 403: return no('missing_scope', { needed: 'channels:history', provided: 'identify' });
    case 404: return no('channel_not_found');
    case 410: return no('invalid_cursor');
    case 500: return no('internal_error');
    case 503: case 504: return { status, body: 'upstream is away', headers: { 'content-type': 'text/plain', ...retryAfter !== undefined && { 'retry-after': retryAfter } } };
  }
}

const REFUSALS: Record<Refusal['why'], string> = {
  no_client: 'invalid_client_id', wrong_secret: 'bad_client_secret', unknown_grant_type: 'invalid_grant_type', unknown_code: 'invalid_code', expired_code: 'invalid_code', wrong_redirect: 'bad_redirect_uri',
  wrong_verifier: 'invalid_code_verifier', refresh_refused: 'invalid_refresh_token',
};
/** https://docs.slack.dev/reference/methods/oauth.v2.access */
export const refused = ({ why }: Refusal): Answer => no(REFUSALS[why]);
