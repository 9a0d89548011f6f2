/** The only way out to a provider: authorised, timed out, bounded, retried, classified. It refuses other hosts and never puts a token or a query into an error. */
import type { z } from 'zod';
import type { Ask, BytesRequest, ChangesContext, ChangesPage, Connector, FetchContext, FileBytes, GetBytes, GetJson, Meaning, Page, ProviderRequest, SourceRecord, UnreadableRecord } from '#contract/connector';
import { PAGE_SIZE_MIN, PROVIDER_ANSWER_BYTES_MAX, PROVIDER_ATTEMPTS_MAX, PROVIDER_TIMEOUT_MS, RETRY_AFTER_INLINE_MAX_MS } from '#contract/limits';
import { isBelow, ProviderError, type ProviderErrorKind } from './connectors/provider-error.ts';
import { actionFor, ADVICE, backoffMs, errorCode, type Failure } from './provider-policy.ts';

export { ProviderError, type ProviderErrorKind } from './connectors/provider-error.ts';

/** Time as the client sees it. `wait` rejects with the signal's reason when aborted. */
export interface Clock { now(): number; wait(ms: number, signal: AbortSignal): Promise<void> }

/** One attempt, for metrics. `outcome` is the HTTP status or what happened instead. */
export interface RequestSeen { path: string; attempt: number; durationMs: number; outcome: number | 'timeout' | 'connection' | 'broken_json' | 'cut_short' }

export interface ProviderOptions {
  /** Without a trailing slash, e.g. https://graph.microsoft.com. */
  baseUrl: string;
  /** Requests at once, over all windows of the job. */
  concurrencyMax: number;
  /** The access token; with `rejected`, one that is newer than the one the provider refused. May throw ProviderError `auth_expired`. */
  token: (rejected?: string) => Promise<string>;
  /** Stops waiting and requests at once; its reason is what callers get. */
  signal: AbortSignal;
  /** Records wanted a page at first: the job's chunk size. */
  pageSize: number;
  /** The connector's reading of answers that lie about their status. */
  meaningOf?: Connector['meaningOf'];
  clock?: Clock;
  /** 0 <= x < 1 */
  random?: () => number;
  /** Milliseconds of one attempt, headers and body. */
  timeoutMs?: number;
  onRequest?: (seen: RequestSeen) => void;
}

/** Which page: all that a connector is told, but what the client adds itself. */
type Where<Cursor, Directory> = Omit<FetchContext<Cursor, Directory>, 'get' | 'bytes' | 'baseUrl' | 'pageSize'> & { /** Not more records than this. */ pageSizeMax?: number | undefined };

export interface Provider {
  readonly get: GetJson;
  readonly bytes: GetBytes;
  /** Records wanted a page by now: halved after repeated 504s, never grown again within a run. */
  pageSize(): number;
  /**
   * One page of one window. When the provider cannot make a page of this size in time (two 504s in a row, or an answer beyond the
   * byte limit), the page size is halved down to PAGE_SIZE_MIN and the connector asked again from the same cursor; only the
   * smallest size runs into `provider_unavailable`.
   */
  fetchPage<Cursor, Directory>(connector: Connector<Cursor, Directory>, where: Where<Cursor, Directory>): Promise<Page<Cursor>>;
  /** One page of the changes of a stream; smaller ones are asked for as above. The connector must have `changes`. */
  readChanges<Place, Directory>(connector: Connector<unknown, Directory, Place>, where: Omit<ChangesContext<Place, Directory>, 'get' | 'bytes' | 'baseUrl' | 'pageSize' | 'now'>): Promise<ChangesPage<Place>>;
  /** One record by its id. The connector must have `readOne`. */
  readOne(connector: Connector, where: { stream: string; providerId: string; directory: unknown }): Promise<SourceRecord | UnreadableRecord | null>;
  /** How often the provider would not let us in, or not to something, in this run: 401 and 403, limits and what is usual for the account not counted. What it hides then is not gone. */
  refusals(): number;
}

