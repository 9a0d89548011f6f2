/** The OAuth side of a connector: consent address, code and refresh exchanges, giving access back. RFC 6749, RFC 7636 (PKCE, S256), RFC 7009. */
import { z } from 'zod';
import type { BaseUrl, Connector, OAuth, OAuthPlace, TokenGrant } from '#contract/connector';
import { REVOKE_TIMEOUT_MS, TOKEN_TIMEOUT_MS } from '#contract/limits';
import type { Env } from './env.ts';
import { clientOf, settingOf, type Client } from './oauth-clients.ts';
import { OAuthError } from './oauth-error.ts';
import { toBase64Url } from './vault/seal.ts';

/**
 * What is sealed for a connection. `expiresAt` in milliseconds since the epoch, null: it holds until refused. `apiUrl`: the account's own API address, if it has one.
 * `clientId`: the OAuth client that consent was given to, null: the platform's of that time; no other one can refresh it.
 */
export const Tokens = z.object({ accessToken: z.string(), refreshToken: z.string().nullable(), expiresAt: z.number().nullable(), apiUrl: z.string().nullable().default(null), clientId: z.string().nullable().default(null) });
export type Tokens = z.infer<typeof Tokens>;

/** Slack says so with a 200 and `ok: false`. */
const TokenRefusal = z.object({ error: z.string() });
/** The words that end a grant. A 500 or a proxy's page must not sign anybody out. RFC 6749 section 5.2 */
const REFUSALS = ['invalid_grant', 'invalid_token'];

/** Base URL by its environment name, the real service without it; no trailing slash. */
export const addressOf = (env: Env, { env: name, fallback }: BaseUrl): string => (settingOf(env, name) ?? fallback).replace(/\/+$/, '');
/** A place's whole address. Providers document whole addresses, so the environment may hold one with its path already. */
function placeOf(env: Env, { authorize, token, revoke }: OAuth, place: OAuthPlace): string {
  const base = addressOf(env, place), tail = [authorize, token, ...(revoke ? [revoke] : [])].find(({ path }) => base.endsWith(path))?.path ?? '';
  return `${base.slice(0, base.length - tail.length)}${place.path}`;
}

export const newVerifier = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
const challengeOf = async (verifier: string): Promise<string> => toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
const scopesOf = ({ scopes, scopeParameter: { name, separator } = { name: 'scope', separator: ' ' } }: OAuth): Record<string, string> => ({ [name]: scopes.map((s) => s.scope).join(separator) });

/** Where the person gives consent. Throws OAuthError `not_configured`. */
export async function authorizeUrl(env: Env, tenantId: string, connector: Connector, { redirectUri, state, verifier, loginHint }: { redirectUri: string; state: string; verifier: string; loginHint?: string | undefined }): Promise<string> {
  const { id, oauth } = await clientOf(env, tenantId, connector);
  const url = new URL(placeOf(env, oauth, oauth.authorize));
  const query = {
    client_id: id, response_type: 'code', redirect_uri: redirectUri, ...scopesOf(oauth), state, code_challenge: await challengeOf(verifier), code_challenge_method: 'S256',
    ...oauth.authorizeExtra.always, ...(loginHint ? { login_hint: loginHint } : oauth.authorizeExtra.unhinted),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.toString();
}

/** Tokens for a code from consent. Throws OAuthError. */
export async function exchangeCode(env: Env, tenantId: string, connector: Connector, code: string, verifier: string, redirectUri: string, now: number): Promise<Tokens> {
  const client = await clientOf(env, tenantId, connector);
  const grant = await ask(env, connector, client, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri });
  const missing = connector.oauth?.scopes.filter((s) => s.needed && grant.scopes !== null && !grant.scopes.includes(s.scope)) ?? [];
  if (missing.length > 0) throw new OAuthError('not_all_allowed', `${connector.title} was connected without what a sync needs: ${missing.map((s) => s.inWords).join(', ')}.`);
  return tokensOf(env, connector, grant, client.id, null, now);
}

