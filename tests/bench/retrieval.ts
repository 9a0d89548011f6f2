/** Prints how well search finds, on the judged Cranfield collection (not part of the project): node tests/bench/retrieval.ts [folder] */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vectorAt } from '#fly-worker/embed/embedder';
import { localEmbedder } from '#fly-worker/embed/local';
import { openSemanticMemory } from '#fly-worker/semantic/memory';

const folder = process.argv[2] ?? join(import.meta.dirname, '../../../shared/data/retrieval-cranfield'), LIMIT = 10;
const read = (name: string): string => readFileSync(join(folder, name), 'utf8').replaceAll('\r', '');
const field = (block: string, name: string): string => new RegExp(String.raw`^\.${name}\n([\s\S]*?)(?=^\.[TABW]\n|$(?![\s\S]))`, 'm').exec(block)?.[1]?.replace(/\s+/g, ' ').trim() ?? '';

const documents = read('cran.all.1400').split(/^\.I /m).slice(1).map((block) => ({ id: /^\d+/.exec(block)![0], title: field(block, 'T'), text: field(block, 'W') }));
const queries = read('cran.qry').split(/^\.I /m).slice(1).map((block, index) => ({ number: index + 1, text: field(block, 'W') }));
const judged = new Map<number, Map<string, number>>();
for (const line of read('cranqrel').trim().split('\n')) {
  const [query, document, grade] = line.trim().split(/\s+/).map(Number) as [number, number, number];
  judged.set(query, (judged.get(query) ?? new Map<string, number>()).set(String(document), grade < 1 ? 0 : 5 - grade));
}
const gainOf = (grades: number[]): number => grades.reduce((sum, grade, rank) => sum + (2 ** grade - 1) / Math.log2(rank + 2), 0);

const embedder = localEmbedder(), place = mkdtempSync(join(tmpdir(), 'retrieval-')), memory = openSemanticMemory({ uri: place }), space = { tenant: 'bench', embedder };
const vectors = await embedder.embed(documents.map(({ title, text }) => `${title}\n${text}`));
await memory.store(space, documents.map(({ id, title, text }, row) => ({ recordId: id, contentHash: 'h', integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: 0, title, text, parts: [], people: [], url: null, vector: vectorAt(vectors, embedder.dims, row) })));
await memory.upkeep(space);

const table: Record<string, string | number>[] = [];
for (const mode of ['keyword', 'semantic', 'hybrid'] as const) {
  let gain = 0, recall = 0;
  const times: number[] = [], asked = queries.filter(({ number }) => judged.has(number));
  for (const { number, text } of asked) {
    const grades = judged.get(number)!, vector = vectorAt(await embedder.embed([text]), embedder.dims, 0), startedAt = performance.now();
    const found = (await memory.search(space, { q: text, mode, limit: LIMIT, vector })).slice(0, LIMIT).map(({ recordId }) => grades.get(recordId) ?? 0);
    times.push(performance.now() - startedAt);
    const ideal = [...grades.values()].sort((a, b) => b - a).slice(0, LIMIT);
    gain += gainOf(found) / (gainOf(ideal) || 1);
    recall += found.filter((grade) => grade > 0).length / (ideal.filter((grade) => grade > 0).length || 1);
  }
  times.sort((a, b) => a - b);
  table.push({ mode, 'nDCG@10': (gain / asked.length).toFixed(3), 'recall@10': (recall / asked.length).toFixed(3), 'p50 ms': times[asked.length >> 1]!.toFixed(1), 'p95 ms': times[Math.floor(asked.length * 0.95)]!.toFixed(1) });
}
console.table(table);
await memory.close();
rmSync(place, { recursive: true });
