/** The sandbox's sign-in for every provider: consent, code, token, rotation, revocation. Tokens are signed, not stored: they outlive a restart. Each provider words the answers. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Account, Accounts } from './accounts.ts';
import { consentPage } from './consent-page.ts';
import type { Declined, Provider, ProviderId, Refusal, Trouble } from './provider.ts';
import { json, type Answer } from './wire.ts';

/** Signs the sandbox's tokens, which open nothing but the sandbox. */
const KEY = 'historical-sync-sandbox';
const CODE_MS = 10 * 60_000;
const REFRESH_MS = 90 * 24 * 3_600_000;
/** Spent refresh tokens and open codes that are remembered. */
const REMEMBERED_MAX = 50_000;

/** What a token says. `at`: the provider it was made by, the only one that takes it. */
type Claims = { use: 'access' | 'refresh'; at: ProviderId; address: string; client: string; scope: string; stamp: number; expires: number };
type Code = { account: Account; at: ProviderId; client: string; redirectUri: string; asked: URLSearchParams; expires: number };
/** What the sign-in needs from the sandbox. */
type SignInWorld = { accounts: Accounts; now(): number; accessTokenSeconds(): number; clientSecret(provider: ProviderId): string | undefined };
/** Who asks, and what they may. */
type Bearer = { account: Account; scope: string };

export class SignInDesk {
  #world: SignInWorld;
  #codes = new Map<string, Code>();
  #spent = new Set<string>();
  #signedInBefore = new Set<string>();
  #lastStamp = 0;

  constructor(world: SignInWorld) {
    this.#world = world;
  }

  /** The consent page, or for a script (`wantsPage` false) consent at once. RFC 6749 section 4.1.1, RFC 7636 */
  authorize({ id, title, signIn }: Provider, asked: URLSearchParams, wantsPage: boolean): Answer {
    const redirectUri = asked.get('redirect_uri') ?? '', client = asked.get('client_id') ?? '';
    if (!client || !URL.canParse(redirectUri)) return page(400, `<h1>Sign in</h1><p>${signIn.lost}</p>`);
    const back = (answer: Record<string, string>): Answer => {
      const target = new URL(redirectUri), state = asked.get('state');
      for (const [name, value] of Object.entries(state === null ? answer : { ...answer, state })) target.searchParams.set(name, value);
      return { status: 302, headers: { location: target.href } };
    };
    const decline = (why: Declined): Answer => back(signIn.declined(why));
    if (asked.get('response_type') !== 'code') return decline('not_a_code');
    const decision = asked.get('decision'), people = this.#world.accounts.at(id);
    if (decision === 'cancel') return decline('cancelled');
    const hint = asked.get('account') ?? asked.get('login_hint');
    const account = hint ? this.#world.accounts.get(hint) : people[0];
    if (wantsPage && decision !== 'accept') {
      return page(200, consentPage({ asked, title, scopes: signIn.scopeOf(asked), words: signIn.scopeWords, accounts: people.map(({ plan }) => plan), chosen: account?.plan.address }));
    }
    if (!account) return decline('unknown_account');
    const code = randomBytes(48).toString('base64url');
    if (this.#codes.size >= REMEMBERED_MAX) this.#codes.clear();
    this.#codes.set(code, { account, at: id, client, redirectUri, asked, expires: this.#world.now() + CODE_MS });
    return back({ code });
  }

  /** A token for a code or a refresh token. RFC 6749 sections 4.1.3 and 6 */
  token(provider: Provider, form: URLSearchParams, base: string, isRefused: (account: Account | undefined) => boolean): Answer {
    const client = form.get('client_id') ?? '', secret = this.#world.clientSecret(provider.id);
    if (!client) return this.#refuse(provider, { why: 'no_client' });
    if (secret && form.get('client_secret') !== secret) return this.#refuse(provider, { why: 'wrong_secret' });
    switch (form.get('grant_type')) {
      case 'authorization_code': return this.#redeem(provider, form, client, base);
      case 'refresh_token': return this.#refresh(provider, form, client, base, isRefused);
      default: return this.#refuse(provider, { why: 'unknown_grant_type' });
    }
  }

  #redeem(provider: Provider, form: URLSearchParams, client: string, base: string): Answer {
    const key = form.get('code') ?? '', code = this.#codes.get(key), { signIn } = provider;
    this.#codes.delete(key);
    if (!code || code.client !== client || code.at !== provider.id) return this.#refuse(provider, { why: 'unknown_code' });
    if (code.expires < this.#world.now()) return this.#refuse(provider, { why: 'expired_code' });
    if (code.redirectUri !== form.get('redirect_uri')) return this.#refuse(provider, { why: 'wrong_redirect' });
    const { account, asked } = code, challenge = asked.get('code_challenge');
    if (challenge) {
      const verifier = form.get('code_verifier') ?? '';
      const proof = asked.get('code_challenge_method') === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
      if (!verifier || proof !== challenge) return this.#refuse(provider, { why: 'wrong_verifier' });
    }
    const consent = `${provider.id} ${account.plan.address} ${client}`, stays = signIn.staysSignedIn(asked, this.#signedInBefore.has(consent));
    if (stays) this.#signedInBefore.add(consent);
    return this.#grant(provider, account, client, signIn.scopeOf(asked), base, stays);
  }

  #refresh(provider: Provider, form: URLSearchParams, client: string, base: string, isRefused: (account: Account | undefined) => boolean): Answer {
    const token = form.get('refresh_token') ?? '', claims = this.#read(token);
    const account = claims && this.#world.accounts.get(claims.address);
    const valid = account && claims.use === 'refresh' && claims.at === provider.id && claims.client === client && claims.expires > this.#world.now()
      && claims.stamp > account.voids(provider.id).refresh && !this.#spent.has(digest(token));
    if (isRefused(account) || !valid) return this.#refuse(provider, { why: 'refresh_refused', issued: claims?.stamp ?? 0 });
    if (provider.signIn.rotates) this.#spend(token);
    return this.#grant(provider, account, client, form.get('scope') ?? claims.scope, base, provider.signIn.rotates);
  }

  #grant({ id, signIn }: Provider, account: Account, client: string, scope: string, base: string, withRefresh: boolean): Answer {
    const seconds = this.#world.accessTokenSeconds(), now = this.#world.now();
    const issue = (use: Claims['use'], ms: number): string => this.#sign({ use, at: id, address: account.plan.address, client, scope, stamp: this.#stamp(), expires: now + ms });
    return signIn.granted({ account, client, scope, seconds, now, base, accessToken: issue('access', seconds * 1_000), refreshToken: withRefresh ? issue('refresh', REFRESH_MS) : null });
  }

