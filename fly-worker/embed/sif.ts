/**
 * Text -> vector without a model: smooth inverse frequency (Arora et al. 2017) over word vectors. Words that the table does not know
 * (names, numbers, most German and French) are hashed by their letter groups into dimensions of their own, with little weight: similar
 * spellings come near each other, known meaning is not disturbed, and no text with a letter or digit in it is a zero vector.
 */
import { WORD_DIMS, type WordTable } from './table.ts';

/** Dimensions for what is not in the table. 100 + 28 = 128, a multiple of 16 as vector indices want it. */
const SPELLING_DIMS = 28;
export const SIF_DIMS = WORD_DIMS + SPELLING_DIMS;

/** Measured on judged collections: weight of a word = A / (A + P / (rank + 2.7)). */
const A = 3e-5, P = 0.06;
/** How far spelling may speak where meaning does, too. */
const SPELLING_WEIGHT = 0.35;
/** Tokens read of one text: 10 KB hold fewer. */
const TOKENS_MAX = 4_000;
const TOKEN_CHARS_MAX = 40;

const STOP_WORDS = new Set(`a about above after again all am an and any are as at be because been before being below between both but by can could did do does doing down during each few for from further had has have having he her here hers him his how i if in into is it its just me more most my no nor not now of off on once only or other our out over own same she should so some such than that the their them then there these they this those through to too under until up very was we were what when where which while who whom why will with would you your s t re ll ve d m
der die das den dem des ein eine einen einem einer und oder aber nicht ist sind war mit von zu für auf im in an aus bei nach wie auch als wir sie ich du er es le la les un une des et ou mais est sont pour dans sur avec par que qui ce cette nous vous je il elle de du au aux`.split(/\s+/));

const TOKEN = /[\p{L}\p{N}]+/gu;

/** Writes the vector of `text` to `out` at `offset` (SIF_DIMS floats). False: nothing to embed, zeros. */
export function embedText(table: WordTable, text: string, out: Float32Array, offset: number): boolean {
  const vector = out.subarray(offset, offset + SIF_DIMS);
  vector.fill(0);
  const known = new Map<number, number>(), unknown = new Map<string, number>();
  const onlyStopWord = count(table, text, known, unknown);
  if (known.size + unknown.size === 0 && onlyStopWord !== null) unknown.set(onlyStopWord, 1);
  addWords(table, known, vector);
  const meaning = norm(vector, 0, WORD_DIMS);
  for (const [word, times] of unknown) addSpelling(word, 1 + Math.log(times), vector);
  const spelling = norm(vector, WORD_DIMS, SIF_DIMS);
  if (meaning === 0 && spelling === 0) return false;
  const share = meaning === 0 ? 1 : SPELLING_WEIGHT * (unknown.size / (unknown.size + known.size));
  if (meaning > 0) scale(vector, 0, WORD_DIMS, 1 / meaning);
  if (spelling > 0) scale(vector, WORD_DIMS, SIF_DIMS, share / spelling);
  scale(vector, 0, SIF_DIMS, 1 / norm(vector, 0, SIF_DIMS));
  return true;
}

/** Counts words; returns a stop word in case there is nothing else. */
function count({ rows }: WordTable, text: string, known: Map<number, number>, unknown: Map<string, number>): string | null {
  let stop: string | null = null, tokens = 0;
  for (const token of text.toLowerCase().match(TOKEN) ?? []) {
    if ((tokens += 1) > TOKENS_MAX) break;
    if (STOP_WORDS.has(token)) { stop = token; continue; }
    const row = rows.get(token) ?? rows.get(folded(token));
    if (row !== undefined) known.set(row, (known.get(row) ?? 0) + 1);
    else { const word = token.slice(0, TOKEN_CHARS_MAX); unknown.set(word, (unknown.get(word) ?? 0) + 1); }
  }
  return stop;
}

const folded = (token: string): string => (/[^a-z0-9]/.test(token) ? token.normalize('NFD').replace(/\p{M}+/gu, '').replaceAll('ß', 'ss') : token);

function addWords({ values, scales, ranks }: WordTable, known: Map<number, number>, vector: Float32Array): void {
  for (const [row, times] of known) {
    const weight = A / (A + P / (ranks[row]! + 2.7)) * (1 + Math.log(times)) * scales[row]!;
    const at = row * WORD_DIMS;
    for (let i = 0; i < WORD_DIMS; i += 1) vector[i]! += weight * values[at + i]!;
  }
}

/** Groups of three letters and the word itself, each to one dimension with a sign (FNV-1a). */
function addSpelling(word: string, weight: number, vector: Float32Array): void {
  const padded = `<${word}>`;
  for (let i = 0; i + 3 <= padded.length; i += 1) addHashed(padded, i, i + 3, weight, vector);
  addHashed(padded, 0, padded.length, 2 * weight, vector);
}
function addHashed(text: string, from: number, to: number, weight: number, vector: Float32Array): void {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  vector[WORD_DIMS + ((hash >>> 1) % SPELLING_DIMS)]! += (hash & 1) === 0 ? weight : -weight;
}

function norm(vector: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}
function scale(vector: Float32Array, from: number, to: number, by: number): void {
  for (let i = from; i < to; i += 1) vector[i]! *= by;
}
