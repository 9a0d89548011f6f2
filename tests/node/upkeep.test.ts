/** Upkeep of a large dataset: what was tidied once is left alone, and does not pile up. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FRAGMENTS_MAX, LANCE_MERGE_ROWS_MAX, SETTLE_AFTER_MS, UNINDEXED_AT_REST_MAX, UNINDEXED_AT_REST_MIN, UNINDEXED_ROWS_MAX, VECTOR_INDEX_ROWS_MIN, VECTOR_SEGMENTS_MAX } from '#contract/limits';
import { vectorAt } from '#fly-worker/embed/embedder';
import { embedLocally, localEmbedder } from '#fly-worker/embed/local';
import { openSemanticMemory, type MemoryRow, type SemanticMemory } from '#fly-worker/semantic/memory';
import { findTable } from '#fly-worker/semantic/tables';
import { until } from '../client.ts';

const embedder = localEmbedder(), space = { tenant: 'large', embedder }, WORDS = ['harvest', 'quince', 'ledger', 'harbour', 'violin', 'glacier', 'budget', 'lantern', 'orchard', 'compass'];
let folder: string, memory: SemanticMemory, tableName: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'upkeep-')); memory = openSemanticMemory({ uri: folder }); });
afterAll(async () => { await memory.close(); rmSync(folder, { recursive: true }); });

function rowsOf(from: number, count: number, isNew = true): MemoryRow[] {
  const texts = Array.from({ length: count }, (_, i) => `${WORDS[(from + i) % 10]!} ${WORDS[Math.floor((from + i) / 10) % 10]!} row${from + i}`), vectors = embedLocally(texts);
  return texts.map((text, i) => ({ recordId: `r${from + i}`, contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: from + i, title: '', text, parts: [], people: [], url: null, vector: vectorAt(vectors, embedder.dims, i), isNew }));
}
const files = (): string[] => readdirSync(join(folder, 'large', `${tableName}.lance`, 'data'));

it('writes of a large dataset only what is new, joins everything once there are many pieces, and finds all of it meanwhile', async () => {
  await memory.store(space, rowsOf(0, VECTOR_INDEX_ROWS_MIN));
  await memory.upkeep(space);
  expect(await memory.stats(space)).toMatchObject({ hasVectorIndex: true, unindexedRows: 0 });

  let rows = VECTOR_INDEX_ROWS_MIN, most = 0;
  const add = async (): Promise<void> => {
    await memory.store(space, rowsOf(rows, UNINDEXED_AT_REST_MAX, false));
    rows += UNINDEXED_AT_REST_MAX;
    await memory.upkeep(space);
    most = Math.max(most, (await memory.stats(space))!.fragments);
  };
  await add();                                                           // joins what the vector index has seen at once
  const db = await connect(join(folder, 'large')), table = (await findTable(db, embedder.id))!;
  tableName = table.name;
  const settled = files();
  await add();
  await add();
  expect(files().filter((name) => settled.includes(name)), 'files from before').toEqual(settled);
  expect(files().length - settled.length, 'files for what came since, before and after').toBeLessThanOrEqual(4);

  for (let i = 0; i <= VECTOR_SEGMENTS_MAX; i += 1) await add();
  await table.checkoutLatest();
  expect((await table.listIndices()).find(({ columns }) => columns[0] === 'vector')!.numSegments!).toBeLessThan(VECTOR_SEGMENTS_MAX);
  const near = table.query().nearestTo(vectorAt(embedLocally(['harvest lantern']), embedder.dims, 0)!).column('vector').distanceType('cosine').nprobes(10_000).select(['id']).limit(rows);
  expect(new Set((await near.toArray() as { id: string }[]).map(({ id }) => id)).size, 'texts in all lists of all segments').toBe(rows);
  table.close();
  db.close();
  expect(most).toBeLessThan(FRAGMENTS_MAX);
  expect(await memory.stats(space)).toMatchObject({ rows, unindexedRows: 0 });
  const few = await memory.search(space, { q: 'harvest', mode: 'semantic', limit: 10, vector: vectorAt(embedLocally(['harvest']), embedder.dims, 0), filters: { fromMs: 5_000, toMs: 5_015 } });
  expect(few.length, 'of a narrow filter all, wherever in the vector index they are').toBe(15);
  for (const n of [0, VECTOR_INDEX_ROWS_MIN + 5, rows - 1]) expect((await memory.search(space, { q: `row${n}`, mode: 'keyword', limit: 1, vector: null }))[0]!.recordId).toBe(`r${n}`);
}, 120_000);

it('lets nobody write into a large dataset while it is tidied: that would be in the indices, but in pieces', async () => {
  const { fragments } = (await memory.stats(space))!;
  await memory.store(space, rowsOf(50_000, UNINDEXED_AT_REST_MAX + 1));
  let over = false;
  const upkeep = memory.upkeep(space).finally(() => { over = true; });
  for (let from = 60_000; !over; from += 10) await memory.store(space, rowsOf(from, 10));
  expect(await upkeep).toBe('done');
  expect((await memory.stats(space))!.fragments - fragments, 'what was tidied, and what waited').toBeLessThanOrEqual(3);
});

it('does not let more come in than the index keeps up with', async () => {
  let most = 0;
  for (let from = 100_000; from < 100_000 + 2 * UNINDEXED_ROWS_MAX; from += LANCE_MERGE_ROWS_MAX) {
    await memory.store(space, rowsOf(from, LANCE_MERGE_ROWS_MAX));
    most = Math.max(most, (await memory.stats(space))!.unindexedRows);
  }
  expect(most).toBeLessThanOrEqual(UNINDEXED_ROWS_MAX);
}, 120_000);

it('leaves nothing outside the index where people search and nobody writes any more', async () => {
  const quiet = { tenant: 'quiet', embedder }, outside = async (): Promise<number> => (await memory.stats(quiet))!.unindexedRows;
  let clock = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: clock });
  const searchLater = (afterMs: number) => { vi.setSystemTime(clock += afterMs); return memory.search(quiet, { q: 'harvest', mode: 'keyword', limit: 1, vector: null }); };
  try {
    await memory.store(quiet, rowsOf(0, UNINDEXED_AT_REST_MIN / 2));
    expect(await memory.upkeep(quiet)).toBe('not_needed');
    await searchLater(0);
    await memory.store(quiet, rowsOf(1_000, UNINDEXED_AT_REST_MIN / 2));
    await searchLater(SETTLE_AFTER_MS);
    expect(await memory.upkeep(quiet), 'somebody wrote since the last look').toBe('not_needed');
    expect(await outside()).toBe(UNINDEXED_AT_REST_MIN);
    await searchLater(SETTLE_AFTER_MS - 1);
    expect(await memory.upkeep(quiet), 'not for long enough').toBe('not_needed');
    expect(await outside()).toBe(UNINDEXED_AT_REST_MIN);
    await searchLater(1);
    await until(outside, (rows) => rows === 0, 'all is in the index');
  } finally { vi.useRealTimers(); }
});
