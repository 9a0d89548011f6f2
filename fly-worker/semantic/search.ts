/** A search over one dataset: keyword and vector legs at once, both prefiltered, fused by rules of our own. Candidates only: the caller drops what the ledger does not name. */
import { BooleanQuery, MatchQuery, Occur, type Table } from '@lancedb/lancedb';
import { PASSAGES_PER_HIT } from '#contract/limits';
import type { SearchMode } from '#contract/memory';
import { fuse, type KeywordHit, type Trust, type VectorHit } from './fusion.ts';
import { firstPassageOf, fromLance, ROW_COLUMNS, rowId, versionOf, type StoredRow } from './rows.ts';
import { isAnyOf, predicate, type Filters } from './sql.ts';
import { fold, likeness, termsOf, type Term } from './terms.ts';

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
export interface Candidate extends StoredRow {
  keywordScore: number | null; vectorScore: number | null; fused: number;
  /** Where in a long text meaning was found; null: in all of it, or by words only. */
  passage: Stretch | null;
}
export interface Stretch { start: number; end: number }

/** Word vectors of two unrelated texts reach this by chance: below it, likeness says nothing. */
const BASIC_COSINE_MIN = 0.35;
/** Candidates of the quantised index that are compared exactly. */
const REFINE_FACTOR = 2;

/** What another form of a word counts, against the word itself. Rare forms weigh much by themselves. Measured: tests/bench/retrieval.ts */
const FORM_WORTH = { respelled: 0.5, near: 0.2, far: 0.1 };
const FORMS_OF_ONE = 0.01;
/** What it counts that words which are neighbours in the query are so in the text. */
const CLOSENESS_WORTH = 0.5;

/** Parts of an address are common words: so much deeper is looked for the whole of it. */
const LITERAL_DEPTH = 3;

/** By version of a record. A vector leg has no rows: the texts of those hits that are left in the end are fetched then. */
interface Leg { rows: Map<string, StoredRow>; scores: Map<string, number>; passages: Map<string, Stretch> }

/** What is searched: a table, and whether its vectors are indexed. */
interface Searched { table: Table; hasVectorIndex(): boolean }

/** @param beside vectors of a model, of the same texts; those that it does not have yet are answered for by the table's own */
export async function searchDataset({ table, hasVectorIndex }: Searched, { q, mode, limit, vector, filters = {} }: SemanticQuery, trust: Trust, beside: { dataset: Searched; vector: Float32Array } | null = null): Promise<Candidate[]> {
  const depth = 2 * limit + 10, where = predicate(filters), usable = vector !== null && vector.some((value) => value !== 0) ? vector : null;
  const terms = termsOf(q), whole = exactForm(q);
  const [byWords, byOwn, byModel] = await Promise.all([
    mode === 'semantic' && usable !== null ? emptyLeg() : keywordLeg(table, wordsToFind(q, terms, whole !== null), where, whole === null ? depth : LITERAL_DEPTH * depth),
    mode === 'keyword' || usable === null ? emptyLeg() : vectorLeg(table, usable, where, Math.ceil(PASSAGES_PER_HIT * depth), hasVectorIndex()),
    mode === 'keyword' || beside === null ? emptyLeg() : vectorLeg(beside.dataset.table, beside.vector, where, Math.ceil(PASSAGES_PER_HIT * depth), beside.dataset.hasVectorIndex()),
  ]);
  const byMeaning = beside === null ? byOwn : joined(byModel, byOwn, await heldBy(beside.dataset.table, [...byOwn.scores.keys()]));
  const known = new Map<string, number>();
  const keyword = [...byWords.scores].map(([id, bm25]): KeywordHit => {
    const row = byWords.rows.get(id)!, folded = fold(`${row.title}\n${row.people.join(' ')}\n${row.text}`), { coverage, closeness } = likeness(terms, folded, known);
    return { id, score: bm25 * (1 + CLOSENESS_WORTH * closeness), coverage, isExact: whole !== null && folded.includes(whole) };
  }).sort((a, b) => b.score - a.score);
  const floorOf = (id: string): number => (mode === 'hybrid' && trust === 'basic' && !byModel.scores.has(id) ? BASIC_COSINE_MIN : -1);
  const meaning = [...byMeaning.scores].map(([id, score]): VectorHit => ({ id, score })).filter(({ id, score }) => score >= floorOf(id));
  const fused = fuse(keyword, meaning, beside === null ? trust : 'model').slice(0, depth), rows = new Map([...byWords.rows, ...await textsOf(table, fused.map(({ id }) => id).filter((id) => !byWords.rows.has(id)))]);
  return fused.flatMap(({ id, fused: score }) => {
    const row = rows.get(id), passage = byMeaning.passages.get(id);
    return row ? [{ ...row, fused: score, keywordScore: byWords.scores.get(id) ?? null, vectorScore: byMeaning.scores.get(id) ?? null, passage: passage && passage.end > 0 && passage.end - passage.start < row.text.length ? passage : null }] : [];
  });
}

