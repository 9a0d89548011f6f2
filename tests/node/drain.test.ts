/** A worker about to be given up, and what it says of its load: yes to the drain and the last claim exclude each other, whatever the order. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLoad } from '#fly-worker/load';
import { createRunner, type Runner, type RunnerOptions } from '#fly-worker/runner';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { until } from '../client.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  await db.owner.system([sql`insert into tenants (id, name, slug) values ('t', 'T', 't')`,
    sql`insert into connections (tenant_id, id, integration_id, account) values ('t', gen_random_uuid(), 'outlook', 'a@x.example')`,
    sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by) select 't', gen_random_uuid(), 'outlook', id, now() - interval '1 day', now(), 'test' from connections`]);
});
afterAll(() => db.stop());

/** A runner at a front desk that refuses every claim, which is all that is needed to see whether it asks. */
function runnerAt(more: Partial<RunnerOptions> = {}): { runner: Runner; claims: () => number } {
  let claims = 0;
  const refused = async () => { claims++; return { ok: false, kind: 'refused', message: 'not to be had' } as const; };
  const door = { archiveUrl: '', claim: refused, beat: refused, release: refused, credentials: refused, modelKey: refused, embeddingKey: refused };
  return { claims: () => claims, runner: createRunner({ db: db.app, door, shop: {} as RunnerOptions['shop'], slots: 2, baseUrl: (_, fallback) => fallback, log: () => undefined, ...more }) };
}
const idle = (runner: Runner) => until(async () => runner.busy, (busy) => busy === 0, 'idle');

describe('the load', () => {
  const MINUTE = 60_000;
  /** Slots that work from each minute on, for as many minutes as there are. */
  const after = (...counts: number[]): number => {
    let now = 0;
    const load = openLoad(5 * MINUTE, () => now);
    for (const count of counts) { load.is(count); now += MINUTE; }
    return load.mean;
  };
  it('is what works on average, from the first moment on', () => {
    expect(after()).toBe(0);
    expect(after(4)).toBeCloseTo(4);
    expect(after(...Array.from({ length: 60 }, () => 3))).toBeCloseTo(3);
    expect(after(...Array.from({ length: 60 }, (_, i) => (i % 2) * 4))).toBeGreaterThan(1.9);
    expect(after(...Array.from({ length: 60 }, (_, i) => (i % 2) * 4))).toBeLessThan(2.3);
  });
  it('forgets: a third is left of what is five minutes ago, next to nothing of half an hour', () => {
    const busy = Array.from({ length: 60 }, () => 4), idle = (minutes: number): number[] => Array.from({ length: minutes }, () => 0);
    expect(after(...busy, ...idle(5))).toBeCloseTo(4 / Math.E, 1);
    expect(after(...busy, ...idle(30))).toBeLessThan(0.02);
  });
});

describe('draining', () => {
  it('is refused while a slot is busy, from the very step in which the bell was taken', async () => {
    const { runner, claims } = runnerAt();
    expect(runner.idleSince).not.toBeNull();
    expect(runner.ring()).toBe(true);
    expect([runner.busy, runner.idleSince, runner.drain(), runner.draining], 'not one await later').toEqual([1, null, false, false]);
    await idle(runner);
    expect(claims()).toBe(1);
    expect(runner.ring(), 'a refused drain closed nothing').toBe(true);
    await idle(runner);
    expect(Date.now() - runner.idleSince!).toBeLessThan(5_000);
  });

  it('is final once it was granted', async () => {
    const { runner, claims } = runnerAt();
    expect([runner.drain(), runner.draining, runner.ring(), runner.busy, runner.drain()]).toEqual([true, true, false, 0, true]);
    expect(claims()).toBe(0);
  });

  it('when done is granted to a busy one, which ends with what it has and takes nothing more', async () => {
    const { runner, claims } = runnerAt();
    expect(runner.ring()).toBe(true);
    expect([runner.busy, runner.drain({ whenDone: true }), runner.draining, runner.ring(), runner.busy], 'the slot goes on').toEqual([1, true, true, false, 1]);
    await idle(runner);
    expect([claims(), runner.ring(), runner.drain()]).toEqual([1, false, true]);
  });

  it('outlives the process: the next one begins drained', () => {
    const { runner, claims } = runnerAt({ draining: true });
    expect([runner.ring(), runner.draining, claims()]).toEqual([false, true, 0]);
  });
});
