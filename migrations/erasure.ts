/** Erasures as SQL that the edge and the workers share. */
import { sql, type SQL } from 'drizzle-orm';
import type { ErasureSubject } from '#contract/erasure';

/** Nobody asked for the record `r` to be erased. Reads leave out the others, though they may still stand there for a moment. */
export const isKept = sql`not exists (select from erasing x where x.tenant_id = r.tenant_id and x.record_id = r.record_id)`;

/** The columns of contract/erasure's Erasure, over `erasures e`. */
export const erasureColumns = sql`e.id::text as erasure_id, e.subject, e.subject_id::text as subject_id, case when e.finished_at is null then 'running' else 'done' end as status,
  iso(e.requested_at) as requested_at, iso(e.finished_at) as finished_at, e.records, e.evidence, e.nodes, e.edges, e.entities, e.texts`;

/**
 * Writes down that this is to be erased: from now on no read finds its records. A record, and those of a person, are barred as well: no later sync stores them again.
 * What an account brought, or everything, is not: whoever has it synced anew wants it back. Under the tenant's exclusive lock, so that no commit is half way in.
 * Answers the receipt as it begins, or nothing when there is no such record or person. `subjectId`: of a record, a person's node or a connection; null: everything.
 */
export function writeErasure(tenantId: string, id: string, subject: ErasureSubject, subjectId: string | null, by: string): SQL {
  const { target, isThere, isMeant } = wordsOf(tenantId, subject, sql`${subjectId}::uuid`);
  return sql`
    with asked as materialized (select ${tenantId}::text as tenant_id, ${target} as subject_id),
    meant as (select r.record_id from asked join records r on r.tenant_id = asked.tenant_id where ${isMeant}),
    written as (insert into erasures (tenant_id, id, subject, subject_id, requested_by) select asked.tenant_id, ${id}::uuid, ${subject}, asked.subject_id, ${by} from asked where ${isThere} returning *),
    hidden as (insert into erasing (tenant_id, record_id, erasure_id) select w.tenant_id, m.record_id, w.id from written w, meant m),
    barred as (insert into barred_records (tenant_id, record_id, erasure_id) select w.tenant_id, m.record_id, w.id from written w, meant m where w.subject in ('record', 'person') order by 2 on conflict do nothing)
    select ${erasureColumns} from written e`;
}

/** `target`: whom it is about; then over `asked` whether that is there at all, and whether the record `r` goes. A person is whoever was merged into one, and is in every record that speaks of them. */
function wordsOf(tenantId: string, subject: ErasureSubject, id: SQL): { target: SQL; isThere: SQL; isMeant: SQL } {
  switch (subject) {
    case 'record': return { target: id, isThere: sql`exists (select from meant)`, isMeant: sql`r.record_id = asked.subject_id` };
    case 'person': return {
      target: sql`coalesce((select m.root_id from node_merges m where m.tenant_id = ${tenantId} and m.id = ${id}), ${id})`,
      isThere: sql`exists (select from node_members(${tenantId}, asked.subject_id) as member(id) join graph_nodes g on g.tenant_id = ${tenantId} and g.id = member.id and g.node_type = 'person')`,
      isMeant: sql`r.record_id in (select v.record_id from node_members(${tenantId}, asked.subject_id) as member(id) join evidence v on v.tenant_id = ${tenantId} and v.target_id = member.id)`,
    };
    case 'connection': return { target: id, isThere: sql`true`, isMeant: sql`r.connection_id = asked.subject_id` };
    case 'tenant': return { target: sql`null::uuid`, isThere: sql`true`, isMeant: sql`true` };
  }
}
