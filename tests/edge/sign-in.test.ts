/** Who may come in: keys, sessions, scopes; and what the desk says to everybody else. */
import { describe, expect, it } from 'vitest';
import { routes, type Route } from '#contract/api';
import { ApiErrorBody, type ApiError } from '#contract/errors';
import { acuPerMonth } from '#contract/plans';
import { countAttempt } from '#worker-api/sign-in-limits';
import { APP, call, env, newConnection, newTenant, rows, signIn, start, type Answer } from './visitor.ts';

const pathOf = (route: Route): string => route.path.replace('{integration_id}', 'outlook').replaceAll(/\{\w+\}/g, () => crypto.randomUUID());

describe('signing in', () => {
  it.each(Object.entries(routes as Record<string, Route>).filter(([, route]) => route.scope !== 'anyone'))('answers 401 to nobody: %s', async (_, route) => {
    const answer = await call(route.method.toUpperCase(), pathOf(route));
    expect(answer.status).toBe(401);
    expect(ApiErrorBody.parse(answer.body).error.code).toBe('unauthenticated');
  });

  it('knows the tenant of a key, and no user', async () => {
    const tenant = await newTenant();
    expect(await call('GET', '/api/me', { key: tenant.key })).toMatchObject({ status: 200, body: { user: null, tenant: { id: tenant.id, plan: 'team', months_of_history: 12 } } });
  });

  it('knows what the plan has left this month, the tenant\'s own figure before the plan\'s', async () => {
    const tenant = await newTenant('free'), acu = async () => (await call<{ tenant: { acu: { used: number; limit: number; resets_at: string } } }>('GET', '/api/me', { key: tenant.key })).body.tenant.acu;
    const now = new Date(), resets_at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString();
    expect(await acu()).toEqual({ used: 0, limit: acuPerMonth.free, resets_at });
    for (const month of [0, 1]) await rows(`insert into acu_usage (tenant_id, month, job_id, records_stored) values ($1, (date_trunc('month', now() at time zone 'UTC') - make_interval(months => $2))::date, gen_random_uuid(), 2500)`, tenant.id, month);
    await rows('update tenants set acu_per_month = 7 where id = $1', tenant.id);
    expect(await acu(), 'last month is over').toEqual({ used: 2.5, limit: 7, resets_at });
  });

  it('does not take a key that is unknown, expired or mistyped', async () => {
    const tenant = await newTenant();
    await rows(`update api_keys set expires_at = now() - interval '1 second' where tenant_id = $1`, tenant.id);
    for (const key of [tenant.key, `${(await newTenant()).key}x`, 'hs_', `hs_${'x'.repeat(500)}`, 'Basic']) expect((await call('GET', '/api/me', { key })).status, key).toBe(401);
  });

  it('signs a person in with a cookie that scripts cannot read', async () => {
    const tenant = await newTenant();
    const cookie = await signIn(tenant);
    expect(await call('GET', '/api/me', { cookie })).toMatchObject({ status: 200, body: { user: { email: tenant.email }, tenant: { id: tenant.id } } });
    const again = await call('POST', '/api/auth/sign-in/email', { body: { email: tenant.email, password: tenant.password }, headers: { origin: APP, 'cf-connecting-ip': '10.0.0.1' } });
    for (const set of again.headers.getSetCookie()) expect(set).toMatch(/HttpOnly/i);
  });

  it('says the same to a wrong password and to an unknown address', async () => {
    const tenant = await newTenant();
    const wrong = await call('POST', '/api/auth/sign-in/email', { body: { email: tenant.email, password: 'not the password' }, headers: { origin: APP, 'cf-connecting-ip': '10.0.0.2' } });
    const unknown = await call('POST', '/api/auth/sign-in/email', { body: { email: 'nobody@nowhere.example', password: 'not the password' }, headers: { origin: APP, 'cf-connecting-ip': '10.0.0.2' } });
    expect(wrong.status).toBe(401);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  it('lets a key do only what its scopes say', async () => {
    const tenant = await newTenant();
    await rows(`update api_keys set scopes = '{read}' where tenant_id = $1`, tenant.id);
    expect((await call('GET', '/api/connections', { key: tenant.key })).status).toBe(200);
    expect(await start(tenant, await newConnection(tenant))).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  });

  it('refuses a change from another site that rides on the cookie, and takes one from the app', async () => {
    const tenant = await newTenant(), cookie = await signIn(tenant);
    const path = `/api/connections/${await newConnection(tenant)}`;
    expect((await call('DELETE', path, { cookie, headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await call('DELETE', path, { cookie, headers: { origin: APP } })).status).toBe(200);
  });
});

describe('guessing', () => {
  const attempt = (email: string, password: string, ip: string): Promise<Answer> => call('POST', '/api/auth/sign-in/email', { body: { email, password }, headers: { origin: APP, 'cf-connecting-ip': ip } });
  const home = (): string => `10.${crypto.getRandomValues(new Uint8Array(3)).join('.')}`;

  it('at one account from one address ends after ten attempts, also for whoever then knows the password, and says when to come back', async () => {
    const tenant = await newTenant(), ip = home();
    for (let i = 0; i < 10; i++) expect((await attempt(tenant.email, 'a guess', ip)).status).toBe(401);
    const refused = await attempt(tenant.email.toUpperCase(), tenant.password, ip);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
    expect((await attempt(tenant.email, tenant.password, home())).status, 'from elsewhere').toBe(200);
    expect((await attempt((await newTenant()).email, 'a guess', ip)).status, 'another account').toBe(401);
    await rows('update rate_limits set last_request = last_request - 900000');
    expect((await attempt(tenant.email, tenant.password, ip)).status, 'a quarter of an hour later').toBe(200);
  });

  it('in parallel gains nothing: isolates count together', async () => {
    const tenant = await newTenant(), ip = home();
    const statuses = (await Promise.all(Array.from({ length: 15 }, () => attempt(tenant.email, 'a guess', ip)))).map((a) => a.status);
    expect(statuses.filter((s) => s === 401)).toHaveLength(10);
    expect(statuses.filter((s) => s === 429)).toHaveLength(5);
  });

  it('counts the very first attempts of many at once, each of them', async () => {
    for (let round = 0; round < 10; round++) {
      const limit = { name: 'sign-up', of: crypto.randomUUID(), most: 8, windowSeconds: 60 };
      const refused = (await Promise.allSettled(Array.from({ length: 40 }, () => countAttempt(env, [limit])))).flatMap((one) => (one.status === 'rejected' ? [one.reason as ApiError] : []));
      expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 32 }, () => 'rate_limited'));
    }
  });

  it('is forgotten with the right password', async () => {
    const tenant = await newTenant(), ip = home();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) await attempt(tenant.email, 'a guess', ip);
      expect((await attempt(tenant.email, tenant.password, ip)).status).toBe(200);
    }
  });

  it('from many homes at one account, and from one home at many accounts, ends as well', async () => {
    const tenant = await newTenant(), ip = '2001:db8:77:1::5';
    await attempt(tenant.email, 'a guess', ip);
    await rows(`update rate_limits set count = 100 where key like 'sign-in-ip:%' or key like 'sign-in-account:%'`);
    expect((await attempt(tenant.email, tenant.password, home())).status, 'the account').toBe(429);
    expect((await attempt((await newTenant()).email, 'a guess', '2001:db8:77:1:ffff::6')).status, 'the same network').toBe(429);
    expect((await attempt((await newTenant()).email, 'a guess', '2001:db8:77:2::5')).status, 'the next one').toBe(401);
    await rows('delete from rate_limits');
  });

  it('leaves nothing readable of whom behind', async () => {
    const tenant = await newTenant(), ip = home();
    await attempt(tenant.email, 'a guess', ip);
    for (const text of [tenant.email, ip]) expect(await rows('select 1 from rate_limits r where position($1 in r::text) > 0', text)).toEqual([]);
  });
});

describe('the desk', () => {
  it('answers in one error shape, also where there is nothing', async () => {
    for (const path of ['/api/nothing', '/internal/nothing', '/ws/nothing']) expect(ApiErrorBody.parse((await call('GET', path)).body).error.code).toBe('not_found');
  });

  it('answers 400 to a body that is no JSON and 413 to one that is too large', async () => {
    const { key } = await newTenant();
    const path = '/api/integrations/outlook/historical-sync/start';
    expect(await call('POST', path, { key, raw: '{"connection_id":' })).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
    expect(await call('POST', path, { key, raw: JSON.stringify({ connection_id: 'x'.repeat(1024 * 1024) }) })).toMatchObject({ status: 413, body: { error: { code: 'payload_too_large' } } });
    let pieces = 5;
    const endless = new ReadableStream({ pull(controller) { controller.enqueue(new TextEncoder().encode(' '.repeat(256 * 1024))); if (--pieces === 0) controller.close(); } });
    expect((await call('POST', path, { key, raw: endless })).status).toBe(413);
  });

  it('carries security headers', async () => {
    const { headers } = await call('GET', '/healthz');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBeTruthy();
  });
});
