/**
 * One seed, one history: the real machine, the real carry-out, the real pipeline and the real ledger on a real Postgres, under a scheduler that
 * decides who moves next and what goes wrong: crashes, frozen workers that wake as stale ones, lost and doubled doorbells, lost requests, lost
 * answers, edits, overlapping pages, cancels, pauses, shutdowns, access and quota lost and regained. At the end the books must balance and the graph must be what the records say.
 */
import assert from 'node:assert/strict';
import { emptyProgress, type Outcome, type Progress } from '#contract/job';
import { LEASE_MS, RING_AGAIN_MS, STALL_MS } from '#contract/limits';
import { apply, type ObjectReply, type Ports } from '#durable-objects/carry-out';
import { newJob, wakeAt, type JobEvent, type JobState, type Rules } from '#durable-objects/job-machine';
import { mirror } from '#durable-objects/mirror';
import { toColumns, toRows, type Addressed, type Owner } from '#fly-worker/chunk';
import { LeaseLost, outcomeOf, Shutdown } from '#fly-worker/outcome';
import { runPipeline } from '#fly-worker/pipeline';
import { ProviderError } from '#fly-worker/provider';
import type { Connector } from '#contract/connector';
import { expectEvents, expectTruth, snapshotOf } from './truth.ts';
import { connectPlain, type Fate, type Rewrite, type SimulatedDatabase } from './postgres.ts';
import { derivedOf, hashOf, openSimulatedProvider, RANGE, STREAMS } from './provider.ts';

/** Ways to break the guarantee on purpose. A simulation that does not notice is worth nothing. */
export type Sabotage = 'no_fence' | 'no_seq' | 'status_only_gate' | 'fence_not_raised' | 'no_ring_again' | 'no_heal';

export type Stats = Record<'crashes' | 'frozen' | 'claims' | 'refused' | 'fenced' | 'lost_requests' | 'lost_answers' | 'lost_bells' | 'doubled_bells' | 'edits' | 'cancels' | 'pauses' | 'shutdowns' | 'resumes' | 'locked_out' | 'reconnects' | 'quota_gone' | 'room_again' | 'cures' | 'retries' | 'completed' | 'ticks', number>;
const zero = (): Stats => ({ crashes: 0, frozen: 0, claims: 0, refused: 0, fenced: 0, lost_requests: 0, lost_answers: 0, lost_bells: 0, doubled_bells: 0, edits: 0, cancels: 0, pauses: 0, shutdowns: 0, resumes: 0, locked_out: 0, reconnects: 0, quota_gone: 0, room_again: 0, cures: 0, retries: 0, completed: 0, ticks: 0 });

const TICKS_MAX = 6_000, HEARTBEAT_MS = 5_000;
const rules: Rules = { leaseMs: LEASE_MS, stallMs: STALL_MS, ringAgainMs: RING_AGAIN_MS };

/** mulberry32 */
const randomOf = (seed: number) => () => { seed |= 0; seed = seed + 0x6D2B79F5 | 0; let t = Math.imul(seed ^ seed >>> 15, 1 | seed); t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t; return ((t ^ t >>> 14) >>> 0) / 4294967296; };

const withoutFence: Rewrite = (text) => text.replace(/(j\.)?fence = (\$\d+)::bigint and/g, '($2::bigint is not null) and');
const withoutSeq: Rewrite = (text) => text.replace(/w\.seq = (\$\d+)::int and not w\.done/g, '($1::int is not null)');
const rewrites: Record<Sabotage, Rewrite> = {
  no_fence: withoutFence, no_seq: withoutSeq, status_only_gate: (t) => withoutSeq(withoutFence(t)), fence_not_raised: (t) => t, no_ring_again: (t) => t,
  no_heal: (t) => t.replace('gate.failed > 0', 'false'),
};

interface Actor { id: string; frozenUntil: number; crashed: boolean; shutdown: AbortController; lost: AbortController; lastBeat: number; fence: number | null; latest: Progress | null; beating: boolean }
interface Step { actor: Actor; run: () => Promise<unknown>; resolve: (v: unknown) => void; reject: (e: unknown) => void; isProvider: boolean }

const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Plays one history. Throws AssertionError, naming the seed, when the guarantee does not hold. */
export async function simulate(url: string, seed: number, sabotage: Sabotage | null = null): Promise<Stats> {
  const open: SimulatedDatabase[] = [];
  try {
    return await play(url, seed, sabotage, open);
  } finally {
    for (const db of open) await db.end();
  }
}

