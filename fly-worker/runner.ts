/** Takes jobs while there are any, one per slot: most urgent and oldest first. The doorbell only wakes it; Postgres says what waits, the job's object who may have it. */
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Connector } from '#contract/connector';
import type { Outcome, Progress } from '#contract/job';
import { ASK_AGAIN_MS, LOAD_OVER_MS } from '#contract/limits';
import type { Database } from '#migrations/database';
import { DoorError, type Claim, type Credentials, type Door, type ModelKey } from './door.ts';
import { connectorOf, ProviderError } from './connectors/index.ts';
import { ConnectionRemoved, LeaseLost, outcomeOf, Shutdown } from './outcome.ts';
import { openLoad } from './load.ts';
import { isUnavailable, toProgress, type Counters, type Lease } from './ledger.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { RunMetrics } from './metrics.ts';
import { runPipeline, type StoredChunk, type Workshop } from './pipeline.ts';
import { openProvider, type Provider, type RequestSeen } from './provider.ts';
import type { Tracer } from './tracing.ts';
import { openUsage } from './usage.ts';

export interface RunnerOptions {
  db: Database; door: Door; shop: Workshop & Enricher; slots: number;
  /** Lets pages in as memory allows. */
  guard?: MemoryGuard;
  /** Base URL of an integration's API, by environment name. */
  baseUrl(env: string, fallback: string): string;
  log(event: string, facts: Record<string, string | number | boolean | null>): void;
  /** Told whenever a lease is taken, renewed or given back, so that a supervisor can speak for us. */
  onLease?: (jobId: string, claim: Pick<Claim, 'token' | 'job'> | null) => void;
  /** Told what happens, to be counted. */
  metrics?: RunMetrics;
  /** Writes down what happened, for whoever collects traces. */
  tracer?: Tracer | null;
  /** Told when a job was completed: there is news in its tenant's memory. */
  onCompleted?: (tenantId: string) => void;
  /** The process before this one had been told to take no more jobs. */
  draining?: boolean;
}

/** The stage behind the line: see enrich/stage.ts. */
export interface Enricher { enrich(lease: Lease, key: ModelKey, signal: AbortSignal, onProgress: (counters: Counters) => void): Promise<Counters> }

export interface Runner {
  /** Somebody should look. False: every slot is busy (a busy slot looks again by itself when it is done). */
  ring(): boolean;
  readonly busy: number;
  /** Since when no slot has worked; null while one does. */
  readonly idleSince: number | null;
  /** Slots that worked lately, on average. */
  readonly load: number;
  /** Takes no job from now on. False, and nothing changes: a slot is busy. The answer and the closing are one step, so no job slips in between. `whenDone`: always true; busy slots end with what they have in hand. */
  drain(options?: { whenDone?: boolean }): boolean;
  readonly draining: boolean;
  /** Resolves when every slot has handed its job back. */
  stop(): Promise<void>;
}

/** Names asked for at once: enough that parallel slots find different jobs. */
const CANDIDATES = 20;
/** How long their order is believed, ms: every claim of somebody else changes who may go first. */
const CANDIDATES_STALE_MS = 250;

export function createRunner(options: RunnerOptions): Runner {
  const slots = new Set<Promise<void>>();
  const shutdown = new AbortController();
  const load = openLoad(LOAD_OVER_MS);
  let draining = options.draining ?? false, idleSince: number | null = Date.now();

  async function workThrough(): Promise<void> {
    while (!shutdown.signal.aborted && !draining) {
      const claim = await askAgain(() => claimNext(options, shutdown.signal), shutdown.signal, (error) => options.log('claim_failed', { error: error.message }));
      if (!claim) return;
      // Where one job waited there may be more: each slot that finds one wakes the next.
      ring();
      await work(options, claim, shutdown.signal);
    }
  }
  function ring(): boolean {
    if (draining || shutdown.signal.aborted || slots.size >= options.slots) return false;
    const slot = workThrough().catch((error: unknown) => options.log('drain_failed', { error: String(error) })).finally(() => {
      slots.delete(slot);
      load.is(slots.size);
      if (slots.size === 0) idleSince = Date.now();
    });
    slots.add(slot);
    load.is(slots.size);
    idleSince = null;
    return true;
  }
  return {
    ring,
    get busy() { return slots.size; },
    get idleSince() { return idleSince; },
    get load() { return load.mean; },
    drain({ whenDone = false } = {}) {
      if (slots.size > 0 && !whenDone) return false;
      draining = true;
      return true;
    },
    get draining() { return draining; },
    async stop() { shutdown.abort(new Shutdown('The worker is shutting down.')); await Promise.all(slots); },
  };
}