/** Newer tokens. A provider that rotates refresh tokens answers with the next one; store it before using anything. Throws OAuthError. */
export async function refreshTokens(env: Env, tenantId: string, connector: Connector, before: Tokens, now: number): Promise<Tokens> {
  if (!before.refreshToken) throw new OAuthError('refused', `${connector.title} gave us no way to stay signed in. Reconnect it.`);
  const client = await clientOf(env, tenantId, connector, before.clientId);
  return tokensOf(env, connector, await ask(env, connector, client, { grant_type: 'refresh_token', refresh_token: before.refreshToken, ...(client.oauth.scopeParameter ? {} : scopesOf(client.oauth)) }), client.id, before, now);
}

const tokensOf = (env: Env, connector: Connector, { accessToken, refreshToken, expiresInSeconds, apiUrl }: TokenGrant, clientId: string, before: Tokens | null, now: number): Tokens => ({
  accessToken, clientId, refreshToken: refreshToken ?? before?.refreshToken ?? null, expiresAt: expiresInSeconds === null ? null : now + expiresInSeconds * 1000,
  apiUrl: apiUrl === null ? before?.apiUrl ?? null : ownAddress(env, connector, apiUrl),
});

/**
 * The account's own API address, when it may be one: https below the provider's own domains, or on the host that the environment puts in
 * its place. Desk and workers send tokens there, so nothing else is ever stored. Throws OAuthError `unavailable`.
 */
export function ownAddress(env: Env, { title, baseUrl }: Pick<Connector, 'title' | 'baseUrl'>, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const standIn = baseUrl === null ? undefined : settingOf(env, baseUrl.env), instead = standIn && URL.canParse(standIn) ? new URL(standIn) : null;
  const isOwn = url?.protocol === 'https:' && url.port === '' && (baseUrl?.perAccount ?? []).some((domain) => url.hostname.endsWith(`.${domain}`));
  const isStandIn = instead !== null && url?.hostname === instead.hostname && (url.protocol === instead.protocol || url.protocol === 'https:');
  if (!url || url.username !== '' || !(isOwn || isStandIn)) throw new OAuthError('unavailable', `${title} named an address for this account that is not its own. It was not used.`);
  return url.origin;
}

async function ask(env: Env, connector: Connector, { id, secret, oauth }: Client, grant: Record<string, string>): Promise<TokenGrant> {
  const response = await post(placeOf(env, oauth, oauth.token), { ...grant, client_id: id, client_secret: secret }, TOKEN_TIMEOUT_MS)
    .catch(() => { throw new OAuthError('unavailable', `${connector.title} did not answer the request for a token. Try again in a moment.`); });
  const answer: unknown = await response.json().catch(() => null);
  const granted = response.ok ? oauth.tokenAnswer.safeParse(answer) : null;
  if (granted?.success) return granted.data;
  const refusal = TokenRefusal.safeParse(answer);
  if (response.status < 500 && refusal.success && [...REFUSALS, ...oauth.refusals ?? []].includes(refusal.data.error)) {
    throw new OAuthError('refused', `${connector.title} no longer accepts our permission for this account. Reconnect it.`);
  }
  if (response.ok && !refusal.success) throw new OAuthError('unavailable', `${connector.title} answered the request for a token with something unreadable.`);
  throw new OAuthError('unavailable', `${connector.title} answered the request for a token with ${response.status}${refusal.success ? ` (${refusal.data.error})` : ''}.`);
}

/** Gives access back. False: the provider did not confirm it. Never throws. https://datatracker.ietf.org/doc/html/rfc7009 */
export async function revokeTokens(env: Env, { oauth }: Connector, { refreshToken, accessToken }: Tokens): Promise<boolean> {
  if (!oauth?.revoke) return false;
  try {
    // A provider without refresh tokens knows the access token only; ending the refresh token ends what came from it.
    const response = await post(placeOf(env, oauth, oauth.revoke), { token: oauth.revoke.accessToken ? accessToken : refreshToken ?? accessToken }, REVOKE_TIMEOUT_MS);
    const answer: unknown = await response.json().catch(() => null);
    return response.ok && !TokenRefusal.safeParse(answer).success;
  } catch {
    return false;
  }
}

const post = (url: string, form: Record<string, string>, timeoutMs: number): Promise<Response> => fetch(url, {
  method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }, body: new URLSearchParams(form).toString(), signal: AbortSignal.timeout(timeoutMs), redirect: 'manual',
});
