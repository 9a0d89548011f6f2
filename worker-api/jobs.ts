/** Start, get, list, cancel, pause, resume. The row is inserted here under the limits; every later change of status is the object's. */
import { sql, type SQL } from 'drizzle-orm';
import { routes, type JobsListResponse, type JobsQuery } from '#contract/api';
import { ApiError } from '#contract/errors';
import { isActive, type IntegrationId, type Job } from '#contract/job';
import { ACTIVE_JOBS_PER_TENANT_MAX, MONTHS_BACK_DEFAULT } from '#contract/limits';
import { monthsBefore, monthsOfHistory } from '#contract/plans';
import { startLock } from '#durable-objects/mirror';
import type { ObjectRefusal, ObjectReply } from '#durable-objects/carry-out';
import { objectName, type SyncJob } from '#durable-objects/sync-job';
import { jobColumns, jobFromRow, type JobRow } from '#migrations/job-row';
import type { Principal } from './auth.ts';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { serve, uuidOr404, type App } from './route.ts';

const DAY_MS = 86_400_000;
/** Calendars reach ahead; a year of it is plenty. */
const FUTURE_DAYS_MAX = 366;
const RETRY_AFTER_SECONDS = 30;

export function serveJobs(app: App): void {
  serve(app, routes.startJob, async ({ env, principal, params, body, context }) => {
    const { since, until } = rangeOf(principal, body, new Date());
    const request: StartRequest = {
      ...body, integrationId: params.integration_id, connectionId: uuidOr404(body.connection_id), since, until,
      idempotencyKey: idempotencyKey(context.req.header('idempotency-key')),
    };
    return start(env, principal, request);
  });
  serve(app, routes.listJobs, async ({ env, principal, query }) => list(env, principal, query, null));
  serve(app, routes.listIntegrationJobs, async ({ env, principal, params, query }) => list(env, principal, query, params.integration_id));
  serve(app, routes.getJob, async ({ env, principal, params }) => (await findJob(env, principal.tenantId, params.job_id)).job);
  serve(app, routes.cancelJob, async ({ env, principal, params }) => act(env, principal, params.job_id, 'cancel'));
  serve(app, routes.pauseJob, async ({ env, principal, params }) => act(env, principal, params.job_id, 'pause'));
  serve(app, routes.resumeJob, async ({ env, principal, params }) => act(env, principal, params.job_id, 'resume'));
}

/** The verbs of a job's object, as RPC offers them. Spelled out, because the stub's own type is too deep for the compiler. */
type JobObject = Pick<SyncJob, 'start' | 'wanted' | 'claim' | 'beat' | 'release' | 'holds' | 'cancel' | 'pause' | 'resume' | 'reconnected' | 'disconnected' | 'snapshot' | 'look'> & { fetch(request: Request): Promise<Response> };

export const objectOf = (env: Env, tenantId: string, jobId: string): JobObject => env.SYNC_JOB.getByName(objectName(tenantId, jobId)) as unknown as JobObject;

interface StartRequest {
  integrationId: IntegrationId; connectionId: string; since: Date; until: Date; chunk_size: number; priority: Job['priority']; scope: string; idempotencyKey: string | null;
}

async function start(env: Env, principal: Principal, request: StartRequest): Promise<Job> {
  const { tenantId } = principal;
  const jobId = crypto.randomUUID();
  const answers = await tenantDatabase(env).tenant(tenantId, [startLock(tenantId), insertJob(principal, jobId, request), whyNot(tenantId, request)]);
  const row = answers[1]?.[0] as JobRow | undefined;
  if (!row) {
    const same = refuseStart(answers[2]?.[0] as unknown as WhyNot, request);
    return (await findJob(env, tenantId, same)).job;
  }
  // The row waits in Postgres; should the object not hear of it now, workers find the row and wake the object.
  const reply = await objectOf(env, tenantId, jobId).start({
    jobId, tenantId, integrationId: row.integration_id, connectionId: row.source_connection_id, priority: row.priority, startDate: row.start_date, endDate: row.end_date,
    chunkSize: row.chunk_size, scope: row.scope, maxRetries: row.max_retries, createdAt: row.created_at,
  }).catch(() => null);
  return reply?.job ?? jobFromRow(row);
}

/** All limits in one statement, behind the tenant's start lock: parallel starts are counted one after the other. */
function insertJob({ tenantId, name }: Principal, jobId: string, r: StartRequest): SQL {
  return sql`
    insert into historical_sync_jobs as j (tenant_id, id, integration_id, source_connection_id, status_version, reason, message, priority, start_date, end_date, chunk_size, scope, idempotency_key, created_by)
    select c.tenant_id, ${jobId}::uuid, c.integration_id, c.id, 1, 'queued', 'Waiting for a free worker. It starts by itself.', ${r.priority}, ${r.since.toISOString()}::timestamptz, ${r.until.toISOString()}::timestamptz,
           ${r.chunk_size}::int, ${r.scope}, ${r.idempotencyKey}, ${name}
      from connections c where c.tenant_id = ${tenantId} and c.id = ${r.connectionId}::uuid and c.integration_id = ${r.integrationId} and c.status = 'active'
       and (select count(*) from historical_sync_jobs a where a.tenant_id = ${tenantId} and a.status in ('pending', 'running')) < ${ACTIVE_JOBS_PER_TENANT_MAX}
       and not exists (select from historical_sync_jobs a where a.tenant_id = ${tenantId} and a.source_connection_id = c.id and a.status in ('pending', 'running'))
       and not exists (select from historical_sync_jobs a where a.tenant_id = ${tenantId} and a.idempotency_key = ${r.idempotencyKey})
    returning ${jobColumns}`;
}

