/** Searches go on answering whatever happens to the files beneath: compacted, indexed anew, written by a process that is killed in the middle. Real LanceDB, real processes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FRAGMENTS_MAX, UNINDEXED_AT_REST_MAX } from '#contract/limits';
import { vectorAt } from '#fly-worker/embed/embedder';
import { embedLocally, localEmbedder } from '#fly-worker/embed/local';
import { openSemanticMemory, type MemoryRow, type SemanticMemory } from '#fly-worker/semantic/memory';
import { until } from '../client.ts';

const space = { tenant: 't', embedder: localEmbedder() }, KILLS = 3, WANTED = 10;
let folder: string, memory: SemanticMemory;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'searching-')); memory = openSemanticMemory({ uri: folder }); });
afterEach(async () => { await memory.close(); rmSync(folder, { recursive: true, force: true }); });

const rowsOf = (from: number, count: number): MemoryRow[] => Array.from({ length: count }, (_, i) => {
  const text = `The quarterly invoice number ${from + i} for the delivery of lamps`;
  return { recordId: `r${from + i}`, contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title: 'Invoice', text, parts: [], people: [], url: null, vector: vectorAt(embedLocally([text]), space.embedder.dims, 0) };
});
/** Searches in all modes until `isOver`; each must find what is there since the beginning. */
async function searchedUntil(isOver: () => boolean): Promise<void> {
  const vector = vectorAt(embedLocally(['bill for lights']), space.embedder.dims, 0);
  do {
    for (const mode of ['keyword', 'semantic', 'hybrid'] as const) expect((await memory.search(space, { q: mode === 'semantic' ? 'bill for lights' : 'invoice lamps', mode, limit: WANTED, vector })).length, mode).toBeGreaterThanOrEqual(WANTED);
  } while (!isOver());
}

describe('searching', () => {
  it('finds as much as ever while chunks come in and the dataset is compacted and indexed', async () => {
    await memory.store(space, rowsOf(0, 50));
    let over = false;
    const work = (async () => {
      for (let chunk = 1; chunk <= FRAGMENTS_MAX; chunk += 1) await memory.store(space, rowsOf(chunk * 50, 50));
      await memory.upkeep(space);
    })().finally(() => { over = true; });
    await Promise.all([work, searchedUntil(() => over)]);
    const { rows, unindexedRows } = (await memory.stats(space))!;
    expect(rows).toBe(50 * (FRAGMENTS_MAX + 1));
    expect(unindexedRows).toBeLessThanOrEqual(UNINDEXED_AT_REST_MAX);
  });

  it('goes on while the process that writes is killed, again and again, in the middle of its stores and upkeep', async () => {
    await memory.store(space, rowsOf(0, 50));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = (await memory.stats(space))!.rows, writer = startWriter(kill * 100_000);
      let gone = false;
      writer.once('exit', () => { gone = true; });
      const killing = until(() => memory.stats(space), (stats) => stats!.rows > before + 200, 'the other process has written').then(() => { writer.kill('SIGKILL'); });
      await Promise.all([killing, searchedUntil(() => gone)]);
    }
    const { rows } = (await memory.stats(space))!;
    await memory.store(space, rowsOf(50, 50));
    await memory.upkeep(space);
    expect((await memory.stats(space))!.rows, 'what killed processes left behind hinders nobody').toBe(rows + 50);
    await searchedUntil(() => true);
  });
});

/** Another worker: stores small chunks and tidies up, for ever. */
function startWriter(from: number) {
  const [module, embedder] = [import.meta.resolve('#fly-worker/semantic/memory'), import.meta.resolve('#fly-worker/embed/local')];
  const script = `import { openSemanticMemory } from ${JSON.stringify(module)}; import { localEmbedder, embedLocally } from ${JSON.stringify(embedder)};
    const memory = openSemanticMemory({ uri: ${JSON.stringify(folder)} }), space = { tenant: 't', embedder: localEmbedder() }, vector = embedLocally(['invoice']);
    for (let n = ${from}; ; n += 25) {
      await memory.store(space, Array.from({ length: 25 }, (_, i) => ({ recordId: 'w' + (n + i), contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title: 'Invoice', text: 'invoice lamps', parts: [], people: [], url: null, vector })));
      if (n % 100 === 0) await memory.upkeep(space);
    }`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore', env: { ...process.env, LANCEDB_LOG: 'error' } });
}
