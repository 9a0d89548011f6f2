/** Jobs that gave up: every run of their budget ended without a stored chunk. Listed until somebody resumes them. */
import { sql } from 'drizzle-orm';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { JOBS_AT_ONCE_MAX } from '#contract/limits';
import { tenantDatabase } from './database.ts';
import { act, jobsWhere } from './jobs.ts';
import { serve, uuidOr404, type App } from './route.ts';

const isDead = sql`((j.status = 'cancelled' and j.reason = 'abandoned') or (j.status = 'failed' and j.attempt >= j.max_retries))`;
const newestFirst = sql`j.completed_at desc, j.id`, oldestFirst = sql`j.completed_at, j.id`;

export function serveDeadLetters(app: App): void {
  serve(app, routes.listDeadLetters, async ({ env, principal, query }) => {
    const { jobs, ...page } = await jobsWhere(env, principal.tenantId, isDead, newestFirst, query);
    return { dead_letters: jobs, ...page };
  });

  serve(app, routes.retryDeadLetter, async ({ env, principal, params }) => {
    const jobId = uuidOr404(params.job_id), { tenantId } = principal;
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${isDead} as dead, j.status from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid`]);
    const row = rows?.[0];
    if (row && !row.dead) throw new ApiError('invalid_state', 'This job is no dead letter: it did not use up its retries, or somebody resumed it.', { details: { status: row.status } });
    return act(env, principal, jobId, 'resume');
  });

  serve(app, routes.retryDeadLetters, async ({ env, principal }) => {
    const { jobs } = await jobsWhere(env, principal.tenantId, isDead, oldestFirst, { limit: JOBS_AT_ONCE_MAX, offset: 0 });
    const outcomes = [];
    for (const { job_id } of jobs) {
      const job = await act(env, principal, job_id, 'resume').catch((e: unknown) => { if (e instanceof ApiError) return e; throw e; });
      outcomes.push(job instanceof ApiError ? { job_id, outcome: 'refused' as const, job: null, error: job.body().error } : { job_id, outcome: 'resumed' as const, job, error: null });
    }
    return { outcomes };
  });
}
