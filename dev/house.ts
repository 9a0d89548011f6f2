/** The whole house on loopback: Postgres, Neon's door, sandbox, Worker, fleet. `up` starts it for people, tests and benchmarks start it for themselves. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDatabase, type Database } from '#migrations/database';
import { migrate, urlAs } from '#migrations/migrate';
import { startFleet, type Fleet } from './machines.ts';
import { startNeonDoor } from './neon-door.ts';
import { expectFree } from './ports.ts';
import { startOpenAi, type OpenAiStandIn } from './openai.ts';
import { startPostgres, type Postgres } from './postgres.ts';
import { ownerOf, startKept, takeOver, type Kept } from './processes.ts';
import { sandboxEnvironment } from './sandbox/environment.ts';
import { seed, type Credentials } from './seed.ts';

interface HouseOptions {
  /** Everything that is kept between runs. */
  dir: string;
  /** The first of five ports: app, fleet with its Machines API, sandbox, Neon door, Postgres. */
  port: number;
  /** So many worker machines, always. Left out: one to begin with, and the Worker scales them through the Machines API. */
  workers?: number | undefined;
  /** More settings for Worker and workers, e.g. LEASE_SECONDS. */
  env?: Record<string, string>;
  say?: (line: string) => void;
  restartMs?: number;
  /** Where workerd's inspector answers. Left out: somewhere. */
  inspectorPort?: number | undefined;
}

export interface House {
  url: string;
  sandboxUrl: string;
  /** What answers a tenant's model key when OPENAI_BASE_URL names nobody else. */
  ai: OpenAiStandIn;
  credentials: Credentials;
  fleet: Fleet;
  /** The owner's view of the database. */
  owner: Database;
  ownerUrl: string;
  app: Database;
  /** The embedded one; null when DATABASE_URL names another. */
  postgres: Postgres | null;
  /** Ends the Worker (workerd) and starts it again: its objects keep their storage, its queues keep nothing. `crash`: without a word. */
  restartWorker(how: 'orderly' | 'crash'): Promise<void>;
  stop(): Promise<void>;
}

/** What the fleet's Machines API calls its only app. */
const FLY_APP = 'historical-sync-worker';
const ROOT = resolve(import.meta.dirname, '..');
/** Names that are passed on from the environment when set: providers and their clients, and the settings of README.md. */
const PASSED_ON = /^((MICROSOFT|GOOGLE|GMAIL|SLACK|SALESFORCE|OPENAI)_[A-Z_]+|LEASE_SECONDS|HEARTBEAT_SECONDS|REAPER_STALE_MINUTES|RING_AGAIN_SECONDS|WORKER_SLOTS|WORKER_MEMORY_MB|LANCEDB_CACHE_MB|SWEEP_AFTER_MINUTES|SCALE_UP_QUEUE_DEPTH|SCALE_DOWN_IDLE_MINUTES|FLEET_MAX|FLEET_CHECK_SECONDS|SIGN_UP|ARCHIVE_BYTES_MAX|OTEL_[A-Z_]+)$/;

interface Secrets { database: string; auth: string; token: string; worker: string; job: string; operator: string }

/** The secrets of this house, made once. */
function secretsOf(dir: string): Secrets {
  const file = join(dir, 'secrets.json');
  const random = () => randomBytes(32).toString('base64url');
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets> : {};
  const secrets: Secrets = { database: random(), auth: random(), token: `k1:${randomBytes(32).toString('base64')}`, worker: random(), job: random(), operator: random(), ...known };
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}

