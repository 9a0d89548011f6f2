/** A search over one dataset: keyword and vector legs at once, both prefiltered, fused by rules of our own. Candidates only: the caller drops what the ledger does not name. */
import { MatchQuery, type Query, type Table, type VectorQuery } from '@lancedb/lancedb';
import { PASSAGES_PER_HIT } from '#contract/limits';
import type { SearchMode } from '#contract/memory';
import { fuse, type KeywordHit, type Trust, type VectorHit } from './fusion.ts';
import { joint } from './joints.ts';
import { firstPassageOf, recordOf, rowId, TEXT_COLUMNS, textFromLance, versionOf, type FoundText } from './rows.ts';
import { isAnyOf, predicate, type Filters } from './sql.ts';
import { fold, likeness, termsOf, type Term } from './terms.ts';

export interface SemanticQuery {
  q: string;
  mode: SearchMode;
  /** Hits wanted; up to ten candidates more come back, so that stale ones can be dropped and refilled. */
  limit: number;
  /** The query's vector from the dataset's embedder; null: keyword only. */
  vector: Float32Array | null;
  filters?: Filters;
}

/** Best first. Scores: BM25 and cosine as they are, `fused` 1 at the top and falling. */
export interface Candidate {
  recordId: string; contentHash: string;
  keywordScore: number | null; vectorScore: number | null; fused: number;
  /** Of those found by words: they were ranked by it. The others' texts are fetched when they are shown. */
  found: FoundText | null;
  /** Where meaning was found, as far as there are passages; null: by words only. */
  place: Stretch | null;
}
/** A candidate that is shown. */
export interface Hit extends Candidate {
  title: string; text: string; people: string[];
  /** Where in a long text meaning was found; null: in all of it, or by words only. */
  passage: Stretch | null;
}
interface Stretch { start: number; end: number }

/** Word vectors of two unrelated texts reach this by chance: below it, likeness says nothing. */
const BASIC_COSINE_MIN = 0.35;
/** Lists of the vector index that are looked into, in each of its segments: of the nearest 30 among 100,000 texts of random words 98 of 100 are found. Without an index it says nothing. Where a filter leaves too few, all of them. */
const PROBES = 8, PROBES_MAX = 100_000;

/** What other forms of the words count, against the words themselves. Rare forms weigh much by themselves. Measured: tests/bench/retrieval.ts */
const FORMS_WORTH = 0.3, FORMS_OF_ONE_WORTH = 0.002;
/** So much deeper is looked for forms: a text far down there may be far up among the words. */
const FORMS_DEPTH = 3;
/** What it counts that words which are neighbours in the query are so in the text. */
const CLOSENESS_WORTH = 0.5;

/** Candidates more than hits are wanted: some may be stale. */
const SPARE = 10;
/** Parts of an address are common words: so much deeper is looked for the whole of it. */
const LITERAL_DEPTH = 3;

/** By version of a record. A vector leg has no texts. */
interface Leg { texts: Map<string, FoundText>; scores: Map<string, number>; passages: Map<string, Stretch> }

/** @param beside vectors of a model, of the same texts; those that it does not have yet are answered for by the table's own */
export async function searchDataset(table: Table, { q, mode, limit, vector, filters = {} }: SemanticQuery, trust: Trust, beside: { table: Table; vector: Float32Array } | null = null): Promise<Candidate[]> {
  const depth = limit + SPARE, where = predicate(filters), usable = vector !== null && vector.some((value) => value !== 0) ? vector : null;
  const terms = termsOf(q), whole = exactForm(q);
  const [[byWords, byOwn], byModel] = await Promise.all([
    consistent(table, (rows) => Promise.all([
      mode === 'semantic' && usable !== null ? emptyLeg() : keywordLeg(rows, wordsToFind(q, terms, whole !== null), where, whole === null ? depth : LITERAL_DEPTH * depth),
      mode === 'keyword' || usable === null ? emptyLeg() : vectorLeg(rows, usable, where, Math.ceil(PASSAGES_PER_HIT * depth)),
    ])),
    mode === 'keyword' || beside === null ? emptyLeg() : consistent(beside.table, (rows) => vectorLeg(rows, beside.vector, where, Math.ceil(PASSAGES_PER_HIT * depth))),
  ]);
  const byMeaning = beside === null ? byOwn : joined(byModel, byOwn, await heldBy(beside.table, [...byOwn.scores.keys()]));
  const known = new Map<string, number>();
  const keyword = [...byWords.scores].map(([id, bm25]): KeywordHit => {
    const folded = fold(byWords.texts.get(id)!.body), { coverage, closeness } = likeness(terms, folded, known);
    return { id, score: bm25 * (1 + CLOSENESS_WORTH * closeness), coverage, isExact: whole === null ? terms.length === 1 && coverage === 1 : folded.includes(whole) };
  }).sort((a, b) => b.score - a.score);
  const floorOf = (id: string): number => (mode === 'hybrid' && trust === 'basic' && !byModel.scores.has(id) ? BASIC_COSINE_MIN : -1);
  const meaning = [...byMeaning.scores].map(([id, score]): VectorHit => ({ id, score })).filter(({ id, score }) => score >= floorOf(id));
  return fuse(keyword, meaning, beside === null ? trust : 'model').slice(0, depth).map(({ id, fused }) => ({
    ...recordOf(id), fused, keywordScore: byWords.scores.get(id) ?? null, vectorScore: byMeaning.scores.get(id) ?? null, found: byWords.texts.get(id) ?? null, place: byMeaning.passages.get(id) ?? null,
  }));
}

