/** What a worker machine tells Prometheus. Labels are closed lists (integration, outcome, status class): no tenant, job, account or address ever becomes one. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { emptyLedger, type Ledger, type Progress } from '#contract/job';
import { METRICS_MEMORY_EVERY_MS } from '#contract/limits';
import type { RequestSeen } from './provider.ts';
import type { MemoryFigures } from './semantic/memory.ts';
import type { SweptKind } from './sweep.ts';

/** What can be asked of the process at the moment of a scrape. */
export interface Looks {
  busy(): number;
  draining(): boolean;
  /** 0: none, 1: high, 2: severe. */
  pressure(): number;
  /** Of the whole platform, seen from here; null: Postgres did not say. */
  queue(): Promise<{ jobs: number; oldestSeconds: number } | null>;
  /** Of the datasets that are open here. */
  memory(): Promise<MemoryFigures>;
  now?: () => number;
}

/** Told by the runner, as it happens. */
export interface RunMetrics {
  request(integration: string, seen: RequestSeen): void;
  /** One page, with everything that was waited and tried again for it. */
  page(integration: string, durationMs: number): void;
  /** The job's books as they stand; the first of a run only says where it begins. */
  books(run: object, integration: string, progress: Progress): void;
  /** A lease taken or renewed; null: given back. */
  lease(jobId: string, held: object | null): void;
  /** How a run ended; `fenced`: it was no longer ours. */
  ended(integration: string, outcome: string): void;
}

export interface Metrics extends RunMetrics {
  /** Rows that a sweep deleted from semantic memory. */
  swept(kind: SweptKind, rows: number): void;
  /** Records that got vectors of their tenant's own embedder. */
  embedded(records: number): void;
  readonly contentType: string;
  /** The exposition: https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): Promise<string>;
}

const PAGE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120];
const OUTCOMES = Object.keys(emptyLedger).filter((name): name is Exclude<keyof Ledger, 'seen'> => name !== 'seen');

/** @param defaults also the process's own figures (memory, processor, event loop); they watch for as long as the process lives */
export function openMetrics(looks: Looks, { defaults }: { defaults: boolean }): Metrics {
  const registry = new Registry(), registers = [registry], now = looks.now ?? Date.now;
  if (defaults) collectDefaultMetrics({ register: registry });
  const records = new Counter({ registers, name: 'hsync_records_total', help: 'Records in committed chunks, by what became of them.', labelNames: ['integration', 'outcome'] });
  const chunks = new Counter({ registers, name: 'hsync_chunks_total', help: 'Committed chunks.', labelNames: ['integration'] });
  const requests = new Counter({ registers, name: 'hsync_provider_requests_total', help: 'Attempts at a provider, by class of status or what happened instead.', labelNames: ['integration', 'outcome'] });
  const throttled = new Counter({ registers, name: 'hsync_provider_throttled_total', help: 'Answers 429.', labelNames: ['integration'] });
  const retries = new Counter({ registers, name: 'hsync_provider_retries_total', help: 'Attempts after the first one of a request.', labelNames: ['integration'] });
  const pages = new Histogram({ registers, name: 'hsync_page_seconds', help: 'One page of a provider, waiting and retries included.', labelNames: ['integration'], buckets: PAGE_SECONDS });
  const runs = new Counter({ registers, name: 'hsync_runs_total', help: 'Runs of jobs, by how they ended here.', labelNames: ['integration', 'outcome'] });
  const sweptRows = new Counter({ registers, name: 'hsync_swept_rows_total', help: 'Rows deleted from semantic memory: left over by forgotten and edited records, or named by none.', labelNames: ['kind'] });
  for (const kind of ['leftover', 'unnamed'] satisfies SweptKind[]) sweptRows.inc({ kind }, 0);
  const embedded = new Counter({ registers, name: 'hsync_embedded_records_total', help: 'Records that got vectors of their tenant\'s own embedder.' });
  const booksOf = new WeakMap<object, Progress>(), renewedAt = new Map<string, number>();

  watch(registry, 'hsync_slots_busy', 'Jobs in hand.', looks.busy);
  watch(registry, 'hsync_draining', '1: takes no job any more.', () => Number(looks.draining()));
  watch(registry, 'hsync_memory_pressure', '0 none, 1 high, 2 severe.', looks.pressure);
  watch(registry, 'hsync_leases', 'Leases held.', () => renewedAt.size);
  watch(registry, 'hsync_lease_age_seconds', 'Since the renewal of the lease that has waited longest for one; 0 without leases.', () => (renewedAt.size === 0 ? 0 : (now() - Math.min(...renewedAt.values())) / 1000));
  watchQueue(registry, looks);
  watchMemory(registry, looks, now);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(integration, { outcome, attempt }) {
      requests.inc({ integration, outcome: typeof outcome === 'number' ? `${Math.floor(outcome / 100)}xx` : outcome });
      if (outcome === 429) throttled.inc({ integration });
      if (attempt > 1) retries.inc({ integration });
    },
    page: (integration, durationMs) => pages.observe({ integration }, durationMs / 1000),
    books(run, integration, progress) {
      const before = booksOf.get(run);
      booksOf.set(run, progress);
      if (!before) return;
      chunks.inc({ integration }, grown(before.chunks_completed, progress.chunks_completed));
      for (const outcome of OUTCOMES) records.inc({ integration, outcome }, grown(before.ledger[outcome], progress.ledger[outcome]));
      records.inc({ integration, outcome: 'removed' }, grown(before.records_removed, progress.records_removed));
    },
    lease(jobId, held) { if (held) renewedAt.set(jobId, now()); else renewedAt.delete(jobId); },
    embedded: (count) => embedded.inc(count),
    swept: (kind, rows) => sweptRows.inc({ kind }, rows),
    ended: (integration, outcome) => runs.inc({ integration, outcome }),
  };
}

