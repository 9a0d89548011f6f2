/**
 * The fleet, whole: real Postgres, workerd, Machines API stand-in and worker processes. Twelve jobs of four tenants make it grow from one machine to three;
 * when nothing is left to do it shrinks to one again, and no machine that worked on a job was stopped on the way.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetStatus } from '#contract/fleet';
import { startHouse, type House } from '#dev/house';
import { freePorts } from '#dev/ports';
import { addTenant } from '#dev/seed';
import { openClient, until, type Client } from './client.ts';

const TENANTS = ['north', 'east', 'south', 'west'], ACCOUNTS = ['one', 'two', 'three'].map((name) => `${name}@fleet.example`);
/** Seconds instead of minutes. */
const SETTINGS = { SCALE_DOWN_IDLE_MINUTES: '0.03', FLEET_CHECK_SECONDS: '1', WORKER_SLOTS: '2' };

let house: House, dir: string, clients: Client[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hsync-fleet-'));
  house = await startHouse({ dir, port: await freePorts(5), env: SETTINGS });
  const admin = (path: string, body: object) => fetch(`${house.sandboxUrl}/admin/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  for (const [i, address] of ACCOUNTS.entries()) await admin('accounts', { address, name: address, mails: 120, events: 5, seed: i, months: 3 });
  clients = await Promise.all(TENANTS.map(async (id) => {
    const api_key = `hs_${id}-${crypto.randomUUID()}`;
    await addTenant(house.owner, { id, name: id, person: id, plan: 'team' }, { email: `${id}@fleet.example`, password: crypto.randomUUID(), api_key });
    return openClient(house.url, api_key);
  }));
  // The tenants share three mailboxes: how many requests at once one of them takes is not the question here.
  await admin('settings', { latencyMs: 400, concurrency: 0 });
}, 120_000);
afterAll(async () => { await house.stop(); rmSync(dir, { recursive: true, force: true }); }, 60_000);

const status = async (): Promise<FleetStatus> => FleetStatus.parse(await (await clients[0]!.fetch('/api/fleet')).json());
const started = ({ machines }: FleetStatus): number => machines.filter((m) => m.state === 'started').length;
interface LogLine { machine: string; event: string; worker?: string; job?: string; outcome?: string; busy?: number }
const workerLog = (): LogLine[] => readFileSync(join(dir, 'worker.log'), 'utf8').split('\n').filter((l) => l.includes('{')).map((l) => ({ ...JSON.parse(l.slice(l.indexOf('{'))) as LogLine, machine: l.slice(0, l.indexOf(' ')) }));

describe('the fleet', () => {
  it('goes from one to three under load and back to one, and never stops a busy worker', async () => {
    const first = await until(status, (s) => started(s) === 1 && s.machines[0]!.busy === 0, 'one idle machine');
    expect(first).toMatchObject({ autoscaling: true, settings: { scale_up_queue_depth: 5, fleet_max: 3 }, last_decision: null });

    const jobs = (await Promise.all(clients.map(async (client) => {
      const connections: string[] = [];
      for (const account of ACCOUNTS) connections.push(await client.connect(account));
      return Promise.all(connections.map(async (c) => ({ client, id: (await client.start(c, { chunk_size: 10 })).job_id })));
    }))).flat();
    expect(jobs).toHaveLength(12);

    let most = 0, ended = false;
    const watching = (async () => { while (!ended) { const now = await status(); most = Math.max(most, started(now)); expect(now.machines.length).toBeLessThanOrEqual(3); await new Promise((done) => setTimeout(done, 200)); } })();
    const done = await Promise.all(jobs.map(({ client, id }) => client.ended(id))).finally(() => { ended = true; });
    await watching;
    expect(done.map((j) => j.status)).toEqual(jobs.map(() => 'completed'));
    expect(most, 'machines at once').toBe(3);

    const last = await until(status, (s) => s.machines.length === 1, 'one machine again', 30_000);
    expect(last).toMatchObject({ failures_in_a_row: 0, last_error: null, machines: [{ state: 'started', busy: 0, draining: false }] });
    expect(last.machines[0]!.machine_id, 'the newest went').toBe(first.machines[0]!.machine_id);
    expect(last.decisions.filter((d) => d.outcome === 'done').map((d) => d.action)).toEqual(['destroy', 'destroy', 'create', 'create']);
    expect(house.fleet.machines()).toHaveLength(1);

    // One claim a job, given back as completed; whoever was stopped held nothing.
    const said = workerLog();
    for (const { id } of jobs) expect(said.filter((l) => l.job === id && (l.event === 'claimed' || l.event === 'let_go')).map((l) => [l.event, l.outcome])).toEqual([['claimed', undefined], ['let_go', 'completed']]);
    expect(new Set(said.filter((l) => l.event === 'claimed').map((l) => l.machine)).size, 'all three worked').toBe(3);
    expect(said.filter((l) => l.event === 'stopping').map((l) => l.busy)).toEqual([0, 0]);
    const [rows] = await house.owner.system([sql`select distinct error_count, fence::int as fence from historical_sync_jobs`]);
    expect(rows, 'one lease a job: raised when granted and when given back').toEqual([{ error_count: 0, fence: 2 }]);
  }, 180_000);

  it('replaces a drained machine, and its process dying does not make it take jobs again', async () => {
    const [only] = house.fleet.machines(), at = (path: string) => `http://127.0.0.1:${only!.port}${path}`;
    const { worker: secret } = JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')) as { worker: string };
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer('hsync').setAudience('fly-worker').setExpirationTime('60s').sign(new TextEncoder().encode(secret));
    const drain = (machine_id: string, bearer = token) => fetch(at('/drain'), { method: 'POST', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }, body: JSON.stringify({ machine_id }) });
    expect((await drain(only!.id, 'nobody')).status).toBe(401);
    expect((await drain('another')).status, 'meant for another machine').toBe(422);
    expect((await drain(only!.id)).status).toBe(200);
    process.kill(Number(workerLog().findLast((l) => l.event === 'ready' && l.machine === only!.id)!.worker!.split('/')[1]), 'SIGKILL');
    const health = await until(async () => fetch(at('/healthz')).then((r) => r.json() as Promise<{ draining: boolean }>, () => null), (h) => h !== null, 'the next process answers');
    expect(health!.draining).toBe(true);

    const after = await until(status, (s) => s.machines.length === 1 && s.machines[0]!.machine_id !== only!.id && s.machines[0]!.busy === 0, 'another machine, and only that', 30_000);
    expect(after.decisions.slice(0, 2).map((d) => [d.action, d.machine_id])).toEqual([['destroy', only!.id], ['create', after.machines[0]!.machine_id]]);
    const connection = await clients[0]!.connect(ACCOUNTS[0]!);
    expect(await clients[0]!.ended((await clients[0]!.start(connection)).job_id)).toMatchObject({ status: 'completed' });
  }, 90_000);
});
