/** Embeddings of OpenAI or anything that speaks its language (Ollama, TEI, LM Studio), with the tenant's own key. Batched by tokens; refuses to guess at a broken answer. */
import OpenAI from 'openai';
import { EMBEDDING_CHARS_PER_TOKEN, EMBEDDING_DIMS, EMBEDDING_INPUTS_MAX, EMBEDDING_MODEL_DEFAULT, EMBEDDING_REQUESTS_IN_FLIGHT, EMBEDDING_RETRIES_MAX, EMBEDDING_TIMEOUT_MS, EMBEDDING_TOKENS_PER_INPUT_MAX, EMBEDDING_TOKENS_PER_REQUEST_MAX } from '#contract/limits';
import { classified, fetchOnceWithoutQuota, ModelError } from '../model-error.ts';
import { vectorAt, type Embedder } from './embedder.ts';

interface OpenAiOptions {
  /** The tenant's own. Never another's. */
  apiKey: string;
  /** With its /v1. */
  baseUrl?: string;
  model?: string;
  /** Of its vectors. */
  dims?: number;
  /** What the service is asked to shorten them to; null: nothing, some refuse to be asked. Left out: `dims`. */
  asked?: number | null;
  /** Left out: made of model and dimensions. */
  id?: string;
  timeoutMs?: number;
}

/** Opens the embedder of one tenant. https://platform.openai.com/docs/api-reference/embeddings */
export function openAiEmbedder({ apiKey, baseUrl, model = EMBEDDING_MODEL_DEFAULT, dims = EMBEDDING_DIMS, asked = dims, id, timeoutMs = EMBEDDING_TIMEOUT_MS }: OpenAiOptions): Embedder {
  const client = new OpenAI({ apiKey, baseURL: baseUrl, timeout: timeoutMs, maxRetries: EMBEDDING_RETRIES_MAX, organization: null, project: null, fetch: fetchOnceWithoutQuota });

  async function request(texts: string[], signal: AbortSignal | undefined): Promise<number[][]> {
    try {
      const { data } = await client.embeddings.create({ model, input: texts, ...asked !== null && { dimensions: asked } }, { signal });
      return inOrder(data, texts.length, dims);
    } catch (error) {
      throw signal?.aborted ? signal.reason : classified(error, 'The embedding service');
    }
  }

  return {
    id: id ?? embedderIdOf(model, dims),
    dims,
    inputsMax: EMBEDDING_INPUTS_MAX,
    tokensPerRequestMax: EMBEDDING_TOKENS_PER_REQUEST_MAX,
    async embed(texts, signal) {
      const out = new Float32Array(texts.length * dims), batches = pack(texts);
      const work = async (): Promise<void> => {
        for (let batch = batches.shift(); batch; batch = batches.shift()) {
          const vectors = await request(batch.map(({ text }) => text), signal);
          for (const [i, { row }] of batch.entries()) {
            out.set(vectors[i]!, row * dims);
            if (vectorAt(out, dims, row) === null) throw new ModelError('bad_answer', `${model} answered a vector without a direction.`);
          }
        }
      };
      await Promise.all(Array.from({ length: Math.min(EMBEDDING_REQUESTS_IN_FLIGHT, batches.length) }, work));
      return out;
    },
  };
}

/** Model and dimensions as a name of a table. */
export const embedderIdOf = (model: string, dims: number): string => `openai-${model.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, MODEL_NAME_CHARS)}-${dims}`;
const MODEL_NAME_CHARS = 64;

/** One short text, to learn what vectors a model gives: asked to be short ones, or as they are where it refuses. Throws ModelError. */
export async function probeEmbedder(options: Pick<OpenAiOptions, 'apiKey' | 'baseUrl' | 'timeoutMs'> & { model: string }): Promise<{ dims: number; asked: number | null }> {
  const client = new OpenAI({ apiKey: options.apiKey, baseURL: options.baseUrl, timeout: options.timeoutMs ?? EMBEDDING_TIMEOUT_MS, maxRetries: 1, organization: null, project: null, fetch: fetchOnceWithoutQuota });
  for (const asked of [EMBEDDING_DIMS, null]) {
    try {
      const { data } = await client.embeddings.create({ model: options.model, input: ['hello'], ...asked !== null && { dimensions: asked } });
      const dims = data[0]?.embedding.length ?? 0;
      if (dims > 0) return { dims, asked };
      throw new ModelError('bad_answer', 'The embedding service answered without a vector.');
    } catch (error) {
      const known = classified(error, 'The embedding service');
      if (asked === null || !(known instanceof ModelError) || known.kind !== 'refused') throw known;
    }
  }
  throw new ModelError('bad_answer', 'The embedding service answered without a vector.');
}

interface Input { row: number; text: string }

/** Requests within both limits. Empty texts are left out (the API refuses them); too long ones are cut. Tokens are estimated, on the safe side. */
export function pack(texts: readonly string[]): Input[][] {
  const batches: Input[][] = [];
  let batch: Input[] = [], tokens = 0;
  for (const [row, whole] of texts.entries()) {
    const text = whole.trim().slice(0, EMBEDDING_TOKENS_PER_INPUT_MAX * EMBEDDING_CHARS_PER_TOKEN).toWellFormed();
    if (text === '') continue;
    const cost = tokensOf(text), kept = cost > EMBEDDING_TOKENS_PER_INPUT_MAX ? text.slice(0, Math.floor(text.length * EMBEDDING_TOKENS_PER_INPUT_MAX / cost)).toWellFormed() : text;
    const need = Math.min(cost, EMBEDDING_TOKENS_PER_INPUT_MAX);
    if (batch.length > 0 && (batch.length >= EMBEDDING_INPUTS_MAX || tokens + need > EMBEDDING_TOKENS_PER_REQUEST_MAX)) { batches.push(batch); batch = []; tokens = 0; }
    batch.push({ row, text: kept });
    tokens += need;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Four letters a token in English, about one each in Chinese or emoji, two in between. */
function tokensOf(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x24f) wide += 1;
  return Math.ceil((text.length - wide) / EMBEDDING_CHARS_PER_TOKEN) + 2 * wide;
}

function inOrder(data: { index: number; embedding: number[] }[], count: number, dims: number): number[][] {
  const vectors: number[][] = [];
  for (const { index, embedding } of data) vectors[index] = embedding;
  for (let i = 0; i < count; i += 1) if (vectors[i]?.length !== dims) throw new ModelError('bad_answer', `The embedding service answered ${vectors[i] ? `${vectors[i]!.length} dimensions instead of ${dims}` : 'fewer vectors than texts'}.`);
  return vectors;
}
