/** One job of a history: its row, its object with alarm and doorbell, and the workers that claim it. All of it is the real code. */
import { emptyProgress, type JobMode, type Outcome } from '#contract/job';
import type { Connector, Span } from '#contract/connector';
import { apply, type ObjectReply, type Ports } from '#durable-objects/carry-out';
import { newJob, wakeAt, type JobEvent, type JobState } from '#durable-objects/job-machine';
import { mirror } from '#durable-objects/mirror';
import { toColumns, toRows, type Addressed, type Owner } from '#fly-worker/chunk';
import { openMemoryGuard } from '#fly-worker/memory-guard';
import { LeaseLost, outcomeOf } from '#fly-worker/outcome';
import { runPipeline } from '#fly-worker/pipeline';
import type { Provider } from '#fly-worker/provider';
import { derivedOf, hashOf, STREAMS } from './provider.ts';
import { idOf, randomOf, rules, type Actor, type World } from './world.ts';

/** How this history's provider is spoken to by one run: a new one per run, as in a worker. */
export type Speak = (actor: Actor) => Partial<Provider>;

export interface PlayedJob {
  readonly id: string;
  readonly state: JobState;
  /** Fences that were handed out. */
  readonly granted: number[];
  tell(event: JobEvent): Promise<ObjectReply>;
  /** Alarm and doorbells that are due. */
  tick(): Promise<void>;
  over(): boolean;
}

