/**
 * Pure: two ranked lists -> one. Keyword hits that hold what was asked for come first, in their own order; meaning fills in where words
 * fail. So a keyword query is answered as by keyword search alone, and a paraphrase still finds its mail.
 * A model's vectors are worth a vote of their own (reciprocal rank fusion); word vectors are not.
 */

/** How far the vector leg is trusted: word vectors (`basic`) only add, a model (`model`) votes. */
export type Trust = 'basic' | 'model';

export interface KeywordHit { id: string; score: number; /** Share of the query's terms in the text, 0..1. */ coverage: number; /** The whole query stands in the text. */ isExact: boolean }
export interface VectorHit { id: string; /** Cosine, -1..1. */ score: number }
interface Fused { id: string; fused: number; keywordRank: number | null; vectorRank: number | null }

/** Keyword hits with at least this share of the terms stand before the others. Below it, words have failed. */
const STRONG_COVERAGE = 0.17;
/** Hits that hold this share leave meaning nothing to add. */
const FULL_COVERAGE = 0.34;
/** After so many strong keyword hits meaning gets its first turn, after so many more the next ones. Measured: tests/bench/retrieval.ts */
const STRONG_BEFORE_TURN = 3, STRONG_PER_TURN = 6;
const RRF_K = 60;

/** Ranks from 1. `fused` falls from 1 along the answer. */
export function fuse(keyword: readonly KeywordHit[], vector: readonly VectorHit[], trust: Trust): Fused[] {
  const keywordRank = new Map(keyword.map(({ id }, index) => [id, index + 1])), vectorRank = new Map(vector.map(({ id }, index) => [id, index + 1]));
  const order = vector.length === 0 ? exactFirst(keyword).map(({ id }) => id)
    : keyword.length === 0 ? vector.map(({ id }) => id)
      : trust === 'model' ? byVotes(keyword, keywordRank, vectorRank) : keywordFirst(keyword, vector);
  return order.map((id, index) => ({ id, fused: (RRF_K + 1) / (RRF_K + 1 + index), keywordRank: keywordRank.get(id) ?? null, vectorRank: vectorRank.get(id) ?? null }));
}

const exactFirst = (hits: readonly KeywordHit[]): KeywordHit[] => [...hits.filter((hit) => hit.isExact), ...hits.filter((hit) => !hit.isExact)];

/** Strong keyword hits with a turn for meaning now and then; behind them the rest of both lists in turns, meaning first. */
function keywordFirst(keyword: readonly KeywordHit[], vector: readonly VectorHit[]): string[] {
  const isStrong = (hit: KeywordHit) => hit.isExact || hit.coverage >= STRONG_COVERAGE;
  const ordered = exactFirst(keyword), strong = ordered.filter(isStrong).map(({ id }) => id), weak = ordered.filter((hit) => !isStrong(hit)).map(({ id }) => id);
  const coverageOf = new Map(keyword.map((hit) => [hit.id, hit.coverage]));
  const held = new Set(strong), meaning = vector.map(({ id }) => id).filter((id) => !held.has(id));
  const order: string[] = [];
  let turn = 0;
  for (const [i, id] of strong.entries()) {
    order.push(id);
    if ((i + 1) % STRONG_PER_TURN === STRONG_BEFORE_TURN && turn < meaning.length && (coverageOf.get(id) ?? 1) < FULL_COVERAGE) order.push(meaning[turn++]!);
  }
  for (let i = turn, w = 0; i < meaning.length || w < weak.length; i += 1, w += 1) order.push(...meaning.slice(i, i + 1), ...weak.slice(w, w + 1));
  return [...new Set(order)];
}

/** Reciprocal rank fusion; exact hits stay in front. */
function byVotes(keyword: readonly KeywordHit[], keywordRank: Map<string, number>, vectorRank: Map<string, number>): string[] {
  const exact = keyword.filter((hit) => hit.isExact).map(({ id }) => id);
  const votes = (id: string): number => vote(keywordRank.get(id)) + vote(vectorRank.get(id));
  const rest = [...new Set([...keywordRank.keys(), ...vectorRank.keys()])].sort((a, b) => votes(b) - votes(a) || (keywordRank.get(a) ?? Infinity) - (keywordRank.get(b) ?? Infinity));
  return [...new Set([...exact, ...rest])];
}
const vote = (rank: number | undefined): number => (rank === undefined ? 0 : 1 / (RRF_K + rank));
