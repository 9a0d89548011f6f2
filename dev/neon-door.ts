/** The workbench: what Neon puts in front of Postgres, on loopback: SQL over HTTP at /sql and the WebSocket tunnel at /v2. Knows nothing of the product's tables. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import pg from 'pg';
import { WebSocketServer, type WebSocket } from 'ws';
import { SqlBatch, type Result, type Statement } from './neon-batch.ts';

const HOST = '127.0.0.1';
/** Neon's own limit for a request. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** All pools and tunnels together stay below the embedded server's 100 connections. */
const CONNECTIONS_PER_POOL_MAX = 16;
const POOLS_MAX = 4;
const IDLE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const GOODBYE_MS = 1_000;
/** Bytes waiting in one direction of a tunnel before the other side is told to pause. */
const TUNNEL_BYTES_MAX = 1024 * 1024;
const ISOLATION: Record<string, string> = {
  ReadUncommitted: 'READ UNCOMMITTED', ReadCommitted: 'READ COMMITTED', RepeatableRead: 'REPEATABLE READ', Serializable: 'SERIALIZABLE',
};
const ERROR_FIELDS = [
  'code', 'severity', 'detail', 'hint', 'position', 'internalPosition', 'internalQuery', 'where',
  'schema', 'table', 'column', 'dataType', 'constraint', 'file', 'line', 'routine',
] as const;

/** A running door. `url` is what the driver's fetchEndpoint is, without /sql. */
export type NeonDoor = { url: string; port: number; stop(): Promise<void> };

interface NeonDoorOptions {
  port: number;
  postgresPort: number;
  postgresHost?: string;
  /** Says the statements of a request differently: tests take conditions out of them. */
  rewrite?: (statements: Statement[]) => Statement[];
}

/** Opens the door on `port` (0: any free one) to the Postgres on `postgresHost` (this machine), `postgresPort`. */
export async function startNeonDoor({ port, postgresPort, postgresHost = HOST, rewrite = (same) => same }: NeonDoorOptions): Promise<NeonDoor> {
  const pools = new Pools(postgresPort, postgresHost);
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/sql') return reply(response, 404, { message: `no such door: ${path}` });
    if (request.method !== 'POST') return reply(response, 405, { message: 'POST only' });
    void answer(request, response, pools, rewrite).catch(error => reply(response, 500, { message: String(error) }));
  });
  server.keepAliveTimeout = 65_000;
  const tunnels = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: BODY_BYTES_MAX });
  server.on('upgrade', (request, socket, head) => {
    if (!/^\/v[12](\?|$)/.test(request.url ?? '')) return socket.destroy();
    tunnels.handleUpgrade(request, socket, head, ws => tunnel(ws, postgresPort, postgresHost));
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, HOST, done));
  const address = server.address() as AddressInfo;
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const closed = new Promise(done => server.close(done));
    await Promise.all([...tunnels.clients].map(sayGoodbye));
    server.closeAllConnections();
    await Promise.all([closed, pools.end()]);
  };
  return { url: `http://${HOST}:${address.port}`, port: address.port, stop: () => stopping ??= stop() };
}

async function answer(request: IncomingMessage, response: ServerResponse, pools: Pools, rewrite: (statements: Statement[]) => Statement[]): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return reply(response, 413, { message: `request larger than ${BODY_BYTES_MAX} bytes` });
  const wish = parseWish(body, request.headers);
  if ('complaint' in wish) return reply(response, 400, { message: wish.complaint });
  const connection = String(request.headers['neon-connection-string'] ?? '');
  if (!URL.canParse(connection)) return reply(response, 400, { message: 'Neon-Connection-String is missing or not a URL' });

  let client: pg.PoolClient;
  try {
    client = await pools.of(connection).connect();
  } catch (error) {
    return refuse(response, error);
  }
  if (response.destroyed) return client.release();
  const batch = new SqlBatch(rewrite(wish.statements), wish);
  const leave = (): void => pools.cancel(client, batch);
  response.once('close', leave);
  let failed = false;
  try {
    const results = await batch.run(client);
    response.off('close', leave);
    reply(response, 200, wish.single ? results[0] : { results });
  } catch (error) {
    failed = true;
    response.off('close', leave);
    refuse(response, error);
  }
  // The answer is on its way; what the session remembers is forgotten before the next request gets it.
  await batch.cancelling;
  await forget(client, failed).then(() => client.release(), (error: Error) => client.release(error));
}

/** Settings, temporary tables and locks of one request must not reach the next one on this connection. */
async function forget(client: pg.PoolClient, failed: boolean): Promise<void> {
  if (failed || client.getTransactionStatus() !== 'I') await client.query('rollback');
  await client.query('discard all');
}

type Wish = { statements: Statement[]; single: boolean; begin: string; arrayMode: boolean; rawText: boolean };

