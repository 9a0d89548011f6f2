/** Context for an agent: the records that a search finds, and of the graph round them what lies nearest, as one pack. */
import { sql } from 'drizzle-orm';
import type { ContextAnswer, ContextRequest } from '#contract/context';
import { plain } from '../chunk.ts';
import { newPart } from '../extract/parts.ts';
import { search, type Memory } from '../reads.ts';
import { packContext } from './pack.ts';
import { personalisedRank } from './rank.ts';
import { describe, namedIn, surroundings } from './surroundings.ts';

/** Entities and relations that are described; the pack takes what fits. */
const ENTITIES_MAX = 100, EDGES_MAX = 400;

/** Throws DatabaseError, and whatever the embedder throws. */
export async function contextOf(memory: Memory, tenantId: string, { query, limit, depth, token_budget, ...filters }: ContextRequest): Promise<ContextAnswer> {
  const { db } = memory;
  const [{ results, watermarks }, named] = await Promise.all([search(memory, tenantId, { q: query, mode: 'hybrid', recency: 'ignore', limit, ...filters }), namedIn(db, tenantId, query)]);
  const seeds = new Map<string, number>(named.map((id) => [id, 1]));
  // What few of a record's entities there are says more of it than one of many.
  for (const { entities, scores } of results) for (const { id } of entities) seeds.set(id, (seeds.get(id) ?? 0) + scores.fused / Math.sqrt(entities.length));
  const [around, texts] = await Promise.all([surroundings(db, tenantId, [...seeds.keys()], depth), textsOf(memory, tenantId, results.map((r) => r.record_id))]);
  const ranks = personalisedRank(seeds, around.map(({ near, far, weight }) => ({ a: near, b: far, weight })));
  const nearest = [...ranks].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, ENTITIES_MAX).map(([id]) => id), shown = new Set(nearest);
  const worth = (tie: { near: string; far: string }): number => (ranks.get(tie.near) ?? 0) + (ranks.get(tie.far) ?? 0);
  const edges = around.filter((tie) => shown.has(tie.near) && shown.has(tie.far)).sort((a, b) => worth(b) - worth(a) || (a.edgeId < b.edgeId ? -1 : 1)).slice(0, EDGES_MAX).map((tie) => tie.edgeId);
  const { cards, relations } = await describe(db, tenantId, nearest, edges, results.map((r) => r.record_id));
  const cardOf = new Map(cards.map((card) => [card.id, card])), citationOf = new Map(results.map((r, i) => [r.record_id, i + 1]));
  const top = ranks.get(nearest[0] ?? '') ?? 1;
  const rank = (relation: { source: string; target: string }): number => (ranks.get(relation.source) ?? 0) + (ranks.get(relation.target) ?? 0);
  return packContext({
    query, watermarks, texts,
    records: results.map(({ record_id, title, occurred_at, integration_id, stream, url }) => ({ record_id, title, occurred_at, integration_id, stream, url })),
    entities: nearest.flatMap((id) => { const card = cardOf.get(id); return card ? [{ ...card, score: Math.round((ranks.get(id) ?? 0) / top * 1_000) / 1_000 }] : []; }),
    relations: relations.toSorted((a, b) => b.records.length - a.records.length || rank(b) - rank(a) || b.weight - a.weight).flatMap(({ records, ...relation }) => {
      const source = cardOf.get(relation.source), target = cardOf.get(relation.target);
      return source && target ? [{ ...relation, source_name: source.name, target_name: target.name, citations: records.map((id) => citationOf.get(id)!).sort((a, b) => a - b) }] : [];
    }),
  }, token_budget);
}

/** What is new in these records, in their order. */
async function textsOf({ db, semantic, embedder }: Memory, tenantId: string, ids: string[]): Promise<string[]> {
  const [rows] = await db.tenant(tenantId, [sql`select record_id::text as id, content_hash as hash from records where tenant_id = ${tenantId} and record_id = any(${plain(ids)}::uuid[])`]);
  const hashes = new Map((rows ?? []).map((row) => [String(row.id), String(row.hash)]));
  return Promise.all(ids.map(async (id) => {
    const hash = hashes.get(id), stored = hash === undefined ? null : await semantic.get({ tenant: tenantId, embedder }, id, hash);
    return stored ? newPart(stored.text, stored.parts) || stored.text : '';
  }));
}
