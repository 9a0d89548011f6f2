/** The shortest way between two nodes, and what ties each to the next. */
import { sql } from 'drizzle-orm';
import type { PathsAnswer, PathsQuery } from '#contract/graph';
import { PATH_SEEN_MAX, PATH_STEPS_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { ask, entity, moment, namesOrNull, noSuchNode, relation, rootOf } from './answer.ts';
import { isRelation } from './neighbors.ts';

/** Throws ApiError `not_found` when one of the ends is not in the graph, DatabaseError. */
export async function pathBetween(db: Database, tenantId: string, { from, to, types = [], as_of }: PathsQuery): Promise<PathsAnswer> {
  const at = moment(as_of), relations = namesOrNull(types.filter(isRelation));
  const card = (end: 'from_node' | 'to_node') => sql`(select json_build_object(${entity('c')}) from graph_cards(${tenantId}, array[${sql.raw(end)}]) c)`;
  const answer = await ask<PathsAnswer>(db, tenantId, sql`
    with ends as (select ${rootOf(tenantId, from)} as from_node, ${rootOf(tenantId, to)} as to_node),
    found as materialized (select p.* from ends, graph_path(${tenantId}, from_node, to_node, ${relations}, ${at}, ${PATH_STEPS_MAX}, ${PATH_SEEN_MAX}) p),
    stops as materialized (select s.id, s.no from found, unnest(found.path) with ordinality as s(id, no)),
    ties as materialized (
      select s.edge_id from stops a cross join lateral graph_steps(${tenantId}, a.id, ${relations}, ${at}) s join stops b on b.id = s.far and b.no = a.no + 1)
    select json_build_object('from', ${card('from_node')}, 'to', ${card('to_node')}, 'length', (select cardinality(path) - 1 from found), 'truncated', (select is_cut from found),
        'nodes', (select coalesce(json_agg(json_build_object(${entity('c')}) order by s.no), '[]') from stops s join graph_cards(${tenantId}, array(select id from stops)) c on c.id = s.id),
        'edges', (select coalesce(json_agg(json_build_object(${relation('e')}) order by least(a.no, b.no), e.weight desc, e.edge_type, e.id), '[]')
                    from graph_relations(${tenantId}, array(select edge_id from ties), ${at}) e join stops a on a.id = e.source join stops b on b.id = e.target))::text as answer
      from ends where exists (select from graph_cards(${tenantId}, array[from_node])) and exists (select from graph_cards(${tenantId}, array[to_node]))`);
  if (!answer) throw noSuchNode();
  return answer;
}