/** Starts everything, in order; what was started is stopped again when something later fails. Throws with what to do. */
export async function startHouse({ dir, port, workers, env = {}, say = () => undefined, restartMs = 500, inspectorPort = 0 }: HouseOptions): Promise<House> {
  mkdirSync(dir, { recursive: true });
  const secrets = secretsOf(dir), stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => { for (const s of stops.splice(0).reverse()) await s().catch((error: unknown) => say(`while stopping: ${String(error)}`)); };
  const other = ownerOf(dir);
  if (other === null && await takeOver(dir) > 0) say('Ended what a killed start had left running.');
  try {
    for (const [i, what] of ['the app', 'the worker fleet', 'the provider sandbox', 'the database door'].entries()) await expectFree(port + i, what);
    if (other !== null) throw new Error(`Process ${other} keeps its data in ${dir} already. Stop it, or choose another folder with HSYNC_DIR.`);
    const base = await startDatabase(dir, port, say, stops);
    const appUrl = urlAs(base.ownerUrl, 'hsync_app', secrets.database), authUrl = urlAs(base.ownerUrl, 'hsync_auth', secrets.database);
    await migrate({ url: base.ownerUrl, wsProxy: base.wsProxy, appPassword: secrets.database, authPassword: secrets.database });
    const open = (url: string) => openDatabase({ url, httpUrl: base.httpUrl, timeoutMs: 30_000 });
    const owner = open(base.ownerUrl), url = `http://127.0.0.1:${port}`, sandboxUrl = `http://127.0.0.1:${port + 2}`;
    const credentials = await seed(owner, dir, url);
    await startSandboxProcess(dir, port + 2, { ...providers(sandboxUrl), ...env }, stops);
    const ai = await startOpenAi();
    stops.push(() => ai.stop());
    const shared = { OPENAI_BASE_URL: ai.url, ...providers(sandboxUrl), APP_DATABASE_URL: appUrl, ...(base.httpUrl ? { NEON_HTTP_URL: base.httpUrl } : {}), WORKER_SECRET: secrets.worker, ...env };
    const log = createWriteStream(join(dir, 'worker.log'), { flags: 'a' }), flyToken = randomBytes(16).toString('hex');
    const fleet = await startFleet({
      dir, port: port + 1, app: FLY_APP, token: flyToken, restartMs, onLog: (line) => log.write(`${line}\n`),
      env: { ...shared, API_URL: url, LANCEDB_URI: process.env.LANCEDB_URI ?? join(dir, 'lancedb'), LANCEDB_LOG: 'error' },
    });
    stops.push(async () => { await fleet.stop(); log.end(); });
    const fly = workers === undefined ? flyOf(`http://127.0.0.1:${port + 1}`, flyToken) : {};
    const restartWorker = await startWorker(dir, { port, inspectorPort }, { SIGN_UP: 'open', ALLOW_LOOPBACK: '1', ...shared, ...fly, APP_URL: url, AUTH_DATABASE_URL: authUrl, AUTH_SECRET: secrets.auth, TOKEN_KEYS: secrets.token, JOB_TOKEN_SECRET: secrets.job, OPERATOR_SECRET: secrets.operator, WORKER_URL: `http://127.0.0.1:${port + 1}` }, stops);
    stops.push(startCron(url));
    // The workers first: they hand their jobs back to a Worker that still answers.
    stops.push(() => fleet.stop());
    await fleet.boot(workers ?? 1);
    await fleet.ready();
    return { url, sandboxUrl, ai, credentials, fleet, owner, ownerUrl: base.ownerUrl, app: open(appUrl), postgres: base.postgres ?? null, restartWorker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Base { ownerUrl: string; httpUrl?: string; wsProxy?: string; postgres?: Postgres }

/** Embedded Postgres, or the one of DATABASE_URL. Neon answers HTTP itself; any other gets Neon's door in front. */
async function startDatabase(dir: string, port: number, say: (line: string) => void, stops: (() => Promise<void>)[]): Promise<Base> {
  const given = process.env.DATABASE_URL;
  if (given && /\.neon\.(tech|build)$/.test(new URL(given).hostname)) return { ownerUrl: given };
  let ownerUrl: string, host = '127.0.0.1', postgresPort = port + 4, postgres: Postgres | undefined;
  if (given) {
    ({ hostname: host } = new URL(given));
    postgresPort = Number(new URL(given).port || 5432);
    ownerUrl = given;
    say('Using the Postgres of DATABASE_URL.');
  } else {
    const embedded = postgres = await startPostgres({ dir: join(dir, 'postgres'), port: postgresPort });
    stops.push(() => embedded.stop());
    ownerUrl = postgres.superuserUrl;
  }
  const door = await startNeonDoor({ port: port + 3, postgresPort, postgresHost: host });
  stops.push(() => door.stop());
  return { ownerUrl, httpUrl: `http://127.0.0.1:${port + 3}/sql`, wsProxy: `127.0.0.1:${port + 3}/v2`, ...(postgres && { postgres }) };
}

/** Every provider's address: the environment's, else the sandbox. And the environment's settings. */
function providers(sandboxUrl: string): Record<string, string> {
  const passed = Object.fromEntries(Object.entries(process.env).filter((e): e is [string, string] => PASSED_ON.test(e[0]) && e[1] !== undefined));
  return { ...sandboxEnvironment(sandboxUrl), ...passed };
}

/** Who scales: the Machines API of the environment when it names one, else the fleet's own. A token that merely lies about in the environment is left alone. */
function flyOf(apiUrl: string, token: string): Record<string, string> {
  const given = process.env.FLY_API_URL;
  return given ? { FLY_API_URL: given, FLY_APP: process.env.FLY_APP ?? '', FLY_API_TOKEN: process.env.FLY_API_TOKEN ?? '' } : { FLY_API_URL: apiUrl, FLY_APP, FLY_API_TOKEN: token };
}

/** Mails keep their dates over restarts: the day the mailbox ends is written down once. */
function anchorOf(dir: string): string {
  const file = join(dir, 'anchor');
  if (!existsSync(file)) writeFileSync(file, new Date().toISOString());
  return readFileSync(file, 'utf8').trim();
}

async function startSandboxProcess(dir: string, port: number, env: Record<string, string>, stops: (() => Promise<void>)[]): Promise<void> {
  const script = join(ROOT, 'dev/sandbox/server.ts');
  const kept = startKept(dir, 'dev/sandbox/server.ts', [script], { env: { ...process.env, ...env, PORT: String(port), SANDBOX_ANCHOR: anchorOf(dir) }, stdio: ['ignore', 'ignore', 'inherit'] });
  stops.push(() => kept.end());
  await answers(`http://127.0.0.1:${port}/healthz`, kept.child, 'The provider sandbox');
}

/** The Worker in workerd, as `wrangler dev` runs it. Secrets go through a file only we can read, never through arguments. Answers how to restart it. */
async function startWorker(dir: string, { port, inspectorPort }: { port: number; inspectorPort: number }, vars: Record<string, string>, stops: (() => Promise<void>)[]): Promise<House['restartWorker']> {
  const file = join(dir, 'worker.env');
  // Its assets binding wants the folder, also where nobody has built the page: what measures a house needs none.
  mkdirSync(join(ROOT, 'web/dist'), { recursive: true });
  writeFileSync(file, Object.entries(vars).map(([k, v]) => `${k}=${JSON.stringify(v)}\n`).join(''), { mode: 0o600 });
  const log = createWriteStream(join(dir, 'edge.log'), { flags: 'a' });
  const start = (): Kept => startKept(dir, 'wrangler', [join(ROOT, 'node_modules/wrangler/bin/wrangler.js'), 'dev', '--config', join(ROOT, 'wrangler.toml'), '--port', String(port), '--inspector-port', String(inspectorPort), '--ip', '127.0.0.1',
    '--env-file', file, '--persist-to', join(dir, 'wrangler'), '--log-level', 'warn', '--show-interactive-dev-session=false'], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', CLOUDFLARE_CF_FETCH_ENABLED: 'false', X_LOCAL_OBSERVABILITY: 'false', CI: '1' },
  });
  const ready = async (): Promise<void> => {
    for (const stream of [kept.child.stdout, kept.child.stderr]) stream?.pipe(log, { end: false });
    await answers(`http://127.0.0.1:${port}/healthz`, kept.child, 'The Worker (see edge.log)');
  };
  let kept = start();
  stops.push(async () => { await kept.end(); log.end(); });
  await ready();
  return async (how) => {
    await kept.end(how === 'crash' ? 'SIGKILL' : 'SIGTERM');
    kept = start();
    await ready();
  };
}

/** What Cloudflare's cron does: the Worker's scheduled handler, once a minute. */
function startCron(url: string): () => Promise<void> {
  const timer = setInterval(() => { void fetch(`${url}/cdn-cgi/handler/scheduled`).then((r) => r.body?.cancel(), () => undefined); }, 60_000);
  return async () => clearInterval(timer);
}

async function answers(url: string, child: ChildProcess, who: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`${who} ended with ${child.exitCode} before it was ready.`);
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${who} did not answer at ${url} within a minute.`);
}
