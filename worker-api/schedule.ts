/** Keeping connections up to date: the schedule of each, a sync right now, and the minute's look for those that are due. They start under the same limits as any job. */
import { sql } from 'drizzle-orm';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import type { Priority } from '#contract/job';
import { ACTIVE_JOBS_PER_TENANT_MAX, CHUNK_SIZE_DEFAULT, DUE_SYNCS_MAX, SCHEDULE_SECONDS } from '#contract/limits';
import { connectionColumns, toConnection } from './connections.ts';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { serve, uuidOr404, type App } from './route.ts';
import { fileStaysAsItIs, idempotencyKeyOf, isArchive, nextDue, rangeKept, start, type StartRequest } from './start.ts';

export function serveSchedule(app: App): void {
  serve(app, routes.setSchedule, async ({ env, principal: { tenantId }, params, body: { every } }) => {
    const id = uuidOr404(params.connection_id), seconds = every === 'off' ? null : SCHEDULE_SECONDS[every];
    // Said twice it moves nothing. A connection that was never synced, or not for long, is due at once.
    const [rows, archives] = await tenantDatabase(env).tenant(tenantId, [sql`
      update connections c set schedule = ${every}, schedule_note = null, updated_at = now(), next_sync_at = case when ${seconds}::float8 is null then null
             when c.schedule = ${every} then c.next_sync_at else greatest(now(), c.last_synced_at + make_interval(secs => ${seconds}::float8)) end
       where c.tenant_id = ${tenantId} and c.id = ${id}::uuid and (c.status <> 'revoked' or ${seconds}::float8 is null) and (not ${isArchive} or ${seconds}::float8 is null) returning ${connectionColumns}`,
      sql`select 1 from connections c where c.tenant_id = ${tenantId} and c.id = ${id}::uuid and c.status <> 'revoked' and ${isArchive}`]);
    if (!rows?.[0] && archives?.[0]) throw fileStaysAsItIs();
    if (!rows?.[0]) throw new ApiError('not_found', 'There is no such connection. Connect the account first.');
    return toConnection(rows[0]);
  });

  serve(app, routes.syncNow, ({ env, principal, params, context }) => {
    const key = idempotencyKeyOf(context.req.header('idempotency-key'));
    return start(env, principal, { ...upToDate(principal.tenantId, uuidOr404(params.connection_id), 'normal'), dueAt: null, idempotencyKey: key });
  });
}

const upToDate = (tenantId: string, connectionId: string, priority: Priority): Omit<StartRequest, 'dueAt' | 'idempotencyKey'> =>
  ({ mode: 'incremental', ...rangeKept(tenantId, connectionId), priority, chunk_size: CHUNK_SIZE_DEFAULT, scope: 'personal', integrationId: null, connectionId });

interface Due { tenant_id: string; connection_id: string; due_at: string }

/** The minute's look: starts what is due. Whoever moves the due moment on has started the job, in the same statement, so two looks at once start one. */
export async function startDueSyncs(env: Env): Promise<void> {
  const [due] = await tenantDatabase(env).system([sql`
    select tenant_id, connection_id::text as connection_id, to_char(due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as due_at
      from connections_due(${ACTIVE_JOBS_PER_TENANT_MAX}::int, ${DUE_SYNCS_MAX}::int)`]);
  const byTenant = Map.groupBy((due ?? []) as unknown as Due[], (d) => d.tenant_id);
  const looks = await Promise.allSettled([...byTenant.values()].map(async (ofTenant) => { for (const one of ofTenant) await startDue(env, one); }));
  for (const look of looks) if (look.status === 'rejected') throw look.reason;
}

async function startDue(env: Env, { tenant_id: tenantId, connection_id: connectionId, due_at: dueAt }: Due): Promise<void> {
  try {
    await start(env, { tenantId, name: 'system' }, { ...upToDate(tenantId, connectionId, 'low'), dueAt, idempotencyKey: null });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // No room right now: it stays due. Anything else needs somebody, or time: this one is skipped, and the connection says why.
    if (error.code === 'already_active' || error.code === 'too_many_jobs') return;
    await tenantDatabase(env).tenant(tenantId, [sql`
      update connections c set next_sync_at = ${nextDue}, schedule_note = ${error.message} where c.tenant_id = ${tenantId} and c.id = ${connectionId}::uuid and c.next_sync_at = ${dueAt}::timestamptz`]);
  }
}