/** Inserts the job and tells its object. `abilities`: what the connector has besides pages. */
export async function openJob(world: World, mode: JobMode, range: Span, speak: Speak, abilities: Partial<Connector> = {}): Promise<PlayedJob> {
  const { db, tenantId, connectionId, seed, stats, chance, sabotage } = world, jobId = idOf(tenantId, 'job', String(stats.later_jobs));
  const isPressed = seed % 4 === 3, pressing = randomOf(seed * 31), hasBreaker = seed % 6 === 1, holds = randomOf(-seed);
  await db.query('insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status_version, mode) values ($1, $2, \'outlook\', $3, $4, $5, \'sim\', 1, $6)', [tenantId, jobId, connectionId, range.since, range.until, mode]);
  const bells: number[] = [], granted: number[] = [];
  let alarmAt: number | null = null, inAlarm = false;
  let job: JobState = newJob({ jobId, tenantId, integrationId: 'outlook', connectionId, priority: 'normal', mode, startDate: Date.parse(range.since), endDate: Date.parse(range.until), chunkSize: 100, scope: 'personal', maxRetries: 3, createdAt: 0, createdBy: 'sim' }, emptyProgress);

  /** Sabotage: a lease ends, but its token stays current. */
  const lowered = (state: JobState): JobState => (sabotage === 'fence_not_raised' && !state.lease ? { ...state, fence: granted.at(-1) ?? 0 } : state);
  const ports: Ports = {
    rules, now: () => world.now, load: async () => job,
    save: async (state) => {
      job = lowered(state);
      const wake = wakeAt(state, world.now, rules);
      if (wake !== null && (alarmAt === null || wake < alarmAt)) alarmAt = wake;
    },
    mirror: (state, limited) => mirror(db, lowered(state), limited),
    committed: async () => (sabotage === 'deaf' ? undefined : Number((await db.query('select chunks_completed as n from historical_sync_jobs where tenant_id = $1 and id = $2', [tenantId, jobId]))[0]!.n)),
    ring: async (_, delayMs) => {
      if (sabotage === 'no_ring_again' && inAlarm) return;
      if (!world.calm && chance(0.1)) { stats.lost_bells++; return; }
      bells.push(world.now + delayMs);
      if (!world.calm && chance(0.1)) { stats.doubled_bells++; bells.push(world.now + delayMs + 500); }
    },
    broadcast: () => undefined,
  };
  const tell = async (event: JobEvent): Promise<ObjectReply> => {
    const before = job, reply = await apply(ports, event);
    const claims = world.claimsSinceChunk.get(jobId) ?? 0;
    if (event.type === 'claimed' && reply.ok) world.claimsSinceChunk.set(jobId, claims + 1);
    if (job !== before && job.reason === 'abandoned' && before.lease && claims < before.facts.maxRetries - 1) world.fail(`given up although a chunk was stored ${claims} claims ago`);
    return reply;
  };

  const stepped = (actor: Actor) => ({
    tenant: (...args: Parameters<typeof db.tenant>) => world.step(actor, () => db.tenant(...args)),
    system: (...args: Parameters<typeof db.system>) => world.step(actor, () => db.system(...args)),
  });

  async function beat(actor: Actor): Promise<void> {
    if (actor.beating || actor.fence === null) return;
    actor.beating = true;
    const reply = await world.step(actor, () => tell({ type: 'beat', fence: actor.fence!, progress: actor.latest }));
    actor.beating = false;
    actor.lastBeat = world.now;
    if (!reply.ok) actor.lost.abort(new LeaseLost('refused'));
  }

  async function worker(actor: Actor): Promise<void> {
    // The door looks at the breaker first; what it says may be overtaken by anything.
    if (hasBreaker && !world.calm && holds() < 0.2 && (await world.step(actor, () => tell({ type: 'held', until: world.now + Math.floor(holds() * 60_000), message: 'Down.' }))).ok) { stats.held++; return; }
    const claim = await world.step(actor, () => tell({ type: 'claimed', workerId: actor.id }));
    if (!claim.ok) { stats.refused++; return; }
    stats.claims++;
    actor.fence = claim.fence;
    granted.push(claim.fence);
    const outcome = await run(actor, claim.fence).catch(outcomeOf);
    if (outcome === null) stats.fenced++;
    else await world.step(actor, () => tell({ type: 'released', fence: claim.fence, outcome }));
    actor.fence = null;
  }

  async function run(actor: Actor, fence: number): Promise<Outcome> {
    const { provider } = world;
    const shop = {
      db: stepped(actor), contentHash: hashOf,
      prepare: (owner: Owner, fresh: Addressed[]) => world.step(actor, async () => {
        const isPoison = (a: Addressed) => !provider.cured && seed % 4 === 0 && a.source.providerId === provider.ids[7];
        world.inHand = new Set(fresh.map((a) => a.recordId));
        const good = fresh.filter((a) => !isPoison(a)), derived = good.map((a) => derivedOf(a.source));
        return { good: good.map((addressed, i) => ({ addressed, text: derived[i]!, vector: null })), rows: toColumns(toRows(owner, good, derived)), failed: fresh.filter(isPoison).map((addressed) => ({ addressed, message: 'poison' })) };
      }),
      remember: async (_: unknown, records: { addressed: { recordId: string; contentHash: string }; isNew: boolean }[]) => {
        const rows = records.map(({ addressed: a }) => ({ id: a.recordId, hash: a.contentHash })), stands = (r: { id: string; hash: string }) => world.lance.find((l) => l.id === r.id && l.hash === r.hash);
        const known = records.find(({ addressed: a, isNew }) => isNew && stands({ id: a.recordId, hash: a.contentHash }));
        // a worker that slept through its lease cannot know better; what it writes is the race above
        if (known && granted.at(-1) === fence) world.fail(`${known.addressed.recordId} is called new and is in semantic memory already`);
        const absent = await world.step(actor, async () => rows.filter((r) => !stands(r)));   // the race LanceDB really has
        await world.step(actor, async () => {
          // What was deleted in between is a conflict, and LanceDB merges again (150 of 150 tries); what was inserted in between is none, and stands there twice.
          const missing = rows.filter((row) => absent.includes(row) || !stands(row));
          for (const row of rows) { const there = stands(row); if (there) there.at = world.now; }
          world.lance.push(...missing.map((row) => ({ ...row, at: world.now })));
        });
      },
    };
    const connector = { id: 'outlook', concurrencyMax: 1 + seed % 4, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => STREAMS, ...abilities } as unknown as Connector;
    const { progress, mismatch } = await runPipeline({
      shop, connector, baseUrl: '', mode, range, signal: AbortSignal.any([actor.shutdown.signal, actor.lost.signal]),
      lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence }, provider: { pageSize: () => 100, get: async () => { throw new Error('unused'); }, ...speak(actor) } as Provider,
      onProgress: (p) => { actor.latest = p; void beat(actor); },
      ...(isPressed && { guard: openMemoryGuard({ memory: 1, rss: pressing, collect: () => undefined, now: () => world.now }) }),
    });
    return mismatch ? { kind: 'failed', reason: 'ledger_mismatch', message: mismatch } : { kind: 'completed', progress };
  }

  function spawn(): void {
    const actor: Actor = {
      id: `w${stats.claims + stats.refused}`, frozenUntil: 0, crashed: false, shutdown: new AbortController(), lost: new AbortController(), lastBeat: world.now, fence: null, latest: null, beating: false, beat: () => beat(actor),
    };
    world.actors.add(actor);
    void worker(actor).catch((error: unknown) => { actor.crashed = true; world.failure ??= error; }).finally(() => world.actors.delete(actor));
  }

  return {
    id: jobId, granted, tell,
    get state() { return job; },
    async tick() {
      if (alarmAt !== null && world.now >= alarmAt) { alarmAt = null; inAlarm = true; await tell({ type: 'alarm' }); inAlarm = false; const wake = wakeAt(job, world.now, rules); if (wake !== null) alarmAt = Math.min(alarmAt ?? wake, wake); }
      const due = bells.findIndex((at) => at <= world.now);
      if (due >= 0) { bells.splice(due, 1); spawn(); }
    },
    over: () => job.status === 'completed' || (job.status === 'cancelled' && job.reason !== 'abandoned'),
  };
}
