/** Connecting an account, against the sandbox's real login: consent, PKCE, sealed tokens, rotation, loss and return of access. */
import { createScheduledController } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { ConnectionsResponse } from '#contract/api';
import { reasonSentences } from '#contract/errors';
import desk from '#worker-api/index';
import { Tokens } from '#worker-api/oauth-client';
import { openVault } from '#worker-api/vault/seal';
import { act, APP, backRoom, call, claimed, env, get, newJob, newTenant, release, row, rows, signIn, start, until, withPostgresGone, type Answer, type Claim, type Tenant } from './visitor.ts';

const sandbox = async <T = unknown>(method: string, path: string, body?: object): Promise<T> => (await fetch(`${env.MICROSOFT_LOGIN_URL}/admin/${path}`, { method, body: body ? JSON.stringify(body) : null })).json();

/** An account of the test's own, so that revoking it troubles nobody else. */
async function newAccount(): Promise<string> {
  const address = `${crypto.randomUUID()}@sandbox.example`;
  await sandbox('POST', 'accounts', { address, mails: 1, events: 0 });
  return address;
}
async function consentUrl(tenant: Tenant, address: string): Promise<URL> {
  const answer = await call<{ authorize_url: string }>('POST', '/api/connections/outlook/authorize', { key: tenant.key, body: { login_hint: address } });
  expect(answer.status, answer.text).toBe(200);
  return new URL(answer.body.authorize_url);
}
/** The person accepts; where the provider sends the browser then. */
async function accept(url: URL): Promise<URL> {
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location')!);
}
const finish = (back: URL, by: { key?: string; cookie?: string }): Promise<Answer> => call('GET', `${back.pathname}${back.search}`, by);
const whereTo = (answer: Answer): URLSearchParams => new URL(answer.headers.get('location')!).searchParams;

async function connect(tenant: Tenant, address: string): Promise<string> {
  const answer = await finish(await accept(await consentUrl(tenant, address)), { key: tenant.key });
  expect(answer.status).toBe(302);
  return whereTo(answer).get('connected')!;
}
const connections = async (tenant: Tenant) => ConnectionsResponse.parse((await call('GET', '/api/connections', { key: tenant.key })).body).connections;
const tokensOf = async (tenant: Tenant, id: string): Promise<Tokens> => {
  const [row] = await rows<{ sealed_tokens: string }>('select sealed_tokens from connections where id = $1', id);
  return Tokens.parse(JSON.parse((await openVault(env.TOKEN_KEYS).open(tenant.id, 'oauth-tokens', row!.sealed_tokens)).text));
};
const tokenRequests = async (): Promise<number> => (await sandbox<{ path: string }[]>('GET', 'requests')).filter((r) => r.path.endsWith('/token')).length;
const credentials = (claim: Claim, rejected: string | null = null): Promise<Answer<{ access_token: string }>> => call('POST', '/internal/credentials', { key: claim.token, body: { rejected } });

async function working(): Promise<{ tenant: Tenant; address: string; connectionId: string; jobId: string; claim: Claim }> {
  const tenant = await newTenant(), address = await newAccount(), connectionId = await connect(tenant, address);
  const { job_id: jobId } = (await start(tenant, connectionId)).body;
  return { tenant, address, connectionId, jobId, claim: await claimed(tenant, jobId) };
}

