/** What one may not do, one cannot do: every route of contract/api refuses whoever lacks its scope, and changes nothing. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Scope, type RouteScope } from '#contract/accounts';
import type { Route, RouteName } from '#contract/api';
import { ApiErrorBody } from '#contract/errors';
import { allRoutes, everythingOf, fill, newKey, settle, type Holdings } from './sweep.ts';
import { APP, call, newMember, worker, type Answer } from './visitor.ts';

let mine: Holdings, member: { cookie: string }, admin: { cookie: string };
/** Nothing here succeeds, so nothing ever changes. */
let everything: string;
/** Keys that have every scope but the one of the name. */
const keyWithout = {} as Record<Scope, string>;
beforeAll(async () => {
  mine = await settle();
  [member, admin] = [await newMember(mine.tenant), await newMember(mine.tenant, 'admin')];
  for (const scope of Scope.options) keyWithout[scope] = await newKey(mine.tenant, Scope.options.filter((s) => s !== scope));
  everything = await everythingOf(mine.tenant.id);
});

const request = (name: RouteName, route: Route, by: { key?: string; cookie?: string }): Promise<Answer> => {
  const { method, path, body } = fill(name, route, mine.ids);
  return call(method, path, { ...by, body, headers: by.cookie ? { origin: APP } : {} });
};
const isScope = (scope: RouteScope): scope is Scope => (Scope.options as string[]).includes(scope);
const of = (...scopes: RouteScope[]): [RouteName, Route][] => allRoutes.filter(([, route]) => scopes.includes(route.scope));

async function refusesWithout(name: RouteName, route: Route, by: { key?: string; cookie?: string }, status: 401 | 403): Promise<void> {
  const answer = await request(name, route, by);
  expect(answer.status, answer.text).toBe(status);
  expect(ApiErrorBody.parse(answer.body).error.code).toBe(status === 401 ? 'unauthenticated' : 'forbidden');
  expect(await everythingOf(mine.tenant.id)).toBe(everything);
}

describe('nobody', () => {
  it.each(allRoutes.filter(([, route]) => route.scope !== 'anyone'))('is answered 401, and so is a made-up key or cookie: %s', async (name, route) => {
    for (const by of [{}, { key: `hs_${'x'.repeat(43)}` }, { cookie: 'hsync.session_token=made-up.c2lnbmF0dXJl' }]) await refusesWithout(name, route, by, 401);
  });
});

describe('a key', () => {
  it.each(of('read', 'sync', 'admin'))('without the scope is answered 403: %s', async (name, route) => {
    if (isScope(route.scope)) await refusesWithout(name, route, { key: keyWithout[route.scope] }, 403);
  });

  it.each(of('person', 'owner'))('is no person: %s', (name, route) => refusesWithout(name, route, { key: mine.tenant.key }, 403));

  it('without "read" watches no job', async () => {
    const response = await worker.fetch(new Request(`${APP}/ws/historical-sync/${mine.ids.job_id}`, { headers: { upgrade: 'websocket', authorization: `Bearer ${keyWithout.read}` } }));
    expect(response.status).toBe(403);
  });
});

describe('a member', () => {
  it.each(of('admin', 'owner'))('reads and syncs, no more: %s', (name, route) => refusesWithout(name, route, member, 403));
});

describe('an admin', () => {
  it('is no owner', async () => { for (const [name, route] of of('owner')) await refusesWithout(name, route, admin, 403); });
});
