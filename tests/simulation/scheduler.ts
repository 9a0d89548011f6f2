/** Decides who moves next and what becomes of them. */
import assert from 'node:assert/strict';
import { Shutdown } from '#fly-worker/outcome';
import type { PlayedJob } from './job.ts';
import { snapshotOf } from './truth.ts';
import { rules, type World } from './world.ts';

const HEARTBEAT_MS = 5_000;

/** One turn of the scheduler: time passes, what is due happens, and one worker makes one step, or something happens to it. */
export async function turn(world: World, job: PlayedJob): Promise<void> {
  const { chance, random, stats, actors } = world;
  await job.tick();
  for (const actor of actors) if (!actor.crashed && actor.frozenUntil <= world.now && world.now - actor.lastBeat > HEARTBEAT_MS) void actor.beat();
  const ready = world.steps.filter((s) => !s.actor.crashed && s.actor.frozenUntil <= world.now);
  if (ready.length === 0) { world.now += 1_000; return; }
  const chosen = ready[Math.floor(random() * ready.length)]!;
  if (!world.calm) {
    if (chance(0.006)) { chosen.actor.crashed = true; stats.crashes++; if (chance(0.5)) await chosen.run().catch(() => undefined); world.steps = world.steps.filter((s) => s.actor !== chosen.actor); actors.delete(chosen.actor); return; }
    if (chance(0.02)) { chosen.actor.frozenUntil = world.now + rules.leaseMs * (1 + random() * 3); stats.frozen++; return; }
    if (chance(0.002)) { chosen.actor.shutdown.abort(new Shutdown('term')); stats.shutdowns++; }
  }
  await world.advance(chosen);
  if (world.failure) throw world.failure;
}

/** The mirror is repeated until Postgres has it, and every stale worker finishes its thoughts: nothing may be written any more. */
export async function settled(world: World, job: PlayedJob): Promise<void> {
  const { seed, tenantId, db, random } = world;
  for (let i = 0; i < 50 && job.state.mirrored < job.state.version; i++) await job.tell({ type: 'alarm' });
  const ended = await snapshotOf(db, tenantId);
  for (let i = 0; i < 5_000 && world.steps.length > 0; i++) await world.advance(world.steps[Math.floor(random() * world.steps.length)]!);
  if (world.failure) throw world.failure;
  assert.deepEqual(await snapshotOf(db, tenantId), ended, `seed ${seed}: stop means stop: something was written after the job had ended`);
}