function parseWish(body: string, headers: IncomingHttpHeaders): Wish | { complaint: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { complaint: 'the body is not JSON' };
  }
  const single = !(isObject(json) && Array.isArray(json['queries']));
  const statements = single ? [json] : (json as { queries: unknown[] }).queries;
  if (!statements.every(isStatement)) return { complaint: 'a query must be {query: string, params?: array}' };
  const isolation = headers['neon-batch-isolation-level'], level = isolation && ISOLATION[String(isolation)];
  if (isolation && !level) return { complaint: `unknown isolation level ${String(isolation)}` };
  const begin = ['BEGIN', level && `ISOLATION LEVEL ${level}`, headers['neon-batch-read-only'] === 'true' && 'READ ONLY', headers['neon-batch-deferrable'] === 'true' && 'DEFERRABLE'];
  return {
    statements, single, begin: single ? '' : begin.filter(Boolean).join(' '),
    arrayMode: headers['neon-array-mode'] === 'true', rawText: headers['neon-raw-text-output'] === 'true',
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isStatement = (value: unknown): value is Statement =>
  isObject(value) && typeof value['query'] === 'string' && (value['params'] === undefined || Array.isArray(value['params']));

function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((done, fail) => {
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= BODY_BYTES_MAX) parts.push(part);
    });
    request.once('end', () => done(size > BODY_BYTES_MAX ? undefined : Buffer.concat(parts, size).toString('utf8')));
    request.once('error', fail);
  });
}

function reply(response: ServerResponse, status: number, body: Result | { results: Result[] } | object | undefined): void {
  if (response.destroyed || response.headersSent) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

/** Postgres' own refusals are 400 with all their fields, as Neon's proxy gives them; an unreachable database is 500. */
function refuse(response: ServerResponse, error: unknown): void {
  const { message, ...rest } = error as Error & Partial<Record<(typeof ERROR_FIELDS)[number], string>>;
  const fromPostgres = error instanceof pg.DatabaseError;
  const fields = Object.fromEntries(ERROR_FIELDS.map(field => [field, (fromPostgres && rest[field]) || null]));
  reply(response, fromPostgres ? 400 : 500, { message: message || 'database unreachable', ...fields });
}

/** One bounded pool for every user, password and database that comes by; the least recently used goes first. */
class Pools {
  #pools = new Map<string, pg.Pool>();
  #port: number;
  #host: string;

  constructor(postgresPort: number, postgresHost: string) {
    this.#port = postgresPort;
    this.#host = postgresHost;
  }

  of(connection: string): pg.Pool {
    const url = new URL(connection);
    const user = decodeURIComponent(url.username), password = decodeURIComponent(url.password), database = decodeURIComponent(url.pathname.slice(1));
    const key = JSON.stringify([user, password, database]);
    const pool = this.#pools.get(key) ?? new pg.Pool({
      host: this.#host, port: this.#port, user, password, database, max: CONNECTIONS_PER_POOL_MAX,
      idleTimeoutMillis: IDLE_MS, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, allowExitOnIdle: true,
    });
    // A database restart ends idle connections; the pool replaces them, there is nothing to do but not die of it.
    if (!this.#pools.has(key)) pool.on('error', () => {}).on('connect', client => client.on('error', () => {}));
    this.#pools.delete(key);
    this.#pools.set(key, pool);
    for (const [oldKey, old] of this.#pools) {
      if (this.#pools.size <= POOLS_MAX) break;
      this.#pools.delete(oldKey);
      void old.end();
    }
    return pool;
  }

  /** Whoever asked has hung up: stop working for them. The connection is given back once the cancel has been delivered. */
  cancel(client: pg.PoolClient, batch: SqlBatch): void {
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const message = Buffer.alloc(16);
    [16, 80_877_102, processID, secretKey].forEach((value, i) => message.writeInt32BE(value, i * 4));
    batch.cancelling = new Promise<void>(done => {
      const socket = connect(this.#port, this.#host, () => socket.write(message));
      socket.once('close', () => done()).once('error', () => done()).resume();
    });
  }

  async end(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(pool => pool.end()));
    this.#pools.clear();
  }
}

/** A proper goodbye first: a driver that is just closing must not see a torn connection. */
function sayGoodbye(ws: WebSocket): Promise<void> {
  return new Promise(done => {
    const impatience = setTimeout(() => ws.terminate(), GOODBYE_MS);
    ws.once('close', () => {
      clearTimeout(impatience);
      done();
    });
    ws.close(1001, 'the door is closing');
  });
}

/** Bytes in, bytes out; each side is paused while the other is behind. */
function tunnel(ws: WebSocket, postgresPort: number, postgresHost: string): void {
  const socket = connect({ port: postgresPort, host: postgresHost, noDelay: true });
  ws.on('message', (data: Buffer) => {
    if (!socket.write(data) && socket.writableLength > TUNNEL_BYTES_MAX) ws.pause();
  });
  socket.on('drain', () => ws.resume());
  socket.on('data', data => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(data, () => {
      if (socket.isPaused() && ws.bufferedAmount < TUNNEL_BYTES_MAX) socket.resume();
    });
    if (ws.bufferedAmount > TUNNEL_BYTES_MAX) socket.pause();
  });
  ws.once('close', () => socket.end());
  ws.on('error', () => socket.destroy());
  socket.on('error', () => ws.terminate());
  socket.once('close', () => ws.close());
}
