/** The working process: doorbell, drain, search, health and metrics over HTTP; the runner behind them. SIGTERM hands the jobs back, nothing else stops it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { sql } from 'drizzle-orm';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { ApiError } from '#contract/errors';
import { DATABASE_TIMEOUT_MS, EMBED_LOOK_EVERY_MS, ERASE_RESUME_EVERY_MS, LANCE_CACHE_SHARE, REQUEST_BYTES_MAX, SWEEP_LOOKS, WORKER_MEMORY_BYTES } from '#contract/limits';
import { collectorOf } from '#contract/trace';
import { openDatabase, type Database } from '#migrations/database';
import { log, readConfig, type Config } from './config.ts';
import { openDeriveThreads } from './derive-thread.ts';
import { openDoor } from './door.ts';
import { localEmbedder } from './embed/local.ts';
import { openQueryModels } from './embed/queries.ts';
import { openRefiller } from './embed/refill.ts';
import { openEraser } from './erase.ts';
import { exportMemory } from './export.ts';
import { collectGarbage } from './garbage.ts';
import { openCommunityBook } from './graph/community-book.ts';
import type { Notice } from './main.ts';
import { memoryQuestion, type MemoryRooms } from './memory-door.ts';
import { openMemoryGuard, type MemoryGuard } from './memory-guard.ts';
import { openMetrics, type Metrics } from './metrics.ts';
import { pour } from './pour.ts';
import { createRunner, type Runner } from './runner.ts';
import { openSemanticMemory } from './semantic/memory.ts';
import { probeStorage, storageOf } from './semantic/storage.ts';
import { openSweeper } from './sweep.ts';
import { openTracer } from './tracing.ts';
import { openWorkshop } from './workshop.ts';

const DrainBody = z.object({ machine_id: z.string(), when_done: z.boolean().default(false) }), ExportBody = z.object({ tenant_id: z.string().min(1) });

const PRESSURES = ['none', 'high', 'severe'] as const;
const MB = 1024 * 1024;

interface Rooms extends MemoryRooms { config: Config; runner: Runner; guard: MemoryGuard; metrics: Metrics; tell(notice: Notice): void }

async function start(): Promise<void> {
  const config = readConfig(process.env);
  const workerId = `${config.FLY_MACHINE_ID ?? 'local'}/${process.pid}`;
  const db = openDatabase({ url: config.APP_DATABASE_URL, httpUrl: config.NEON_HTTP_URL, timeoutMs: DATABASE_TIMEOUT_MS });
  const embedder = localEmbedder(), threads = openDeriveThreads({ size: 1 });
  const place = { uri: config.LANCEDB_URI, accessKeyId: config.AWS_ACCESS_KEY_ID, secretAccessKey: config.AWS_SECRET_ACCESS_KEY, endpoint: config.AWS_ENDPOINT_URL_S3, region: config.AWS_REGION };
  await probeStorage(place);
  const memory = config.WORKER_MEMORY_MB ? config.WORKER_MEMORY_MB * MB : WORKER_MEMORY_BYTES;
  const semantic = openSemanticMemory({ ...storageOf(place), cacheBytes: config.LANCEDB_CACHE_MB ? config.LANCEDB_CACHE_MB * MB : LANCE_CACHE_SHARE * memory });
  const tell = (notice: Notice): void => { if (process.connected) process.send?.(notice); };
  const door = openDoor({ apiUrl: config.API_URL, secret: config.WORKER_SECRET, workerId });
  const keyFor = async (leave: Parameters<typeof door.embeddingKey>[0]) => { const answer = await door.embeddingKey(leave); return answer.ok ? answer.value : null; };
  const models = openQueryModels({ db, keyOf: (ticket) => keyFor({ ticket }), log });
  const communities = openCommunityBook({ db, log }), eraser = openEraser({ db, semantic, log });
  const guard = openMemoryGuard({
    memory, rss: () => process.memoryUsage.rss(), collect: () => { threads.collect(); collectGarbage(); },
    onChange: (pressure, rss) => log('memory_pressure', { pressure, rss_mb: Math.round(rss / MB) }),
  });
  const metrics: Metrics = openMetrics({
    busy: () => runner.busy, draining: () => runner.draining, pressure: () => PRESSURES.indexOf(guard.pressure), queue: () => queueOf(db), memory: () => semantic.figures(),
  }, { defaults: true });
  const refiller = openRefiller({ db, semantic, local: embedder, keyOf: (tenantId, fence) => keyFor({ tenant_id: tenantId, fence }), log, embedded: (records) => metrics.embedded(records) });
  const tracer = openTracer(collectorOf(config));
  const runner: Runner = createRunner({
    guard, metrics, tracer, db, door, shop: openWorkshop({ db, threads, embedder, embedsOnThread: true, semantic }), slots: config.WORKER_SLOTS, draining: config.WORKER_DRAINING === '1', log,
    baseUrl: (env, fallback) => (process.env[env] ?? fallback).replace(/\/+$/, ''),
    onCompleted: (tenantId) => {
      void communities.rebuild(tenantId);
      refiller.news(tenantId);
      semantic.upkeep({ tenant: tenantId, embedder }).catch((error: unknown) => log('upkeep_failed', { tenant: tenantId, error: String(error) }));
    },
    onLease: (jobId, claim) => tell({ type: 'lease', jobId, claim: claim && { token: claim.token, job: claim.job } }),
  });
  const rooms: Rooms = { config, runner, guard, metrics, memory: { db, semantic, embedder, models }, communities, eraser, tell };
  const server = createServer((request, response) => { void answer(rooms, request, response); });
  server.listen(config.PORT, config.HOST, () => {
    log('ready', { worker: workerId, port: config.PORT });
    tell({ type: 'ready' });
    // Bells may have rung while nobody was here.
    runner.ring();
  });

  // Who can reach this port is inside already: Fly scrapes it over the private network, which speaks IPv6; without a host Node listens to both.
  const scraped = config.METRICS_PORT === undefined ? null : createServer((request, response) => { void (request.url === '/metrics' ? expose(metrics, response) : response.writeHead(404).end()); }).listen(config.METRICS_PORT, config.HOST === '0.0.0.0' ? undefined : config.HOST);

  const resuming = setInterval(() => void eraser.resume(), ERASE_RESUME_EVERY_MS);
  void eraser.resume();
  const olderThanMs = config.SWEEP_AFTER_MINUTES * 60_000;
  const sweeper = openSweeper({ db, semantic, log, olderThanMs, swept: (kind, rows) => metrics.swept(kind, rows) }), sweeping = setInterval(() => void sweeper.look(), olderThanMs / SWEEP_LOOKS);
  void sweeper.look();

  const refilling = setInterval(() => void refiller.look(), EMBED_LOOK_EVERY_MS);
  void refiller.look();

  let stopping = false;
  const stop = async (why: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    clearInterval(sweeping);
    clearInterval(resuming);
    clearInterval(refilling);
    log('stopping', { why, busy: runner.busy });
    await runner.stop();
    await tracer?.close();
    await communities.close();
    await sweeper.close();
    await refiller.close();
    await eraser.close();
    await threads.close();
    await semantic.close();
    scraped?.close();
    scraped?.closeAllConnections();
    server.closeAllConnections();
    server.close(() => process.exit(0));
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('disconnect', () => void stop('the supervisor is gone'));
}

async function answer(rooms: Rooms, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = `${request.method} ${new URL(request.url ?? '/', 'http://worker').pathname}`;
  try {
    if (path === 'GET /healthz') return reply(response, 200, health(rooms));
    await checkEdge(rooms.config, request);
    if (path === 'GET /metrics') return await expose(rooms.metrics, response);
    const asked = request.method === 'POST' ? memoryQuestion(path.slice('POST '.length)) : null;
    if (asked) return reply(response, 200, await asked(rooms, await readJson(request)));
    if (path === 'POST /export') return await pour(response, exportMemory(rooms.memory, ExportBody.parse(await readJson(request)).tenant_id), (error) => log('export_broken', { error: String(error) }));
    switch (path) {
      case 'POST /doorbell': return reply(response, rooms.runner.ring() ? 202 : 429, {});
      case 'POST /drain': return drain(rooms, DrainBody.parse(await readJson(request)), response);
      default: throw new ApiError('not_found', 'There is nothing at this address.');
    }
  } catch (error) {
    const known = error instanceof ApiError ? error : error instanceof z.ZodError || error instanceof SyntaxError ? new ApiError('bad_request', 'The request is not as expected.') : new ApiError('internal', 'Something broke in the worker.');
    if (known.code === 'internal') log('request_failed', { path, error: String(error) });
    reply(response, known.status, known.body());
  }
}

async function expose(metrics: Metrics, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } catch (error) {
    log('metrics_failed', { error: String(error) });
    response.writeHead(500).end();
  }
}

/** How many due jobs wait, and how long the one that waited longest. Null: Postgres does not say right now. */
async function queueOf(db: Database): Promise<{ jobs: number; oldestSeconds: number } | null> {
  const [rows] = await db.system([sql`select waiting_jobs() as jobs, waiting_seconds() as seconds`]).catch(() => [null]);
  return rows?.[0] ? { jobs: Number(rows[0].jobs), oldestSeconds: Number(rows[0].seconds) } : null;
}