/** A model's hits, and of texts that it has not read yet what the other vectors found, at the place it has there: scores of two embedders do not compare. */
function joined(model: Leg, own: Leg, held: ReadonlySet<string>): Leg {
  const isLeft = ([id]: [string, unknown]): boolean => !model.scores.has(id) && !held.has(id);
  const ranked = ({ scores }: Leg) => [...scores].map((score, rank) => ({ score, rank }));
  const scores = [...ranked(model), ...ranked(own).filter(({ score }) => isLeft(score))].sort((a, b) => a.rank - b.rank).map(({ score }) => score);
  return { rows: new Map(), scores: new Map(scores), passages: new Map([...model.passages, ...[...own.passages].filter(isLeft)]) };
}

/** Those of these texts that the table has vectors of. */
async function heldBy(table: Table, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  return new Set((await table.query().where(isAnyOf('id', ids.map(firstPassageOf))).select(['id']).toArray() as { id: string }[]).map(({ id }) => versionOf(id)));
}

/** The texts that were not found by words. */
async function textsOf(table: Table, ids: readonly string[]): Promise<Map<string, StoredRow>> {
  if (ids.length === 0) return new Map();
  return new Map((await table.query().where(isAnyOf('id', ids)).select(ROW_COLUMNS).toArray() as Record<string, unknown>[]).map((raw) => { const row = fromLance(raw); return [rowId(row.recordId, row.contentHash), row]; }));
}

/** A query that is an address, an identifier or quoted: whoever types it wants exactly it. */
function exactForm(q: string): string | null {
  const quoted = /^\s*["“„«](.+)["”“»]\s*$/s.exec(q)?.[1], text = fold((quoted ?? q).trim());
  return quoted !== undefined || (text.length >= 4 && !/\s/.test(text) && /[\d@._/-]/.test(text)) ? text : null;
}

const emptyLeg = (): Promise<Leg> => Promise.resolve({ rows: new Map(), scores: new Map(), passages: new Map() });

/**
 * The words as they were typed, and their other forms for less. A single word stands before its whole family, however long the mails
 * that hold it: forms only follow. Null: no word to look for.
 */
function wordsToFind(q: string, terms: readonly Term[], isLiteral: boolean): MatchQuery | BooleanQuery | null {
  if (terms.length === 0) return null;
  const words = terms.map(({ word }) => word), typed = new Set(words);
  // accents that stand as characters of their own (from macOS) are not folded by the index
  if (/[^\0-\x7f]/.test(q)) for (const [token] of q.normalize('NFD').toLowerCase().matchAll(/[\p{L}\p{N}]\p{M}?[\p{L}\p{N}\p{M}]*/gu)) if (/\p{M}/u.test(token)) words.push(token);
  const worth = terms.length === 1 ? FORMS_OF_ONE : 1;
  const groups: [string[], number][] = [[words, 1]];
  if (!isLiteral) for (const kind of ['respelled', 'near', 'far'] as const) groups.push([[...new Set(terms.flatMap(({ forms }) => [...forms[kind]]))].filter((form) => !typed.has(form)), FORM_WORTH[kind] * worth]);
  const queries = groups.filter(([group]) => group.length > 0).map(([group, boost]) => new MatchQuery(group.join(' ').toWellFormed(), 'body', { boost }));
  return queries.length === 1 ? queries[0]! : new BooleanQuery(queries.map((query) => [Occur.Should, query]));
}

async function keywordLeg(table: Table, words: MatchQuery | BooleanQuery | null, where: string | null, depth: number): Promise<Leg> {
  if (words === null) return emptyLeg();
  const query = table.query().fullTextSearch(words, { columns: ['body'] }).select([...ROW_COLUMNS, '_score']).limit(depth);
  return collect(await (where === null ? query : query.where(where)).toArray() as Record<string, unknown>[], (raw) => Number(raw['_score']), true);
}

/** Where a vector belongs: a tenth of the cost of whole rows. */
const PLACE_COLUMNS = ['record_id', 'content_hash', 'from_char', 'to_char'];

async function vectorLeg(table: Table, vector: Float32Array, where: string | null, limit: number, hasIndex: boolean): Promise<Leg> {
  let query = table.query().nearestTo(vector).column('vector').distanceType('cosine').select([...PLACE_COLUMNS, '_distance']).limit(limit);
  if (hasIndex) query = query.refineFactor(REFINE_FACTOR);
  return collect(await (where === null ? query : query.where(where)).toArray() as Record<string, unknown>[], (raw) => 1 - Number(raw['_distance']), false);
}

/** The same record several times (its passages; or two processes merged it at once) counts once, at its best place. */
function collect(raws: Record<string, unknown>[], scoreOf: (raw: Record<string, unknown>) => number, areRows: boolean): Leg {
  const leg: Leg = { rows: new Map(), scores: new Map(), passages: new Map() };
  const scored = raws.map((raw) => ({ raw, score: scoreOf(raw) })).filter(({ score }) => Number.isFinite(score));
  for (const { raw, score } of scored.sort((a, b) => b.score - a.score)) {
    const id = rowId(String(raw['record_id']), String(raw['content_hash']));
    if (leg.scores.has(id)) continue;
    leg.scores.set(id, score);
    if (areRows) leg.rows.set(id, fromLance(raw));
    else leg.passages.set(id, { start: Number(raw['from_char']), end: Number(raw['to_char']) });
  }
  return leg;
}
