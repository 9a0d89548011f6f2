/** What lies round some nodes: the strongest relations of each, level by level, bounded at every step; for ranking, so a sample of a hub is enough. */
import { sql, type SQL } from 'drizzle-orm';
import { CONTEXT_FRONTIER_MAX, CONTEXT_LOOKED_AT_MAX, CONTEXT_SEEDS_MAX, CONTEXT_STEPS_MAX } from '#contract/limits';
import type { EntityRef } from '#contract/memory';
import type { Database } from '#migrations/database';
import { plain } from '../chunk.ts';

interface Surrounding { near: string; far: string; edgeId: string; weight: number }

/** One statement. Throws DatabaseError. */
export async function surroundings(db: Database, tenantId: string, seeds: readonly string[], depth: number): Promise<Surrounding[]> {
  if (seeds.length === 0) return [];
  const name = (no: number): SQL => sql.raw(`level${no}`);
  const level = (no: number): SQL => sql`
    ${name(no)} as materialized (
      select f.id as near, s.edge_id, s.far, s.weight from (${no === 1 ? sql`select id from unnest(${plain(seeds.slice(0, CONTEXT_SEEDS_MAX))}::uuid[]) as seed(id)` : next(name(no - 1))}) f
      cross join lateral (
        select x.edge_id, x.far, (select count(*) from evidence v where v.tenant_id = ${tenantId} and v.target_id = x.edge_id)::float8 as weight
          from (select w.edge_id, w.far from graph_steps(${tenantId}, f.id, null, null) w order by w.edge_id limit ${CONTEXT_LOOKED_AT_MAX}) x
         order by weight desc, x.edge_id limit ${CONTEXT_STEPS_MAX}) s)`;
  const next = (before: SQL): SQL => sql`select far as id from ${before} group by far order by sum(weight) desc, far limit ${CONTEXT_FRONTIER_MAX}`;
  const levels = Array.from({ length: depth }, (_, i) => i + 1);
  const [rows] = await db.tenant(tenantId, [sql`
    with ${sql.join(levels.map(level), sql`, `)}
    select distinct on (edge_id) near::text as near, far::text as far, edge_id::text as "edgeId", weight from (${sql.join(levels.map((no) => sql`select * from ${name(no)}`), sql` union all `)}) x order by edge_id, near`]);
  return (rows ?? []) as unknown as Surrounding[];
}

/** A relation as it is shown, with the records of the pack that say so. */
interface CitedRelation { source: string; edge_type: string; target: string; weight: number; first_seen: string; last_seen: string; records: string[] }

/** Names of nodes, and the relations of these edges with the ones of `records` that say so. Things that are no nodes are left out. One round trip. Throws DatabaseError. */
export async function describe(db: Database, tenantId: string, nodes: readonly string[], edges: readonly string[], records: readonly string[]): Promise<{ cards: EntityRef[]; relations: CitedRelation[] }> {
  const [cards, relations] = await db.tenant(tenantId, [
    sql`select c.id::text as id, c.node_type, c.key, c.name from graph_cards(${tenantId}, ${plain([...nodes])}::uuid[]) c`,
    sql`select r.source::text as source, r.edge_type, r.target::text as target, r.weight, iso(r.first_seen) as first_seen, iso(r.last_seen) as last_seen,
               array_to_string(array(select distinct v.record_id::text from evidence v where v.tenant_id = ${tenantId} and v.target_id = r.id and v.record_id = any(${plain([...records])}::uuid[]) order by 1), ',') as records
          from graph_relations(${tenantId}, ${plain([...edges])}::uuid[], null) r`,
  ]);
  return {
    cards: (cards ?? []) as unknown as EntityRef[],
    relations: (relations ?? []).map((row) => ({ ...row, records: String(row.records).split(',').filter(Boolean) }) as unknown as CitedRelation),
  };
}

/** Nodes that the question names: people, companies and the like whose name stands in it. At most a few, the longest names first. Throws DatabaseError. */
export async function namedIn(db: Database, tenantId: string, question: string): Promise<string[]> {
  const [rows] = await db.tenant(tenantId, [sql`
    select coalesce(m.root_id, n.id)::text as id from graph_nodes n left join node_merges m on m.tenant_id = n.tenant_id and m.id = n.id
     where n.tenant_id = ${tenantId} and n.node_type not in ('thread', 'event') and ((length(n.name) >= ${NAME_CHARS_MIN} and position(lower(n.name) in ${question.toLowerCase()}) > 0) or position(n.key in ${question.toLowerCase()}) > 0)
     order by length(n.name) desc, n.id limit ${NAMED_MAX}`]);
  return (rows ?? []).map((row) => String(row.id));
}
/** Shorter names stand in any text. */
const NAME_CHARS_MIN = 4, NAMED_MAX = 5;
