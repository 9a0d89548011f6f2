/** Every integration that is connected by signing in, one row each: there and back against the sandbox's sign-in. Nothing here names a provider but what Google does in its own way. */
import { createScheduledController } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { ConnectionsResponse, DisconnectResponse } from '#contract/api';
import type { Connector } from '#contract/connector';
import { accessSentences } from '#contract/errors';
import { connectors } from '#fly-worker/connectors/index';
import desk from '#worker-api/index';
import { ownAddress, refreshTokens, Tokens } from '#worker-api/oauth-client';
import { openVault } from '#worker-api/vault/seal';
import { APP, call, claimed, env, newTenant, rows, until, type Answer, type Tenant } from './visitor.ts';

const SANDBOX = (env as unknown as { SANDBOX_URL: string }).SANDBOX_URL;
const sandbox = async <T = unknown>(method: string, path: string, body?: object): Promise<T> => (await fetch(`${SANDBOX}/admin/${path}`, { method, body: body ? JSON.stringify(body) : null })).json();
const withSignIn = connectors.filter((connector) => connector.oauth !== null);

async function newAccount(): Promise<string> {
  const address = `${crypto.randomUUID()}@sandbox.example`;
  await sandbox('POST', 'accounts', { address, mails: 3, events: 0 });
  return address;
}
async function consentUrl({ key }: Tenant, { id }: Connector, address: string): Promise<URL> {
  const answer = await call<{ authorize_url: string }>('POST', `/api/connections/${id}/authorize`, { key, body: { login_hint: address } });
  expect(answer.status, answer.text).toBe(200);
  return new URL(answer.body.authorize_url);
}
/** The person accepts, and the browser comes back; where it is sent then. */
async function accept({ key }: Tenant, url: URL): Promise<URLSearchParams> {
  const back = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location')!);
  return new URL((await call('GET', `${back.pathname}${back.search}`, { key })).headers.get('location')!).searchParams;
}
const connect = async (tenant: Tenant, connector: Connector, address: string): Promise<string> => (await accept(tenant, await consentUrl(tenant, connector, address))).get('connected')!;
const connections = async ({ key }: Tenant) => ConnectionsResponse.parse((await call('GET', '/api/connections', { key })).body).connections;
const disconnect = async ({ key }: Tenant, id: string) => DisconnectResponse.parse((await call('DELETE', `/api/connections/${id}`, { key })).body);
const tokensOf = async (tenant: Tenant, id: string): Promise<Tokens> => {
  const [row] = await rows<{ sealed_tokens: string }>('select sealed_tokens from connections where id = $1', id);
  return Tokens.parse(JSON.parse((await openVault(env.TOKEN_KEYS).open(tenant.id, 'oauth-tokens', row!.sealed_tokens)).text));
};
const startOn = (tenant: Tenant, { id }: Connector, connectionId: string): Promise<Answer<{ job_id: string }>> => call('POST', `/api/integrations/${id}/historical-sync/start`, { key: tenant.key, body: { connection_id: connectionId } });

