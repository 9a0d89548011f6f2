/** What Slack means when it says no: HTTP 200, `{ok: false, error}`. https://docs.slack.dev/apis/web-api/#responses and each method's list of errors. */
import { z } from 'zod';
import type { Meaning } from '#contract/connector';

const Refusal = z.object({ ok: z.literal(false), error: z.string() });

const WORDS: Record<string, Meaning['status']> = {
  ratelimited: 429, rate_limited: 429,
  invalid_auth: 401, not_authed: 401, token_expired: 401, token_revoked: 401, account_inactive: 401,
  missing_scope: 403, no_permission: 403, not_allowed_token_type: 403, access_denied: 403, ekm_access_denied: 403, enterprise_is_restricted: 403, team_access_not_granted: 403, org_login_required: 403,
  not_in_channel: 403,
  channel_not_found: 404, thread_not_found: 404, message_not_found: 404,
  invalid_cursor: 410,
  fatal_error: 503, internal_error: 503, service_unavailable: 503, team_added_to_org: 503, request_timeout: 503,
};

/** What an account is not part of, or was never given: the rest of its answers holds all the same. */
const USUAL = new Set(['not_in_channel', 'missing_scope']);

/** A word that is not in the table is a refusal of the question itself. */
export function slackMeaning(_status: number, body: unknown): Meaning | null {
  const refusal = Refusal.safeParse(body);
  return refusal.success ? { status: WORDS[refusal.data.error] ?? 400, code: refusal.data.error, ...(USUAL.has(refusal.data.error) ? { isUsual: true } : {}) } : null;
}

/** Why a channel is passed over, when that is what the word means. */
export function whySkipped(code: string | null): string | null {
  switch (code) {
    case 'not_in_channel': return 'Not read: the account is not a member of this channel. Join it in Slack, then sync again.';
    case 'channel_not_found': return 'Not read to its end: the channel was deleted, or the account may no longer see it.';
    default: return null;
  }
}
