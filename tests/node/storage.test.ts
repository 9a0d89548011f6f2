/** Semantic memory on an object store: the same rows as in a folder, several writers at once, and no store that loses commits. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startObjectStore, type ObjectStore } from '#dev/object-store';
import { openSemanticMemory, type MemoryRow } from '#fly-worker/semantic/memory';
import { probeStorage, StorageError, storageOf, type StorageSettings } from '#fly-worker/semantic/storage';

let store: ObjectStore, settings: StorageSettings;
beforeEach(async () => { store = await startObjectStore(); settings = { uri: 's3://memory/lance', accessKeyId: 'AKEY', secretAccessKey: 'very-secret', endpoint: store.endpoint }; });
afterEach(() => store.stop());

const space = { tenant: 'acme', embedder: { id: 'test-8', dims: 8 } };
const row = (recordId: string, text: string): MemoryRow => ({ recordId, contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title: 'T', text, parts: [], people: [], url: null, vector: Float32Array.from({ length: 8 }, (_, i) => (i === text.length % 8 ? 1 : 0.1)) });

describe('the probe at start-up', () => {
  it('is content with a store that refuses the second write, and leaves nothing behind', async () => {
    await expect(probeStorage(settings)).resolves.toBeUndefined();
    expect(store.objects.size).toBe(0);
  });
  it('refuses a store that ignores conditions, with what to use instead', async () => {
    store.ignoresConditions = true;
    await expect(probeStorage(settings)).rejects.toThrow(/ignores If-None-Match.*R2, Tigris/s);
  });
  it('says so when the keys are refused or nobody answers, without the keys', async () => {
    store.refuses = true;
    await expect(probeStorage(settings)).rejects.toThrow(/refused to write.*403/s);
    const gone = await probeStorage({ ...settings, endpoint: 'http://127.0.0.1:9' }).catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(StorageError);
    expect(String(gone)).toMatch(/does not answer/);
    expect(String(gone)).not.toMatch(/very-secret|AKEY/);
  });
  it('asks nothing of a folder, and names what a bucket misses', async () => {
    await expect(probeStorage({ uri: '/somewhere' })).resolves.toBeUndefined();
    expect(storageOf({ uri: '/somewhere' })).toEqual({ uri: '/somewhere' });
    expect(() => storageOf({ uri: 's3://memory' })).toThrow(/AWS_ACCESS_KEY_ID/);
    expect(store.requests).toBe(0);
  });
});

describe('semantic memory on an object store', () => {
  it('stores, finds, compacts and forgets as in a folder', async () => {
    const memory = openSemanticMemory(storageOf(settings));
    expect(await memory.store(space, [row('a', 'the quick fox'), row('b', 'a lazy dog')])).toBe(2);
    expect(await memory.store(space, [row('a', 'the quick fox')])).toBe(0);
    await memory.upkeep(space);
    expect((await memory.search(space, { q: 'fox', mode: 'keyword', limit: 5, vector: null })).map((hit) => hit.recordId)).toEqual(['a']);
    await memory.remove('acme', [{ recordId: 'a', keep: null }], Date.now() + 1);
    expect(await memory.search(space, { q: 'fox', mode: 'keyword', limit: 5, vector: null })).toEqual([]);
    expect([...store.objects.keys()].every((key) => key.startsWith('memory/lance/acme/'))).toBe(true);
    await memory.dropOthers('acme', []);
    expect(await memory.stats(space)).toBeNull();
    await memory.close();
  });

  it('loses nothing of a worker that is stopped anywhere while it creates the table, nor what others store meanwhile', async () => {
    for (let stopAt = 1, wasStopped = true; wasStopped; stopAt += 1) {
      const where = { ...space, tenant: `stopped-${stopAt}` }, late = openSemanticMemory(storageOf({ ...settings, accessKeyId: 'LATE' })), other = openSemanticMemory(storageOf(settings));
      const stopped = Promise.withResolvers<void>(), goesOn = Promise.withResolvers<void>();
      let asked = 0;
      wasStopped = false;
      store.before = async (by) => { if (by !== 'LATE') return; asked += 1; if (asked >= stopAt) { wasStopped = true; stopped.resolve(); await goesOn.promise; } };
      const storing = late.store(where, [row('late', 'late')]);
      await Promise.race([stopped.promise, storing]);
      await other.store(where, [row('other', 'other')]);
      goesOn.resolve();
      await storing;
      const ids = (await other.search(where, { q: 'late other', mode: 'keyword', limit: 5, vector: null })).map((hit) => hit.recordId).toSorted();
      expect(ids, `stopped at request ${stopAt}`).toEqual(['late', 'other']);
      for (const memory of [late, other]) await memory.close();
    }
  }, 120_000);

  it('loses nothing when two workers write at once', async () => {
    const workers = [openSemanticMemory(storageOf(settings)), openSemanticMemory(storageOf(settings))];
    await workers[0]!.store(space, [row('first', 'first')]);
    await Promise.all(workers.flatMap((memory, w) => Array.from({ length: 8 }, (_, i) => memory.store(space, [row(`${w}-${i}`, `text ${w} ${i}`), row(`${w}-${i}-x`, 'more')]))));
    expect((await workers[1]!.stats(space))?.rows).toBe(1 + 2 * 8 * 2);
    for (const memory of workers) await memory.close();
  });
});
