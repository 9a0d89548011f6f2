/** The tables of memory as drizzle knows them: records, the graph, what is waiting to become part of it. The SQL decides; a test compares the two column by column. */
import { bigint, boolean, customType, date, doublePrecision, integer, jsonb, pgTable, primaryKey, real, text, timestamp, uuid } from 'drizzle-orm/pg-core';

/** Postgres' one-byte "char". */
const singleChar = customType<{ data: string }>({ dataType: () => '"char"' });

export const records = pgTable('records', {
  tenantId: text('tenant_id').notNull(),
  recordId: uuid('record_id').notNull(),
  integrationId: text('integration_id').notNull(),
  connectionId: uuid('connection_id').notNull(),
  stream: text('stream').notNull(),
  providerId: text('provider_id').notNull(),
  kind: text('kind').notNull(),
  contentHash: text('content_hash').notNull(),
  title: text('title').notNull(),
  preview: text('preview').notNull(),
  url: text('url'),
  occurredAt: timestamp('occurred_at', { withTimezone: true, precision: 3 }).notNull(),
  endsAt: timestamp('ends_at', { withTimezone: true, precision: 3 }),
  people: text('people').array().notNull().default([]),
  storedByJob: uuid('stored_by_job').notNull(),
  storedAt: timestamp('stored_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.recordId] })]);

export const semanticLeftovers = pgTable('semantic_leftovers', {
  tenantId: text('tenant_id').notNull(),
  recordId: uuid('record_id').notNull(),
  contentHash: text('content_hash').notNull(),
  leftAt: timestamp('left_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.recordId, t.contentHash] })]);

export const discoveredEntities = pgTable('discovered_entities', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  entityType: text('entity_type').notNull(),
  key: text('key').notNull(),
  name: text('name').notNull(),
  status: text('status').notNull().default('staged'),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const graphNodes = pgTable('graph_nodes', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  nodeType: text('node_type').notNull(),
  key: text('key').notNull(),
  name: text('name').notNull(),
  properties: jsonb('properties').notNull().default({}),
  describedAt: timestamp('described_at', { withTimezone: true, precision: 3 }).notNull(),
  describedBy: uuid('described_by').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const graphEdges = pgTable('graph_edges', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  source: uuid('source').notNull(),
  edgeType: text('edge_type').notNull(),
  target: uuid('target').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const evidence = pgTable('evidence', {
  tenantId: text('tenant_id').notNull(),
  recordId: uuid('record_id').notNull(),
  targetId: uuid('target_id').notNull(),
  targetKind: singleChar('target_kind').notNull(),
  method: text('method').notNull(),
  confidence: real('confidence').notNull(),
  name: text('name'),
  properties: jsonb('properties'),
}, (t) => [primaryKey({ columns: [t.tenantId, t.recordId, t.targetId] })]);

export const enrichments = pgTable('enrichments', {
  tenantId: text('tenant_id').notNull(),
  jobId: uuid('job_id').notNull(),
  recordId: uuid('record_id').notNull(),
  contentHash: text('content_hash').notNull(),
  occurredAt: timestamp('occurred_at', { withTimezone: true, precision: 3 }).notNull(),
  outcome: text('outcome').notNull().default('queued'),
  message: text('message'),
  inputHash: text('input_hash'),
}, (t) => [primaryKey({ columns: [t.tenantId, t.jobId, t.recordId] })]);

export const modelUsage = pgTable('model_usage', {
  tenantId: text('tenant_id').notNull(),
  month: date('month').notNull(),
  jobId: uuid('job_id').notNull(),
  tokens: bigint('tokens', { mode: 'number' }).notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.month, t.jobId] })]);

export const nodeMerges = pgTable('node_merges', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  intoId: uuid('into_id').notNull(),
  rootId: uuid('root_id').notNull(),
  mergedBy: text('merged_by').notNull(),
  mergedAt: timestamp('merged_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const entityTypes = pgTable('entity_types', {
  tenantId: text('tenant_id').notNull(),
  slug: text('slug').notNull(),
  status: text('status').notNull(),
  jsonSchema: jsonb('json_schema').notNull(),
  activatedAt: timestamp('activated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  changedBy: text('changed_by').notNull(),
  changedAt: timestamp('changed_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.slug] })]);

export const graphCommunities = pgTable('graph_communities', {
  tenantId: text('tenant_id').notNull(),
  nodeId: uuid('node_id').notNull(),
  communityId: uuid('community_id').notNull(),
  rank: integer('rank').notNull(),
  weight: doublePrecision('weight').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.nodeId] })]);

export const communityBuilds = pgTable('community_builds', {
  tenantId: text('tenant_id').notNull(),
  builtAt: timestamp('built_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  modularity: doublePrecision('modularity').notNull(),
  isCut: boolean('is_cut').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId] })]);

export const extractionCache = pgTable('extraction_cache', {
  tenantId: text('tenant_id').notNull(),
  contentHash: text('content_hash').notNull(),
  extractor: text('extractor').notNull(),
  answer: jsonb('answer').notNull(),
  tokens: integer('tokens').notNull().default(0),
  createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.contentHash, t.extractor] })]);

export const erasures = pgTable('erasures', {
  tenantId: text('tenant_id').notNull(),
  id: uuid('id').notNull(),
  subject: text('subject').notNull(),
  subjectId: uuid('subject_id'),
  requestedBy: text('requested_by').notNull(),
  requestedAt: timestamp('requested_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  finishedAt: timestamp('finished_at', { withTimezone: true, precision: 3 }),
  records: integer('records').notNull().default(0),
  evidence: integer('evidence').notNull().default(0),
  nodes: integer('nodes').notNull().default(0),
  edges: integer('edges').notNull().default(0),
  entities: integer('entities').notNull().default(0),
  texts: integer('texts').notNull().default(0),
}, (t) => [primaryKey({ columns: [t.tenantId, t.id] })]);

export const erasing = pgTable('erasing', {
  tenantId: text('tenant_id').notNull(),
  recordId: uuid('record_id').notNull(),
  erasureId: uuid('erasure_id').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.recordId, t.erasureId] })]);

export const semanticSweeps = pgTable('semantic_sweeps', {
  tenantId: text('tenant_id').primaryKey(),
  beganAt: timestamp('began_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  sweptAt: timestamp('swept_at', { withTimezone: true, precision: 3 }),
  swept: bigint('swept', { mode: 'number' }).notNull().default(0),
});

export const embedders = pgTable('embedders', {
  tenantId: text('tenant_id').primaryKey(),
  wantedModel: text('wanted_model'),
  wantedBaseUrl: text('wanted_base_url'),
  current: jsonb('current'),
  next: jsonb('next'),
  fence: bigint('fence', { mode: 'number' }).notNull().default(0),
  heldUntil: timestamp('held_until', { withTimezone: true, precision: 3 }),
  dueAt: timestamp('due_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  message: text('message'),
  dropAt: timestamp('drop_at', { withTimezone: true, precision: 3 }),
  month: date('month').notNull(),
  tokens: bigint('tokens', { mode: 'number' }).notNull().default(0),
  updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
});

export const embedded = pgTable('embedded', {
  tenantId: text('tenant_id').notNull(),
  recordId: uuid('record_id').notNull(),
  embedderId: text('embedder_id').notNull(),
  contentHash: text('content_hash').notNull(),
}, (t) => [primaryKey({ columns: [t.tenantId, t.recordId, t.embedderId] })]);
