/**
 * What the Worker in workerd meets outside itself, as real as on loopback: Postgres behind a Neon door of its own, the provider sandbox,
 * a stand-in for the fleet that answers as it is told, and a back room through which tests seed, look and break things.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { SourceRecord } from '#contract/connector';
import { startNeonDoor, type NeonDoor } from '#dev/neon-door';
import { sandboxEnvironment } from '#dev/sandbox/environment';
import { startSandbox } from '#dev/sandbox/server';
import { addTenant } from '#dev/seed';
import { toColumns } from '#fly-worker/chunk';
import * as ledger from '#fly-worker/ledger';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { learn } from './learn.ts';
import { Stripper } from '../stripper.ts';
import { Machines } from './machines.ts';
import type { EdgeHouse } from './setup.ts';

async function open(): Promise<void> {
  const db = await startTestDatabase();
  const sandbox = await startSandbox({ port: 0, clientSecrets: { microsoft: 'sandbox-secret', google: 'sandbox-secret', slack: 'sandbox-secret', salesforce: 'sandbox-secret' } });
  const stripper = new Stripper();
  const world = new World(db, stripper, await startNeonDoor({ port: 0, postgresPort: db.postgresPort, rewrite: stripper.rewrite }));
  const fleet = await serve((request, response) => world.fleet(request, response));
  const backRoom = await serve(async (request, response) => answer(response, 200, await world.act(new URL(request.url!, 'http://x').pathname.slice(1), JSON.parse(await text(request) || '{}'))));
  const house: EdgeHouse = { appUrl: db.appUrl, authUrl: db.authUrl, neonUrl: `${world.door.url}/sql`, sandboxUrl: sandbox.url, providers: sandboxEnvironment(sandbox.url), fleetUrl: urlOf(fleet), backRoomUrl: urlOf(backRoom) };
  // Whoever started us hangs up when the tests are over, also when it was killed.
  process.once('disconnect', () => {
    for (const server of [fleet, backRoom]) { server.close(); server.closeAllConnections(); }
    void world.end().then(() => sandbox.stop()).then(() => db.stop()).finally(() => process.exit(0));
  });
  process.send!(house);
}

interface Input { [name: string]: unknown }

class World {
  door: NeonDoor;
  readonly #db: TestDatabase;
  readonly #stripper: Stripper;
  readonly #owner: pg.Pool;
  readonly #held = new Map<string, pg.PoolClient>();
  /** What the fleet answers to the next requests of a path, in order; afterwards 202. */
  readonly #plans = new Map<string, { status: number; body?: unknown }[]>();
  readonly machines = new Machines();
  #heard: { path: string; authorization: string; body: string }[] = [];

  constructor(db: TestDatabase, stripper: Stripper, door: NeonDoor) {
    this.#db = db;
    this.#stripper = stripper;
    this.door = door;
    this.#owner = new pg.Pool({ connectionString: db.ownerUrl, max: 6 });
    this.#owner.on('error', () => undefined);
  }

  async fleet(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (this.machines.isMeant(request)) return this.machines.answer(request, response, await text(request));
    this.#heard.push({ path, authorization: request.headers.authorization ?? '', body: await text(request) });
    const { status, body } = this.#plans.get(path)?.shift() ?? { status: 202 };
    if (status === 0) return void request.socket.destroy();
    answer(response, status, body ?? {});
  }

  /** One wish of a test. What is thrown becomes the test's error. */
  async act(what: string, input: Input): Promise<unknown> {
    switch (what) {
      case 'sql': return (await this.#owner.query(String(input.text), (input.params ?? []) as unknown[])).rows;
      case 'tenant': return addTenant(this.#db.owner, input.tenant as never, input.credentials as never).then(() => ({}));
      case 'hold': return this.#hold(String(input.id));
      case 'throw-out': return this.#throwOut();
      case 'let-go': return this.#letGo(String(input.id));
      case 'close-door': return this.door.stop().then(() => ({}));
      case 'open-door': this.door = await startNeonDoor({ port: this.door.port, postgresPort: this.#db.postgresPort, rewrite: this.#stripper.rewrite }); return {};
      case 'strip': return this.#stripper.turn(input.on === true);
      case 'fleet-plan': this.#plans.set(String(input.path), input.answers as never); return {};
      case 'fleet-heard': return this.#takeHeard(input.path as string | null);
      case 'machines': return this.machines.act(input as never);
      case 'learn': return learn(this.#db, String(input.tenant), String(input.connection), input.records as SourceRecord[]);
      case 'commit': return this.#commit(input.lease as ledger.Lease);
      default: throw new Error(`The back room knows no ${what}.`);
    }
  }

  /** What was asked at this path since the last look; null: at any, bells left out. */
  #takeHeard(path: string | null): object[] {
    const { yes = [], no = [] } = Object.groupBy(this.#heard, (request) => (path === null ? request.path !== '/doorbell' : request.path === path) ? 'yes' : 'no');
    this.#heard = no;
    return yes;
  }

  /** Somebody else's transaction that takes its time: the row of a job or connection is locked until `let-go`. */
  async #hold(id: string): Promise<object> {
    const client = await this.#owner.connect();
    await client.query('begin');
    for (const table of ['historical_sync_jobs', 'connections']) await client.query(`select from ${table} where id = $1 for update`, [id]);
    this.#held.set(id, client);
    return {};
  }

  /** Whoever waits for a held row loses the connection, as in a restart of Postgres. Answers when somebody did. */
  async #throwOut(): Promise<object> {
    for (;;) {
      const { rowCount } = await this.#owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'hsync_app'`);
      if (rowCount) return { thrown: rowCount };
    }
  }

  async #letGo(id: string): Promise<object> {
    const client = this.#held.get(id);
    await client?.query('rollback');
    client?.release();
    this.#held.delete(id);
    return {};
  }

  /** One chunk through the real ledger, as a worker with this lease would commit it. */
  async #commit(lease: ledger.Lease): Promise<object> {
    try {
      const plan = [{ stream: 'mail', no: 0, kind: 'span' as const, checkpoint: null, since: '2026-01-01T00:00:00.000Z', until: '2026-02-01T00:00:00.000Z' }];
      const { windows } = await ledger.plan(this.#db.app, lease, plan);
      const counters = await ledger.commit(this.#db.app, lease, {
        window: windows[0]!, checkpoint: 'next', done: false, covered: 0.1, seen: 0, unchanged: [], failures: [], edited: [], forgotten: [], mayHeal: false, note: null, leftOut: 0, mark: null, streams: [], coveredTotal: 0.1,
        rows: toColumns({ records: [], nodes: [], edges: [], evidence: [] }),
      });
      return { landed: true, chunks: counters.chunks_completed };
    } catch (error) {
      if (error instanceof ledger.FencedError) return { landed: false };
      throw error;
    }
  }

  async end(): Promise<void> {
    for (const id of this.#held.keys()) await this.#letGo(id);
    await this.#owner.end();
    await this.door.stop();
  }
}

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => answer(response, 500, { error: error instanceof Error ? error.message : String(error) }));
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  return server;
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

await open();