const REDIRECTS_MAX = 3;
/** 504s of one request in a row before the page is called too heavy. */
const HEAVY_AFTER = 2;

const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const stop = () => { clearTimeout(timer); reject(signal.reason as Error); };
    const timer = setTimeout(() => { signal.removeEventListener('abort', stop); resolve(); }, ms);
    signal.addEventListener('abort', stop, { once: true });
  }),
};

/** Opens the way to one account of one provider, for one run of one job. Every failure is a ProviderError, or the signal's reason. */
export function openProvider(options: ProviderOptions): Provider {
  const { baseUrl, signal, clock = systemClock, random = Math.random, timeoutMs = PROVIDER_TIMEOUT_MS, onRequest } = options;
  const doors = openDoors(options.concurrencyMax);
  const session = openSession(options.token);
  const pageSizeMin = Math.min(PAGE_SIZE_MIN, options.pageSize);
  let pageSize = options.pageSize, refusals = 0;
  /** "Come back later" holds for all windows of the account, not only for the one that heard it. */
  let closedUntil = 0;

  async function attemptOnce<T>(request: ProviderRequest, reader: Reader<T>, token: string, attempt: number): Promise<Answer<T>> {
    const startedAt = clock.now();
    const answer = await ask(options, request, reader, token, timeoutMs);
    onRequest?.({ path: pathOf(request.url), attempt, durationMs: clock.now() - startedAt, outcome: answer.kind === 'read' ? 200 : answer.kind === 'status' ? answer.status : answer.kind });
    return answer;
  }

  async function read<T>(request: ProviderRequest, reader: Reader<T>, canShrink: boolean): Promise<T> {
    if (!isBelow(baseUrl, request.url) || !isBelow(baseUrl, parsed(request.url))) throw failed('foreign_link', request, 'was not asked: it is not below the provider\'s address');
    let token = await session.current(), refreshed = false, heavy = 0;
    for (let attempt = 1; ; ) {
      while (closedUntil > clock.now()) await clock.wait(closedUntil - clock.now(), signal);
      const answer = await doors.through(() => attemptOnce(request, reader, token, attempt), signal);
      if (answer.kind === 'read') return answer.value;
      const action = actionFor(answer, clock.now());
      switch (action.do) {
        case 'stop':
          if (action.kind === 'forbidden' && !(answer.kind === 'status' && answer.isUsual)) refusals += 1;
          throw failed(action.kind, request, said(answer), answer);
        case 'refresh':
          refusals += 1;
          if (refreshed) throw failed('auth_expired', request, 'refused a token that was just renewed', answer);
          refreshed = true;
          token = await session.newer(token);
          continue;                                                        // not an attempt: nothing was tried yet with a valid token
        case 'wait': {
          const waitMs = action.retryAfterMs ?? backoffMs(attempt, random);
          const isLimit = answer.kind === 'status' && answer.status !== 503;
          if (waitMs > RETRY_AFTER_INLINE_MAX_MS || attempt >= PROVIDER_ATTEMPTS_MAX) throw failed(isLimit || waitMs > RETRY_AFTER_INLINE_MAX_MS ? 'rate_limited' : 'provider_unavailable', request, said(answer), answer, waitMs);
          closedUntil = Math.max(closedUntil, clock.now() + waitMs);
          break;
        }
        case 'retry': {
          heavy = answer.kind === 'status' && answer.status === 504 ? heavy + 1 : 0;
          const tooHeavy = canShrink && heavy >= HEAVY_AFTER;
          if (!tooHeavy && attempt >= PROVIDER_ATTEMPTS_MAX) throw failed('provider_unavailable', request, `${said(answer)}, ${attempt} times in a row`, answer);
          await clock.wait(backoffMs(attempt, random), signal);
          if (tooHeavy) throw failed('page_too_heavy', request, said(answer), answer);
        }
      }
      attempt += 1;
    }
  }

  const getWith = (canShrink: () => boolean): GetJson => async <T>(schema: z.ZodType<T>, request: ProviderRequest): Promise<T> => {
    const result = schema.safeParse(await read(request, readJson, canShrink()));
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    throw failed('unreadable_answer', request, `answered something else than documented (${issue?.path.join('.') || 'answer'}: ${issue?.message ?? 'unknown'})`);
  };

  const bytes: GetBytes = (part) => read({ url: part.url, headers: { Accept: 'application/octet-stream', Range: `bytes=${part.from}-${part.from + part.length - 1}` } }, partReader(part), false);

  /** Asks for a page, and for smaller ones as long as it is too much for the provider. */
  async function inPages<T>(pageSizeMax: number, askFor: (how: Ask & { pageSize: number }) => Promise<T>): Promise<T> {
    for (;;) {
      const size = Math.min(pageSize, pageSizeMax);
      try {
        return await askFor({ baseUrl, pageSize: size, get: getWith(() => size > pageSizeMin), bytes });
      } catch (error) {
        const heavy = error instanceof ProviderError && (error.kind === 'page_too_heavy' || error.kind === 'answer_too_large');
        if (!heavy || size <= pageSizeMin) throw error;
        // several windows may find out at once: only the first halves
        pageSize = Math.min(pageSize, Math.max(pageSizeMin, Math.floor(size / 2)));
      }
    }
  }

  return {
    get: getWith(() => false), bytes,
    pageSize: () => pageSize,
    fetchPage: async (connector, { pageSizeMax = Infinity, ...where }) => keepable(await inPages(pageSizeMax, (how) => connector.fetchPage({ ...where, ...how }))),
    readChanges: async (connector, where) => keepable(await inPages(Infinity, (how) => connector.changes!.read({ ...where, ...how, now: new Date(clock.now()).toISOString() }))),
    readOne: (connector, where) => connector.readOne!({ ...where, baseUrl, get: getWith(() => false), bytes }),
    refusals: () => refusals,
  };
}

