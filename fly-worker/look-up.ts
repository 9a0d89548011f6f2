/** What Postgres says of a page before anything of it is stored: which records memory holds and in which content, which were erased for good, and which secrets the tenant wants left in. */
import { sql } from 'drizzle-orm';
import { SecretKind } from '#contract/redaction';
import type { Database } from '#migrations/database';
import { plain, quoted, type Addressed, type Known } from './chunk.ts';
import type { Lease } from './ledger.ts';

/** `barred`: records that somebody had erased; they are left out as if the provider did not have them. `spared`: kinds of secrets that stay in. */
interface Looked { known: Known; barred: Set<string>; spared: SecretKind[] }

/** One round trip. The settings are asked for with every page, so that a change holds from the next page on. Throws DatabaseError. */
export async function lookUp(db: Database, lease: Lease, recordIds: string[]): Promise<Looked> {
  if (recordIds.length === 0) return { known: new Map(), barred: new Set(), spared: [] };
  const ids = plain(recordIds);
  const [records, barred, settings] = await db.tenant(lease.tenantId, [
    sql`select record_id::text as id, content_hash as hash from records where tenant_id = ${lease.tenantId} and record_id = any(${ids}::uuid[])`,
    sql`select record_id::text as id from barred_records where tenant_id = ${lease.tenantId} and record_id = any(${ids}::uuid[])`,
    sql`select array_to_json(spared)::text as spared from redaction_settings where tenant_id = ${lease.tenantId}`,
  ]);
  return {
    known: new Map((records as { id: string; hash: string }[]).map((r) => [r.id, r.hash])),
    barred: new Set((barred ?? []).map((r) => String(r.id))),
    spared: SecretKind.array().parse(JSON.parse(String(settings?.[0]?.spared ?? '[]'))),
  };
}

/** Semantic memory holds texts of records that were barred while they were on their way: they are listed, so that they are swept. Throws DatabaseError. */
export async function leaveOver(db: Database, lease: Lease, records: Addressed[]): Promise<void> {
  await db.tenant(lease.tenantId, [sql`
    insert into semantic_leftovers (tenant_id, record_id, content_hash) select ${lease.tenantId}, x.id, x.hash from unnest(${plain(records.map((r) => r.recordId))}::uuid[], ${quoted(records.map((r) => r.contentHash))}::text[]) as x(id, hash)
     order by 2, 3 on conflict (tenant_id, record_id, content_hash) do update set left_at = now()`]);
}
