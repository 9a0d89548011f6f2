/** What an embedder is: texts in, one flat array of vectors out. Zero vectors mean "nothing to embed" and are never stored. */

export interface Embedder {
  /** Names model and dimensions: a table holds vectors of one embedder only. [a-z0-9-] */
  readonly id: string;
  readonly dims: number;
  /** Texts in one call, at most. */
  readonly inputsMax: number;
  /** Estimated tokens in one request, at most; the embedder packs and cuts by itself. */
  readonly tokensPerRequestMax: number;
  /** `texts.length * dims` floats, L2-normalised, in the order of the texts. A text without anything to embed gives zeros. Throws ModelError. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>;
}

/** The vector of one row, or null when it is zero or not a number: such a row is kept for keyword search only. */
export function vectorAt(vectors: Float32Array, dims: number, row: number): Float32Array | null {
  const vector = vectors.subarray(row * dims, (row + 1) * dims);
  let sum = 0;
  for (let i = 0; i < vector.length; i += 1) sum += vector[i]! * vector[i]!;
  return vector.length === dims && sum > 1e-12 && Number.isFinite(sum) ? vector : null;
}
