/**
 * The fleet on loopback: every machine a real worker process, restarted when it dies as Fly restarts machines. One address in front of them, as Fly's proxy is,
 * which also starts a stopped machine when a request finds none running; beneath /v1 of the same address the Machines API.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { openMachinesApi, type StandInApi } from './machines-api.ts';
import { freePort } from './ports.ts';
import { startKept, type Kept } from './processes.ts';

interface Machine { id: string; port: number; pid: number | null }
export interface Fleet {
  /** Those that are switched on. */
  machines(): Machine[];
  /** Makes it so many, unless the Worker has made as many already: what `fly deploy` does in production. */
  boot(count: number): Promise<void>;
  /** Resolves when every machine answers its health check. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

interface FleetOptions {
  /** Where running processes are written down. */
  dir: string;
  /** Where the edge reaches the fleet. */
  port: number;
  /** What the Machines API calls the app, and who may command it. */
  app: string;
  token: string;
  env: Record<string, string>;
  onLog?: (line: string) => void;
  /** ms between a machine's death and its restart. */
  restartMs?: number;
}

interface Running extends Machine { kept: Kept | null; wanted: boolean }

const MAIN = new URL('../fly-worker/main.ts', import.meta.url).pathname;
/** A machine that does not even take a doorbell in this time is passed over: it may be frozen. */
const DOORBELL_PATIENCE_MS = 1_000;
const BODY_BYTES_MAX = 8 * 1024 * 1024;
const ONLY_THIS_MACHINE = 'fly-force-instance-id';

export async function startFleet({ dir, port, app, token, env, onLog, restartMs = 500 }: FleetOptions): Promise<Fleet> {
  const running = new Map<string, Running>();
  let stopping = false, ended: Promise<void> | null = null, next = 0;

  function run(machine: Running): void {
    const kept = startKept(dir, 'fly-worker', ['--max-old-space-size=1024', '--heap-growing-percent=200', MAIN], {
      env: { ...process.env, ...env, PORT: String(machine.port), HOST: '127.0.0.1', FLY_MACHINE_ID: machine.id }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    machine.kept = kept;
    machine.pid = kept.child.pid ?? null;
    for (const stream of [kept.child.stdout, kept.child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { for (const line of text.split('\n')) if (line.trim()) onLog?.(`${machine.id} ${line}`); });
    kept.child.once('exit', () => {
      machine.kept = null;
      machine.pid = null;
      if (machine.wanted) setTimeout(() => { if (machine.wanted) run(machine); }, restartMs);
    });
  }
  const api = openMachinesApi({
    app, token, power: {
      async on(id) {
        if (stopping) return;
        const machine: Running = { id, port: 0, pid: null, kept: null, wanted: true };
        running.set(id, machine);
        machine.port = await freePort();
        if (machine.wanted) run(machine);
      },
      async off(id) {
        const machine = running.get(id);
        if (!machine) return;
        machine.wanted = false;
        await machine.kept?.end();
        running.delete(id);
      },
    },
  });

  async function end(): Promise<void> {
    stopping = true;
    await Promise.all([...running.values()].map((m) => { m.wanted = false; return m.kept?.end(); }));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  const server = createServer((incoming, outgoing) => {
    void (incoming.url?.startsWith('/v1/') ? command(incoming, outgoing, api) : pass(incoming, outgoing, api, running, next++)).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
  return {
    machines: () => [...running.values()].map(({ id, port: p, pid }) => ({ id, port: p, pid })),
    async boot(count) { while (api.machines().length < count) await api.add(); },
    async ready() { await Promise.all([...running.values()].map((m) => healthy(m.port))); },
    stop: () => ended ??= end(),
  };
}

async function command(incoming: IncomingMessage, outgoing: ServerResponse, api: StandInApi): Promise<void> {
  const text = (await read(incoming)).toString('utf8');
  const { status, body } = await api.answer(incoming.method ?? 'GET', new URL(incoming.url ?? '/', 'http://machines'), incoming.headers.authorization, text ? JSON.parse(text) : undefined);
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Tries one machine after the other, beginning with a different one each time; a busy one (429) passes it on, as soft limits do. */
async function pass(incoming: IncomingMessage, outgoing: ServerResponse, api: StandInApi, running: Map<string, Running>, first: number): Promise<void> {
  const body = await read(incoming).catch(() => null);
  if (body === null) return void outgoing.writeHead(413).end();
  const only = incoming.headers[ONLY_THIS_MACHINE];
  const machines = await routable(api, running, typeof only === 'string' ? only : null);
  let busy = false;
  for (let i = 0; i < machines.length; i++) {
    const machine = machines[(first + i) % machines.length]!;
    if (machine.pid === null) continue;
    const answer = await forward(machine.port, incoming, body).catch(() => null);
    if (answer === null) continue;
    if (answer.statusCode === 429 && !only) { busy = true; answer.resume(); continue; }
    outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'application/json' });
    return pipeline(answer, outgoing);
  }
  outgoing.writeHead(busy ? 429 : 503, { 'content-type': 'application/json' }).end('{}');
}

/** Whom a request may reach. When nobody runs, a stopped machine is started for it (`auto_start_machines`). */
async function routable(api: StandInApi, running: Map<string, Running>, only: string | null): Promise<Running[]> {
  const all = api.machines().filter((m) => only === null || m.id === only);
  if (!all.some((m) => m.state === 'started' || m.state === 'starting')) {
    const stopped = all.find((m) => m.state === 'stopped');
    if (stopped) await api.start(stopped.id).then(() => healthy(running.get(stopped.id)!.port));
  }
  return all.filter((m) => m.state === 'started').flatMap((m) => running.get(m.id) ?? []);
}

/** The answer as it begins: an export is passed on at its reader's pace, and cut off when it is. */
function forward(port: number, incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: { ...incoming.headers, host: `127.0.0.1:${port}`, 'content-length': body.length } }, resolve);
    request.on('error', reject);
    if (incoming.url === '/doorbell') request.setTimeout(DOORBELL_PATIENCE_MS, () => request.destroy(new Error('no answer')));
    request.end(body);
  });
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_BYTES_MAX) throw new Error('too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function healthy(port: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The worker on port ${port} did not become healthy. Its lines are in worker.log.`);
}
