/** Memory as tools: the SDK's own client against the running edge. The fleet's answers are planned; everything else is what the routes do. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { learn, mail } from './mails.ts';
import { newKey } from './sweep.ts';
import { APP, call, elsewhere, fleetAnswers, heard, newConnection, newTenant, signIn, worker, type Tenant } from './visitor.ts';

const TOOLS = ['search_memory', 'get_context', 'find_entity', 'entity_neighbors', 'timeline', 'sync_status', 'start_sync'];

let tenant: Tenant, connection: string, open: Client[] = [];
beforeEach(async () => { tenant = await newTenant(); connection = await newConnection(tenant); });
afterEach(async () => { await Promise.all(open.map((client) => client.close())); open = []; });

async function connect(key: string, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', APP), { fetch: (url, init) => worker.fetch(new Request(url, init)), requestInit: { headers: { authorization: `Bearer ${key}` } } }));
  open.push(client);
  return client;
}
type Told = Record<string, unknown> & { watermarks: unknown[] };
const textOf = (result: CallToolResult): string => (result.content[0] as { text: string }).text;
async function use<T = Told>(client: Client, name: string, args: object = {}): Promise<T> {
  const result = await client.callTool({ name, arguments: { ...args } }) as CallToolResult;
  expect(result.isError, textOf(result)).not.toBe(true);
  expect(JSON.parse(textOf(result)), 'as text and as structure alike').toEqual(result.structuredContent);
  return result.structuredContent as T;
}
async function refused(client: Client, name: string, args: object = {}): Promise<string> {
  const result = await client.callTool({ name, arguments: { ...args } }) as CallToolResult;
  expect(result.isError).toBe(true);
  return textOf(result);
}
const letters = () => [
  mail({ id: 'm1', on: '2026-01-05', from: 'Anna Berg <anna@nordwind.example>', to: ['Tom Reyes <tom@quill.example>'], subject: 'Lamps' }),
  mail({ id: 'm2', on: '2026-02-07', from: 'Tom Reyes <tom@quill.example>', to: ['anna@nordwind.example'], subject: 'Re: Lamps', thread: 'm1' }),
];

describe('an agent', () => {
  it.each(['auto', 'legacy'] as const)('is told of the tools, what they take and how to begin (%s)', async (mode) => {
    const client = await connect(tenant.key, mode), { tools } = await client.listTools();
    expect(tools.map((t) => t.name)).toEqual(TOOLS);
    expect(client.getServerVersion()).toMatchObject({ name: 'historical-sync' });
    expect(client.getInstructions()).toContain('get_context');
    for (const { description, inputSchema, annotations, name } of tools) {
      expect(description!.length).toBeGreaterThan(40);
      expect(inputSchema.type).toBe('object');
      expect(annotations?.readOnlyHint).toBe(name !== 'start_sync');
    }
    expect(tools.find((t) => t.name === 'entity_neighbors')!.inputSchema).toMatchObject({ required: ['entity_id'], properties: { depth: { type: 'integer', maximum: 3, default: 1 } } });
  });

  it('finds an entity, walks from it and reads its timeline, with citations and watermarks', async () => {
    const [first, second] = await learn(tenant, letters(), connection), client = await connect(tenant.key);
    const { nodes } = await use<Told & { nodes: { id: string; name: string }[] }>(client, 'find_entity', { q: 'anna', type: 'person' });
    expect(nodes.map((n) => n.name)).toEqual(['Anna Berg']);
    const near = await use<Told & { nodes: { name: string }[] }>(client, 'entity_neighbors', { entity_id: nodes[0]!.id, depth: 2, types: 'person' });
    expect(near.nodes.map((n) => n.name)).toContain('Tom Reyes');
    const line = await use(client, 'timeline', { entity_id: nodes[0]!.id });
    expect(line).toMatchObject({
      total: 2, truncated: false, months: [{ month: '2026-01', records: 1 }, { month: '2026-02', records: 1 }],
      records: [{ citation: 1, record_id: second, title: 'Re: Lamps' }, { citation: 2, record_id: first, title: 'Lamps' }],
      citations: [{ citation: 1, record_id: second, url: 'https://mail.example/m2' }, { citation: 2, record_id: first, url: 'https://mail.example/m1' }],
    });
    expect(await use(client, 'timeline', { entity_id: nodes[0]!.id, to: '2026-01-31', limit: 1 })).toMatchObject({ total: 1, records: [{ record_id: first }] });
    for (const answer of [near, line]) expect(answer.watermarks).toMatchObject([{ connection_id: connection, integration_id: 'outlook', stream: 'mail' }]);
  });

  it('searches and gets context from the fleet, in the name of its tenant', async () => {
    const client = await connect(tenant.key), watermarks = [{ connection_id: connection, integration_id: 'outlook', stream: 'mail', title: null, complete_back_to: '2026-01-01T00:00:00.000Z', complete_until: '2026-02-01T00:00:00.000Z' }];
    const hit = { record_id: 'r1', title: 'Lamps', snippet: '⟦Lamps⟧', occurred_at: '2026-01-05T12:00:00.000Z', integration_id: 'outlook', stream: 'mail', url: 'https://mail.example/m1', scores: { fused: 1, keyword: 1, semantic: null }, entities: [] };
    await heard('/search');
    await fleetAnswers('/search', { status: 200, body: { results: [hit], watermarks, took_ms: 1 } });
    expect(await use(client, 'search_memory', { q: 'lamps', limit: 3 })).toEqual({ results: [{ citation: 1, ...hit }], citations: [{ citation: 1, record_id: 'r1', title: 'Lamps', url: hit.url }], watermarks });
    expect(JSON.parse((await heard('/search'))[0]!.body)).toEqual({ tenant_id: tenant.id, ticket: expect.any(String) as string, query: { q: 'lamps', mode: 'hybrid', limit: 3, recency: 'ignore' } });
    const pack = { query: 'lamps', records: [], entities: [], relations: [], watermarks, citations: [], token_budget: 600, tokens: 90, truncated: false };
    await fleetAnswers('/context', { status: 200, body: pack });
    expect(await use(client, 'get_context', { query: 'lamps', token_budget: 600 })).toEqual(pack);
  });

  it('starts a sync and sees how it is', async () => {
    const client = await connect(tenant.key);
    const { job } = await use<Told & { job: { job_id: string } }>(client, 'start_sync', { connection_id: connection, idempotency_key: 'once' });
    expect((await use<typeof job & { job: typeof job }>(client, 'start_sync', { connection_id: connection, idempotency_key: 'once' })).job.job_id).toBe(job.job_id);
    expect(await use(client, 'sync_status')).toMatchObject({ connections: [{ connection_id: connection, integration_id: 'outlook', status: 'active' }], jobs: [{ job_id: job.job_id, status: 'pending' }], total_jobs: 1 });
    expect(await use(client, 'sync_status', { job_id: job.job_id })).toMatchObject({ jobs: [{ job_id: job.job_id }] });
    expect(await refused(client, 'start_sync', { connection_id: connection })).toContain('already_active');
  });

  it('reads in an answer why it was refused: wrong arguments, unknown things, a fleet that is away', async () => {
    const client = await connect(tenant.key);
    expect(await refused(client, 'entity_neighbors', { entity_id: crypto.randomUUID() })).toContain('not_found');
    expect(await refused(client, 'sync_status', { job_id: crypto.randomUUID() })).toContain('not_found');
    expect(await refused(client, 'entity_neighbors', { entity_id: 'x', depth: 9 })).toContain('depth');
    await fleetAnswers('/search', { status: 500 });
    expect(await refused(client, 'search_memory', { q: 'a' })).toContain('unavailable');
  });
});

describe('another tenant', () => {
  it('is nothing to an agent: its entities, jobs and connections are unknown', async () => {
    const other = await newTenant(), client = await connect(other.key);
    await learn(tenant, letters(), connection);
    expect(await use(client, 'find_entity', { q: 'anna' })).toMatchObject({ nodes: [], total: 0, watermarks: [] });
    expect(await refused(client, 'start_sync', { connection_id: connection })).toContain('not_found');
    expect(await use(client, 'sync_status')).toMatchObject({ connections: [], jobs: [] });
  });
});

describe('a key', () => {
  it('sees the tools of its scopes, and none without reading', async () => {
    const reader = await connect(await newKey(tenant, ['read']));
    expect((await reader.listTools()).tools.map((t) => t.name)).toEqual(TOOLS.filter((name) => name !== 'start_sync'));
    await expect(reader.callTool({ name: 'start_sync', arguments: { connection_id: connection } })).rejects.toThrow(/start_sync/);
    for (const key of [await newKey(tenant, ['sync']), 'hs_unknown']) await expect(connect(key)).rejects.toThrow();
  });

  it('is asked for: nobody comes in without one, and no other site with a person\'s cookie', async () => {
    const ask = (headers: Record<string, string>) => call('POST', '/mcp', { headers: { accept: 'application/json, text/event-stream', ...headers }, body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } });
    expect((await ask({})).status).toBe(401);
    const cookie = await signIn(tenant);
    expect((await ask({ cookie, origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await ask({ cookie, ...elsewhere() })).status).toBe(200);
  });
});
