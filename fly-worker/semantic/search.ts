/** A search over one dataset: keyword and vector legs at once, both prefiltered, fused by rules of our own. Candidates only: the caller drops what the ledger does not name. */
import type { Table } from '@lancedb/lancedb';
import type { SearchMode } from '#contract/memory';
import { fuse, type KeywordHit, type Trust, type VectorHit } from './fusion.ts';
import { fromLance, ROW_COLUMNS, rowId, type StoredRow } from './rows.ts';
import { predicate, type Filters } from './sql.ts';
import { coverage, fold, termsOf } from './terms.ts';

export interface SemanticQuery {
  q: string;
  mode: SearchMode;
  /** Hits wanted; up to twice as many candidates and ten more come back, so that stale ones can be dropped and refilled. */
  limit: number;
  /** The query's vector from the dataset's embedder; null: keyword only. */
  vector: Float32Array | null;
  filters?: Filters;
}

/** A hit, best first. Scores: BM25 and cosine as they are, `fused` 1 at the top and falling. */
export interface Candidate extends StoredRow { keywordScore: number | null; vectorScore: number | null; fused: number }

/** Word vectors of two unrelated texts reach this by chance: below it, likeness says nothing. */
const BASIC_COSINE_MIN = 0.35;
/** Candidates of the quantised index that are compared exactly. */
const REFINE_FACTOR = 10;

interface Leg { rows: Map<string, StoredRow>; scores: Map<string, number> }

export async function searchDataset(table: Table, { q, mode, limit, vector, filters = {} }: SemanticQuery, trust: Trust, hasVectorIndex: boolean): Promise<Candidate[]> {
  const depth = 2 * limit + 10, where = predicate(filters), usable = vector !== null && vector.some((value) => value !== 0) ? vector : null;
  const [byWords, byMeaning] = await Promise.all([
    mode === 'semantic' && usable !== null ? emptyLeg() : keywordLeg(table, q, where, depth),
    mode === 'keyword' || usable === null ? emptyLeg() : vectorLeg(table, usable, where, depth, hasVectorIndex),
  ]);
  const terms = termsOf(q), whole = exactForm(q);
  const keyword = [...byWords.scores].map(([id, score]): KeywordHit => {
    const row = byWords.rows.get(id)!, folded = fold(`${row.title}\n${row.people.join(' ')}\n${row.text}`);
    return { id, score, coverage: coverage(terms, folded), isExact: whole !== null && folded.includes(whole) };
  });
  const floor = trust === 'basic' && mode === 'hybrid' ? BASIC_COSINE_MIN : -1;
  const meaning = [...byMeaning.scores].map(([id, score]): VectorHit => ({ id, score })).filter(({ score }) => score >= floor);
  return fuse(keyword, meaning, trust).slice(0, depth).map(({ id, fused }) => ({
    ...(byWords.rows.get(id) ?? byMeaning.rows.get(id)!), fused, keywordScore: byWords.scores.get(id) ?? null, vectorScore: byMeaning.scores.get(id) ?? null,
  }));
}

/** A query that is an address, an identifier or quoted: whoever types it wants exactly it. */
function exactForm(q: string): string | null {
  const quoted = /^\s*["“„«](.+)["”“»]\s*$/s.exec(q)?.[1], text = fold((quoted ?? q).trim());
  return quoted !== undefined || (text.length >= 4 && !/\s/.test(text) && /[\d@._/-]/.test(text)) ? text : null;
}

const emptyLeg = (): Promise<Leg> => Promise.resolve({ rows: new Map(), scores: new Map() });

/** https://lancedb.github.io/lancedb/fts: the query is plain words, it has no syntax. */
async function keywordLeg(table: Table, q: string, where: string | null, depth: number): Promise<Leg> {
  const query = table.query().fullTextSearch(q.replaceAll('\u0000', ' ').toWellFormed(), { columns: ['body'] }).select([...ROW_COLUMNS, '_score']).limit(depth);
  return collect(await (where === null ? query : query.where(where)).toArray() as Record<string, unknown>[], (raw) => Number(raw['_score']));
}

async function vectorLeg(table: Table, vector: Float32Array, where: string | null, depth: number, hasIndex: boolean): Promise<Leg> {
  let query = table.query().nearestTo(vector).column('vector').distanceType('cosine').select([...ROW_COLUMNS, '_distance']).limit(depth);
  if (hasIndex) query = query.refineFactor(REFINE_FACTOR);
  return collect(await (where === null ? query : query.where(where)).toArray() as Record<string, unknown>[], (raw) => 1 - Number(raw['_distance']));
}

/** The same id twice (two processes merged it at once) counts once, at its better place. */
function collect(raws: Record<string, unknown>[], scoreOf: (raw: Record<string, unknown>) => number): Leg {
  const leg: Leg = { rows: new Map(), scores: new Map() };
  const scored = raws.map((raw) => ({ row: fromLance(raw), score: scoreOf(raw) })).filter(({ score }) => Number.isFinite(score));
  for (const { row, score } of scored.sort((a, b) => b.score - a.score)) {
    const id = rowId(row.recordId, row.contentHash);
    if (!leg.rows.has(id)) { leg.rows.set(id, row); leg.scores.set(id, score); }
  }
  return leg;
}