/** A page whose next place no checkpoint can hold leads nowhere: jsonb takes neither NUL nor half a character. Throws ProviderError `unreadable_answer`. */
function keepable<P extends { next: unknown }>(page: P): P {
  JSON.stringify(page.next, (_, value: unknown) => {
    if (typeof value === 'string' && (!value.isWellFormed() || value.includes('\0'))) throw new ProviderError('unreadable_answer', `The provider named a next page by something that is no text. ${ADVICE.unreadable_answer}`);
    return value;
  });
  return page;
}

type Answer<T> = { kind: 'read'; value: T } | Failure;
type Reader<T> = (response: Response, request: ProviderRequest, meaningOf: Connector['meaningOf']) => Promise<Answer<T>>;

/** One attempt: headers and body within `timeoutMs`, at most PROVIDER_ANSWER_BYTES_MAX. */
async function ask<T>({ baseUrl, signal, meaningOf }: ProviderOptions, request: ProviderRequest, reader: Reader<T>, token: string, timeoutMs: number): Promise<Answer<T>> {
  const timeout = AbortSignal.timeout(timeoutMs), either = AbortSignal.any([signal, timeout]);
  try {
    let url = request.url;
    for (let hop = 0; ; hop += 1) {
      const response = await fetch(url, { headers: { Accept: 'application/json', ...request.headers, Authorization: `Bearer ${token}` }, redirect: 'manual', signal: either });
      const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
      if (location !== null) {
        await response.body?.cancel();
        url = new URL(location, url).href;
        if (!isBelow(baseUrl, url)) throw failed('foreign_link', request, 'redirected to another address, which was not followed');
        if (hop >= REDIRECTS_MAX) throw failed('bad_request', request, 'redirected in a circle');
        continue;
      }
      return await reader(response, request, meaningOf);
    }
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    if (signal.aborted) throw signal.reason;
    return { kind: timeout.aborted ? 'timeout' : 'connection' };
  }
}

