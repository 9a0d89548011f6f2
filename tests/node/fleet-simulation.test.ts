/** The fleet simulation, small: the product's own order, scaling rule and limits over some minutes of a small city, in virtual time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Priority } from '#contract/job';
import { fleetRules } from '#durable-objects/fleet-machine';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { wishesOf, type Wish } from '../fleet-simulation/city.ts';
import { openWaitingLine } from '../fleet-simulation/queue.ts';
import { runFleet, waitedAt, type Figures } from '../fleet-simulation/run.ts';

let db: TestDatabase;
beforeAll(async () => { db = await startTestDatabase(); }, 120_000);
afterAll(() => db.stop());

const NOON = 43_200, city = { seed: 1, tenants: 5_000, recordsADay: 500_000, fromSecond: NOON, untilSecond: NOON + 600, wave: 60 };
async function run(wishes: Wish[], max: number): Promise<Figures> {
  const line = await openWaitingLine(db.ownerUrl);
  try { return await runFleet(wishes, line, fleetRules({ FLEET_MAX: String(max) }), 1); } finally { await line.close(); }
}

describe('a city', () => {
  it('is served, everybody once, and the same seed waits the same', async () => {
    const wishes = wishesOf(city), [first, again] = [await run(wishes, 8), await run(wishes, 8)];
    expect(new Set(first.waits.map(({ wish }) => wish)).size).toBe(wishes.length - first.refusedStarts);
    expect(first.waits).toEqual(again.waits);
    expect(first.machinesMost).toBeGreaterThan(1);
    expect(first.machinesMost).toBeLessThanOrEqual(8);
  });

  it('has a fleet that grows for a wave and goes back to what is needed within forty minutes of its last job, no machine given up in vain', async () => {
    const calm = (second: number, count: number): Wish[] => Array.from({ length: count }, (_, i): Wish => ({ at: NOON + second + i * 2, tenant: i, plan: 'solo', priority: 'normal', kind: 'changes', seconds: 5, scheduled: false }));
    const wave = Array.from({ length: 400 }, (_, i): Wish => ({ at: NOON + 600 + i / 2, tenant: 10_000 + i, plan: 'solo', priority: 'normal', kind: 'backfill', seconds: 60, scheduled: false }));
    const { minutes, machinesMost, inVain } = await run([...calm(0, 2_400), ...wave].sort((a, b) => a.at - b.at), 40);
    const machinesAt = (second: number): number => minutes.find(({ atMs }) => atMs === (NOON + second) * 1_000)!.machines;
    expect(machinesAt(540)).toBeLessThanOrEqual(3);
    expect(machinesMost).toBeGreaterThan(12);
    expect(machinesAt(1_800)).toBeLessThanOrEqual(machinesMost / 2);
    expect(machinesAt(3_300)).toBeLessThanOrEqual(3);
    expect(inVain).toBe(0);
  });

  it('that is more than its fleet can do makes the less urgent wait, never the more urgent', async () => {
    const { waits } = await run(wishesOf({ ...city, wave: 250 }), 2);
    const p95 = (priority: Priority): number => waitedAt(waits.filter(({ wish }) => !wish.scheduled && wish.priority === priority), 0.95);
    expect(p95('normal')).toBeGreaterThan(60);
    expect(p95('high')).toBeLessThan(p95('normal') / 2);
    expect(p95('normal')).toBeLessThanOrEqual(p95('low'));
  });

  it('lets nobody\'s three long jobs stand before another tenant\'s first', async () => {
    const wish = (at: number, tenant: number): Wish => ({ at, tenant, plan: 'team', priority: 'normal', kind: 'backfill', seconds: 60, scheduled: false });
    // Two tenants take every slot with three jobs each and more behind them; the others come a moment later.
    const wishes = [...[0, 1, 2].flatMap(() => [wish(NOON, 1), wish(NOON, 2)]), ...[3, 4, 5, 6].map((tenant) => wish(NOON + 1, tenant))];
    const { waits } = await run(wishes, 1), order = waits.map(({ wish: { tenant } }) => tenant);
    expect(order.slice(4, 8).toSorted()).toEqual([3, 4, 5, 6]);
  });
});
