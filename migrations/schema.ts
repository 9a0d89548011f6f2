/** The tables of migrations/sql as drizzle knows them: tenants, people, connections, jobs and their books here, memory in schema-memory.ts. The SQL decides; a test compares the two column by column. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, customType, date, integer, jsonb, pgTable, primaryKey, real, smallint, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export * from './schema-memory.ts';

/** As text: `{[from,until),..}`. https://www.postgresql.org/docs/current/rangetypes.html */
const timeSpans = customType<{ data: string }>({ dataType: () => 'tstzmultirange' });

export const tenants = pgTable('tenants', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  slug: text('slug').notNull(),
  logo: text('logo'),
  metadata: text('metadata'),
  plan: text('plan').notNull().default('free'),
  acuPerMonth: integer('acu_per_month'),
  modelTokensPerMonth: bigint('model_tokens_per_month', { mode: 'number' }),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const users = pgTable('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const sessions = pgTable('sessions', {
  id: text('id').primaryKey(),
  token: text('token').notNull(),
  userId: text('user_id').notNull(),
  activeTenantId: text('active_tenant_id'),
  ipAddress: text('ip_address'),
  userAgent: text('user_agent'),
  expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const accounts = pgTable('accounts', {
  id: text('id').primaryKey(),
  accountId: text('account_id').notNull(),
  providerId: text('provider_id').notNull(),
  userId: text('user_id').notNull(),
  accessToken: text('access_token'),
  refreshToken: text('refresh_token'),
  idToken: text('id_token'),
  accessTokenExpiresAt: timestamp('access_token_expires_at', { withTimezone: true, precision: 3 }),
  refreshTokenExpiresAt: timestamp('refresh_token_expires_at', { withTimezone: true, precision: 3 }),
  scope: text('scope'),
  password: text('password'),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const verifications = pgTable('verifications', {
  id: text('id').primaryKey(),
  identifier: text('identifier').notNull(),
  value: text('value').notNull(),
  expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const members = pgTable('members', {
  id: text('id').primaryKey(),
  tenantId: text('tenant_id').notNull(),
  userId: text('user_id').notNull(),
  role: text('role').notNull().default('member'),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const invitations = pgTable('invitations', {
  id: text('id').primaryKey(),
  tenantId: text('tenant_id').notNull(),
  email: text('email').notNull(),
  role: text('role').notNull(),
  status: text('status').notNull().default('pending'),
  expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  inviterId: text('inviter_id').notNull(),
  tokenHash: text('token_hash').notNull(),
});

export const rateLimits = pgTable('rate_limits', {
  id: text('id').primaryKey(),
  key: text('key').notNull(),
  count: integer('count').notNull(),
  lastRequest: bigint('last_request', { mode: 'number' }).notNull(),
});

export const apiKeys = pgTable('api_keys', {
  tenantId: text('tenant_id').notNull(),
  id: text('id').notNull(),
  name: text('name').notNull(),
  prefix: text('prefix').notNull(),
  hash: text('hash').notNull(),
  scopes: text('scopes').array().notNull(),
  createdBy: text('created_by'),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }),
  lastUsedAt: timestamp('last_used_at', { withTimezone: true, precision: 3 }),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const tenantSecrets = pgTable('tenant_secrets', {
  tenantId: text('tenant_id').notNull(),
  name: text('name').notNull(),
  sealed: text('sealed').notNull(),
  last4: text('last4').notNull(),
  baseUrl: text('base_url'),
  model: text('model'),
  embeddingModel: text('embedding_model'),
  updatedBy: text('updated_by').notNull(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.name] })]);

export const connections = pgTable('connections', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  integrationId: text('integration_id').notNull(),
  account: text('account').notNull(),
  status: text('status').notNull().default('active'),
  scopes: text('scopes').array().notNull().default([]),
  sealedTokens: text('sealed_tokens'),
  tokenVersion: integer('token_version').notNull().default(0),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  lastSyncedAt: timestamp('last_synced_at', { withTimezone: true, precision: 3 }),
  schedule: text('schedule').notNull().default('off'),
  nextSyncAt: timestamp('next_sync_at', { withTimezone: true, precision: 3 }),
  scheduleNote: text('schedule_note'),
  failuresInARow: integer('failures_in_a_row').notNull().default(0),
  openUntil: timestamp('open_until', { withTimezone: true, precision: 3 }),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const providerUsage = pgTable('provider_usage', {
  tenantId: text('tenant_id').notNull(),
  connectionId: uuid('connection_id').notNull(),
  day: date('day').notNull(),
  requests: integer('requests').notNull(),
  throttled: integer('throttled').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.connectionId, t.day] })]);

export const oauthStates = pgTable('oauth_states', {
  tenantId: text('tenant_id').notNull(),
  stateHash: text('state_hash').notNull(),
  integrationId: text('integration_id').notNull(),
  principal: text('principal').notNull(),
  sealedVerifier: text('sealed_verifier').notNull(),
  expiresAt: timestamp('expires_at', { withTimezone: true, precision: 3 }).notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.stateHash] })]);

export const historicalSyncJobs = pgTable('historical_sync_jobs', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  integrationId: text('integration_id').notNull(),
  sourceConnectionId: uuid('source_connection_id').notNull(),
  status: text('status').notNull().default('pending'),
  reason: text('reason'),
  message: text('message'),
  statusVersion: bigint('status_version', { mode: 'number' }).notNull().default(0),
  fence: bigint('fence', { mode: 'number' }).notNull().default(0),
  attempt: integer('attempt').notNull().default(0),
  maxRetries: integer('max_retries').notNull().default(3),
  errorCount: integer('error_count').notNull().default(0),
  lastError: text('last_error'),
  nextRetryAt: timestamp('next_retry_at', { withTimezone: true, precision: 3 }),
  startedAt: timestamp('started_at', { withTimezone: true, precision: 3 }),
  completedAt: timestamp('completed_at', { withTimezone: true, precision: 3 }),
  priority: text('priority').notNull().default('normal'),
  priorityRank: smallint('priority_rank').notNull().generatedAlwaysAs(sql`case priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end`),
  startDate: timestamp('start_date', { withTimezone: true, precision: 3 }).notNull(),
  endDate: timestamp('end_date', { withTimezone: true, precision: 3 }).notNull(),
  chunkSize: integer('chunk_size').notNull().default(100),
  scope: text('scope').notNull().default('personal'),
  idempotencyKey: text('idempotency_key'),
  createdBy: text('created_by').notNull(),
  acuAtStart: integer('acu_at_start').notNull().default(0),
  retriesAsked: integer('retries_asked').notNull().default(0),
  retriesPlanned: integer('retries_planned').notNull().default(0),
  enrichment: jsonb('enrichment'),
  mode: text('mode').notNull().default('backfill'),
  removed: integer('removed').notNull().default(0),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  progressPercentage: real('progress_percentage').notNull().default(0),
  recordsProcessed: integer('records_processed').notNull().default(0),
  entitiesExtracted: integer('entities_extracted').notNull().default(0),
  relationshipsExtracted: integer('relationships_extracted').notNull().default(0),
  seen: integer('seen').notNull().default(0),
  stored: integer('stored').notNull().default(0),
  unchanged: integer('unchanged').notNull().default(0),
  duplicate: integer('duplicate').notNull().default(0),
  failed: integer('failed').notNull().default(0),
  chunksCompleted: integer('chunks_completed').notNull().default(0),
  checkpointData: jsonb('checkpoint_data'),
  lastHeartbeat: timestamp('last_heartbeat', { withTimezone: true, precision: 3 }),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const jobEvents = pgTable('job_events', {
  tenantId: text('tenant_id').notNull(),
  jobId: uuid('job_id').notNull(),
  no: integer('no').notNull(),
  at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
  actor: text('actor').notNull(),
  event: text('event').notNull(),
  message: text('message').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.jobId, t.no] })]);

