/** What can go wrong with a tenant's model service, embeddings and extraction alike, and the one way its answers are classified. */
import { APIConnectionError, APIError, APIUserAbortError } from 'openai';

/**
 * - `quota`        the account has no budget left: final until somebody pays
 * - `auth`         the key is refused, or its address sends us elsewhere: final until one of them is replaced
 * - `refused`      the service will not read this input: final for the input
 * - `rate_limited` come back after `retryAfterMs`
 * - `unavailable`  timeouts, 5xx, connections: works again later
 * - `bad_answer`   an answer that does not fit the question
 */
type ModelErrorKind = 'quota' | 'auth' | 'refused' | 'rate_limited' | 'unavailable' | 'bad_answer';

/** `message` is for people and never holds the key or the text. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly kind: ModelErrorKind;
  readonly retryAfterMs: number | undefined;
  constructor(kind: ModelErrorKind, message: string, facts: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** What the SDK threw, as one of the kinds. `service` begins the sentence: "The embedding service". Unknown errors come back as they are. */
export function classified(error: unknown, service: string): unknown {
  if (error instanceof ModelError || error instanceof APIUserAbortError) return error;
  if (error instanceof APIConnectionError) return new ModelError('unavailable', `${service} did not answer. It is tried again by itself.`, { cause: error });
  if (!(error instanceof APIError)) return error;
  const status = error.status as number | undefined, headers = error.headers as Headers | undefined;
  if (error.code === 'insufficient_quota') return new ModelError('quota', `The key's account has no quota left: ${service.toLowerCase()} refuses to work for it. Top it up or replace the key.`);
  if (status === 401 || status === 403) return new ModelError('auth', `${service} refused the key. Replace it in the settings.`);
  if (status !== undefined && status >= 300 && status < 400) return new ModelError('auth', `${service} sends us on to another address, which is not followed. Enter the address of the service itself in the settings.`);
  if (status === 429) return new ModelError('rate_limited', `${service} asks us to wait. It goes on by itself.`, { retryAfterMs: retryAfter(headers) });
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 409) return new ModelError('refused', `${service} refused the text (${status}).`);
  return new ModelError('unavailable', `${service} failed${status === undefined ? '' : ` (${status})`}. It is tried again by itself.`);
}

function retryAfter(headers: Headers | undefined): number {
  const ms = Number(headers?.get('retry-after-ms') ?? NaN), seconds = Number(headers?.get('retry-after') ?? NaN);
  return Number.isFinite(ms) ? ms : Number.isFinite(seconds) ? seconds * 1_000 : 10_000;
}

/** The SDK tries every 429 again; an account without quota is not worth four more requests. Nor is anybody followed elsewhere: the address is the tenant's, and the way on might lead inside. */
export async function fetchOnceWithoutQuota(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.status !== 429) return response;
  const body = await response.text(), headers = new Headers(response.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  if (body.includes('insufficient_quota')) headers.set('x-should-retry', 'false');
  return new Response(body, { status: 429, headers });
}
