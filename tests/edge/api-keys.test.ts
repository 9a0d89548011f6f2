/** API keys: told once, no mightier than their maker, over when they are over, and cheap to check. */
import { describe, expect, it } from 'vitest';
import { ApiKeyMade, ApiKeysResponse } from '#contract/accounts';
import { as, call, newMember, newTenant, rows, signIn, type Answer } from './visitor.ts';

const make = (by: { cookie: string }, body: object = {}): Promise<Answer> => as(by, 'POST', '/api/keys', { name: 'Nightly script', scopes: ['read', 'sync'], ...body });
const works = async (key: string): Promise<boolean> => (await call('GET', '/api/me', { key })).status === 200;

describe('an API key', () => {
  it('is told once; afterwards its first letters and what it may do', async () => {
    const tenant = await newTenant(), owner = { cookie: await signIn(tenant) };
    const answer = await make(owner, { expires_in_days: 30 }), made = ApiKeyMade.parse(answer.body);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await call('GET', '/api/me', { key: made.key })).toMatchObject({ status: 200, body: { user: null, role: null, scopes: ['read', 'sync'], tenant: { id: tenant.id } } });
    const list = await as(owner, 'GET', '/api/keys');
    expect(list.text).not.toContain(made.key);
    const listed = ApiKeysResponse.parse(list.body).keys.find((k) => k.key_id === made.key_id)!;
    expect(listed).toMatchObject({ name: 'Nightly script', prefix: made.key.slice(0, 7), scopes: ['read', 'sync'], created_by: { name: 'Test Person' } });
    expect(Date.parse(listed.expires_at!) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
    expect(listed.last_used_at).not.toBeNull();
    expect(await rows('select 1 from api_keys k where position($1 in k::text) > 0', made.key)).toEqual([]);
  });

  it('is over when it expires and when it is revoked', async () => {
    const owner = { cookie: await signIn(await newTenant()) };
    const [short, long] = [ApiKeyMade.parse((await make(owner, { expires_in_days: 1 })).body), ApiKeyMade.parse((await make(owner)).body)];
    expect([await works(short.key), await works(long.key)]).toEqual([true, true]);
    await rows(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, short.key_id);
    expect((await as(owner, 'DELETE', `/api/keys/${long.key_id}`)).status).toBe(204);
    expect([await works(short.key), await works(long.key)]).toEqual([false, false]);
    expect((await as(owner, 'DELETE', `/api/keys/${long.key_id}`)).status, 'a second time').toBe(404);
  });

  it('can do no more than whoever makes it, also when that is a key', async () => {
    const tenant = await newTenant(), owner = { cookie: await signIn(tenant) };
    const { key } = ApiKeyMade.parse((await make(owner, { scopes: ['admin'] })).body);
    expect(await call('POST', '/api/keys', { key, body: { name: 'more', scopes: ['read'] } })).toMatchObject({ status: 403, body: { error: { message: 'You cannot give a key what you may not do yourself: read.' } } });
    const child = ApiKeyMade.parse((await call('POST', '/api/keys', { key, body: { name: 'as much', scopes: ['admin'] } })).body);
    expect(child.created_by?.name).toBe('Test Person');
    const member = await newMember(tenant);
    expect((await make(member)).status).toBe(403);
  });

  it.each([['no scope', { scopes: [] }], ['an unknown scope', { scopes: ['everything'] }], ['the scope of owners', { scopes: ['owner'] }], ['no name', { name: '' }], ['no time at all', { expires_in_days: 0 }], ['half a day', { expires_in_days: 0.5 }]])('with %s is not made', async (_, body) => {
    expect((await make({ cookie: await signIn(await newTenant()) }, body)).status).toBe(400);
  });

  it('is seen without a write per request, however many come at once', async () => {
    const tenant = await newTenant();
    const version = async () => (await rows<{ xmin: string; seen: string | null }>('select xmin::text, last_used_at::text as seen from api_keys where tenant_id = $1', tenant.id))[0]!;
    const before = await version();
    expect(before.seen).toBeNull();
    await Promise.all(Array.from({ length: 20 }, () => works(tenant.key)));
    const first = await version();
    expect(first.seen).not.toBeNull();
    await Promise.all(Array.from({ length: 20 }, () => works(tenant.key)));
    expect(await version(), 'no write for another five minutes').toEqual(first);
    await rows(`update api_keys set last_used_at = now() - interval '6 minutes' where tenant_id = $1`, tenant.id);
    await works(tenant.key);
    expect(Date.parse((await version()).seen!)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('is one of a hundred at most', async () => {
    const tenant = await newTenant(), owner = { cookie: await signIn(tenant) };
    await rows(`insert into api_keys (tenant_id, id, name, prefix, hash, scopes, created_by) select $1, n::text, 'k', 'hs_', $1 || n, '{read}', $2 from generate_series(1, 98) n`, tenant.id, `user-${tenant.id}`);
    const statuses = (await Promise.all([make(owner), make(owner), make(owner)])).map((a) => a.status);
    expect(statuses.toSorted()).toEqual([201, 422, 422]);
  });
});
