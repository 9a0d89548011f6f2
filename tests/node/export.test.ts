/** The export on real stores: whole, valid line by line, in an order of its own, at the reader's pace, and cut off rather than silently short. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExportLine } from '#contract/export';
import { EXPORT_PAGE_ROWS } from '#contract/limits';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { exportMemory } from '#fly-worker/export';
import { pour } from '#fly-worker/pour';
import { readRecord } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { mergeNode } from '#worker-api/graph/merging';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const embedder = localEmbedder(), tenantId = 'exported', connectionId = randomUUID(), mails = benchMails(EXPORT_PAGE_ROWS + 20);
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads;
beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-export-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
  for (const [tenant, connection, records] of [[tenantId, connectionId, mails], ['other', randomUUID(), benchMails(5)]] as const) {
    await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenant}, 'T', ${tenant})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${connection}::uuid, 'outlook', 'a')`]);
    await runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId: tenant, connectionId: connection, records });
  }
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });

const memory = () => ({ db: db.app, semantic, embedder });
async function whole(tenant = tenantId): Promise<string> {
  let text = '';
  for await (const part of exportMemory(memory(), tenant)) text += part;
  return text;
}
const linesOf = (text: string): ExportLine[] => text.split('\n').filter(Boolean).map((line) => ExportLine.parse(JSON.parse(line)));
const only = <T extends ExportLine['type']>(lines: ExportLine[], type: T): Extract<ExportLine, { type: T }>[] => lines.filter((line): line is Extract<ExportLine, { type: T }> => line.type === type);

describe('an export', () => {
  it('has a valid line for every row there is, once, over many pages, and the same again when it is asked again', async () => {
    const text = await whole(), lines = linesOf(text);
    expect(lines.filter((line) => 'id' in line || line.type === 'record').length).toBe(new Set(lines.flatMap((line) => (line.type === 'record' ? [`r${line.record_id}`] : 'id' in line ? [`${line.type}${line.id}`] : []))).size);
    const [counted] = await db.owner.system([sql`select (select count(*)::int from records where tenant_id = ${tenantId}) as record, (select count(*)::int from graph_nodes where tenant_id = ${tenantId}) as node,
      (select count(*)::int from graph_edges where tenant_id = ${tenantId}) as edge, (select count(*)::int from evidence where tenant_id = ${tenantId}) as evidence, (select count(*)::int from discovered_entities where tenant_id = ${tenantId}) as discovered_entity`]);
    const byType = Object.fromEntries([...Map.groupBy(lines, (line) => line.type)].map(([type, list]) => [type, list.length]));
    expect(byType).toEqual(counted![0]);
    expect(byType.record).toBe(mails.length);
    expect(await whole()).toBe(text);
    expect(await whole('nobody')).toBe('');
  });

  it('holds what memory shows: texts as they are read, people by their address, relations with dates, and evidence for each', async () => {
    const lines = linesOf(await whole()), [record] = only(lines, 'record');
    expect(record!.text).toBe((await readRecord(memory(), tenantId, record!.record_id))!.text);
    expect(record!.text.length).toBeGreaterThan(100);
    const anna = only(lines, 'node').find((node) => node.key === 'anna.berg@nordwind.example');
    expect(anna).toMatchObject({ node_type: 'person', name: 'Anna Berg' });
    const worksAt = only(lines, 'edge').find((edge) => edge.source === anna!.id && edge.edge_type === 'WORKS_AT');
    expect(worksAt).toMatchObject({ valid_to: null });
    expect(only(lines, 'evidence').some((e) => e.edge_id === worksAt!.id)).toBe(true);
    const known = new Set([...only(lines, 'node').map((n) => n.id), ...only(lines, 'edge').map((e) => e.id), ...only(lines, 'discovered_entity').map((d) => d.id)]);
    for (const e of only(lines, 'evidence')) expect(known.has((e.node_id ?? e.edge_id)!)).toBe(true);
    for (const edge of only(lines, 'edge')) expect(known.has(edge.source) && known.has(edge.target)).toBe(true);
  });

  it('shows merged nodes as one, in nodes, edges and evidence', async () => {
    const nodes = only(linesOf(await whole()), 'node'), id = (key: string) => nodes.find((node) => node.key === key)!.id;
    const [tom, mia] = [id('tom@quill.example'), id('mia.chen@quill.example')];
    await mergeNode(db.app, tenantId, tom, mia, 'test');
    const text = await whole(), lines = linesOf(text);
    expect(only(lines, 'node')).toHaveLength(nodes.length - 1);
    expect(lines.filter((line) => line.type !== 'discovered_entity' && JSON.stringify(line).includes(tom))).toEqual([]);
    expect(new Set(only(lines, 'edge').map((e) => `${e.source} ${e.edge_type} ${e.target}`)).size).toBe(only(lines, 'edge').length);
  });
});

describe('a large answer', () => {
  let server: Server, answer: (response: ServerResponse) => Promise<void>;
  beforeAll(async () => { server = createServer((_, response) => { void answer(response); }).listen(0, '127.0.0.1'); await once(server, 'listening'); });
  afterAll(() => { server.closeAllConnections(); server.close(); });
  const ask = () => new Promise<IncomingMessage>((resolve, reject) => { get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }, resolve).on('error', reject); });
  /** A megabyte a part; `told` counts what was asked for. */
  async function* parts(count: number, told: { asked: number; ended: boolean }): AsyncGenerator<string> {
    try {
      for (; told.asked < count; told.asked++) yield `${'x'.repeat(1_000_000)}\n`;
    } finally { told.ended = true; }
  }

  it('is written no faster than it is read, and ends when its reader leaves', async () => {
    const told = { asked: 0, ended: false };
    let done: Promise<void> = Promise.resolve();
    answer = (response) => { done = pour(response, parts(1_000, told), () => undefined); return done; };
    const response = await ask();
    response.resume();
    await once(response, 'data');
    response.pause();
    const stalled = async (): Promise<number> => { for (let before = -1; ;) { await new Promise(setImmediate); if (told.asked === before) return before; before = told.asked; } };
    expect(await stalled()).toBeLessThan(100);
    response.destroy();
    await done;
    expect(told).toMatchObject({ ended: true });
    expect(told.asked).toBeLessThan(1_000);
  });

  it('that breaks in the middle is cut off, not ended', async () => {
    const broken: unknown[] = [];
    const arrived = Promise.withResolvers<undefined>();
    answer = (response) => pour(response, (async function* () { yield 'one\n'; await arrived.promise; throw new Error('the store is gone'); })(), (error) => broken.push(error));
    const response = await ask();
    arrived.resolve(undefined);
    await expect((async () => { for await (const _ of response) { /* until it breaks */ } })()).rejects.toThrow(/aborted/);
    expect(String(broken[0])).toContain('the store is gone');
  });

  it('that breaks before its first part is the caller\'s to answer', async () => {
    const met: string[] = [];
    answer = (response) => pour(response, { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no store')) }) }, () => undefined).catch((error: unknown) => { met.push(String(error)); response.writeHead(503).end(); });
    expect((await ask()).statusCode).toBe(503);
    expect(met).toEqual(['Error: no store']);
  });
});