/** With the texts of those that were not found by words. A candidate whose text is gone is left out. */
export async function withTexts(table: Table, candidates: readonly Candidate[]): Promise<Hit[]> {
  const idOf = ({ recordId, contentHash }: Candidate): string => rowId(recordId, contentHash), wanted = candidates.filter(({ found }) => found === null).map(idOf);
  const raws = wanted.length === 0 ? [] : await table.query().where(isAnyOf('id', wanted)).select(TEXT_COLUMNS).toArray() as Record<string, unknown>[];
  const texts = new Map(raws.map((raw) => [String(raw['id']), textFromLance(raw)]));
  return candidates.flatMap((candidate): Hit[] => {
    const found = candidate.found ?? texts.get(idOf(candidate)), { place } = candidate;
    return found ? [{ ...candidate, title: found.title, text: found.text, people: found.people, passage: place && place.end > 0 && place.end - place.start < found.text.length ? place : null }] : [];
  });
}

/** A model's hits, and of texts that it has not read yet what the other vectors found, at the place it has there: scores of two embedders do not compare. */
function joined(model: Leg, own: Leg, held: ReadonlySet<string>): Leg {
  const isLeft = ([id]: [string, unknown]): boolean => !model.scores.has(id) && !held.has(id);
  const ranked = ({ scores }: Leg) => [...scores].map((score, rank) => ({ score, rank }));
  const scores = [...ranked(model), ...ranked(own).filter(({ score }) => isLeft(score))].sort((a, b) => a.rank - b.rank).map(({ score }) => score);
  return { texts: new Map(), scores: new Map(scores), passages: new Map([...model.passages, ...[...own.passages].filter(isLeft)]) };
}

/** Those of these texts that the table has vectors of. */
async function heldBy(table: Table, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  return new Set((await table.query().where(isAnyOf('id', ids.map(firstPassageOf))).select(['id']).toArray() as { id: string }[]).map(({ id }) => versionOf(id)));
}

/** A query that is an address, an identifier or quoted: whoever types it wants exactly it. */
function exactForm(q: string): string | null {
  const quoted = /^\s*["“„«](.+)["”“»]\s*$/s.exec(q)?.[1], text = fold((quoted ?? q).trim());
  return quoted !== undefined || (text.length >= 4 && !/\s/.test(text) && /[\d@._/-]/.test(text)) ? text : null;
}

const emptyLeg = (): Promise<Leg> => Promise.resolve({ texts: new Map(), scores: new Map(), passages: new Map() });

/** Two queries: the words as they were typed, and their other forms, which only follow. Apart, because LanceDB goes through every text that holds any word of a boolean query, and of a plain one only through the best. */
interface Words { typed: MatchQuery; forms: MatchQuery | null; formsWorth: number }

/** A single word stands before its whole family, however long the mails that hold it. Null: no word to look for. */
function wordsToFind(q: string, terms: readonly Term[], isLiteral: boolean): Words | null {
  if (terms.length === 0) return null;
  const words = terms.map(({ word }) => word), typed = new Set(words);
  // accents that stand as characters of their own (from macOS) are not folded by the index
  if (/[^\0-\x7f]/.test(q)) for (const [token] of q.normalize('NFD').toLowerCase().matchAll(/[\p{L}\p{N}]\p{M}?[\p{L}\p{N}\p{M}]*/gu)) if (/\p{M}/u.test(token)) words.push(token);
  const forms = isLiteral ? [] : [...new Set(terms.flatMap(({ forms: { respelled, near, far } }) => [...respelled, ...near, ...far]))].filter((form) => !typed.has(form));
  const matching = (some: readonly string[]): MatchQuery => new MatchQuery(joint(some.join(' ').toWellFormed()), 'body');
  return { typed: matching(words), forms: forms.length === 0 ? null : matching(forms), formsWorth: terms.length === 1 ? FORMS_OF_ONE_WORTH : FORMS_WORTH };
}