/** A Postgres or a front desk that is away for a moment must neither leave a job to the next bell nor end the try of one that runs. */
async function askAgain<T>(ask: () => Promise<T>, signal: AbortSignal, tell: (error: Error) => void): Promise<T> {
  for (const waitMs of ASK_AGAIN_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || !isUnavailable(error) && !(error instanceof DoorError)) throw error;
      tell(error);
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
    }
  }
  return ask();
}

/** The list is read again while it is walked: who may go first changes with every job that somebody else takes meanwhile. */
async function claimNext({ db, door, log }: RunnerOptions, signal: AbortSignal): Promise<Claim | null> {
  const refused = new Set<string>();
  for (;;) {
    const [waiting] = await db.system([sql`select tenant_id, job_id::text as job_id from next_pending_jobs(${CANDIDATES})`]), staleAt = Date.now() + CANDIDATES_STALE_MS;
    const open = ((waiting ?? []) as { tenant_id: string; job_id: string }[]).filter((one) => !refused.has(one.job_id));
    if (open.length === 0) return null;
    for (const { tenant_id, job_id } of open) {
      if (signal.aborted) return null;
      const answer = await door.claim(tenant_id, job_id);
      if (answer.ok) return answer.value;
      log('claim_refused', { job: job_id, tenant: tenant_id, message: answer.message });
      refused.add(job_id);
      if (Date.now() >= staleAt) break;
    }
  }
}

async function work(options: RunnerOptions, claim: Claim, shutdown: AbortSignal): Promise<void> {
  const { door, log, onLease, metrics } = options;
  const { job_id } = claim.job;
  const began = Date.now();
  log('claimed', who(claim));
  const held = (c: Claim | null): void => { onLease?.(job_id, c); metrics?.lease(job_id, c); };
  const lease = keepLease(door, claim, held);
  const outcome = await run(options, claim, AbortSignal.any([shutdown, lease.lost]), lease.report).catch(outcomeOf);
  await lease.end();
  if (outcome) await release(options, claim, outcome);
  if (outcome?.kind === 'completed') options.onCompleted?.(claim.job.tenant_id);
  held(null);
  metrics?.ended(claim.job.integration_id, outcome?.kind ?? 'fenced');
  log('let_go', { ...who(claim), outcome: outcome?.kind ?? 'fenced', took_ms: Date.now() - began });
}

async function run(options: RunnerOptions, claim: Claim, signal: AbortSignal, onProgress: (p: Progress) => void): Promise<Outcome> {
  const { db, door, shop, guard, metrics, log, tracer } = options, { job } = claim;
  const connector = connectorOf(job.integration_id);
  if (!connector) return { kind: 'failed', reason: 'internal_error', message: `This version has no connector for ${job.integration_id}.` };
  const asked = <T>(ask: () => Promise<T>): Promise<T> => askAgain(ask, signal, (error) => log('ask_failed', { ...who(claim), message: error.message }));
  const { url, token } = await sourceOf(options, connector, claim, asked);
  const lease: Lease = { tenantId: job.tenant_id, jobId: job.job_id, connectionId: job.connection_id, integrationId: job.integration_id, fence: claim.fence };
  const usage = openUsage(db, lease);
  const onRequest = (seen: RequestSeen): void => { usage.seen(seen); metrics?.request(connector.id, seen); };
  const { progress, mismatch } = await runPipeline({
    shop, connector, signal, lease, ...(tracer && { onChunk: ({ beganMs, ...chunk }: StoredChunk) => tracer.happened(lease, { name: 'chunk', kind: 'internal', beganMs, endedMs: Date.now(), ok: true, attributes: { 'window': chunk.window, 'window.seq': chunk.seq, 'records.met': chunk.met } }) }), onProgress: (now) => { metrics?.books(claim, connector.id, now); onProgress(now); }, mode: job.mode, baseUrl: url, ...(guard && { guard }),
    // An uploaded file is read from ourselves: nobody else is asked anything.
    provider: timed(metrics, tracer ?? null, lease, openProvider({ baseUrl: url, concurrencyMax: connector.concurrencyMax, token, signal, pageSize: job.chunk_size, meaningOf: connector.meaningOf, ...(connector.baseUrl && { onRequest }) })),
    range: { since: job.start_date, until: job.end_date },
  }).finally(usage.end);
  if (mismatch) return { kind: 'failed', reason: 'ledger_mismatch', message: mismatch };
  // Both memories are complete. What a model adds comes after them, and only with the tenant's own key.
  const key = await asked(() => door.modelKey(claim));
  if (!key.ok) throw new LeaseLost(key.message);
  if (key.value === null) return { kind: 'completed', progress };
  const told = (counters: Counters): Progress => toProgress(counters, progress.streams, progress.covered);
  return { kind: 'completed', progress: told(await shop.enrich(lease, key.value, signal, (counters) => onProgress(told(counters)))) };
}

