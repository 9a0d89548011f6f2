/** Vectors of queries from a tenant's own embedder, when its searches use one. Slow, broken or without a key: null, and the local vectors answer as they always can. */
import { sql } from 'drizzle-orm';
import { EMBEDDER_BELIEVED_MS, MODEL_KEY_BELIEVED_MS, QUERY_VECTOR_PAUSE_MS, QUERY_VECTOR_TIMEOUT_MS } from '#contract/limits';
import type { Database } from '#migrations/database';
import type { ModelKey } from '../door.ts';
import { ModelError } from '../model-error.ts';
import type { Beside } from '../semantic/memory.ts';
import { Chosen, openChosen } from './chosen.ts';
import { vectorAt } from './embedder.ts';

export interface QueryModels {
  /** `ticket`: the front desk's leave to fetch the tenant's key for this question. Null: the local vectors answer. Never throws, but DatabaseError. */
  vectorOf(tenantId: string, query: string, ticket: string): Promise<Beside | null>;
}

interface QueryModelsOptions {
  db: Database;
  keyOf(ticket: string): Promise<ModelKey | null>;
  log(event: string, facts: Record<string, string | number | boolean | null>): void;
  now?: () => number;
}

/** Tenants of whom something is remembered; then all of it is forgotten. */
const TENANTS_MAX = 1_000;

export function openQueryModels({ db, keyOf, log, now = Date.now }: QueryModelsOptions): QueryModels {
  const chosenOf = remembered(EMBEDDER_BELIEVED_MS, now, async (tenantId: string): Promise<Chosen | null> => {
    const [rows] = await db.tenant(tenantId, [sql`select current::text as current from embedders where tenant_id = ${tenantId} and current is not null`]);
    return rows?.[0] ? Chosen.parse(JSON.parse(String(rows[0].current))) : null;
  });
  const keys = remembered(MODEL_KEY_BELIEVED_MS, now, (_tenantId: string, ticket: string) => keyOf(ticket));
  const pausedUntil = new Map<string, number>();

  return {
    async vectorOf(tenantId, query, ticket) {
      const chosen = await chosenOf(tenantId, '');
      if (chosen === null || (pausedUntil.get(tenantId) ?? 0) > now()) return null;
      try {
        const key = await keys(tenantId, ticket), embedder = key && openChosen(chosen, key, QUERY_VECTOR_TIMEOUT_MS);
        const vector = embedder && vectorAt(await embedder.embed([query], AbortSignal.timeout(QUERY_VECTOR_TIMEOUT_MS)), chosen.dims, 0);
        return vector && { embedder: chosen, vector };
      } catch (error) {
        if (pausedUntil.size >= TENANTS_MAX) pausedUntil.clear();
        pausedUntil.set(tenantId, now() + QUERY_VECTOR_PAUSE_MS);
        log('query_vector_failed', { tenant: tenantId, kind: error instanceof ModelError ? error.kind : String(error) });
        return null;
      }
    },
  };
}

/** What was looked up is believed for a while; what failed is not kept. */
function remembered<T>(forMs: number, now: () => number, look: (tenantId: string, ticket: string) => Promise<T>): (tenantId: string, ticket: string) => Promise<T> {
  const kept = new Map<string, { at: number; value: Promise<T> }>();
  return (tenantId, ticket) => {
    const found = kept.get(tenantId);
    if (found && now() - found.at < forMs) return found.value;
    if (kept.size >= TENANTS_MAX) kept.clear();
    const one = { at: now(), value: look(tenantId, ticket) };
    kept.set(tenantId, one);
    one.value.catch(() => { if (kept.get(tenantId) === one) kept.delete(tenantId); });
    return one.value;
  };
}
