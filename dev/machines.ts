/** The fleet on loopback: real worker processes, restarted when they die as Fly restarts machines, behind one front address as Fly's proxy is. */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from './ports.ts';
import { startKept, type Kept } from './processes.ts';

export interface Machine { id: string; port: number; pid: number | null }
export interface Fleet {
  machines(): Machine[];
  /** Resolves when every machine answers its health check. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** Where running processes are written down. */
  dir: string;
  /** Where the edge reaches the fleet. */
  port: number;
  count: number;
  env: Record<string, string>;
  onLog?: (line: string) => void;
  /** ms between a machine's death and its restart. */
  restartMs?: number;
}

interface Running extends Machine { kept: Kept | null }

const MAIN = new URL('../fly-worker/main.ts', import.meta.url).pathname;
/** A machine that does not even take a doorbell in this time is passed over: it may be frozen. */
const DOORBELL_PATIENCE_MS = 1_000;
const BODY_BYTES_MAX = 8 * 1024 * 1024;

export async function startFleet({ dir, port, count, env, onLog, restartMs = 500 }: FleetOptions): Promise<Fleet> {
  const machines: Running[] = [];
  let stopping = false, next = 0;

  function run(machine: Running): void {
    const kept = startKept(dir, 'fly-worker', ['--max-old-space-size=1024', MAIN], {
      env: { ...process.env, ...env, PORT: String(machine.port), HOST: '127.0.0.1', FLY_MACHINE_ID: machine.id }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    machine.kept = kept;
    machine.pid = kept.child.pid ?? null;
    for (const stream of [kept.child.stdout, kept.child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { for (const line of text.split('\n')) if (line.trim()) onLog?.(`${machine.id} ${line}`); });
    kept.child.once('exit', () => {
      machine.kept = null;
      machine.pid = null;
      if (!stopping) setTimeout(() => { if (!stopping) run(machine); }, restartMs);
    });
  }
  for (let i = 0; i < count; i++) {
    const machine: Running = { id: `machine-${i + 1}`, port: await freePort(), pid: null, kept: null };
    machines.push(machine);
    run(machine);
  }

  const server = createServer((incoming, outgoing) => { void pass(incoming, outgoing, machines, next++ % machines.length); });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
  return {
    machines: () => machines.map(({ id, port: p, pid }) => ({ id, port: p, pid })),
    async ready() { await Promise.all(machines.map((m) => healthy(m.port))); },
    async stop() {
      stopping = true;
      await Promise.all(machines.map((m) => m.kept?.end()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tries one machine after the other, beginning with a different one each time; a busy one (429) passes it on, as soft limits do. */
async function pass(incoming: IncomingMessage, outgoing: ServerResponse, machines: Running[], first: number): Promise<void> {
  const body = await read(incoming).catch(() => null);
  if (body === null) return void outgoing.writeHead(413).end();
  let busy = false;
  for (let i = 0; i < machines.length; i++) {
    const machine = machines[(first + i) % machines.length]!;
    if (machine.pid === null) continue;
    const answer = await forward(machine.port, incoming, body).catch(() => null);
    if (answer === null) continue;
    if (answer.status === 429) { busy = true; continue; }
    return void outgoing.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  }
  outgoing.writeHead(busy ? 429 : 503, { 'content-type': 'application/json' }).end('{}');
}

function forward(port: number, incoming: IncomingMessage, body: Buffer): Promise<{ status: number; type: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: { ...incoming.headers, host: `127.0.0.1:${port}`, 'content-length': body.length } }, (response) => {
      read(response).then((answer) => resolve({ status: response.statusCode ?? 502, type: response.headers['content-type'] ?? 'application/json', body: answer }), reject);
    });
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
