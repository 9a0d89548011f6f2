/** One way to call any route of the contract: types in, parsed answer out, every failure an ApiError with a sentence for people. */
import './jitless.ts';
import type { z } from 'zod';
import { routes } from '#contract/api';
import type { Route, RouteName } from '#contract/api';
import { ApiError, ApiErrorBody } from '#contract/errors';
import type { ApiErrorCode } from '#contract/errors';

/** Longer than any answer is meant to take; a hung request must not hang the page. */
const ANSWER_TIMEOUT_MS = 30_000;

type RouteOf<N extends RouteName> = (typeof routes)[N];
type InputOf<N extends RouteName, K extends 'params' | 'query' | 'body'> =
  RouteOf<N> extends Record<K, infer S extends z.ZodType> ? z.input<S> : undefined;
/** A part that may be left out is optional: `{}` or undefined would do as well. */
type Part<K extends string, V> = [V] extends [undefined] ? unknown : undefined extends V ? { [k in K]?: V } : object extends V ? { [k in K]?: V } : { [k in K]: V };

export type CallInput<N extends RouteName> = Part<'params', InputOf<N, 'params'>> & Part<'query', InputOf<N, 'query'>> & Part<'body', InputOf<N, 'body'>>;
export type CallAnswer<N extends RouteName> = RouteOf<N>['answer'] extends z.ZodType ? z.output<RouteOf<N>['answer']> : undefined;

export interface CallOptions { signal?: AbortSignal; headers?: Record<string, string> }
/** Where to call and as whom. In the page: same origin, session cookie. In a script: an address and an API key. */
export interface Caller { baseUrl: string; apiKey: string | undefined; fetch: typeof fetch }

export async function call<N extends RouteName>(caller: Caller, name: N, input: CallInput<N>, options: CallOptions = {}): Promise<CallAnswer<N>> {
  const route: Route = routes[name];
  const { params, query, body } = input as { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (route.body) headers['content-type'] = 'application/json';
  if (caller.apiKey) headers['authorization'] = `Bearer ${caller.apiKey}`;
  const response = await send(caller, address(caller.baseUrl, route.path, params, query), {
    method: route.method.toUpperCase(),
    headers,
    ...(route.body ? { body: JSON.stringify(body ?? {}) } : {}),
    signal: options.signal ? AbortSignal.any([options.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) : AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  if (!response.ok) throw await refusal(response);
  if (!route.answer) return undefined as CallAnswer<N>;
  const answer = route.answer.safeParse(await response.json().catch(() => undefined));
  if (!answer.success) throw new ApiError('internal', 'The server gave an answer that this page does not understand. Reload the page; if that does not help, its version is too old.', { details: answer.error.issues });
  return answer.data as CallAnswer<N>;
}

/** The network as a value: no answer at all is `unavailable`; an abort stays an abort. */
export async function send(caller: Caller, url: string, init: RequestInit): Promise<Response> {
  try {
    return await caller.fetch(url, { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError('unavailable', 'Historical Sync cannot be reached. Check the connection and try again.', { details: String(cause) });
  }
}

/** What a refusing answer says. An answer from something in between (a proxy, a limiter) still becomes a plain sentence. */
async function refusal(response: Response): Promise<ApiError> {
  const retryAfterSeconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  const wait = Number.isFinite(retryAfterSeconds) ? { retryAfterSeconds } : {};
  const body = ApiErrorBody.safeParse(await response.json().catch(() => undefined));
  if (body.success) return new ApiError(body.data.error.code, body.data.error.message, { details: body.data.error.details, ...wait });
  const [code, message] = fromStatus(response.status);
  return new ApiError(code, message, { details: { status: response.status }, ...wait });
}

export function fromStatus(status: number): [ApiErrorCode, string] {
  if (status === 401) return ['unauthenticated', 'You are signed out. Sign in to go on.'];
  if (status === 403) return ['forbidden', 'You are not allowed to do this.'];
  if (status === 404) return ['not_found', 'This does not exist, or is not yours.'];
  if (status === 409) return ['invalid_state', 'This changed in the meantime. Reload and try again.'];
  if (status === 429) return ['rate_limited', 'Too many requests. Wait a moment and try again.'];
  if (status < 500) return ['bad_request', 'The server did not accept this.'];
  if (status < 502) return ['internal', 'Something broke on our side. Try again in a moment.'];
  return ['unavailable', 'Historical Sync is not available right now. Try again in a moment.'];
}

function address(baseUrl: string, path: string, params: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  return `${baseUrl}${filled}${search.size > 0 ? `?${search}` : ''}`;
}
