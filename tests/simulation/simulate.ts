/**
 * One seed, one history: the real machine, the real carry-out, the real pipeline and the real ledger on a real Postgres, under a scheduler that
 * decides who moves next and what goes wrong: crashes, frozen workers that wake as stale ones, lost and doubled doorbells, lost requests, lost
 * answers, edits, overlapping pages, cancels, pauses, shutdowns, circuit breakers, access and quota lost and regained, memory that runs short. At the end the books must
 * balance and the graph must be what the records say. Every second history goes on with later syncs (later.ts).
 */
import assert from 'node:assert/strict';
import { ProviderError } from '#fly-worker/provider';
import { openCurator } from './curator.ts';
import { openErasingPerson } from './eraser.ts';
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
    await world.db.query('delete from semantic_leftovers where tenant_id = $1', [world.tenantId]);
  }
}

/** `box`: the history goes on, so changes are told of from the beginning. */
async function playBackfill(world: World, box: Mailbox | null): Promise<void> {
  const { seed, stats, random, chance, provider, tenantId } = world, owner = world.db;
  const isTight = seed % 7 === 5, landed = new Set<string>();
  let quotaGone = false;
  world.onChunk = ({ fence, chunk }, current) => {
    if (fence !== current) world.fail(`chunk ${chunk} was committed under fence ${fence} when ${current} was current`);
    if (landed.has(chunk)) world.fail(`chunk ${chunk} was committed twice`);
    landed.add(chunk);
  };
  const fetchPage = (actor: Actor) => (_: unknown, { stream, span, cursor }: { stream: string; span: { since: string }; cursor: unknown }) => world.step(actor, async () => {
    if (isTight && !world.calm && chance(0.02)) { stats.locked_out++; throw new ProviderError('auth_expired', 'Reconnect the account.'); }
    if (!world.calm && chance(0.03)) throw new ProviderError('provider_unavailable', '504');
    if (!world.calm && chance(0.01)) throw new ProviderError('rate_limited', '429', { retryAfterMs: 5_000 });
    if (!world.calm && cursor !== null && chance(0.01)) throw new ProviderError('gone', 'the page token is too old');
    return provider.page(stream, span.since, cursor as number | null);
  });
  const played = await openJob(world, 'backfill', RANGE, (actor) => ({ ...(box ? speakOf(world, box)(actor) : {}), fetchPage: fetchPage(actor) as never }), box ? abilitiesOf(world) : {}), { tell } = played;

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

  const curate = openCurator(world), erasing = openErasingPerson(world);

  async function users(): Promise<void> {
    await curate();
    await erasing.act();
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

  /** Somebody tries the failed records again, when nothing is in their way any more. What Postgres did not take at once may be refused later, and then nothing was tried. */
  const retry = async (): Promise<boolean> => {
    if (played.state.status !== 'completed' || played.state.progress.ledger.failed === 0 || seed % 8 !== 0 || played.state.retriesAsked >= 2) return false;
    provider.cured ||= played.state.retriesAsked > 0;
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
  await erasing.finish();
  await settled(world, played);
  const [row] = await owner.query('select fence::int as fence from historical_sync_jobs where tenant_id = $1', [tenantId]);
  assert(played.granted.every((f) => f < Number(row!.fence)), `seed ${seed}: a token that was granted is still current after its lease ended`);
  await expectTruth(owner, { seed, tenantId, jobId: played.id, connectionId: world.connectionId, provider, lance: world.lance, completed: played.state.status === 'completed', poison: seed % 4 === 0 ? provider.ids[7]! : null, mayHaveHealed: provider.cured, wasRetried: played.state.retriesAsked === 2, isActive: world.isActive });
  await expectEvents(owner, seed, tenantId, played.state.noted);
  if (played.state.status === 'completed') stats.completed = 1;
  if (quotaGone) await owner.query('update tenants set acu_per_month = null where id = $1', [tenantId]);
}
