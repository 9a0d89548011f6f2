/**
 * Sweeps what forgotten and edited records, and attempts that were killed between the two memories, left behind in semantic memory. Nobody finds those
 * rows; this is so that nobody keeps them either. In the background of every worker, one tenant after the other, each by one worker at a time.
 */
import { sql } from 'drizzle-orm';
import { LEFTOVERS_AT_ONCE_MAX, SWEEP_AGAIN_MS, SWEEP_TIMEOUT_MS, SWEPT_TENANTS_MAX } from '#contract/limits';
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
export async function sweepLeftovers(db: Database, semantic: Pick<SemanticMemory, 'remove'>, olderThanMs: number): Promise<number> {
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

/** What became of a look: rows deleted because their records were forgotten or edited, or because no record names them. */
export type SweptKind = 'leftover' | 'unnamed';

interface Sweeper {
  /** One look over all tenants; a look that is under way already is the answer. Never throws. */
  look(): Promise<void>;
  /** Begins nothing more, breaks off between two pages, waits. */
  close(): Promise<void>;
}

interface SweeperOptions {
  db: Database;
  semantic: Pick<SemanticMemory, 'remove' | 'sweep'>;
  log(event: string, facts: Record<string, string | number | boolean | null>): void;
  swept(kind: SweptKind, rows: number): void;
  olderThanMs: number;
}

export function openSweeper({ db, semantic, log, swept, olderThanMs }: SweeperOptions): Sweeper {
  const closing = new AbortController();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      swept('leftover', await sweepLeftovers(db, semantic, olderThanMs));
      const [tenants] = await db.system([sql`select tenant_id from tenants_to_sweep(${olderThanMs}::float8, ${SWEEP_AGAIN_MS}::float8, ${SWEPT_TENANTS_MAX}::int)`]);
      for (const { tenant_id } of (tenants ?? []) as { tenant_id: string }[]) {
        if (closing.signal.aborted) return;
        const rows = await sweepUnnamed(db, semantic, tenant_id, olderThanMs, AbortSignal.any([closing.signal, AbortSignal.timeout(SWEEP_TIMEOUT_MS)]));
        if (rows > 0) log('swept', { tenant: tenant_id, rows });
        swept('unnamed', rows);
      }
    } catch (error) {
      if (!closing.signal.aborted) log('sweep_failed', { error: String(error) });
    }
  }
  return {
    look() { looking ??= look().finally(() => { looking = null; }); return looking; },
    async close() { closing.abort(); await looking; },
  };
}

/** All rows of one tenant. Nothing when another worker does it, or a job is active. Throws DatabaseError, the signal's reason, and what semantic memory throws: begun anew later. */
async function sweepUnnamed(db: Database, semantic: Pick<SemanticMemory, 'sweep'>, tenantId: string, olderThanMs: number, signal: AbortSignal): Promise<number> {
  const [ours] = await db.tenant(tenantId, [sql`
    insert into semantic_sweeps as s (tenant_id)
    select ${tenantId} where not exists (select from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.status in ('pending', 'running'))
    on conflict (tenant_id) do update set began_at = now() where s.began_at <= now() - make_interval(secs => ${SWEEP_AGAIN_MS}::float8 / 1000) returning 1`]);
  if (ours?.length !== 1) return 0;
  const rows = await semantic.sweep(tenantId, (versions) => namedOf(db, tenantId, versions), olderThanMs, signal);
  await db.tenant(tenantId, [sql`update semantic_sweeps set swept_at = began_at, swept = swept + ${rows}::bigint where tenant_id = ${tenantId}`]);
  return rows;
}

/** Those of these versions (`record_id:content_hash`) that the ledger names. What is being erased is still named: erasing deletes it by itself. */
async function namedOf(db: Database, tenantId: string, versions: string[]): Promise<Set<string>> {
  const [rows] = await db.tenant(tenantId, [sql`
    select r.record_id::text || ':' || r.content_hash as version from records r
     where r.tenant_id = ${tenantId} and r.record_id = any(${plain(versions.map((version) => version.slice(0, version.indexOf(':'))))}::uuid[])`]);
  return new Set((rows ?? []).map((row) => String(row.version)));
}
