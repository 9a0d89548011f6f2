/** Derivation on threads gives what derivation gives, and survives the death of a thread. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { toColumns, toRows, type Addressed, type Owner } from '#fly-worker/chunk';
import { recordId } from '#fly-worker/ids';
import { contentHash } from '#fly-worker/extract/hash';
import { DeriveThreadError, openDeriveThreads } from '#fly-worker/derive-thread';
import { embedLocally } from '#fly-worker/embed/local';
import { derive } from '#fly-worker/extract/derive';
import { benchMails } from '../bench/mails.ts';

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'derive-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

const owner: Owner = { tenantId: 't', integrationId: 'outlook', connectionId: 'c', jobId: 'j' };
const addressed = (records: SourceRecord[]): Addressed[] => records.map((source) => ({ source, recordId: recordId('t', 'c', source.stream, source.providerId), contentHash: contentHash(source) }));

it('gives the same texts, rows and vectors as on the main thread, several calls at once', async () => {
  const threads = openDeriveThreads({ size: 2 }), chunks = [1, 2, 3, 4].map((seed) => benchMails(20, seed));
  const answers = await Promise.all(chunks.map((chunk) => threads.derive(owner, addressed(chunk), { embed: true })));
  for (const [i, answer] of answers.entries()) {
    const derived = derive(chunks[i]!);
    expect(answer.texts).toEqual(derived.map(({ title, text, parts, people, passages }) => ({ title, text, parts, people, passages: passages.map((passage) => ({ ...passage, embeddable: '' })) })));
    expect(answer.rows).toEqual(toColumns(toRows(owner, addressed(chunks[i]!), derived)));
    expect(answer.vectors).toEqual(embedLocally(derived.flatMap((record) => record.passages.map((passage) => passage.embeddable))));
  }
  const bare = await threads.derive(owner, addressed(chunks[0]!), { embed: false });
  expect(bare.vectors).toBeNull();
  expect(bare.texts.map((t) => t.passages)).toEqual(derive(chunks[0]!).map((d) => d.passages));
  await threads.close();
});

it('fails the calls of a thread that dies, clearly, and goes on with a new one', async () => {
  const entry = join(folder, 'dies.mjs');
  writeFileSync(entry, 'import { parentPort } from "node:worker_threads"; parentPort.on("message", ({ id, fresh }) => { if (fresh[0].source.title === "die") process.exit(9); if (fresh[0].source.title === "throw") throw new Error("boom"); parentPort.postMessage({ id, texts: [], rows: null, vectors: null }); });');
  const threads = openDeriveThreads({ entry: pathToFileURL(entry) }), [mail] = benchMails(1);
  const ask = (title: string) => threads.derive(owner, addressed([{ ...mail!, title }]), { embed: false });
  await expect(ask('die')).rejects.toThrow(/thread died \(exit code 9\)/);
  await expect(ask('throw')).rejects.toThrow(/thread died \(boom\)/);
  expect((await ask('live')).texts).toEqual([]);
  await threads.close();
});

it('lets running calls end when it is closed, and takes no new ones', async () => {
  const threads = openDeriveThreads(), running = threads.derive(owner, addressed(benchMails(50)), { embed: true });
  await threads.close();
  expect((await running).texts.length).toBe(50);
  await expect(threads.derive(owner, addressed(benchMails(1)), { embed: false })).rejects.toBeInstanceOf(DeriveThreadError);
});
