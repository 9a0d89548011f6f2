/**
 * Merging nodes that are the same, by hand, and taking that back. Equal keys (an address, a domain, a CRM id) are one node anyway. A merge is a row
 * over the untouched graph: records, nodes, edges and evidence stay as they are, reads and exports show the one for the other, later commits need not
 * know, and taking the row away restores exactly what was there.
 */
import { sql, type SQL } from 'drizzle-orm';
import { ApiError } from '#contract/errors';
import type { MergeAnswer } from '#contract/graph';
import type { Database } from '#migrations/database';
import { uuidOr404 } from '../route.ts';
import { ask, entity, isNode, noSuchNode } from './answer.ts';

/** Merges a node, with all that was merged into it, into another one. Saying it twice changes nothing. Throws ApiError `not_found`, `invalid_state`, DatabaseError. */
export async function mergeNode(db: Database, tenantId: string, nodeId: string, intoId: string, by: string): Promise<MergeAnswer> {
  const node = sql`${uuidOr404(nodeId)}::uuid`, into = sql`${uuidOr404(intoId)}::uuid`, own = sql`(select m.into_id from node_merges m where m.tenant_id = ${tenantId} and m.id = ${node})`;
  // One at a time: two merges into each other would make a circle.
  const [found] = await db.tenant(tenantId, [
    sql`select ${isNode(tenantId, node)} as "isThere", ${isNode(tenantId, into)} as "isIntoThere", ${own} is not null and ${own} <> ${into} as "isElsewhere", ${root(tenantId, into)} = ${node} as "isCircle"`,
    sql`with merged as (
          insert into node_merges (tenant_id, id, into_id, root_id, merged_by)
          select ${tenantId}, ${node}, ${into}, ${root(tenantId, into)}, ${by} where ${isNode(tenantId, node)} and ${isNode(tenantId, into)} and ${root(tenantId, into)} <> ${node} on conflict do nothing returning root_id)
        update node_merges m set root_id = merged.root_id from merged where m.tenant_id = ${tenantId} and m.root_id = ${node}`,
  ], 'exclusive');
  const { isThere, isIntoThere, isElsewhere, isCircle } = found![0] as Record<string, boolean>;
  if (!isThere || !isIntoThere) throw noSuchNode();
  if (isElsewhere) throw new ApiError('invalid_state', 'This node has been merged into another one. Split it first.');
  if (isCircle) throw new ApiError('invalid_state', 'These are one node already: the other one was merged into this one.');
  return standing(db, tenantId, into);
}

/** Takes back the merge of this node; of one that was not merged, all merges into it. What had been merged into either stays with it. Throws ApiError `not_found`, `invalid_state`, DatabaseError. */
export async function splitNode(db: Database, tenantId: string, nodeId: string): Promise<MergeAnswer> {
  const node = sql`${uuidOr404(nodeId)}::uuid`, isMerged = sql`exists (select from node_merges s where s.tenant_id = ${tenantId} and s.id = ${node})`;
  const [found, split] = await db.tenant(tenantId, [
    sql`select ${isNode(tenantId, node)} as there`,
    sql`delete from node_merges m where m.tenant_id = ${tenantId} and case when ${isMerged} then m.id = ${node} else m.into_id = ${node} end returning m.id`,
    sql`with recursive chain (id, top) as (
          select m.id, m.into_id from node_merges m where m.tenant_id = ${tenantId} union all select c.id, m.into_id from chain c join node_merges m on m.tenant_id = ${tenantId} and m.id = c.top)
        update node_merges m set root_id = c.top from chain c
         where m.tenant_id = ${tenantId} and m.id = c.id and m.root_id <> c.top and not exists (select from node_merges t where t.tenant_id = ${tenantId} and t.id = c.top)`,
  ], 'exclusive');
  if (!found![0]!.there && split!.length === 0) throw noSuchNode();
  if (split!.length === 0) throw new ApiError('invalid_state', 'Nothing was merged here: there is nothing to split.');
  return standing(db, tenantId, node);
}

const root = (tenantId: string, node: SQL): SQL => sql`coalesce((select r.root_id from node_merges r where r.tenant_id = ${tenantId} and r.id = ${node}), ${node})`;

async function standing(db: Database, tenantId: string, node: SQL): Promise<MergeAnswer> {
  const answer = await ask<MergeAnswer>(db, tenantId, sql`
    with root as (select ${root(tenantId, node)} as id)
    select json_build_object('node', json_build_object(${entity('c')}), 'merged', (select coalesce(json_agg(json_build_object(${entity('n')}) order by n.id), '[]')
             from root, node_members(${tenantId}, root.id) as member(id) join graph_nodes n on n.tenant_id = ${tenantId} and n.id = member.id where n.id <> root.id))::text as answer
      from root, graph_cards(${tenantId}, array[root.id]) c`);
  if (!answer) throw noSuchNode();
  return answer;
}