describe.each(withSignIn.map((connector) => [connector.id, connector] as const))('%s', (id, connector) => {
  const oauth = connector.oauth!;

  it('asks for consent by PKCE at the provider, with the scopes it named before, and comes back with the account', async () => {
    const tenant = await newTenant(), address = await newAccount(), url = await consentUrl(tenant, connector, address);
    expect(`${url.origin}${url.pathname}`).toBe(`${SANDBOX}${oauth.authorize.path}`);
    const { name, separator } = oauth.scopeParameter ?? { name: 'scope', separator: ' ' };
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code', code_challenge_method: 'S256', redirect_uri: `${APP}/oauth/${id}/callback`, [name]: oauth.scopes.map((s) => s.scope).join(separator), ...oauth.authorizeExtra.always,
    });
    const { integrations } = (await call<{ integrations: { integration_id: string; scopes: { in_words: string }[] }[] }>('GET', '/api/integrations', { key: tenant.key })).body;
    expect(integrations.find((one) => one.integration_id === id)!.scopes.map((s) => s.in_words)).toEqual(oauth.scopes.map((s) => s.inWords));
    const connectionId = (await accept(tenant, url)).get('connected');
    expect(await connections(tenant)).toMatchObject([{ connection_id: connectionId, integration_id: id, status: 'active', scope: oauth.scopes.map((s) => s.scope) }]);
  });

  it('gives its worker an access token that the provider takes, renewed when it was refused', async () => {
    const tenant = await newTenant(), address = await newAccount(), connectionId = await connect(tenant, connector, address);
    const claim = await claimed(tenant, (await startOn(tenant, connector, connectionId)).body.job_id);
    const credentials = async (rejected: string | null) => (await call<{ access_token: string; api_url: string | null }>('POST', '/internal/credentials', { key: claim.token, body: { rejected } })).body;
    const works = async (token: string): Promise<boolean> => {
      const answer = await fetch(`${SANDBOX}${oauth.account.path}`, { headers: { authorization: `Bearer ${token}` } });
      return oauth.account.schema.safeParse(await answer.json()).success;
    };
    const { access_token: first, api_url } = await credentials(null);
    expect(api_url).toBe(connector.baseUrl?.perAccount ? SANDBOX : null);
    expect(await works(first)).toBe(true);
    if ((await tokensOf(tenant, connectionId)).refreshToken === null) return;
    await sandbox('POST', `accounts/${address}/expire-tokens`);
    expect(await works(first)).toBe(false);
    expect(await works((await credentials(first)).access_token)).toBe(true);
  });

  it('gives access back when it is disconnected, as far as the provider lets us, and says so', async () => {
    const tenant = await newTenant(), connectionId = await connect(tenant, connector, await newAccount()), tokens = await tokensOf(tenant, connectionId);
    const gone = await disconnect(tenant, connectionId);
    expect(gone).toMatchObject({ status: 'revoked', access: oauth.revoke ? 'withdrawn' : 'not_offered', message: accessSentences[gone.access] });
    if (oauth.revoke && tokens.refreshToken) await expect(refreshTokens(env, tenant.id, connector, tokens, Date.now())).rejects.toMatchObject({ kind: 'refused' });
    expect((await disconnect(tenant, connectionId)).access).toBe('none');
  });

  it('is disconnected also when the provider does not confirm it', async () => {
    if (!oauth.revoke) return;
    const tenant = await newTenant(), connectionId = await connect(tenant, connector, await newAccount());
    await sandbox('POST', 'faults', { kind: 'reset', match: oauth.revoke.path, count: 1 });
    expect(await disconnect(tenant, connectionId)).toMatchObject({ status: 'revoked', access: 'unconfirmed' });
  });

  it('is not connected without what a sync needs', async () => {
    if (!oauth.scopes.some((s) => s.needed)) return;
    const tenant = await newTenant(), url = await consentUrl(tenant, connector, await newAccount());
    url.searchParams.set(oauth.scopeParameter?.name ?? 'scope', 'openid');
    expect((await accept(tenant, url)).get('connect_error')).toBe('not_all_allowed');
    expect(await connections(tenant)).toEqual([]);
  });
});

describe('two integrations of one account whose provider knows only one permission', () => {
  const pairs = withSignIn.filter((c) => c.oauth!.revoke?.wholeAccount);

  it('stay usable until the last of them is disconnected', async () => {
    const [one, two] = pairs, tenant = await newTenant(), address = await newAccount();
    const first = await connect(tenant, one!, address), second = await connect(tenant, two!, address), tokens = await tokensOf(tenant, second);
    expect((await disconnect(tenant, first)).access).toBe('in_use');
    await refreshTokens(env, tenant.id, two!, tokens, Date.now());
    expect((await disconnect(tenant, second)).access).toBe('withdrawn');
    await expect(refreshTokens(env, tenant.id, two!, tokens, Date.now())).rejects.toMatchObject({ kind: 'refused' });
  });

  it('are given back apart when they are of different accounts', async () => {
    const [one, two] = pairs, tenant = await newTenant(), first = await connect(tenant, one!, await newAccount());
    await connect(tenant, two!, await newAccount());
    expect((await disconnect(tenant, first)).access).toBe('withdrawn');
  });
});

