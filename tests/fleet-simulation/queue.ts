/** Who goes first, asked of the product's own SQL function in a real Postgres: its definition is taken from there and given a clock of ours, nothing of it is written anew. */
import pg from 'pg';
import type { Wish } from './city.ts';

export interface WaitingLine {
  add(jobs: readonly { id: number; wish: Wish }[], nowMs: number): Promise<void>;
  /** The ids of the next ones, in order. */
  next(most: number, nowMs: number): Promise<number[]>;
  started(ids: readonly number[], nowMs: number): Promise<void>;
  ended(ids: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

const uuid = (id: number): string => `00000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`;

/** In a schema of its own beside the product's tables. `url`: of a superuser. */
export async function openWaitingLine(url: string): Promise<WaitingLine> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows: [found] } = await client.query<{ definition: string }>(`select pg_get_functiondef('public.next_pending_jobs'::regproc) as definition`);
  const own = found!.definition.replaceAll('now()', 'simulated.moment()').replace('public.next_pending_jobs', 'simulated.next_pending_jobs').replace(/SET search_path TO '?public'?/i, 'SET search_path TO simulated, public');
  if (!own.includes('simulated.moment()') || !own.includes('simulated.next_pending_jobs')) throw new Error('next_pending_jobs is no longer written as the simulation expects: look at tests/fleet-simulation/queue.ts.');
  await client.query('drop schema if exists simulated cascade; create schema simulated; set synchronous_commit = off');
  await client.query('create table simulated.historical_sync_jobs (like public.historical_sync_jobs including defaults including generated including indexes)');
  await client.query(`create function simulated.moment() returns timestamptz language sql stable as $$ select to_timestamp(current_setting('simulated.ms')::float8 / 1000) $$`);
  await client.query(own);
  const clock = (nowMs: number): Promise<unknown> => client.query(`select set_config('simulated.ms', $1, false)`, [String(nowMs)]);

  return {
    async add(jobs, nowMs) {
      await client.query(`insert into simulated.historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, priority, created_at)
        select 't' || tenant, id, 'outlook', id, '2026-01-01', '2026-02-01', 'simulation', priority, to_timestamp($4::float8 / 1000) from unnest($1::int[], $2::uuid[], $3::text[]) as w(tenant, id, priority)`,
      [jobs.map(({ wish }) => wish.tenant), jobs.map(({ id }) => uuid(id)), jobs.map(({ wish }) => wish.priority), nowMs]);
    },
    async next(most, nowMs) {
      await clock(nowMs);
      const { rows } = await client.query<{ id: string }>('select job_id::text as id from simulated.next_pending_jobs($1)', [most]);
      return rows.map(({ id }) => Number.parseInt(id.slice(24), 16));
    },
    async started(ids, nowMs) { await client.query(`update simulated.historical_sync_jobs set status = 'running', started_at = to_timestamp($2::float8 / 1000) where id = any($1::uuid[])`, [ids.map(uuid), nowMs]); },
    // What began within the hour still counts as its tenant's turn.
    async ended(ids) {
      await client.query(`update simulated.historical_sync_jobs set status = 'completed' where id = any($1::uuid[])`, [ids.map(uuid)]);
      await client.query(`delete from simulated.historical_sync_jobs where status = 'completed' and started_at < to_timestamp(current_setting('simulated.ms')::float8 / 1000) - interval '1 hour'`);
    },
    async close() { await client.query('drop schema simulated cascade'); await client.end(); },
  };
}
