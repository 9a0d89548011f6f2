/** Another tenant's things do not exist: every route of contract/api answers a foreign id exactly as an unknown one, and changes nothing. */
import { neon } from '@neondatabase/serverless';
import { beforeAll, describe, expect, it } from 'vitest';
import { routes, type Route } from '#contract/api';
import { APP, call, env, fleetAnswers, heard, newConnection, newJob, newTenant, objectOf, rows, worker, type Tenant } from './visitor.ts';

let mine: Tenant, theirs: Tenant;
/** What another tenant has, by the name of the path parameter. */
let foreign: Record<string, string>;
const unknown: Record<string, string> = { job_id: crypto.randomUUID(), connection_id: crypto.randomUUID(), record_id: crypto.randomUUID() };

beforeAll(async () => {
  [mine, theirs] = [await newTenant(), await newTenant()];
  const job = await newJob(theirs), recordId = crypto.randomUUID();
  await rows(`insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, stored_by_job)
    values ($1, $2, 'outlook', $3, 'mail', 'p', 'mail', 'h', 'Secret plans', 'p', now(), $4)`, theirs.id, recordId, job.source_connection_id, job.job_id);
  foreign = { job_id: job.job_id, connection_id: job.source_connection_id, record_id: recordId };
});

const fill = (path: string, ids: Record<string, string>): string => path.replace('{integration_id}', 'outlook').replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name]!);
const bodyOf = (name: string, ids: Record<string, string>): object | undefined => (name === 'startJob' ? { connection_id: ids.connection_id } : name === 'setSchedule' ? { every: 'daily' } : undefined);
const all = Object.entries(routes as Record<string, Route>);
const snapshot = async (): Promise<unknown> => (await rows(`select (select json_agg(j order by id) from historical_sync_jobs j where tenant_id = $1)::text || (select json_agg(c order by id) from connections c where tenant_id = $1)::text as all`, theirs.id))[0];

describe('a foreign id', () => {
  // Records are read through the fleet, which asks Postgres as the tenant that the desk names (tests of the fleet's reads cover it).
  it.each(all.filter(([name, route]) => (/_id\}/.test(route.path.replace('{integration_id}', '')) || name === 'startJob') && !/^(get|forget)Record$/.test(name)))('is as unknown as any: %s', async (name, route) => {
    const before = await snapshot();
    const ask = (ids: Record<string, string>) => call(route.method.toUpperCase(), fill(route.path, ids), { key: mine.key, body: bodyOf(name, ids) });
    const [theirsAnswer, nobodys] = [await ask(foreign), await ask(unknown)];
    expect(theirsAnswer.status).toBe(404);
    expect([theirsAnswer.status, theirsAnswer.text]).toEqual([nobodys.status, nobodys.text]);
    expect(await snapshot()).toEqual(before);
  });

  it.each(all.filter(([, route]) => route.method === 'get' && !/_id\}/.test(route.path.replace('{integration_id}', ''))))('is in no list: %s', async (name, route) => {
    const answer = await call('GET', fill(route.path, {}) + (name === 'search' ? '?q=secret' : ''), { key: mine.key });
    for (const id of Object.values(foreign)) expect(answer.text).not.toContain(id);
    expect(answer.text).not.toContain(theirs.id);
    if (name === 'memoryStats') expect(answer.body).toMatchObject({ records: 0 });
  });

  it('is asked of the fleet only in the name of the caller\'s own tenant', async () => {
    await heard('/record');
    await fleetAnswers('/record', { status: 404, body: { error: { code: 'not_found', message: 'There is no such record.' } } });
    expect((await call('GET', `/api/memory/records/${foreign.record_id}`, { key: mine.key })).status).toBe(404);
    const [asked] = await heard('/record');
    expect(JSON.parse(asked!.body)).toEqual({ tenant_id: mine.id, record_id: foreign.record_id });
    await heard('/forget');
    await fleetAnswers('/forget', { status: 404, body: { error: { code: 'not_found', message: 'There is no such record in memory.' } } });
    expect((await call('DELETE', `/api/memory/records/${foreign.record_id}`, { key: mine.key })).status).toBe(404);
    const [told] = await heard('/forget');
    expect(JSON.parse(told!.body)).toEqual({ tenant_id: mine.id, record_id: foreign.record_id });
  });

  it('opens no socket', async () => {
    for (const id of [foreign.job_id!, unknown.job_id!]) {
      const response = await worker.fetch(new Request(`${APP}/ws/historical-sync/${id}`, { headers: { upgrade: 'websocket', authorization: `Bearer ${mine.key}` } }));
      expect(response.status).toBe(404);
    }
  });

  it('is not found by an object under the wrong tenant\'s name', async () => {
    expect(await objectOf(mine, foreign.job_id!).snapshot()).toBeNull();
    expect(await objectOf(mine, foreign.job_id!).cancel()).toMatchObject({ ok: false, refusal: 'unknown_job' });
  });

  it('is hidden by Postgres itself from the application\'s role, also without a where', async () => {
    const sql = neon(env.APP_DATABASE_URL);
    const [, seen] = await sql.transaction([sql`select set_config('app.tenant_id', ${mine.id}, true)`, sql`select distinct tenant_id from connections`]);
    expect((seen as { tenant_id: string }[]).map((r) => r.tenant_id)).not.toContain(theirs.id);
    const [none] = await sql.transaction([sql`select count(*)::int as n from historical_sync_jobs`]);
    expect(none).toEqual([{ n: 0 }]);
  });

  it('cannot be given to a job: a connection of another tenant starts nothing', async () => {
    const connection = await newConnection(theirs);
    expect((await call('POST', '/api/integrations/outlook/historical-sync/start', { key: mine.key, body: { connection_id: connection } })).status).toBe(404);
  });
});
