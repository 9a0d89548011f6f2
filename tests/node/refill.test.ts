/** Changing a tenant's embedder: filled in the background from what memory holds, killed and gone on with, switched to in one step, while searches never come back empty. Real Postgres, LanceDB and workers; the model is the stand-in. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EMBED_BATCH_RECORDS, EMBEDDER_BELIEVED_MS } from '#contract/limits';
import type { SearchResult } from '#contract/memory';
import { startOpenAi, type OpenAiStandIn } from '#dev/openai';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { bookEmbedded, claimTenant, EmbedFenced } from '#fly-worker/embed/book';
import { localEmbedder } from '#fly-worker/embed/local';
import { openQueryModels, type QueryModels } from '#fly-worker/embed/queries';
import { openRefiller, type Refiller } from '#fly-worker/embed/refill';
import { forgetting } from '#fly-worker/forget';
import { search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { textTables } from '#fly-worker/semantic/tables';
import { openWorkshop } from '#fly-worker/workshop';
import { benchMails } from '../bench/mails.ts';
import { until } from '../client.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const local = localEmbedder(), MAILS = 3 * EMBED_BATCH_RECORDS, KEY = 'sk-of-this-tenant';
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, openAi: OpenAiStandIn, desk: Server, tenantId: string, connectionId: string, now = 0;
let refiller: Refiller, models: QueryModels, keyIsThere = true;
const key = () => (keyIsThere ? { apiKey: KEY, baseUrl: openAi.url, model: null } : null);
beforeAll(async () => {
  [db, openAi] = await Promise.all([startTestDatabase(), startOpenAi()]);
  dir = mkdtempSync(join(tmpdir(), 'hsync-refill-')); semantic = openSemanticMemory({ uri: dir }); threads = openDeriveThreads(); models = openModels();
  // of the front desk only what a worker asks for its vectors
  desk = createServer((request, response) => { response.writeHead(request.url === '/internal/embedding-key' ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ api_key: KEY, base_url: openAi.url, model: null })); });
  await new Promise<void>((done) => desk.listen(0, '127.0.0.1', done));
});
afterAll(async () => { desk.close(); await threads.close(); await semantic.close(); await openAi.stop(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
beforeEach(async () => {
  [tenantId, connectionId, keyIsThere] = [`t${randomUUID().slice(0, 8)}`, randomUUID(), true];
  Object.assign(openAi, { latencyMs: 0, calls: [], faults: [] });
  await db.owner.system([sql`insert into tenants (id, name, slug, plan) values (${tenantId}, 'T', ${tenantId}, 'team')`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
  refiller = openRefiller({ db: db.app, semantic, local, keyOf: () => Promise.resolve(key()), log: (event, facts) => { if (event === 'refill_failed') throw new Error(JSON.stringify(facts)); } });
});
afterEach(async () => { await refiller.close(); await db.owner.system([sql`delete from embedders`]); });

const sync = (records = benchMails(MAILS)) => runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder: local, embedsOnThread: true, semantic }), tenantId, connectionId, records });
const wish = (model: string | null) => db.owner.system([sql`insert into embedders (tenant_id, wanted_model, wanted_base_url) values (${tenantId}, ${model}::text, ${openAi.url}) on conflict (tenant_id) do update set wanted_model = excluded.wanted_model, due_at = now(), message = null`]);
/** Time passes: whoever held it is given up, whatever was to be looked at later is due. */
const later = () => db.owner.system([sql`update embedders set held_until = null, due_at = now(), drop_at = case when drop_at is not null then now() end`]);
async function books() {
  const [rows] = await db.owner.system([sql`select e.current ->> 'model' as current, e.next ->> 'model' as next, e.message, (select count(*)::int from records r where r.tenant_id = e.tenant_id) as records,
    (select count(*)::int from embedded d join records r using (tenant_id, record_id, content_hash) where d.tenant_id = e.tenant_id and d.embedder_id = e.current ->> 'id') as done,
    (select count(*)::int from embedded d where d.tenant_id = e.tenant_id) as embedded from embedders e where e.tenant_id = ${tenantId}`]);
  return rows![0] as { current: string | null; next: string | null; message: string | null; records: number; done: number; embedded: number };
}
const looked = async () => { await refiller.look(); return books(); };
const openModels = () => openQueryModels({ db: db.app, keyOf: () => Promise.resolve(key()), log: () => undefined, now: () => now });
/** As a worker that has just looked which embedder is used. */
async function find(q: string, mode: 'semantic' | 'hybrid' | 'keyword' = 'semantic'): Promise<SearchResult[]> {
  now += EMBEDDER_BELIEVED_MS;
  return (await search({ db: db.app, semantic, embedder: local, models, ticket: 'leave' }, tenantId, { q, mode, recency: 'ignore', limit: 10 })).results;
}
const asked = (): string[] => openAi.calls.filter((call) => call.path === 'embeddings').flatMap((call) => call.texts);
async function tables(): Promise<string[]> {
  const lance = await connect(join(dir, tenantId));
  return (await textTables(lance)).map(({ embedderId }) => embedderId).toSorted();
}

