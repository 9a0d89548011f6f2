/** Reading and forgetting memory. Search and record texts live with the workers (LanceDB is theirs); counts come from Postgres. */
import { sql } from 'drizzle-orm';
import type { z } from 'zod';
import { routes } from '#contract/api';
import { ApiError, ApiErrorBody } from '#contract/errors';
import { SEARCH_TIMEOUT_MS } from '#contract/limits';
import { MemoryRecord, SearchAnswer } from '#contract/memory';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { serve, uuidOr404, type App } from './route.ts';
import { signForWorker, signModelTicket } from './tokens.ts';

export function serveMemory(app: App): void {
  serve(app, routes.search, ({ env, principal, query }) => askMemory(env, 'search', principal.tenantId, { query }, SearchAnswer));
  serve(app, routes.getRecord, ({ env, principal, params }) => askFleet(env, 'record', { tenant_id: principal.tenantId, record_id: uuidOr404(params.record_id) }, MemoryRecord));
  serve(app, routes.exportMemory, ({ env, principal }) => streamFromFleet(env, 'export', { tenant_id: principal.tenantId }));
  serve(app, routes.memoryStats, async ({ env, principal: { tenantId } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`
      select (select count(*)::int from records where tenant_id = ${tenantId}) as records,
             (select count(*)::int from discovered_entities where tenant_id = ${tenantId}) as entities,
             (select count(*)::int from graph_edges where tenant_id = ${tenantId}) as relationships,
             coalesce(sum(seen), 0)::int as seen, coalesce(sum(stored), 0)::int as stored, coalesce(sum(unchanged), 0)::int as unchanged,
             coalesce(sum(duplicate), 0)::int as duplicate, coalesce(sum(failed), 0)::int as failed from historical_sync_jobs where tenant_id = ${tenantId}`]);
    const { records, entities, relationships, ...ledger } = rows![0] as { records: number; entities: number; relationships: number; seen: number; stored: number; unchanged: number; duplicate: number; failed: number };
    return { records, entities, relationships, ledger };
  });
}

/** Lines from a worker, passed on as they come. A worker that breaks off in the middle breaks off our answer, too. Throws ApiError `unavailable`. */
async function streamFromFleet(env: Env, path: string, body: unknown): Promise<Response> {
  const patience = new AbortController(), timer = setTimeout(() => patience.abort(), SEARCH_TIMEOUT_MS);
  const response = await fetch(`${env.WORKER_URL}/${path}`, {
    method: 'POST', headers: { authorization: `Bearer ${await signForWorker(env)}`, 'content-type': 'application/json' }, body: JSON.stringify(body), signal: patience.signal, redirect: 'manual',
  }).catch(() => null);
  clearTimeout(timer);
  if (response?.ok && response.body) return new Response(response.body, { headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' } });
  await response?.body?.cancel();
  throw new ApiError('unavailable', 'Memory does not answer right now. Try again in a moment.', { retryAfterSeconds: 5 });
}

/** Asks a worker to find something, with leave to fetch the tenant's own model key for it. Throws as askFleet. */
export const askMemory = async <T extends z.ZodType>(env: Env, path: 'search' | 'context', tenantId: string, question: object, schema: T): Promise<z.output<T>> =>
  askFleet(env, path, { tenant_id: tenantId, ticket: await signModelTicket(env, tenantId), ...question }, schema);

/** Asks a worker. Throws ApiError: what it refused with, or `unavailable`. */
export async function askFleet<T extends z.ZodType>(env: Env, path: string, body: unknown, schema: T, patienceMs = SEARCH_TIMEOUT_MS): Promise<z.output<T>> {
  const response = await fetch(`${env.WORKER_URL}/${path}`, {
    method: 'POST', headers: { authorization: `Bearer ${await signForWorker(env)}`, 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(patienceMs), redirect: 'manual',
  }).catch(() => { throw new ApiError('unavailable', 'Memory does not answer right now: no worker could be reached. Try again in a moment.', { retryAfterSeconds: 5 }); });
  const answer: unknown = await response.json().catch(() => null);
  const parsed = response.ok ? schema.safeParse(answer) : null;
  if (parsed?.success) return parsed.data;
  const refusal = ApiErrorBody.safeParse(answer);
  if (refusal.success && response.status < 500) throw new ApiError(refusal.data.error.code, refusal.data.error.message);
  throw new ApiError('unavailable', 'Memory does not answer right now. Try again in a moment.', { retryAfterSeconds: 5 });
}
