/** Nodes: found by name and type, and one with everything that is known of it and which records say so. */
import { sql, type SQL } from 'drizzle-orm';
import type { NodeDetail, NodesAnswer, NodesQuery } from '#contract/graph';
import { FACT_RECORDS_MAX, NODE_EDGES_MAX, NODE_FACTS_MAX, NODE_RECORDS_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { ask, entity, evidenceOfRecords, evidenceRef, isNode, moment, noSuchNode, relation, rootOf } from './answer.ts';

/** Best match first (the whole name or key, its beginning, any part), then the one that was spoken of last. Throws DatabaseError. */
export async function findNodes(db: Database, tenantId: string, { q, type, as_of, limit, offset }: NodesQuery): Promise<NodesAnswer> {
  const answer = await ask<Pick<NodesAnswer, 'nodes' | 'total'>>(db, tenantId, sql`
    with found as (
      select coalesce(m.root_id, n.id) as id, min(${match(q)}) as rank, max(n.described_at) as described_at
        from graph_nodes n left join node_merges m on m.tenant_id = n.tenant_id and m.id = n.id
       where n.tenant_id = ${tenantId} and (${type ?? null}::text is null or n.node_type = ${type ?? null}) and ${contains(q)}
         and (${moment(as_of)} is null or exists (select from ${evidenceOfRecords(tenantId)} where v.tenant_id = ${tenantId} and v.target_id = n.id and r.occurred_at <= ${moment(as_of)}))
       group by 1),
    page as (select f.*, row_number() over (order by rank, described_at desc, id) as no from found f order by no limit ${limit} offset ${offset})
    select json_build_object('total', (select count(*) from found), 'nodes', (
      select coalesce(json_agg(json_build_object(${entity('c')}, 'properties', c.properties, 'records', s.records, 'first_seen', iso(s.first_seen), 'last_seen', iso(s.last_seen)) order by p.no), '[]')
        from page p join graph_cards(${tenantId}, array(select id from page)) c on c.id = p.id cross join lateral (${seen(tenantId, sql`p.id`, as_of)}) s))::text as answer`);
  return { ...answer!, limit, offset };
}

/** A pattern in which `%`, `_` and the backslash mean themselves. */
const literally = (q: string): string => q.replaceAll(/[\\%_]/g, '\\$&');
const contains = (q: string | undefined): SQL => (q ? sql`(n.name ilike ${`%${literally(q)}%`} or n.key ilike ${`%${literally(q)}%`})` : sql`true`);
const match = (q: string | undefined): SQL => (q ? sql`case when n.name ilike ${literally(q)} or n.key ilike ${literally(q)} then 0 when n.name ilike ${`${literally(q)}%`} or n.key ilike ${`${literally(q)}%`} then 1 else 2 end` : sql`0`);

/** How many records speak of a node, and from when until when. */
const seen = (tenantId: string, root: SQL, asOf: string | undefined): SQL => sql`
  select count(distinct v.record_id)::int as records, min(r.occurred_at) as first_seen, max(r.occurred_at) as last_seen
    from node_members(${tenantId}, ${root}) as member(id) join ${evidenceOfRecords(tenantId)} on v.tenant_id = ${tenantId} and v.target_id = member.id
   where ${moment(asOf)} is null or r.occurred_at <= ${moment(asOf)}`;

/** One node with its facts, its evidence and its time line. Throws ApiError `not_found`, DatabaseError. */
export async function readNode(db: Database, tenantId: string, id: string, asOf: string | undefined): Promise<NodeDetail> {
  const detail = await ask<NodeDetail>(db, tenantId, sql`
    with root as (select ${rootOf(tenantId, id)} as id),
    card as (select c.* from root, graph_cards(${tenantId}, array[root.id]) c),
    said as materialized (
      select distinct on (v.record_id) v.method, v.confidence, r.* from root cross join node_members(${tenantId}, root.id) as member(id)
        join ${evidenceOfRecords(tenantId)} on v.tenant_id = ${tenantId} and v.target_id = member.id
       where ${moment(asOf)} is null or r.occurred_at <= ${moment(asOf)} order by v.record_id, v.confidence desc, v.method),
    steps as materialized (select s.* from root cross join lateral graph_steps(${tenantId}, root.id, null, ${moment(asOf)}) s where ${isNode(tenantId, sql`s.far`)} order by s.edge_id limit ${NODE_EDGES_MAX + 1}),
    relations as materialized (select r.*, case when r.source = root.id then r.target else r.source end as other from root, graph_relations(${tenantId}, array(select edge_id from steps), ${moment(asOf)}) r),
    top as (select r.*, row_number() over (order by r.weight desc, r.last_seen desc, r.id) as no from relations r order by no limit ${NODE_FACTS_MAX}),
    facts as (
      select t.no, json_build_object(${relation('t')}, 'other', (select json_build_object(${entity('c')}) from graph_cards(${tenantId}, array[t.other]) c),
               'evidence', (${factEvidence(tenantId, asOf)})) as fact from top t)
    select json_build_object(${entity('card')}, 'properties', card.properties, ${figures},
        'merged', (select coalesce(json_agg(json_build_object(${entity('n')}) order by n.id), '[]') from root, node_members(${tenantId}, root.id) as member(id) join graph_nodes n on n.tenant_id = ${tenantId} and n.id = member.id where n.id <> root.id),
        'counts', (select coalesce(json_object_agg(edge_type, n order by edge_type), '{}') from (select edge_type, count(*) as n from relations group by 1) x),
        'facts', (select coalesce(json_agg(fact order by no), '[]') from facts))::text as answer
      from card where exists (select from said)`);
  if (!detail) throw noSuchNode();
  return detail;
}

/** Counted over `said`, the records that speak of the node, and `steps`. */
const figures = sql`
  'records', (select count(*) from said), 'first_seen', (select iso(min(occurred_at)) from said), 'last_seen', (select iso(max(occurred_at)) from said),
  'evidence', (select coalesce(json_agg(e), '[]') from (select ${sql.raw(evidenceColumns('v'))} from said v order by v.occurred_at desc, v.record_id limit ${NODE_RECORDS_MAX}) e),
  'timeline', (select coalesce(json_agg(json_build_object('month', month, 'records', n) order by month), '[]') from (select to_char(occurred_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as n from said group by 1) x),
  'truncated', (select count(*) from relations) > ${NODE_FACTS_MAX} or (select count(*) from said) > ${NODE_RECORDS_MAX} or (select count(*) from steps) > ${NODE_EDGES_MAX}`;

function evidenceColumns(of: string): string {
  return `${of}.record_id, ${of}.title, iso(${of}.occurred_at) as occurred_at, ${of}.integration_id, ${of}.url, ${of}.method, ${of}.confidence`;
}

/** The newest records that say the relation `t` of `top`. */
const factEvidence = (tenantId: string, asOf: string | undefined): SQL => sql`
  select json_agg(${evidenceRef} order by r.occurred_at desc, r.record_id) from (
    select v.record_id, max(v.confidence) as confidence, (array_agg(v.method order by v.confidence desc, v.method))[1] as method
      from steps s join ${evidenceOfRecords(tenantId)} on v.tenant_id = ${tenantId} and v.target_id = s.edge_id
     where s.edge_type = t.edge_type and s.far = t.other and s.is_out = (t.other = t.target) and (${moment(asOf)} is null or r.occurred_at <= ${moment(asOf)})
     group by v.record_id order by max(r.occurred_at) desc, v.record_id limit ${FACT_RECORDS_MAX}) v join records r on r.tenant_id = ${tenantId} and r.record_id = v.record_id`;