interface WhyNot { connection: string | null; integration: string | null; active: number; active_job: string | null; same_key: string | null }
const whyNot = (tenantId: string, r: StartRequest): SQL => sql`
  select (select status from connections where tenant_id = ${tenantId} and id = ${r.connectionId}::uuid) as connection,
         (select integration_id from connections where tenant_id = ${tenantId} and id = ${r.connectionId}::uuid) as integration,
         (select count(*)::int from historical_sync_jobs where tenant_id = ${tenantId} and status in ('pending', 'running')) as active,
         (select id::text from historical_sync_jobs where tenant_id = ${tenantId} and source_connection_id = ${r.connectionId}::uuid and status in ('pending', 'running')) as active_job,
         (select id::text from historical_sync_jobs where tenant_id = ${tenantId} and idempotency_key = ${r.idempotencyKey}) as same_key`;

/** The id of the job that the same Idempotency-Key started before; anything else is thrown. */
function refuseStart(why: WhyNot, request: StartRequest): string {
  if (why.same_key) return why.same_key;
  if (why.connection === null || why.connection === 'revoked' || why.integration !== request.integrationId) throw new ApiError('not_found', 'There is no such connection. Connect the account first.');
  if (why.connection === 'needs_reauth') throw new ApiError('needs_reauth', 'The account no longer lets us in. Reconnect it, then start again.');
  if (why.active_job) throw new ApiError('already_active', 'This account is being synced already. Wait for that job or cancel it.', { details: { job_id: why.active_job } });
  throw new ApiError('too_many_jobs', `${why.active} syncs are running or waiting, ${ACTIVE_JOBS_PER_TENANT_MAX} at a time are allowed. Start this one when another has ended.`, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function rangeOf({ plan }: Principal, body: { start_date?: string | undefined; end_date?: string | undefined }, now: Date): { since: Date; until: Date } {
  const until = body.end_date ? new Date(body.end_date) : now;
  const months = monthsOfHistory[plan];
  const since = body.start_date ? new Date(body.start_date) : monthsBefore(now, Math.min(MONTHS_BACK_DEFAULT, months));
  if (!(since < until)) throw new ApiError('bad_request', 'start_date must be before end_date.');
  if (until.getTime() > now.getTime() + FUTURE_DAYS_MAX * DAY_MS) throw new ApiError('bad_request', 'end_date is more than a year ahead.');
  if (since.getTime() < monthsBefore(now, months).getTime() - DAY_MS) throw new ApiError('plan_limit', `The ${plan} plan reaches ${months} month${months === 1 ? '' : 's'} back. Choose a later start_date or a larger plan.`, { details: { months_of_history: months } });
  return { since, until };
}

function idempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (!/^[\x21-\x7e]{1,200}$/.test(header)) throw new ApiError('bad_request', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  return header;
}

async function list(env: Env, { tenantId }: Principal, { status, limit, offset }: ReturnType<typeof JobsQuery.parse>, integrationId: IntegrationId | null): Promise<JobsListResponse> {
  const where = sql`j.tenant_id = ${tenantId} and (${status ?? null}::text is null or j.status = ${status ?? null}) and (${integrationId}::text is null or j.integration_id = ${integrationId})`;
  const [rows, totals] = await tenantDatabase(env).tenant(tenantId, [
    sql`select ${jobColumns} from historical_sync_jobs j where ${where} order by j.created_at desc, j.id limit ${limit} offset ${offset}`,
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

async function act(env: Env, { tenantId }: Principal, id: string, verb: 'cancel' | 'pause' | 'resume'): Promise<Job> {
  const { jobId } = await findJob(env, tenantId, id);
  const reply: ObjectReply = await objectOf(env, tenantId, jobId)[verb]();
  if (reply.ok) return reply.job;
  throw refusal(reply.refusal, verb, reply.job);
}

function refusal(kind: ObjectRefusal, verb: string, job: Job | null): ApiError {
  switch (kind) {
    case 'invalid_state': case 'not_waiting': case 'not_due': case 'leased': case 'fenced':
      return new ApiError('invalid_state', `A job that is ${job?.status ?? 'gone'} cannot be ${verb === 'cancel' ? 'cancelled' : `${verb}d`}.`, { details: { status: job?.status ?? null } });
    case 'over_limit': return new ApiError('too_many_jobs', `${ACTIVE_JOBS_PER_TENANT_MAX} syncs are running or waiting already. Resume this one when another has ended.`, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    case 'busy': return new ApiError('already_active', 'This account is being synced by another job. Wait for it or cancel it.');
    case 'unknown_job': return new ApiError('not_found', 'There is no such job.');
    case 'unavailable': return new ApiError('unavailable', `The job could not be ${verb === 'cancel' ? 'cancelled' : `${verb}d`} for certain: the database does not answer. It is tried again by itself; look again in a moment.`, { retryAfterSeconds: 5 });
  }
}
