/** What /openapi.json says is true: every operation is called on a whole house, in the order of a tenant's life, and every answer is held against the document. */
import { existsSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RouteName } from '#contract/api';
import { openClient, until, type Client } from './client.ts';
import { openWholeHouse, type WholeHouse } from './whole-house.ts';

interface Operation { operationId: string; requestBody?: object; responses: Record<string, { content?: Record<string, { schema: object }> }> }
interface Document { openapi: string; paths: Record<string, Record<string, Operation>>; components: object }
/** How an operation is asked: ids of its path, query, body; `as`: a cookie instead of the key; `refused`: the answer it must give where nothing better can be had. */
interface Ask { path?: Record<string, string>; query?: Record<string, string>; body?: object | string; as?: string; refused?: number }
interface Heard { status: number; body: never; cookie: string; lines: unknown[] }

let house: WholeHouse, client: Client, document: Document, ajv: Ajv2020;
const asked = new Set<string>();

beforeAll(async () => {
  house = await openWholeHouse({ workers: 1 });
  client = openClient(house.url, house.credentials.tenants[0]!.api_key);
  document = await (await fetch(`${house.url}/openapi.json`)).json() as Document;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'api', components: document.components });
}, 120_000);
afterAll(() => house.end(), 60_000);

const inDocument = (name: string): { path: string; method: string; operation: Operation } => {
  for (const [path, methods] of Object.entries(document.paths)) for (const [method, operation] of Object.entries(methods)) if (operation.operationId === name) return { path, method, operation };
  throw new Error(`${name} is not in the document.`);
};
/** References into the document, as ajv finds them. */
const anchored = (schema: object): object => JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/')) as object;

/** Calls an operation and holds status, media type and every field against the document. */
async function ask(name: RouteName, { path = {}, query, body, as, refused }: Ask = {}): Promise<Heard> {
  const { path: template, method, operation } = inDocument(name), at = template.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(path[key] ?? 'outlook'));
  const response = await fetch(`${house.url}${at}${query ? `?${new URLSearchParams(query)}` : ''}`, {
    method: method.toUpperCase(), redirect: 'manual', body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    headers: { ...(as === undefined ? { authorization: `Bearer ${client.apiKey}` } : { cookie: as, origin: house.url }), ...(typeof body === 'object' && { 'content-type': 'application/json' }) },
  });
  const text = await response.text(), answer = operation.responses[response.status] ?? operation.responses[`${String(response.status)[0]}XX`];
  expect(answer, `${name} answered ${response.status}, which the document does not know: ${text}`).toBeDefined();
  if (refused === undefined) expect(Object.keys(operation.responses), `${name}: ${text}`).toContain(String(response.status));
  else expect(response.status, `${name}: ${text}`).toBe(refused);
  const lines = text === '' ? [] : response.headers.get('content-type')?.includes('ndjson') ? text.trim().split('\n').map((line) => JSON.parse(line) as unknown) : [JSON.parse(text) as unknown];
  const content = Object.entries(answer!.content ?? {});
  expect(lines.length > 0, `${name}: a body, or none`).toBe(content.length > 0);
  for (const [media, { schema }] of content) {
    expect(response.headers.get('content-type'), name).toContain(media);
    const isRight = ajv.compile(anchored(schema));
    for (const line of lines) expect(isRight(line), `${name}: ${ajv.errorsText(isRight.errors)} in ${text.slice(0, 500)}`).toBe(true);
  }
  asked.add(name);
  return { status: response.status, body: lines[0] as never, lines, cookie: response.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') };
}

