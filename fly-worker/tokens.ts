/**
 * What is kept of a connection's streams between runs: how far memory reaches, where the provider's changes go on, and, within a run, which records a
 * whole reading did not meet. Tokens are written in the commit of the chunk that ends a round, so none is ever ahead of what is stored.
 */
import { sql, type SQL } from 'drizzle-orm';
import type { Span } from '#contract/connector';
import { SWEEP_AGAIN_DAYS } from '#contract/limits';
import type { StreamHistory } from '#contract/rounds';
import type { PlannedWindow } from '#contract/windows';
import type { Database } from '#migrations/database';
import type { Lease, OpenWindow } from './ledger.ts';

/** What a chunk leaves beside records: the end of a round of changes, or of a sweep. `againInDays`: a sweep is due then; null: none. */
export type Mark = { kind: 'round'; place: unknown; againInDays: number | null } | { kind: 'swept'; againInDays: number | null };

const ISO = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);
const ofStream = (lease: Lease, alias: string): SQL => sql`${sql.raw(alias)}.tenant_id = ${lease.tenantId} and ${sql.raw(alias)}.connection_id = ${lease.connectionId}::uuid`;
const inDays = (days: number | null): SQL => sql`now() + make_interval(days => ${days}::int)`;

const spansIn = (ranges: string): SQL => sql`(select coalesce(json_agg(json_build_object('since', to_char(lower(r) at time zone 'UTC', ${ISO}), 'until', to_char(upper(r) at time zone 'UTC', ${ISO})) order by upper(r) desc), '[]') from unnest(${sql.raw(ranges)}) r)::text`;

/** What is known of the connection's streams. Throws DatabaseError. */
export async function historyOf(db: Database, lease: Lease): Promise<(stream: string) => StreamHistory> {
  const [spans, tokens] = await db.tenant(lease.tenantId, [
    sql`select x.stream, ${spansIn('x.held')} as held, ${spansIn('x.wanted - x.held')} as owed from (
          select stream, coalesce(c.held, '{}') as held, coalesce(o.wanted, '{}') as wanted
            from (select c.stream, c.held from stream_coverage c where ${ofStream(lease, 'c')}) c full join (
              select w.stream, range_agg(tstzrange(w.since, w.until)) as wanted from sync_windows w join historical_sync_jobs j on j.tenant_id = w.tenant_id and j.id = w.job_id
               where w.tenant_id = ${lease.tenantId} and w.kind = 'span' and w.retry_of is null and not (w.done and w.note is null)
                 and j.tenant_id = ${lease.tenantId} and j.source_connection_id = ${lease.connectionId}::uuid and j.mode = 'incremental' group by 1) o using (stream)) x`,
    sql`select t.stream, to_char(t.since at time zone 'UTC', ${ISO}) as since, t.place, coalesce(t.sweep_at <= now(), false) as "isSweepDue" from sync_tokens t where ${ofStream(lease, 't')} order by t.stream, t.since`,
  ]);
  const known = new Map((spans ?? []).map((row) => [String(row.stream), { held: JSON.parse(String(row.held)) as Span[], owed: JSON.parse(String(row.owed)) as Span[] }]));
  const byStream = Map.groupBy((tokens ?? []) as unknown as (StreamHistory['tokens'][number] & { stream: string })[], (token) => token.stream);
  return (stream) => ({ ...known.get(stream) ?? { held: [], owed: [] }, tokens: byStream.get(stream) ?? [] });
}

/**
 * CTEs behind the commit's gate. A round's end is where the next one starts; but a token that a wider one has joined (a backfill reached further back)
 * has told all it had to tell, and goes.
 */
export function markBehindGate(lease: Lease, mark: Mark): SQL {
  const mine = sql`t.stream = gate.stream and ${ofStream(lease, 't')}`;
  switch (mark.kind) {
    case 'round': return sql`
      wider as (select exists (select from sync_tokens t, gate where ${mine} and t.since < gate.since) as stands),
      kept as (
        insert into sync_tokens (tenant_id, connection_id, stream, since, place, sweep_at)
        select gate.tenant_id, ${lease.connectionId}::uuid, gate.stream, gate.since, ${JSON.stringify(mark.place)}::jsonb, ${inDays(mark.againInDays)} from gate, wider where not wider.stands
         on conflict (tenant_id, connection_id, stream, since) do update set place = excluded.place, updated_at = now()),
      joined as (delete from sync_tokens t using gate, wider where wider.stands and ${mine} and t.since = gate.since)`;
    case 'swept': return sql`
      kept as (update sync_tokens t set sweep_at = ${inDays(mark.againInDays)} from gate where ${mine} and t.place <> 'null'::jsonb)`;
  }
}

