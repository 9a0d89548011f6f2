/** The fleet's object in workerd, against the Machines API stand-in and a real Postgres: what it does, in which order, and what it does not do when something is wrong. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FleetStatus } from '#contract/fleet';
import type { WorkerFleet } from '#worker-api/fleet';
import { act, backRoom, call, env, newConnection, newJob, newTenant, objectOf, rows, signIn, until, type Tenant } from './visitor.ts';

interface Machine { id: string; state: string; region: string; instance_id: string; config: { image: string } }
interface View { machines: Machine[]; heard: { what: string; body: string }[] }
const world = (wish: object = {}): Promise<View> => backRoom('machines', wish);
/** What the API and the machines were asked since the last look, short: `POST /{id}/stop`. */
const asked = async (): Promise<string[]> => (await world()).heard.map(({ what }) => what.replace('/v1/apps/edge-app/machines', '')).filter((what) => what !== 'GET ' && !what.startsWith('GET /healthz'));

const fleet = (): DurableObjectStub<WorkerFleet> => (env.WORKER_FLEET as unknown as DurableObjectNamespace<WorkerFleet>).getByName('fleet');
const status = async (): Promise<FleetStatus> => FleetStatus.parse(await fleet().status());
const DAY_MS = 86_400_000;

/** One look, now. `check`: the regular one, which may destroy. */
async function look({ check = true } = {}): Promise<void> {
  await runInDurableObject(fleet(), async (_: WorkerFleet, { storage }) => {
    storage.kv.put('fleet', { ...storage.kv.get<object>('fleet'), checkAt: check ? 0 : Date.now() + DAY_MS, quietUntil: 0 });
    await storage.setAlarm(Date.now() + DAY_MS);
    await storage.sync();
  });
  await abortAllDurableObjects();
  expect(await runDurableObjectAlarm(fleet())).toBe(true);
}
const kept = (): Promise<FleetStatus & { alarm: number | null; jobs: number }> => runInDurableObject(fleet(), async (_: WorkerFleet, { storage }) => ({
  ...storage.kv.get<FleetStatus>('fleet')!, alarm: await storage.getAlarm(), jobs: storage.kv.get<{ depth: number }>('fleet')!.depth,
}));

/** So many jobs wait and are due. Their objects know nothing of them, so no bell rings of itself. */
let tenant: Tenant;
async function waiting(count: number): Promise<void> {
  await rows(`delete from historical_sync_jobs where tenant_id = $1`, tenant.id);
  for (let i = 0; i < count; i++) {
    await rows(`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status_version)
      values ($1, gen_random_uuid(), 'outlook', $2, now() - interval '1 day', now(), 'test', 1)`, tenant.id, await newConnection(tenant));
  }
}
/** So many started machines, oldest first, all idle for long unless said otherwise. */
async function machines(...says: object[]): Promise<Machine[]> {
  const { machines: made } = await world({ reset: true, add: says.length });
  for (const [i, say] of says.entries()) await world({ say: { id: made[i]!.id, idle_seconds: 300, ...say } });
  return made;
}
const BUSY = { busy: 2, idle_seconds: 0 }, IDLE = {};

// Jobs that earlier tests left would ring in the middle of ours.
beforeAll(async () => {
  tenant = await newTenant();
  const left = await rows<{ tenant_id: string; id: string }>(`select tenant_id, id from historical_sync_jobs where status in ('pending', 'running')`);
  await Promise.all(left.map(({ tenant_id, id }) => objectOf({ id: tenant_id } as Tenant, id).cancel()));
});
beforeEach(async () => {
  await world({ reset: true });
  await runInDurableObject(fleet(), async (_: WorkerFleet, { storage }) => { await storage.deleteAll(); await storage.deleteAlarm(); });
  await abortAllDurableObjects();
  await waiting(0);
});