async function play(url: string, seed: number, sabotage: Sabotage | null, open: SimulatedDatabase[]): Promise<Stats> {
  const random = randomOf(seed), chance = (p: number) => random() < p, stats = zero();
  const tenantId = `sim${seed}${sabotage ?? ''}${process.pid}`, jobId = crypto.randomUUID(), connectionId = crypto.randomUUID();
  let calm = false;                                                            // set at the end: no more trouble
  const fate = (): Fate => {
    if (calm) return 'fine';
    // Trouble comes in bursts, as outages do.
    if (!chance(burst > 0 ? 0.5 : 0.04)) { burst--; return 'fine'; }
    burst = burst > 0 ? burst - 1 : 3;
    if (chance(0.5)) { stats.lost_requests++; return 'lost'; }
    stats.lost_answers++;
    return 'unheard';
  };
  let burst = 0, failure: unknown = null, quotaGone = false;
  const isTight = seed % 7 === 5;
  const landed = new Set<string>();
  const db = await connectPlain(url, fate, sabotage ? rewrites[sabotage] : (t) => t, ({ fence, chunk }, current) => {
    if (fence !== current) failure = new assert.AssertionError({ message: `seed ${seed}: chunk ${chunk} was committed under fence ${fence} when ${current} was current` });
    if (landed.has(chunk)) failure = new assert.AssertionError({ message: `seed ${seed}: chunk ${chunk} was committed twice` });
    landed.add(chunk);
  });
  open.push(db);
  const owner: SimulatedDatabase = db;
  await owner.query('insert into tenants (id, name, slug) values ($1, $1, $1)', [tenantId]);
  await owner.query('insert into connections (tenant_id, id, integration_id, account) values ($1, $2, \'outlook\', \'a\')', [tenantId, connectionId]);
  await owner.query('insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status_version) values ($1, $2, \'outlook\', $3, $4, $5, \'sim\', 1)', [tenantId, jobId, connectionId, RANGE.since, RANGE.until]);

  const bells: number[] = [];
  let now = 0, alarmAt: number | null = null, inAlarm = false;
  const provider = openSimulatedProvider(seed % 3 === 0);
  const lance: { id: string; hash: string }[] = [];
  const granted: number[] = [];
  let job: JobState = newJob({ jobId, tenantId, integrationId: 'outlook', connectionId, priority: 'normal', mode: 'backfill', startDate: Date.parse(RANGE.since), endDate: Date.parse(RANGE.until), chunkSize: 100, scope: 'personal', maxRetries: 3, createdAt: 0 }, emptyProgress);

  /** Sabotage: a lease ends, but its token stays current. */
  const lowered = (state: JobState): JobState => (sabotage === 'fence_not_raised' && !state.lease ? { ...state, fence: granted.at(-1) ?? 0 } : state);
  const ports: Ports = {
    rules, now: () => now, load: async () => job,
    save: async (state) => {
      job = lowered(state);
      const wake = wakeAt(state, now, rules);
      if (wake !== null && (alarmAt === null || wake < alarmAt)) alarmAt = wake;
    },
    mirror: (state, limited) => mirror(db, lowered(state), limited),
    ring: async (_, delayMs) => {
      if (sabotage === 'no_ring_again' && inAlarm) return;
      if (!calm && chance(0.1)) { stats.lost_bells++; return; }
      bells.push(now + delayMs);
      if (!calm && chance(0.1)) { stats.doubled_bells++; bells.push(now + delayMs + 500); }
    },
    broadcast: () => undefined,
  };
  const tell = (event: JobEvent): Promise<ObjectReply> => apply(ports, event);

  let steps: Step[] = [];
  const step = <T>(actor: Actor, run: () => Promise<T>, isProvider = false): Promise<T> => new Promise((resolve, reject) => { steps.push({ actor, run, resolve: resolve as (v: unknown) => void, reject, isProvider }); });

  const stepped = (actor: Actor) => ({
    tenant: (...args: Parameters<typeof db.tenant>) => step(actor, () => db.tenant(...args)),
    system: (...args: Parameters<typeof db.system>) => step(actor, () => db.system(...args)),
  });

  async function beat(actor: Actor): Promise<void> {
    if (actor.beating || actor.fence === null) return;
    actor.beating = true;
    const reply = await step(actor, () => tell({ type: 'beat', fence: actor.fence!, progress: actor.latest }));
    actor.beating = false;
    actor.lastBeat = now;
    if (!reply.ok) actor.lost.abort(new LeaseLost('refused'));
  }

  async function worker(actor: Actor): Promise<void> {
    const claim = await step(actor, () => tell({ type: 'claimed', workerId: actor.id }));
    if (!claim.ok) { stats.refused++; return; }
    stats.claims++;
    actor.fence = claim.fence;
    granted.push(claim.fence);
    const outcome = await run(actor, claim.fence).catch(outcomeOf);
    if (outcome === null) stats.fenced++;
    else await step(actor, () => tell({ type: 'released', fence: claim.fence, outcome }));
    actor.fence = null;
  }

  async function run(actor: Actor, fence: number): Promise<Outcome> {
    const shop = {
      db: stepped(actor), contentHash: hashOf,
      prepare: (owner: Owner, fresh: Addressed[]) => step(actor, async () => {
        const isPoison = (a: Addressed) => !provider.cured && seed % 4 === 0 && a.source.providerId === provider.ids[7];
        const good = fresh.filter((a) => !isPoison(a)), derived = good.map((a) => derivedOf(a.source));
        return { good: good.map((addressed, i) => ({ addressed, text: derived[i]!, vector: null })), rows: toColumns(toRows(owner, good, derived)), failed: fresh.filter(isPoison).map((addressed) => ({ addressed, message: 'poison' })) };
      }),
      remember: async (_: unknown, records: { addressed: { recordId: string; contentHash: string }; isNew: boolean }[]) => {
        const rows = records.map(({ addressed: a }) => ({ id: a.recordId, hash: a.contentHash }));
        const known = records.find(({ addressed: a, isNew }) => isNew && lance.some((l) => l.id === a.recordId && l.hash === a.contentHash));
        // a worker that slept through its lease cannot know better; what it writes is the race above
        if (known && granted.at(-1) === fence) failure = new assert.AssertionError({ message: `seed ${seed}: ${known.addressed.recordId} is called new and is in semantic memory already` });
        const absent = await step(actor, async () => rows.filter((r) => !lance.some((l) => l.id === r.id && l.hash === r.hash)));   // the race LanceDB really has
        await step(actor, async () => { lance.push(...absent); });
      },
    };
    const fetchPage = (_: unknown, { stream, span, cursor }: { stream: string; span: { since: string }; cursor: unknown }) => step(actor, async () => {
      if (isTight && !calm && chance(0.02)) { stats.locked_out++; throw new ProviderError('auth_expired', 'Reconnect the account.'); }
      if (!calm && chance(0.03)) throw new ProviderError('provider_unavailable', '504');
      if (!calm && chance(0.01)) throw new ProviderError('rate_limited', '429', { retryAfterMs: 5_000 });
      if (!calm && cursor !== null && chance(0.01)) throw new ProviderError('gone', 'the page token is too old');
      return provider.page(stream, span.since, cursor as number | null);
    }, true);
    const connector = { id: 'outlook', concurrencyMax: 1 + seed % 4, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => STREAMS } as unknown as Connector;
    const { progress, mismatch } = await runPipeline({
      mode: 'backfill',
      shop, connector, baseUrl: '', range: RANGE, signal: AbortSignal.any([actor.shutdown.signal, actor.lost.signal]),
      lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence }, provider: { fetchPage, pageSize: () => 100, get: async () => { throw new Error('unused'); } } as never,
      onProgress: (p) => { actor.latest = p; void beat(actor); },
    });
    return mismatch ? { kind: 'failed', reason: 'ledger_mismatch', message: mismatch } : { kind: 'completed', progress };
  }

  const actors = new Set<Actor>();
  function spawn(): void {
    const actor: Actor = { id: `w${stats.claims + stats.refused}`, frozenUntil: 0, crashed: false, shutdown: new AbortController(), lost: new AbortController(), lastBeat: now, fence: null, latest: null, beating: false };
    actors.add(actor);
    void worker(actor).catch((error: unknown) => { actor.crashed = true; failure ??= error; }).finally(() => actors.delete(actor));
  }

  async function advance(chosen: Step): Promise<void> {
    steps = steps.filter((s) => s !== chosen);
    await chosen.run().then(chosen.resolve, chosen.reject);
    await flush();
  }

  /** Access and quota that are lost and come back, apart or both at once. */
  async function tightTimes(): Promise<void> {
    if (chance(quotaGone ? 0.05 : 0.01)) {
      quotaGone = !quotaGone;
      await owner.query('update tenants set acu_per_month = $2 where id = $1', [tenantId, quotaGone ? 0 : null]);
      if (quotaGone) stats.quota_gone++;
    }
    if (job.status !== 'paused' || !chance(0.1)) return;
    if (job.reason === 'auth_expired') { stats.reconnects++; await tell({ type: 'reconnected' }); }
    else if (!quotaGone && (job.reason === 'quota_exhausted' || job.reason === 'too_many_jobs')) { stats.room_again++; await tell({ type: 'room_again' }); }
  }

  async function users(): Promise<void> {
    if (isTight) await tightTimes();
    if (job.status === 'failed' || job.status === 'paused' || (job.status === 'cancelled' && job.reason === 'abandoned')) {
      if (chance(0.1)) { stats.resumes++; await tell({ type: 'resumed' }); }
      return;
    }
    if (seed % 5 === 0 && chance(0.004)) { stats.cancels++; await tell({ type: 'cancelled' }); }
    if (seed % 3 === 1 && chance(0.004)) { stats.pauses++; await tell({ type: 'paused' }); }
    if (seed % 8 === 4 && !provider.cured && chance(0.01)) { stats.cures++; provider.cured = true; }
    if (chance(0.02)) { const id = provider.ids[Math.floor(random() * provider.ids.length)]!; provider.revisions.set(id, provider.revisions.get(id)! + 1); stats.edits++; }
  }

  const over = () => job.status === 'completed' || (job.status === 'cancelled' && job.reason !== 'abandoned');
  /** Somebody tries the failed records again, when nothing is in their way any more. */
  const retry = async (): Promise<boolean> => {
    if (job.status !== 'completed' || job.progress.ledger.failed === 0 || seed % 8 !== 0 || stats.retries >= 2) return false;
    provider.cured ||= stats.retries > 0;
    if (!(await tell({ type: 'failures_retried' })).ok && over()) return false;          // no quota: nothing was tried
    stats.retries++;
    return true;
  };
  await tell({ type: 'started' });
  while (!over() || await retry()) {
    assert(++stats.ticks < TICKS_MAX, `seed ${seed}: no end in sight (${job.status}, ${job.reason}, waits for a bell that nobody rings?)`);
    now += Math.floor(random() * 600);
    await users();
    if (alarmAt !== null && now >= alarmAt) { alarmAt = null; inAlarm = true; await tell({ type: 'alarm' }); inAlarm = false; const wake = wakeAt(job, now, rules); if (wake !== null) alarmAt = Math.min(alarmAt ?? wake, wake); }
    const due = bells.findIndex((at) => at <= now);
    if (due >= 0) { bells.splice(due, 1); spawn(); }
    for (const actor of actors) if (!actor.crashed && actor.frozenUntil <= now && now - actor.lastBeat > HEARTBEAT_MS) void beat(actor);
    const ready = steps.filter((s) => !s.actor.crashed && s.actor.frozenUntil <= now);
    if (ready.length === 0) { now += 1_000; continue; }
    const chosen = ready[Math.floor(random() * ready.length)]!;
    if (chance(0.006)) { chosen.actor.crashed = true; stats.crashes++; if (chance(0.5)) await chosen.run().catch(() => undefined); steps = steps.filter((s) => s.actor !== chosen.actor); actors.delete(chosen.actor); continue; }
    if (chance(0.02)) { chosen.actor.frozenUntil = now + rules.leaseMs * (1 + random() * 3); stats.frozen++; continue; }
    if (chance(0.002)) { chosen.actor.shutdown.abort(new Shutdown('term')); stats.shutdowns++; }
    await advance(chosen);
    if (failure) throw failure;
  }

  calm = true;
  for (let i = 0; i < 50 && job.mirrored < job.version; i++) await tell({ type: 'alarm' });   // the mirror is repeated until Postgres has it
  const ended = await snapshotOf(owner, tenantId);
  for (let i = 0; i < 5_000 && steps.length > 0; i++) await advance(steps[Math.floor(random() * steps.length)]!);  // every stale worker finishes its thoughts
  if (failure) throw failure;
  assert.deepEqual(await snapshotOf(owner, tenantId), ended, `seed ${seed}: stop means stop: something was written after the job had ended`);
  const [row] = await owner.query('select fence::int as fence from historical_sync_jobs where tenant_id = $1', [tenantId]);
  assert(granted.every((f) => f < Number(row!.fence)), `seed ${seed}: a token that was granted is still current after its lease ended`);
  await expectTruth(owner, { seed, tenantId, jobId, connectionId, provider, lance, completed: job.status === 'completed', poison: seed % 4 === 0 ? provider.ids[7]! : null, mayHaveHealed: provider.cured, wasRetried: stats.retries === 2 });
  await expectEvents(owner, seed, tenantId, job.noted);
  if (job.status === 'completed') stats.completed = 1;
  return stats;
}
