/**
 * The fleet, whole: real Postgres, workerd, Machines API stand-in and worker processes. A hundred jobs of 34 tenants make it grow from one machine to three;
 * all of them complete, nobody's third overtakes another's first, and when nothing is left to do the fleet shrinks to one again, without stopping a machine that worked.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetStatus } from '#contract/fleet';
import { until, type Client } from './client.ts';
import { openWholeHouse, type WholeHouse } from './whole-house.ts';

/** 33 tenants with three jobs, which is as many as one may have, and one with a single job. */
const TENANTS = Array.from({ length: 34 }, (_, i) => `tenant-${i}`), ACCOUNTS = ['one', 'two', 'three'].map((name) => `${name}@fleet.example`);
/** Seconds instead of minutes. */
const SETTINGS = { SCALE_DOWN_IDLE_MINUTES: '0.03', FLEET_CHECK_SECONDS: '1', WORKER_SLOTS: '2' };
/** How old what a slot knows of the queue may be when it claims: it reads twenty names and asks for one after the other. */
const LIST_AGE_MS = 2_000;

let house: WholeHouse, clients: Client[];

beforeAll(async () => {
  house = await openWholeHouse({ env: SETTINGS });
  for (const [i, address] of ACCOUNTS.entries()) await house.sandbox.addAccount(address, { mails: 40, events: 4, seed: i, months: 1 });
  clients = await Promise.all(TENANTS.map((id) => house.newTenant(id)));
  // The tenants share three mailboxes: how many requests at once one of them takes is not the question here.
  await house.sandbox.settings({ latencyMs: 50, concurrency: 0 });
}, 120_000);
afterAll(() => house.end(), 60_000);

const status = async (): Promise<FleetStatus> => FleetStatus.parse(await (await clients[0]!.fetch('/api/fleet')).json());
const started = ({ machines }: FleetStatus): number => machines.filter((m) => m.state === 'started').length;

interface Started { client: Client; tenant: string; place: number; id: string; createdAt: number }
/** Every tenant's jobs, one tenant beside the other, each tenant's own one after the other. */
async function startAll(): Promise<Started[]> {
  const since = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const of = async (client: Client, tenant: string, accounts: string[]): Promise<Started[]> => {
    const connections: string[] = [], jobs: Started[] = [];
    for (const account of accounts) connections.push(await client.connect(account));
    for (const [place, connection] of connections.entries()) {
      const { job_id: id, created_at } = await client.start(connection, { start_date: since });
      jobs.push({ client, tenant, place, id, createdAt: Date.parse(created_at) });
    }
    return jobs;
  };
  return (await Promise.all(clients.map((client, i) => of(client, TENANTS[i]!, i === 0 ? ACCOUNTS.slice(0, 1) : ACCOUNTS)))).flat();
}

