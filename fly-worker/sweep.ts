/** Sweeps what forgotten and edited records left behind in semantic memory. Nobody finds those rows any more; this is so that nobody keeps them either. */
import { sql } from 'drizzle-orm';
import { LEFTOVERS_AT_ONCE_MAX, SWEEP_AFTER_MS, SWEPT_TENANTS_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { plain, quoted } from './chunk.ts';
import type { SemanticMemory } from './semantic/memory.ts';

/** `named`: the version that the record has by now; null: there is no such record. */
interface Leftover { record_id: string; content_hash: string; named: string | null }

/**
 * One look over all tenants: deletes what is there of records with leftovers of more than `olderThanMs`, but the version that is named: so what an attempt
 * left that was killed before its commit goes as well. A row that was stored anew meanwhile stays (storing renews `stored_at`): whoever is just about to
 * name it finds it there. Answers how many rows were deleted. Throws DatabaseError.
 */
export async function sweepLeftovers(db: Database, semantic: Pick<SemanticMemory, 'remove'>, olderThanMs = SWEEP_AFTER_MS): Promise<number> {
  let swept = 0;
  const [tenants] = await db.system([sql`select tenant_id from tenants_with_leftovers(${olderThanMs}::float8, ${SWEPT_TENANTS_MAX}::int)`]);
  for (const { tenant_id } of (tenants ?? []) as { tenant_id: string }[]) swept += await sweepTenant(db, semantic, tenant_id, olderThanMs);
  return swept;
}

async function sweepTenant(db: Database, semantic: Pick<SemanticMemory, 'remove'>, tenantId: string, olderThanMs: number): Promise<number> {
  const storedBefore = Date.now() - olderThanMs;
  const [rows] = await db.tenant(tenantId, [sql`
    select l.record_id::text as record_id, l.content_hash, r.content_hash as named
      from semantic_leftovers l left join records r on r.tenant_id = l.tenant_id and r.record_id = l.record_id
     where l.tenant_id = ${tenantId} and l.left_at <= now() - make_interval(secs => ${olderThanMs}::float8 / 1000) order by l.left_at limit ${LEFTOVERS_AT_ONCE_MAX}`]);
  const leftovers = (rows ?? []) as unknown as Leftover[];
  const swept = leftovers.length === 0 ? 0 : await semantic.remove(tenantId, leftovers.map((l) => ({ recordId: l.record_id, keep: l.named })), storedBefore);
  // One that was left again in the meantime stays listed.
  await db.tenant(tenantId, [sql`
    delete from semantic_leftovers l using unnest(${plain(leftovers.map((l) => l.record_id))}::uuid[], ${quoted(leftovers.map((l) => l.content_hash))}::text[]) as x(id, hash)
     where l.tenant_id = ${tenantId} and l.record_id = x.id and l.content_hash = x.hash and l.left_at <= now() - make_interval(secs => ${olderThanMs}::float8 / 1000)`]);
  return swept;
}
