/** The embedded Postgres: starts anywhere, survives what kills its starter, and never fights over a port. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { startPostgres, type Postgres } from '#dev/postgres';

const undo: (() => unknown)[] = [];
const START = { timeout: 60_000 };
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hsync-test-'));
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function start(dir: string, port = 0): Promise<Postgres> {
  const postgres = await startPostgres({ dir, port });
  undo.push(() => postgres.stop());
  return postgres;
}

async function ask(postgres: { superuserUrl: string }, sql: string): Promise<unknown[]> {
  const client = new pg.Client(postgres.superuserUrl);
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** Starts Postgres in a process that dies of kill -9 as soon as it is up. */
function startAndDie(dir: string): Promise<number> {
  const code = `const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, '../../dev/postgres.ts'))});
    const { port } = await startPostgres({ dir: ${JSON.stringify(dir)}, port: 0 }); console.log(port);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((done, fail) => {
    let port = 0;
    child.stdout.once('data', (text: Buffer) => {
      port = Number(text.toString());
      child.kill('SIGKILL');
    });
    child.once('close', () => port ? done(port) : fail(new Error('it never started')));
  });
}

describe('embedded Postgres', () => {
  it('starts fresh with a UTF-8 database in byte order, and keeps its data over a restart', START, async () => {
    const dir = temporary(), first = await start(dir);
    expect(await ask(first, "select current_database(), current_setting('server_encoding'), current_setting('fsync'), upper('ü'), 'Z' < 'a'")).toEqual(['hsync', 'UTF8', 'off', 'Ü', true]);
    await ask(first, 'create table kept as select 7 as n');
    await first.stop();
    await first.stop();
    expect(await ask(await start(dir), 'select n from kept')).toEqual([7]);
  });

  it('takes over the server that a killed start left behind', START, async () => {
    const dir = temporary(), port = await startAndDie(dir);
    const found = await start(dir, port);
    expect(found.port).toBe(port);
    expect(await ask(found, 'select 1')).toEqual([1]);
    await found.stop();
    await expect(ask(found, 'select 1')).rejects.toThrow();
  });

  it('moves a left-over server to the port that is asked for', START, async () => {
    const dir = temporary(), old = await startAndDie(dir), port = await freePort();
    expect((await start(dir, port)).port).toBe(port);
    await expect(ask({ superuserUrl: `postgres://postgres:postgres@127.0.0.1:${old}/hsync` }, 'select 1')).rejects.toThrow();
  });

  it('is not fooled by a pid that now belongs to another program', START, async () => {
    const dir = temporary(), first = await start(dir);
    await first.stop();
    const data = dataOf(dir);
    writeFileSync(join(data, 'postmaster.pid'), [process.pid, data, 0, first.port, '', '127.0.0.1', '', 'ready'].join('\n'));
    expect(await ask(await start(dir), 'select 1')).toEqual([1]);
  });

  it('says so when the port is taken by something else', START, async () => {
    const dir = temporary(), server = createServer().listen(0, '127.0.0.1');
    await new Promise(done => server.once('listening', done));
    undo.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    await expect(startPostgres({ dir, port })).rejects.toThrow(`Port ${port} is taken by another program`);
  });

  it.runIf(process.getuid?.() === 0)('runs as root below a folder that nobody may enter, and forgets the data with the folder', START, async () => {
    const closed = temporary(), dir = join(closed, 'state');
    chmodSync(closed, 0o700);
    const first = await start(dir);
    await ask(first, 'create table here()');
    const data = (await ask(first, 'show data_directory'))[0] as string;
    undo.push(() => rmSync(join(data, '..'), { recursive: true, force: true }));
    expect(data.startsWith(closed)).toBe(false);
    await first.stop();
    rmSync(dir, { recursive: true });
    const second = await start(dir), elsewhere = (await ask(second, 'show data_directory'))[0] as string;
    undo.push(() => rmSync(join(elsewhere, '..'), { recursive: true, force: true }));
    expect(await ask(second, "select to_regclass('here') is null")).toEqual([true]);
  });
});

function dataOf(dir: string): string {
  const data = join(dir, 'data');
  expect(existsSync(join(data, 'PG_VERSION'))).toBe(true);
  expect(readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()).toBe('18');
  expect(readdirSync(dir)).toContain('postgres.log');
  return data;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise(done => server.close(done));
  return port;
}
