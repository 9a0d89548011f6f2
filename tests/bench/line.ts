/** The line without the edge: sandbox -> provider client -> derive -> LanceDB -> ledger, on a real Postgres. Says where the time goes. */
import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sql } from 'drizzle-orm';
import type { IntegrationId } from '#contract/job';
import { freePort } from '#dev/ports';
import { connectorOf } from '#fly-worker/connectors/index';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { runPipeline, type Workshop } from '#fly-worker/pipeline';
import { openProvider } from '#fly-worker/provider';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { consent } from '../sandbox-account.ts';

export interface LineFigures {
  records: number; seconds: number; perSecond: number; rssMb: number;
  /** Milliseconds per 100 records spent waiting in each stage; stages overlap, so they add up to more than the line. */
  stages: Record<string, number>;
}

/** The sandbox as a process of its own: it must not share the worker's thread. */
interface BenchWorld { db: TestDatabase; sandboxUrl: string; /** Lives as long as a worker process does: over many jobs. */ threads: DeriveThreads; stop(): Promise<void> }

export async function openWorld(): Promise<BenchWorld> {
  const db = await startTestDatabase(), port = await freePort(), sandboxUrl = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(process.execPath, [resolve(import.meta.dirname, '../../dev/sandbox/server.ts')], { env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await fetch(`${sandboxUrl}/healthz`).catch(() => null))?.ok) await new Promise((done) => setTimeout(done, 50));
  const threads = openDeriveThreads({ size: 1 });
  return { db, sandboxUrl, threads, async stop() { child.kill(); await threads.close(); await db.stop(); } };
}

const RSS_EVERY_MS = 200;

/** `lanes`: requests and windows at once; 1 is the serial line, left out: as many as the connector allows. */
interface LineWish { latencyMs: number; lanes?: number; chunkSize?: number; months?: number; integration?: IntegrationId }

/** One run over six months of the sandbox's first account there into an empty tenant. */
export async function runLine({ db, sandboxUrl, threads }: BenchWorld, { latencyMs, integration = 'outlook', lanes = connectorOf(integration)!.concurrencyMax, chunkSize = 100, months = 6 }: LineWish): Promise<LineFigures> {
  const tenantId = `bench${randomBytes(4).toString('hex')}`, jobId = crypto.randomUUID(), connectionId = crypto.randomUUID();
  const until = new Date(), since = new Date(until.getTime() - months * 30.5 * 86_400_000);
  await db.owner.system([
    sql`insert into tenants (id, name, slug) values (${tenantId}, 'Bench', ${tenantId})`,
    sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, ${integration}, 'bench')`,
    sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence) values (${tenantId}, ${jobId}::uuid, ${integration}, ${connectionId}::uuid, ${since.toISOString()}::timestamptz, ${until.toISOString()}::timestamptz, 'bench', 'running', 1)`,
  ]);
  await admin(sandboxUrl, { latencyMs });
  const dir = mkdtempSync(join(tmpdir(), 'hsync-bench-')), stages: Record<string, number> = {}, signal = new AbortController().signal;
  const embedder = localEmbedder(), semantic = openSemanticMemory({ uri: dir });
  const shop = timed(openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), stages);
  const connector = { ...connectorOf(integration)!, concurrencyMax: lanes }, { accessToken } = await consent(sandboxUrl, connector.oauth!, null);
  const provider = openProvider({ baseUrl: sandboxUrl, concurrencyMax: lanes, token: async () => accessToken, signal, pageSize: chunkSize, meaningOf: connector.meaningOf });
  const began = performance.now();
  let rss = 0;
  // Asking takes the kernel a millisecond: not at every chunk.
  const looking = setInterval(() => { rss = Math.max(rss, process.memoryUsage.rss()); }, RSS_EVERY_MS);
  const { progress } = await runPipeline({
    mode: 'backfill',
    shop, connector, baseUrl: sandboxUrl, signal, range: { since: since.toISOString(), until: until.toISOString() },
    provider: { ...provider, fetchPage: (c, where) => measure(stages, 'fetch', () => provider.fetchPage(c, where)) },
    lease: { tenantId, jobId, connectionId, integrationId: integration, fence: 1 }, onProgress: () => undefined,
  });
  clearInterval(looking);
  const seconds = (performance.now() - began) / 1000, records = progress.records_processed;
  await semantic.close();
  rmSync(dir, { recursive: true, force: true });
  for (const key of Object.keys(stages)) stages[key] = stages[key]! / records * 100;
  return { records, seconds, perSecond: records / seconds, rssMb: rss / 1024 / 1024, stages };
}

async function measure<T>(stages: Record<string, number>, name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try { return await work(); } finally { stages[name] = (stages[name] ?? 0) + performance.now() - began; }
}

/** The workshop with a stopwatch on each stage. */
function timed(shop: Workshop, stages: Record<string, number>): Workshop {
  return {
    contentHash(record, spared) { const began = performance.now(), hash = shop.contentHash(record, spared); stages.hash = (stages.hash ?? 0) + performance.now() - began; return hash; },
    prepare: (owner, fresh) => measure(stages, 'prepare', () => shop.prepare(owner, fresh)),
    remember: (lease, records) => measure(stages, 'lancedb', () => shop.remember(lease, records)),
    db: { system: shop.db.system, tenant: (tenantId, statements, lock) => measure(stages, lock === 'shared' || lock === 'exclusive' ? 'commit' : 'known', () => shop.db.tenant(tenantId, statements, lock)) },
  };
}

async function admin(sandboxUrl: string, settings: object): Promise<void> {
  await fetch(`${sandboxUrl}/admin/settings`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(settings) });
}
