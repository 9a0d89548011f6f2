/** Every integration that is connected by signing in goes the same way: consent, sealed tokens, an access token for the job's holder, a refresh, access given back. Nothing here names one but where they differ. */
import { describe, expect, it } from 'vitest';
import { ConnectionsResponse } from '#contract/api';
import { connectors } from '#fly-worker/connectors/index';
import { ownAddress } from '#worker-api/oauth-client';
import { call, claimed, env, newTenant, rows, type Tenant } from './visitor.ts';

const ANNA = 'anna.keller@nordlicht-robotics.example';
const integrations = connectors.filter((connector) => connector.oauth !== null);

async function connect({ key }: Tenant, id: string): Promise<string> {
  const begun = await call<{ authorize_url: string }>('POST', `/api/connections/${id}/authorize`, { key, body: { login_hint: ANNA } });
  expect(begun.status, begun.text).toBe(200);
  const consent = new URL((await fetch(begun.body.authorize_url, { redirect: 'manual' })).headers.get('location')!);
  const back = await call('GET', `${consent.pathname}${consent.search}`, { key });
  return new URL(back.headers.get('location')!).searchParams.get('connected')!;
}

describe.each(integrations.map((connector) => [connector.id, connector] as const))('%s', (id, connector) => {
  it('is connected, read with, renewed and given back', async () => {
    const tenant = await newTenant(), connectionId = await connect(tenant, id);
    const { connections } = ConnectionsResponse.parse((await call('GET', '/api/connections', { key: tenant.key })).body);
    expect(connections).toMatchObject([{ connection_id: connectionId, integration_id: id, status: 'active', account: expect.stringContaining('anna.keller') }]);
    const started = await call<{ job_id: string }>('POST', `/api/integrations/${id}/historical-sync/start`, { key: tenant.key, body: { connection_id: connectionId } });
    expect(started.status, started.text).toBe(201);
    const claim = await claimed(tenant, started.body.job_id);
    const credentials = async (rejected: string | null) => (await call<{ access_token: string; api_url: string | null }>('POST', '/internal/credentials', { key: claim.token, body: { rejected } })).body;
    const first = await credentials(null), next = await credentials(first.access_token);
    expect(next.access_token).not.toBe(first.access_token);
    for (const { api_url } of [first, next]) expect(api_url).toBe(connector.baseUrl.perAccount ? env.MICROSOFT_LOGIN_URL : null);
    const account = connector.oauth!.account, base = next.api_url ?? env[connector.baseUrl.env as 'X_URL']!;
    const self = await fetch(`${base}${account.path}`, { headers: { authorization: `Bearer ${next.access_token}` } });
    expect(account.schema.safeParse(await self.json()).success).toBe(true);
    const gone = await call<{ access: string }>('DELETE', `/api/connections/${connectionId}`, { key: tenant.key });
    expect(gone.body.access).toBe(connector.oauth!.revoke ? 'withdrawn' : 'not_offered');
    expect(await rows('select sealed_tokens from connections where id = $1', connectionId)).toEqual([{ sealed_tokens: null }]);
  });
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
