/** Every route of contract/api, and the doors beside it, against requests that nobody documented: no 5xx, one shape of refusal, and nothing stored of what was refused. A new route is covered by being there. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Route, RouteName } from '#contract/api';
import { ApiErrorBody } from '#contract/errors';
import { fuzzing, oddText, oddValue, spoiling, spoilt, type Spoiling } from '../fuzz/junk.ts';
import { allRoutes, everythingOf, fill, settle, type Holdings } from './sweep.ts';
import { APP, call, claimed, env, heard, newJob, worker, workerToken, type Answer } from './visitor.ts';

const how = fuzzing(env as unknown as Record<string, string | undefined>, 5);
/** After one of these was taken, whoever asked is gone: they get somebody of their own. */
const LAST_WORDS: ReadonlySet<RouteName> = new Set(['leaveTenant', 'signOutEverywhere', 'signOut', 'eraseTenant', 'removeMember', 'changePassword', 'createTenant', 'enterTenant', 'changeMember']);

let mine: Holdings;
beforeAll(async () => { mine = await settle(); });

interface Odd { path: string[]; query: [string, string][]; body: 'as it should be' | 'spoilt' | 'other' | 'raw'; changes: Spoiling[]; value: unknown; text: string; headers: Record<string, string> }
/** What a header may hold at all: the rest no client can send. */
const headerText = (): fc.Arbitrary<string> => oddText().map((text) => text.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 2_000));
const odd = (): fc.Arbitrary<Odd> => fc.record({
  path: fc.array(oddText(), { maxLength: 2 }), query: fc.array(fc.tuple(fc.oneof(fc.constantFrom('limit', 'offset', 'status', 'q', 'mode', 'from', 'to', 'depth', 'types', 'as_of', 'integration', 'person', 'forget', 'name', 'bytes', 'days', 'integration_id'), oddText()), oddText()), { maxLength: 4 }),
  body: fc.constantFrom('as it should be', 'spoilt', 'spoilt', 'other', 'raw'), changes: fc.array(spoiling(), { minLength: 1, maxLength: 2 }), value: oddValue(), text: oddText(),
  headers: fc.dictionary(fc.constantFrom('idempotency-key', 'accept', 'content-type', 'range', 'if-none-match', 'x-forwarded-for', 'accept-language', 'content-encoding', 'user-agent', 'upgrade', 'traceparent'), headerText(), { maxKeys: 3 }),
});

async function send(name: RouteName, route: Route, by: Holdings, { path: ids, query, body: kind, changes, value, text, headers }: Odd): Promise<Answer> {
  const filled = fill(name, route, by.ids), [base, known = ''] = filled.path.split('?');
  let at = 0;
  const path = route.path.includes('{') && ids.length > 0 ? route.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent((ids[at++ % ids.length]!).toWellFormed())) : base!;
  const search = new URLSearchParams(known);
  for (const [key, one] of query) search.set(key.toWellFormed(), one.toWellFormed());
  const json = kind === 'as it should be' ? filled.body : kind === 'spoilt' ? changes.reduce<unknown>(spoilt, filled.body ?? {}) : kind === 'other' ? value : undefined;
  const raw = route.method === 'get' ? undefined : kind === 'raw' ? text.toWellFormed() : json === undefined ? undefined : JSON.stringify(json);
  const who = route.scope === 'person' || route.scope === 'owner' ? { cookie: by.cookie, headers: { ...headers, origin: APP } } : { key: by.tenant.key, headers };
  return call(filled.method, `${path}?${search}`, { ...who, ...(raw === undefined ? {} : { raw }) });
}

/** Whether it was taken. Memory is asked of the fleet, which is a stand-in here and answers nothing: 503 is right then. */
async function isSound(answer: Answer, what: string): Promise<boolean> {
  if (answer.status < 400) return true;
  if (answer.status === 503 && (await heard(null)).length > 0) return true;
  expect(answer.status, `${what}: ${answer.text.slice(0, 200)}`).toBeLessThan(500);
  expect(ApiErrorBody.safeParse(answer.body).success, `${what}: ${answer.status} ${answer.text.slice(0, 200)}`).toBe(true);
  return false;
}

describe(`every route (seed ${how.seed})`, () => {
  it.each(allRoutes)('takes or refuses whatever it is sent: %s', async (name, route) => {
    const by = LAST_WORDS.has(name) ? await settle() : mine;
    let before = await everythingOf(by.tenant.id);
    await fc.assert(fc.asyncProperty(odd(), async (request) => {
      const taken = await isSound(await send(name, route, by, request), name);
      if (taken || route.method !== 'get') {
        const after = await everythingOf(by.tenant.id);
        if (!taken) expect(after, 'nothing is stored of what was refused').toBe(before);
        before = after;
      }
    }), how);
    if (route.method === 'get') expect(await everythingOf(by.tenant.id), 'reading changes nothing').toBe(before);
  });
});

