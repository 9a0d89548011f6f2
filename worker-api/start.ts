/** Starting jobs, one or all. The row is inserted here, under every limit at once; from then on the job is its object's. */
import { sql, type SQL } from 'drizzle-orm';
import { routes, type StartSyncWish } from '#contract/api';
import { ApiError, reasonSentences } from '#contract/errors';
import type { IntegrationId, Job, JobMode } from '#contract/job';
import { ACTIVE_JOBS_PER_TENANT_MAX, MAX_RETRIES, JOBS_AT_ONCE_MAX, MONTHS_BACK_DEFAULT, RECORDS_PER_ACU, SCHEDULE_SECONDS } from '#contract/limits';
import { monthsBefore, monthsOfArchive, monthsOfHistory, type Plan } from '#contract/plans';
import { startLock } from '#durable-objects/mirror';
import { connectorOf, connectors } from '#fly-worker/connectors/index';
import { jobColumns, jobFromRow, type JobRow } from '#migrations/job-row';
import { quotaAcu, recordsStored } from '#migrations/quota';
import type { Principal } from './auth.ts';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { findJob, objectOf, quotaUsedUp, tooManyJobs } from './jobs.ts';
import { serve, uuidOr404, type App } from './route.ts';
import { trace } from './tracing.ts';

const DAY_MS = 86_400_000;
/** Calendars reach ahead; a year of it is plenty. */
const FUTURE_DAYS_MAX = 366;

interface HowToSync {
  mode: JobMode;
  /** Of the range, over `tenants t`. */
  since: SQL; until: SQL;
  chunk_size: number; priority: Job['priority']; scope: string; idempotencyKey: string | null;
}
/** `integrationId` null: whichever the connection has. `dueAt`: started by its schedule, which said this moment; null: by somebody. */
export interface StartRequest extends HowToSync { integrationId: IntegrationId | null; connectionId: string; dueAt: string | null }

export function serveStart(app: App): void {
  serve(app, routes.startJob, ({ env, principal, params, body, context }) => startOne(env, principal, params.integration_id, body, context.req.header('idempotency-key')));

  serve(app, routes.startAll, async ({ env, principal, body, context }) => {
    const key = context.req.header('idempotency-key');
    // A wish that no account could be given is refused as a whole.
    howOf(principal, null, body, key);
    const outcomes = [];
    for (const { id, integration_id, account } of await connected(env, principal)) {
      const line = { connection_id: id, integration_id, account };
      const how = howOf(principal, integration_id, body, key);
      const job = await start(env, principal, { ...how, idempotencyKey: how.idempotencyKey && `${how.idempotencyKey}:${id}`, integrationId: integration_id, connectionId: id, dueAt: null }).catch((e: unknown) => { if (e instanceof ApiError) return e; throw e; });
      outcomes.push(job instanceof ApiError ? { ...line, outcome: 'refused' as const, job: null, error: job.body().error } : { ...line, outcome: 'started' as const, job, error: null });
    }
    return { outcomes };
  });
}

/** Starts what somebody asked for. Throws ApiError with what stands in the way. */
export async function startOne(env: Env, principal: Principal, integrationId: IntegrationId, wish: StartSyncWish, idempotencyKey: string | undefined): Promise<Job> {
  return start(env, principal, { ...howOf(principal, integrationId, wish, idempotencyKey), integrationId, connectionId: uuidOr404(wish.connection_id), dueAt: null });
}

/** Accounts that a person sees as connected, also those that must be reconnected: they get their line too. */
async function connected(env: Env, { tenantId }: Principal): Promise<{ id: string; integration_id: IntegrationId; account: string }[]> {
  const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`
    select id::text, integration_id, account from connections where tenant_id = ${tenantId} and status <> 'revoked' order by created_at, id limit ${JOBS_AT_ONCE_MAX}`]);
  return (rows ?? []) as unknown as { id: string; integration_id: IntegrationId; account: string }[];
}

/** Starts a job within every limit. `by`: who asked. Throws ApiError with the limit that stands in the way. */
export async function start(env: Env, by: Pick<Principal, 'tenantId' | 'name'>, request: StartRequest): Promise<Job> {
  const { tenantId } = by;
  const jobId = crypto.randomUUID(), beganMs = Date.now();
  const answers = await tenantDatabase(env).tenant(tenantId, [startLock(tenantId), insertJob(by, jobId, request), whyNot(tenantId, request)]);
  const row = answers[1]?.[0] as JobRow | undefined;
  if (!row) {
    const same = refuseStart(answers[2]?.[0] as unknown as WhyNot, request);
    return (await findJob(env, tenantId, same)).job;
  }
  // The row waits in Postgres; should the object not hear of it now, workers find the row and wake the object.
  const reply = await objectOf(env, tenantId, jobId).start({
    jobId, tenantId, integrationId: row.integration_id, connectionId: row.source_connection_id, priority: row.priority, mode: row.mode, startDate: row.start_date, endDate: row.end_date,
    chunkSize: row.chunk_size, scope: row.scope, maxRetries: row.max_retries, createdAt: row.created_at, createdBy: row.created_by,
  }).catch(() => null);
  trace(env, 'start', { tenantId, jobId }, { kind: 'server', beganMs, ok: true, attributes: { 'integration.id': row.integration_id, 'job.mode': row.mode, 'job.priority': row.priority } });
  return reply?.job ?? jobFromRow(row);
}

