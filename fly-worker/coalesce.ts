/** Group commit: what is asked for while one batch is being written goes into the next one together. */

interface Waiting<T> { items: T[]; resolve(): void; reject(error: unknown): void }

/** `work` is called with at most `itemsMax` items (one caller's items are never split) and never twice at once. A failed batch fails its callers only. */
export function coalesced<T>(work: (items: T[]) => Promise<unknown>, itemsMax: number): (items: T[]) => Promise<void> {
  let waiting: Waiting<T>[] = [], running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      let count = 0;
      const batch = waiting.filter((w, i) => (count += w.items.length) <= itemsMax || i === 0);
      waiting = waiting.slice(batch.length);
      try {
        await work(batch.flatMap((w) => w.items));
        for (const w of batch) w.resolve();
      } catch (error) {
        for (const w of batch) w.reject(error);
      }
    }
    running = false;
  }
  return (items) => new Promise((resolve, reject) => {
    waiting.push({ items, resolve, reject });
    if (!running) void run();
  });
}
