/** What holds for every route at once: the headers of its answers, no hand of another site in it, no body larger than its limit. A new route of contract/api is covered by being there. */
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Route, RouteName } from '#contract/api';
import { ApiErrorBody } from '#contract/errors';
import { ARCHIVE_HEAD_BYTES, REQUEST_BYTES_MAX } from '#contract/limits';
import { allRoutes, everythingOf, fill, settle, type Holdings } from './sweep.ts';
import { APP, call, claimed, env, newJob, workerToken, type Answer } from './visitor.ts';

let mine: Holdings;
/** Nothing here is let through, so nothing of it ever changes. */
let everything: string;
beforeAll(async () => {
  mine = await settle();
  everything = await everythingOf(mine.tenant.id);
});

const unchanged = async (): Promise<void> => expect(await everythingOf(mine.tenant.id)).toBe(everything);
const byPerson = ({ scope }: Route): boolean => scope === 'person' || scope === 'owner';

describe('an answer', () => {
  const required: Record<string, RegExp> = {
    'content-security-policy': /^default-src 'none'(?!.*unsafe)/, 'strict-transport-security': /^max-age=63072000/, 'x-frame-options': /^DENY$/, 'x-content-type-options': /^nosniff$/,
    'referrer-policy': /^no-referrer$/, 'cross-origin-opener-policy': /^same-origin$/, 'cross-origin-resource-policy': /^same-origin$/,
  };
  const isHardened = ({ status, headers }: Answer, what: string): void => {
    for (const [name, value] of Object.entries(required)) expect(headers.get(name), `${name} of ${what} (${status})`).toMatch(value);
    expect(headers.get('x-powered-by')).toBeNull();
  };

  it.each(allRoutes)('says to the browser what it must not do: %s', async (name, route) => {
    const { method, path, body } = fill(name, route, mine.ids);
    isHardened(await call(method, path, { body }), name);
    // With leave, too, where asking changes nothing.
    if (route.method === 'get') isHardened(await call(method, path, byPerson(route) ? { cookie: mine.cookie } : { key: mine.tenant.key }), name);
  });

  it.each(['/healthz', '/readyz', '/docs', '/openapi.json', '/mcp', '/ws/historical-sync/x', '/oauth/outlook/callback', '/internal/claim', '/internal/metrics', '/api/nothing'])('says so at %s, too', async (path) => isHardened(await call('GET', path), path));

  it('that is somebody\'s is kept by no cache', async () => {
    for (const [name, route] of allRoutes.filter(([, { method, scope }]) => method === 'get' && scope !== 'anyone')) {
      const { headers } = await call('GET', fill(name, route, mine.ids).path, byPerson(route) ? { cookie: mine.cookie } : { key: mine.tenant.key });
      expect(headers.get('cache-control'), name).toBe('no-store');
    }
  });
});

describe('another site', () => {
  const elsewhere: Record<string, string>[] = [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: `${APP}.evil.example` }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }];

  it.each(allRoutes.filter(([, { method }]) => method !== 'get'))('cannot act with the cookie of whoever is signed in here: %s', async (name, route) => {
    const { method, path, body } = fill(name, route, mine.ids);
    for (const headers of elsewhere) {
      const answer = await call(method, path, { cookie: mine.cookie, headers, body });
      expect([answer.status, ApiErrorBody.parse(answer.body).error.code], JSON.stringify(headers)).toEqual([403, 'forbidden']);
    }
    await unchanged();
  });

  it('changes nothing by having a page ask', async () => {
    for (const [name, route] of allRoutes.filter(([, { method }]) => method === 'get')) await call('GET', fill(name, route, mine.ids).path, { cookie: mine.cookie, headers: { 'sec-fetch-site': 'cross-site' } });
    await unchanged();
  });

  it('reads nothing: no answer but the description of the API is shared with other origins', async () => {
    for (const [name, route] of allRoutes) {
      const { method, path, body } = fill(name, route, mine.ids);
      expect((await call(method, path, { headers: { origin: 'https://evil.example' }, body })).headers.get('access-control-allow-origin'), name).toBeNull();
    }
  });
});

describe('a body that is too large', () => {
  /** Files have limits of their own; the one of an upload is tested with it (archives.test.ts), for it takes 72 MB. */
  const fileLimits: Partial<Record<RouteName, number | 'tested there'>> = { checkArchive: ARCHIVE_HEAD_BYTES, uploadArchive: 'tested there' };
  const takesBody = ([, { body, file }]: [RouteName, Route]): boolean => body !== undefined || file === true;
  /** Comes in pieces and does not say how much it is. */
  const stream = (bytes: number): ReadableStream => {
    let left = bytes;
    return new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(Math.min(left, 64 * 1024)).fill(32)); if ((left -= 64 * 1024) <= 0) controller.close(); } });
  };
  const isRefused = async (method: string, path: string, by: { key?: string; cookie?: string; headers?: Record<string, string> }, limit = REQUEST_BYTES_MAX): Promise<void> => {
    for (const raw of [new Uint8Array(limit + 1).fill(32), stream(limit + 1)]) {
      const answer = await call(method, path, { ...by, raw });
      expect([answer.status, ApiErrorBody.parse(answer.body).error.code], path).toEqual([413, 'payload_too_large']);
    }
  };

  it.each(allRoutes.filter(takesBody))('is refused, whether or not it says how large it is: %s', async (name, route) => {
    const limit = route.file ? fileLimits[name] : REQUEST_BYTES_MAX;
    if (limit === undefined) throw new Error(`The route ${name} takes a file and nobody has said how large it may be. Add its limit to \`fileLimits\` of tests/edge/security.test.ts.`);
    if (limit === 'tested there') return;
    const { method, path } = fill(name, route, mine.ids);
    await isRefused(method, path, byPerson(route) ? { cookie: mine.cookie, headers: { origin: APP } } : { key: mine.tenant.key }, limit);
    await unchanged();
  });

  it('is refused at the machines\' and operators\' doors and at /mcp', async () => {
    const job = await newJob(mine.tenant), { token } = await claimed(mine.tenant, job.job_id);
    const operator = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setAudience('operator').setExpirationTime('60s').sign(new TextEncoder().encode(env.OPERATOR_SECRET));
    await isRefused('POST', '/internal/claim', { key: await workerToken() });
    for (const path of ['heartbeat', 'release', 'credentials']) await isRefused('POST', `/internal/${path}`, { key: token });
    await isRefused('POST', '/internal/rotate-keys', { key: operator });
    expect((await call('POST', '/mcp', { key: mine.tenant.key, raw: stream(REQUEST_BYTES_MAX + 1), headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' } })).status).toBe(413);
  });
});
