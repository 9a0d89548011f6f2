/** Questions in other words than their mail's: what the vector leg is for. The figures are in `npm run bench:search`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { vectorAt } from '#fly-worker/embed/embedder';
import { localEmbedder } from '#fly-worker/embed/local';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { coverage, fold, termsOf } from '#fly-worker/semantic/terms';
import { paraphrases } from '../bench/paraphrases.ts';

const embedder = localEmbedder(), space = { tenant: 'paraphrases', embedder };
let dir: string, memory: SemanticMemory;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hsync-paraphrases-'));
  memory = openSemanticMemory({ uri: dir });
  const vectors = await embedder.embed(paraphrases.map(({ title, text }) => `${title}\n${text}`));
  await memory.store(space, paraphrases.map(({ title, text }, i) => ({ recordId: String(i), contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title, text, parts: [], people: [], url: null, vector: vectorAt(vectors, embedder.dims, i) })));
});
afterAll(async () => { await memory.close(); rmSync(dir, { recursive: true }); });

it('no question shares a word with its mail', () => {
  for (const { title, text, q } of paraphrases) expect(coverage(termsOf(q), fold(`${title}\n${text}`)), q).toBe(0);
});

it('hybrid finds most of them where keywords find none', async () => {
  const found = { keyword: 0, hybrid: 0 };
  for (const [i, { q }] of paraphrases.entries()) {
    const vector = vectorAt(await embedder.embed([q]), embedder.dims, 0);
    for (const mode of ['keyword', 'hybrid'] as const) if ((await memory.search(space, { q, mode, limit: 10, vector })).slice(0, 10).some(({ recordId }) => recordId === String(i))) found[mode] += 1;
  }
  expect(found.keyword).toBe(0);
  expect(found.hybrid).toBeGreaterThan(paraphrases.length * 0.7);
});