function health({ config, runner, guard }: Rooms): object {
  const idleMs = runner.idleSince === null ? 0 : Date.now() - runner.idleSince;
  return { ok: true, machine_id: config.FLY_MACHINE_ID ?? null, busy: runner.busy, draining: runner.draining, idle_seconds: idleMs / 1000, slots: config.WORKER_SLOTS, load: runner.load, rss_bytes: process.memoryUsage.rss(), memory_pressure: guard.pressure };
}

/** Before this machine is given up: from a yes on, no job begins here; with `when_done` those in hand are done first. A request that was meant for another machine closes nothing. */
function drain({ config, runner, tell }: Rooms, { machine_id, when_done }: z.infer<typeof DrainBody>, response: ServerResponse): void {
  if (machine_id !== config.FLY_MACHINE_ID) throw new ApiError('unprocessable', 'This is another machine.');
  if (!runner.drain({ whenDone: when_done })) throw new ApiError('invalid_state', `This machine works on ${runner.busy} jobs.`);
  tell({ type: 'draining' });
  log('draining', { busy: runner.busy });
  reply(response, 200, { draining: true });
}

/** Only the front desk may ask. */
async function checkEdge({ WORKER_SECRET }: Config, request: IncomingMessage): Promise<void> {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  await jwtVerify(token, new TextEncoder().encode(WORKER_SECRET), { issuer: 'hsync', audience: 'fly-worker' }).catch(() => { throw new ApiError('unauthenticated', 'This token is not the front desk\'s.'); });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > REQUEST_BYTES_MAX) throw new ApiError('payload_too_large', 'The request is too large.');
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

await start();