/** A counter never falls; a record that is moved from failed to stored takes one away from the failed ones. */
const grown = (before: number, after: number): number => Math.max(0, after - before);

/** A figure that is looked up when somebody asks. */
function watch(registry: Registry, name: string, help: string, look: () => number | Promise<number>): void {
  registry.registerMetric(new Gauge({ registers: [], name, help, async collect() { this.set(await look()); } }));
}

function watchQueue(registry: Registry, looks: Looks): void {
  let asking: ReturnType<Looks['queue']> | null = null;
  // One question a scrape for both of them.
  const queue = () => asking ??= looks.queue().finally(() => { asking = null; });
  watch(registry, 'hsync_queue_jobs', 'Jobs that wait and are due, on the whole platform; NaN: Postgres did not say.', async () => (await queue())?.jobs ?? NaN);
  watch(registry, 'hsync_queue_oldest_seconds', 'How long the one of them that has waited longest has been due.', async () => (await queue())?.oldestSeconds ?? NaN);
}

/** Datasets are asked now and then only: each answer is a look at its files. */
function watchMemory(registry: Registry, looks: Looks, now: () => number): void {
  let askedAt = -Infinity, figures: Promise<MemoryFigures> | null = null;
  const latest = (): Promise<MemoryFigures> => {
    if (!figures || now() - askedAt >= METRICS_MEMORY_EVERY_MS) { askedAt = now(); figures = looks.memory(); }
    return figures;
  };
  const figure = (key: keyof MemoryFigures, name: string, help: string): void => watch(registry, name, help, async () => (await latest())[key]);
  figure('datasets', 'hsync_datasets_open', 'Datasets of semantic memory that are open here.');
  figure('unindexedRows', 'hsync_unindexed_rows', 'Rows outside the text index, of the open dataset that has most.');
  figure('fragments', 'hsync_fragments', 'Fragments of the open dataset that has most.');
  figure('cacheBytes', 'hsync_session_cache_bytes', 'What LanceDB\'s caches hold.');
  figure('cacheItems', 'hsync_session_cache_items', 'Things in LanceDB\'s caches.');
}
