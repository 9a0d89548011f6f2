/** Every route once more, with the tenant taken out of every condition of every statement: Postgres alone keeps tenants apart, also for reading members, keys and invitations. */
import { beforeAll, describe, expect, it } from 'vitest';
import { routes, type Route, type RouteName } from '#contract/api';
import { allRoutes, ask, everythingOf, fill, settle, unknownIds, type Holdings } from './sweep.ts';
import { backRoom, heard } from './visitor.ts';

let mine: Holdings, theirs: Holdings, everything: string;
beforeAll(async () => {
  [mine, theirs] = [await settle(), await settle()];
  everything = await everythingOf(theirs.tenant.id);
});

/** Answers how many conditions were taken out as well. */
async function withoutWhere<T>(work: () => Promise<T>): Promise<{ result: T; stripped: number }> {
  await backRoom('strip', { on: true });
  try {
    const result = await work();
    return { result, ...await backRoom<{ stripped: number }>('strip', { on: false }) };
  } finally {
    await backRoom('strip', { on: false });
  }
}
const leaks = (text: string): string[] => theirs.marks.filter((mark) => text.includes(mark));
const routeOf = (name: RouteName): Route => routes[name];
const usesIds = ([name, route]: [RouteName, Route]): boolean => fill(name, route, unknownIds()).usesIds;

describe('without any WHERE', () => {
  it.each(allRoutes.filter(usesIds))('a foreign id is as unknown as any: %s', async (name, route) => {
    const unknown = unknownIds();
    await heard(null);
    const { result: [foreign, nobodys] } = await withoutWhere(async () => [await ask(name, route, mine, theirs.ids), await ask(name, route, mine, unknown)] as const);
    await heard(null);
    expect(foreign.status).toBe(nobodys.status);
    expect(leaks(foreign.text).filter((mark) => !Object.values(theirs.ids).includes(mark))).toEqual([]);
    expect(await everythingOf(theirs.tenant.id)).toBe(everything);
  });

  it.each(allRoutes.filter((entry) => !usesIds(entry) && !['leaveTenant', 'signOutEverywhere', 'createTenant'].includes(entry[0])))('nothing of another tenant is shown or changed: %s', async (name, route) => {
    const { result } = await withoutWhere(() => ask(name, route, mine, mine.ids));
    expect(leaks(result.text)).toEqual([]);
    expect(await everythingOf(theirs.tenant.id)).toBe(everything);
  });

  it('one\'s own things are still there, so the statements did run', async () => {
    for (const name of ['listConnections', 'listJobs', 'listFailures', 'listMembers', 'listApiKeys', 'listInvitations', 'listSecrets', 'memoryStats', 'me'] as const) {
      const { result, stripped: conditions } = await withoutWhere(() => ask(name, routeOf(name), mine, mine.ids));
      expect(result.status, name).toBe(200);
      expect(conditions, `${name} has a tenant in its conditions`).toBeGreaterThan(0);
    }
    const { result } = await withoutWhere(() => ask('listFailures', routeOf('listFailures'), mine, mine.ids));
    expect(mine.marks.some((mark) => result.text.includes(mark))).toBe(true);
  });
});