/** The same provider; how long a page took is told. */
const timed = (metrics: RunMetrics | undefined, tracer: Tracer | null, lease: Lease, provider: Provider): Provider => (!metrics && !tracer ? provider : {
  ...provider,
  async fetchPage(connector, where) {
    const beganMs = Date.now(), began = performance.now();
    let ok = false;
    try {
      const page = await provider.fetchPage(connector, where);
      ok = true;
      return page;
    } finally {
      metrics?.page(lease.integrationId, performance.now() - began);
      tracer?.happened(lease, { name: 'page', kind: 'client', beganMs, endedMs: Date.now(), ok, attributes: { 'integration.id': lease.integrationId } });
    }
  },
});

/** Whose line of the log it is. */
const who = ({ fence, job }: Pick<Claim, 'fence' | 'job'>): { job: string; tenant: string; fence: number } => ({ job: job.job_id, tenant: job.tenant_id, fence });

interface Source { url: string; token(rejected?: string): Promise<string> }

/** Where the records come from, and what opens it: the account's API with the vault's tokens, or the uploaded file with the job's own. */
async function sourceOf({ door, baseUrl }: RunnerOptions, connector: Connector, claim: Claim, asked: <T>(ask: () => Promise<T>) => Promise<T>): Promise<Source> {
  if (connector.baseUrl === null) {
    return {
      url: door.archiveUrl,
      // Heartbeats bring newer ones all the time.
      token: (rejected) => (claim.token === rejected ? Promise.reject(new LeaseLost('The front desk no longer takes the token of this job.')) : Promise.resolve(claim.token)),
    };
  }
  const credentials = async (rejected?: string): Promise<Credentials> => {
    const answer = await asked(() => door.credentials(claim, rejected));
    if (answer.ok) return answer.value;
    switch (answer.kind) {
      case 'auth_expired': throw new ProviderError('auth_expired', answer.message);
      case 'connection_removed': throw new ConnectionRemoved(answer.message);
      case 'fenced': case 'refused': throw new LeaseLost(answer.message);
    }
  };
  const { env, fallback, perAccount } = connector.baseUrl;
  return { url: perAccount && (await credentials()).apiUrl || baseUrl(env, fallback), token: async (rejected) => (await credentials(rejected)).accessToken };
}

/** Gives the job back. A front desk that does not answer is asked again for nearly as long as the lease has left; after that it runs out by itself. */
async function release({ door, log }: RunnerOptions, claim: Claim, outcome: Outcome): Promise<void> {
  for (const waitMs of [...ASK_AGAIN_MS, 0]) {
    try {
      const answer = await door.release(claim, outcome);
      if (!answer.ok) log('release_refused', { ...who(claim), message: answer.message });
      return;
    } catch (error) {
      if (!(error instanceof DoorError)) throw error;
      log('release_failed', { ...who(claim), message: error.message });
      await pause(waitMs);
    }
  }
}

interface KeptLease {
  /** Aborted when the lease is no longer ours. */
  lost: AbortSignal;
  /** The newest progress; sent at once when nothing is on its way, else with the next beat. */
  report(progress: Progress): void;
  /** No beat afterwards. */
  end(): Promise<void>;
}

/** Heartbeats: every few seconds, and with every chunk. One on its way at a time. */
function keepLease(door: Door, claim: Claim, renewed: (claim: Claim) => void): KeptLease {
  const lost = new AbortController();
  let latest: Progress | null = null, sent: Progress | null = null, flight: Promise<void> | null = null, ended = false;
  let aliveUntil = Date.now() + claim.lease_seconds * 1000;
  renewed(claim);

  /** True: renewed, so a newer progress may follow at once. */
  async function beat(): Promise<boolean> {
    const progress = latest;
    try {
      const answer = await door.beat(claim, progress);
      if (!answer.ok) {
        lost.abort(new LeaseLost(answer.message));
        return false;
      }
      claim.token = answer.value;
      aliveUntil = Date.now() + claim.lease_seconds * 1000;
      sent = progress;
      if (!ended) renewed(claim);
      return true;
    } catch (error) {
      // No answer is not a no; but a lease that nobody renewed is over.
      if (Date.now() >= aliveUntil) lost.abort(new LeaseLost(`The lease ran out: ${error instanceof Error ? error.message : String(error)}`));
      return false;
    }
  }
  function start(): void {
    if (flight || ended || lost.signal.aborted) return;
    flight = beat().then((renewedNow) => { flight = null; if (renewedNow && latest !== sent) start(); });
  }
  const timer = setInterval(start, claim.heartbeat_seconds * 1000);
  return {
    lost: lost.signal,
    report(progress) { latest = progress; start(); },
    async end() { ended = true; clearInterval(timer); await flight; },
  };
}
