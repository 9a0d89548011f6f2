/** The worker thread behind derive-thread.ts: cleaning, rules, local vectors and the ledger's rows, away from the thread that talks to the network. */
import { parentPort } from 'node:worker_threads';
import type { DerivedRecord } from '#contract/memory';
import { toColumns, toRows, type Addressed, type ChunkColumns, type Owner } from './chunk.ts';
import { embedLocally } from './embed/local.ts';
import { derive } from './extract/derive.ts';
import { collectGarbage } from './garbage.ts';

export type DeriveAsk = { id: number; owner: Owner; fresh: Addressed[]; embed: boolean } | 'collect';
/** What semantic memory needs of a record. Facts stay here: they leave as rows. */
export type DerivedText = Pick<DerivedRecord, 'title' | 'text' | 'parts' | 'people' | 'passages'>;
export type DeriveAnswer =
  | { id: number; texts: DerivedText[]; rows: ChunkColumns; vectors: Float32Array<ArrayBuffer> | null }
  | { id: number; error: string };

parentPort?.on('message', (ask: DeriveAsk) => {
  if (ask === 'collect') return collectGarbage();
  const { id, owner, fresh, embed } = ask;
  try {
    const derived = derive(fresh.map((f) => f.source));
    const vectors = embed ? embedLocally(derived.flatMap(({ passages }) => passages.map((passage) => passage.embeddable))) : null;
    // With the vectors made, what they were made from has served.
    const texts = derived.map(({ title, text, parts, people, passages }): DerivedText => ({ title, text, parts, people, passages: embed ? passages.map((passage) => ({ ...passage, embeddable: '' })) : passages }));
    parentPort?.postMessage({ id, texts, rows: toColumns(toRows(owner, fresh, derived)), vectors } satisfies DeriveAnswer, vectors ? [vectors.buffer] : []);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.stack ?? error.message : String(error) } satisfies DeriveAnswer);
  }
});
