/** The language of the dual memory: what a record becomes, what the graph is made of, what a search answers. */
import { z } from 'zod';
import { IntegrationId } from './job.ts';
import type { SecretKind } from './redaction.ts';
import { QUERY_CHARS_MAX, SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX } from './limits.ts';

/** System types: active from the start, promoted to graph nodes in the commit. */
export const SYSTEM_NODE_TYPES = ['person', 'organization', 'thread', 'event', 'channel', 'contact', 'account', 'opportunity', 'lead'] as const;
/** Found in text, staged until a user activates their type. */
export const STAGED_ENTITY_TYPES = ['url', 'money', 'date', 'identifier', 'phone', 'place', 'mentioned_person', 'company'] as const;
/** A type is a slug: one of the above, or one that schema discovery or a model found. */
export type NodeType = (typeof SYSTEM_NODE_TYPES)[number] | (typeof STAGED_ENTITY_TYPES)[number] | (string & {});

export type EdgeType = 'SENT' | 'RECEIVED' | 'WORKS_AT' | 'REPLY_TO' | 'IN_THREAD' | 'ORGANIZED' | 'ATTENDS' | 'POSTED_IN' | 'MENTIONS' | 'RELATES_TO' | 'OWNS' | (string & {});

/** How a fact was found. */
type Method = 'header' | 'rule' | 'llm';

/** A thing a record speaks of. (type, key) is its identity within a tenant; the key is normalised (address in lower case, domain ..). */
export interface EntityFact { type: NodeType; key: string; name: string; properties: Record<string, string | number | boolean | null>; method: Method; confidence: number }
/** How two of them relate, by the same identity. Properties tell apart e.g. to/cc/bcc. */
export interface RelationFact { type: EdgeType; source: { type: NodeType; key: string }; target: { type: NodeType; key: string }; properties: Record<string, string | number | boolean | null>; method: Method; confidence: number }

/** What the rules read off one record. Entities and relations are unique by identity; every end of a relation is among the entities. */
export interface Facts { entities: EntityFact[]; relations: RelationFact[] }

/** A part of the stored text: what is new, and what is history or boilerplate. Offsets are UTF-16 code units into `text`, ascending, not overlapping. */
export interface MarkedPart { kind: 'quote' | 'signature' | 'disclaimer'; start: number; end: number }

/** A stretch of a text with a vector of its own. Offsets in the text, half open; `embeddable`: subject, and what is new in the stretch. */
export interface Passage { start: number; end: number; embeddable: string }

/** A record after cleaning: what both memories store. */
export interface DerivedRecord {
  /** Redacted, whitespace-normal, at most TITLE_CHARS_MAX. */
  title: string;
  /** The whole readable text (new part, quotes, signature), redacted, well-formed Unicode without NUL, at most TEXT_CHARS_MAX characters. */
  text: string;
  parts: MarkedPart[];
  /** Subject and new part only: what is embedded. One of a short text, several of a long one. */
  passages: Passage[];
  /** First about 200 characters of the new part, for lists. */
  preview: string;
  /** Lower-cased addresses of all participants, unique: the person filter. */
  people: string[];
  /** How many secrets of which pattern were taken out. */
  redacted: Partial<Record<SecretKind, number>>;
  facts: Facts;
}

export const SearchMode = z.enum(['hybrid', 'keyword', 'semantic']);
export type SearchMode = z.infer<typeof SearchMode>;

export const SearchQuery = z.object({
  q: z.string().trim().min(1).max(QUERY_CHARS_MAX),
  mode: SearchMode.default('hybrid'),
  limit: z.coerce.number().int().min(1).max(SEARCH_LIMIT_MAX).default(SEARCH_LIMIT_DEFAULT),
  /** `prefer`: of two hits that fit alike the newer one first; what fits much better stays in front. */
  recency: z.enum(['ignore', 'prefer']).default('ignore'),
  integration: IntegrationId.optional(),
  stream: z.string().max(200).optional(),
  /** An e-mail address. */
  person: z.string().trim().toLowerCase().max(320).optional(),
  from: z.iso.datetime({ offset: true }).or(z.iso.date()).optional(),
  to: z.iso.datetime({ offset: true }).or(z.iso.date()).optional(),
});
export type SearchQuery = z.infer<typeof SearchQuery>;

/** An entity as a hit or a record mentions it. */
export const EntityRef = z.object({ id: z.string(), node_type: z.string(), key: z.string(), name: z.string() });
export type EntityRef = z.infer<typeof EntityRef>;

export const SearchResult = z.object({
  record_id: z.string(),
  title: z.string(),
  /** Plain text; the matched words stand between ⟦ and ⟧, so that no page has to trust HTML. */
  snippet: z.string(),
  occurred_at: z.iso.datetime(),
  integration_id: IntegrationId,
  stream: z.string(),
  url: z.string().nullable(),
  scores: z.object({ fused: z.number(), keyword: z.number().nullable(), semantic: z.number().nullable() }),
  entities: z.array(EntityRef),
});
export type SearchResult = z.infer<typeof SearchResult>;

/** One stream of one connection is complete in memory between these dates. `title`: what people call it, when that is not its name. */
export const Watermark = z.object({
  connection_id: z.string(), integration_id: IntegrationId, stream: z.string(), title: z.string().nullable(),
  complete_back_to: z.iso.datetime(), complete_until: z.iso.datetime(),
});
export type Watermark = z.infer<typeof Watermark>;

export const SearchAnswer = z.object({ results: z.array(SearchResult), watermarks: z.array(Watermark), took_ms: z.number() });
export type SearchAnswer = z.infer<typeof SearchAnswer>;

export const MemoryRecord = z.object({
  record_id: z.string(),
  integration_id: IntegrationId,
  connection_id: z.string(),
  stream: z.string(),
  provider_id: z.string(),
  kind: z.string(),
  title: z.string(),
  text: z.string(),
  /** Quoted, signature and disclaimer parts of `text`. */
  parts: z.array(z.object({ kind: z.enum(['quote', 'signature', 'disclaimer']), start: z.int(), end: z.int() })),
  occurred_at: z.iso.datetime(),
  url: z.string().nullable(),
  content_hash: z.string(),
  entities: z.array(EntityRef),
});
export type MemoryRecord = z.infer<typeof MemoryRecord>;
