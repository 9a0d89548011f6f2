/** The sandbox's Microsoft login: authorise, token, rotation, revocation. Tokens are signed, not stored: they outlive a restart. */
import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Account, Accounts } from './accounts.ts';
import { consentPage } from './consent-page.ts';
import { json, type Answer } from './wire.ts';

/** Signs the sandbox's tokens, which open nothing but the sandbox. */
const KEY = 'historical-sync-sandbox';
const CODE_MS = 10 * 60_000;
const REFRESH_MS = 90 * 24 * 3_600_000;
/** Spent refresh tokens and open codes that are remembered. */
const REMEMBERED_MAX = 50_000;

/** What a token says. */
export type Claims = { use: 'access' | 'refresh'; address: string; client: string; scope: string; stamp: number; expires: number };
type Code = { account: Account; client: string; redirectUri: string; scope: string; challenge: string; method: string; expires: number };
/** What the login needs from the sandbox. */
export type LoginWorld = { accounts: Accounts; now(): number; accessTokenSeconds(): number; clientSecret(): string | undefined };

export class Login {
  #world: LoginWorld;
  #codes = new Map<string, Code>();
  #spent = new Set<string>();
  #lastStamp = 0;

  constructor(world: LoginWorld) {
    this.#world = world;
  }

  /** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-authorization-code */
  authorize(params: URLSearchParams, wantsPage: boolean): Answer {
    const redirectUri = params.get('redirect_uri') ?? '', client = params.get('client_id') ?? '';
    if (!client || !URL.canParse(redirectUri)) return page(400, '<h1>Sign in</h1><p>AADSTS900144: The request must contain the parameters client_id and redirect_uri.</p>');
    const back = (answer: Record<string, string>): Answer => {
      const target = new URL(redirectUri), state = params.get('state');
      for (const [name, value] of Object.entries(state === null ? answer : { ...answer, state })) target.searchParams.set(name, value);
      return { status: 302, headers: { location: target.href } };
    };
    if (params.get('response_type') !== 'code') return back({ error: 'unsupported_response_type', error_description: 'AADSTS70005: response_type must be code.' });
    const decision = params.get('decision');
    if (decision === 'cancel') return back({ error: 'access_denied', error_description: 'AADSTS65004: User declined to consent to access the app.' });
    const hint = params.get('account') ?? params.get('login_hint');
    const account = hint ? this.#world.accounts.get(hint) : this.#world.accounts.list()[0];
    if (wantsPage && decision !== 'accept') return page(200, consentPage(params, this.#world.accounts.list().map(({ plan }) => plan), account?.plan.address));
    if (!account) return back({ error: 'login_required', error_description: 'AADSTS50034: The user account does not exist in the directory.' });
    const code = randomBytes(48).toString('base64url');
    if (this.#codes.size >= REMEMBERED_MAX) this.#codes.clear();
    this.#codes.set(code, {
      account, client, redirectUri, scope: params.get('scope') ?? '', expires: this.#world.now() + CODE_MS,
      challenge: params.get('code_challenge') ?? '', method: params.get('code_challenge_method') ?? 'plain',
    });
    return back({ code, session_state: randomUUID() });
  }

  /** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redeem-a-code-for-an-access-token */
  token(form: URLSearchParams, isRefused: (account: Account | undefined) => boolean): Answer {
    const client = form.get('client_id') ?? '', secret = this.#world.clientSecret();
    if (!client) return this.#refuse('invalid_request', 900144, "The request body must contain the following parameter: 'client_id'.");
    if (secret && form.get('client_secret') !== secret) return this.#refuse('invalid_client', 7000215, 'Invalid client secret provided.', 401);
    switch (form.get('grant_type')) {
      case 'authorization_code': return this.#redeem(form, client);
      case 'refresh_token': return this.#refresh(form, client, isRefused);
      default: return this.#refuse('unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
    }
  }

  #redeem(form: URLSearchParams, client: string): Answer {
    const key = form.get('code') ?? '', code = this.#codes.get(key);
    this.#codes.delete(key);
    if (!code || code.client !== client) return this.#refuse('invalid_grant', 70008, 'The provided authorization code or refresh token has expired due to inactivity or was already redeemed. Send a new interactive authorization request.');
    if (code.expires < this.#world.now()) return this.#refuse('invalid_grant', 70008, 'The provided authorization code has expired.');
    if (code.redirectUri !== form.get('redirect_uri')) return this.#refuse('invalid_grant', 50011, 'The redirect URI specified in the request does not match the one the code was issued for.');
    if (code.challenge) {
      const verifier = form.get('code_verifier') ?? '';
      const proof = code.method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
      if (!verifier || proof !== code.challenge) return this.#refuse('invalid_grant', 501481, 'The Code_Verifier does not match the code_challenge supplied in the authorization request.');
    }
    return this.#grant(code.account, client, code.scope);
  }

  #refresh(form: URLSearchParams, client: string, isRefused: (account: Account | undefined) => boolean): Answer {
    const token = form.get('refresh_token') ?? '', claims = this.#read(token);
    const account = claims && this.#world.accounts.get(claims.address);
    const valid = account && claims.use === 'refresh' && claims.client === client && claims.expires > this.#world.now()
      && claims.stamp > account.refreshVoidUntil && !this.#spent.has(digest(token));
    if (isRefused(account) || !valid) {
      const since = new Date(claims?.stamp ?? 0).toISOString().replace('Z', '0000Z');
      return this.#refuse('invalid_grant', 700082, `The refresh token has expired due to inactivity. The token was issued on ${since} and was inactive for 90.00:00:00.`);
    }
    if (this.#spent.size >= REMEMBERED_MAX) this.#spent.clear();
    this.#spent.add(digest(token));
    return this.#grant(account, client, form.get('scope') ?? claims.scope);
  }

  #grant(account: Account, client: string, scope: string): Answer {
    const seconds = this.#world.accessTokenSeconds(), now = this.#world.now();
    const issue = (use: Claims['use'], ms: number): string => this.#sign({ use, address: account.plan.address, client, scope, stamp: this.#stamp(), expires: now + ms });
    const wanted = scope.split(/\s+/);
    return json(200, {
      token_type: 'Bearer', scope, expires_in: seconds, ext_expires_in: seconds, access_token: issue('access', seconds * 1_000),
      ...wanted.includes('offline_access') && { refresh_token: issue('refresh', REFRESH_MS) },
      ...wanted.includes('openid') && { id_token: idToken(account, client, now, seconds) },
    }, { 'cache-control': 'no-store' });
  }

