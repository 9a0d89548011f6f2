/**
 * A tenant's whole memory as lines of JSON, page by page from a cursor: never whole in this process. First records with their text, then nodes, edges,
 * evidence and what was found, each in the order of its ids. What people merged is one, as everywhere. Written while jobs run it shows each page as it was when it was read.
 */
import { sql, type SQL } from 'drizzle-orm';
import type { ExportLine } from '#contract/export';
import { EXPORT_PAGE_ROWS } from '#contract/limits';
import type { Row } from '#migrations/database';
import { isKept } from '#migrations/erasure';
import type { Memory } from './reads.ts';

const NIL = '00000000-0000-0000-0000-000000000000';

/** Lines, each with its line break, a page at a time. Throws DatabaseError, and whatever semantic memory throws, in the middle of the stream. */
export async function* exportMemory(memory: Memory, tenantId: string): AsyncGenerator<string> {
  yield* paged(memory, tenantId, recordsAfter, (rows) => recordLines(memory, tenantId, rows));
  yield* paged(memory, tenantId, nodesAfter, lines('node'));
  yield* paged(memory, tenantId, edgesAfter, lines('edge'));
  yield* paged(memory, tenantId, evidenceAfter, lines('evidence'));
  yield* paged(memory, tenantId, entitiesAfter, lines('discovered_entity'));
}

interface PageRow extends Row { at: string; line: string | null }

/** `page` answers rows with `at`, where the next page starts behind, and `line`, the JSON of the line without its type; null where there is none to write. */
async function* paged(memory: Memory, tenantId: string, page: (tenantId: string, after: string) => SQL, write: (rows: PageRow[]) => Promise<string>): AsyncGenerator<string> {
  for (let after = NIL; ;) {
    const [rows] = await memory.db.tenant(tenantId, [page(tenantId, after)]) as [PageRow[]];
    if (rows.length > 0) yield await write(rows);
    const last = rows.at(-1);
    if (!last) return;
    after = last.at;
  }
}

const lineOf = (line: ExportLine): string => `${JSON.stringify(line)}\n`;
const lines = (type: ExportLine['type']) => async (rows: PageRow[]): Promise<string> =>
  rows.flatMap(({ line }) => (line === null ? [] : [lineOf({ type, ...JSON.parse(line) as object } as ExportLine)])).join('');

/** The text stands in semantic memory, under the version that the ledger names. */
async function recordLines({ semantic, embedder }: Memory, tenantId: string, rows: PageRow[]): Promise<string> {
  const records = rows.map((row) => JSON.parse(row.line!) as { record_id: string; content_hash: string });
  const stored = await semantic.rows({ tenant: tenantId, embedder }, records.map((r) => ({ recordId: r.record_id, contentHash: r.content_hash })));
  const texts = new Map(stored.map((row) => [row.recordId, row.text]));
  return records.map((record) => lineOf({ type: 'record', ...record, text: texts.get(record.record_id) ?? '' } as ExportLine)).join('');
}

const recordsAfter = (tenantId: string, after: string): SQL => sql`
  select r.record_id::text as at, json_build_object('record_id', r.record_id, 'integration_id', r.integration_id, 'connection_id', r.connection_id, 'stream', r.stream, 'provider_id', r.provider_id, 'url', r.url, 'title', r.title,
         'occurred_at', iso(r.occurred_at), 'content_hash', r.content_hash)::text as line
    from records r where r.tenant_id = ${tenantId} and r.record_id > ${after}::uuid and ${isKept} order by r.record_id limit ${EXPORT_PAGE_ROWS}`;

/** A merged node is written where its root stands in the order; of a root without a node of its own, where its first member does. */
const nodesAfter = (tenantId: string, after: string): SQL => sql`
  with page as (
    select n.id, coalesce(m.root_id, n.id) as root from graph_nodes n left join node_merges m on m.tenant_id = n.tenant_id and m.id = n.id
     where n.tenant_id = ${tenantId} and n.id > ${after}::uuid order by n.id limit ${EXPORT_PAGE_ROWS}),
  shown as (
    select p.id, p.root from page p where p.id = p.root
    union all select p.id, p.root from page p where p.id <> p.root and not exists (select from graph_nodes r where r.tenant_id = ${tenantId} and r.id = p.root)
      and p.id = (select n.id from node_merges m join graph_nodes n on n.tenant_id = m.tenant_id and n.id = m.id where m.tenant_id = ${tenantId} and m.root_id = p.root order by n.id limit 1))
  select p.id::text as at, case when s.id is not null then json_build_object('id', c.id, 'node_type', c.node_type, 'key', c.key, 'name', c.name, 'properties', c.properties)::text end as line
    from page p left join shown s on s.id = p.id left join graph_cards(${tenantId}, array(select root from shown)) c on c.id = s.root order by p.id`;

