/** Who goes first, asked of the product's own SQL function in a real Postgres: its definition is taken from there and given a clock of ours, nothing of it is written anew. */
import pg from 'pg';
import type { Wish } from './city.ts';

/** What happened in one moment: jobs that came, jobs that were done, and how many slots are free now. */
interface Moment { nowMs: number; come: readonly { id: number; wish: Wish }[]; done: readonly number[]; free: number }

export interface WaitingLine {
  /** Writes it down; answers the ids of the jobs that begin now, in the order in which they may. One round trip: a day has 80,000 moments. */
  at(moment: Moment): Promise<number[]>;
  /** Forgets what no order hangs on any more: what was begun before the oldest waiting job came. Now and then. */
  tidy(): Promise<void>;
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
  await client.query(`select set_config('simulated.ms', '0', false)`);
  await client.query(own);
  await client.query(`create function simulated.moment_of(ms float8, tenants int[], ids uuid[], priorities text[], done uuid[], free int) returns setof uuid language plpgsql as $$
    declare begun uuid[];
    begin
      perform set_config('simulated.ms', ms::text, false);
      insert into simulated.historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, priority, created_at)
        select 't' || tenant, id, 'outlook', id, '2026-01-01', '2026-02-01', 'simulation', priority, simulated.moment() from unnest(tenants, ids, priorities) as w(tenant, id, priority);
      update simulated.historical_sync_jobs set status = 'completed' where id = any(done);
      if free > 0 then
        select array_agg(n.job_id order by n.place) into begun from (select job_id, row_number() over () as place from simulated.next_pending_jobs(free)) n;
        update simulated.historical_sync_jobs set status = 'running', started_at = simulated.moment() where id = any(begun);
      end if;
      return query select unnest(begun);
    end $$`);

  return {
    async at({ nowMs, come, done, free }) {
      const { rows } = await client.query<{ id: string }>({
        name: 'moment', text: 'select * from simulated.moment_of($1, $2, $3, $4, $5, $6) as id',
        values: [nowMs, come.map(({ wish }) => wish.tenant), come.map(({ id }) => uuid(id)), come.map(({ wish }) => wish.priority), done.map(uuid), free],
      });
      return rows.map(({ id }) => Number.parseInt(id.slice(24), 16));
    },
    async tidy() {
      await client.query(`delete from simulated.historical_sync_jobs where status = 'completed' and started_at < coalesce((select min(created_at) from simulated.historical_sync_jobs where status = 'pending'), simulated.moment())`);
      await client.query('vacuum analyze simulated.historical_sync_jobs');
    },
    async close() { await client.query('drop schema simulated cascade'); await client.end(); },
  };
}
