/** The word table of the local embedder: 50,000 English words with int8 vectors, as two files beside this one. Built by build-table.ts. */
import { readFileSync } from 'node:fs';

/** GloVe's dimensions. */
export const WORD_DIMS = 100;

export interface WordTable {
  /** Word -> row. */
  rows: Map<string, number>;
  /** Rows of WORD_DIMS, to be multiplied by the row's scale. */
  values: Int8Array;
  scales: Float32Array;
  /** Frequency rank in the corpus, from 1: common words weigh less. */
  ranks: Uint32Array;
}

/** Reads 5.8 MB in about 30 ms. Throws when the files do not fit each other. */
export function loadTable(folder: URL = new URL('./', import.meta.url)): WordTable {
  const words = readFileSync(new URL('words.txt', folder), 'utf8').split('\n');
  const file = readFileSync(new URL('vectors.bin', folder));
  const count = words.length, bytes = count * (WORD_DIMS + 4 + 4);
  if (file.byteLength !== bytes) throw new Error(`The word table is damaged: ${count} words need ${bytes} bytes, vectors.bin has ${file.byteLength}. Run fly-worker/embed/build-table.ts again.`);
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const rows = new Map<string, number>();
  for (let row = 0; row < count; row += 1) rows.set(words[row]!, row);
  return { rows, scales: new Float32Array(buffer, 0, count), ranks: new Uint32Array(buffer, 4 * count, count), values: new Int8Array(buffer, 8 * count) };
}
