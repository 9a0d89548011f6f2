/** What is derived from records or decided about them, for drizzle: the second half of schema.ts. */
import { boolean, doublePrecision, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';

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
