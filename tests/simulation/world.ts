/** What all jobs of one history share: chance, time, trouble, the provider, both memories, and the steps that workers want to take. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Progress } from '#contract/job';
import { LEASE_MS, RING_AGAIN_MS, STALL_MS } from '#contract/limits';
import type { Rules } from '#durable-objects/job-machine';
import { connectPlain, type Fate, type Landed, type Rewrite, type SimulatedDatabase } from './postgres.ts';
import type { SimulatedProvider } from './provider.ts';

/** Ways to break the guarantee on purpose. A simulation that does not notice is worth nothing. */
export type Sabotage = 'no_fence' | 'no_seq' | 'status_only_gate' | 'fence_not_raised' | 'no_ring_again' | 'no_heal' | 'deaf' | 'sweep_when_broken' | 'forget_outside_gate' | 'token_before_chunk' | 'no_promotion' | 'erased_in_hand';

const COUNTED = ['crashes', 'frozen', 'claims', 'refused', 'fenced', 'lost_requests', 'lost_answers', 'lost_bells', 'doubled_bells', 'edits', 'cancels', 'pauses', 'shutdowns', 'resumes', 'locked_out', 'reconnects', 'quota_gone', 'room_again', 'held', 'cures', 'retries', 'activations', 'erased', 'completed', 'ticks',
  'later_jobs', 'deletes', 'returns', 'arrivals', 'veils', 'tokens_lost', 'removed', 'swept'] as const;
export type Stats = Record<(typeof COUNTED)[number], number>;

export const rules: Rules = { leaseMs: LEASE_MS, stallMs: STALL_MS, ringAgainMs: RING_AGAIN_MS };

const withoutFence: Rewrite = (text) => text.replace(/(j\.)?fence = (\$\d+)::bigint and/g, '($2::bigint is not null) and');
const withoutSeq: Rewrite = (text) => text.replace(/w\.seq = (\$\d+)::int and not w\.done/g, '($1::int is not null)');
const same: Rewrite = (text) => text;
const rewrites: Record<Sabotage, Rewrite> = {
  no_fence: withoutFence, no_seq: withoutSeq, status_only_gate: (t) => withoutSeq(withoutFence(t)), fence_not_raised: same, no_ring_again: same, deaf: same,
  no_heal: (t) => t.replace('gate.failed > 0', 'false'), no_promotion: (t) => t.replace("t.status = 'active'", "t.status = 'never'"),
  sweep_when_broken: (t) => t.replace(/s\.planned_fence = (\$\d+)::bigint/, '($1::bigint is not null)'),
  forget_outside_gate: (t) => t.replace('delete from records r using gate where r.tenant_id = gate.tenant_id', 'delete from records r where r.tenant_id = $1'),
  erased_in_hand: (t) => t.replace('from barred_records b where', 'from barred_records b where false and'),
  token_before_chunk: (t) => t.replace(/(on conflict \(tenant_id, connection_id, stream, since\) do update set place = )excluded\.place/, `$1to_jsonb((excluded.place #>> '{}')::int + 2)`),
};

/** A worker's process. */
export interface Actor { id: string; frozenUntil: number; crashed: boolean; shutdown: AbortController; lost: AbortController; lastBeat: number; fence: number | null; latest: Progress | null; beating: boolean; beat(): Promise<void> }
/** Something that a worker is about to do: it happens when the scheduler says so, or never. */
interface Step { actor: Actor; run: () => Promise<unknown>; resolve: (v: unknown) => void; reject: (e: unknown) => void }

export interface World {
  seed: number; sabotage: Sabotage | null; tenantId: string; connectionId: string; stats: Stats;
  random(): number; chance(p: number): boolean;
  now: number;
  /** No more trouble. */
  calm: boolean;
  /** Whether somebody has activated the type of what was found. */
  isActive: boolean;
  failure: unknown;
  fail(message: string): void;
  db: SimulatedDatabase; provider: SimulatedProvider;
  /** Semantic memory: rows with the time of their last storing. */
  lance: { id: string; hash: string; at: number }[];
  /** Records that a worker prepared last: it may be about to commit them. */
  inHand: Set<string>;
  actors: Set<Actor>;
  steps: Step[];
  step<T>(actor: Actor, run: () => Promise<T>): Promise<T>;
  advance(chosen: Step): Promise<void>;
  /** Claims per job since its last chunk. */
  claimsSinceChunk: Map<string, number>;
  /** Told of every chunk that landed, with the fence that was current. */
  onChunk(landed: Landed, current: number): void;
}

/** mulberry32 */
export const randomOf = (seed: number) => () => { seed |= 0; seed = seed + 0x6D2B79F5 | 0; let t = Math.imul(seed ^ seed >>> 15, 1 | seed); t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t; return ((t ^ t >>> 14) >>> 0) / 4294967296; };
const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ids are of the seed as well: they decide in which order rows are met. */
export const idOf = (...of: string[]): string => { const hex = createHash('sha256').update(of.join(' ')).digest('hex'); return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-'); };

/** Opens a world with one tenant and one connection. */
export async function openWorld(url: string, seed: number, sabotage: Sabotage | null, provider: SimulatedProvider): Promise<World> {
  const random = randomOf(seed), chance = (p: number) => random() < p, stats = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Stats, tenantId = `sim${seed}${sabotage ?? ''}`;
  let burst = 0;
  const fate = (): Fate => {
    if (world.calm) return 'fine';
    // Trouble comes in bursts, as outages do.
    if (!chance(burst > 0 ? 0.5 : 0.06)) { burst--; return 'fine'; }
    burst = burst > 0 ? burst - 1 : 3;
    if (chance(0.5)) { stats.lost_requests++; return 'lost'; }
    stats.lost_answers++;
    return 'unheard';
  };
  const db = await connectPlain(url, fate, sabotage ? rewrites[sabotage] : same, (landed, current) => {
    if (!landed.isShut) world.claimsSinceChunk.delete(landed.jobId);
    world.onChunk(landed, current);
  });
  const world: World = {
    seed, sabotage, stats, random, chance, db, provider, tenantId, connectionId: idOf(tenantId, 'connection'), now: 0, calm: false, isActive: false, failure: null, lance: [], inHand: new Set(), actors: new Set(), steps: [], claimsSinceChunk: new Map(),
    fail(message) { world.failure ??= new assert.AssertionError({ message: `seed ${seed}: ${message}` }); },
    step: (actor, run) => new Promise((resolve, reject) => { world.steps.push({ actor, run, resolve: resolve as (v: unknown) => void, reject }); }),
    async advance(chosen) {
      world.steps = world.steps.filter((s) => s !== chosen);
      await chosen.run().then(chosen.resolve, chosen.reject);
      await flush();
    },
    onChunk: () => undefined,
  };
  await db.query('insert into tenants (id, name, slug) values ($1, $1, $1)', [world.tenantId]);
  await db.query('insert into connections (tenant_id, id, integration_id, account) values ($1, $2, \'outlook\', \'a\')', [world.tenantId, world.connectionId]);
  return world;
}
