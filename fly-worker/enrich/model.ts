/** A tenant's model: OpenAI's or any that speaks its language, with the tenant's own key. One call reads up to a handful of records. */
import OpenAI from 'openai';
import { ENRICH_ANSWER_TOKENS_MAX, ENRICH_MODEL_DEFAULT, ENRICH_RETRIES_MAX, ENRICH_TIMEOUT_MS } from '#contract/limits';
import { classified, fetchOnceWithoutQuota, ModelError } from '../model-error.ts';
import { mustLeadOutside } from '../outside.ts';
import { ANSWER_SCHEMA, INSTRUCTIONS, QUESTION_VERSION, readingsIn, worded, type Question, type Reading } from './question.ts';

interface ModelOptions {
  /** The tenant's own. Never another's. */
  apiKey: string;
  /** With its /v1. */
  baseUrl: string | null;
  model: string | null;
  timeoutMs?: number;
}

/** What one call brought. `tokens`: read and written, as the service counts them; its answer without a count is estimated. */
interface Reply { readings: (Reading | string)[]; tokens: number }

export interface Model {
  /** Model and question: part of the cache's key. */
  readonly id: string;
  /** One call. Readings in the order asked; a sentence where there is none. Throws ModelError, or the signal's reason. */
  read(questions: readonly Question[], signal: AbortSignal): Promise<Reply>;
}

const SERVICE = 'The model service';
/** For services that do not count. */
const CHARS_PER_TOKEN = 4;

/** https://platform.openai.com/docs/api-reference/chat/create */
export function openModel({ apiKey, baseUrl, model, timeoutMs = ENRICH_TIMEOUT_MS }: ModelOptions): Model {
  const client = new OpenAI({ apiKey, baseURL: baseUrl ?? undefined, timeout: timeoutMs, maxRetries: ENRICH_RETRIES_MAX, organization: null, project: null, fetch: fetchOnceWithoutQuota });
  const name = model ?? ENRICH_MODEL_DEFAULT;
  /** null: not known yet. Servers that do not know structured outputs refuse them; the words ask for JSON all the same. */
  let structured: boolean | null = null;

  async function ask(asked: string, strict: boolean, signal: AbortSignal): Promise<OpenAI.ChatCompletion> {
    return client.chat.completions.create({
      model: name, max_completion_tokens: ENRICH_ANSWER_TOKENS_MAX, messages: [{ role: 'system', content: INSTRUCTIONS }, { role: 'user', content: asked }],
      ...strict && { response_format: { type: 'json_schema' as const, json_schema: { name: 'records', strict: true, schema: ANSWER_SCHEMA } } },
    }, { signal });
  }
  async function answerTo(asked: string, signal: AbortSignal): Promise<OpenAI.ChatCompletion> {
    try {
      const answer = await ask(asked, structured !== false, signal);
      structured ??= true;
      return answer;
    } catch (error) {
      if (structured !== null || !(error instanceof OpenAI.BadRequestError)) throw error;
      const answer = await ask(asked, false, signal);
      structured = false;
      return answer;
    }
  }

  return {
    id: `llm:${name}:${QUESTION_VERSION}`,
    async read(questions, signal) {
      const asked = worded(questions);
      try {
        if (baseUrl !== null) await mustLeadOutside(new URL(baseUrl));
        const answer = await answerTo(asked, signal), choice = answer.choices?.[0], content = choice?.message?.content ?? '';
        const readings = choice?.message?.refusal ? questions.map(() => 'The model refused to read this record.') : readingsIn(content, questions.length);
        return { readings, tokens: answer.usage?.total_tokens ?? Math.ceil((INSTRUCTIONS.length + asked.length + content.length) / CHARS_PER_TOKEN) };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const known = classified(error, SERVICE);
        // 200 with something that is no completion: the SDK's own complaint
        throw known instanceof ModelError ? known : new ModelError('bad_answer', `${SERVICE} answered something unreadable.`, { cause: error });
      }
    },
  };
}
