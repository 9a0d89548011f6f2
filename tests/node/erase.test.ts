/** Erasing on real stores: what goes, what the receipt says, what is found meanwhile, and what a crash in the middle leaves to do. Compared by exports: as if it had never been there. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import type { Erasure, ErasureSubject } from '#contract/erasure';
import { ERASE_RECORDS_AT_ONCE } from '#contract/limits';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { openEraser, type Eraser } from '#fly-worker/erase';
import { exportMemory } from '#fly-worker/export';
import { readRecord, search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { writeErasure } from '#migrations/erasure';
import { watermarksOf } from '#migrations/watermarks';
import { mergeNode } from '#worker-api/graph/merging';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const embedder = localEmbedder(), other = 'other';
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string, eraser: Eraser;
beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-erase-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${other}, 'T', ${other})`]);
  await learn(benchMails(10), await newConnection(other), other);
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
beforeEach(async () => {
  tenantId = `t${randomUUID().slice(0, 8)}`;
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`]);
  connectionId = await newConnection();
  eraser = openEraser({ db: db.app, semantic, log: () => undefined });
});

async function newConnection(tenant = tenantId): Promise<string> {
  const id = randomUUID();
  await db.owner.system([sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${id}::uuid, 'outlook', ${id})`]);
  return id;
}
const learn = (records: SourceRecord[], connection = connectionId, tenant = tenantId) => runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId: tenant, connectionId: connection, records });
const memory = () => ({ db: db.app, semantic, embedder });
const find = async (q: string): Promise<string[]> => (await search(memory(), tenantId, { q, mode: 'keyword', recency: 'ignore', limit: 100 })).results.map((r) => r.record_id);
async function exported(tenant = tenantId): Promise<string> {
  let text = '';
  for await (const part of exportMemory(memory(), tenant)) text += part;
  return text;
}
const texts = async (): Promise<number> => (await semantic.stats({ tenant: tenantId, embedder }))?.rows ?? 0;
async function ask(subject: ErasureSubject, subjectId: string | null): Promise<string> {
  const id = randomUUID(), [rows] = await db.app.tenant(tenantId, [writeErasure(tenantId, id, subject, subjectId, 'test')], 'exclusive');
  expect(rows).toMatchObject([{ erasure_id: id, status: 'running' }]);
  return id;
}
const erase = async (subject: ErasureSubject, subjectId: string | null): Promise<Erasure> => eraser.erase(tenantId, await ask(subject, subjectId));
/** Rows of everything that a receipt counts. */
async function counts(): Promise<Record<string, number>> {
  const [rows] = await db.owner.system([sql`select (select count(*)::int from records where tenant_id = ${tenantId}) as records, (select count(*)::int from evidence where tenant_id = ${tenantId}) as evidence, (select count(*)::int from graph_nodes where tenant_id = ${tenantId}) as nodes,
    (select count(*)::int from graph_edges where tenant_id = ${tenantId}) as edges, (select count(*)::int from discovered_entities where tenant_id = ${tenantId}) as entities`]);
  return { ...rows![0] as Record<string, number>, texts: await texts() };
}
const less = (a: Record<string, number>, b: Record<string, number>) => Object.fromEntries(Object.entries(a).map(([key, n]) => [key, n - b[key]!]));
const nodeOf = async (key: string): Promise<string> => String((await db.owner.system([sql`select id::text as id from graph_nodes where tenant_id = ${tenantId} and key = ${key}`]))[0]![0]!.id);

const quince: SourceRecord = {
  ...benchMails(1)[0]!, providerId: 'quince', title: 'Quince marmalade', body: { format: 'text', content: 'Offer OF-2031-777 over €1,234.50, see https://quince.example/offer' }, threadId: 'quince',
  participants: [{ role: 'from', address: 'only@quince.example', name: 'Only Here' }, { role: 'to', address: 'tom@quill.example', name: 'Newest Name' }], occurredAt: '2039-01-01T00:00:00.000Z',
};

describe('erasing', () => {
  it('a record leaves both memories as if it had never been there, and the receipt counts what went', async () => {
    await learn(benchMails(20));
    const without = await exported(), before = await counts();
    await learn([quince]);
    const held = await counts(), [id] = await find('marmalade');
    const receipt = await erase('record', id!);
    expect(receipt).toMatchObject({ subject: 'record', subject_id: id, status: 'done', ...less(held, before), records: 1, texts: 1 });
    expect(await exported()).toBe(without);
    expect(await counts()).toEqual(before);
    expect(await readRecord(memory(), tenantId, id!)).toBeNull();
    expect(await eraser.erase(tenantId, receipt.erasure_id), 'again').toEqual(receipt);
    expect(await db.app.tenant(tenantId, [writeErasure(tenantId, randomUUID(), 'record', id!, 'test')], 'exclusive'), 'it is gone').toEqual([[]]);
  });

  it('a person takes every record along that speaks of them, under all that was merged into them', async () => {
    const mails = benchMails(60), speaks = (m: SourceRecord) => m.participants.some((p) => p.address === 'priya@lumen.example' || p.address === 'luc.moreau@atelier.example');
    await learn(mails.filter((m) => !speaks(m)));
    const without = await exported();
    await learn(mails);
    await mergeNode(db.app, tenantId, await nodeOf('luc.moreau@atelier.example'), await nodeOf('priya@lumen.example'), 'test');
    const receipt = await erase('person', await nodeOf('luc.moreau@atelier.example'));
    expect(receipt).toMatchObject({ status: 'done', records: mails.filter(speaks).length });
    expect(await exported()).toBe(without);
    expect(without).not.toContain('priya');
    expect((await db.owner.system([sql`select 1 from node_merges where tenant_id = ${tenantId}`]))[0]).toEqual([]);
  });

  it('a connection leaves what the others brought, and is no longer said to be complete', async () => {
    const second = await newConnection();
    await learn(benchMails(15, 3));
    const without = await exported();
    await learn(benchMails(25), second);
    expect((await db.app.tenant(tenantId, [watermarksOf(tenantId)]))[0]!).toHaveLength(2);
    expect(await erase('connection', second)).toMatchObject({ status: 'done', records: 25, texts: 25 });
    expect(await exported()).toBe(without);
    expect((await db.app.tenant(tenantId, [watermarksOf(tenantId)]))[0]).toMatchObject([{ connection_id: connectionId }]);
    await learn(benchMails(25), second);
    expect((await counts()).texts, 'and can be read anew').toBe(40);
  });

  it('a tenant leaves nothing, in more than one step, and nothing of it is another\'s', async () => {
    const theirs = await exported(other), many = ERASE_RECORDS_AT_ONCE + 30;
    await learn(benchMails(many));
    const held = await counts();
    expect(await erase('tenant', null)).toMatchObject({ subject: 'tenant', subject_id: null, status: 'done', ...held, records: many });
    expect(await exported()).toBe('');
    expect(await counts()).toEqual({ records: 0, evidence: 0, nodes: 0, edges: 0, entities: 0, texts: 0 });
    expect(await exported(other)).toBe(theirs);
    await expect(eraser.erase(other, (await db.owner.system([sql`select id::text as id from erasures where tenant_id = ${tenantId}`]))[0]![0]!.id as string)).rejects.toThrow(/no such erasure/);
  });
});

