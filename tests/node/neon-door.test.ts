/** The Neon door, through Neon's own driver: both protocols, the error shape, and what happens when one side goes away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { neon, neonConfig, Pool, type NeonDbError } from '@neondatabase/serverless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNeonDoor, type NeonDoor } from '#dev/neon-door';
import { startPostgres, type Postgres } from '#dev/postgres';

const URL_OF = (user: string): string => `postgres://${user}@db.localtest.me/hsync`;
const BOSS = URL_OF('postgres:postgres');
const sql = neon(BOSS);
const dir = mkdtempSync(join(tmpdir(), 'hsync-test-'));
let postgres: Postgres, door: NeonDoor;

beforeAll(async () => {
  postgres = await startPostgres({ dir, port: 0 });
  door = await startNeonDoor({ port: 0, postgresPort: postgres.port });
  neonConfig.fetchEndpoint = () => `${door.url}/sql`;
  neonConfig.wsProxy = () => `127.0.0.1:${door.port}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineTLS = false;
  neonConfig.pipelineConnect = false;
  await sql`create table box (id int primary key, label text not null, extra jsonb)`;
}, 60_000);

afterAll(async () => {
  await door.stop();
  await postgres.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Connections of the door that are in the middle of something. */
async function busy(): Promise<number> {
  const [row] = await sql`select count(*)::int as n from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid() and datname = 'hsync'`;
  return row?.['n'] as number;
}

describe('SQL over HTTP', () => {
  it('answers a single query with typed values', async () => {
    const [row] = await sql`select ${3}::int as n, ${'é'}::text as t, ${null}::text as nothing, ${[1, 2]}::int[] as list, ${{ a: 1 }}::jsonb as doc, true as yes, timestamptz '2026-01-02T03:04:05Z' as at`;
    expect(row).toEqual({ n: 3, t: 'é', nothing: null, list: [1, 2], doc: { a: 1 }, yes: true, at: new Date('2026-01-02T03:04:05Z') });
  });

  it("runs a batch as one transaction and gives each statement's count", async () => {
    const results = await sql.transaction([sql`insert into box values (1, 'a'), (2, 'b') returning id`, sql`update box set label = 'c' where id = 1`, sql`select count(*)::int as n from box`], { fullResults: true, isolationLevel: 'Serializable' });
    expect(results.map(({ command, rowCount }) => [command, rowCount])).toEqual([['INSERT', 2], ['UPDATE', 1], ['SELECT', 1]]);
    expect(results[2]?.rows).toEqual([{ n: 2 }]);
  });

  it('undoes the whole batch when one statement fails, and reports it as Neon does', async () => {
    const failing = sql.transaction([sql`insert into box values (3, 'x')`, sql`insert into box values (1, 'again')`, sql`insert into box values (4, 'y')`]);
    const error = await failing.catch((caught: NeonDbError) => caught) as NeonDbError;
    expect([error.name, error.code, error.constraint, error.table, error.severity]).toEqual(['NeonDbError', '23505', 'box_pkey', 'box', 'ERROR']);
    expect(await sql`select id from box where id in (3, 4)`).toEqual([]);
  });

  it('refuses to write in a read-only batch', async () => {
    await expect(sql.transaction([sql`delete from box`], { readOnly: true })).rejects.toMatchObject({ code: '25006' });
  });

  it('signs in as the user of the connection string', async () => {
    await sql`create role reader login password 'r3ader'`;
    expect(await neon(URL_OF('reader:r3ader'))`select current_user as me`).toEqual([{ me: 'reader' }]);
    await expect(neon(URL_OF('reader:wrong'))`select 1`).rejects.toMatchObject({ code: '28P01' });
  });

  it('carries nothing of a session over to the next request', async () => {
    await sql`select set_config('app.tenant', 'left over', false)`;
    await sql.query('begin');
    const left = await Promise.all(Array.from({ length: 20 }, () => sql`select coalesce(current_setting('app.tenant', true), '') as t, now() = statement_timestamp() as fresh`));
    expect(new Set(left.flat().map(row => row['t']))).toEqual(new Set(['']));
    expect(await busy()).toBe(0);
  });

  it('takes parameters of several megabytes', async () => {
    const text = 'größe '.repeat(800_000);
    expect(await sql`select length(${text}::text) as n`).toEqual([{ n: text.length }]);
  });

  it('gives 400 for a body that is no query', async () => {
    const headers = { 'neon-connection-string': BOSS };
    for (const body of ['{', '{}', '{"queries":[{"sql":1}]}']) expect((await fetch(`${door.url}/sql`, { method: 'POST', headers, body })).status).toBe(400);
  });

  it('leaves JSON values alone unless raw text is asked for', async () => {
    const ask = async (headers: Record<string, string>): Promise<unknown> =>
      (await (await fetch(`${door.url}/sql`, { method: 'POST', headers: { 'neon-connection-string': BOSS, ...headers }, body: JSON.stringify({ query: 'select 1 as a, $1::jsonb as b', params: [{ x: [1] }] }) })).json() as { rows: unknown }).rows;
    expect(await ask({})).toEqual([{ a: 1, b: { x: [1] } }]);
    expect(await ask({ 'neon-array-mode': 'true', 'neon-raw-text-output': 'true' })).toEqual([['1', '{"x": [1]}']]);
  });

  it('stops working for a client that hung up, and keeps the connection', async () => {
    const body = JSON.stringify({ query: 'select pg_sleep(60)' });
    const hanging = request(`${door.url}/sql`, { method: 'POST', headers: { 'neon-connection-string': BOSS } });
    hanging.on('error', () => {});
    hanging.end(body);
    await expect.poll(busy, { timeout: 5_000 }).toBe(1);
    hanging.destroy();
    await expect.poll(busy, { timeout: 5_000 }).toBe(0);
    expect(await sql`select 1 as ok`).toEqual([{ ok: 1 }]);
  });
});

