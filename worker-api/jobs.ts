/** Jobs as people see and steer them: get, list, cancel, pause, resume. Every change of status is the object's. */
import { sql, type SQL } from 'drizzle-orm';
import type { z } from 'zod';
import { routes, type JobsListResponse, type JobsQuery, type PageQuery } from '#contract/api';
import { ApiError } from '#contract/errors';
import { isActive, type IntegrationId, type Job } from '#contract/job';
import { ACTIVE_JOBS_PER_TENANT_MAX } from '#contract/limits';
import { monthEnds } from '#contract/plans';
import type { ObjectRefusal, ObjectReply } from '#durable-objects/carry-out';
import { objectName, type SyncJob } from '#durable-objects/sync-job';
import { jobColumns, jobFromRow, type JobRow } from '#migrations/job-row';
import type { Principal } from './auth.ts';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { serve, uuidOr404, type App } from './route.ts';

const RETRY_AFTER_SECONDS = 30;

export function serveJobs(app: App): void {
  serve(app, routes.listJobs, async ({ env, principal, query }) => list(env, principal, query, null));
  serve(app, routes.listIntegrationJobs, async ({ env, principal, params, query }) => list(env, principal, query, params.integration_id));
  serve(app, routes.getJob, async ({ env, principal, params }) => (await findJob(env, principal.tenantId, params.job_id)).job);
  serve(app, routes.cancelJob, async ({ env, principal, params }) => act(env, principal, params.job_id, 'cancel'));
  serve(app, routes.pauseJob, async ({ env, principal, params }) => act(env, principal, params.job_id, 'pause'));
  serve(app, routes.resumeJob, async ({ env, principal, params }) => act(env, principal, params.job_id, 'resume'));
}

/** The verbs of a job's object, as RPC offers them. Spelled out, because RPC's own type is too deep for the compiler. */
type JobObject = Pick<SyncJob, 'start' | 'wanted' | 'claim' | 'hold' | 'beat' | 'release' | 'holds' | 'cancel' | 'pause' | 'resume' | 'retryFailures' | 'reconnected' | 'disconnected' | 'roomAgain' | 'snapshot' | 'look'> & { fetch(request: Request): Promise<Response> };

export const objectOf = (env: Env, tenantId: string, jobId: string): JobObject => env.SYNC_JOB.getByName(objectName(tenantId, jobId)) as unknown as JobObject;

const list = (env: Env, { tenantId }: Principal, { status, ...page }: z.output<typeof JobsQuery>, integrationId: IntegrationId | null): Promise<JobsListResponse> =>
  jobsWhere(env, tenantId, sql`(${status ?? null}::text is null or j.status = ${status ?? null}) and (${integrationId}::text is null or j.integration_id = ${integrationId})`, sql`j.created_at desc, j.id`, page);

/** One page of the tenant's jobs `j`, as they are right now. */
export async function jobsWhere(env: Env, tenantId: string, condition: SQL, order: SQL, { limit, offset }: z.output<typeof PageQuery>): Promise<JobsListResponse> {
  const where = sql`j.tenant_id = ${tenantId} and ${condition}`;
  const [rows, totals] = await tenantDatabase(env).tenant(tenantId, [
    sql`select ${jobColumns} from historical_sync_jobs j where ${where} order by ${order} limit ${limit} offset ${offset}`,
    sql`select count(*)::int as total from historical_sync_jobs j where ${where}`,
  ]);
  const jobs = await Promise.all((rows as JobRow[]).map((row) => live(env, row)));
  return { jobs, total: Number(totals?.[0]?.total ?? 0), limit, offset };
}

/** What an active job is doing its object knows best; at most three of a tenant's jobs are active. */
async function live(env: Env, row: JobRow): Promise<Job> {
  if (!isActive(row.status)) return jobFromRow(row);
  return await objectOf(env, row.tenant_id, row.id).snapshot().catch(() => null) ?? jobFromRow(row);
}

export async function findJob(env: Env, tenantId: string, id: string): Promise<{ job: Job; jobId: string }> {
  const jobId = uuidOr404(id);
  const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${jobColumns} from historical_sync_jobs j where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid`]);
  const row = rows?.[0] as JobRow | undefined;
  if (!row) throw new ApiError('not_found', 'There is no such job.');
  return { job: await live(env, row), jobId };
}

const done = { cancel: 'cancelled', pause: 'paused', resume: 'resumed', retryFailures: 'retried' } as const;
type JobVerb = keyof typeof done;

/** Asks the job's object. Throws ApiError when there is no such job or it refuses. */
export async function act(env: Env, { tenantId, name }: Principal, id: string, verb: JobVerb): Promise<Job> {
  const { jobId } = await findJob(env, tenantId, id);
  const reply: ObjectReply = await objectOf(env, tenantId, jobId)[verb](name);
  if (reply.ok) return reply.job;
  throw refusal(reply.refusal, verb, reply.job);
}

function refusal(kind: ObjectRefusal, verb: JobVerb, job: Job | null): ApiError {
  switch (kind) {
    case 'invalid_state': case 'not_waiting': case 'not_due': case 'leased': case 'fenced':
      return new ApiError('invalid_state', `A job that is ${job?.status ?? 'gone'} cannot be ${done[verb]}.`, { details: { status: job?.status ?? null } });
    case 'over_limit': return tooManyJobs(`${ACTIVE_JOBS_PER_TENANT_MAX} syncs are running or waiting already. Resume this one when another has ended.`);
    case 'over_quota': return quotaUsedUp();
    case 'busy': return new ApiError('already_active', 'This account is being synced by another job. Wait for it or cancel it.');
    case 'unknown_job': return new ApiError('not_found', 'There is no such job.');
    case 'unavailable': return new ApiError('unavailable', `The job could not be ${done[verb]} for certain: the database does not answer. It is tried again by itself; look again in a moment.`, { retryAfterSeconds: 5 });
  }
}

export const tooManyJobs = (message: string): ApiError => new ApiError('too_many_jobs', message, { retryAfterSeconds: RETRY_AFTER_SECONDS });

/** ACUs are counted per calendar month, UTC. */
export function quotaUsedUp(figures: { acu_per_month?: number; acu_used?: number } = {}): ApiError {
  const resetsAt = monthEnds(new Date());
  return new ApiError('quota_exhausted', `This month's quota is used up. Choose a larger plan, or wait until ${resetsAt.slice(0, 10)}.`, { details: { ...figures, resets_at: resetsAt } });
}
