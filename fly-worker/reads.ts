/** Reading memory, through the ledger: a hit of semantic memory counts only if Postgres names its record and content hash. */
import { sql } from 'drizzle-orm';
import type { IntegrationId } from '#contract/job';
import { RECENCY_HALF_LIFE_DAYS, RECENCY_WORTH } from '#contract/limits';
import type { EntityRef, MemoryRecord, SearchAnswer, SearchQuery, SearchResult, Watermark } from '#contract/memory';
import type { Database, Row } from '#migrations/database';
import { isKept } from '#migrations/erasure';
import { watermarksOf } from '#migrations/watermarks';
import type { Embedder } from './embed/embedder.ts';
import { vectorAt } from './embed/embedder.ts';
import type { QueryModels } from './embed/queries.ts';
import { snippetOf, type Candidate, type Filters, type SemanticMemory } from './semantic/memory.ts';

/** `models`: of tenants that have their own; `ticket`: the leave to fetch this question's tenant's key. */
export interface Memory { db: Database; semantic: SemanticMemory; embedder: Embedder; models?: QueryModels; ticket?: string }

/** Entities shown with one hit: the people and organisations first, as many as fit a line. */
const ENTITIES_PER_HIT = 12;
const UTC = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

type FilterName = Exclude<keyof SearchQuery, 'q' | 'mode' | 'limit' | 'recency'>;
/** What each filter of a query means in semantic memory: one that is new to the contract and not here does not compile. */
const meanings: { [Name in FilterName]-?: (value: NonNullable<SearchQuery[Name]>) => Filters } = {
  integration: (integration) => ({ integration }), stream: (stream) => ({ stream }), person: (person) => ({ person }), from: (from) => ({ fromMs: Date.parse(from) }), to: (to) => ({ toMs: endOf(to) }),
};
function filtersOf(query: SearchQuery): Filters {
  const asked = Object.entries(meanings) as [FilterName, (value: unknown) => Filters][];
  return Object.assign({}, ...asked.map(([name, meaning]) => (query[name] ? meaning(query[name]) : {}))) as Filters;
}

/** Hybrid, keyword or semantic search of one tenant's memory. */
export async function search({ db, semantic, embedder, models, ticket }: Memory, tenantId: string, query: SearchQuery): Promise<SearchAnswer> {
  const began = performance.now();
  const vector = query.mode === 'keyword' ? null : vectorAt(await embedder.embed([query.q]), embedder.dims, 0);
  const beside = query.mode === 'keyword' || !models || !ticket ? null : await models.vectorOf(tenantId, query.q, ticket);
  const found = await semantic.search({ tenant: tenantId, embedder }, { q: query.q, mode: query.mode, limit: query.limit, vector, filters: filtersOf(query) }, beside);
  const candidates = query.recency === 'prefer' ? newerFirst(found, Date.now()) : found;
  const current = await named(db, tenantId, candidates);
  const hits = candidates.filter((c) => current.has(`${c.recordId}:${c.contentHash}`)).slice(0, query.limit);
  const ids = hits.map((h) => h.recordId);
  const [entities, watermarks, facts] = await details(db, tenantId, ids);
  const results = hits.flatMap((hit): SearchResult[] => {
    const fact = facts.get(hit.recordId);
    return fact ? [{
      record_id: hit.recordId, title: fact.title, snippet: snippetOf(hit, query.q), occurred_at: fact.occurred_at, integration_id: fact.integration_id, stream: fact.stream, url: fact.url,
      scores: { fused: hit.fused, keyword: hit.keywordScore, semantic: hit.vectorScore }, entities: (entities.get(hit.recordId) ?? []).slice(0, ENTITIES_PER_HIT),
    }] : [];
  });
  return { results, watermarks, took_ms: Math.round((performance.now() - began) * 10) / 10 };
}