export const archives = pgTable('archives', {
  tenantId: text('tenant_id').notNull(),
  connectionId: uuid('connection_id').notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  uploadedAt: timestamp('uploaded_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.connectionId] })]);

export const acuUsage = pgTable('acu_usage', {
  tenantId: text('tenant_id').notNull(),
  month: date('month').notNull(),
  jobId: uuid('job_id').notNull(),
  recordsStored: integer('records_stored').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.month, t.jobId] })]);

export const syncWindows = pgTable('sync_windows', {
  tenantId: text('tenant_id').notNull(),
  jobId: uuid('job_id').notNull(),
  stream: text('stream').notNull(),
  no: integer('no').notNull(),
  retryOf: integer('retry_of'),
  kind: text('kind').notNull().default('span'),
  plannedFence: bigint('planned_fence', { mode: 'number' }),
  since: timestamp('since', { withTimezone: true, precision: 3 }).notNull(),
  until: timestamp('until', { withTimezone: true, precision: 3 }).notNull(),
  seq: integer('seq').notNull().default(0),
  checkpoint: jsonb('checkpoint'),
  done: boolean('done').notNull().default(false),
  covered: real('covered').notNull().default(0),
  seen: integer('seen').notNull().default(0),
  stored: integer('stored').notNull().default(0),
  unchanged: integer('unchanged').notNull().default(0),
  duplicate: integer('duplicate').notNull().default(0),
  failed: integer('failed').notNull().default(0),
  removed: integer('removed').notNull().default(0),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  title: text('title'),
  note: text('note'),
  leftOut: integer('left_out').notNull().default(0),
}, (t) => [primaryKey({ columns: [t.tenantId, t.jobId, t.stream, t.no] })]);

export const syncTokens = pgTable('sync_tokens', {
  tenantId: text('tenant_id').notNull(),
  connectionId: uuid('connection_id').notNull(),
  stream: text('stream').notNull(),
  since: timestamp('since', { withTimezone: true, precision: 3 }).notNull(),
  place: jsonb('place').notNull(),
  sweepAt: timestamp('sweep_at', { withTimezone: true, precision: 3 }),
  begunAt: timestamp('begun_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.connectionId, t.stream, t.since] })]);

export const streamCoverage = pgTable('stream_coverage', {
  tenantId: text('tenant_id').notNull(),
  connectionId: uuid('connection_id').notNull(),
  stream: text('stream').notNull(),
  title: text('title'),
  held: timeSpans('held').notNull().default('{}'),
  complete: timeSpans('complete').notNull().default('{}'),
  oldest: timestamp('oldest', { withTimezone: true, precision: 3 }).notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.connectionId, t.stream] })]);

export const syncLedger = pgTable('sync_ledger', {
  tenantId: text('tenant_id').notNull(),
  jobId: uuid('job_id').notNull(),
  recordId: uuid('record_id').notNull(),
  stream: text('stream').notNull(),
  windowNo: integer('window_no').notNull(),
  outcome: text('outcome').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.jobId, t.recordId] })]);

export const recordFailures = pgTable('record_failures', {
  tenantId: text('tenant_id').notNull(),
  jobId: uuid('job_id').notNull(),
  recordId: uuid('record_id').notNull(),
  stream: text('stream').notNull(),
  providerId: text('provider_id').notNull(),
  kind: text('kind').notNull(),
  message: text('message').notNull(),
  attempts: integer('attempts').notNull().default(1),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.jobId, t.recordId] })]);
