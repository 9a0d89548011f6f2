/** Communities as a worker last worked them out. */
import { sql } from 'drizzle-orm';
import type { CommunitiesAnswer, CommunitiesQuery } from '#contract/graph';
import { COMMUNITY_MEMBERS_SHOWN } from '#contract/limits';
import type { Database } from '#migrations/database';
import { ask, entity, rootOf } from './answer.ts';

/** The largest first. What has left the graph since is not shown. Throws ApiError `not_found` for an impossible id, DatabaseError. */
export async function communitiesOf(db: Database, tenantId: string, { node, limit, offset }: CommunitiesQuery): Promise<CommunitiesAnswer> {
  const ofNode = node === undefined ? sql`true` : sql`c.community_id = (select o.community_id from graph_communities o where o.tenant_id = ${tenantId} and o.node_id = ${rootOf(tenantId, node)})`;
  const answer = await ask<Omit<CommunitiesAnswer, 'limit' | 'offset'>>(db, tenantId, sql`
    with groups as (select c.community_id as id, c.rank, count(*)::int as size from graph_communities c where c.tenant_id = ${tenantId} and ${ofNode} group by 1, 2),
    page as (select * from groups order by rank limit ${limit} offset ${offset}),
    shown as materialized (
      select p.id, m.node_id, m.weight from page p cross join lateral (
        select c.node_id, c.weight from graph_communities c where c.tenant_id = ${tenantId} and c.rank = p.rank order by c.weight desc, c.node_id limit ${COMMUNITY_MEMBERS_SHOWN}) m),
    build as (select b.* from community_builds b where b.tenant_id = ${tenantId})
    select json_build_object('total', (select count(*) from groups), 'built_at', (select iso(built_at) from build), 'modularity', (select modularity from build), 'truncated', coalesce((select is_cut from build), false),
        'stale', coalesce((select max(j.completed_at) from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.status = 'completed') > (select built_at from build), exists (select from graph_nodes n where n.tenant_id = ${tenantId}) and not exists (select from build)),
        'communities', (select coalesce(json_agg(json_build_object('id', p.id, 'size', p.size, 'nodes', (
             select coalesce(json_agg(json_build_object(${entity('c')}, 'weight', s.weight) order by s.weight desc, s.node_id), '[]')
               from shown s join graph_cards(${tenantId}, array(select node_id from shown)) c on c.id = s.node_id where s.id = p.id)) order by p.rank), '[]') from page p))::text as answer`);
  return { ...answer!, limit, offset };
}
