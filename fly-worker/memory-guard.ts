/**
 * How much at once, as memory allows: resident memory against the machine's -> fewer pages at a time, smaller ones, garbage collected.
 * Back-pressure only: a page at a time always goes on, so a job gets slower and never stops. A pure rule, and the thin edge that measures.
 */
import { COLLECT_AGAIN_MS, MEMORY_HIGH, MEMORY_SEVERE, MEMORY_SLACK, PAGE_SIZE_MIN, WINDOWS_IN_FLIGHT_MAX } from '#contract/limits';

/** `high`: on the way to the limit. `severe`: close to it. */
export type Pressure = 'none' | 'high' | 'severe';

/** What may go on at once in this process. `pageShare`: part of the page size that a job asks for. */
interface Allowance { pagesAtOnce: number; pageShare: number; readsAhead: boolean; collects: boolean }

export const allowances: Record<Pressure, Allowance> = {
  none: { pagesAtOnce: Infinity, pageShare: 1, readsAhead: true, collects: false },
  high: { pagesAtOnce: WINDOWS_IN_FLIGHT_MAX, pageShare: 1 / 2, readsAhead: false, collects: true },
  severe: { pagesAtOnce: 1, pageShare: 1 / 10, readsAhead: false, collects: true },
};

/** Up at the mark, down only well below it: otherwise every collection would be followed by the next crowd. Bytes. */
export function pressureAt(rss: number, memory: number, before: Pressure): Pressure {
  const share = rss / memory, stays = (mark: number, was: boolean): boolean => share >= (was ? mark - MEMORY_SLACK : mark);
  if (stays(MEMORY_SEVERE, before === 'severe')) return 'severe';
  return stays(MEMORY_HIGH, before !== 'none') ? 'high' : 'none';
}

/** The page size that a window may begin with. */
export const pageSizeUnder = (pressure: Pressure, wanted: number): number => Math.max(Math.min(wanted, PAGE_SIZE_MIN), Math.floor(wanted * allowances[pressure].pageShare));

export interface MemoryGuard {
  readonly pressure: Pressure;
  /** Resolves when another page may be fetched and stored; call the answer when it is. Rejects with the reason of a signal that is aborted meanwhile. */
  enter(...signals: AbortSignal[]): Promise<() => void>;
}

interface GuardOptions {
  /** The machine's memory, bytes. */
  memory: number;
  rss(): number;
  collect(): void;
  now?: () => number;
  /** Told when the pressure changes. */
  onChange?: (pressure: Pressure, rss: number) => void;
}

export function openMemoryGuard({ memory, rss, collect, now = () => Date.now(), onChange }: GuardOptions): MemoryGuard {
  const line: (() => void)[] = [];
  let pressure: Pressure = 'none', inside = 0, collectedAt = -Infinity;

  function measure(): Allowance {
    const bytes = rss(), next = pressureAt(bytes, memory, pressure);
    if (next !== pressure) { pressure = next; onChange?.(next, bytes); }
    const allowance = allowances[pressure];
    if (allowance.collects && now() - collectedAt >= COLLECT_AGAIN_MS) { collectedAt = now(); collect(); }
    return allowance;
  }
  function leave(): void {
    inside -= 1;
    const { pagesAtOnce } = measure();
    while (line.length > 0 && inside < pagesAtOnce) { inside += 1; line.shift()!(); }
  }
  return {
    get pressure() { return pressure; },
    async enter(...signals) {
      if (inside < measure().pagesAtOnce) inside += 1;
      else await waitInLine(line, signals);
      let left = false;
      return () => { if (!left) { left = true; leave(); } };
    },
  };
}

/** Whoever is let in was counted by the one who let them in. */
function waitInLine(line: (() => void)[], signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = signals.find((s) => s.aborted);
    if (stopped) return reject(stopped.reason as Error);
    const enter = (): void => { forget(); resolve(); };
    const stop = (event: Event): void => { forget(); line.splice(line.indexOf(enter), 1); reject((event.target as AbortSignal).reason as Error); };
    const forget = (): void => { for (const s of signals) s.removeEventListener('abort', stop); };
    for (const s of signals) s.addEventListener('abort', stop);
    line.push(enter);
  });
}
