/** Reading memory, through the ledger: a hit of semantic memory counts only if Postgres names its record and content hash. */
import { sql, type SQL } from 'drizzle-orm';
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
/** Where too few of the hits are named by the ledger, so many times as many are looked at. */
const DEEPER = 10;
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
  const space = { tenant: tenantId, embedder };
  const byAge = query.recency === 'prefer';
  /** Hits that the ledger names, with what it knows of them. */
  async function hits(wanted: number) {
    const found = await semantic.search(space, { q: query.q, mode: query.mode, limit: wanted, vector, filters: filtersOf(query) }, beside);
    // the texts of those that will be shown if the ledger names them all, while it is asked
    const [ledger, early] = await Promise.all([ledgerOf(db, tenantId, found, byAge ? found.length : query.limit), semantic.texts(space, byAge ? [] : found.slice(0, query.limit))]);
    const named = found.flatMap((one) => { const fact = ledger.facts.get(keyOf(one)); return fact ? [{ ...one, occurredAt: Date.parse(fact.occurred_at) }] : []; });
    return { ledger, early, named, isAll: found.length < wanted };
  }
  const first = await hits(byAge ? 2 * query.limit : query.limit);
  // much was erased or edited just now and is still found: deeper, once
  const { ledger, early, named } = first.named.length < query.limit && !first.isAll ? await hits(DEEPER * query.limit) : first;
  const shown = (byAge ? newerFirst(named, Date.now()) : named).slice(0, query.limit), at = new Map(early.map((hit) => [keyOf(hit), hit]));
  for (const hit of await semantic.texts(space, shown.filter((one) => !at.has(keyOf(one))))) at.set(keyOf(hit), hit);
  const results = shown.flatMap(({ fused, ...one }): SearchResult[] => {
    const fact = ledger.facts.get(keyOf(one)), hit = at.get(keyOf(one));
    return fact && hit ? [{
      record_id: hit.recordId, title: fact.title, snippet: snippetOf(hit, query.q), occurred_at: fact.occurred_at, integration_id: fact.integration_id, stream: fact.stream, url: fact.url,
      scores: { fused, keyword: hit.keywordScore, semantic: hit.vectorScore }, entities: (ledger.entities.get(hit.recordId) ?? []).slice(0, ENTITIES_PER_HIT),
    }] : [];
  });
  return { results, watermarks: ledger.watermarks, took_ms: Math.round((performance.now() - began) * 10) / 10 };
}

/** Scores fall with age towards a floor, and the order with them. The future is as new as today. */
export function newerFirst<Hit extends { fused: number; occurredAt: number }>(hits: readonly Hit[], nowMs: number): Hit[] {
  const worth = ({ occurredAt }: Hit): number => 1 - RECENCY_WORTH * (1 - 0.5 ** (Math.max(0, nowMs - occurredAt) / 86_400_000 / RECENCY_HALF_LIFE_DAYS));
  return hits.map((hit) => ({ ...hit, fused: hit.fused * worth(hit) })).sort((a, b) => b.fused - a.fused);
}

/** A date without a time means the whole day. */
const endOf = (text: string): number => Date.parse(text) + (/^\d{4}-\d{2}-\d{2}$/.test(text) ? 86_400_000 : 0);

const keyOf = ({ recordId, contentHash }: { recordId: string; contentHash: string }): string => `${recordId}:${contentHash}`;

interface RecordFacts { title: string; occurred_at: string; integration_id: IntegrationId; stream: string; url: string | null }
/** `facts` by record id and content hash: of the candidates that the ledger names. `entities` by record id. */
interface Ledger { facts: Map<string, RecordFacts>; entities: Map<string, EntityRef[]>; watermarks: Watermark[] }

/** What Postgres knows of the candidates, in one round trip; entities of as many as are shown. */
async function ledgerOf(db: Database, tenantId: string, candidates: readonly Candidate[], shown: number): Promise<Ledger> {
  const ids = `{${candidates.map((one) => one.recordId).join(',')}}`, isNamed = sql`r.tenant_id = ${tenantId} and r.record_id = any(${ids}::uuid[]) and ${isKept}`;
  const [facts, entities, watermarks] = await db.tenant(tenantId, [
    sql`select r.record_id::text || ':' || r.content_hash as key, r.title, to_char(r.occurred_at at time zone 'UTC', ${UTC}) as occurred_at, r.integration_id, r.stream, r.url from records r where ${isNamed}`,
    entitiesOf(tenantId, sql`array(select r.record_id from records r where ${isNamed} and r.record_id::text || ':' || r.content_hash = any(${`{${candidates.map(keyOf).join(',')}}`}::text[]) order by array_position(${ids}::uuid[], r.record_id) limit ${shown})`),
    watermarksOf(tenantId),
  ]);
  return { facts: new Map((facts ?? []).map((row) => [String(row.key), row as unknown as RecordFacts])), entities: grouped(entities ?? []), watermarks: (watermarks ?? []) as unknown as Watermark[] };
}

/** What these records mention; what people merged is one. */
const entitiesOf = (tenantId: string, ids: SQL) => sql`
  with said as materialized (
    select distinct e.record_id, coalesce(m.root_id, e.target_id) as id from evidence e left join node_merges m on m.tenant_id = e.tenant_id and m.id = e.target_id
     where e.tenant_id = ${tenantId} and e.record_id = any(${ids}) and e.target_kind = 'n')
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
      from records r where tenant_id = ${tenantId} and record_id = ${recordId}::uuid and ${isKept}`, entitiesOf(tenantId, sql`array[${recordId}::uuid]`)]);
  const row = rows?.[0] as unknown as Omit<MemoryRecord, 'text' | 'parts' | 'entities'> | undefined;
  if (!row) return null;
  const stored = await semantic.get({ tenant: tenantId, embedder }, recordId, row.content_hash);
  return { ...row, text: stored?.text ?? '', parts: stored?.parts ?? [], entities: grouped(entities ?? []).get(recordId) ?? [] };
}