describe('connecting', () => {
  it('goes by PKCE and a state, asks for what the connector says, and ends with the account in the list', async () => {
    const tenant = await newTenant(), address = await newAccount();
    const url = await consentUrl(tenant, address);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code', code_challenge_method: 'S256', client_id: env.MICROSOFT_CLIENT_ID, redirect_uri: `${APP}/oauth/outlook/callback`, login_hint: address,
      scope: 'offline_access User.Read Mail.Read Calendars.Read',
    });
    expect(url.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(url.searchParams.get('state')).toMatch(/^[\w-]{43}$/);
    const answer = await finish(await accept(url), { key: tenant.key });
    expect(answer.headers.get('location')).toMatch(/^http:\/\/app\.test\/\?connected=[0-9a-f-]{36}$/);
    expect(await connections(tenant)).toMatchObject([{ connection_id: whereTo(answer).get('connected'), integration_id: 'outlook', account: address, status: 'active', last_synced_at: null }]);
  });

  it('works for a person with a session as well', async () => {
    const tenant = await newTenant(), cookie = await signIn(tenant), address = await newAccount();
    const { body } = await call<{ authorize_url: string }>('POST', '/api/connections/outlook/authorize', { cookie, body: { login_hint: address }, headers: { origin: APP } });
    expect(whereTo(await finish(await accept(new URL(body.authorize_url)), { cookie })).get('connected')).toBeTruthy();
  });

  it('leaves no token, code or verifier readable in any table', async () => {
    const tenant = await newTenant(), address = await newAccount(), back = await accept(await consentUrl(tenant, address));
    const id = whereTo(await finish(back, { key: tenant.key })).get('connected')!;
    const { accessToken, refreshToken } = await tokensOf(tenant, id);
    const tables = await rows<{ name: string }>(`select table_name as name from information_schema.tables where table_schema = 'public'`);
    for (const { name } of tables) {
      for (const secret of [accessToken, refreshToken!, back.searchParams.get('code')!, back.searchParams.get('state')!]) {
        expect(await rows(`select 1 from ${name} t where position($1 in t::text) > 0 limit 1`, secret), `${name} holds a secret`).toEqual([]);
      }
    }
  });

  it('seals tokens for one tenant and one purpose: elsewhere they do not open', async () => {
    const tenant = await newTenant(), id = await connect(tenant, await newAccount());
    const [row] = await rows<{ sealed_tokens: string }>('select sealed_tokens from connections where id = $1', id);
    const vault = openVault(env.TOKEN_KEYS);
    await expect(vault.open((await newTenant()).id, 'oauth-tokens', row!.sealed_tokens)).rejects.toThrow(/does not open/);
    await expect(vault.open(tenant.id, 'oauth-verifier', row!.sealed_tokens)).rejects.toThrow(/does not open/);
    await expect(vault.open(tenant.id, 'oauth-tokens', `${row!.sealed_tokens.slice(0, -2)}AA`)).rejects.toThrow(/does not open/);
  });

  it('takes a state once', async () => {
    const tenant = await newTenant(), back = await accept(await consentUrl(tenant, await newAccount()));
    expect(whereTo(await finish(back, { key: tenant.key })).has('connected')).toBe(true);
    expect(whereTo(await finish(back, { key: tenant.key })).get('connect_error')).toBe('expired');
  });

  it('is finished only by whoever began: not by another tenant, not by another login of the same one, not too late', async () => {
    const tenant = await newTenant(), other = await newTenant(), address = await newAccount(), back = await accept(await consentUrl(tenant, address));
    expect(whereTo(await finish(back, { key: other.key })).get('connect_error')).toBe('expired');
    expect(whereTo(await finish(back, { cookie: await signIn(tenant) })).get('connect_error')).toBe('expired');
    expect((await finish(back, {})).status).toBe(401);
    await rows(`update oauth_states set expires_at = now() - interval '1 second' where tenant_id = $1`, tenant.id);
    expect(whereTo(await finish(back, { key: tenant.key })).get('connect_error')).toBe('expired');
    expect([...await connections(tenant), ...await connections(other)]).toEqual([]);
  });

  it.each([['access_denied', 'declined'], ['server_error', 'provider']])('comes back to the app when the provider says %s', async (error, said) => {
    const tenant = await newTenant();
    expect(whereTo(await finish(new URL(`${APP}/oauth/outlook/callback?error=${error}&state=x`), { key: tenant.key })).get('connect_error')).toBe(said);
  });

  it('with a code that is not real connects nothing', async () => {
    const tenant = await newTenant(), back = await accept(await consentUrl(tenant, await newAccount()));
    back.searchParams.set('code', 'made-up');
    expect(whereTo(await finish(back, { key: tenant.key })).get('connect_error')).toBe('refused');
    expect(await connections(tenant)).toEqual([]);
  });

  it('the same account again is the same connection', async () => {
    const tenant = await newTenant(), address = await newAccount();
    expect(await connect(tenant, address)).toBe(await connect(tenant, address));
    expect(await connections(tenant)).toHaveLength(1);
  });

  it('of an integration that signs in differently, or not yet, is answered 422 or 400', async () => {
    const { key } = await newTenant();
    expect((await call('POST', '/api/connections/mbox/authorize', { key })).status).toBe(422);
    expect((await call('POST', '/api/connections/fax/authorize', { key })).status).toBe(400);
  });

  it('undone: the tokens are gone at once, and a job that read with them is stopped', async () => {
    const { tenant, connectionId, jobId, claim } = await working();
    expect(await call('DELETE', `/api/connections/${connectionId}`, { key: tenant.key })).toMatchObject({ status: 200, body: { status: 'revoked' } });
    expect(await rows('select sealed_tokens from connections where id = $1', connectionId)).toEqual([{ sealed_tokens: null }]);
    expect(await get(tenant, jobId)).toMatchObject({ status: 'paused', reason: 'connection_removed' });
    expect(await row(jobId)).toMatchObject({ status: 'paused', fence: claim.fence + 1 });
    expect(await credentials(claim)).toMatchObject({ status: 409, body: { error: { code: 'fenced' } } });
    await call('POST', `/api/integrations/historical-sync/jobs/${jobId}/resume`, { key: tenant.key });
    expect(await credentials(await claimed(tenant, jobId)), 'resumed too early').toMatchObject({ status: 404 });
  });
});

