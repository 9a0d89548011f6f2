/** Key rotation: everything sealed under an old key is sealed under the new one, in steps that can be broken off; then the old key can go. */
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { openVault } from '#worker-api/vault/seal';
import { call, claimed, env, newConnection, newTenant, rows, start, type Answer, type Tenant } from './visitor.ts';

const [NEW, OLD] = env.TOKEN_KEYS.split(',') as [string, string];
const GONE = `k0:${'A'.repeat(43)}=`;
const TOKENS = JSON.stringify({ accessToken: 'access', refreshToken: 'refresh', expiresAt: Date.now() + 3_600_000, apiUrl: null, clientId: null });

interface Thing { tenant_id: string; kind: string; id: string }
interface Rotated { current_key: string; looked_at: number; next: Thing | null; unopened: Thing[]; left: { key_id: string; kind: string; count: number }[] }
async function rotate(after: Thing | null = null, secret = env.OPERATOR_SECRET!, audience = 'operator'): Promise<Answer<Rotated>> {
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setAudience(audience).setIssuedAt().setExpirationTime('60s').sign(new TextEncoder().encode(secret));
  return call('POST', '/internal/rotate-keys', { key: token, body: { after } });
}
async function rotateAll(): Promise<Rotated> {
  let answer = (await rotate()).body;
  while (answer.next) answer = (await rotate(answer.next)).body;
  return answer;
}
const seal = (keys: string, tenant: Tenant, purpose: string, text: string): Promise<string> => openVault(keys).seal(tenant.id, purpose, text);
async function connectionSealedBy(keys: string, tenant: Tenant, status = 'active'): Promise<string> {
  const id = await newConnection(tenant, status);
  await rows('update connections set sealed_tokens = $1 where id = $2', await seal(keys, tenant, 'oauth-tokens', TOKENS), id);
  return id;
}
const sealedOf = async (id: string): Promise<string> => (await rows<{ sealed_tokens: string }>('select sealed_tokens from connections where id = $1', id))[0]!.sealed_tokens;

/** What other tests left behind is out of the way. */
beforeEach(async () => {
  const { unopened } = await rotateAll();
  for (const { id } of unopened) await rows('update connections set sealed_tokens = null where id::text = $1', id);
});

describe('rotation', () => {
  it('seals connections, secrets and consents anew; with the old key gone everything opens', async () => {
    const tenant = await newTenant(), id = await connectionSealedBy(OLD, tenant), lost = await connectionSealedBy(OLD, tenant, 'needs_reauth');
    await rows(`insert into tenant_secrets (tenant_id, name, sealed, last4, updated_by) values ($1, 'OPENAI_API_KEY', $2, 'abcd', 'x')`, tenant.id, await seal(OLD, tenant, 'secret:OPENAI_API_KEY', 'sk-abcd'));
    await rows(`insert into oauth_states (tenant_id, state_hash, integration_id, principal, sealed_verifier, expires_at) values ($1, 'state', 'outlook', 'x', $2, now() + interval '5 minutes')`, tenant.id, await seal(OLD, tenant, 'oauth-verifier', 'verifier'));
    const before = await rows('select status, token_version, updated_at from connections where tenant_id = $1 order by id', tenant.id);
    expect(await rotateAll()).toMatchObject({ current_key: 'k2', unopened: [], left: [] });

    const onlyNew = openVault(NEW);
    for (const connection of [id, lost]) expect((await onlyNew.open(tenant.id, 'oauth-tokens', await sealedOf(connection))).text).toBe(TOKENS);
    const [secret] = await rows<{ sealed: string }>('select sealed from tenant_secrets where tenant_id = $1', tenant.id), [state] = await rows<{ sealed_verifier: string }>('select sealed_verifier from oauth_states where tenant_id = $1', tenant.id);
    expect((await onlyNew.open(tenant.id, 'secret:OPENAI_API_KEY', secret!.sealed)).text).toBe('sk-abcd');
    expect((await onlyNew.open(tenant.id, 'oauth-verifier', state!.sealed_verifier)).text).toBe('verifier');
    expect(await rows('select status, token_version, updated_at from connections where tenant_id = $1 order by id', tenant.id), 'nothing else changed').toEqual(before);
  });

  it('goes on where it was broken off, and says how much is left', async () => {
    const tenant = await newTenant();
    for (let i = 0; i < 70; i++) await connectionSealedBy(OLD, tenant);
    const first = (await rotate()).body;
    expect(first).toMatchObject({ looked_at: 50, left: [{ key_id: 'k1', kind: 'connection', count: 20 }] });
    expect(first.next).not.toBeNull();
    // Whoever drove it is gone; somebody else begins from the front.
    expect((await rotate()).body).toMatchObject({ looked_at: 20, next: null, unopened: [], left: [] });
    expect((await rotate()).body).toMatchObject({ looked_at: 0, left: [] });
  });

  it('is not held up by what does not open, names it, and does not call its key free', async () => {
    const tenant = await newTenant();
    const [lost, good] = [await connectionSealedBy(GONE, tenant), await connectionSealedBy(OLD, tenant)];
    const answer = await rotateAll();
    expect(answer.unopened).toEqual([{ tenant_id: tenant.id, kind: 'connection', id: lost }]);
    expect(answer.left).toEqual([{ key_id: 'k0', kind: 'connection', count: 1 }]);
    expect(await sealedOf(good)).toMatch(/^v1\.k2\./);
    await rows('update connections set sealed_tokens = null where id = $1', lost);
  });

  it('happens by itself to whatever is used', async () => {
    const tenant = await newTenant(), id = await connectionSealedBy(OLD, tenant), claim = await claimed(tenant, (await start(tenant, id)).body.job_id);
    expect((await call('POST', '/internal/credentials', { key: claim.token, body: { rejected: null } })).body).toMatchObject({ access_token: 'access' });
    expect(await sealedOf(id)).toMatch(/^v1\.k2\./);
    await rows(`insert into tenant_secrets (tenant_id, name, sealed, last4, updated_by) values ($1, 'OPENAI_API_KEY', $2, 'abcd', 'x')`, tenant.id, await seal(OLD, tenant, 'secret:OPENAI_API_KEY', 'sk-abcd'));
    expect((await call('POST', '/internal/model-key', { key: claim.token })).body).toMatchObject({ api_key: 'sk-abcd' });
    expect(await rows('select split_part(sealed, $2, 2) as key from tenant_secrets where tenant_id = $1', tenant.id, '.')).toEqual([{ key: 'k2' }]);
  });

  it('is the operator\'s alone', async () => {
    const tenant = await newTenant();
    expect((await call('POST', '/internal/rotate-keys', { key: tenant.key, body: { after: null } })).status).toBe(401);
    expect((await rotate(null, env.WORKER_SECRET)).status).toBe(401);
    expect((await rotate(null, env.OPERATOR_SECRET, 'worker-door')).status).toBe(401);
    expect((await call('POST', '/internal/rotate-keys', { body: { after: null } })).status).toBe(401);
  });
});
