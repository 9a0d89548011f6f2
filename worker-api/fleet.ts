/** The fleet at the front desk: the object with Fly, the workers and Postgres plugged in, the bell that wakes it, and the route that shows it. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { routes } from '#contract/api';
import type { FleetStatus } from '#contract/fleet';
import { FLEET_ASK_TIMEOUT_MS, FLEET_TIMEOUT_MS, SLOTS_DEFAULT } from '#contract/limits';
import type { FleetPorts, Workers } from '#durable-objects/fleet-ports';
import { FleetObject } from '#durable-objects/worker-fleet';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { openFlyMachines } from './fly-machines.ts';
import { serve, type App } from './route.ts';
import { signForWorker } from './tokens.ts';

const FLY_API_URL = 'https://api.machines.dev';
/** There is one. */
const NAME = 'fleet';
/** Fly's proxy passes a request with this header to that machine and no other. https://fly.io/docs/networking/dynamic-request-routing/ */
const ONLY_THIS_MACHINE = 'fly-force-instance-id';

/** A machine of the version before, while the next one is being deployed, says neither slots nor load. */
const Health = z.object({ machine_id: z.string(), busy: z.int(), draining: z.boolean(), idle_seconds: z.number(), slots: z.int().default(SLOTS_DEFAULT), load: z.number().optional() });

export class WorkerFleet extends FleetObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) { super(ctx, env, portsOf(env)); }
}

/** The object's verbs, as RPC offers them. */
type Fleet = Pick<WorkerFleet, 'ensureWorkerRunning' | 'status'>;
const fleetOf = (env: Env): Fleet => env.WORKER_FLEET.getByName(NAME) as unknown as Fleet;

/** A job waits. Returns at once; without it the job waits a little longer, nothing worse. */
export async function ensureWorkerRunning(env: Env): Promise<void> {
  if (isScaled(env)) await fleetOf(env).ensureWorkerRunning();
}

/** The fleet as its object saw it last. */
export const fleetStatus = (env: Env): Promise<FleetStatus> => fleetOf(env).status();

export function serveFleet(app: App): void {
  serve(app, routes.fleet, ({ env }) => fleetStatus(env));
}

/** Without an app and a token the number of machines is somebody else's decision. */
const isScaled = (env: Env): boolean => Boolean(env.FLY_APP && env.FLY_API_TOKEN);

function portsOf(env: Env): FleetPorts {
  return {
    machines: isScaled(env) ? openFlyMachines({ apiUrl: env.FLY_API_URL ?? FLY_API_URL, app: env.FLY_APP!, token: env.FLY_API_TOKEN! }) : null,
    workers: workersOf(env),
    async waitingJobs() {
      const [rows] = await tenantDatabase(env).system([sql`select waiting_jobs() as waiting`]);
      return z.int().parse(rows?.[0]?.waiting);
    },
  };
}

function workersOf(env: Env): Workers {
  return {
    async report(machineId) {
      const response = await fetch(`${env.WORKER_URL}/healthz`, { headers: { [ONLY_THIS_MACHINE]: machineId }, signal: AbortSignal.timeout(FLEET_ASK_TIMEOUT_MS), redirect: 'manual' }).catch(() => null);
      const health = Health.safeParse(await response?.json().catch(() => null));
      if (!response?.ok || !health.success || health.data.machine_id !== machineId) return null;
      const { busy, draining, idle_seconds, slots, load = busy } = health.data;
      return { busy, draining, idleMs: idle_seconds * 1000, slots, load };
    },
    async drain(machineId) {
      const status = await askToDrain(env, machineId, false);
      return status === 200 ? 'drained' : status === 409 ? 'busy' : 'unknown';
    },
    close: async (machineId) => (await askToDrain(env, machineId, true) === 200 ? 'closed' : 'unknown'),
  };
}

/** The status of the answer; null: none. */
async function askToDrain(env: Env, machineId: string, whenDone: boolean): Promise<number | null> {
  const response = await fetch(`${env.WORKER_URL}/drain`, {
    method: 'POST', headers: { [ONLY_THIS_MACHINE]: machineId, authorization: `Bearer ${await signForWorker(env)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ machine_id: machineId, when_done: whenDone }), signal: AbortSignal.timeout(FLEET_TIMEOUT_MS), redirect: 'manual',
  }).catch(() => null);
  await response?.body?.cancel();
  return response?.status ?? null;
}
