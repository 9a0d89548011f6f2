/**
 * No token, key, client secret, password or session is anywhere it should not be: after a full run of a whole house with everything that goes wrong in it, every
 * log, every row of the database, every row of LanceDB, every file of the house and everything the API has said is searched for every one of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { routes, type Route } from '#contract/api';
import { openClient, until, type Client } from './client.ts';
import { findIn, findInDatabase, findInFiles, findInLance, recordTokens, type Planted, type Recorder } from './planted.ts';
import { openWholeHouse, type WholeHouse } from './whole-house.ts';

const ACCOUNT = 'secrecy@secrecy.example', MODEL_KEY = 'sk-planted-model-key-0123456789abcdef', CLIENT_SECRET = 'planted-client-secret-0123456789', TENANT_CLIENT_SECRET = 'planted-secret-of-a-tenants-own-client';
/** Where secrets are kept on purpose: what the house was started with. */
const KEPT_THERE = /^(?:credentials\.json|secrets\.json|worker\.env)$/;

const planted: Planted = new Map([[MODEL_KEY, 'the model key'], [CLIENT_SECRET, 'our client secret'], [TENANT_CLIENT_SECRET, 'a tenant\'s client secret']]);
/** What the API has said: the request in a few words, and the answer. */
const said: { to: string; text: string }[] = [];
let house: WholeHouse, client: Client, recorder: Recorder, jobId: string;

beforeAll(async () => {
  recorder = await recordTokens(() => house.sandboxUrl, planted);
  house = await openWholeHouse({ workers: 1, env: { MICROSOFT_CLIENT_SECRET: CLIENT_SECRET, MICROSOFT_LOGIN_URL: recorder.url, GOOGLE_TOKEN_URL: recorder.url, LEASE_SECONDS: '4', HEARTBEAT_SECONDS: '1' } });
  const tenant = house.credentials.tenants[0]!, kept = JSON.parse(readFileSync(join(house.dir, 'secrets.json'), 'utf8')) as Record<string, string>;
  planted.set(tenant.api_key, 'the API key').set(tenant.password, 'the password');
  for (const [name, value] of Object.entries(kept)) planted.set(value.replace(/^k1:/, ''), `the house's ${name} secret`);
  const plain = openClient(house.url, tenant.api_key), listening: typeof plain.fetch = async (path, init) => { const response = await plain.fetch(path, init); return heard(`${init?.method ?? 'GET'} ${path}`, response); };
  client = { ...plain, fetch: listening };
  await house.sandbox.addAccount(ACCOUNT, { mails: 120, events: 10, months: 2, seed: 11 });
}, 120_000);
afterAll(async () => { await house.end(); await recorder.stop(); }, 60_000);

async function heard(to: string, response: Response): Promise<Response> {
  const text = await response.text(), bare = response.status === 204 || response.status === 304;
  said.push({ to, text });
  return new Response(bare ? null : text, { status: response.status, headers: response.headers });
}
const ask = (method: string, path: string, body?: object): Promise<Response> => client.fetch(path, { method, ...(body && { body: JSON.stringify(body) }) });
const bare = async (path: string, init: RequestInit): Promise<Response> => heard(path, await fetch(`${house.url}${path}`, { redirect: 'manual', ...init }));
const untilPaused = (id: string) => until(() => client.job(id), (job) => job.status === 'paused', 'the job is paused');

