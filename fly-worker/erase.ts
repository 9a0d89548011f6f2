/**
 * Carries out erasures that the front desk wrote down: from both memories, step by step, each step either done or not. Whoever breaks off in the middle
 * leaves a row behind, by which any worker goes on. Meanwhile reads leave out every record that is meant.
 */
import { sql, type SQL } from 'drizzle-orm';
import type { Erasure } from '#contract/erasure';
import { ApiError } from '#contract/errors';
import { ERASE_RECORDS_AT_ONCE, ERASURES_AT_ONCE_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { erasureColumns } from '#migrations/erasure';
import { plain } from './chunk.ts';
import { forgetting } from './forget.ts';
import type { SemanticMemory } from './semantic/memory.ts';

export interface Eraser {
  /** Carries it out to the end, whatever is done of it already, and answers the receipt. Throws ApiError `not_found`, DatabaseError, and whatever semantic memory throws. */
  erase(tenantId: string, erasureId: string): Promise<Erasure>;
  /** Finishes what nobody finished. Never throws. */
  resume(): Promise<void>;
  /** Waits for the step in hand; begins nothing more. */
  close(): Promise<void>;
}

interface EraserOptions { db: Database; semantic: Pick<SemanticMemory, 'erase'>; log(event: string, facts: Record<string, string | number | boolean | null>): void }

export function openEraser({ db, semantic, log }: EraserOptions): Eraser {
  /** By erasure: whoever asks again meanwhile gets the same receipt. */
  const running = new Map<string, Promise<Erasure>>();
  let closed = false, resuming: Promise<void> | null = null;

  async function carryOut(tenantId: string, id: string): Promise<Erasure> {
    const asked = await receipt(db, tenantId, id);
    if (!asked) throw new ApiError('not_found', 'There is no such erasure.');
    if (asked.status === 'done') return asked;
    for (let ids = await some(db, tenantId, id); ids.length > 0; ids = await some(db, tenantId, id)) {
      if (closed) return asked;
      // Semantic memory first: the other way round a crash in between would leave texts that nobody knows of.
      const texts = await semantic.erase(tenantId, { recordIds: ids }, Date.parse(asked.requested_at));
      await db.tenant(tenantId, [...forgetting(tenantId, ids, tallyOf(tenantId, id)), sql`update erasures set texts = texts + ${texts}::int where tenant_id = ${tenantId} and id = ${id}::uuid`,
        sql`delete from erasing where tenant_id = ${tenantId} and record_id = any(${plain(ids)}::uuid[])`], 'exclusive');
    }
    // Also what attempts that crashed left there under no record's name.
    const left = asked.subject === 'tenant' ? { everything: true } as const : asked.subject === 'connection' ? { connectionId: asked.subject_id! } : null;
    const texts = left ? await semantic.erase(tenantId, left, Date.parse(asked.requested_at)) : 0;
    await db.tenant(tenantId, [...derivedOf(tenantId, asked), sql`update erasures set texts = texts + ${texts}::int, finished_at = coalesce(finished_at, now()) where tenant_id = ${tenantId} and id = ${id}::uuid`], 'exclusive');
    const done = await receipt(db, tenantId, id);
    log('erased', { tenant: tenantId, erasure: id, subject: asked.subject, records: done!.records, texts: done!.texts });
    return done!;
  }

  function erase(tenantId: string, id: string): Promise<Erasure> {
    const key = `${tenantId}/${id}`, found = running.get(key) ?? carryOut(tenantId, id).finally(() => running.delete(key));
    running.set(key, found);
    return found;
  }

  async function finishOthers(): Promise<void> {
    try {
      const [unfinished] = await db.system([sql`select tenant_id, id::text as id from unfinished_erasures(${ERASURES_AT_ONCE_MAX}::int)`]);
      for (const { tenant_id, id } of unfinished ?? []) if (!closed) await erase(String(tenant_id), String(id)).catch((error: unknown) => { log('erasure_failed', { erasure: String(id), error: String(error) }); });
    } catch (error) {
      log('erasure_failed', { erasure: null, error: String(error) });
    }
  }

  return {
    erase,
    resume() { resuming ??= finishOthers().finally(() => { resuming = null; }); return resuming; },
    async close() { closed = true; await Promise.allSettled([...running.values(), resuming]); },
  };
}

async function receipt(db: Database, tenantId: string, id: string): Promise<Erasure | null> {
  const [rows] = await db.tenant(tenantId, [sql`select ${erasureColumns} from erasures e where e.tenant_id = ${tenantId} and e.id = ${id}::uuid`]);
  return (rows?.[0] ?? null) as Erasure | null;
}

/** Records that are still to go. */
async function some(db: Database, tenantId: string, id: string): Promise<string[]> {
  const [rows] = await db.tenant(tenantId, [sql`select record_id::text as id from erasing where tenant_id = ${tenantId} and erasure_id = ${id}::uuid order by record_id limit ${ERASE_RECORDS_AT_ONCE}`]);
  return (rows ?? []).map((row) => String(row.id));
}

/** Counts on the receipt what the statement deleted, in that statement: nothing is counted that did not happen, nothing twice. */
const tallyOf = (tenantId: string, id: string): Parameters<typeof forgetting>[2] => (counted) => sql`
  update erasures set ${sql.join(Object.entries(counted).map(([column, rows]) => sql`${sql.raw(column)} = ${sql.raw(column)} + (select count(*)::int from ${rows})`), sql`, `)}
   where tenant_id = ${tenantId} and id = ${id}::uuid`;

/** What is not evidence of a record and yet says something of them. */
function derivedOf(tenantId: string, { subject, subject_id }: Erasure): SQL[] {
  const all = (table: string) => sql`delete from ${sql.raw(table)} where tenant_id = ${tenantId}`;
  switch (subject) {
    case 'record': return [];
    case 'person': return [sql`delete from node_merges where tenant_id = ${tenantId} and ${subject_id}::uuid in (id, into_id, root_id)`, sql`delete from graph_communities where tenant_id = ${tenantId} and node_id = ${subject_id}::uuid`];
    case 'connection': return [sql`delete from record_failures f using historical_sync_jobs j where f.tenant_id = ${tenantId} and j.tenant_id = f.tenant_id and j.id = f.job_id and j.source_connection_id = ${subject_id}::uuid`];
    case 'tenant': return ['record_failures', 'extraction_cache', 'entity_types', 'node_merges', 'graph_communities', 'community_builds'].map(all);
  }
}