describe('later syncs', () => {
  it('leave out a record that was erased, also edited since; its books balance without it', async () => {
    await learn([...benchMails(5), quince]);
    const [id] = await find('marmalade');
    await erase('record', id!);
    const without = await exported();
    for (const again of [quince, { ...quince, title: 'Quince marmalade, better' }]) expect(await learn([...benchMails(5), again])).toMatchObject({ mismatch: null, progress: { ledger: { seen: 5, stored: 0, unchanged: 5, failed: 0 } } });
    expect(await find('marmalade')).toEqual([]);
    expect(await exported()).toBe(without);
    expect((await db.owner.system([sql`select * from barred_records where tenant_id = ${tenantId}`]))[0], 'an id, and nothing of it').toEqual([{ tenant_id: tenantId, record_id: id, erasure_id: expect.any(String) }]);
    expect(await learn([{ ...quince, providerId: 'its copy' }]), 'another record is another matter').toMatchObject({ progress: { ledger: { stored: 1 } } });
  });

  it('leave out what went with a person; a new record that names them is stored', async () => {
    const mails = benchMails(30), speaks = (m: SourceRecord) => m.participants.some((p) => p.address === 'priya@lumen.example');
    await learn(mails);
    await erase('person', await nodeOf('priya@lumen.example'));
    const without = await exported();
    expect((await learn(mails)).progress.ledger).toMatchObject({ seen: mails.filter((m) => !speaks(m)).length, stored: 0 });
    expect(await exported()).toBe(without);
    await learn([{ ...mails.find(speaks)!, providerId: 'new' }]);
    expect(await exported()).toContain('priya@lumen.example');
  });

  it('read anew what an account brought that was erased, but for single records', async () => {
    await learn([...benchMails(5), quince]);
    await erase('record', (await find('marmalade'))[0]!);
    await erase('connection', connectionId);
    expect((await learn([...benchMails(5), quince])).progress.ledger).toMatchObject({ seen: 5, stored: 5 });
  });
});

describe('an erasure that breaks off', () => {
  it.each(['semantic memory', 'Postgres'])('in %s hides everything meanwhile, and is finished by whoever comes next, with the same receipt', async (broken) => {
    await learn([...benchMails(ERASE_RECORDS_AT_ONCE + 30), quince]);
    const held = await counts();
    let left = 2;
    const failing = <T>(work: () => Promise<T>) => (--left < 0 ? Promise.reject(new Error('gone')) : work());
    const breaking = openEraser({
      db: broken === 'Postgres' ? { ...db.app, tenant: (tenant, statements, lock) => (lock === 'exclusive' ? failing(() => db.app.tenant(tenant, statements, lock)) : db.app.tenant(tenant, statements, lock)) } : db.app,
      semantic: broken === 'Postgres' ? semantic : { erase: (...args) => failing(() => semantic.erase(...args)) }, log: () => undefined,
    });
    const id = await ask('tenant', null);
    expect(await find('marmalade'), 'from the moment of asking').toEqual([]);
    expect(await exported()).not.toContain('"type":"record"');
    await expect(breaking.erase(tenantId, id)).rejects.toThrow('gone');
    expect(await find('marmalade')).toEqual([]);
    await eraser.resume();
    expect(await eraser.erase(tenantId, id)).toMatchObject({ status: 'done', records: held.records, evidence: held.evidence, nodes: held.nodes, edges: held.edges, entities: held.entities });
    expect(await counts()).toMatchObject({ records: 0, texts: 0 });
  });

  it('leaves alone what a sync stored again since', async () => {
    await learn([quince]);
    const id = await ask('connection', connectionId);
    await db.owner.system([sql`delete from erasing where tenant_id = ${tenantId}`]);
    await semantic.store({ tenant: tenantId, embedder }, await semantic.rows({ tenant: tenantId, embedder }, (await db.owner.system([sql`select record_id::text as "recordId", content_hash as "contentHash" from records where tenant_id = ${tenantId}`]))[0] as never).then((rows) => rows.map((row) => ({ ...row, vector: null }))));
    expect(await eraser.erase(tenantId, id)).toMatchObject({ status: 'done', records: 0, texts: 0 });
    expect(await find('marmalade')).toHaveLength(1);
  });
});