describe('a job waits', () => {
  it('and a stopped machine is started', async () => {
    const [m] = await machines(IDLE);
    await world({ change: { id: m!.id, state: 'stopped' } });
    await waiting(1);
    await look({ check: false });
    expect(await asked()).toEqual([`POST /${m!.id}/start`]);
    expect((await status()).last_decision).toMatchObject({ action: 'start', machine_id: m!.id, outcome: 'done', why: 'No worker is running.', queue_depth: 1 });
  });

  it('with five others, and a machine is made like the one there is', async () => {
    const [m] = await machines(BUSY);
    await waiting(5);
    await look();
    expect(await asked(), 'five are not too many').toEqual([]);
    await waiting(6);
    await look({ check: false });
    const { machines: now, heard } = await world();
    expect(now).toHaveLength(2);
    expect(now[1]).toMatchObject({ region: m!.region, config: m!.config });
    expect(heard.filter((h) => h.what.startsWith('POST')).map((h) => JSON.parse(h.body) as object)).toEqual([{ config: m!.config, region: m!.region }]);
    expect((await status()).last_decision).toMatchObject({ action: 'create', machine_id: now[1]!.id, outcome: 'done', queue_depth: 6 });
    expect((await kept()).alarm, 'one more may not be enough').toBeLessThan(Date.now() + 5_000);
  });

  it('and its bell, on its way through the queue, wakes the fleet', async () => {
    const [m] = await machines(IDLE);
    await world({ change: { id: m!.id, state: 'stopped' } });
    const { job_id } = await newJob(tenant);
    await until(async () => { expect((await world()).machines).toMatchObject([{ id: m!.id, state: 'started' }]); });
    await act(tenant, job_id, 'cancel');
  });

  it('and twenty bells at once are one look', async () => {
    await machines(BUSY);
    await look();
    await asked();
    await Promise.all(Array.from({ length: 20 }, () => fleet().ensureWorkerRunning()));
    await runDurableObjectAlarm(fleet());
    expect((await world()).heard.filter((h) => h.what === 'GET /v1/apps/edge-app/machines')).toHaveLength(1);
  });

  it('and no machine was ever there to copy: that is said, and tried again', async () => {
    await waiting(1);
    await look();
    expect(await status()).toMatchObject({ last_decision: { action: 'create', outcome: 'failed' }, last_error: { source: 'machines_api', kind: 'no_template' }, failures_in_a_row: 1 });
    expect((await kept()).alarm).toBeLessThan(Date.now() + 31_000);
    expect((await rows(`select from historical_sync_jobs where tenant_id = $1 and status = 'pending'`, tenant.id)).length, 'it waits on').toBe(1);
  });

  it('and the last machine is gone: its configuration is remembered', async () => {
    await machines(IDLE);
    await look();
    await world({ reset: true });
    await look();
    expect((await world()).machines).toMatchObject([{ config: { image: expect.stringMatching(/^registry/) } }]);
  });
});

describe('the regular look', () => {
  it('gives up the newest idle machine: drained, stopped, waited for, destroyed without force', async () => {
    const [first, second, third] = await machines(IDLE, IDLE, BUSY);
    await look();
    expect(await asked()).toEqual([`POST /drain at ${second!.id}`, `POST /${second!.id}/stop`, `GET /${second!.id}/wait?state=stopped&timeout=8&instance_id=${second!.instance_id}`, `DELETE /${second!.id}`]);
    expect((await world()).machines.map((m) => m.id)).toEqual([first!.id, third!.id]);
    expect(await status()).toMatchObject({ last_decision: { action: 'destroy', machine_id: second!.id, outcome: 'done' }, machines: [{ machine_id: first!.id, busy: 0 }, { machine_id: third!.id, busy: 2 }] });
  });

  it.each<[string, object[]]>([
    ['one machine', [IDLE]], ['all work', [BUSY, BUSY]], ['idle, but not for long', [BUSY, { idle_seconds: 299 }]], ['the other one does not answer', [{ silent: true }, IDLE]],
  ])('gives up nobody: %s', async (_, says) => {
    await machines(...says);
    await look();
    expect(await asked()).toEqual([]);
    expect(await status()).toMatchObject({ last_decision: null, last_error: null, resting_because: expect.stringMatching(/\.$/) });
  });

  it('closes a machine that a large fleet can do without, and gives it up when it has done what it had', async () => {
    const made = await machines(...Array.from({ length: 4 }, () => ({ busy: 1, load: 0.5, idle_seconds: 0 }))), least = made[3]!;
    await look();
    const { heard } = await world();
    expect(heard.filter(({ what }) => what.startsWith('POST')).map(({ what, body }) => [what, JSON.parse(body) as object])).toEqual([[`POST /drain at ${least.id}`, { machine_id: least.id, when_done: true }]]);
    expect((await status()).last_decision).toMatchObject({ action: 'close', machine_id: least.id, outcome: 'done' });
    expect((await kept()).alarm, 'soon').toBeLessThan(Date.now() + 31_000);
    await look();
    expect(await asked(), 'it works').toEqual([]);
    await world({ say: { id: least.id, busy: 0 } });
    await look({ check: false });
    expect((await status()).last_decision).toMatchObject({ action: 'destroy', machine_id: least.id, outcome: 'done' });
    expect((await world()).machines.map((m) => m.id)).toEqual(made.slice(0, 3).map((m) => m.id));
  });

  it('that finds jobs waiting is put off, not left to the next one', async () => {
    await machines(IDLE, IDLE);
    await waiting(1);
    await look();
    expect((await kept()).alarm).toBeLessThan(Date.now() + 31_000);
    expect(await asked()).toEqual([]);
  });

  it('leaves a machine alone that took a job after it was looked at', async () => {
    const [, second] = await machines(IDLE, { takesJobBeforeDrain: true });
    await look();
    expect(await asked()).toEqual([`POST /drain at ${second!.id}`]);
    expect((await status()).last_decision).toMatchObject({ action: 'destroy', outcome: 'kept' });
  });

  it.each(['/stop', '/wait', 'DELETE'])('finishes later what Fly would not do at %s', async (match) => {
    const [first, second] = await machines(IDLE, IDLE);
    await world({ faults: [{ match, status: match === '/wait' ? 408 : 500 }] });
    await look();
    expect((await status()).last_decision).toMatchObject({ outcome: match === '/wait' ? 'trying' : 'failed' });
    expect((await kept()).alarm, 'soon').toBeLessThan(Date.now() + 31_000);
    await look({ check: false });
    expect((await world()).machines.map((m) => m.id)).toEqual([first!.id]);
    expect(await status()).toMatchObject({ failures_in_a_row: 0, last_decision: { machine_id: second!.id, outcome: 'done' } });
  });

  it('keeps a machine that the proxy started again in between', async () => {
    const [, second] = await machines(IDLE, IDLE);
    await world({ faults: [{ match: 'DELETE', status: 500 }] });
    await look();
    await world({ start: second!.id });
    await asked();
    await look({ check: false });
    expect(await asked()).toEqual([]);
    expect((await world()).machines.map((m) => m.state)).toEqual(['started', 'started']);
  });

  it('does not see the app\'s other machines', async () => {
    const [, second] = await machines(IDLE, IDLE);
    await world({ change: { id: second!.id, config: { image: 'x', metadata: { fly_process_group: 'fly_app_console' } } } });
    await look();
    expect(await asked()).toEqual([]);
    expect((await status()).machines).toHaveLength(1);
  });
});

