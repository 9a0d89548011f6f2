/** One cell: jobs of two tenants at work on a real house, disturbed again and again, then judged. */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Job } from '#contract/job';
import { until } from '../client.ts';
import { openWholeHouse, type WholeHouse } from '../whole-house.ts';
import type { Cell } from './cells.ts';
import { observe, type Observer } from './observer.ts';
import { judge, type Synced, type Verdict } from './verdict.ts';

interface Scale {
  tenants: number; jobsPerTenant: number; mails: number; events: number; chunkSize: number;
  /** Of the provider while things go wrong, ms a page: the jobs must outlast it. */
  latencyMs: number;
  /** The short form of every cell. */
  isShort: boolean;
}
export interface CellResult extends Verdict { name: string; jobs: number; disturbances: number; recoveredMs: number[]; /** Jobs that did not end as completed, or did not come back. */ stuck: string[]; seconds: number }

/** Three machines; commits are durable, so that a crash of Postgres is one of the process and not of the disk. */
export async function openChaosHouse(env: Record<string, string> = {}): Promise<WholeHouse> {
  const house = await openWholeHouse({ workers: 3, env: { WORKER_SLOTS: '3', ...env } });
  await house.owner.system([sql`alter role hsync_app set synchronous_commit = on`, sql`alter role hsync_auth set synchronous_commit = on`]);
  return house;
}

export async function runCell(house: WholeHouse, cell: Cell, scale: Scale): Promise<CellResult> {
  const began = Date.now(), times = scale.isShort ? cell.short : cell.times;
  const synced = await startJobs(house, cell.name.toLowerCase().replaceAll(/[^a-z]+/g, '-'), { ...scale, ...cell.pace });
  const observer = observe(house.postgres!.superuserUrl, synced.map((s) => s.job.job_id));
  await until(async () => observer.jobs(), (rows) => rows.length === synced.length && rows.every((r) => r.chunks > 0), 'every job at work');
  const running = (): string[] => observer.jobs().filter((r) => r.status === 'running' || r.status === 'pending').map((r) => r.id);
  let disturbances = 0;
  for (; disturbances < times && running().length > 0; disturbances++) {
    await cell.disturb({ house, observer, running, round: disturbances });
    if (cell.apartMs === null) await until(async () => observer.open(), (open) => open === 0, `${cell.name}: every job is at work again`);
    else await pause(cell.apartMs);
  }
  await house.sandbox.settings({ latencyMs: 0 });
  const stuck = await end(synced, observer);
  if (disturbances < times) stuck.push(`the jobs were over after ${disturbances} of ${times} disturbances`);
  await observer.stop();
  return { name: cell.name, jobs: synced.length, disturbances, recoveredMs: observer.recovered().toSorted((a, b) => a - b), stuck, seconds: (Date.now() - began) / 1000, ...await judge(house, synced) };
}

/** As many jobs as a tenant may have, each on a mailbox of its own. `slug` begins the names of tenants and accounts. */
export async function startJobs(house: WholeHouse, slug: string, { tenants, jobsPerTenant, mails, events, chunkSize, latencyMs }: Scale): Promise<Synced[]> {
  const synced: Synced[] = [];
  await house.sandbox.settings({ latencyMs });
  for (let t = 0; t < tenants; t++) {
    const tenantId = `${slug}-${t}`, client = await house.newTenant(tenantId);
    for (let j = 0; j < jobsPerTenant; j++) {
      const account = `${slug}-${t}-${j}@chaos.example`;
      await house.sandbox.addAccount(account, { mails, events, seed: t * 10 + j + 1 });
      synced.push({ client, tenantId, account, job: await client.start(await client.connect(account), { chunk_size: chunkSize }) });
    }
  }
  return synced;
}

/** Waits for every job's end; answers which did not end well, in words. */
async function end(synced: Synced[], observer: Observer): Promise<string[]> {
  const stuck: string[] = [];
  await Promise.all(synced.map(async (one) => {
    const ended: Job | null = await one.client.ended(one.job.job_id).catch(() => null);
    one.job = ended ?? await one.client.job(one.job.job_id);
    if (ended?.status !== 'completed') stuck.push(`${one.account}: ${one.job.status}, ${one.job.reason}: ${one.job.last_error ?? ''}`);
  }));
  await until(async () => observer.open(), (open) => open === 0, 'the observer has seen it').catch(() => stuck.push(`${observer.open()} hits without a chunk after them`));
  return stuck;
}

/** Whether the promise held. */
export const held = (r: CellResult): boolean => r.lost === 0 && r.doubled === 0 && r.stuck.length === 0 && r.problems.length === 0;
/** Of sorted values; 0 of none. */
export const percentile = (sorted: number[], p: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? 0;