describe(`beside the routes (seed ${how.seed})`, () => {
  const many = { ...how, numRuns: how.numRuns * 3 };

  it('no address breaks the desk', () => fc.assert(fc.asyncProperty(fc.constantFrom('/', '/api/', '/internal/', '/oauth/', '/ws/historical-sync/', '/api/memory/graph/nodes/', '/docs/', '/mcp/'), oddText(), fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'), async (base, text, method) => {
    const { status } = await worker.fetch(new Request(`${APP}${base}${encodeURIComponent(text.toWellFormed())}`, { method, headers: { authorization: `Bearer ${mine.tenant.key}` } }));
    expect(status).toBeLessThan(500);
  }), many));

  it('no word on who is calling is taken for anybody', () => fc.assert(fc.asyncProperty(headerText(), headerText(), async (key, cookie) => {
    const answer = await call('GET', '/api/me', { headers: { authorization: `Bearer ${key}`, cookie: `hsync.session_token=${cookie}` } });
    expect([401, 431]).toContain(answer.status);
  }), many));

  it('no answer of a consent page breaks the way back', () => fc.assert(fc.asyncProperty(oddText(), oddText(), fc.option(oddText()), oddText(), async (code, state, error, integration) => {
    const query = new URLSearchParams({ code: code.toWellFormed(), state: state.toWellFormed(), ...(error === null ? {} : { error: error.toWellFormed() }) });
    for (const id of ['outlook', 'slack', encodeURIComponent(integration.toWellFormed())]) expect((await call('GET', `/oauth/${id}/callback?${query}`, { key: mine.tenant.key })).status).toBeLessThan(500);
  }), how));

  it('no agent\'s message breaks the tools', () => fc.assert(fc.asyncProperty(fc.constantFrom('initialize', 'tools/list', 'tools/call', 'ping', 'resources/read'), spoiling(), oddValue(), async (method, change, value) => {
    const message = { jsonrpc: '2.0', id: 1, method, params: { name: 'find_entity', arguments: { name: 'x' }, protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } } };
    for (const body of [spoilt(message, change), value]) expect((await call('POST', '/mcp', { key: mine.tenant.key, raw: JSON.stringify(body), headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' } })).status).toBeLessThan(500);
  }), how));

  it('no worker\'s message breaks the machines\' door, or changes a job', async () => {
    // The routes before may have started as many syncs as one may have.
    const { tenant } = await settle(), job = await newJob(tenant), { token } = await claimed(tenant, job.job_id), worker = await workerToken();
    const progress = { records_processed: 1, entities_extracted: 1, relationships_extracted: 1 };
    const messages: [string, string, object][] = [['claim', worker, { tenant_id: tenant.id, job_id: job.job_id, worker_id: 'w' }], ['heartbeat', token, { progress }], ['release', token, { outcome: { kind: 'completed' } }], ['credentials', token, { rejected: null }]];
    await fc.assert(fc.asyncProperty(fc.constantFrom(...messages), spoiling(), oddValue(), async ([path, key, message], change, value) => {
      for (const body of [{ ...message, [Object.keys(message)[0]!]: value }, path === 'release' ? { outcome: spoilt({ kind: 'nonsense' }, change) } : spoilt(message, change)]) {
        const answer = await call('POST', `/internal/${path}`, { key, raw: JSON.stringify(body) });
        expect(answer.status, `${path}: ${answer.text.slice(0, 200)}`).toBeLessThan(500);
      }
    }), many);
  });
});

describe('what fuzzing found', () => {
  it.each([
    ['GET', '/api/memory/graph/nodes?q=%00', undefined], ['POST', '/api/entity-types/%00/activate', undefined], ['POST', '/api/entity-types/a%00b/deactivate', undefined], ['GET', '/api/memory/search?q=a%00', undefined],
    ['POST', '/api/memory/context', { query: 'NUL \0' }], ['POST', '/api/memory/context', { query: 'half \ud800' }],
  ])('%s %s, a text that holds no character, is refused', async (method, path, body) => {
    const { status, body: answer } = await call<{ error: { code: string; message: string } }>(method, path, { key: mine.tenant.key, ...(body && { raw: JSON.stringify(body) }) });
    expect([status, answer.error.code]).toEqual([400, 'bad_request']);
    expect(answer.error.message).toMatch(/no characters of a text/);
  });

  it('is refused of an agent, too', async () => {
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'find_entity', arguments: { q: '\0' } } };
    const { text } = await call('POST', '/mcp', { key: mine.tenant.key, raw: JSON.stringify(message), headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' } });
    expect(text).toMatch(/bad_request.*no characters of a text/);
  });
});