describe('the fleet', () => {
  it('goes from one to three under a hundred jobs of 34 tenants and back to one, and never stops a busy worker', async () => {
    const first = await until(status, (s) => started(s) === 1 && s.machines[0]!.busy === 0, 'one idle machine');
    expect(first).toMatchObject({ autoscaling: true, settings: { scale_up_queue_depth: 5, fleet_max: 3 }, last_decision: null });

    let most = 0, ended = false;
    const watching = (async () => { while (!ended) { const now = await status(); most = Math.max(most, started(now)); expect(now.machines.length).toBeLessThanOrEqual(3); await new Promise((done) => setTimeout(done, 200)); } })();
    const jobs = await startAll();
    expect(jobs).toHaveLength(100);
    const waiting = new Set(jobs.map((j) => j.id));
    const done = await until(async () => {
      const [rows] = await house.owner.system([sql`select id::text as id, status, reason, error_count, fence::int as fence, seen = stored + unchanged + duplicate + failed as balanced, stored > 0 as stored from historical_sync_jobs`]);
      return rows!.filter((r) => waiting.has(String(r.id)));
    }, (rows) => rows.every((r) => r.status !== 'pending' && r.status !== 'running'), 'all jobs end', 120_000).finally(() => { ended = true; });
    await watching;
    expect(done).toHaveLength(100);
    // One lease a job: raised when granted and when given back.
    for (const job of done) expect(job).toMatchObject({ status: 'completed', reason: 'done', balanced: true, stored: true, error_count: 0, fence: 2 });
    expect(most, 'machines at once').toBe(3);

    const last = await until(status, (s) => s.machines.length === 1, 'one machine again', 30_000);
    expect(last).toMatchObject({ failures_in_a_row: 0, last_error: null, machines: [{ state: 'started', busy: 0, draining: false }] });
    expect(last.decisions.filter((d) => d.outcome === 'done').map((d) => d.action)).toEqual(['destroy', 'destroy', 'create', 'create']);
    expect(house.fleet.machines()).toHaveLength(1);

    // One claim a job, given back as completed; whoever was stopped held nothing.
    const said = house.workerLog(), claimedAt = new Map(said.filter((l) => l.event === 'claimed').map((l) => [l.job!, l.at]));
    for (const { id } of jobs) expect(said.filter((l) => l.job === id && (l.event === 'claimed' || l.event === 'let_go')).map((l) => [l.event, l.outcome])).toEqual([['claimed', undefined], ['let_go', 'completed']]);
    expect(new Set(said.filter((l) => l.event === 'claimed').map((l) => l.machine)).size, 'all three worked').toBe(3);
    expect(said.filter((l) => l.event === 'stopping').map((l) => l.busy)).toEqual([0, 0]);

    // Nobody starves: while any tenant's first job waits, no other tenant's third is taken.
    const firsts = jobs.filter((j) => j.place === 0), thirds = jobs.filter((j) => j.place === 2);
    const overtaken = thirds.flatMap((third) => firsts.filter((one) => one.createdAt < claimedAt.get(third.id)! - LIST_AGE_MS && claimedAt.get(one.id)! > claimedAt.get(third.id)!).map((one) => `${one.tenant} by ${third.tenant}`));
    expect(overtaken, 'first jobs that a third one overtook').toEqual([]);
    const waits = firsts.map((j) => claimedAt.get(j.id)! - j.createdAt).toSorted((a, b) => a - b);
    console.log(`100 jobs: a tenant's first waited ${waits[17]} ms in the middle and ${waits.at(-1)} ms at most`);
  }, 180_000);

  it('replaces a drained machine, and its process dying does not make it take jobs again', async () => {
    const [only] = house.fleet.machines(), at = (path: string) => `http://127.0.0.1:${only!.port}${path}`;
    const { worker: secret } = JSON.parse(readFileSync(join(house.dir, 'secrets.json'), 'utf8')) as { worker: string };
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer('hsync').setAudience('fly-worker').setExpirationTime('60s').sign(new TextEncoder().encode(secret));
    const drain = (machine_id: string, bearer = token) => fetch(at('/drain'), { method: 'POST', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }, body: JSON.stringify({ machine_id }) });
    expect((await drain(only!.id, 'nobody')).status).toBe(401);
    expect((await drain('another')).status, 'meant for another machine').toBe(422);
    expect((await drain(only!.id)).status).toBe(200);
    process.kill(Number(house.workerLog().findLast((l) => l.event === 'ready' && l.machine === only!.id)!.worker!.split('/')[1]), 'SIGKILL');
    const health = await until(async () => fetch(at('/healthz')).then((r) => r.json() as Promise<{ draining: boolean }>, () => null), (h) => h !== null, 'the next process answers');
    expect(health!.draining).toBe(true);

    const after = await until(status, (s) => s.machines.length === 1 && s.machines[0]!.machine_id !== only!.id && s.machines[0]!.busy === 0, 'another machine, and only that', 30_000);
    expect(after.decisions.slice(0, 2).map((d) => [d.action, d.machine_id])).toEqual([['destroy', only!.id], ['create', after.machines[0]!.machine_id]]);
    const connection = await clients[0]!.connect(ACCOUNTS[0]!);
    expect(await clients[0]!.ended((await clients[0]!.start(connection)).job_id)).toMatchObject({ status: 'completed' });
  }, 90_000);
});
