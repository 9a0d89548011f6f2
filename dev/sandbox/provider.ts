/** What one provider brings to the sandbox: its addresses, its words, its answers. Accounts, sign-in, faults, limits and the log are the sandbox's own. */
import type { IncomingHttpHeaders } from 'node:http';
import type { OAuth } from '#contract/connector';
import type { Account } from './accounts.ts';
import type { PageFault } from './faults.ts';
import type { Answer } from './wire.ts';

export type ProviderId = OAuth['provider'];

/** One authorised request. `base` is the address the caller used, so that links lead back through the same door. */
export type ApiRequest = { url: URL; base: string; method: string; headers: IncomingHttpHeaders; body: string; account: Account; scope: string; now: number; pageFault?: PageFault };

/** What goes wrong before or instead of an answer. `pageFault`s and broken lines are not among it: those are carried out, not said. */
export type Trouble =
  | { kind: 'unauthorised'; why: 'missing' | 'malformed' | 'expired' }
  /** Too much at once, or too often. `softly`: in the provider's other way to say so, if it has two. */
  | { kind: 'throttled'; retryAfter?: string; softly?: boolean }
  | { kind: 'status'; status: 403 | 404 | 410 | 500 | 503 | 504; retryAfter?: string };

/** A granted consent or refresh, to be said in the provider's way. `refreshToken`: null when this answer brings none. */
export type Grant = { account: Account; client: string; scope: string; accessToken: string; refreshToken: string | null; seconds: number; now: number; base: string };

/** Why a token is not given. `issued`: when the refused refresh token was made (ms). */
export type Refusal =
  | { why: 'no_client' | 'wrong_secret' | 'unknown_grant_type' | 'unknown_code' | 'expired_code' | 'wrong_redirect' | 'wrong_verifier' }
  | { why: 'refresh_refused'; issued: number };

/** Why consent did not come about; goes back to the app in its redirect. */
export type Declined = 'cancelled' | 'unknown_account' | 'not_a_code';

/** A provider's sign-in. */
export interface SignIn {
  authorize: RegExp;
  token: RegExp;
  /** Where access is given back; null: nowhere. `ends`: this token only, or all that the client holds for the account. */
  revoke: { path: RegExp; ends: 'token' | 'account' } | null;
  /** Scopes in words, by their last part in lower case. */
  scopeWords: Record<string, string>;
  /** What consent was asked for: scopes, separated by spaces. */
  scopeOf(asked: URLSearchParams): string;
  /** Does this consent bring a refresh token? `before`: the same client was given one for this account already. */
  staysSignedIn(asked: URLSearchParams, before: boolean): boolean;
  /** A refresh brings a new refresh token and spends the old one. */
  rotates: boolean;
  granted(grant: Grant): Answer;
  refused(refusal: Refusal, now: number): Answer;
  declined(why: Declined): { error: string; error_description?: string };
  /** Said to a person whose address names no app to go back to. */
  lost: string;
}

export interface Provider {
  readonly id: ProviderId;
  /** As people call it. */
  readonly title: string;
  readonly signIn: SignIn;
  /** Requests at once that it takes for one account. */
  readonly concurrency: number;
  /** Is this path one of its API's? */
  owns(path: string): boolean;
  answer(request: ApiRequest): Answer;
  say(trouble: Trouble): Answer;
  /** Records that this request asks for in one page; 0: it is no page. */
  pageSize(url: URL): number;
  /** What a test changes in the account's data, below /admin/accounts/{address}/{id of the provider}/. Mails and events have their own place in admin.ts. */
  backRoom?(account: Account, path: string[], method: string, input: Record<string, unknown>, now: number): Answer;
}