/** Rows of a table by what says which they are: where they lie, or their id. */
type Key = bigint | string;
type Raw = Record<string, unknown>;
interface Rows { table: Table; key: '_rowid' | 'id'; take(keys: readonly Key[], columns: string[]): Promise<Raw[]> }
const byPlace = (table: Table): Rows => ({ table, key: '_rowid', take: async (keys, columns) => (keys.length === 0 ? [] : await table.takeRowIds(keys as bigint[]).select(columns).withRowId().toArray() as Raw[]) });
const byId = (table: Table): Rows => ({ table, key: 'id', take: async (keys, columns) => (keys.length === 0 ? [] : await table.query().where(isAnyOf('id', keys as string[])).select(columns).toArray() as Raw[]) });

/**
 * Reads in two steps: what the indices say, then what stands in the best rows, which are found at once by where they lie. Only within one version
 * of the table does a row stay where it lies: if there is another one in the end, all is read again by ids, which takes half as long again.
 */
async function consistent<T>(table: Table, read: (rows: Rows) => Promise<T>): Promise<T> {
  const before = await table.version(), [answer] = await Promise.allSettled([read(byPlace(table))]);
  if (await table.version() !== before) return read(byId(table));
  if (answer.status === 'rejected') throw answer.reason;
  return answer.value;
}

/** The best rows that an index answers with, their scores by what says which they are; a row that stands there twice counts once. Nothing of them is read. */
async function ranked(query: Query | VectorQuery, { key }: Rows, score: '_score' | '_distance', where: string | null): Promise<Map<Key, number>> {
  const narrowed = where === null ? query : query.where(where), raws = await (key === 'id' ? narrowed.select(['id', score]) : narrowed.select([score]).withRowId()).toArray() as Raw[];
  const better = score === '_score' ? Math.max : Math.min, scores = new Map<Key, number>();
  for (const raw of raws) { const which = raw[key] as Key, value = Number(raw[score]); scores.set(which, better(value, scores.get(which) ?? value)); }
  return scores;
}

async function keywordLeg(rows: Rows, words: Words | null, where: string | null, depth: number): Promise<Leg> {
  if (words === null) return emptyLeg();
  const found = (query: MatchQuery, limit: number): Promise<Map<Key, number>> => ranked(rows.table.query().fullTextSearch(query, { columns: ['body'] }).limit(limit), rows, '_score', where);
  const [scores, forms] = await Promise.all([found(words.typed, depth), words.forms === null ? new Map<Key, number>() : found(words.forms, FORMS_DEPTH * depth)]);
  for (const [which, score] of forms) scores.set(which, (scores.get(which) ?? 0) + words.formsWorth * score);
  const best = new Map([...scores].sort(([, a], [, b]) => b - a).slice(0, depth));
  return collect(await rows.take([...best.keys()], TEXT_COLUMNS), (raw) => best.get(raw[rows.key] as Key)!, true);
}

/** Where a vector belongs. */
const PLACE_COLUMNS = ['id', 'from_char', 'to_char'];

async function vectorLeg(rows: Rows, vector: Float32Array, where: string | null, limit: number): Promise<Leg> {
  const near = rows.table.query().nearestTo(vector).column('vector').distanceType('cosine').minimumNprobes(PROBES).maximumNprobes(PROBES_MAX).limit(limit), distances = await ranked(near, rows, '_distance', where);
  return collect(await rows.take([...distances.keys()], PLACE_COLUMNS), (raw) => 1 - distances.get(raw[rows.key] as Key)!, false);
}

/** The same record several times (its passages; or two processes merged it at once) counts once, at its best place. */
function collect(raws: readonly Raw[], scoreOf: (raw: Raw) => number, areTexts: boolean): Leg {
  const leg: Leg = { texts: new Map(), scores: new Map(), passages: new Map() };
  const scored = raws.map((raw) => ({ raw, score: scoreOf(raw) })).filter(({ score }) => Number.isFinite(score));
  for (const { raw, score } of scored.sort((a, b) => b.score - a.score)) {
    const id = versionOf(String(raw['id']));
    if (leg.scores.has(id)) continue;
    leg.scores.set(id, score);
    if (areTexts) leg.texts.set(id, textFromLance(raw));
    else leg.passages.set(id, { start: Number(raw['from_char']), end: Number(raw['to_char']) });
  }
  return leg;
}
