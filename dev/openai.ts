/**
 * A stand-in for OpenAI on loopback: chat completions with structured outputs and embeddings, counted, logged and broken on demand. Its model is a few patterns:
 * addresses are people, names before a legal form are companies, the subject is the topic. Any key that begins with `sk-` is good.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { json, readText, send, type Answer } from './sandbox/wire.ts';

const MODEL_FAULTS = ['fenced', 'not_json', 'missing_fields', 'left_out', 'refusal', '429', '401', '500', 'hang', 'insufficient_quota', 'no_structured_outputs'] as const;
export type ModelFault = (typeof MODEL_FAULTS)[number];
/** A fault for the next `count` calls (-1: for ever); `match`: only for calls whose text contains it. */
interface PlannedFault { kind: ModelFault; count: number; match?: string }

/** One call as it came in: whose key, how many records, which texts. */
interface ModelCall { path: string; key: string; texts: string[]; status: number }

export interface OpenAiStandIn {
  /** With its /v1, as the SDK takes it. */
  url: string;
  calls: ModelCall[];
  faults: PlannedFault[];
  /** Milliseconds before every answer. */
  latencyMs: number;
  /** Calls that wait for their answer right now. */
  inFlight: number;
  stop(): Promise<void>;
}

const Chat = z.object({ model: z.string(), messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1), response_format: z.unknown().optional() });
const Embeddings = z.object({ model: z.string(), input: z.array(z.string()).min(1), dimensions: z.int().default(1_536), encoding_format: z.string().optional() });
const Records = z.object({ records: z.array(z.object({ id: z.int(), subject: z.string(), participants: z.array(z.string()), body: z.string() })) });

/** Starts it on `port` (0: any free one). */
export async function startOpenAi({ port = 0 }: { port?: number } = {}): Promise<OpenAiStandIn> {
  const server = createServer((request, response) => { void handle(state, request, response).catch((error: unknown) => send(response, json(500, { error: { message: String(error) } }))); });
  const state: OpenAiStandIn = {
    url: '', calls: [], faults: [], latencyMs: 0, inFlight: 0,
    stop: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }),
  };
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return state;
}

async function handle(state: OpenAiStandIn, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://model').pathname.replace(/^.*\/v1\//, ''), body = await readText(request);
  const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const call: ModelCall = { path, key, texts: textsIn(path, body), status: 0 };
  state.calls.push(call);
  state.inFlight += 1;
  response.once('close', () => { state.inFlight -= 1; });
  if (state.latencyMs > 0) await new Promise((done) => setTimeout(done, state.latencyMs));
  const fault = taken(state.faults, body);
  if (fault === 'hang') return;
  const answer = answerTo(path, key, body, fault);
  call.status = answer.status;
  send(response, answer);
}

function taken(faults: PlannedFault[], body: string): ModelFault | null {
  const fault = faults.find((f) => f.count !== 0 && body.includes(f.match ?? ''));
  if (fault && fault.count > 0) fault.count -= 1;
  return fault?.kind ?? null;
}

const failure = (status: number, code: string, message: string, headers: Record<string, string> = {}): Answer => json(status, { error: { message, type: code, code } }, headers);

function answerTo(path: string, key: string, body: string, fault: ModelFault | null): Answer {
  if (fault === '401' || !key.startsWith('sk-')) return failure(401, 'invalid_api_key', 'Incorrect API key provided.');
  if (fault === 'insufficient_quota') return failure(429, 'insufficient_quota', 'You exceeded your current quota, please check your plan and billing details.');
  if (fault === '429') return failure(429, 'rate_limit_exceeded', 'Rate limit reached.', { 'retry-after-ms': '5' });
  if (fault === '500') return failure(500, 'server_error', 'The server had an error.');
  switch (path) {
    case 'chat/completions': return complete(body, fault);
    case 'embeddings': return embed(body);
    default: return failure(404, 'not_found', `Unknown request URL: ${path}.`);
  }
}

