/** What an embedder is: texts in, one flat array of vectors out. Zero vectors mean "nothing to embed" and are never stored. */

export interface Embedder {
  /** Names model and dimensions: a table holds vectors of one embedder only. [a-z0-9-] */
  readonly id: string;
  readonly dims: number;
  /** Texts in one call, at most. */
  readonly inputsMax: number;
  /** Estimated tokens in one request, at most; the embedder packs and cuts by itself. */
  readonly tokensPerRequestMax: number;
  /** `texts.length * dims` floats, L2-normalised, in the order of the texts. A text without anything to embed gives zeros. Throws EmbeddingError. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>;
}

/**
 * - `quota`        the account has no budget left: final until somebody pays
 * - `auth`         the key is refused: final until it is replaced
 * - `refused`      the provider will not embed this input: final for the input
 * - `rate_limited` come back after `retryAfterMs`
 * - `unavailable`  timeouts, 5xx, connections: works again later
 * - `bad_answer`   an answer that does not fit the question
 */
export type EmbeddingErrorKind = 'quota' | 'auth' | 'refused' | 'rate_limited' | 'unavailable' | 'bad_answer';

/** `message` is for people and never holds the key or the text. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError';
  readonly kind: EmbeddingErrorKind;
  readonly retryAfterMs: number | undefined;
  constructor(kind: EmbeddingErrorKind, message: string, facts: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The vector of one row, or null when it is zero or not a number: such a row is kept for keyword search only. */
export function vectorAt(vectors: Float32Array, dims: number, row: number): Float32Array | null {
  const vector = vectors.subarray(row * dims, (row + 1) * dims);
  let sum = 0;
  for (let i = 0; i < vector.length; i += 1) sum += vector[i]! * vector[i]!;
  return vector.length === dims && sum > 1e-12 && Number.isFinite(sum) ? vector : null;
}
