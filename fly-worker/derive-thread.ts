/** Derivation on worker threads: one is enough for 1,400 records/s. A thread that dies takes only its own calls with it and is replaced. */
import { Worker } from 'node:worker_threads';
import type { Addressed, ChunkColumns, Owner } from './chunk.ts';
import type { DeriveAnswer, DeriveAsk, DerivedText } from './derive-worker.ts';

/** Texts in the order asked, the ledger's rows of all of them, and vectors (flat, local embedder's dims for each passage of each text) when they were asked for. */
interface Derivation { texts: DerivedText[]; rows: ChunkColumns; vectors: Float32Array | null }

export interface DeriveThreads {
  /** Throws DeriveThreadError when the thread died or derivation itself failed; calling again is safe. */
  derive(owner: Owner, fresh: readonly Addressed[], options: { embed: boolean }): Promise<Derivation>;
  /** Has every thread collect its garbage. */
  collect(): void;
  /** Lets running calls end, then ends the threads. */
  close(): Promise<void>;
}

export class DeriveThreadError extends Error { override readonly name = 'DeriveThreadError'; }

interface Call { resolve(derivation: Derivation): void; reject(error: Error): void }
interface Thread { worker: Worker; calls: Map<number, Call> }

/** @param size threads; @param entry the thread's script, another one only in tests */
export function openDeriveThreads({ size = 1, entry = new URL('./derive-worker.ts', import.meta.url) }: { size?: number; entry?: URL } = {}): DeriveThreads {
  const threads: (Thread | null)[] = Array.from({ length: Math.max(1, size) }, () => null);
  let lastId = 0, closed = false;

  function start(slot: number): Thread {
    const worker = new Worker(entry), thread: Thread = { worker, calls: new Map() };
    // an idle thread keeps no process alive; a call does
    worker.unref();
    const died = (why: string) => {
      if (threads[slot] === thread) threads[slot] = null;
      for (const call of thread.calls.values()) call.reject(new DeriveThreadError(`The derivation thread died (${why}). The chunk can be tried again.`));
      thread.calls.clear();
    };
    worker.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => died(`exit code ${code}`));
    worker.on('message', (answer: DeriveAnswer) => {
      const call = thread.calls.get(answer.id);
      thread.calls.delete(answer.id);
      if (thread.calls.size === 0) worker.unref();
      if ('error' in answer) call?.reject(new DeriveThreadError(`Derivation failed: ${answer.error}`));
      else call?.resolve({ texts: answer.texts, rows: answer.rows, vectors: answer.vectors });
    });
    threads[slot] = thread;
    return thread;
  }

  const leastBusy = (): Thread => {
    let best = 0;
    for (let slot = 1; slot < threads.length; slot += 1) if ((threads[slot]?.calls.size ?? 0) < (threads[best]?.calls.size ?? 0)) best = slot;
    return threads[best] ?? start(best);
  };

  return {
    derive(owner, fresh, { embed }) {
      if (closed) return Promise.reject(new DeriveThreadError('The derivation threads are closed: the worker is shutting down.'));
      const thread = leastBusy(), id = lastId += 1;
      return new Promise((resolve, reject) => {
        thread.calls.set(id, { resolve, reject });
        thread.worker.ref();
        thread.worker.postMessage({ id, owner, fresh: fresh as Addressed[], embed } satisfies DeriveAsk);
      });
    },
    collect() { for (const thread of threads) thread?.worker.postMessage('collect' satisfies DeriveAsk); },
    async close() {
      closed = true;
      await Promise.all(threads.map(async (thread) => {
        if (!thread) return;
        await Promise.allSettled([...thread.calls.values()].map((call) => new Promise<void>((done) => {
          const { resolve, reject } = call;
          call.resolve = (value) => { resolve(value); done(); };
          call.reject = (error) => { reject(error); done(); };
        })));
        await thread.worker.terminate();
      }));
    },
  };
}
