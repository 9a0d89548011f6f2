/** The workbench: an embedded Postgres on loopback, as one start and one stop. Refuses to share its port or its data with a stranger. */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { findPlace, type Place } from './postgres-place.ts';

const HOST = '127.0.0.1';
const DATABASE = 'hsync';
const USER = 'postgres';
/** A development password for a server that listens on loopback only. */
const PASSWORD = 'postgres';
/** A first start takes under a second; recovery after a kill -9 may take some. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 15;
const CONNECTIONS_MAX = 100;

/** What a running Postgres is to the rest of the workbench. */
export type Postgres = {
  port: number;
  superuserUrl: string;
  /** Stops it and starts it again on the same port and data. `crash`: killed without a word, so that it recovers from its log. */
  restart(how: 'orderly' | 'crash'): Promise<void>;
  stop(): Promise<void>;
};

/** Speed instead of safety: this database can be made again. Nothing a statement carries is ever logged. */
const SETTINGS = {
  listen_addresses: HOST, unix_socket_directories: '', max_connections: String(CONNECTIONS_MAX),
  fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: '0',
  shared_buffers: '128MB', work_mem: '16MB', max_wal_size: '1GB', jit: 'off',
  timezone: 'UTC', log_min_messages: 'log', log_min_error_statement: 'panic', log_statement: 'none',
};

/** Starts Postgres on `port` (0: any free one) with its data below `dir`, or takes over the one a killed start left behind. */
export async function startPostgres({ dir, port }: { dir: string; port: number }): Promise<Postgres> {
  const place = findPlace(dir);
  const left = leftover(place);
  if (left && (port === 0 || left.port === port) && await answers(left.port)) return handle(place, left.pid, left.port);
  if (left) await stopProcess(place, left.pid);
  rmSync(join(place.data, 'postmaster.pid'), { force: true });
  await initialise(place);
  const free = await freePort(port);
  const pid = await launch(place, free);
  try {
    await ensureDatabase(free);
  } catch (error) {
    await stopProcess(place, pid);
    throw error;
  }
  return handle(place, pid, free);
}

function handle(place: Place, running: number, port: number): Postgres {
  let stopping: Promise<void> | undefined, pid = running;
  return {
    port, superuserUrl: url(port, DATABASE),
    async restart(how) {
      if (how === 'crash') process.kill(pid, 'SIGKILL');
      await stopProcess(place, pid);
      rmSync(join(place.data, 'postmaster.pid'), { force: true });
      pid = await launch(place, port);
    },
    stop: () => stopping ??= stopProcess(place, pid),
  };
}

const url = (port: number, database: string): string => `postgres://${USER}:${PASSWORD}@${HOST}:${port}/${database}`;

/** The Postgres that still runs on our data, if one does. A pid that now belongs to something else is not it. */
function leftover(place: Place): { pid: number; port: number } | undefined {
  const file = join(place.data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pidLine, dataLine, , portLine] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  if (!Number.isInteger(pid) || pid <= 1 || resolve(dataLine ?? '') !== place.data) return undefined;
  return runsOn(pid, place.data) ? { pid, port: Number(portLine) } : undefined;
}

function runsOn(pid: number, data: string): boolean {
  if (process.platform === 'win32') return alive(pid);
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  const proc = `/proc/${pid}/cmdline`;
  const command = existsSync(proc) ? readFileSync(proc, 'utf8').replaceAll('\0', ' ') : stdout ?? '';
  return command.includes('postgres') && command.includes(data);
}

