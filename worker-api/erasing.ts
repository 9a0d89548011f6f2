/** Erasing memory: written down here, so that nothing of it is found from this moment on; carried out by a worker; answered with a receipt. */
import { sql } from 'drizzle-orm';
import { routes } from '#contract/api';
import { Erasure, type ErasureSubject } from '#contract/erasure';
import { ApiError } from '#contract/errors';
import { ERASE_PATIENCE_MS, ERASURES_SHOWN } from '#contract/limits';
import { erasureColumns, writeErasure } from '#migrations/erasure';
import type { Principal } from './auth.ts';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { act } from './jobs.ts';
import { askFleet } from './memory.ts';
import { serve, uuidOr404, type App } from './route.ts';

export function serveErasing(app: App): void {
  serve(app, routes.forgetRecord, ({ env, principal, params }) => erase(env, principal, 'record', uuidOr404(params.record_id)));
  serve(app, routes.erasePerson, ({ env, principal, params }) => erase(env, principal, 'person', uuidOr404(params.node_id)));
  serve(app, routes.eraseTenant, async ({ env, principal, body }) => {
    confirmed(principal, body.confirm, principal.tenantName, 'the name of the tenant');
    // What still ran would bring back what goes.
    const [active] = await tenantDatabase(env).tenant(principal.tenantId, [sql`select id::text as id from historical_sync_jobs where tenant_id = ${principal.tenantId} and status in ('pending', 'running')`]);
    for (const { id } of active ?? []) await act(env, principal, String(id), 'cancel').catch((error: unknown) => { if (!(error instanceof ApiError && error.code === 'invalid_state')) throw error; });
    return erase(env, principal, 'tenant', null);
  });
  serve(app, routes.listErasures, async ({ env, principal: { tenantId } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${erasureColumns} from erasures e where e.tenant_id = ${tenantId} order by e.requested_at desc, e.id limit ${ERASURES_SHOWN}`]);
    return { erasures: (rows ?? []) as unknown as Erasure[] };
  });
}

/** Everything that came in by this connection. */
export const eraseConnection = (env: Env, principal: Principal, id: string): Promise<Erasure> => erase(env, principal, 'connection', id);

/** Whoever may sync may disconnect; what was remembered is another matter. Throws ApiError `forbidden`, `bad_request`. */
export function mayErase(principal: Principal): void {
  if (!principal.scopes.has('admin')) throw new ApiError('forbidden', 'Erasing memory needs the scope "admin". Ask an owner of the tenant, or disconnect without forget=true: its memory stays.');
}

/** A person types what is to be erased; a script has written its call down. Throws ApiError `bad_request`. */
export function confirmed({ via }: Principal, typed: string | undefined, wanted: string, inWords: string): void {
  if (typed === undefined ? via === 'key' : typed.trim() === wanted) return;
  throw new ApiError('bad_request', `This cannot be taken back. Send {"confirm": ..} with ${inWords} exactly as it is shown.`, { details: { confirm: inWords } });
}

/** A worker that does not answer in time, or is not there, finishes it later. Throws ApiError `not_found`. */
async function erase(env: Env, { tenantId, name }: Principal, subject: ErasureSubject, subjectId: string | null): Promise<Erasure> {
  const id = crypto.randomUUID();
  const [rows] = await tenantDatabase(env).tenant(tenantId, [writeErasure(tenantId, id, subject, subjectId, name)], 'exclusive');
  const asked = rows?.[0] as unknown as Erasure | undefined;
  if (!asked) throw new ApiError('not_found', `There is no such ${subject} in memory. Check the id.`);
  return askFleet(env, 'erase', { tenant_id: tenantId, erasure_id: id }, Erasure, ERASE_PATIENCE_MS).catch((error: unknown) => { if (error instanceof ApiError && error.code === 'unavailable') return asked; throw error; });
}
