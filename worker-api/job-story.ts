/** What became of a job in detail: its events, and the records it could not store, which can be tried again. */
import { sql, type SQL } from 'drizzle-orm';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import type { JobEventEntry, RecordFailure } from '#contract/job';
import { JOB_EVENTS_MAX } from '#contract/limits';
import { tenantDatabase, utc } from './database.ts';
import { act, findJob } from './jobs.ts';
import { serve, uuidOr404, type App } from './route.ts';

/** A record that failed and was stored at a later meeting is a failure no more; one whose newer version failed stands in memory in its older one. */
const failuresOf = (tenantId: string, jobId: string): SQL => sql`
  record_failures f join sync_ledger l on l.tenant_id = f.tenant_id and l.job_id = f.job_id and l.record_id = f.record_id
   where f.tenant_id = ${tenantId} and f.job_id = ${jobId}::uuid and l.outcome = 'failed'`;

export function serveJobStory(app: App): void {
  serve(app, routes.listJobEvents, async ({ env, principal: { tenantId }, params }) => {
    const { jobId } = await findJob(env, tenantId, params.job_id);
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`
      select no, ${utc('at')} as at, actor, event, message from job_events where tenant_id = ${tenantId} and job_id = ${jobId}::uuid order by no desc limit ${JOB_EVENTS_MAX}`]);
    return { events: (rows ?? []) as unknown as JobEventEntry[] };
  });

  serve(app, routes.listFailures, async ({ env, principal: { tenantId }, params, query: { limit, offset } }) => {
    const { jobId } = await findJob(env, tenantId, params.job_id);
    const [rows, totals] = await tenantDatabase(env).tenant(tenantId, [
      sql`select f.record_id::text, f.stream, f.provider_id, f.kind, f.message, f.attempts, ${utc('f.created_at')} as failed_at
            from ${failuresOf(tenantId, jobId)} order by f.created_at desc, f.record_id limit ${limit} offset ${offset}`,
      sql`select count(*)::int as total from ${failuresOf(tenantId, jobId)}`,
    ]);
    return { failures: (rows ?? []) as unknown as RecordFailure[], total: Number(totals?.[0]?.total ?? 0), limit, offset };
  });

  serve(app, routes.retryFailures, async ({ env, principal, params }) => {
    const jobId = uuidOr404(params.job_id), { tenantId } = principal;
    const [totals] = await tenantDatabase(env).tenant(tenantId, [sql`
      select (select count(*)::int from ${failuresOf(tenantId, jobId)}) as failed from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid`]);
    if (totals?.[0]?.failed === 0) throw new ApiError('invalid_state', 'No record of this job is waiting to be tried again.');
    return act(env, principal, jobId, 'retryFailures');
  });
}