describe('the WebSocket tunnel', () => {
  it('carries interactive transactions', async () => {
    const pool = new Pool({ connectionString: BOSS }), client = await pool.connect();
    try {
      await client.query('begin');
      await client.query("insert into box values (50, 'ws')");
      await client.query('rollback');
      await client.query('begin');
      await client.query("insert into box values (51, 'ws')");
      await client.query('commit');
      expect((await client.query("select id from box where label = 'ws'")).rows).toEqual([{ id: 51 }]);
    } finally {
      client.release();
      await pool.end();
    }
  });

  it('moves megabytes both ways', async () => {
    const pool = new Pool({ connectionString: BOSS, max: 3 }), text = 'x'.repeat(3_000_000);
    const lengths = await Promise.all([1, 2, 3].map(async () => ((await pool.query('select $1::text as t', [text])).rows[0] as { t: string }).t.length));
    expect(lengths).toEqual([3_000_000, 3_000_000, 3_000_000]);
    await pool.end();
  });

  it('takes a pipelined connect, as the driver does by default', async () => {
    neonConfig.pipelineConnect = 'password';
    const pool = new Pool({ connectionString: BOSS });
    expect((await pool.query('select 1 as ok')).rows).toEqual([{ ok: 1 }]);
    await pool.end();
    neonConfig.pipelineConnect = false;
  });
});

describe('a database that restarts', () => {
  it('is an error while it is away, and nothing afterwards', async () => {
    const { port } = postgres;
    const tunnels = async (): Promise<unknown> => (await sql`select count(*)::int as n from pg_stat_activity where application_name like 'pkg:%'`)[0]?.['n'];
    await expect.poll(tunnels).toBe(0);
    await postgres.stop();
    await expect(sql`select 1`).rejects.toThrow();
    postgres = await startPostgres({ dir, port });
    expect(await sql`select count(*)::int > 0 as kept from box`).toEqual([{ kept: true }]);
  }, 60_000);
});