  /** Grows with every token, also within a millisecond, so that "all until now" has an edge. */
  #stamp(): number {
    return this.#lastStamp = Math.max(this.#world.now(), this.#lastStamp + 1);
  }

  /** Makes all access tokens of an account void; with `refreshToo` the refresh tokens as well. */
  void(account: Account, refreshToo: boolean): void {
    account.accessVoidUntil = this.#stamp();
    if (refreshToo) account.refreshVoidUntil = account.accessVoidUntil;
  }

  /** Whose request this is, or a sentence about why nobody's. */
  bearer(header: string | undefined): { account: Account; scope: string } | string {
    const token = /^Bearer (.+)$/i.exec(header ?? '')?.[1];
    if (!token) return 'Access token is empty.';
    const claims = this.#read(token), account = claims && this.#world.accounts.get(claims.address);
    if (!claims || !account || claims.use !== 'access') return 'IDX14100: JWT is not well formed, there are no dots (.).';
    if (claims.expires <= this.#world.now() || claims.stamp <= account.accessVoidUntil) return 'Lifetime validation failed, the token is expired.';
    return { account, scope: claims.scope };
  }

  #sign(claims: Claims): string {
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `sbx.${body}.${mac(body)}`;
  }

  #read(token: string): Claims | undefined {
    const [prefix, body = '', signature = ''] = token.split('.');
    const expected = mac(body);
    if (prefix !== 'sbx' || signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return undefined;
    return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Claims;
  }

  /** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
  #refuse(error: string, code: number, sentence: string, status = 400): Answer {
    const trace = randomUUID(), correlation = randomUUID();
    const timestamp = new Date(this.#world.now()).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z');
    return json(status, {
      error, error_description: `AADSTS${code}: ${sentence} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [code], timestamp, trace_id: trace, correlation_id: correlation, error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    });
  }
}

const mac = (body: string): string => createHmac('sha256', KEY).update(body).digest('base64url');
const digest = (token: string): string => createHash('sha256').update(token).digest('base64url');
const page = (status: number, body: string): Answer => ({ status, body, headers: { 'content-type': 'text/html; charset=utf-8' } });

/** Unsigned: the sandbox's word about who signed in, in the place where the real one stands. */
function idToken(account: Account, client: string, now: number, seconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(now / 1_000), { address, name } = account.plan;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ aud: client, iss: 'sandbox', iat, exp: iat + seconds, name, preferred_username: address, email: address, oid: account.id, sub: account.id, tid: account.id, ver: '2.0' })}.`;
}
