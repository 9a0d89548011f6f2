/**
 * Forgetting records: gone from Postgres with their evidence and everything only they supported, in one transaction; gone from search with it, because
 * search reads through the ledger. What is left of them in semantic memory is swept later (sweep.ts). Always under the tenant's exclusive lock.
 */
import { sql, type SQL } from 'drizzle-orm';
import { plain } from './chunk.ts';

const anyOf = (ids: string[]): SQL => sql`any(${plain(ids)}::uuid[])`;

/** Remembers, for this transaction, what these records support: the only nodes and edges that can lose their last support. */
export const touch = (tenantId: string, recordIds: string[]): SQL => sql`
  select set_config('app.touched', coalesce((select string_agg(distinct e.target_id::text, ',') from evidence e where e.tenant_id = ${tenantId} and e.record_id = ${anyOf(recordIds)}), ''), true)`;
/** Taken apart once a statement: as an array in a condition it is taken apart for every row there is (9 s for 1,500 edges). */
const touched = sql.raw(`(select unnest(string_to_array(nullif(current_setting('app.touched'), ''), ',')::uuid[]))`);

/**
 * CTEs over a `gate` with one row (tenant_id), or none and then nothing happens: `forgotten` returns the records that were there. Semantic memory keeps
 * their rows, and the former ones of `edited`, until they are swept.
 */
export const forgottenBehindGate = (forgotten: string[], edited: string[]): SQL => sql`
  forgotten as (delete from records r using gate where r.tenant_id = gate.tenant_id and r.record_id = ${anyOf(forgotten)} returning r.tenant_id, r.record_id, r.content_hash),
  unproven as (delete from evidence e using forgotten f where e.tenant_id = f.tenant_id and e.record_id = f.record_id returning 1),
  excused as (delete from record_failures x using forgotten f where x.tenant_id = f.tenant_id and x.record_id = f.record_id),
  left_over as (
    insert into semantic_leftovers (tenant_id, record_id, content_hash)
    select f.tenant_id, f.record_id, f.content_hash from forgotten f
     union select r.tenant_id, r.record_id, r.content_hash from gate join records r on r.tenant_id = gate.tenant_id and r.record_id = ${anyOf(edited)}
     order by 2, 3 on conflict (tenant_id, record_id, content_hash) do update set left_at = now())`;

/** Deletes what of the touched no record supports any more (edges, nodes, staged entities), and lets a node that one of these records describes be described by the newest that still supports it: an edit may move a date. */
export function dropUnsupported(tenantId: string, outdated: string[]): [edges: SQL, nodes: SQL, entities: SQL, describe: SQL] {
  // `offset 0`: looked up for each of the touched, whatever the planner believes. As a join it read all that the tenant has, or compared each with each.
  const isUnsupported = (kind: string) => sql`not exists (select from evidence e where e.tenant_id = ${tenantId} and e.target_id = x.id and e.target_kind = ${kind} offset 0)`;
  const orphan = (kind: string) => sql`t.tenant_id = ${tenantId} and t.id = any(array(select x.id from ${touched} as x(id) where ${isUnsupported(kind)}))`;
  return [
    sql`delete from graph_edges t where ${orphan('e')}`,
    sql`delete from graph_nodes t where ${orphan('n')}`,
    sql`delete from discovered_entities t where ${orphan('n')}`,
    sql`update graph_nodes t set name = coalesce(best.name, t.key), properties = coalesce(best.properties, '{}'), described_at = best.at, described_by = best.record_id
          from ${touched} as x(id) cross join lateral (
               select from graph_nodes d where d.tenant_id = ${tenantId} and d.id = x.id
                  and (d.described_by = ${anyOf(outdated)} or not exists (select from evidence e where e.tenant_id = d.tenant_id and e.target_id = d.id and e.record_id = d.described_by offset 0)) offset 0) as misdescribed
          cross join lateral newest_description(${tenantId}, x.id) best where t.tenant_id = ${tenantId} and t.id = x.id`,
  ];
}

/** What is counted of that which goes. */
type Counted = 'records' | 'evidence' | 'edges' | 'nodes' | 'entities';

/**
 * The statements that forget these records because somebody asked for it; under the tenant's exclusive lock only. `tally` ends each that deletes: it is
 * given what is counted, and the CTEs whose rows these are.
 */
export function forgetting(tenantId: string, recordIds: string[], tally: (counted: Partial<Record<Counted, SQL>>) => SQL): SQL[] {
  const [edges, nodes, entities, describe] = dropUnsupported(tenantId, recordIds), gone = sql.raw('gone');
  return [
    touch(tenantId, recordIds),
    sql`with gate as (select ${tenantId}::text as tenant_id), ${forgottenBehindGate(recordIds, [])} ${tally({ records: sql.raw('forgotten'), evidence: sql.raw('unproven') })}`,
    sql`with gone as (${edges} returning 1) ${tally({ edges: gone })}`, sql`with gone as (${nodes} returning 1) ${tally({ nodes: gone })}`, sql`with gone as (${entities} returning 1) ${tally({ entities: gone })}`,
    describe,
  ];
}
