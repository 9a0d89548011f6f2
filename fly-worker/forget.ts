/**
 * Forgetting records: gone from Postgres with their evidence and everything only they supported, in one transaction; gone from search with it, because
 * search reads through the ledger. What is left of them in semantic memory is swept later (sweep.ts). Always under the tenant's exclusive lock.
 */
import { sql, type SQL } from 'drizzle-orm';
import type { Database } from '#migrations/database';
import { plain } from './chunk.ts';

const anyOf = (ids: string[]): SQL => sql`any(${plain(ids)}::uuid[])`;

/** Remembers, for this transaction, what these records support: the only nodes and edges that can lose their last support. */
export const touch = (tenantId: string, recordIds: string[]): SQL => sql`
  select set_config('app.touched', coalesce((select string_agg(distinct e.target_id::text, ',') from evidence e where e.tenant_id = ${tenantId} and e.record_id = ${anyOf(recordIds)}), ''), true)`;
const touched = sql.raw(`any(string_to_array(nullif(current_setting('app.touched'), ''), ',')::uuid[])`);

/**
 * CTEs over a `gate` with one row (tenant_id), or none and then nothing happens: `forgotten` returns the records that were there. Semantic memory keeps
 * their rows, and the former ones of `edited`, until they are swept.
 */
export const forgottenBehindGate = (forgotten: string[], edited: string[]): SQL => sql`
  forgotten as (delete from records r using gate where r.tenant_id = gate.tenant_id and r.record_id = ${anyOf(forgotten)} returning r.tenant_id, r.record_id, r.content_hash),
  unproven as (delete from evidence e using forgotten f where e.tenant_id = f.tenant_id and e.record_id = f.record_id),
  excused as (delete from record_failures x using forgotten f where x.tenant_id = f.tenant_id and x.record_id = f.record_id),
  left_over as (
    insert into semantic_leftovers (tenant_id, record_id, content_hash)
    select f.tenant_id, f.record_id, f.content_hash from forgotten f
     union select r.tenant_id, r.record_id, r.content_hash from gate join records r on r.tenant_id = gate.tenant_id and r.record_id = ${anyOf(edited)}
     order by 2, 3 on conflict (tenant_id, record_id, content_hash) do update set left_at = now())`;

/** Deletes what of the touched no record supports any more, and lets a node that one of these records describes be described by the newest that still supports it: an edit may move a date. */
export function dropUnsupported(tenantId: string, outdated: string[]): SQL[] {
  const orphan = (kind: string) => sql`t.tenant_id = ${tenantId} and t.id = ${touched} and not exists (select from evidence e where e.tenant_id = t.tenant_id and e.target_id = t.id and e.target_kind = ${kind})`;
  return [
    sql`delete from graph_edges t where ${orphan('e')}`,
    sql`delete from graph_nodes t where ${orphan('n')}`,
    sql`delete from discovered_entities t where ${orphan('n')}`,
    sql`update graph_nodes t set name = coalesce(best.name, t.key), properties = coalesce(best.properties, '{}'), described_at = best.at, described_by = best.record_id
          from graph_nodes d cross join lateral newest_description(${tenantId}, d.id) best
         where d.tenant_id = ${tenantId} and d.id = ${touched} and t.tenant_id = d.tenant_id and t.id = d.id
           and (d.described_by = ${anyOf(outdated)} or not exists (select from evidence e where e.tenant_id = d.tenant_id and e.target_id = d.id and e.record_id = d.described_by))`,
  ];
}

/**
 * Forgets these records because somebody asked for it. A record that its provider still has is stored again when a sync meets it again.
 * Answers how many were there. Throws DatabaseError.
 */
export async function forgetRecords(db: Database, tenantId: string, recordIds: string[]): Promise<number> {
  if (recordIds.length === 0) return 0;
  const [, gone] = await db.tenant(tenantId, [touch(tenantId, recordIds), sql`
    with gate as (select ${tenantId}::text as tenant_id), ${forgottenBehindGate(recordIds, [])}
    select count(*)::int as gone from forgotten`, ...dropUnsupported(tenantId, recordIds)], 'exclusive');
  return Number(gone?.[0]?.gone ?? 0);
}