async function initialise(place: Place): Promise<void> {
  if (existsSync(join(place.data, 'PG_VERSION'))) return checkVersion(place);
  rmSync(place.data, { recursive: true, force: true });
  // Made beside and renamed: a kill in the middle leaves no half-made database.
  const beside = mkdtempSync(join(dirname(place.data), 'new-'));
  const passwordFile = join(beside, 'password'), fresh = join(beside, 'data');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
  if (place.runAs) for (const path of [beside, passwordFile]) chownSync(path, place.runAs.uid, place.runAs.gid);
  try {
    await runInitdb(place, fresh, passwordFile);
    renameSync(fresh, place.data);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function runInitdb(place: Place, fresh: string, passwordFile: string): Promise<void> {
  const args = [
    '-D', fresh, '-U', USER, `--pwfile=${passwordFile}`, '--encoding=UTF8',
    // C ordering as Neon has it; the built-in provider still knows that Ü is a capital ü.
    '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8',
    // Clear-text on loopback lets the Neon driver pipeline its connect; few SCRAM rounds keep connecting cheap.
    '--auth=password', '--no-sync', '--no-data-checksums', '-c', 'scram_iterations=64', '-c', 'unix_socket_directories=',
  ];
  return new Promise((done, fail) => {
    const child = spawn(place.bin('initdb'), args, { ...place.runAs, cwd: dirname(fresh), stdio: ['ignore', 'ignore', 'pipe'], env: environment() });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => complaint += text);
    child.once('error', fail);
    child.once('close', code => code === 0 ? done() : fail(new Error(`initdb failed (${code}): ${complaint.trim()}`)));
  });
}

function checkVersion(place: Place): void {
  const made = readFileSync(join(place.data, 'PG_VERSION'), 'utf8').trim();
  if (made !== '18') throw new Error(`${place.data} was made by Postgres ${made}, this is 18. Delete it (or all of .dev/) and start again.`);
}

/** The port itself, or a free one for 0. Somebody else on it is said before Postgres would mumble about it. */
async function freePort(port: number): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((done, fail) => {
      server.once('error', fail);
      server.listen({ host: HOST, port, exclusive: true }, () => done((server.address() as { port: number }).port));
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is taken by another program, so Postgres cannot start on it. Stop that program, or choose another port.`, { cause: error });
  } finally {
    await new Promise(done => server.close(done));
  }
}

/** Starts the server detached, so that a Ctrl-C in the terminal reaches it through `stop` only, and waits until it is ready. */
async function launch(place: Place, port: number): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const from = existsSync(place.log) ? statSync(place.log).size : 0;
    const pid = await attempt(place, port, deadline);
    if (pid) return pid;
    const complaint = readFileSync(place.log, 'utf8').slice(from).trim();
    // Children of a killed server need a moment to notice; anything else is final.
    if (!/shared memory block .* still in use/.test(complaint) || Date.now() > deadline) {
      throw new Error(`Postgres did not start on port ${port}: ${complaint || 'no word from it'} (log: ${place.log})`);
    }
    await pause(POLL_MS * 10);
  }
}

/** One try: the pid once it is ready, nothing if it gave up. */
async function attempt(place: Place, port: number, deadline: number): Promise<number | undefined> {
  const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(place.log, 'a', 0o600);
  const child = spawn(place.bin('postgres'), ['-D', place.data, ...settings], {
    ...place.runAs, cwd: dirname(place.data), detached: true, stdio: ['ignore', log, log], env: environment(),
  });
  closeSync(log);
  let gone = false;
  child.once('exit', () => gone = true).once('error', () => gone = true);
  while (!gone && Date.now() < deadline) {
    if (statusLine(place) === 'ready') {
      child.unref();
      return child.pid;
    }
    await pause(POLL_MS);
  }
  if (!gone) child.kill('SIGKILL');
  return undefined;
}

/** The eighth line of postmaster.pid is the server's own word on how far it is. */
function statusLine(place: Place): string {
  try {
    return readFileSync(join(place.data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() ?? '';
  } catch {
    return '';
  }
}

async function ensureDatabase(port: number): Promise<void> {
  const client = new pg.Client({ connectionString: url(port, 'postgres') });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (!found.rowCount) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await ensureDatabase(port);
    return true;
  } catch {
    return false;
  }
}

/** "Fast": open sessions are ended, what is committed is kept. Insists with "immediate", then with a kill. */
async function stopProcess(place: Place, pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!runsOn(pid, place.data)) return;
    if (process.platform === 'win32') spawnSync(place.bin('pg_ctl'), ['-D', place.data, '-m', 'fast', '-w', 'stop']);
    else process.kill(pid, signal);
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (runsOn(pid, place.data) && Date.now() < deadline) await pause(POLL_MS);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** No PG* variable of the caller's shell may redirect our server. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}
