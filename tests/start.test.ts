/** `npm start` as a person meets it: it gets ready, survives a kill -9 of itself, says when a port is taken, and ends cleanly on Ctrl-C. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFree, freePorts } from '#dev/ports';

const UP = resolve(import.meta.dirname, '../dev/up.ts');
let dir: string, port: number;
beforeAll(async () => { dir = mkdtempSync(join(tmpdir(), 'hsync-start-')); port = await freePorts(5); });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function up(): { child: ChildProcess; said: () => string; ready: Promise<void>; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [UP], { env: { ...process.env, HSYNC_PORT: String(port), HSYNC_DIR: dir, HSYNC_WORKERS: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const ready = new Promise<void>((done, fail) => {
    for (const stream of [child.stdout, child.stderr]) stream!.on('data', (data: Buffer) => { said += data.toString(); if (said.includes('Ready')) done(); });
    void ended.then(() => fail(new Error(said)));
  });
  ready.catch(() => undefined);
  return { child, said: () => said, ready, ended };
}

describe('npm start', () => {
  it('gets ready, is found again after a kill -9, and ends cleanly on Ctrl-C', async () => {
    const first = up();
    await first.ready;
    const file = join(dir, 'credentials.json'), before = readFileSync(file, 'utf8');
    expect(JSON.parse(before)).toMatchObject({ base_url: `http://127.0.0.1:${port}`, tenants: [{ email: expect.any(String), password: expect.any(String), api_key: expect.stringMatching(/^hs_/) }, {}] });
    expect(statSync(file).mode & 0o077, 'nobody else reads the credentials').toBe(0);

    const second = up();
    expect(await second.ended).toBe(1);
    expect(second.said()).toMatch(/Port \d+ \(.+\) is taken/);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 'the first goes on undisturbed').toBe(200);

    first.child.kill('SIGKILL');
    await first.ended;
    const third = up();
    await third.ready;
    expect(readFileSync(file, 'utf8')).toBe(before);
    const key = (JSON.parse(before) as { tenants: { api_key: string }[] }).tenants[0]!.api_key;
    expect((await fetch(`http://127.0.0.1:${port}/api/me`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/`)).headers.get('content-type')).toMatch(/html/);

    third.child.kill('SIGINT');
    expect(await third.ended).toBe(0);
    for (let i = 0; i < 5; i++) await expectFree(port + i, 'nobody any more');
  }, 180_000);
});
