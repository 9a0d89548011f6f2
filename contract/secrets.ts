/** What a tenant may hand us to keep: its own model key, its own OAuth clients. Names are exact; values never come back. */
import { z } from 'zod';
import { BASE_URL_CHARS_MAX, MODEL_CHARS_MAX, SECRET_CHARS_MAX } from './limits.ts';

/** The key of an OpenAI-compatible model: the only one that enrichment may spend. */
export const MODEL_KEY_NAME = 'OPENAI_API_KEY';
/**
 * `<PROVIDER>_CLIENT_ID` with `<PROVIDER>_CLIENT_SECRET`: the tenant's own OAuth client, used for its new connections when both are there.
 * Case counts: `openai_api_key` is no name.
 */
export const SecretName = z.enum([
  MODEL_KEY_NAME, 'MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET', 'GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET',
  'SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SALESFORCE_CLIENT_ID', 'SALESFORCE_CLIENT_SECRET',
]);
export type SecretName = z.infer<typeof SecretName>;

const ModelName = z.string().max(MODEL_CHARS_MAX).regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');

export const PutSecretRequest = z.strictObject({
  /** Goes into a header: visible ASCII, no spaces. */
  value: z.string().max(SECRET_CHARS_MAX).regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces'),
  /** OPENAI_API_KEY only. Left out: the service's own address, and our default model. */
  base_url: z.url().max(BASE_URL_CHARS_MAX).optional(),
  model: ModelName.optional(),
  /** OPENAI_API_KEY only: what makes the vectors of searches, at the same address. Left out: the local ones, as without a key. */
  embedding_model: ModelName.optional(),
}).refine((body) => body.base_url === undefined || /^https?:\/\//i.test(body.base_url), { path: ['base_url'], message: 'must begin with https://' });

/** How far memory has its vectors of the embedding model that is wished. Searches use them when all are there; until then those before. */
export const EmbeddingState = z.object({
  model: z.string(), is_used: z.boolean(),
  /** Records that have theirs, of all. */
  done: z.int(), total: z.int(),
  /** What stands in the way; null: nothing. */
  message: z.string().nullable(),
});
export type EmbeddingState = z.infer<typeof EmbeddingState>;

export const Secret = z.object({
  name: SecretName,
  /** Empty when the value is so short that four letters would give it away. */
  last4: z.string(),
  base_url: z.string().nullable(), model: z.string().nullable(), embedding_model: z.string().nullable(),
  /** Null: the vectors are the local ones. */
  embedding: EmbeddingState.nullable(),
  updated_at: z.iso.datetime(),
});
export type Secret = z.infer<typeof Secret>;
export const SecretsResponse = z.object({ secrets: z.array(Secret) });

/** What asking the tenant's model one short question brought, in a sentence. */
export const ModelTest = z.object({ works: z.boolean(), message: z.string(), model: z.string(), took_ms: z.int() });
export type ModelTest = z.infer<typeof ModelTest>;