  /** Gives access back. RFC 7009; a token that means nothing is refused, as providers do. */
  revoke(provider: Provider, token: string): Answer {
    const claims = this.#read(token), account = claims && this.#world.accounts.get(claims.address), bearer = claims?.use === 'access' ? this.bearer(provider, `Bearer ${token}`) : undefined;
    const isDead = !account || claims.at !== provider.id || this.#spent.has(digest(token)) || claims.stamp <= account.voids(provider.id).refresh || bearer !== undefined && 'kind' in bearer;
    if (isDead) return json(400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
    this.#spend(token);
    this.#signedInBefore.delete(`${provider.id} ${account.plan.address} ${claims.client}`);
    if (provider.signIn.revoke?.ends === 'account') this.void(account, provider.id, true);
    return json(200, {});
  }

  #spend(token: string): void {
    if (this.#spent.size >= REMEMBERED_MAX) this.#spent.clear();
    this.#spent.add(digest(token));
  }

  /** Grows with every token, also within a millisecond, so that "all until now" has an edge. */
  #stamp(): number {
    return this.#lastStamp = Math.max(this.#world.now(), this.#lastStamp + 1);
  }

  /** Makes all access tokens of an account at a provider void; with `refreshToo` the refresh tokens as well. */
  void(account: Account, at: ProviderId, refreshToo: boolean): void {
    const voids = account.voids(at);
    voids.access = this.#stamp();
    if (refreshToo) voids.refresh = voids.access;
  }

  /** Whose request this is, or why nobody's. */
  bearer({ id }: Provider, header: string | undefined): Bearer | Trouble & { kind: 'unauthorised' } {
    const token = /^Bearer (.+)$/i.exec(header ?? '')?.[1];
    if (!token) return { kind: 'unauthorised', why: 'missing' };
    const claims = this.#read(token), account = claims && this.#world.accounts.get(claims.address);
    if (!claims || !account || claims.use !== 'access' || claims.at !== id) return { kind: 'unauthorised', why: 'malformed' };
    if (claims.expires <= this.#world.now() || claims.stamp <= account.voids(id).access || this.#spent.has(digest(token))) return { kind: 'unauthorised', why: 'expired' };
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

  #refuse({ signIn }: Provider, refusal: Refusal): Answer {
    return signIn.refused(refusal, this.#world.now());
  }
}

const mac = (body: string): string => createHmac('sha256', KEY).update(body).digest('base64url');
const digest = (token: string): string => createHash('sha256').update(token).digest('base64url');
const page = (status: number, body: string): Answer => ({ status, body, headers: { 'content-type': 'text/html; charset=utf-8' } });
