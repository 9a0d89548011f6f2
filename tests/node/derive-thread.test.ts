/** Derivation on threads gives what derivation gives, and survives the death of a thread. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeriveThreadError, openDeriveThreads } from '#fly-worker/derive-thread';
import { embedLocally } from '#fly-worker/embed/local';
import { derive } from '#fly-worker/extract/derive';
import { benchMails } from '../bench/mails.ts';

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'derive-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

it('gives the same records and vectors as on the main thread, several calls at once', async () => {
  const threads = openDeriveThreads({ size: 2 }), chunks = [1, 2, 3, 4].map((seed) => benchMails(20, seed));
  const answers = await Promise.all(chunks.map((chunk) => threads.derive(chunk, { embed: true })));
  for (const [i, answer] of answers.entries()) {
    expect(answer.derived).toEqual(derive(chunks[i]!));
    expect(answer.vectors).toEqual(embedLocally(answer.derived.map((record) => record.embeddable)));
  }
  expect((await threads.derive(chunks[0]!, { embed: false })).vectors).toBeNull();
  expect(await threads.derive([], { embed: true })).toEqual({ derived: [], vectors: new Float32Array(0) });
  await threads.close();
});

it('fails the calls of a thread that dies, clearly, and goes on with a new one', async () => {
  const entry = join(folder, 'dies.mjs');
  writeFileSync(entry, 'import { parentPort } from "node:worker_threads"; parentPort.on("message", ({ id, records }) => { if (records[0].title === "die") process.exit(9); if (records[0].title === "throw") throw new Error("boom"); parentPort.postMessage({ id, derived: [], vectors: null }); });');
  const threads = openDeriveThreads({ entry: pathToFileURL(entry) }), [mail] = benchMails(1);
  await expect(threads.derive([{ ...mail!, title: 'die' }], { embed: false })).rejects.toThrow(/thread died \(exit code 9\)/);
  await expect(threads.derive([{ ...mail!, title: 'throw' }], { embed: false })).rejects.toThrow(/thread died \(boom\)/);
  expect((await threads.derive([mail!], { embed: false })).derived).toEqual([]);
  await threads.close();
});

it('lets running calls end when it is closed, and takes no new ones', async () => {
  const threads = openDeriveThreads(), running = threads.derive(benchMails(50), { embed: true });
  await threads.close();
  expect((await running).derived.length).toBe(50);
  await expect(threads.derive(benchMails(1), { embed: false })).rejects.toBeInstanceOf(DeriveThreadError);
});
