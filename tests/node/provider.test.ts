/** The provider client: the table, waiting, one renewal for many, the number of requests at once, redirects and limits. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PROVIDER_ATTEMPTS_MAX, RETRY_AFTER_INLINE_MAX_MS, RETRY_AFTER_MAX_MS } from '#contract/limits';
import { isBelow } from '#fly-worker/connectors/provider-error';
import { openProvider, ProviderError, type Clock, type Provider, type ProviderOptions } from '#fly-worker/provider';
import { actionFor, backoffMs, errorCode, parseRetryAfter } from '#fly-worker/provider-policy';

const NOW = Date.UTC(2026, 5, 25);
const anything = z.unknown();

describe('the table', () => {
  const act = (status: number, code: string | null = null, retryAfter: string | null = null) => actionFor({ kind: 'status', status, code, retryAfter }, NOW);
  it.each([408, 500, 502, 503, 504, 520, 599])('%i is tried again', (status) => { expect(act(status)).toEqual({ do: 'retry' }); });
  it.each([[400, 'bad_request'], [402, 'bad_request'], [403, 'forbidden'], [404, 'not_found'], [409, 'bad_request'], [410, 'gone'], [422, 'bad_request'], [302, 'bad_request']] as const)('%i stops as %s', (status, kind) => { expect(act(status)).toEqual({ do: 'stop', kind }); });
  it('401 renews the token', () => { expect(act(401)).toEqual({ do: 'refresh' }); });
  it('a 403 for a rate is a limit, not a refusal', () => {
    for (const code of ['rateLimitExceeded', 'userRateLimitExceeded', 'REQUEST_LIMIT_EXCEEDED']) expect(act(403, code).do).toBe('wait');
  });
  it('a 503 that says when to come back is waited for', () => { expect(act(503, null, '4')).toEqual({ do: 'wait', retryAfterMs: 4_000 }); });
  it.each(['timeout', 'connection', 'broken_json'] as const)('%s is tried again', (kind) => { expect(actionFor({ kind }, NOW)).toEqual({ do: 'retry' }); });
});

describe('Retry-After', () => {
  it.each([['5', 5_000], ['0', 1_000], ['0.5', 1_000], [' 12 ', 12_000], ['Thu, 25 Jun 2026 00:01:00 GMT', 60_000], ['Wed, 24 Jun 2026 00:00:00 GMT', 1_000], ['999999999', RETRY_AFTER_MAX_MS], ['-3', null], ['soon', null], ['', null]] as const)('%j is %j ms', (header, ms) => { expect(parseRetryAfter(header, NOW)).toBe(ms); });
  it('absent is absent', () => { expect(parseRetryAfter(null, NOW)).toBeNull(); });
  it('our own back-off begins at two seconds, doubles, spreads, and ends', () => {
    expect([1, 2, 3].map((n) => backoffMs(n, () => 0))).toEqual([2_000, 4_000, 8_000]);
    expect(backoffMs(1, () => 0.999)).toBeLessThanOrEqual(3_000);
    expect(backoffMs(30, () => 0.5)).toBe(RETRY_AFTER_INLINE_MAX_MS);
  });
});

it('reads the word of each provider for what went wrong, and nothing longer', () => {
  expect(errorCode({ error: { code: 'ErrorAccessDenied', message: 'x' } })).toBe('ErrorAccessDenied');
  expect(errorCode({ error: { code: 403, errors: [{ reason: 'userRateLimitExceeded' }] } })).toBe('userRateLimitExceeded');
  expect(errorCode([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }])).toBe('INVALID_SESSION_ID');
  expect(errorCode({ error: 'invalid_grant' })).toBe('invalid_grant');
  for (const body of [undefined, null, 7, [], { error: { code: 'a sentence with a secret' } }]) expect(errorCode(body)).toBeNull();
});

it.each([
  ['https://graph.example/v1.0/me', true], ['https://GRAPH.example:443/v1.0/me?x=https://evil.example', true], ['http://graph.example/v1.0/me', false],
  ['https://graph.example.evil.example/v1.0', false], ['https://graph.example@evil.example/', false], ['https://graph.example:8443/v1.0', false], ['https://graph.example\\@evil.example/x', false],
  ['//graph.example/v1.0', false], ['https://graph.example', false], ['javascript:alert(1)', false],
])('%s is below https://graph.example: %s', (link, below) => { expect(isBelow('https://graph.example', link)).toBe(below); });
it('keeps links below the path of the base address', () => {
  expect(isBelow('http://127.0.0.1:9/graph', 'http://127.0.0.1:9/graph/v1.0')).toBe(true);
  for (const link of ['http://127.0.0.1:9/graphic/v1.0', 'http://127.0.0.1:9/other', 'http://127.0.0.1:9/graph/../other', 'http://127.0.0.1:9/graph/%2e%2E/other']) expect(isBelow('http://127.0.0.1:9/graph', link)).toBe(false);
});

describe('against a server', () => {
  let server: Server, baseUrl: string, waits: number[], now: number;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  const clock: Clock = { now: () => now, wait: (ms) => { waits.push(ms); now += ms; return Promise.resolve(); } };
  const open = (more: Partial<ProviderOptions> = {}): Provider => openProvider({
    baseUrl, concurrencyMax: 4, pageSize: 100, token: (rejected) => Promise.resolve(rejected ? 'second' : 'first'), signal: new AbortController().signal, clock, random: () => 0, timeoutMs: 2_000, ...more,
  });
  const get = (provider: Provider, path = '/x') => provider.get(anything, { url: baseUrl + path });
  const kindOf = (promise: Promise<unknown>) => promise.then(() => 'fulfilled', (error: unknown) => (error instanceof ProviderError ? error.kind : error));
  const ok = (response: ServerResponse, body: unknown = {}) => response.end(JSON.stringify(body));

  beforeEach(async () => {
    waits = []; now = NOW;
    server = createServer((request, response) => answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  });
  afterEach(() => new Promise<void>((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }));

  it('renews a refused token once for all requests that wait for it', async () => {
    let renewals = 0, refused = 0;
    answer = (request, response) => { if (request.headers.authorization === 'Bearer first') { refused += 1; response.writeHead(401).end(); } else ok(response); };
    const provider = open({ token: (rejected) => { if (rejected === undefined) return Promise.resolve('first'); renewals += 1; expect(rejected).toBe('first'); return Promise.resolve('second'); } });
    await Promise.all(Array.from({ length: 8 }, () => get(provider)));
    expect(renewals).toBe(1);
    expect(refused).toBeGreaterThan(0);
    expect(waits).toEqual([]);
  });

  it('passes on that the consent is gone when the token cannot be renewed', async () => {
    answer = (_, response) => { response.writeHead(401).end(); };
    const provider = open({ token: (rejected) => (rejected ? Promise.reject(new ProviderError('auth_expired', 'Microsoft refused the refresh token. Reconnect the account.')) : Promise.resolve('first')) });
    expect(await kindOf(get(provider))).toBe('auth_expired');
  });

  it('keeps to the number of requests at once over all windows', async () => {
    let inside = 0, most = 0;
    const held: (() => void)[] = [];
    answer = (_, response) => { inside += 1; most = Math.max(most, inside); held.push(() => { inside -= 1; ok(response); }); if (held.length >= 3 || served >= 6) held.splice(0).forEach((release) => { served += 1; release(); }); };
    let served = 0;
    const provider = open({ concurrencyMax: 3 });
    await Promise.all(Array.from({ length: 9 }, () => get(provider)));
    expect(most).toBe(3);
  });

  it('holds every window back when one of them is told to wait', async () => {
    const times: number[] = [];
    answer = (_request, response) => { times.push(now); if (times.length === 1) response.writeHead(429, { 'retry-after': '9' }).end(); else ok(response); };
    const provider = open({ concurrencyMax: 1 });
    await Promise.all([get(provider), get(provider), get(provider)]);
    expect(times[0]).toBe(NOW);
    expect(times.slice(1).every((time) => time >= NOW + 9_000)).toBe(true);
  });

  it('stops after a bounded number of attempts and says how long to wait', async () => {
    let asked = 0;
    answer = (_, response) => { asked += 1; response.writeHead(429, { 'retry-after': '1' }).end(); };
    const error = await get(open()).catch((e: unknown) => e as ProviderError);
    expect(error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 1_000, status: 429 });
    expect(asked).toBe(PROVIDER_ATTEMPTS_MAX);
  });

  it('does not hold a slot for a long Retry-After', async () => {
    answer = (_, response) => { response.writeHead(429, { 'retry-after': '3600' }).end(); };
    expect(await get(open()).catch((e: unknown) => e)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 3_600_000 });
    expect(waits).toEqual([]);
  });

  it('never asks another host', async () => {
    answer = () => { throw new Error('was asked'); };
    expect(await kindOf(open().get(anything, { url: 'https://elsewhere.example/api/x' }))).toBe('foreign_link');
    expect(await kindOf(open().get(anything, { url: `${baseUrl.replace('/api', '')}/other` }))).toBe('foreign_link');
  });

  it('follows a redirect below its address and no other', async () => {
    answer = (request, response) => {
      if (request.url === '/api/near') response.writeHead(302, { location: '/api/x' }).end();
      else if (request.url === '/api/far') response.writeHead(302, { location: 'http://elsewhere.example/api/x' }).end();
      else if (request.url === '/api/circle') response.writeHead(302, { location: '/api/circle' }).end();
      else ok(response, { here: true });
    };
    expect(await get(open(), '/near')).toEqual({ here: true });
    expect(await kindOf(get(open(), '/far'))).toBe('foreign_link');
    expect(await kindOf(get(open(), '/circle'))).toBe('bad_request');
  });

  it('stops at once when the run is stopped, with the reason of the run', async () => {
    const stop = new AbortController(), reason = new Error('cancelled by the user');
    answer = () => stop.abort(reason);
    expect(await kindOf(get(open({ signal: stop.signal })))).toBe(reason);
    const waiting = new AbortController();
    answer = (_, response) => { response.writeHead(503).end(); };
    const stuck = get(open({ signal: waiting.signal, clock: { now: () => now, wait: (_, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error)); waiting.abort(reason); }) } }));
    expect(await kindOf(stuck)).toBe(reason);
  });

  it('tells of errors without tokens and queries', async () => {
    answer = (_, response) => { response.writeHead(403, { 'content-type': 'application/json' }).end('{"error":{"code":"ErrorAccessDenied","message":"for token first"}}'); };
    const error = await get(open(), '/me/messages?$skiptoken=secret').catch((e: unknown) => e as Error);
    expect((error as Error).message).toMatch(/\/api\/me\/messages answered 403 \(ErrorAccessDenied\)\. The account may not read this\./);
    expect((error as Error).message).not.toMatch(/secret|first/);
  });

  it('halves the page once when several windows find it too heavy together', async () => {
    answer = (request, response) => { if (request.url === '/api/p?size=100') response.writeHead(504).end(); else ok(response, request.url); };
    const provider = open();
    const connector = { fetchPage: async ({ get: ask, pageSize }: { get: Provider['get']; pageSize: number }) => { await ask(anything, { url: `${baseUrl}/p?size=${pageSize}` }); return { records: [], unreadable: [], next: null }; } };
    const window = { stream: 's', span: { since: '', until: '' }, range: { since: '', until: '' }, directory: null, cursor: null };
    await Promise.all([1, 2, 3, 4].map(() => provider.fetchPage(connector as never, window)));
    expect(provider.pageSize()).toBe(50);
  });

  it('counts who would not let us in, but neither limits nor what is usual for the account', async () => {
    const codes = [[401, ''], [403, ''], [403, 'rateLimitExceeded'], [403, 'not_in_channel'], [404, '']] as const, counts: number[] = [];
    for (const [status, code] of codes) {
      let asked = 0;
      answer = (_, response) => { if (asked++ === 0) response.writeHead(status).end(JSON.stringify({ error: { code } })); else response.end('{}'); };
      const provider = open({ meaningOf: (_, body) => (JSON.stringify(body).includes('not_in_channel') ? { status: 403, code: 'not_in_channel', isUsual: true } : null) });
      await provider.get(anything, { url: `${baseUrl}/x` }).catch(() => undefined);
      counts.push(provider.refusals());
    }
    expect(counts).toEqual([1, 1, 0, 0, 0]);
  });

  it('tells of every attempt', async () => {
    const seen: string[] = [];
    let asked = 0;
    answer = (_, response) => { asked += 1; if (asked === 1) response.writeHead(502).end(); else ok(response); };
    await get(open({ onRequest: ({ path, attempt, outcome }) => seen.push(`${path.replace(/^[^/]+/, '')} ${attempt} ${outcome}`) }));
    expect(seen).toEqual(['/api/x 1 502', '/api/x 2 200']);
  });
});
