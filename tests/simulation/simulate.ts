/**
 * One seed, one history: the real machine, the real carry-out, the real pipeline and the real ledger on a real Postgres, under a scheduler that
 * decides who moves next and what goes wrong: crashes, frozen workers that wake as stale ones, lost and doubled doorbells, lost requests, lost
<<<<<<< HEAD
 * answers, edits, overlapping pages, cancels, pauses, shutdowns, access and quota lost and regained. At the end the books must balance and the graph must be what the records say.
 * Every second history goes on with later syncs (later.ts).
 */
import assert from 'node:assert/strict';
=======
 * answers, edits, overlapping pages, cancels, pauses, shutdowns, access and quota lost and regained, memory that runs short. At the end the books must balance and the graph must be what the records say.
 */
import assert from 'node:assert/strict';
import { emptyProgress, type Outcome, type Progress } from '#contract/job';
import { LEASE_MS, RING_AGAIN_MS, STALL_MS } from '#contract/limits';
import { apply, type ObjectReply, type Ports } from '#durable-objects/carry-out';
import { newJob, wakeAt, type JobEvent, type JobState, type Rules } from '#durable-objects/job-machine';
import { mirror } from '#durable-objects/mirror';
import { toColumns, toRows, type Addressed, type Owner } from '#fly-worker/chunk';
import { LeaseLost, outcomeOf, Shutdown } from '#fly-worker/outcome';
import { openMemoryGuard } from '#fly-worker/memory-guard';
import { runPipeline } from '#fly-worker/pipeline';
>>>>>>> main
import { ProviderError } from '#fly-worker/provider';
import { openJob } from './job.ts';
import { abilitiesOf, mailboxOf, playLater, speakOf, streamOf, type Mailbox } from './later.ts';
import { openSimulatedProvider, RANGE } from './provider.ts';
import { settled, turn } from './scheduler.ts';
import { expectEvents, expectTruth } from './truth.ts';
import { openWorld, type Actor, type Sabotage, type Stats, type World } from './world.ts';

export type { Sabotage, Stats } from './world.ts';

const TICKS_MAX = 6_000;

/** Plays one history. Throws AssertionError, naming the seed, when the guarantee does not hold. */
export async function simulate(url: string, seed: number, sabotage: Sabotage | null = null): Promise<Stats> {
  const world = await openWorld(url, seed, sabotage, openSimulatedProvider(seed % 3 === 0));
  const box = seed % 2 === 1 ? mailboxOf(world) : null;
  try {
    await playBackfill(world, box);
    if (box && world.stats.completed) await playLater(world, box);
    return world.stats;
  } finally {
    await world.db.end();
  }
}