const isNode = (tenantId: string, root: SQL): SQL => sql`exists (select from node_members(${tenantId}, ${root}) as member(id) join graph_nodes n on n.tenant_id = ${tenantId} and n.id = member.id)`;
const rootOf = (tenantId: string, id: SQL): SQL => sql`coalesce((select m.root_id from node_merges m where m.tenant_id = ${tenantId} and m.id = ${id}), ${id})`;
/** All edges that merging made equal to the edge `e`, the smallest id first: that one stands for them. */
const equalEdges = (tenantId: string): SQL => sql`
  case when exists (select from node_merges m where m.tenant_id = ${tenantId} and m.root_id in (e.source_root, e.target_root))
    then array(select x.id from node_members(${tenantId}, e.source_root) s(id) cross join node_members(${tenantId}, e.target_root) t(id)
      cross join lateral (select g.id from graph_edges g where g.tenant_id = ${tenantId} and g.source = s.id and g.edge_type = e.edge_type and g.target = t.id offset 0) x order by x.id)
    else array[e.id] end`;
/** Edges of the graph as it is read: between two nodes, and not from a node to itself because both ends were merged. */
const isShown = (tenantId: string): SQL => sql`(e.source_root <> e.target_root or e.source = e.target) and ${isNode(tenantId, sql`e.source_root`)} and ${isNode(tenantId, sql`e.target_root`)}`;

const edgesAfter = (tenantId: string, after: string): SQL => sql`
  with page as materialized (
    select e.*, ${rootOf(tenantId, sql`e.source`)} as source_root, ${rootOf(tenantId, sql`e.target`)} as target_root from graph_edges e where e.tenant_id = ${tenantId} and e.id > ${after}::uuid order by e.id limit ${EXPORT_PAGE_ROWS}),
  equal as materialized (select e.id, ${equalEdges(tenantId)} as ids from page e where ${isShown(tenantId)}),
  shown as materialized (select id, ids from equal where ids[1] = id)
  select p.id::text as at, case when s.id is not null then json_build_object('id', r.id, 'source', r.source, 'edge_type', r.edge_type, 'target', r.target, 'valid_from', iso(r.first_seen), 'valid_to', iso(r.valid_to))::text end as line
    from page p left join shown s on s.id = p.id
    left join graph_relations(${tenantId}, array(select unnest(ids) from shown), null) r on r.id = s.id order by p.id`;

/** By records: what one record says twice of merged things is one piece of evidence, the surer one. */
const evidenceAfter = (tenantId: string, after: string): SQL => sql`
  with page as materialized (select r.record_id from records r where r.tenant_id = ${tenantId} and r.record_id > ${after}::uuid order by r.record_id limit ${sql.raw(String(EXPORT_PAGE_ROWS / 10))}),
  said as materialized (select v.* from page p join evidence v on v.tenant_id = ${tenantId} and v.record_id = p.record_id),
  edges as materialized (
    select e.*, ${rootOf(tenantId, sql`e.source`)} as source_root, ${rootOf(tenantId, sql`e.target`)} as target_root from (select distinct target_id from said where target_kind = 'e') s join graph_edges e on e.tenant_id = ${tenantId} and e.id = s.target_id),
  shown as materialized (select e.id, (${equalEdges(tenantId)})[1] as as_id from edges e where ${isShown(tenantId)}),
  told as (
    select distinct on (x.record_id, x.target_id) x.* from (
      select v.record_id, v.target_kind, case v.target_kind when 'n' then ${rootOf(tenantId, sql`v.target_id`)} else s.as_id end as target_id, v.method, v.confidence
        from said v left join shown s on s.id = v.target_id where v.target_kind = 'n' or s.id is not null) x
     order by x.record_id, x.target_id, x.confidence desc, x.method)
  select p.record_id::text as at, case when t.record_id is not null then json_build_object('record_id', t.record_id, case t.target_kind when 'n' then 'node_id' else 'edge_id' end, t.target_id, 'method', t.method, 'confidence', round(t.confidence::numeric, 4))::text end as line
    from page p left join told t on t.record_id = p.record_id order by p.record_id, t.target_id`;

const entitiesAfter = (tenantId: string, after: string): SQL => sql`
  with page as materialized (select d.* from discovered_entities d where d.tenant_id = ${tenantId} and d.id > ${after}::uuid order by d.id limit ${EXPORT_PAGE_ROWS})
  select d.id::text as at, json_build_object('id', d.id, 'entity_type', d.entity_type, 'key', d.key, 'name', coalesce(b.name, d.key), 'status', d.status)::text as line
    from page d cross join lateral newest_description(${tenantId}, d.id) b order by d.id`;
