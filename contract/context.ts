/** What an agent is given to read: records, entities and relations as one pack within a budget of tokens, with numbers to cite by. */
import { z } from 'zod';
import { IntegrationId } from './job.ts';
import {
  CONTEXT_DEPTH_DEFAULT, CONTEXT_RECORDS_DEFAULT, CONTEXT_RECORDS_MAX, CONTEXT_TOKENS_DEFAULT, CONTEXT_TOKENS_MAX, CONTEXT_TOKENS_MIN, NEIGHBORS_DEPTH_MAX, QUERY_CHARS_MAX,
} from './limits.ts';
import { EntityRef, SearchQuery, Watermark } from './memory.ts';

export const ContextRequest = z.strictObject({
  query: z.string().trim().min(1).max(QUERY_CHARS_MAX),
  /** Records at most. */
  limit: z.int().min(1).max(CONTEXT_RECORDS_MAX).default(CONTEXT_RECORDS_DEFAULT),
  /** Steps from what the records mention. */
  depth: z.int().min(1).max(NEIGHBORS_DEPTH_MAX).default(CONTEXT_DEPTH_DEFAULT),
  /** Of the whole answer, estimated (limits.ts: CONTEXT_CHARS_PER_TOKEN). */
  token_budget: z.int().min(CONTEXT_TOKENS_MIN).max(CONTEXT_TOKENS_MAX).default(CONTEXT_TOKENS_DEFAULT),
  integration: SearchQuery.shape.integration, person: SearchQuery.shape.person, from: SearchQuery.shape.from, to: SearchQuery.shape.to,
});
export type ContextRequest = z.output<typeof ContextRequest>;

export const ContextRecord = z.object({
  /** The number to cite it by. */
  citation: z.int(), record_id: z.string(), title: z.string(), occurred_at: z.iso.datetime(), integration_id: IntegrationId, stream: z.string(), url: z.string().nullable(),
  /** What is new in it, without quoted history and signature; `is_whole`: all of that, else as much as fits. */
  text: z.string(), is_whole: z.boolean(),
});
export type ContextRecord = z.infer<typeof ContextRecord>;
/** `score`: how near it is to what was asked, 0..1. */
const ContextEntity = EntityRef.extend({ score: z.number() });
/** Ends by name, for reading; `citations`: those of the records above that say so. */
const ContextRelation = z.object({
  source: z.string(), source_name: z.string(), edge_type: z.string(), target: z.string(), target_name: z.string(), weight: z.int(), first_seen: z.iso.datetime(), last_seen: z.iso.datetime(), citations: z.array(z.int()),
});
export const ContextAnswer = z.object({
  query: z.string(),
  records: z.array(ContextRecord),
  entities: z.array(ContextEntity),
  relations: z.array(ContextRelation),
  /** How far back memory is complete: what is not found may lie before that. */
  watermarks: z.array(Watermark),
  citations: z.array(z.object({ citation: z.int(), record_id: z.string(), url: z.string().nullable() })),
  token_budget: z.int(),
  /** Estimated, of this whole answer; at most the budget. */
  tokens: z.int(),
  /** There was more than fits. */
  truncated: z.boolean(),
});
export type ContextAnswer = z.infer<typeof ContextAnswer>;