<<<<<<< HEAD
/** `box`: the history goes on, so changes are told of from the beginning. */
async function playBackfill(world: World, box: Mailbox | null): Promise<void> {
  const { seed, stats, random, chance, provider, tenantId } = world, owner = world.db;
  const isTight = seed % 7 === 5, landed = new Set<string>();
  let quotaGone = false;
  world.onChunk = ({ fence, chunk }, current) => {
    if (fence !== current) world.fail(`chunk ${chunk} was committed under fence ${fence} when ${current} was current`);
    if (landed.has(chunk)) world.fail(`chunk ${chunk} was committed twice`);
    landed.add(chunk);
=======
async function play(url: string, seed: number, sabotage: Sabotage | null, open: SimulatedDatabase[]): Promise<Stats> {
  const random = randomOf(seed), chance = (p: number) => random() < p, stats = zero();
  const tenantId = `sim${seed}${sabotage ?? ''}${process.pid}`, jobId = crypto.randomUUID(), connectionId = crypto.randomUUID();
  let calm = false;                                                            // set at the end: no more trouble
  const fate = (): Fate => {
    if (calm) return 'fine';
    // Trouble comes in bursts, as outages do.
    if (!chance(burst > 0 ? 0.5 : 0.06)) { burst--; return 'fine'; }
    burst = burst > 0 ? burst - 1 : 3;
    if (chance(0.5)) { stats.lost_requests++; return 'lost'; }
    stats.lost_answers++;
    return 'unheard';
  };
  let burst = 0, failure: unknown = null, quotaGone = false;
  const isTight = seed % 7 === 5, isPressed = seed % 4 === 3, pressing = randomOf(seed * 31);
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
  let job: JobState = newJob({ jobId, tenantId, integrationId: 'outlook', connectionId, priority: 'normal', mode: 'backfill', startDate: Date.parse(RANGE.since), endDate: Date.parse(RANGE.until), chunkSize: 100, scope: 'personal', maxRetries: 3, createdAt: 0, createdBy: 'sim' }, emptyProgress);

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
>>>>>>> main
  };
  const fetchPage = (actor: Actor) => (_: unknown, { stream, span, cursor }: { stream: string; span: { since: string }; cursor: unknown }) => world.step(actor, async () => {
    if (isTight && !world.calm && chance(0.02)) { stats.locked_out++; throw new ProviderError('auth_expired', 'Reconnect the account.'); }
    if (!world.calm && chance(0.03)) throw new ProviderError('provider_unavailable', '504');
    if (!world.calm && chance(0.01)) throw new ProviderError('rate_limited', '429', { retryAfterMs: 5_000 });
    if (!world.calm && cursor !== null && chance(0.01)) throw new ProviderError('gone', 'the page token is too old');
    return provider.page(stream, span.since, cursor as number | null);
  });
<<<<<<< HEAD
  const played = await openJob(world, 'backfill', RANGE, (actor) => ({ ...(box ? speakOf(world, box)(actor) : {}), fetchPage: fetchPage(actor) as never }), box ? abilitiesOf(world) : {}), { tell } = played;
=======

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
      shop, connector, baseUrl: '', range: RANGE, signal: AbortSignal.any([actor.shutdown.signal, actor.lost.signal]),
      lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence }, provider: { fetchPage, pageSize: () => 100, get: async () => { throw new Error('unused'); } } as never,
      onProgress: (p) => { actor.latest = p; void beat(actor); },
      ...(isPressed && { guard: openMemoryGuard({ memory: 1, rss: pressing, collect: () => undefined, now: () => now }) }),
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
>>>>>>> main

  /** Access and quota that are lost and come back, apart or both at once. */
  async function tightTimes(): Promise<void> {
    if (chance(quotaGone ? 0.05 : 0.01)) {
      quotaGone = !quotaGone;
      await owner.query('update tenants set acu_per_month = $2 where id = $1', [tenantId, quotaGone ? 0 : null]);
      if (quotaGone) stats.quota_gone++;
    }
    const { state } = played;
    if (state.status !== 'paused' || !chance(0.1)) return;
    if (state.reason === 'auth_expired') { stats.reconnects++; await tell({ type: 'reconnected' }); }
    else if (!quotaGone && (state.reason === 'quota_exhausted' || state.reason === 'too_many_jobs')) { stats.room_again++; await tell({ type: 'room_again' }); }
  }

  async function users(): Promise<void> {
    if (isTight) await tightTimes();
    const { status, reason } = played.state;
    if (status === 'failed' || status === 'paused' || (status === 'cancelled' && reason === 'abandoned')) {
      if (chance(0.1)) { stats.resumes++; await tell({ type: 'resumed' }); }
      return;
    }
    if (seed % 5 === 0 && chance(0.004)) { stats.cancels++; await tell({ type: 'cancelled' }); }
    if (seed % 3 === 1 && chance(0.004)) { stats.pauses++; await tell({ type: 'paused' }); }
    if (seed % 8 === 4 && !provider.cured && chance(0.01)) { stats.cures++; provider.cured = true; }
    if (chance(0.02)) { const id = provider.ids[Math.floor(random() * provider.ids.length)]!; provider.revisions.set(id, provider.revisions.get(id)! + 1); box?.journal.get(streamOf(id))!.push(id); stats.edits++; }
  }

  /** Somebody tries the failed records again, when nothing is in their way any more. */
  const retry = async (): Promise<boolean> => {
    if (played.state.status !== 'completed' || played.state.progress.ledger.failed === 0 || seed % 8 !== 0 || stats.retries >= 2) return false;
    provider.cured ||= stats.retries > 0;
    if (!(await tell({ type: 'failures_retried' })).ok && played.over()) return false;          // no quota: nothing was tried
    stats.retries++;
    return true;
  };
  await tell({ type: 'started' });
  while (!played.over() || await retry()) {
    assert(++stats.ticks < TICKS_MAX, `seed ${seed}: no end in sight (${played.state.status}, ${played.state.reason}, waits for a bell that nobody rings?)`);
    world.now += Math.floor(random() * 600);
    await users();
    await turn(world, played);
  }

  world.calm = true;
  await settled(world, played);
  const [row] = await owner.query('select fence::int as fence from historical_sync_jobs where tenant_id = $1', [tenantId]);
  assert(played.granted.every((f) => f < Number(row!.fence)), `seed ${seed}: a token that was granted is still current after its lease ended`);
  await expectTruth(owner, { seed, tenantId, jobId: played.id, connectionId: world.connectionId, provider, lance: world.lance, completed: played.state.status === 'completed', poison: seed % 4 === 0 ? provider.ids[7]! : null, mayHaveHealed: provider.cured, wasRetried: stats.retries === 2 });
  await expectEvents(owner, seed, tenantId, played.state.noted);
  if (played.state.status === 'completed') stats.completed = 1;
  if (quotaGone) await owner.query('update tenants set acu_per_month = null where id = $1', [tenantId]);
}
