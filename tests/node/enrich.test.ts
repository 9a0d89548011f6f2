/** Enrichment on real stores, through the real SDK, against a stand-in that breaks on demand: counts, costs, keys, kills. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startOpenAi, type ModelFault, type OpenAiStandIn } from '#dev/openai';
import { localEmbedder } from '#fly-worker/embed/local';
import { nodeId } from '#fly-worker/ids';
import { openModel } from '#fly-worker/enrich/model';
import { enrich } from '#fly-worker/enrich/stage';
import { FencedError, type Counters, type Lease } from '#fly-worker/ledger';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { startTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase, dir: string, semantic: SemanticMemory, ai: OpenAiStandIn, tenantId: string, connectionId: string;
const embedder = localEmbedder();
beforeAll(async () => { db = await startTestDatabase(); dir = mkdtempSync(join(tmpdir(), 'hsync-enrich-')); semantic = openSemanticMemory({ uri: dir }); });
afterAll(async () => { await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
beforeEach(async () => { ai = await startOpenAi(); ({ tenantId, connectionId } = await newTenant()); });
afterEach(() => ai.stop());

async function newTenant(plan = 'solo'): Promise<{ tenantId: string; connectionId: string }> {
  const tenant = `t${randomUUID().slice(0, 8)}`, connection = randomUUID();
  await db.owner.system([sql`insert into tenants (id, name, slug, plan) values (${tenant}, 'T', ${tenant}, ${plan})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${connection}::uuid, 'outlook', 'a')`]);
  return { tenantId: tenant, connectionId: connection };
}
async function newJob(fence = 1): Promise<Lease> {
  const jobId = randomUUID();
  await db.owner.system([sql`update historical_sync_jobs set status = 'completed' where tenant_id = ${tenantId}`,
    sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence) values (${tenantId}, ${jobId}::uuid, 'outlook', ${connectionId}::uuid, '2026-01-01', '2026-06-01', 'test', 'running', ${fence})`]);
  return { tenantId, jobId, connectionId, integrationId: 'outlook', fence };
}
/** Records in both memories, as a commit leaves them. */
async function remember(texts: string[], { hash = 'h1', from = 0 } = {}): Promise<string[]> {
  const rows = texts.map((text, i) => ({ recordId: randomUUID(), contentHash: hash, integrationId: 'outlook', connectionId, stream: 'mail', occurredAt: Date.UTC(2026, 0, 1, 0, from + i), title: `Subject ${from + i}`, text, parts: [], people: ['anna@nordlicht.example'], url: null, vector: null }));
  await semantic.store({ tenant: tenantId, embedder }, rows);
  for (const r of rows) {
    await db.owner.system([sql`insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, stored_by_job)
      values (${tenantId}, ${r.recordId}::uuid, 'outlook', ${connectionId}::uuid, 'mail', ${r.recordId}, 'mail', ${hash}, ${r.title}, '', ${new Date(r.occurredAt).toISOString()}::timestamptz, ${randomUUID()}::uuid)`]);
  }
  return rows.map((r) => r.recordId);
}
const long = (i: number): string => `Mail ${i} from Falkenberg Werkzeuge GmbH about order 4711-${i}. ${'We will deliver as agreed. '.repeat(420)}`;
const run = (lease: Lease, { key = 'sk-tenant', signal = new AbortController().signal, patienceMs = 300, onProgress = () => undefined as void }: { key?: string; signal?: AbortSignal; patienceMs?: number; onProgress?: (c: Counters) => void } = {}) =>
  enrich({ db: db.app, lease, semantic, space: { tenant: lease.tenantId, embedder }, model: openModel({ apiKey: key, baseUrl: ai.url, model: null, timeoutMs: 400 }), signal, patienceMs, onProgress });
const fault = (kind: ModelFault, count: number, match?: string): void => { ai.faults.push({ kind, count, ...match !== undefined && { match } }); };
const nodes = async (): Promise<string[]> => ((await db.owner.system([sql`select entity_type || ' ' || key as id from discovered_entities where tenant_id = ${tenantId} order by 1`]))[0] ?? []).map((r) => String(r.id));

