/** Who is near: level by level, at most three, each gone on from only as far as the answer needs it. One statement, every limit exact and said. */
import { sql, type SQL } from 'drizzle-orm';
import type { NeighborsAnswer, NeighborsQuery } from '#contract/graph';
import { GRAPH_EDGES_MAX, GRAPH_FRONTIER_MAX, NEIGHBORS_DEPTH_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { ask, entity, isNode, moment, namesOrNull, noSuchNode, relation, rootOf } from './answer.ts';

/** Throws ApiError `not_found`, DatabaseError. */
export async function neighborsOf(db: Database, tenantId: string, id: string, { depth, types = [], as_of, limit }: NeighborsQuery): Promise<NeighborsAnswer> {
  const at = moment(as_of), kinds = namesOrNull(types.filter((type) => !isRelation(type)));
  const steps = sql`graph_steps(${tenantId}, f.id, ${namesOrNull(types.filter(isRelation))}, ${at})`;
  const levels = Array.from({ length: NEIGHBORS_DEPTH_MAX }, (_, i) => levelOf({ tenantId, no: i + 1, asOf: as_of, steps, kinds, isWanted: wanted(i + 1, depth, limit) }));
  const answer = await ask<NeighborsAnswer>(db, tenantId, sql`
    with level0 as materialized (select c.id, 0 as depth, 0 as weight, false as shown from graph_cards(${tenantId}, array[${rootOf(tenantId, id)}]) c),
    ${sql.join(levels, sql`, `)},
    ranked as (select l.*, row_number() over (order by depth, weight desc, id) as no from (${upTo(NEIGHBORS_DEPTH_MAX)}) l where shown),
    picked as materialized (select * from ranked where no <= ${limit}),
    seen as materialized (select id from picked union all select id from level0),
    inner_edges as materialized (select s.edge_id from seen f cross join lateral ${steps} s where s.is_out and s.far in (select id from seen)),
    edges as (select e.*, row_number() over (order by e.weight desc, e.last_seen desc, e.id) as no from graph_relations(${tenantId}, array(select edge_id from inner_edges), ${at}) e)
    select json_build_object(
        'node', (select json_build_object(${entity('c')}) from graph_cards(${tenantId}, array[level0.id]) c),
        'nodes', (select coalesce(json_agg(json_build_object(${entity('c')}, 'properties', c.properties, 'depth', p.depth, 'weight', p.weight) order by p.no), '[]')
                    from picked p join graph_cards(${tenantId}, array(select id from picked)) c on c.id = p.id),
        'edges', (select coalesce(json_agg(json_build_object(${relation('e')}) order by e.no), '[]') from edges e where e.no <= ${GRAPH_EDGES_MAX}),
        'truncated', (select count(*) from ranked) > ${limit} or (select count(*) from edges) > ${GRAPH_EDGES_MAX} or ${isCut(depth, limit)})::text as answer
      from level0`);
  if (!answer) throw noSuchNode();
  return answer;
}

/** Relations are written in capitals, kinds of nodes in small letters. */
export const isRelation = (type: string): boolean => /^[A-Z][A-Z\d_]*$/.test(type);

const nameOf = (no: number): SQL => sql.raw(`level${no}`);
const upTo = (no: number): SQL => sql.join(Array.from({ length: no }, (_, i) => sql`select * from ${nameOf(i + 1)}`), sql` union all `);

/** A level is walked when it was asked for and the ones before it do not fill the answer; one more than that shows whether something is left out. */
const wanted = (no: number, depth: number, limit: number): SQL =>
  no > depth ? sql`false` : no === 1 ? sql`true` : sql`(select count(*) from (${upTo(no - 1)}) b where b.shown) <= ${limit}`;

interface Level { tenantId: string; no: number; asOf: string | undefined; steps: SQL; kinds: SQL; isWanted: SQL }

/** What is one step from the level before and was on none of them. */
function levelOf({ tenantId, no, asOf, steps, kinds, isWanted }: Level): SQL {
  const known = no === 1 ? sql`select id from level0` : sql`select id from level0 union all select id from (${upTo(no - 1)}) b`;
  // Every piece of evidence has its record, so that only a date asks for it.
  const then = asOf === undefined ? sql`` : sql`cross join lateral (select from records r where r.tenant_id = ${tenantId} and r.record_id = v.record_id and r.occurred_at <= ${moment(asOf)} offset 0) r`;
  return sql`
    ${nameOf(no)} as materialized (
      select g.id, ${sql.raw(String(no))} as depth, g.weight,
             ${kinds} is null or coalesce((select n.node_type = any(${kinds}) from graph_nodes n where n.tenant_id = ${tenantId} and n.id = g.id), true) as shown
        from (select s.far as id, count(distinct v.record_id)::int as weight
                from (select id from ${nameOf(no - 1)} where ${isWanted} order by weight desc, id limit ${GRAPH_FRONTIER_MAX}) f
                cross join lateral ${steps} s
                cross join lateral (select v.record_id from evidence v where v.tenant_id = ${tenantId} and v.target_id = s.edge_id offset 0) v ${then}
               where s.far not in (${known})
               group by s.far) g
       where ${isNode(tenantId, sql`g.id`)})`;
}

/** A level that was gone on from is larger than the frontier. */
const isCut = (depth: number, limit: number): SQL =>
  sql.join([sql`false`, ...Array.from({ length: depth - 1 }, (_, i) => sql`(${wanted(i + 2, depth, limit)} and (select count(*) from ${nameOf(i + 1)}) > ${GRAPH_FRONTIER_MAX})`)], sql` or `);
