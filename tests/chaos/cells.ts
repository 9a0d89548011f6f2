/** The five cells: what goes wrong, on a house at work. A disturbance is over when it resolves; whether the jobs noticed is the observer's business. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { sql } from 'drizzle-orm';
import { kill, type WholeHouse } from '../whole-house.ts';
import type { Observer } from './observer.ts';

interface Scene { house: WholeHouse; observer: Observer; /** Jobs that are not over yet. */ running(): string[]; round: number }
export interface Cell {
  name: string;
  /** How often in the full run, and how far apart, ms. Null: when a job has stored one more chunk. */
  times: number;
  short: number;
  apartMs: number | null;
  /** Another provider than the other cells have, ms a page, and smaller pages. */
  pace?: { latencyMs: number; chunkSize: number };
  disturb(scene: Scene): Promise<void>;
}

/** Connections of one user that the door in front of Postgres holds (dev/neon-door.ts). */
const DOOR_POOL = 16;
/** Connections that Postgres takes (dev/postgres.ts). */
const POSTGRES_MAX = 100;
/** Longer than a mirror waits (MIRROR_TIMEOUT_MS), shorter than the door's own patience. */
const STARVED_SECONDS = 6;
const hitAll = ({ observer, running }: Scene): void => observer.hit(running(), false, Date.now());

const restart: Cell = {
  name: 'Postgres restart', times: 6, short: 2, apartMs: 4_000,
  async disturb(scene) {
    hitAll(scene);
    await scene.house.postgres!.restart(scene.round % 2 === 0 ? 'orderly' : 'crash');
  },
};

/** Half of those that are connected, whatever they are doing. */
const terminated: Cell = {
  name: 'random backends terminated', times: 40, short: 8, apartMs: 700,
  async disturb(scene) {
    hitAll(scene);
    await scene.house.owner.system([sql`select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and usename in ('hsync_app', 'hsync_auth') and random() < 0.5`]);
  },
};

/** In turns: every connection of the door's pool is busy for a while; Postgres itself takes no more. */
const exhausted: Cell = {
  name: 'connection pool exhausted', times: 6, short: 2, apartMs: 3_000,
  async disturb(scene) {
    hitAll(scene);
    if (scene.round % 2 === 0) {
      await Promise.allSettled(Array.from({ length: DOOR_POOL }, () => scene.house.app.system([sql`select pg_sleep(${STARVED_SECONDS})`])));
      return;
    }
    const clients = Array.from({ length: POSTGRES_MAX }, () => new pg.Client({ connectionString: scene.house.postgres!.superuserUrl }));
    for (const client of clients) client.on('error', () => undefined);
    await scene.house.owner.system([sql`select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and usename in ('hsync_app', 'hsync_auth')`]);
    const open = await Promise.allSettled(clients.map((client) => client.connect()));
    await pause(STARVED_SECONDS * 1000);
    await Promise.allSettled(clients.filter((_, i) => open[i]!.status === 'fulfilled').map((client) => client.end()));
  },
};

/** Ends the process that holds one of the running jobs; with `machine`, the supervisor too, so that nobody hands its leases back. */
function killHolder({ house, observer, running, round }: Scene, machine: boolean): void {
  const jobs = running().filter((id) => observer.jobs().some((r) => r.id === id && r.status === 'running'));
  const victim = jobs[round % Math.max(1, jobs.length)];
  if (!victim) return;
  const { supervisor, worker } = house.holder(victim);
  observer.hit(jobs.filter((id) => house.holder(id).worker === worker), true, Date.now());
  if (machine) kill(supervisor);
  kill(worker);
}

/** Every fifth time the whole machine: then the lease must run out first. */
const killed: Cell = { name: 'worker killed -9', times: 20, short: 3, apartMs: null, async disturb(scene) { killHolder(scene, scene.round % 5 === 2); } };
/** A page must fit between two kills of its job: three leases in a row without a chunk are given up, and rightly so. */
const repeated: Cell = { name: 'repeated kills every few seconds', times: 20, short: 4, apartMs: 3_000, pace: { latencyMs: 300, chunkSize: 2 }, async disturb(scene) { killHolder(scene, false); } };

export const cells: Cell[] = [restart, terminated, exhausted, killed, repeated];