/** Searches in all modes until `isOver`; every answer of all of them has something in it. */
async function searchedUntil(isOver: () => boolean): Promise<number> {
  let searches = 0;
  do {
    for (const mode of ['semantic', 'hybrid', 'keyword'] as const) { expect((await find('invoice budget meeting', mode)).length, `${mode} search ${searches}`).toBe(10); searches += 1; }
  } while (!isOver());
  return searches;
}

describe('a tenant\'s own embedder', () => {
  it('takes over when it has every record, and searches before, during and after find as many as ever', async () => {
    await sync();
    await wish('small-1');
    openAi.latencyMs = 20;
    let over = false;
    const filling = refiller.look().finally(() => { over = true; });
    expect(await searchedUntil(() => over)).toBeGreaterThan(3);
    await filling;
    expect(await books()).toEqual({ current: 'small-1', next: null, message: null, records: MAILS, done: MAILS, embedded: MAILS });
    openAi.calls.length = 0;
    await searchedUntil(() => true);
    expect(asked(), 'the model speaks for queries now, but not for keywords').toEqual(['invoice budget meeting', 'invoice budget meeting']);
    expect(openAi.calls.every((call) => call.key === KEY)).toBe(true);
  });

  it('is found by long texts\' passages as by the local vectors, one hit a record', async () => {
    const long = { ...benchMails(1)[0]!, providerId: 'long', title: 'Minutes', body: { format: 'text' as const, content: `${'The budget of the quarter was discussed with the supplier. '.repeat(150)}\n\nThe veterinarian cured a horse.` } };
    await sync([...benchMails(20), long]);
    await wish('small-1');
    await looked();
    const hits = await find('veterinarian cured horse');
    expect([hits[0]!.title, hits.filter((hit) => hit.title === 'Minutes').length]).toEqual(['Minutes', 1]);
    expect(hits[0]!.snippet).toContain('veterinarian');
  });

  it('killed with its worker in the middle is gone on with by the next one, and hardly anything is paid twice', async () => {
    await sync();
    await wish('small-1');
    openAi.latencyMs = 150;
    const first = startWorker();
    await until(books, ({ embedded }) => embedded >= EMBED_BATCH_RECORDS, 'a batch in the books');
    first.kill('SIGKILL');
    await new Promise((done) => { first.once('exit', done); });
    const killedAt = (await books()).embedded, paid = asked().length;
    expect(killedAt).toBeLessThan(MAILS);
    await searchedUntil(() => true);
    await later();
    const second = startWorker();
    await until(books, ({ current }) => current === 'small-1', 'the switch');
    second.kill('SIGKILL');
    expect(await books()).toMatchObject({ done: MAILS, embedded: MAILS, next: null });
    const texts = asked().filter((text) => text !== 'hello' && text !== 'invoice budget meeting'), twice = texts.length - new Set(texts).size;
    expect(paid).toBeGreaterThan(0);
    expect(twice, 'the batch in flight at the kill, at most').toBeLessThanOrEqual(4 * EMBED_BATCH_RECORDS);
    await searchedUntil(() => true);
  }, 120_000);

  it('catches up with what is stored and edited while it is filled, before it takes over, and afterwards', async () => {
    const mails = benchMails(200), edited = mails.slice(0, 30).map((mail) => ({ ...mail, title: `${mail.title}, again` }));
    await sync(mails);
    await wish('small-1');
    openAi.latencyMs = 30;
    const filling = refiller.look();
    await sync([...edited, ...benchMails(60, 11).map((mail, i) => ({ ...mail, providerId: `new-${i}` }))]);
    await filling;
    await later();
    expect(await looked()).toMatchObject({ current: 'small-1', records: 260, done: 260, embedded: 260 });
    const fresh = { ...benchMails(1)[0]!, providerId: 'fresh', title: 'Zebra crossing', body: { format: 'text' as const, content: 'Zebra crossing at the corner' } };
    await sync([fresh]);
    expect((await find('zebra crossing', 'hybrid'))[0]!.title, 'by the very next search, before the model has read it').toBe('Zebra crossing');
    expect((await find('zebra crossing')).map((hit) => hit.title)).toContain('Zebra crossing');
    await later();
    expect(await looked()).toMatchObject({ records: 261, done: 261 });
    expect((await find('zebra crossing'))[0]!.title).toBe('Zebra crossing');
  });

  it('is changed for another one without a gap; the former is dropped when nobody can search it any more', async () => {
    await sync(benchMails(40));
    await wish('small-1');
    await looked();
    await wish('large-2');
    openAi.faults = [{ kind: '500', count: -1, match: '"large-2"' }];
    expect(await looked()).toMatchObject({ current: 'small-1', message: expect.stringMatching(/embedding service failed/) as string });
    await searchedUntil(() => true);
    openAi.faults = [];
    await later();
    expect(await looked()).toMatchObject({ current: 'large-2', next: null, message: null, done: 40 });
    await searchedUntil(() => true);
    expect((await tables()).length, 'texts, the former, this one').toBe(3);
    await later();
    expect(await looked()).toMatchObject({ embedded: 40 });
    expect((await tables()).filter((name) => name.startsWith('openai-'))).toEqual([expect.stringMatching(/^openai-large-2-512-/)]);
  });

  it('that is no longer wished, or has no key, leaves searches to the local vectors at once', async () => {
    await sync(benchMails(40));
    await wish('small-1');
    await looked();
    keyIsThere = false;
    await later();
    expect(await looked()).toMatchObject({ message: expect.stringMatching(/no model key/) as string });
    await searchedUntil(() => true);
    keyIsThere = true;
    openAi.faults = [{ kind: '401', count: -1 }];
    await searchedUntil(() => true);
    await wish(null);
    expect(await looked()).toMatchObject({ current: null, next: null });
    await later();
    await looked();
    expect([await tables(), (await books()).embedded]).toEqual([[local.id], 0]);
    await searchedUntil(() => true);
  });

  it('says what stands in the way, spends no more than the month\'s tokens, and stores nothing where the model refuses a text', async () => {
    await sync(benchMails(30));
    await wish('small-1');
    openAi.faults = [{ kind: 'insufficient_quota', count: -1 }];
    expect(await looked()).toMatchObject({ current: null, embedded: 0, message: expect.stringMatching(/no quota left/) as string });
    openAi.faults = [];
    await db.owner.system([sql`update tenants set model_tokens_per_month = 0 where id = ${tenantId}`]);
    await later();
    expect(await looked()).toMatchObject({ current: null, embedded: 0, message: expect.stringMatching(/used up/) as string });
    await db.owner.system([sql`update tenants set model_tokens_per_month = null where id = ${tenantId}`]);
    await later();
    expect(await looked()).toMatchObject({ current: 'small-1', done: 30 });
    const [spent] = await db.owner.system([sql`select tokens::int as tokens from embedders where tenant_id = ${tenantId}`]);
    expect(spent![0]!.tokens).toBeGreaterThan(1_000);
  });

  it('is worked on by one runner; who comes too late writes nothing', async () => {
    await sync(benchMails(5));
    await wish('small-1');
    const first = (await claimTenant(db.app, tenantId))!;
    expect(await claimTenant(db.app, tenantId)).toBeNull();
    await later();
    expect((await claimTenant(db.app, tenantId))!.fence).toBe(first.fence + 1);
    const [versions] = await db.owner.system([sql`select record_id::text as "recordId", content_hash as "contentHash" from records where tenant_id = ${tenantId}`]);
    await expect(bookEmbedded(db.app, first, 'x', versions as never, 1)).rejects.toThrow(EmbedFenced);
    expect((await books()).embedded).toBe(0);
  });

  it('forgets a record with memory, its vectors and all', async () => {
    await sync(benchMails(10));
    await wish('small-1');
    await looked();
    const [[row]] = (await db.owner.system([sql`select record_id::text as id from records where tenant_id = ${tenantId} limit 1`])) as [[{ id: string }]];
    await semantic.erase(tenantId, { recordIds: [row.id] }, Date.now() + 1);
    await db.app.tenant(tenantId, forgetting(tenantId, [row.id], () => sql`select 1`), 'exclusive');
    expect(await books()).toMatchObject({ records: 9, embedded: 9 });
    const lance = await connect(join(dir, tenantId));
    for (const { name } of await textTables(lance)) expect(await (await lance.openTable(name)).countRows(`record_id = '${row.id}'`), name).toBe(0);
    expect((await find('invoice')).map((hit) => hit.record_id)).not.toContain(row.id);
  });
});

function startWorker(): ChildProcess {
  const { port } = desk.address() as AddressInfo;
  const worker = spawn(process.execPath, [new URL('../../fly-worker/worker.ts', import.meta.url).pathname], {
    stdio: 'ignore', env: { ...process.env, PORT: '0', HOST: '127.0.0.1', API_URL: `http://127.0.0.1:${port}`, APP_DATABASE_URL: db.appUrl, NEON_HTTP_URL: db.httpUrl, LANCEDB_URI: dir, WORKER_SECRET: 'only-for-this-test-0001' },
  });
  return worker;
}
