/** The Test button beside a tenant's model key: one short question with the key, address and model that are kept. What the service says beyond its status is told to nobody: it may repeat the key. */
import { z } from 'zod';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { ENRICH_MODEL_DEFAULT, MODEL_TEST_BYTES_MAX, MODEL_TEST_TIMEOUT_MS, MODEL_TEST_TOKENS_MAX } from '#contract/limits';
import { MODEL_KEY_NAME, type ModelTest } from '#contract/secrets';
import type { Env } from './env.ts';
import { serve, type App } from './route.ts';
import { readSecrets, type OpenSecret } from './secrets.ts';

const OPENAI = 'https://api.openai.com/v1';
const Completion = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1) });

export function serveModelTest(app: App): void {
  serve(app, routes.testModel, async ({ env, principal: { tenantId } }) => {
    const key = (await readSecrets(env, tenantId, [MODEL_KEY_NAME])).get(MODEL_KEY_NAME);
    if (!key) throw new ApiError('not_found', `No ${MODEL_KEY_NAME} is kept for you. Save one first.`);
    return test(env, key);
  });
}

async function test(env: Env, { value, baseUrl, model: named }: OpenSecret): Promise<ModelTest> {
  const model = named ?? ENRICH_MODEL_DEFAULT, began = Date.now();
  const said = (works: boolean, message: string): ModelTest => ({ works, message, model, took_ms: Date.now() - began });
  try {
    // https://platform.openai.com/docs/api-reference/chat/create
    const response = await fetch(`${baseUrl ?? env.OPENAI_BASE_URL ?? OPENAI}/chat/completions`, {
      // Its name may resolve to anything: whoever it sends us on to is not asked.
      method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(MODEL_TEST_TIMEOUT_MS),
      headers: { 'authorization': `Bearer ${value}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, max_completion_tokens: MODEL_TEST_TOKENS_MAX, messages: [{ role: 'user', content: 'Answer with the one word OK.' }] }),
    });
    const answer = await readSome(response);
    if (response.status !== 200) return said(false, refusalOf(response.status, answer, model));
    return Completion.safeParse(jsonOf(answer)).success ? said(true, `${model} answers.`) : said(false, 'There is an answer, but not that of a model. Check the address: it ends with its version, like /v1.');
  } catch {
    return said(false, 'The model service did not answer. Check the address, or try again in a minute.');
  }
}

function refusalOf(status: number, answer: string, model: string): string {
  if (status === 401 || status === 403) return 'The model service refused the key. Replace it.';
  if (status === 404) return `The model service knows no model "${model}", or lives at another address.`;
  if (status === 429 && answer.includes('insufficient_quota')) return 'The key\'s account has no quota left. Top it up, or replace the key.';
  if (status === 429) return 'The model service asks us to wait. Try again in a minute.';
  if (status >= 300 && status < 400) return 'The address sends us on to another one, which is not followed. Enter the address of the service itself.';
  return status < 500 ? `The model service did not take the question (${status}). Check the model's name.` : `The model service failed (${status}). Try again in a minute.`;
}

/** The first MODEL_TEST_BYTES_MAX of an answer, whoever sends it. */
async function readSome({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  // Leaving the loop cancels the rest.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) if ((text += decoder.decode(chunk, { stream: true })).length >= MODEL_TEST_BYTES_MAX) break;
  return text;
}

function jsonOf(text: string): unknown {
  try { return JSON.parse(text); } catch { return null; }
}