function complete(body: string, fault: ModelFault | null): Answer {
  const chat = Chat.safeParse(JSON.parse(body));
  if (!chat.success) return failure(400, 'invalid_request_error', 'The request is malformed.');
  const { model, messages, response_format: format } = chat.data;
  if (fault === 'no_structured_outputs' && format !== undefined) return failure(400, 'invalid_request_error', 'response_format is not supported.');
  const asked = messages.at(-1)!.content;
  if (!asked.startsWith('{')) return json(200, { id: 'chatcmpl-standin', object: 'chat.completion', created: 0, model, choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'OK', refusal: null } }], usage: { prompt_tokens: 8, completion_tokens: 1, total_tokens: 9 } });
  const records = Records.parse(JSON.parse(asked)).records.map(readOne);
  const said = JSON.stringify({ records: fault === 'left_out' ? records.slice(1) : fault === 'missing_fields' ? records.map(({ id, topics }) => ({ id, topics })) : records });
  const content = fault === 'not_json' ? 'I am sorry, but here is what I found: Anna works there.' : fault === 'fenced' ? `Here you are:\n\`\`\`json\n${said}\n\`\`\`` : said;
  return json(200, {
    id: 'chatcmpl-standin', object: 'chat.completion', created: 0, model,
    choices: [{ index: 0, finish_reason: 'stop', message: fault === 'refusal' ? { role: 'assistant', content: null, refusal: 'I cannot help with that.' } : { role: 'assistant', content, refusal: null } }],
    usage: { prompt_tokens: Math.ceil(asked.length / 4), completion_tokens: Math.ceil(content.length / 4), total_tokens: Math.ceil(asked.length / 4) + Math.ceil(content.length / 4) },
  });
}

function readOne({ id, subject, participants, body }: z.infer<typeof Records>['records'][number]) {
  const all = `${subject}\n${body}`;
  const people = [...new Set([...participants, ...(body.match(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g) ?? [])])].slice(0, 20).map((email) => ({ name: email.split('@')[0]!.replaceAll('.', ' '), email }));
  const organizations = [...all.matchAll(/((?:[A-ZÄÖÜ][\wäöüß&-]+ ){1,3})(GmbH|AG|Ltd|Inc|SARL|SAS)\b/g)].slice(0, 10).map((m) => ({ name: `${m[1]}${m[2]}`, domain: null }));
  const objects = [...all.matchAll(/\b(?:invoice|order|ticket|Rechnung|facture) (?:no\.? )?([A-Z]{0,4}-?\d[\d-]{2,14})/gi)].slice(0, 10).map((m) => ({ type: 'document', name: m[0], identifier: m[1]! }));
  const relationships = people[0] && organizations[0] ? [{ source: people[0].name, relation: 'works for', target: organizations[0].name }] : [];
  return { id, people, organizations, topics: subject ? [subject.slice(0, 80)] : [], objects, relationships };
}

function embed(body: string): Answer {
  const asked = Embeddings.safeParse(JSON.parse(body));
  if (!asked.success) return failure(400, 'invalid_request_error', 'The request is malformed.');
  const { model, input, dimensions, encoding_format: format } = asked.data;
  const data = input.map((text, index) => {
    const vector = new Float32Array(dimensions);
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) vector[[...word].reduce((sum, char) => (sum * 31 + char.codePointAt(0)!) >>> 0, 7) % dimensions]! += 1;
    return { object: 'embedding', index, embedding: format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector] };
  });
  const tokens = Math.ceil(input.join('').length / 4);
  return json(200, { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function textsIn(path: string, body: string): string[] {
  try {
    if (path === 'embeddings') return Embeddings.parse(JSON.parse(body)).input;
    return Records.parse(JSON.parse(Chat.parse(JSON.parse(body)).messages.at(-1)!.content)).records.map((r) => `${r.subject}\n${r.body}`);
  } catch { return []; }
}
