/** Errors as closed lists: what the API may answer, and the sentences people read. Nothing outside this file invents a code or a sentence. */
import { z } from 'zod';
import type { Reason } from './job.ts';

/** code -> HTTP status. */
export const apiErrors = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  plan_limit: 403,
  quota_exhausted: 403,
  not_found: 404,
  invalid_state: 409,
  already_active: 409,
  needs_reauth: 409,
  fenced: 409,
  gone: 410,
  payload_too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  too_many_jobs: 429,
  internal: 500,
  unavailable: 503,
} as const;
export type ApiErrorCode = keyof typeof apiErrors;

export const ApiErrorBody = z.object({
  error: z.object({ code: z.enum(Object.keys(apiErrors) as [ApiErrorCode, ...ApiErrorCode[]]), message: z.string(), details: z.unknown().optional() }),
});
export type ApiErrorBody = z.infer<typeof ApiErrorBody>;

/** Thrown anywhere behind a route; the front desk turns it into its answer. `message` is for people: what happened, to what, what to do. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly details: unknown;
  readonly retryAfterSeconds: number | null;
  constructor(code: ApiErrorCode, message: string, options: { details?: unknown; retryAfterSeconds?: number } = {}) {
    super(message);
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
  get status(): number { return apiErrors[this.code]; }
  body(): ApiErrorBody {
    return { error: { code: this.code, message: this.message, ...(this.details === undefined ? {} : { details: this.details }) } };
  }
}

/** The sentence a person reads beside a state, when nothing more exact is known. */
export const reasonSentences: Record<Reason, string> = {
  queued: 'Waiting for a free worker. It starts by itself.',
  resumed: 'Resumed. It goes on where it stopped as soon as a worker is free.',
  failures_retried: 'The records that failed are tried again as soon as a worker is free.',
  retry_scheduled: 'Something went wrong on the way. It is tried again by itself.',
  rate_limited: 'The provider asked us to wait. It goes on by itself.',
  provider_down: 'The provider has failed several times in a row. It is tried again by itself, less often.',
  lease_lost: 'The worker went away. Another one carries on from the last saved point.',
  stalled: 'The worker made no headway. Another one carries on from the last saved point.',
  handed_back: 'The worker was shut down. Another one carries on from the last saved point.',
  done: 'Everything in the chosen range is in memory.',
  user_paused: 'Paused. Resume it whenever you like; it goes on where it stopped.',
  auth_expired: 'The account no longer lets us in. Reconnect it; the sync then goes on where it stopped.',
  quota_exhausted: 'The plan\'s quota for this month is used up. It goes on by itself when the quota is raised or the next month begins.',
  too_many_jobs: 'The account lets us in again, but too many other syncs are active. It goes on by itself when one of them has ended.',
  connection_removed: 'The account was disconnected. Connect it again, then resume.',
  user_cancelled: 'Cancelled. What was stored until then stays in memory.',
  abandoned: 'Abandoned (server restart or timeout)',
  provider_error: 'The provider kept failing. Resume to try again from the last saved point.',
  forbidden: 'The account does not allow us to read this. Check its permissions, then resume.',
  ledger_mismatch: 'The books do not balance, so the sync is not called complete. Resume to check it again.',
  internal_error: 'Something broke on our side. Resume to try again from the last saved point.',
};

/** What a completed job says: a stream that was passed over is not in memory. */
export function doneSentence(streams: readonly { name: string; title?: string | undefined; note?: string | undefined }[]): string {
  const passedOver = streams.filter((stream) => stream.note).map(({ name, title }) => title ?? name);
  if (passedOver.length === 0) return reasonSentences.done;
  const named = passedOver.slice(0, 3).join(', '), more = passedOver.length - 3;
  return `Everything in the chosen range is in memory, but for what was passed over: ${named}${more > 0 ? ` and ${more} more` : ''}.`;
}

/** Why connecting an account did not work, as the redirect back to the app says it: `/?connect_error=..`. */
export const ConnectError = z.enum(['declined', 'provider', 'incomplete', 'expired', 'refused', 'not_all_allowed', 'unavailable', 'not_configured', 'signed_out']);
export type ConnectError = z.infer<typeof ConnectError>;

/** What became of our access at the provider when an account was disconnected. Here, at our end, it is gone in every case. */
export const AccessAfter = z.enum(['withdrawn', 'unconfirmed', 'in_use', 'not_offered', 'none', 'file_deleted']);
export type AccessAfter = z.infer<typeof AccessAfter>;
export const accessSentences: Record<AccessAfter, string> = {
  withdrawn: 'Disconnected, and the permission was given back to the provider.',
  unconfirmed: 'Disconnected: our keys are deleted. The provider did not confirm that it took the permission back; remove it in the account\'s own security settings to be sure.',
  in_use: 'Disconnected: our keys are deleted. The provider knows one permission for all you connected with this account, so it stays until the last of them is disconnected.',
  not_offered: 'Disconnected: our keys are deleted. This provider lets only you take the permission back, in the account\'s own security settings.',
  none: 'Disconnected. There was no permission left to give back.',
  file_deleted: 'Disconnected, and the uploaded file was deleted. What was imported from it stays in memory.',
};
