/** The worker thread behind derive-thread.ts: cleaning, rules and local vectors, away from the thread that talks to the network. */
import { parentPort } from 'node:worker_threads';
import type { SourceRecord } from '#contract/connector';
import type { DerivedRecord } from '#contract/memory';
import { embedLocally } from './embed/local.ts';
import { derive } from './extract/derive.ts';

export interface DeriveAsk { id: number; records: SourceRecord[]; embed: boolean }
export type DeriveAnswer =
  | { id: number; derived: DerivedRecord[]; vectors: Float32Array<ArrayBuffer> | null }
  | { id: number; error: string };

parentPort?.on('message', ({ id, records, embed }: DeriveAsk) => {
  try {
    const derived = derive(records);
    const vectors = embed ? embedLocally(derived.map((record) => record.embeddable)) : null;
    parentPort?.postMessage({ id, derived, vectors } satisfies DeriveAnswer, vectors ? [vectors.buffer] : []);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.stack ?? error.message : String(error) } satisfies DeriveAnswer);
  }
});
