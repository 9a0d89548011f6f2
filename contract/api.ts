/** Every route of the product once: method, path, who may call, what goes in, what comes out. The front desk, OpenAPI and the page read this list. */
import { z } from 'zod';
import { accountRoutes } from './account-routes.ts';
import { Role, Scope, type RouteScope } from './accounts.ts';
import { ActivityQuery, ActivityResponse, SourcesResponse } from './activity.ts';
import { Confirmation, Erasure } from './erasure.ts';
import { AccessAfter, ApiErrorBody } from './errors.ts';
import { Ledger, Job, JobEventEntry, JobStatus, IntegrationId, Priority, RecordFailure } from './job.ts';
import { CHUNK_SIZE_DEFAULT, CHUNK_SIZE_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from './limits.ts';
import { MemoryRecord, SearchAnswer, SearchQuery } from './memory.ts';
import { memoryRoutes } from './memory-routes.ts';
import { FleetStatus } from './fleet.ts';

export interface Route {
  method: 'get' | 'post' | 'put' | 'delete';
  /** OpenAPI style: `{name}`. */
  path: string;
  summary: string;
  scope: RouteScope;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** The body is a file as it is, of any size, streamed past the desk. */
  file?: true;
  /** Status of success and its schema; null: no body. */
  status: 200 | 201 | 202 | 204 | 302;
  answer: z.ZodType | null;
  /** A stream of lines, each a JSON object as `answer` says. */
  media?: 'application/x-ndjson';
}

const Id = z.string().min(1).max(200).regex(/^[A-Za-z0-9_.:-]+$/);
const JobParams = z.object({ job_id: Id });
const RecordParams = z.object({ record_id: Id });
/** `name`: the file's, by which people know it again; a file of the same name takes the place of the one before. */
const ArchiveQuery = z.object({ integration_id: IntegrationId, name: z.string().trim().min(1).max(200).regex(/^[^/\\\p{Cc}]+$/u, 'a file name without folders') });
const ConnectionParams = z.object({ connection_id: Id });
const IntegrationParams = z.object({ integration_id: IntegrationId });
const Moment = z.iso.datetime({ offset: true }).or(z.iso.date());

const HowToSync = {
  start_date: Moment.optional(),
  end_date: Moment.optional(),
  chunk_size: z.int().min(1).max(CHUNK_SIZE_MAX).default(CHUNK_SIZE_DEFAULT),
  priority: Priority.default('normal'),
  scope: z.enum(['personal', 'shared']).default('personal'),
};
export const StartSyncRequest = z.strictObject({ connection_id: Id, ...HowToSync });
/** Without a body every default holds. */
const StartAllRequest = z.strictObject(HowToSync).prefault({});
export type StartSyncRequest = z.input<typeof StartSyncRequest>;
/** The same with every default filled in. */
export type StartSyncWish = z.output<typeof StartSyncRequest>;

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
export const JobsQuery = PageQuery.extend({ status: JobStatus.optional() });
const paged = { total: z.int(), limit: z.int(), offset: z.int() };
export const JobsListResponse = z.object({ jobs: z.array(Job), ...paged });
export type JobsListResponse = z.infer<typeof JobsListResponse>;
/** Newest first; the newest 50 are kept. */
export const JobEventsResponse = z.object({ events: z.array(JobEventEntry) });
export const FailuresResponse = z.object({ failures: z.array(RecordFailure), ...paged });
/** Jobs that used up their retries, in the one shape of a job, the last one to give up first. */
export const DeadLettersResponse = z.object({ dead_letters: z.array(Job), ...paged });

const Outcome = { job: Job.nullable(), error: ApiErrorBody.shape.error.nullable() };
/** One line a connection: its new job, or why there is none. */
export const StartAllResponse = z.object({
  outcomes: z.array(z.object({ connection_id: z.string(), integration_id: IntegrationId, account: z.string(), outcome: z.enum(['started', 'refused']), ...Outcome })),
});
/** One line a dead letter: the job that goes on, or why it does not. */
export const RetryAllResponse = z.object({ outcomes: z.array(z.object({ job_id: z.string(), outcome: z.enum(['resumed', 'refused']), ...Outcome })) });

/** How often a connection is brought up to date by itself. */
export const Schedule = z.enum(['off', 'hourly', 'daily']);
export type Schedule = z.infer<typeof Schedule>;

const Usage = z.object({ requests: z.int(), throttled: z.int() });
export const Connection = z.object({
  connection_id: z.string(),
  integration_id: IntegrationId,
  account: z.string(),
  status: z.enum(['active', 'needs_reauth', 'revoked']),
  scope: z.array(z.string()),
  created_at: z.iso.datetime(),
  last_synced_at: z.iso.datetime().nullable(),
  schedule: Schedule,
  /** Null: the schedule is off. In the past: due, and started as soon as the account and the team have room. */
  next_sync_at: z.iso.datetime().nullable(),
  /** Why the last due sync was skipped, in a sentence; null: it was not. */
  schedule_note: z.string().nullable(),
  /** The circuit breaker: `open` waits until `next_try_at`, `half_open` lets one run try; the sentence says so while it waits. */
  health: z.object({ state: z.enum(['closed', 'open', 'half_open']), failures_in_a_row: z.int(), next_try_at: z.iso.datetime().nullable(), message: z.string().nullable() }),
  /** What our workers asked of the provider for this account (UTC days, today included), and how often it answered 429. Half a minute old at most. */
  usage: z.object({ today: Usage, last_30_days: Usage }),
  /** The uploaded file behind it; null: an account. */
  archive: z.object({ bytes: z.int(), sha256: z.string(), uploaded_at: z.iso.datetime() }).nullable(),
});
export type Connection = z.infer<typeof Connection>;
/** The connection as it is now, what became of our access at the provider, and that in a sentence. */
/** `erasure`: the receipt, if its memory was to go, too. */
export const DisconnectResponse = Connection.extend({ access: AccessAfter, message: z.string(), erasure: Erasure.nullable() });
export const ConnectionsResponse = z.object({ connections: z.array(Connection) });

export const Integration = z.object({
  integration_id: IntegrationId, title: z.string(),
  /** What consent will ask for, in words. */
  scopes: z.array(z.object({ scope: z.string(), in_words: z.string() })),
  /** By signing in at the provider, or by uploading a file. */
  connect: z.enum(['oauth', 'upload']),
  /** What to choose, in words and by the names' extensions, and how large it may be; null: nothing to upload. */
  upload: z.object({ in_words: z.string(), extensions: z.array(z.string()), bytes_max: z.int() }).nullable(),
});
export const IntegrationsResponse = z.object({ integrations: z.array(Integration) });

export const Me = z.object({
  user: z.object({ id: z.string(), email: z.string(), name: z.string() }).nullable(),
  tenant: z.object({
    id: z.string(), name: z.string(), plan: z.enum(['free', 'solo', 'team', 'enterprise']), months_of_history: z.int(),
    /** What this calendar month (UTC) allows and how much of it is used, in ACUs; counted anew from `resets_at` on. */
    acu: z.object({ used: z.number(), limit: z.int(), resets_at: z.iso.datetime() }),
  }),
  /** Null for an API key. */
  role: Role.nullable(),
  scopes: z.array(Scope),
});
export type Me = z.infer<typeof Me>;

const MemoryStats = z.object({
  records: z.int(), entities: z.int(), relationships: z.int(),
  ledger: Ledger,
});
type MemoryStats = z.infer<typeof MemoryStats>;

const SYNC = '/api/integrations/historical-sync';
const JOBS = `${SYNC}/jobs`;

export const routes = {
  ...accountRoutes,
  me: { method: 'get', path: '/api/me', summary: 'Who is signed in, for which tenant, and what its plan has left this month', scope: 'read', status: 200, answer: Me },
  listIntegrations: { method: 'get', path: '/api/integrations', summary: 'The integrations one can connect', scope: 'read', status: 200, answer: IntegrationsResponse },
  listConnections: { method: 'get', path: '/api/connections', summary: 'The tenant\'s connected accounts', scope: 'read', status: 200, answer: ConnectionsResponse },
  authorizeConnection: {
    method: 'post', path: '/api/connections/{integration_id}/authorize', summary: 'Start connecting an account: answers where to send the person for consent', scope: 'sync',
    params: IntegrationParams, body: z.strictObject({ login_hint: z.string().max(320).optional() }).optional(), status: 200, answer: z.object({ authorize_url: z.url() }),
  },
  disconnect: {
    method: 'delete', path: '/api/connections/{connection_id}', summary: 'Disconnect an account and give our access back; its memory stays, unless forget=true (scope admin)', scope: 'sync',
    params: ConnectionParams, query: z.object({ forget: z.enum(['true', 'false']).default('false') }), body: Confirmation, status: 200, answer: DisconnectResponse,
  },
  setSchedule: {
    method: 'put', path: '/api/connections/{connection_id}/schedule', summary: 'How often a connection is brought up to date by itself: off, hourly or daily', scope: 'sync',
    params: ConnectionParams, body: z.strictObject({ every: Schedule }), status: 200, answer: Connection,
  },
  syncNow: {
    method: 'post', path: '/api/connections/{connection_id}/sync', summary: 'Bring a connection up to date now: what is new, edited or deleted since the last sync', scope: 'sync',
    params: ConnectionParams, status: 201, answer: Job,
  },
  uploadArchive: {
    method: 'post', path: '/api/archives', summary: 'Upload a file to import (mbox, Slack export, ics) as the request\'s body; answers its connection, which is then started like any', scope: 'sync',
    query: ArchiveQuery, file: true, status: 201, answer: Connection,
  },
  checkArchive: {
    method: 'post', path: '/api/archives/check', summary: 'Whether a file would be taken, by its size and its first 4 KB as the request\'s body; a page cannot hear a refusal while it still sends gigabytes', scope: 'sync',
    query: ArchiveQuery.extend({ bytes: z.coerce.number().int().min(1) }), file: true, status: 204, answer: null,
  },
  startJob: {
    method: 'post', path: '/api/integrations/{integration_id}/historical-sync/start', summary: 'Start a historical sync of one connection', scope: 'sync',
    params: IntegrationParams, body: StartSyncRequest, status: 201, answer: Job,
  },
  listIntegrationJobs: {
    method: 'get', path: '/api/integrations/{integration_id}/historical-sync/jobs', summary: 'Jobs of one integration, newest first', scope: 'read',
    params: IntegrationParams, query: JobsQuery, status: 200, answer: JobsListResponse,
  },
  listJobs: { method: 'get', path: JOBS, summary: 'Jobs of all integrations, newest first', scope: 'read', query: JobsQuery, status: 200, answer: JobsListResponse },
  getJob: { method: 'get', path: `${JOBS}/{job_id}`, summary: 'One job', scope: 'read', params: JobParams, status: 200, answer: Job },
  cancelJob: { method: 'post', path: `${JOBS}/{job_id}/cancel`, summary: 'Cancel a pending, running or paused job', scope: 'sync', params: JobParams, status: 200, answer: Job },
  pauseJob: { method: 'post', path: `${JOBS}/{job_id}/pause`, summary: 'Pause a pending or running job', scope: 'sync', params: JobParams, status: 200, answer: Job },
  resumeJob: { method: 'post', path: `${JOBS}/{job_id}/resume`, summary: 'Resume a failed, paused or abandoned job from its checkpoint', scope: 'sync', params: JobParams, status: 200, answer: Job },
  listJobEvents: { method: 'get', path: `${JOBS}/{job_id}/events`, summary: 'What happened to a job, newest first', scope: 'read', params: JobParams, status: 200, answer: JobEventsResponse },
  listFailures: {
    method: 'get', path: `${JOBS}/{job_id}/failures`, summary: 'Records of a job that could not be read or processed', scope: 'read', params: JobParams, query: PageQuery, status: 200, answer: FailuresResponse,
  },
  retryFailures: { method: 'post', path: `${JOBS}/{job_id}/failures/retry`, summary: 'Try the records that failed again, and only them', scope: 'sync', params: JobParams, status: 200, answer: Job },
  listDeadLetters: { method: 'get', path: `${SYNC}/dead-letters`, summary: 'Jobs that used up their retries', scope: 'read', query: PageQuery, status: 200, answer: DeadLettersResponse },
  retryDeadLetter: { method: 'post', path: `${SYNC}/dead-letters/{job_id}/retry`, summary: 'Resume one of them from its checkpoint', scope: 'sync', params: JobParams, status: 200, answer: Job },
  retryDeadLetters: { method: 'post', path: `${SYNC}/dead-letters/retry`, summary: 'Resume all of them, the longest waiting first; each outcome listed', scope: 'sync', status: 200, answer: RetryAllResponse },
  startAll: { method: 'post', path: `${SYNC}/start-all`, summary: 'Start one job per connected account; each outcome listed', scope: 'sync', body: StartAllRequest, status: 200, answer: StartAllResponse },
  search: { method: 'get', path: '/api/memory/search', summary: 'Search both memories', scope: 'read', query: SearchQuery, status: 200, answer: SearchAnswer },
  getRecord: {
    method: 'get', path: '/api/memory/records/{record_id}', summary: 'One record with its text and entities', scope: 'read',
    params: RecordParams, status: 200, answer: MemoryRecord,
  },
  ...memoryRoutes,
  fleet: { method: 'get', path: '/api/fleet', summary: 'The worker machines: how many, how busy, what was decided last', scope: 'admin', status: 200, answer: FleetStatus },
  memorySources: { method: 'get', path: '/api/memory/sources', summary: 'What memory holds of each connected account, and how far back it is complete', scope: 'read', status: 200, answer: SourcesResponse },
  activity: { method: 'get', path: '/api/activity', summary: 'What came into memory when and from where, and how the syncs fared, day by day', scope: 'read', query: ActivityQuery, status: 200, answer: ActivityResponse },
  memoryStats: { method: 'get', path: '/api/memory/stats', summary: 'How much is in memory', scope: 'read', status: 200, answer: MemoryStats },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof routes;

/** Where progress of one job streams: messages of contract/job's JobEventMessage. */
export const JOB_SOCKET_PATH = '/ws/historical-sync/{job_id}';
export const OAUTH_CALLBACK_PATH = '/oauth/{integration_id}/callback';