describe('the document', () => {
  it('is OpenAPI 3.1 by the specification\'s own schema', async () => {
    const found = await new Validator().validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>);
    expect(found.errors ?? [], 'errors').toEqual([]);
    expect(found.valid).toBe(true);
    expect(document.openapi).toMatch(/^3\.1/);
  });

  it('is there to be read, and nothing on the page runs', async () => {
    const response = await fetch(`${house.url}/docs`), text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toContain('default-src \'none\'');
    for (const methods of Object.values(document.paths)) for (const { operationId } of Object.values(methods)) expect(text).toContain(`id="${operationId}"`);
    expect(text).not.toMatch(/<script|<style|style=/);
    // Vite takes it along as it is.
    expect(text).toContain('href="/docs.css"');
    expect(existsSync(new URL('../web/public/docs.css', import.meta.url))).toBe(true);
  });
});

describe('every operation answers as the document says', () => {
  const range = { start_date: new Date(Date.now() - 30 * 86_400_000).toISOString() };
  let connection: string, job: string;

  it('connections and syncs', async () => {
    await ask('me');
    await ask('listIntegrations');
    await ask('authorizeConnection', { path: { integration_id: 'outlook' }, body: {} });
    await house.sandbox.addAccount('first@api.example', { mails: 60, events: 6, seed: 1, months: 1 });
    await house.sandbox.addAccount('slow@api.example', { mails: 300, events: 6, seed: 2, months: 1 });
    connection = await client.connect('first@api.example');
    job = (await ask('startJob', { body: { connection_id: connection, ...range } })).body['job_id'];
    expect(await client.ended(job)).toMatchObject({ status: 'completed' });
    for (const name of ['getJob', 'listJobEvents', 'listFailures'] as const) await ask(name, { path: { job_id: job } });
    for (const name of ['listJobs', 'listIntegrationJobs', 'listDeadLetters', 'listConnections', 'memorySources', 'memoryStats', 'activity', 'fleet'] as const) await ask(name);
    await ask('retryFailures', { path: { job_id: job }, refused: 409 });
    await ask('retryDeadLetter', { path: { job_id: job }, refused: 409 });
    await ask('retryDeadLetters');

    await house.sandbox.settings({ latencyMs: 400 });
    const slow = (await ask('startJob', { body: { connection_id: await client.connect('slow@api.example'), chunk_size: 10, ...range } })).body['job_id'] as string, of = { path: { job_id: slow } };
    for (const name of ['pauseJob', 'resumeJob', 'cancelJob'] as const) await ask(name, of);
    await house.sandbox.settings({ latencyMs: 0 });
    await ask('setSchedule', { path: { connection_id: connection }, body: { every: 'daily' } });
    const later = (await ask('syncNow', { path: { connection_id: connection } })).body['job_id'];
    await client.ended(later);
    for (const { job: one } of (await ask('startAll', { body: range })).body['outcomes'] as { job: { job_id: string } | null }[]) if (one) await client.ended(one.job_id);
  }, 120_000);

  it('files', async () => {
    const mails = 'From anna@api.example Mon Jan  5 09:00:00 2026\nFrom: Anna <anna@api.example>\nDate: Mon, 5 Jan 2026 09:00:00 +0000\nMessage-ID: <1@api.example>\nSubject: Kept\n\nHello\n', query = { integration_id: 'mbox', name: 'kept.mbox' };
    await ask('checkArchive', { query: { ...query, bytes: String(mails.length) }, body: mails });
    await ask('uploadArchive', { query, body: mails });
  });

  it('memory and the graph', async () => {
    const { records } = (await ask('context', { body: { query: 'invoice' } })).body as { records: { record_id: string }[] };
    const hits = (await ask('search', { query: { q: 'invoice' } })).body['results'] as { record_id: string }[];
    expect(records.length + hits.length).toBeGreaterThan(0);
    await ask('getRecord', { path: { record_id: hits[0]!.record_id } });
    expect((await ask('exportMemory')).lines.length).toBeGreaterThan(50);
    await until(async () => (await ask('communities')).body['built_at'] as string | null, (at) => at !== null, 'communities are worked out');
    const [one, other] = (await ask('listNodes', { query: { type: 'person' } })).body['nodes'] as { id: string }[], of = { path: { node_id: one!.id } };
    await ask('getNode', of);
    await ask('neighbors', of);
    await ask('paths', { query: { from: one!.id, to: other!.id } });
    await ask('mergeNode', { ...of, body: { into: other!.id } });
    await ask('splitNode', of);
    const draft = ((await ask('listEntityTypes')).body['entity_types'] as { slug: string; status: string }[]).find((type) => type.status === 'draft')!;
    await ask('activateType', { path: { slug: draft.slug } });
    await ask('listDiscovered');
    await ask('deactivateType', { path: { slug: draft.slug } });
    await ask('forgetRecord', { path: { record_id: hits[0]!.record_id } });
    await ask('erasePerson', of);
    await ask('listErasures');
  }, 60_000);

  it('people, keys and secrets', async () => {
    const { email, password } = house.credentials.tenants[0]!, owner = (await ask('signIn', { body: { email, password }, as: '' })).cookie, name = { path: { name: 'OPENAI_API_KEY' } };
    await ask('signInOptions');
    for (const list of ['listTenants', 'listMembers', 'listInvitations', 'listApiKeys', 'listSecrets', 'getRedaction'] as const) await ask(list, { as: owner });
    await ask('putRedaction', { body: { on: ['password', 'api_key'] } });
    await ask('changeTenant', { body: { name: 'Nordlicht' } });
    await ask('revokeApiKey', { path: { key_id: (await ask('createApiKey', { body: { name: 'k', scopes: ['read'] }, as: owner })).body['key_id'] } });
    await ask('putSecret', { ...name, body: { value: `sk-${'x'.repeat(40)}` } });
    await ask('testModel');
    await ask('deleteSecret', name);

    const invite = async (address: string): Promise<{ id: string; token: string }> => {
      const made = (await ask('invite', { body: { email: address }, as: owner })).body as { invitation: { invitation_id: string }; link: string };
      return { id: made.invitation.invitation_id, token: new URL(made.link).hash.slice(1) };
    };
    await ask('revokeInvitation', { path: { invitation_id: (await invite('nobody@api.example')).id } });
    const { token } = await invite('mia@api.example'), secret = 'a password of some length';
    await ask('showInvitation', { body: { token }, as: '' });
    const mia = (await ask('signUp', { body: { name: 'Mia', email: 'mia@api.example', password: secret }, as: '' })).cookie, own = ((await ask('listTenants', { as: mia })).body['tenants'] as { tenant_id: string }[])[0]!.tenant_id;
    const joined = (await ask('acceptInvitation', { body: { token }, as: mia })).body['tenant_id'] as string;
    expect(joined).not.toBe(own);
    const member = { path: { user_id: ((await ask('listMembers')).body['members'] as { user_id: string; email: string }[]).find((one) => one.email === 'mia@api.example')!.user_id } };
    await ask('changeMember', { ...member, body: { role: 'admin' }, as: owner });
    await ask('leaveTenant', { as: mia });
    await ask('acceptInvitation', { body: { token: (await invite('mia@api.example')).token }, as: mia });
    await ask('removeMember', { ...member, as: owner });
    await ask('createTenant', { body: { name: 'Another' }, as: mia });
    await ask('enterTenant', { path: { tenant_id: own }, as: mia });
    const renewed = (await ask('changePassword', { body: { current_password: secret, new_password: `${secret} 2` }, as: mia })).cookie;
    await ask('signOut', { as: owner });
    await ask('signOutEverywhere', { as: renewed || mia });
  }, 60_000);

  it('and whatever ends things comes last', async () => {
    await ask('disconnect', { path: { connection_id: connection } });
    await ask('eraseTenant', { body: {} });
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods).map((operation) => operation.operationId));
    expect(all.filter((name) => !asked.has(name)), 'operations that nobody asked for: give them a line above').toEqual([]);
  });
});