/** For the plan's statement: a sweep that is planned is not due again tomorrow only because this run breaks. `planned` has stream and kind. */
export const sweepsPostponed = (lease: Lease): SQL => sql`
  postponed as (update sync_tokens t set sweep_at = ${inDays(SWEEP_AGAIN_DAYS)} from (select distinct stream from planned where kind = 'sweep') p where t.stream = p.stream and ${ofStream(lease, 't')})`;

/** The provider forgot the window's token: it is dropped, the window begins a new one, and what it was to tell of is planned to be read. Throws DatabaseError. */
export async function startOver(db: Database, lease: Lease, window: OpenWindow, more: PlannedWindow[]): Promise<void> {
  await db.tenant(lease.tenantId, [sql`
    with gate as (
      select j.tenant_id, j.id as job_id, w.stream, w.no, w.since from historical_sync_jobs j join sync_windows w on w.tenant_id = j.tenant_id and w.job_id = j.id
       where j.tenant_id = ${lease.tenantId} and j.id = ${lease.jobId}::uuid and j.fence = ${lease.fence}::bigint and j.status = 'running'
         and w.stream = ${window.stream} and w.no = ${window.no}::int and w.seq = ${window.seq}::int and not w.done for update of j, w),
    dropped as (delete from sync_tokens t using gate where t.stream = gate.stream and t.since = gate.since and ${ofStream(lease, 't')}),
    begun as (update sync_windows w set checkpoint = null, updated_at = now() from gate where w.tenant_id = gate.tenant_id and w.job_id = gate.job_id and w.stream = gate.stream and w.no = gate.no)
    insert into sync_windows (tenant_id, job_id, stream, no, kind, since, until, title, planned_fence)
    select gate.tenant_id, gate.job_id, x.stream, x.no, x.kind, x.since, x.until, x.title, ${lease.fence}::bigint
      from gate, jsonb_to_recordset(${JSON.stringify(more)}::jsonb) as x(stream text, no int, kind text, since timestamptz, until timestamptz, title text) order by x.no on conflict do nothing`]);
}

/** Records that a whole reading did not meet, in the order of their ids. `isWhole`: the reading was one, by this very run, of a connection that is still ours. */
interface Suspects { isWhole: boolean; records: { id: string; providerId: string }[] }

/**
 * Throws DatabaseError. A reading is whole when every span of the stream is done, none was passed over or only read its failures again, and all of it was
 * planned under the fence that is still held: whatever broke the run (an error, a refusal, a crash, a pause) raised the fence.
 */
export async function suspectsOf(db: Database, lease: Lease, window: OpenWindow, after: string | null, most: number): Promise<Suspects> {
  const [row, rows] = await db.tenant(lease.tenantId, [sql`
    select s.planned_fence = ${lease.fence}::bigint
           and not exists (select from sync_windows w where w.tenant_id = s.tenant_id and w.job_id = s.job_id and w.stream = s.stream and w.kind = 'span' and (not w.done or w.note is not null or w.retry_of is not null))
           and exists (select from connections c where c.tenant_id = s.tenant_id and c.id = ${lease.connectionId}::uuid and c.status = 'active') as is_whole
      from sync_windows s where s.tenant_id = ${lease.tenantId} and s.job_id = ${lease.jobId}::uuid and s.stream = ${window.stream} and s.no = ${window.no}::int`, sql`
    select r.record_id::text as id, r.provider_id as "providerId" from records r
     where r.tenant_id = ${lease.tenantId} and r.connection_id = ${lease.connectionId}::uuid and r.stream = ${window.stream} and r.occurred_at >= ${window.since}::timestamptz and r.occurred_at < ${window.until}::timestamptz
       and (${after}::uuid is null or r.record_id > ${after}::uuid) and not exists (select from sync_ledger l where l.tenant_id = r.tenant_id and l.job_id = ${lease.jobId}::uuid and l.record_id = r.record_id)
     order by r.record_id limit ${most}::int`]);
  return { isWhole: row?.[0]?.is_whole === true, records: (rows ?? []) as unknown as Suspects['records'] };
}