describe('a refresh storm', () => {
  const rotating = connectors.find((c) => c.id === 'outlook')!;
  interface Line { at: string; grant?: string; status: number; ms: number }

  it('makes one refresh at a time and uses no refresh token twice, whoever asks: windows of a run, the scheduled run that starts after it, a person who reconnects', async () => {
    const tenant = await newTenant(), address = await newAccount(), connectionId = await connect(tenant, rotating, address);
    const credentials = (token: string, rejected: string) => call<{ access_token: string }>('POST', '/internal/credentials', { key: token, body: { rejected } });
    /** The job that the minute's look starts, since its hour has come. */
    const scheduled = async (): Promise<string> => {
      await rows('update connections set next_sync_at = now() - make_interval(mins => 1) where id = $1', connectionId);
      await desk.scheduled(createScheduledController({ cron: '* * * * *', scheduledTime: new Date() }), env);
      return (await rows<{ id: string }>(`select id from historical_sync_jobs where source_connection_id = $1 and mode = 'incremental' and status = 'pending'`, connectionId))[0]!.id;
    };
    expect((await call('PUT', `/api/connections/${connectionId}/schedule`, { key: tenant.key, body: { every: 'hourly' } })).status).toBe(200);
    let jobId = (await startOn(tenant, rotating, connectionId)).body.job_id, claim = await claimed(tenant, jobId);
    await sandbox('DELETE', 'requests');
    for (let round = 0; round < 4; round++) {
      const { accessToken: expired } = await tokensOf(tenant, connectionId);
      await sandbox('POST', `accounts/${address}/expire-tokens`);
      await sandbox('POST', 'faults', { kind: 'slow', match: '/token', n: 120, count: 2 });
      const { token } = claim, early = round % 2 === 0 ? connect(tenant, rotating, address) : null, windows = Array.from({ length: 4 }, () => credentials(token, expired));
      const another = (async () => {
        await call('POST', `/api/integrations/historical-sync/jobs/${jobId}/cancel`, { key: tenant.key });
        jobId = await scheduled();
        claim = await claimed(tenant, jobId);
        return Promise.all(Array.from({ length: 4 }, () => credentials(claim.token, expired)));
      })();
      const [reconnected, ...answers] = await Promise.all([early ?? connect(tenant, rotating, address), ...windows, ...await another]);
      expect(reconnected).toBe(connectionId);
      // Those of the cancelled run may be too late; nobody is told that the account is lost.
      for (const { status, body, text } of answers) expect([200, 409].includes(status) && !text.includes('needs_reauth'), text || String(body)).toBe(true);
      const { body: { access_token: good } } = await credentials(claim.token, expired);
      expect((await fetch(`${SANDBOX}${rotating.oauth!.account.path}`, { headers: { authorization: `Bearer ${good}` } })).status).toBe(200);
    }
    const asked = (await sandbox<Line[]>('GET', 'requests')).filter((line) => line.grant !== undefined), refreshes = asked.filter((line) => line.grant === 'refresh_token').map((line) => ({ from: Date.parse(line.at), to: Date.parse(line.at) + line.ms }));
    expect(asked.filter((line) => line.status !== 200), 'a refresh token that is used twice is refused').toEqual([]);
    expect(refreshes.length).toBeGreaterThanOrEqual(2);
    for (const [i, { from }] of refreshes.entries()) if (i > 0) expect(from, 'one at a time').toBeGreaterThanOrEqual(refreshes[i - 1]!.to);
    expect((await connections(tenant))[0]!.status).toBe('active');
    await until(async () => expect((await rows<{ n: number }>(`select count(*)::int as n from historical_sync_jobs where tenant_id = $1 and status in ('pending', 'running')`, tenant.id))[0]!.n).toBe(1));
    await sandbox('DELETE', 'faults');
  }, 60_000);
});

describe('an address that a provider names for an account', () => {
  const connector = { title: 'Salesforce', baseUrl: { env: 'SALESFORCE_LOGIN_URL', fallback: 'https://login.salesforce.com', perAccount: ['salesforce.com'] } };
  const check = (address: string, standIn?: string) => { try { return ownAddress({ SALESFORCE_LOGIN_URL: standIn } as never, connector, address); } catch { return null; } };
  it.each([
    ['https://nord.my.salesforce.com', undefined, 'https://nord.my.salesforce.com'], ['https://nord--dev.sandbox.my.salesforce.com/', undefined, 'https://nord--dev.sandbox.my.salesforce.com'],
    ['http://nord.my.salesforce.com', undefined, null], ['https://nord.my.salesforce.com:8443', undefined, null], ['https://salesforce.com.attacker.example', undefined, null], ['https://notsalesforce.com', undefined, null],
    ['https://user:pass@nord.my.salesforce.com', undefined, null], ['https://169.254.169.254', undefined, null], ['http://127.0.0.1:9400', undefined, null], ['nonsense', undefined, null], ['file:///etc/passwd', undefined, null],
    ['http://127.0.0.1:9400/base', 'http://127.0.0.1:9400', 'http://127.0.0.1:9400'], ['http://127.0.0.2:9400', 'http://127.0.0.1:9400', null], ['http://stand-in.example', 'https://stand-in.example', null], ['https://nord.my.salesforce.com', 'http://127.0.0.1:9400', 'https://nord.my.salesforce.com'],
  ])('%s, with %s in its place: %s', (address, standIn, expected) => { expect(check(address, standIn)).toBe(expected); });
});