const uploads = connectors.filter(({ upload }) => upload).map(({ id }) => id);
/** Whether a connection is an uploaded file. Over `connections c`. */
export const isArchive = sql`c.integration_id = any(${`{${uploads.join(',')}}`}::text[])`;
export const fileStaysAsItIs = (): ApiError => new ApiError('unprocessable', 'A file stays as it is, so there is nothing to bring up to date. Upload the newer one under the same name and start its import.');

const monthsAllowed = sql`(${JSON.stringify(monthsOfHistory)}::jsonb ->> t.plan)::int`;
const monthsOfFile = sql`(${JSON.stringify(monthsOfArchive)}::jsonb ->> t.plan)::int`;
const moment = (at: Date): SQL => sql`${at.toISOString()}::timestamptz`;

/** From where memory of the connection begins, as far back as the plan reaches, until now; without any memory the default's months. */
export function rangeKept(tenantId: string, connectionId: string): { since: SQL; until: SQL } {
  // Memory of what is still to come does not make a range of the past.
  const oldest = sql`(select least(min(w.oldest), now() - interval '1 day') from stream_coverage w where w.tenant_id = ${tenantId} and w.connection_id = ${connectionId}::uuid having count(*) > 0)`;
  const ago = (months: SQL): SQL => sql`now() - make_interval(months => ${months})`;
  return { since: sql`greatest(coalesce(${oldest}, ${ago(sql`${MONTHS_BACK_DEFAULT}::int`)}), ${ago(monthsAllowed)})`, until: sql`now()` };
}
/** The next moment of the schedule that is still to come: what was missed meanwhile is not made up for. Over `connections c`. */
export const nextDue = sql`(select c.next_sync_at + make_interval(secs => p.seconds * (floor(greatest(extract(epoch from now() - c.next_sync_at), 0) / p.seconds) + 1))
  from (select (${JSON.stringify(SCHEDULE_SECONDS)}::jsonb ->> c.schedule)::float8 as seconds) p)`;

/** All limits in one statement, behind the tenant's start lock: parallel starts are counted one after the other. With it goes the job's first event. */
function insertJob({ tenantId, name }: Pick<Principal, 'tenantId' | 'name'>, jobId: string, r: StartRequest): SQL {
  return sql`
    with started as (
      insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, status_version, reason, message, priority, mode, start_date, end_date, chunk_size, scope, idempotency_key, created_by, acu_at_start, max_retries)
      select c.tenant_id, ${jobId}::uuid, c.integration_id, c.id, 1, 'queued', ${reasonSentences.queued}, ${r.priority}, ${r.mode}, ${r.since}, ${r.until},
             ${r.chunk_size}::int, ${r.scope}, ${r.idempotencyKey}, ${name}, ${quotaAcu}, ${MAX_RETRIES}::int
        from connections c join tenants t on t.id = c.tenant_id
       where c.tenant_id = ${tenantId} and c.id = ${r.connectionId}::uuid and (${r.integrationId}::text is null or c.integration_id = ${r.integrationId}) and c.status = 'active'
         and (${r.dueAt}::timestamptz is null or c.next_sync_at = ${r.dueAt}::timestamptz)
         and (${r.mode}::text = 'backfill' or not ${isArchive})
         and ${r.since} >= now() - make_interval(months => case when ${isArchive} then ${monthsOfFile} else ${monthsAllowed} end) - interval '1 day'
         and ${recordsStored(tenantId)} < ${quotaAcu}::bigint * ${RECORDS_PER_ACU}::int
         and (select count(*) from historical_sync_jobs a where a.tenant_id = ${tenantId} and a.status in ('pending', 'running')) < ${ACTIVE_JOBS_PER_TENANT_MAX}
         and not exists (select from historical_sync_jobs a where a.tenant_id = ${tenantId} and a.source_connection_id = c.id and a.status in ('pending', 'running'))
         and not exists (select from historical_sync_jobs a where a.tenant_id = ${tenantId} and a.idempotency_key = ${r.idempotencyKey})
      returning *),
    told as (insert into job_events (tenant_id, job_id, no, at, actor, event, message) select tenant_id, id, 1, created_at, created_by, 'started', message from started),
    moved as (update connections c set next_sync_at = ${nextDue}, schedule_note = null from started where ${r.dueAt}::timestamptz is not null and c.tenant_id = started.tenant_id and c.id = started.source_connection_id)
    select ${jobColumns} from started j`;
}