describe('a full run', () => {
  it('backfills, is read by the tenant\'s model, and has its access token expire on the way', async () => {
    await ask('PUT', '/api/settings/secrets/OPENAI_API_KEY', { value: MODEL_KEY });
    await ask('POST', '/api/settings/model/test');
    house.ai.faults.push({ kind: '401', count: 1 });
    expect((await (await ask('POST', '/api/settings/model/test')).json() as { works: boolean }).works).toBe(false);
    await house.sandbox.settings({ latencyMs: 100 });
    const connection = await client.connect(ACCOUNT);
    ({ job_id: jobId } = await client.start(connection, { chunk_size: 10 }));
    const socket = new WebSocket(`${house.url.replace('http', 'ws')}/ws/historical-sync/${jobId}`, { headers: { authorization: `Bearer ${client.apiKey}` } });
    socket.on('message', (message) => said.push({ to: 'the socket', text: (message as Buffer).toString('utf8') }));
    await until(() => client.job(jobId), (job) => job.chunks_completed > 1, 'under way');
    await house.sandbox.ask('POST', `accounts/${ACCOUNT}/expire-tokens`);
    const job = await client.ended(jobId);
    expect(job, job.message ?? '').toMatchObject({ status: 'completed' });
    expect(job.enrichment?.done).toBeGreaterThan(0);
    expect([...planted.values()].filter((what) => what === 'refresh_token').length, 'the one of consent and those it was turned into').toBeGreaterThanOrEqual(2);
  }, 120_000);

  it('is locked out, fails in every way the provider has, comes back, and is disconnected', async () => {
    const { source_connection_id: connection } = await client.job(jobId);
    const { job_id } = await client.start(connection, { chunk_size: 10 });
    await house.sandbox.ask('POST', `accounts/${ACCOUNT}/revoke-tokens`);
    expect(await untilPaused(job_id)).toMatchObject({ reason: 'auth_expired' });
    expect(await client.connect(ACCOUNT)).toBe(connection);
    expect(await client.ended(job_id)).toMatchObject({ status: 'completed' });
    for (const kind of ['403', 'truncated', '401']) {
      await house.sandbox.settings({ latencyMs: 0 });
      await house.sandbox.ask('POST', 'faults', { kind, match: '/messages', count: kind === '403' ? 1 : 3 });
      await client.ended((await client.start(connection, { chunk_size: 1_000 })).job_id);
      await house.sandbox.ask('DELETE', 'faults');
    }
    const google = await client.connect(null, 'gmail');
    expect((await ask('DELETE', `/api/connections/${google}`)).status).toBe(200);
  }, 120_000);

  it('refuses what is wrong: a client that is not the tenant\'s, passwords, keys, bodies', async () => {
    for (const [name, value] of [['GOOGLE_CLIENT_ID', 'own-client'], ['GOOGLE_CLIENT_SECRET', TENANT_CLIENT_SECRET]]) await ask('PUT', `/api/settings/secrets/${name}`, { value });
    await house.sandbox.ask('POST', 'faults', { kind: '500', match: '/token', count: 1 });
    await expect(client.connect(null, 'google_calendar')).rejects.toThrow(/connect_error/);
    await house.sandbox.ask('DELETE', 'faults');
    expect((await ask('PUT', '/api/settings/secrets/OPENAI_API_KEY', { value: `${MODEL_KEY} with a space` })).status).toBe(400);
    expect((await ask('PUT', '/api/settings/secrets/OPENAI_API_KEY', { value: MODEL_KEY, base_url: `https://user:${MODEL_KEY}@models.example.com` })).status).toBe(400);
    const { email, password } = house.credentials.tenants[0]!, json = { origin: house.url, 'content-type': 'application/json' };
    expect((await bare('/api/auth/sign-in/email', { method: 'POST', headers: json, body: JSON.stringify({ email, password: `${password}x` }) })).status).toBe(401);
    expect((await bare('/api/auth/sign-in/email', { method: 'POST', headers: json, body: JSON.stringify({ email, password, extra: 1 }) })).status).toBe(400);
    const signedIn = await bare('/api/auth/sign-in/email', { method: 'POST', headers: json, body: JSON.stringify({ email, password }) });
    // Its first part is a session's id, which stands in the database; only the signature behind it makes it worth something.
    for (const cookie of signedIn.headers.getSetCookie()) planted.set(decodeURIComponent(/=([^;]*)/.exec(cookie)![1]!).replace(/^[^.]*\./, ''), 'a session cookie');
    expect((await bare('/api/me', { headers: { authorization: `Bearer ${client.apiKey}x` } })).status).toBe(401);
  }, 60_000);

  it('tells a new API key and an invitation\'s link once', async () => {
    const key = await (await openClient(house.url, client.apiKey).fetch('/api/keys', { method: 'POST', body: JSON.stringify({ name: 'planted', scopes: ['read'] }) })).json() as { key: string };
    const invited = await (await openClient(house.url, client.apiKey).fetch('/api/invitations', { method: 'POST', body: JSON.stringify({ email: 'planted@secrecy.example' }) })).json() as { link: string };
    planted.set(key.key, 'a new API key').set(invited.link.split('#')[1]!, 'an invitation\'s token');
  });

  it('is asked for by every route that shows something', async () => {
    const ids: Record<string, string> = { job_id: jobId, record_id: (await client.search('invoice')).results[0]!.record_id, integration_id: 'outlook' };
    for (const route of Object.values<Route>(routes)) {
      if (route.method !== 'get' || route.scope === 'anyone' || route.scope === 'person') continue;
      const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'unknown');
      await ask('GET', path.endsWith('/search') ? `${path}?q=invoice` : path);
    }
    expect(said.length).toBeGreaterThan(40);
  });
});

describe('afterwards', () => {
  it('nothing the API has said holds a secret', () => {
    expect(said.some(({ text }) => text.includes(ACCOUNT)), 'answers were listened to').toBe(true);
    expect(said.flatMap(({ to, text }) => findIn(to, text, planted))).toEqual([]);
  });

  it('no row of any table does', async () => {
    expect(await findInDatabase(house.owner, new Map([[ACCOUNT, 'the account']])), 'the search finds what is there').toContain('public.connections holds the account');
    expect(await findInDatabase(house.owner, planted)).toEqual([]);
  });

  it('no row of LanceDB does', async () => {
    const { rows, findings } = await findInLance(join(house.dir, 'lancedb'), planted);
    expect(rows).toBeGreaterThan(50);
    expect(findings).toEqual([]);
  });

  it('no file does: not the logs, not the objects\' storage, not Postgres\' own files', async () => {
    const [place] = await house.owner.system([sql`select current_setting('data_directory') as at`]), postgres = join(String(place![0]!.at), '..');
    await house.stop();
    const search = (wanted: Planted): string[] => [...findInFiles(house.dir, wanted, KEPT_THERE), ...findInFiles(postgres, wanted, KEPT_THERE).map((finding) => `postgres/${finding}`)];
    const there = search(new Map([[jobId, 'the job'], [ACCOUNT, 'the account']]));
    for (const kind of [/^worker\.log /, /^wrangler\/.*\.sqlite/, /^postgres\/data\/base/]) expect(there.some((name) => kind.test(name)), `the search finds what is there: ${kind}`).toBe(true);
    expect(search(planted)).toEqual([]);
  }, 60_000);
});
