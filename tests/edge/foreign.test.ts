/** Another tenant's things do not exist: every route of contract/api answers a foreign id exactly as an unknown one, shows nothing of them and changes nothing. */
import { neon } from '@neondatabase/serverless';
import { beforeAll, describe, expect, it } from 'vitest';
import { routes, type Route, type RouteName } from '#contract/api';
import { allRoutes, ask, everythingOf, fill, settle, unknownIds, type Holdings, type Ids } from './sweep.ts';
import { APP, call, env, fleetAnswers, heard, newConnection, objectOf, worker } from './visitor.ts';

let mine: Holdings, theirs: Holdings;
/** Whatever is asked here, nothing of it changes. */
let everything: string;
const unknown = unknownIds();
beforeAll(async () => {
  [mine, theirs] = [await settle(), await settle()];
  everything = await everythingOf(theirs.tenant.id);
});

/** The text of an answer with the ids that were asked for taken out: everything else must be the same. */
const withoutIds = (text: string, ids: Ids): string => Object.values(ids).reduce((rest, id) => rest.replaceAll(id, 'ID'), text);
const usesIds = ([name, route]: [RouteName, Route]): boolean => fill(name, route, unknown).usesIds;
const leak = (text: string): string[] => theirs.marks.filter((mark) => text.includes(mark));

describe('a foreign id', () => {
  it.each(allRoutes.filter(usesIds))('is as unknown as any: %s', async (name, route) => {
    await heard(null);
    const [foreign, nobodys] = [await ask(name, route, mine, theirs.ids), await ask(name, route, mine, unknown)];
    const asked = await heard(null);
    expect([foreign.status, withoutIds(foreign.text, theirs.ids)]).toEqual([nobodys.status, withoutIds(nobodys.text, unknown)]);
    if (asked.length === 0) expect(foreign).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    // What the fleet answers is asked of Postgres as the tenant that the desk names; tests of the fleet's reads cover it.
    for (const { body } of asked) expect(JSON.parse(body)).toMatchObject({ tenant_id: mine.tenant.id });
    expect(await everythingOf(theirs.tenant.id)).toBe(everything);
  });

  it('asks for things that are there: their owner is answered otherwise', async () => {
    for (const [name, route] of allRoutes.filter(usesIds).filter(([, r]) => r.method === 'get')) {
      const own = await ask(name, route, mine, mine.ids);
      if ((await heard(null)).length === 0) expect(own.status, name).toBe(200);
    }
  });
});

describe('a request without ids', () => {
  it.each(allRoutes.filter((entry) => !usesIds(entry)))('shows and changes nothing of another tenant: %s', async (name, route) => {
    await heard(null);
    // Whoever leaves or deletes is somebody else: the others are still needed.
    const by = ['leaveTenant', 'signOutEverywhere', 'createTenant', 'eraseTenant'].includes(name) ? await settle() : mine;
    const answer = await ask(name, route, by, by.ids);
    expect(leak(answer.text)).toEqual([]);
    for (const { body } of await heard(null)) expect(JSON.parse(body)).toMatchObject({ tenant_id: by.tenant.id });
    expect(await everythingOf(theirs.tenant.id)).toBe(everything);
  });
});

describe('beside the routes', () => {
  it('no socket opens', async () => {
    for (const id of [theirs.ids.job_id, unknown.job_id]) {
      const response = await worker.fetch(new Request(`${APP}/ws/historical-sync/${id}`, { headers: { upgrade: 'websocket', authorization: `Bearer ${mine.tenant.key}` } }));
      expect(response.status).toBe(404);
    }
  });

  it('a record is asked of the fleet only in the name of the caller\'s own tenant', async () => {
    await heard('/record');
    await fleetAnswers('/record', { status: 404, body: { error: { code: 'not_found', message: 'There is no such record.' } } });
    expect((await call('GET', `/api/memory/records/${theirs.ids.record_id}`, { key: mine.tenant.key })).status).toBe(404);
    const [asked] = await heard('/record');
    expect(JSON.parse(asked!.body)).toEqual({ tenant_id: mine.tenant.id, record_id: theirs.ids.record_id });
  });

  it('a job is not found by an object under the wrong tenant\'s name', async () => {
    expect(await objectOf(mine.tenant, theirs.ids.job_id).snapshot()).toBeNull();
    expect(await objectOf(mine.tenant, theirs.ids.job_id).cancel()).toMatchObject({ ok: false, refusal: 'unknown_job' });
  });

  it('Postgres itself hides everything from the application\'s role, also without a where', async () => {
    const sql = neon(env.APP_DATABASE_URL);
    const [, seen] = await sql.transaction([sql`select set_config('app.tenant_id', ${mine.tenant.id}, true)`, sql`select distinct tenant_id from connections`]);
    expect((seen as { tenant_id: string }[]).map((r) => r.tenant_id)).not.toContain(theirs.tenant.id);
    const [none] = await sql.transaction([sql`select count(*)::int as n from historical_sync_jobs`]);
    expect(none).toEqual([{ n: 0 }]);
  });

  it('a connection of another tenant starts nothing', async () => {
    const connection = await newConnection(theirs.tenant);
    expect((await call('POST', '/api/integrations/outlook/historical-sync/start', { key: mine.tenant.key, body: { connection_id: connection } })).status).toBe(404);
  });
});

describe('the sweep itself', () => {
  it('says what is missing when a route is born that it cannot ask', () => {
    const born: Route = { ...routes.getJob, path: '/api/things/{thing_id}' };
    expect(() => fill('getJob', born, unknown)).toThrow(/does not know what to put for \{thing_id\}/);
    expect(() => fill('getJob', { ...routes.getJob, body: routes.startJob.body }, unknown)).toThrow(/wants a body and the sweep has none/);
    expect(() => fill('getJob', { ...routes.getJob, query: routes.search.query }, unknown)).toThrow(/wants a query and the sweep has none/);
  });
});
