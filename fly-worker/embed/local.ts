/** The embedder that needs no key and no network: word vectors from a file. Good for paraphrases, no match for a model; the keyword leg of search does the main work. */
import type { Embedder } from './embedder.ts';
import { embedText, SIF_DIMS } from './sif.ts';
import { loadTable, type WordTable } from './table.ts';

let table: WordTable | null = null;

/** About 5 ms per 100 texts of 1,500 characters. The table is read at the first use and shared. */
export function localEmbedder(): Embedder {
  return {
    id: `local-glove-${SIF_DIMS}`,
    dims: SIF_DIMS,
    inputsMax: 10_000,
    tokensPerRequestMax: Number.MAX_SAFE_INTEGER,
    embed: (texts, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      return Promise.resolve(embedLocally(texts));
    },
  };
}

/** The same, at once: for a worker thread. */
export function embedLocally(texts: readonly string[]): Float32Array<ArrayBuffer> {
  table ??= loadTable();
  const vectors = new Float32Array(texts.length * SIF_DIMS);
  for (const [row, text] of texts.entries()) embedText(table, text, vectors, row * SIF_DIMS);
  return vectors;
}
