/** The OAuth side of a connector: consent address, code and refresh exchanges. RFC 6749, RFC 7636 (PKCE, S256). */
import { z } from 'zod';
import type { Connector } from '#contract/connector';
import { TOKEN_TIMEOUT_MS } from '#contract/limits';
import type { Env } from './env.ts';
import { toBase64Url } from './vault/seal.ts';

/** What is sealed for a connection. `expiresAt` in milliseconds since the epoch. */
export const Tokens = z.object({ accessToken: z.string(), refreshToken: z.string().nullable(), expiresAt: z.number() });
export type Tokens = z.infer<typeof Tokens>;

/** `refused`: the grant is gone, only consent brings it back. `unavailable`: the provider did not answer sensibly; try again later. */
export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly kind: 'refused' | 'unavailable' | 'not_configured';
  constructor(kind: OAuthError['kind'], message: string) { super(message); this.kind = kind; }
}

const TokenAnswer = z.object({ access_token: z.string().min(1), refresh_token: z.string().optional(), expires_in: z.coerce.number().default(3600) });
const TokenRefusal = z.object({ error: z.string() });

const setting = (env: Env, name: string): string | undefined => (env as unknown as Record<string, string | undefined>)[name];
/** Base URL by its environment name, the real service without it; no trailing slash. */
export const addressOf = (env: Env, { env: name, fallback }: { env: string; fallback: string }): string => (setting(env, name) ?? fallback).replace(/\/+$/, '');

function clientOf(env: Env, connector: Connector): { id: string; secret: string; oauth: NonNullable<Connector['oauth']>; login: string } {
  const { oauth, loginUrl } = connector;
  const prefix = oauth?.provider.toUpperCase();
  const id = setting(env, `${prefix}_CLIENT_ID`), secret = setting(env, `${prefix}_CLIENT_SECRET`);
  if (!oauth || !loginUrl || !id || !secret) throw new OAuthError('not_configured', `Connecting ${connector.title} needs ${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET in the environment.`);
  return { id, secret, oauth, login: addressOf(env, loginUrl) };
}

export const newVerifier = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
const challengeOf = async (verifier: string): Promise<string> => toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));

/** Where the person gives consent. Throws OAuthError `not_configured`. */
export async function authorizeUrl(env: Env, connector: Connector, { redirectUri, state, verifier, loginHint }: { redirectUri: string; state: string; verifier: string; loginHint?: string | undefined }): Promise<string> {
  const { id, oauth, login } = clientOf(env, connector);
  const url = new URL(`${login}${oauth.authorizePath}`);
  const query = {
    client_id: id, response_type: 'code', response_mode: 'query', redirect_uri: redirectUri, scope: oauth.scopes.map((s) => s.scope).join(' '),
    state, code_challenge: await challengeOf(verifier), code_challenge_method: 'S256', ...(loginHint ? { login_hint: loginHint } : { prompt: 'select_account' }),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.toString();
}

/** Tokens for a code from consent. Throws OAuthError. */
export const exchangeCode = (env: Env, connector: Connector, code: string, verifier: string, redirectUri: string, now: number): Promise<Tokens> =>
  ask(env, connector, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }, null, now);

/** Newer tokens. A provider that rotates refresh tokens answers with the next one; store it before using anything. Throws OAuthError. */
export const refreshTokens = (env: Env, connector: Connector, refreshToken: string, now: number): Promise<Tokens> =>
  ask(env, connector, { grant_type: 'refresh_token', refresh_token: refreshToken, scope: connector.oauth?.scopes.map((s) => s.scope).join(' ') ?? '' }, refreshToken, now);

async function ask(env: Env, connector: Connector, grant: Record<string, string>, before: string | null, now: number): Promise<Tokens> {
  const { id, secret, oauth, login } = clientOf(env, connector);
  const response = await fetch(`${login}${oauth.tokenPath}`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({ ...grant, client_id: id, client_secret: secret }).toString(), signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS), redirect: 'manual',
  }).catch(() => { throw new OAuthError('unavailable', `${connector.title} did not answer the request for a token. Try again in a moment.`); });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) {
    const parsed = TokenAnswer.safeParse(answer);
    if (!parsed.success) throw new OAuthError('unavailable', `${connector.title} answered the request for a token with something unreadable.`);
    return { accessToken: parsed.data.access_token, refreshToken: parsed.data.refresh_token ?? before, expiresAt: now + parsed.data.expires_in * 1000 };
  }
  const refusal = TokenRefusal.safeParse(answer);
  // Only the documented refusals end a grant; a 500 or a proxy's page must not sign anybody out.
  if (response.status < 500 && refusal.success && ['invalid_grant', 'interaction_required', 'consent_required', 'login_required', 'invalid_token'].includes(refusal.data.error)) {
    throw new OAuthError('refused', `${connector.title} no longer accepts our permission for this account. Reconnect it.`);
  }
  throw new OAuthError('unavailable', `${connector.title} answered the request for a token with ${response.status}${refusal.success ? ` (${refusal.data.error})` : ''}.`);
}