describe('enrichment', () => {
  it('reads every record once, puts what it found in the graph as staged or promoted, and balances its books', async () => {
    await remember(['Anna, the quote of Falkenberg Werkzeuge GmbH for order 4711-2 came from jan@falkenberg.example.', 'Nothing much.']);
    const seen: Counters[] = [], { enrichment } = await run(await newJob(), { onProgress: (c) => seen.push(c) });
    expect(enrichment).toMatchObject({ queued: 0, done: 2, failed: 0, message: null });
    expect(enrichment!.tokens_spent).toBeGreaterThan(0);
    expect(enrichment!.tokens_left).toBe(5_000_000 - enrichment!.tokens_spent);
    expect(seen[0]!.enrichment).toMatchObject({ queued: 2, done: 0 });
    expect(await nodes()).toEqual(['company falkenberg werkzeuge gmbh', 'document 4711-2', 'person anna@nordlicht.example', 'person jan@falkenberg.example', 'topic subject 0', 'topic subject 1']);
    const [proofs] = await db.owner.system([sql`select count(*)::int as n, min(method) as method from evidence where tenant_id = ${tenantId} and target_kind = 'n'`]);
    expect(proofs).toEqual([{ n: 7, method: 'llm' }]);
  });

  it('puts short mails into one call and sends no quoted history', async () => {
    await remember(Array.from({ length: 8 }, (_, i) => `Short ${i}.`));
    const [id] = await remember(['New words.\n> Old words.'], { from: 50 });
    await db.owner.system([sql`select 1`]);
    const row = (await semantic.rows({ tenant: tenantId, embedder }, [{ recordId: id!, contentHash: 'h1' }]))[0]!;
    await semantic.remove(tenantId, [{ recordId: id!, keep: null }], Date.now() + 1);
    await semantic.store({ tenant: tenantId, embedder }, [{ ...row, parts: [{ kind: 'quote', start: 11, end: 23 }], vector: null }]);
    await run(await newJob());
    expect(ai.calls.length).toBe(2);
    expect(JSON.stringify(ai.calls)).toContain('New words.');
    expect(JSON.stringify(ai.calls)).not.toContain('Old words');
  });

  it('asks nobody again about what was answered before: not in a second job, not for an equal text', async () => {
    await remember([long(1), long(2)]);
    await run(await newJob());
    const asked = ai.calls.length, { enrichment } = await run(await newJob());
    expect(enrichment).toMatchObject({ queued: 0, done: 0, tokens_spent: 0 });
    await db.owner.system([sql`update records set content_hash = 'h2' where tenant_id = ${tenantId}`]);
    const rows = await semantic.rows({ tenant: tenantId, embedder }, ((await db.owner.system([sql`select record_id::text as id from records where tenant_id = ${tenantId}`]))[0] ?? []).map((r) => ({ recordId: String(r.id), contentHash: 'h1' })));
    await semantic.store({ tenant: tenantId, embedder }, rows.map((row) => ({ ...row, contentHash: 'h2', vector: null })));
    expect((await run(await newJob())).enrichment).toMatchObject({ queued: 0, done: 2, tokens_spent: 0 });
    expect(ai.calls.length).toBe(asked);
  });

  it.each<[ModelFault, { done: number; failed: number }]>([
    ['fenced', { done: 3, failed: 0 }], ['no_structured_outputs', { done: 3, failed: 0 }], ['left_out', { done: 2, failed: 1 }],
    ['missing_fields', { done: 0, failed: 3 }], ['not_json', { done: 0, failed: 3 }], ['refusal', { done: 0, failed: 3 }],
  ])('%s for ever costs its records, not the job', async (kind, expected) => {
    await remember(['One.', 'Two.', 'Three.']);
    fault(kind, -1);
    expect((await run(await newJob())).enrichment).toMatchObject({ queued: 0, ...expected });
  });

  it('tries each record alone when a call about several went wrong, so that one bad answer spoils only its own', async () => {
    await remember(['One.', 'Poison.', 'Three.']);
    fault('not_json', -1, 'Poison');
    expect((await run(await newJob())).enrichment).toMatchObject({ queued: 0, done: 2, failed: 1 });
    const [failed] = await db.owner.system([sql`select message from enrichments where tenant_id = ${tenantId} and outcome = 'failed'`]);
    expect(failed![0]!.message).toMatch(/did not answer in the form/);
  });

  it.each<ModelFault>(['429', '500', 'hang'])('waits and asks again after %s', async (kind) => {
    await remember([long(1)]);
    fault(kind, 1);
    expect((await run(await newJob(), { patienceMs: 5_000 })).enrichment).toMatchObject({ queued: 0, done: 1, failed: 0 });
  });

  it.each<[ModelFault, RegExp]>([['insufficient_quota', /no quota left/], ['401', /refused the key/], ['500', /failed/], ['hang', /did not answer/]])('%s for ever ends the enrichment with a sentence, and the next job goes on', async (kind, sentence) => {
    await remember([long(1), long(2)]);
    fault(kind, -1);
    const { enrichment } = await run(await newJob());
    expect(enrichment).toMatchObject({ queued: 2, done: 0, failed: 0, message: expect.stringMatching(sentence) as string });
    if (kind === 'insufficient_quota' || kind === '401') expect(ai.calls.length, 'nobody is asked in vain').toBeLessThanOrEqual(4);
    ai.faults.length = 0;
    expect((await run(await newJob())).enrichment).toMatchObject({ queued: 0, done: 2, message: null });
  });

  it('stops at the month\'s tokens and says what is left', async () => {
    await db.owner.system([sql`update tenants set model_tokens_per_month = 3000 where id = ${tenantId}`]);
    await remember(Array.from({ length: 12 }, (_, i) => long(i)));
    const { enrichment } = await run(await newJob());
    expect(enrichment).toMatchObject({ tokens_left: 0, message: expect.stringContaining('used up') as string });
    expect(enrichment!.queued).toBeGreaterThan(0);
    expect(enrichment!.done + enrichment!.queued).toBe(12);
    expect(ai.calls.length).toBeLessThanOrEqual(4 + 1);
  });

  it('asks each distinct text once across kills, but for the calls in flight at each', async () => {
    const count = 40, kills = 5;
    await remember(Array.from({ length: count }, (_, i) => long(i)));
    const lease = await newJob();
    let inFlight = 0;
    for (let kill = 0; kill < kills; kill++) {
      const stop = new AbortController(), before = ai.calls.length;
      ai.latencyMs = 5;
      const dying = run(lease, { signal: stop.signal }).catch((error: unknown) => error);
      while (ai.calls.length < before + 6) await new Promise((done) => setImmediate(done));
      inFlight += ai.inFlight;
      stop.abort(new Error('killed'));
      expect(await dying).toMatchObject({ message: 'killed' });
      lease.fence += 1;
      await db.owner.system([sql`update historical_sync_jobs set fence = ${lease.fence} where tenant_id = ${tenantId} and id = ${lease.jobId}::uuid`]);
    }
    const { enrichment } = await run(lease);
    expect(enrichment).toMatchObject({ queued: 0, done: count, failed: 0 });
    const texts = ai.calls.flatMap((call) => call.texts);
    expect(new Set(texts).size).toBe(count);
    expect(texts.length).toBeLessThanOrEqual(count + inFlight);
  });

  it('writes nothing under a stale fence', async () => {
    await remember([long(1)]);
    const lease = await newJob(2);
    await expect(run({ ...lease, fence: 1 })).rejects.toBeInstanceOf(FencedError);
    expect(await nodes()).toEqual([]);
    expect(ai.calls).toEqual([]);
  });

  it('drops what it found in a version that was edited meanwhile', async () => {
    const [id] = await remember(['From jan@falkenberg.example about widgets.']);
    const lease = await newJob();
    ai.latencyMs = 30;
    const running = run(lease);
    while (ai.calls.length === 0) await new Promise((done) => setImmediate(done));
    await db.owner.system([sql`update records set content_hash = 'h2' where tenant_id = ${tenantId} and record_id = ${id!}::uuid`]);
    expect((await running).enrichment).toMatchObject({ done: 1 });
    expect(await nodes()).toEqual([]);
  });

  it('never weakens what a header or a rule said', async () => {
    const [id] = await remember(['From jan@falkenberg.example about widgets.']), person = nodeId(tenantId, 'person', 'jan@falkenberg.example');
    await db.owner.system([
      sql`insert into graph_nodes (tenant_id, id, node_type, key, name, described_at, described_by) values (${tenantId}, ${person}::uuid, 'person', 'jan@falkenberg.example', 'Jan Falk', '2020-01-01', ${id!}::uuid)`,
      sql`insert into evidence (tenant_id, record_id, target_id, target_kind, method, confidence, name) values (${tenantId}, ${id!}::uuid, ${person}::uuid, 'n', 'header', 1, 'Jan Falk')`]);
    await run(await newJob());
    const [rows] = await db.owner.system([sql`select n.name, e.method, e.confidence from graph_nodes n join evidence e on e.tenant_id = n.tenant_id and e.target_id = n.id where n.tenant_id = ${tenantId} and n.id = ${person}::uuid`]);
    expect(rows).toEqual([{ name: 'Jan Falk', method: 'header', confidence: 1 }]);
  });

  it('forgets the answer with the last record that asked for it', async () => {
    const [a, b] = await remember(['One.', 'Two.']);
    await run(await newJob());
    const cached = async (): Promise<number> => Number((await db.owner.system([sql`select count(*)::int as n from extraction_cache where tenant_id = ${tenantId}`]))[0]![0]!.n);
    expect(await cached()).toBe(2);
    await db.app.tenant(tenantId, [sql`delete from records where tenant_id = ${tenantId} and record_id = ${a!}::uuid`]);
    expect(await cached()).toBe(1);
    await db.app.tenant(tenantId, [sql`delete from records where tenant_id = ${tenantId} and record_id = ${b!}::uuid`]);
    expect(await cached()).toBe(0);
  });

  it('uses a tenant\'s key for that tenant\'s records only', async () => {
    await remember(['Secret of A.']);
    const a = await newJob();
    ({ tenantId, connectionId } = await newTenant());
    await remember(['Secret of B.']);
    await Promise.all([run(a, { key: 'sk-of-a' }), run(await newJob(), { key: 'sk-of-b' })]);
    for (const call of ai.calls) expect(call.texts.every((text) => text.includes(call.key === 'sk-of-a' ? 'of A' : 'of B'))).toBe(true);
    expect(ai.calls.map((call) => call.key).sort()).toEqual(['sk-of-a', 'sk-of-b']);
  });
});