describe('credentials', () => {
  it('are an access token for the job\'s holder, and for nobody whose lease is over', async () => {
    const { tenant, connectionId, claim } = await working();
    const answer = await credentials(claim);
    expect(answer.body.access_token).toBe((await tokensOf(tenant, connectionId)).accessToken);
    expect(answer.text).not.toContain((await tokensOf(tenant, connectionId)).refreshToken);
    await release(claim.token, { kind: 'handed_back', crashed: false });
    expect(await credentials(claim)).toMatchObject({ status: 409, body: { error: { code: 'fenced' } } });
  });

  it('that were rejected are refreshed once, whoever asks at the same time, and the rotated one is stored', async () => {
    const { tenant, address, connectionId, claim } = await working();
    const before = await tokensOf(tenant, connectionId);
    await sandbox('POST', `accounts/${address}/expire-tokens`);
    const asked = await tokenRequests();
    const answers = await Promise.all(Array.from({ length: 5 }, () => credentials(claim, before.accessToken)));
    expect(await tokenRequests() - asked).toBe(1);
    const after = await tokensOf(tenant, connectionId);
    expect(new Set(answers.map((a) => a.body.access_token))).toEqual(new Set([after.accessToken]));
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(after.refreshToken).not.toBe(before.refreshToken);
    const me = await fetch(`${env.MICROSOFT_GRAPH_URL}/v1.0/me`, { headers: { authorization: `Bearer ${after.accessToken}` } });
    expect(me.status).toBe(200);
  });

  it('about to expire are refreshed before they do', async () => {
    const { tenant, connectionId, claim } = await working();
    const before = await tokensOf(tenant, connectionId);
    const sealed = await openVault(env.TOKEN_KEYS).seal(tenant.id, 'oauth-tokens', JSON.stringify({ ...before, expiresAt: Date.now() + 30_000 }));
    await rows('update connections set sealed_tokens = $1 where id = $2', sealed, connectionId);
    expect((await credentials(claim)).body.access_token).not.toBe(before.accessToken);
  });

  it.each(['500', '503', 'reset', 'truncated'])('are not given up when the provider answers a refresh with %s', async (kind) => {
    const { tenant, connectionId, claim } = await working();
    const { accessToken } = await tokensOf(tenant, connectionId);
    await sandbox('POST', 'faults', { kind, match: '/token', count: 1 });
    expect(await credentials(claim, accessToken)).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    expect((await connections(tenant))[0]!.status).toBe('active');
  });

  it('refused for good mark the connection; the job waits as auth_expired, and reconnecting lets it go on', async () => {
    const { tenant, address, connectionId, jobId, claim } = await working();
    const { accessToken } = await tokensOf(tenant, connectionId);
    await sandbox('POST', `accounts/${address}/revoke-tokens`);
    const answer = await credentials(claim, accessToken);
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'needs_reauth' } } });
    expect((await connections(tenant))[0]!.status).toBe('needs_reauth');
    await release(claim.token, { kind: 'paused', reason: 'auth_expired', message: 'Reconnect it.' });
    expect(await get(tenant, jobId)).toMatchObject({ status: 'paused', reason: 'auth_expired' });
    expect(await start(tenant, connectionId)).toMatchObject({ status: 409 });

    expect(await connect(tenant, address)).toBe(connectionId);
    expect((await connections(tenant))[0]!.status).toBe('active');
    expect(await get(tenant, jobId)).toMatchObject({ status: 'pending', reason: 'resumed' });
    const next = await claimed(tenant, jobId);
    expect((await credentials(next)).status).toBe(200);
  });

  it.each([
    ['the quota was used up meanwhile', 'quota_exhausted', (tenant: Tenant) => rows('update tenants set acu_per_month = 0 where id = $1', tenant.id), (tenant: Tenant) => rows('update tenants set acu_per_month = null where id = $1', tenant.id)],
    ['other syncs took its place', 'too_many_jobs', async (tenant: Tenant) => { for (let i = 0; i < 3; i++) await newJob(tenant); }, async (tenant: Tenant) => { for (const { id } of await rows<{ id: string }>(`select id from historical_sync_jobs where tenant_id = $1 and status = 'pending' limit 1`, tenant.id)) await act(tenant, id, 'cancel'); }],
  ] as const)('come back while %s: the job says %s, no longer that it must be reconnected, and goes on by itself', async (_, reason, take, giveBack) => {
    const { tenant, address, connectionId, jobId, claim } = await working();
    await rows('update historical_sync_jobs set acu_at_start = 0 where id = $1', jobId);
    await sandbox('POST', `accounts/${address}/revoke-tokens`);
    await credentials(claim, (await tokensOf(tenant, connectionId)).accessToken);
    await release(claim.token, { kind: 'paused', reason: 'auth_expired', message: 'Reconnect it.' });
    await take(tenant);
    await connect(tenant, address);
    expect(await get(tenant, jobId)).toMatchObject({ status: 'paused', reason, message: reasonSentences[reason] });
    expect(await row(jobId)).toMatchObject({ status: 'paused', reason });
    const look = () => desk.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }), env);
    await look();
    expect(await get(tenant, jobId), 'nothing has changed').toMatchObject({ status: 'paused', reason });
    await giveBack(tenant);
    await look();
    await until(async () => { expect(await get(tenant, jobId)).toMatchObject({ status: 'pending', reason: 'resumed' }); });
  });

  it('that were rotated while Postgres went away are not lost', async () => {
    const { tenant, connectionId, claim } = await working();
    const before = await tokensOf(tenant, connectionId), asked = await tokenRequests();
    const answer = await withPostgresGone(connectionId, () => credentials(claim, before.accessToken));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(await tokensOf(tenant, connectionId)).toEqual(before);
    await backRoom('let-go', { id: connectionId });
    const next = await credentials(claim, before.accessToken);
    expect(next.status).toBe(200);
    expect(next.body.access_token).not.toBe(before.accessToken);
    expect(await tokenRequests() - asked).toBe(1);
    expect((await tokensOf(tenant, connectionId)).accessToken).toBe(next.body.access_token);
  });

  it('of a connection that was removed while they were being refreshed stay removed', async () => {
    const { tenant, connectionId, claim } = await working();
    const { accessToken } = await tokensOf(tenant, connectionId);
    const asking = credentials(claim, accessToken);
    await call('DELETE', `/api/connections/${connectionId}`, { key: tenant.key });
    await asking;
    expect((await connections(tenant))[0]!.status).toBe('revoked');
  });

  it('reconnecting wakes only jobs that waited for it', async () => {
    const tenant = await newTenant(), address = await newAccount(), connectionId = await connect(tenant, address);
    const { job_id } = (await start(tenant, connectionId)).body;
    await call('POST', `/api/integrations/historical-sync/jobs/${job_id}/pause`, { key: tenant.key });
    await connect(tenant, address);
    expect(await get(tenant, job_id)).toMatchObject({ status: 'paused', reason: 'user_paused' });
  });
});

describe('errors', () => {
  it('carry no secrets, whatever goes wrong', async () => {
    const { tenant, address, connectionId, claim } = await working();
    const { accessToken, refreshToken } = await tokensOf(tenant, connectionId);
    const answers = [await credentials({ ...claim, token: `${claim.token}x` }), await call('GET', '/oauth/outlook/callback?code=c&state=s', { key: tenant.key })];
    await rows(`update connections set sealed_tokens = 'v1.k9.a.b' where id = $1`, connectionId);
    answers.push(await credentials(claim));
    await sandbox('POST', `accounts/${address}/revoke-tokens`);
    for (const { text, status } of answers) {
      expect(status).not.toBe(200);
      for (const secret of [accessToken, refreshToken!, env.WORKER_SECRET, env.JOB_TOKEN_SECRET, env.AUTH_SECRET, env.TOKEN_KEYS, env.APP_DATABASE_URL]) expect(text).not.toContain(secret);
    }
    expect(answers[2]).toMatchObject({ status: 500, body: { error: { code: 'internal' } } });
  });
});