interface WhyNot {
  connection: string | null; integration: string | null; active: number; active_job: string | null; same_key: string | null;
  plan: Plan; too_far_back: boolean; quota_acu: number; records_stored: number;
}
const whyNot = (tenantId: string, r: StartRequest): SQL => sql`
  select c.status as connection, c.integration_id as integration,
         (select count(*)::int from historical_sync_jobs where tenant_id = ${tenantId} and status in ('pending', 'running')) as active,
         (select id::text from historical_sync_jobs where tenant_id = ${tenantId} and source_connection_id = ${r.connectionId}::uuid and status in ('pending', 'running')) as active_job,
         (select id::text from historical_sync_jobs where tenant_id = ${tenantId} and idempotency_key = ${r.idempotencyKey}) as same_key,
         t.plan, ${r.since} < now() - make_interval(months => case when ${isArchive} then ${monthsOfFile} else ${monthsAllowed} end) - interval '1 day' as too_far_back,
         ${quotaAcu} as quota_acu, ${recordsStored(tenantId)}::float8 as records_stored
    from tenants t left join connections c on c.tenant_id = t.id and c.id = ${r.connectionId}::uuid where t.id = ${tenantId}`;

/** The id of the job that the same Idempotency-Key started before; anything else is thrown. */
function refuseStart(why: WhyNot, request: StartRequest): string {
  if (why.same_key) return why.same_key;
  if (why.connection === null || why.connection === 'revoked' || (request.integrationId !== null && why.integration !== request.integrationId)) throw new ApiError('not_found', 'There is no such connection. Connect the account first.');
  if (why.connection === 'needs_reauth') throw new ApiError('needs_reauth', 'The account no longer lets us in. Reconnect it, then start again.');
  if (request.mode === 'incremental' && uploads.includes(why.integration as IntegrationId)) throw fileStaysAsItIs();
  if (why.active_job) throw new ApiError('already_active', 'This account is being synced already. Wait for that job or cancel it.', { details: { job_id: why.active_job } });
  if (why.too_far_back) throw beyondPlan(why.plan, reachOf(why.integration as IntegrationId)[why.plan]);
  if (why.records_stored >= why.quota_acu * RECORDS_PER_ACU) throw quotaUsedUp({ acu_per_month: why.quota_acu, acu_used: why.records_stored / RECORDS_PER_ACU });
  throw tooManyJobs(`${why.active} syncs are running or waiting, ${ACTIVE_JOBS_PER_TENANT_MAX} at a time are allowed. Start this one when another has ended.`);
}

const beyondPlan = (plan: Plan, months: number): ApiError =>
  new ApiError('plan_limit', `The ${plan} plan reaches ${months} month${months === 1 ? '' : 's'} back. Choose a later start_date or a larger plan.`, { details: { months_of_history: months } });

/** Months back by plan. */
const reachOf = (integration: IntegrationId | null): Record<Plan, number> => (integration !== null && uploads.includes(integration) ? monthsOfArchive : monthsOfHistory);

interface Wish { start_date?: string | undefined; end_date?: string | undefined; chunk_size: number; priority: Job['priority']; scope: string }

/** An account is read some months back, a file as a whole: as far as the plan reaches. Throws ApiError `bad_request` or `plan_limit`. */
function howOf({ plan }: Principal, integration: IntegrationId | null, wish: Wish, key: string | undefined): HowToSync {
  const now = new Date(), upload = integration === null ? undefined : connectorOf(integration)?.upload, months = reachOf(integration)[plan];
  const until = wish.end_date ? new Date(wish.end_date) : monthsBefore(now, -(upload?.monthsAhead ?? 0));
  const since = wish.start_date ? new Date(wish.start_date) : monthsBefore(now, upload ? months : Math.min(MONTHS_BACK_DEFAULT, months));
  if (!(since < until)) throw new ApiError('bad_request', 'start_date must be before end_date.');
  if (wish.end_date && until.getTime() > now.getTime() + FUTURE_DAYS_MAX * DAY_MS) throw new ApiError('bad_request', 'end_date is more than a year ahead.');
  if (since.getTime() < monthsBefore(now, months).getTime() - DAY_MS) throw beyondPlan(plan, months);
  return { mode: 'backfill', since: moment(since), until: moment(until), chunk_size: wish.chunk_size, priority: wish.priority, scope: wish.scope, idempotencyKey: idempotencyKeyOf(key) };
}

/** Null: none was sent. Throws ApiError `bad_request`. */
export function idempotencyKeyOf(header: string | undefined): string | null {
  if (header !== undefined && !/^[\x21-\x7e]{1,200}$/.test(header)) throw new ApiError('bad_request', 'Idempotency-Key must be 1 to 200 visible ASCII characters.');
  return header ?? null;
}