describe('the alarm', () => {
  it('goes on of itself, and a look that was due by older settings only comes when the new ones say', async () => {
    await machines(IDLE);
    await look();
    expect((await kept()).alarm! - Date.now()).toBeGreaterThan(290_000);
    await runInDurableObject(fleet(), async (_: WorkerFleet, { storage }) => {
      storage.kv.put('fleet', { ...storage.kv.get<object>('fleet'), checkAt: Date.now() + DAY_MS, lookedAt: 0 });
      await storage.setAlarm(Date.now() + DAY_MS);
      await storage.sync();
    });
    await abortAllDurableObjects();
    await status();
    expect((await kept()).alarm! - Date.now()).toBeLessThanOrEqual(300_000);
  });
});

describe('something is wrong', () => {
  it.each<[string, { status: number; body?: unknown; headers?: Record<string, string> }, string]>([
    ['the line breaks', { status: 0 }, 'unreachable'], ['Fly fails', { status: 502, body: 'bad gateway' }, 'broken'], ['our token is refused', { status: 401, body: { error: 'unauthorized' } }, 'denied'],
    ['too many requests', { status: 429, headers: { 'retry-after': '90' } }, 'rate_limited'], ['another answer than documented', { status: 200, body: [{ id: 7 }] }, 'unreadable'], ['no such app', { status: 404, body: { error: 'app not found' } }, 'refused'],
  ])('%s: nothing is done, it is said, asked once, and the alarm tries again', async (_, fault, kind) => {
    await machines(IDLE, IDLE);
    await world({ faults: [{ match: 'GET /v1', ...fault }] });
    await look();
    const { heard } = await world();
    expect(heard.map((h) => h.what)).toEqual(['GET /v1/apps/edge-app/machines']);
    const { alarm } = await kept();
    expect(alarm! - Date.now()).toBeGreaterThan(kind === 'rate_limited' ? 80_000 : 20_000);
    expect(alarm! - Date.now()).toBeLessThanOrEqual(kind === 'rate_limited' ? 90_000 : 30_000);
    await look();
    expect(await status(), 'better again; what happened stays readable').toMatchObject({ failures_in_a_row: 0, last_error: { kind, source: 'machines_api', message: expect.stringContaining('GET /machines') }, last_decision: { outcome: 'done' } });
  });

  it('Postgres does not say how many jobs wait: nobody is given up', async () => {
    await machines(IDLE, IDLE);
    await backRoom('close-door');
    try { await look(); } finally { await backRoom('open-door'); }
    expect(await asked()).toEqual([]);
    expect(await kept()).toMatchObject({ failures: 1, error: { source: 'queue_depth' } });
    await look();
    expect(await asked()).toHaveLength(4);
  });
});

describe('GET /api/fleet', () => {
  it('shows machines, settings and what was decided, to people and to keys for administration', async () => {
    const [m] = await machines(BUSY);
    expect((await call('GET', '/api/fleet')).status).toBe(401);
    const other = await newTenant();
    await rows(`update api_keys set scopes = '{read,sync}' where tenant_id = $1`, other.id);
    expect(await call('GET', '/api/fleet', { key: other.key }), 'it counts the jobs of all tenants').toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
    for (const who of [{ key: tenant.key }, { cookie: await signIn(tenant) }]) {
      const answer = await call('GET', '/api/fleet', who);
      expect(answer.status, answer.text).toBe(200);
      expect(FleetStatus.parse(answer.body)).toMatchObject({
        autoscaling: true, queue_depth: 0, machines: [{ machine_id: m!.id, state: 'started', busy: 2, idle_seconds: null, region: 'fra' }],
        settings: { scale_up_queue_depth: 5, scale_down_idle_minutes: 5, fleet_max: 3, fleet_check_seconds: 300 },
      });
      expect(answer.text).not.toContain('fly-token');
    }
  });
});
