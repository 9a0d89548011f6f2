/** The same mails through others that do a part of what we do, on this machine, in this run. They are installed into a folder that goes afterwards: none is a dependency of the project. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openDeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { contentHash } from '#fly-worker/extract/derive';
import { readHtml } from '#fly-worker/extract/html';
import { openSemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import type { Database } from '#migrations/database';
import { startTestDatabase } from '../database.ts';
import { measurePickUp, type Millis } from './jobs.ts';
import { benchMails } from './mails.ts';

const MAILS = 2_000, CHUNK = 100, ROOT = resolve(import.meta.dirname, '../..');
const PEERS = ['@langchain/core@1.4.0', '@langchain/community@1.1.29', '@langchain/textsplitters@1.0.2', '@llamaindex/core@0.6.23', '@llamaindex/env@0.1.31', 'graphile-worker@0.18.0'];
const run = promisify(execFile);

/** Seconds for all mails, and milliseconds until a job is picked up, by name. */
interface PeerFigures { mails: number; seconds: Map<string, number>; pickUp: Map<string, Millis> }

export async function measurePeers(): Promise<PeerFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-peers-')), db = await startTestDatabase();
  try {
    await install(folder);
    const mails = benchMails(MAILS);
    // Cleaned beforehand for the peers: turning HTML into text is on our bill only.
    writeFileSync(join(folder, 'mails.json'), JSON.stringify(mails.map(({ providerId, title, body }) => ({ id: providerId, text: `${title}\n${readHtml(body.content).text}` }))));
    const ask = async <T>(peer: string, ...more: string[]): Promise<T> => {
      const { stdout } = await run(process.execPath, [join(folder, 'peers-run.ts'), peer, folder, join(ROOT, 'fly-worker/embed/local.ts'), ...more], { cwd: folder, maxBuffer: 1 << 24 });
      return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
    };
    const seconds = new Map<string, number>(), pickUp = new Map<string, Millis>();
    seconds.set('ours: HTML, redaction, replies, facts, passages, two indexes', await ourSeconds(folder, db.app));
    seconds.set('LangChain.js 1: splitter, its LanceDB store', (await ask<{ seconds: number }>('langchain')).seconds);
    seconds.set('LlamaIndex.TS 0.12: sentence splitter, LanceDB\'s client', (await ask<{ seconds: number }>('llamaindex')).seconds);
    pickUp.set('graphile-worker 0.18: addJob to task, LISTEN/NOTIFY, a queue in Postgres alone', (await ask<{ times: number[] }>('graphile-worker', db.ownerUrl)).times.toSorted((a, b) => a - b));
    pickUp.set('ours: press to claim, through limits, object, queue and lease', await measurePickUp());
    return { mails: MAILS, seconds, pickUp };
  } finally {
    await db.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the registry; LanceDB is the project's own, the same for all. Throws npm's complaint. */
async function install(folder: string): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  if (existsSync(join(ROOT, '.npmrc'))) copyFileSync(join(ROOT, '.npmrc'), join(folder, '.npmrc'));
  await run('npm', ['install', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...PEERS], { cwd: folder, maxBuffer: 1 << 24 });
  for (const name of ['@lancedb', 'apache-arrow']) {
    rmSync(join(folder, 'node_modules', name), { recursive: true, force: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  copyFileSync(join(import.meta.dirname, 'peers-run.ts'), join(folder, 'peers-run.ts'));
}

/** The workshop as a worker has it: everything but the provider and the ledger. */
async function ourSeconds(folder: string, db: Database): Promise<number> {
  const threads = openDeriveThreads({ size: 1 }), semantic = openSemanticMemory({ uri: join(folder, 'ours') }), embedder = localEmbedder(), lease = { tenantId: 'bench', integrationId: 'outlook' as const, connectionId: 'c', jobId: 'j', fence: 1 };
  const shop = openWorkshop({ db, threads, embedder, embedsOnThread: true, semantic }), mails = benchMails(MAILS), began = performance.now();
  for (let from = 0; from < mails.length; from += CHUNK) {
    const { good } = await shop.prepare(lease, mails.slice(from, from + CHUNK).map((source) => ({ source, recordId: source.providerId, contentHash: contentHash(source) })));
    await shop.remember(lease, good.map((one) => ({ ...one, isNew: true })));
  }
  const seconds = (performance.now() - began) / 1000;
  await threads.close();
  await semantic.close();
  return seconds;
}