/** Scores fall with age towards a floor, and the order with them. The future is as new as today. */
export function newerFirst<Hit extends { fused: number; occurredAt: number }>(hits: readonly Hit[], nowMs: number): Hit[] {
  const worth = ({ occurredAt }: Hit): number => 1 - RECENCY_WORTH * (1 - 0.5 ** (Math.max(0, nowMs - occurredAt) / 86_400_000 / RECENCY_HALF_LIFE_DAYS));
  return hits.map((hit) => ({ ...hit, fused: hit.fused * worth(hit) })).sort((a, b) => b.fused - a.fused);
}

/** A date without a time means the whole day. */
const endOf = (text: string): number => Date.parse(text) + (/^\d{4}-\d{2}-\d{2}$/.test(text) ? 86_400_000 : 0);

/** Those of the candidates that the ledger names. */
async function named(db: Database, tenantId: string, candidates: readonly Candidate[]): Promise<Set<string>> {
  if (candidates.length === 0) return new Set();
  const [rows] = await db.tenant(tenantId, [sql`
    select r.record_id::text || ':' || r.content_hash as id from records r where r.tenant_id = ${tenantId} and r.record_id = any(${`{${candidates.map((c) => c.recordId).join(',')}}`}::uuid[]) and ${isKept}`]);
  return new Set((rows ?? []).map((r) => String(r.id)));
}

interface RecordFacts { title: string; occurred_at: string; integration_id: IntegrationId; stream: string; url: string | null }

async function details(db: Database, tenantId: string, ids: string[]): Promise<[Map<string, EntityRef[]>, Watermark[], Map<string, RecordFacts>]> {
  const [entities, watermarks, facts] = await db.tenant(tenantId, [entitiesOf(tenantId, ids), watermarksOf(tenantId), sql`
    select record_id::text as record_id, title, to_char(occurred_at at time zone 'UTC', ${UTC}) as occurred_at, integration_id, stream, url from records where tenant_id = ${tenantId} and record_id = any(${`{${ids.join(',')}}`}::uuid[])`]);
  return [grouped(entities ?? []), (watermarks ?? []) as unknown as Watermark[], new Map((facts ?? []).map((r) => [String(r.record_id), r as unknown as RecordFacts]))];
}

/** What these records mention; what people merged is one. */
const entitiesOf = (tenantId: string, ids: string[]) => sql`
  with said as materialized (
    select distinct e.record_id, coalesce(m.root_id, e.target_id) as id from evidence e left join node_merges m on m.tenant_id = e.tenant_id and m.id = e.target_id
     where e.tenant_id = ${tenantId} and e.record_id = any(${`{${ids.join(',')}}`}::uuid[]) and e.target_kind = 'n')
  select s.record_id::text as record_id, n.id::text as id, n.node_type, n.key, n.name from said s join graph_cards(${tenantId}, array(select id from said)) n on n.id = s.id
   order by s.record_id, case n.node_type when 'person' then 0 when 'organization' then 1 else 2 end, n.name, n.id`;

function grouped(rows: Row[]): Map<string, EntityRef[]> {
  const map = new Map<string, EntityRef[]>();
  for (const { record_id, id, node_type, key, name } of rows as unknown as (EntityRef & { record_id: string })[]) map.set(record_id, [...(map.get(record_id) ?? []), { id, node_type, key, name }]);
  return map;
}

/** One record with its text. Null: the ledger does not name it. */
export async function readRecord({ db, semantic, embedder }: Memory, tenantId: string, recordId: string): Promise<MemoryRecord | null> {
  const [rows, entities] = await db.tenant(tenantId, [sql`
    select record_id::text as record_id, integration_id, connection_id::text as connection_id, stream, provider_id, kind, title, content_hash, url, to_char(occurred_at at time zone 'UTC', ${UTC}) as occurred_at
      from records r where tenant_id = ${tenantId} and record_id = ${recordId}::uuid and ${isKept}`, entitiesOf(tenantId, [recordId])]);
  const row = rows?.[0] as unknown as Omit<MemoryRecord, 'text' | 'parts' | 'entities'> | undefined;
  if (!row) return null;
  const stored = await semantic.get({ tenant: tenantId, embedder }, recordId, row.content_hash);
  return { ...row, text: stored?.text ?? '', parts: stored?.parts ?? [], entities: grouped(entities ?? []).get(recordId) ?? [] };
}