/** What an answer is once it has been read: its status, unless the connector knows that it lies. */
const readJson: Reader<unknown> = async (response, request, meaningOf) => {
  const { ok, status, headers } = response, text = (await readBody(response, request)).toString('utf8');
  let json: unknown, isJson = true;
  try { json = JSON.parse(text); } catch { isJson = false; }
  const meaning: Meaning | null = isJson && meaningOf ? meaningOf(status, json) : null;
  const retryAfter = headers.get('retry-after');
  if (meaning) return { kind: 'status', status: meaning.status, retryAfter: retryAfter ?? (meaning.retryAfterMs === undefined ? null : String(meaning.retryAfterMs / 1_000)), code: meaning.code, isUsual: meaning.isUsual ?? false };
  if (!ok) return { kind: 'status', status, retryAfter, code: errorCode(json) };
  return isJson ? { kind: 'read', value: json } : { kind: 'broken_json' };
};

/** 206 with exactly the bytes that it says it brings. https://www.rfc-editor.org/rfc/rfc9110#name-206-partial-content */
const partReader = ({ from, length }: BytesRequest): Reader<FileBytes> => async (response, request, meaningOf) => {
  if (!response.ok) {
    const refusal = await readJson(response, request, meaningOf);
    return refusal.kind === 'read' ? { kind: 'status', status: response.status, retryAfter: null, code: null } : refusal;
  }
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  const version = response.headers.get('etag');
  if (response.status !== 206 || Number(first) !== from || Number(last) >= from + length || version === null) {
    await response.body?.cancel();
    throw failed('unreadable_answer', request, 'answered something else than the part of the file that was asked for');
  }
  const bytes = await readBody(response, request);
  return bytes.length === Number(last) - from + 1 ? { kind: 'read', value: { bytes, total: Number(total), version } } : { kind: 'cut_short' };
};

async function readBody(response: Response, request: ProviderRequest): Promise<Buffer> {
  if (response.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > PROVIDER_ANSWER_BYTES_MAX) throw failed('answer_too_large', request, `answered more than ${PROVIDER_ANSWER_BYTES_MAX >> 20} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** One token for all requests; when it is refused, one renewal that everyone waits for. */
function openSession(token: ProviderOptions['token']) {
  let current: Promise<string> | null = null, value: string | null = null;
  const remember = async (next: Promise<string>): Promise<string> => {
    current = next;
    try { return value = await next; } catch (error) { if (current === next) current = null; throw error; }
  };
  return {
    current: (): Promise<string> => current ?? remember(token()),
    newer: (rejected: string): Promise<string> => (value === rejected || current === null
      ? (value = null, remember(token(rejected)))
      : current),
  };
}

/** At most `max` at once; the others wait in line, and leave the line when the run is stopped. */
function openDoors(max: number) {
  let free = max;
  const line: (() => void)[] = [];
  return {
    async through<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve, reject) => {
        const enter = () => { signal.removeEventListener('abort', leave); resolve(); };
        const leave = () => { line.splice(line.indexOf(enter), 1); reject(signal.reason as Error); };
        if (signal.aborted) return reject(signal.reason as Error);
        signal.addEventListener('abort', leave, { once: true });
        line.push(enter);
      });
      try { return await work(); } finally { const next = line.shift(); if (next) next(); else free += 1; }
    },
  };
}

const parsed = (url: string): string => { try { return new URL(url).href; } catch { return ''; } };
/** Host and path: the query may hold page tokens and search words. */
const pathOf = (url: string): string => url.replace(/[?#].*$/s, '').replace(/^https?:\/\/(?:[^/@]*@)?/i, '');

function said(answer: Failure): string {
  switch (answer.kind) {
    case 'status': return `answered ${answer.status}${answer.code ? ` (${answer.code})` : ''}`;
    case 'timeout': return 'did not answer in time';
    case 'connection': return 'broke the connection';
    case 'broken_json': return 'answered incomplete JSON';
    case 'cut_short': return 'answered fewer bytes than it announced';
  }
}

function failed(kind: ProviderErrorKind, request: ProviderRequest, what: string, answer?: Failure, retryAfterMs?: number): ProviderError {
  return new ProviderError(kind, `${pathOf(request.url)} ${what}. ${ADVICE[kind]}`, { retryAfterMs, ...(answer?.kind === 'status' ? { status: answer.status, code: answer.code } : {}) });
}
