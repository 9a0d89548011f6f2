/** The memory guard: the rule as a table, and that whoever is held back goes on, one page at a time at the least. */
import { describe, expect, it } from 'vitest';
import { COLLECT_AGAIN_MS, MEMORY_HIGH, MEMORY_SEVERE, MEMORY_SLACK, PAGE_SIZE_MIN } from '#contract/limits';
import { openMemoryGuard, pageSizeUnder, pressureAt, type Pressure } from '#fly-worker/memory-guard';

const LITTLE = 0.001;

describe('pressure', () => {
  it.each<[number, Pressure, Pressure]>([
    [0, 'none', 'none'], [MEMORY_HIGH - LITTLE, 'none', 'none'], [MEMORY_HIGH, 'none', 'high'], [MEMORY_SEVERE, 'none', 'severe'], [2, 'none', 'severe'],
    [MEMORY_HIGH - LITTLE, 'high', 'high'], [MEMORY_HIGH - MEMORY_SLACK - LITTLE, 'high', 'none'], [MEMORY_SEVERE, 'high', 'severe'],
    [MEMORY_SEVERE - LITTLE, 'severe', 'severe'], [MEMORY_SEVERE - MEMORY_SLACK - LITTLE, 'severe', 'high'], [MEMORY_HIGH - LITTLE, 'severe', 'high'], [0, 'severe', 'none'],
  ])('at %d of memory after %s is %s', (share, before, expected) => { expect(pressureAt(share * 1_000, 1_000, before)).toBe(expected); });

  it.each<[Pressure, number, number]>([
    ['none', 1_000, 1_000], ['none', 3, 3], ['high', 1_000, 500], ['high', 12, PAGE_SIZE_MIN], ['high', 5, 5], ['severe', 1_000, 100], ['severe', 100, PAGE_SIZE_MIN], ['severe', 1, 1],
  ])('%s makes pages of %d as small as %d', (pressure, wanted, size) => { expect(pageSizeUnder(pressure, wanted)).toBe(size); });
});

/** A guard over memory that a test fills. */
function guarded() {
  const told: string[] = [], world = { rss: 0, now: 0, collected: 0 };
  const guard = openMemoryGuard({ memory: 100, rss: () => world.rss, now: () => world.now, collect: () => { world.collected++; }, onChange: (p, rss) => told.push(`${p} ${rss}`) });
  return { guard, world, told, fill(share: number) { world.rss = share * 100; } };
}
const never = new AbortController().signal;
/** Whether it was let in by now. */
async function isIn(entering: Promise<unknown>): Promise<boolean> {
  const no = Symbol();
  await new Promise(setImmediate);
  return await Promise.race([entering, Promise.resolve(no)]) !== no;
}

describe('the guard', () => {
  it('lets everybody in while memory lasts', async () => {
    const { guard, world } = guarded();
    for (let i = 0; i < 100; i++) await guard.enter(never);
    expect(world.collected).toBe(0);
  });

  it('lets four in at once when memory is high and one when it is scarce, in the order they came, and everybody when there is room again', async () => {
    const { guard, fill, told } = guarded();
    fill(MEMORY_SEVERE);
    const leave = await guard.enter(never);
    const others = Array.from({ length: 6 }, () => guard.enter(never));
    expect(await isIn(others[0]!)).toBe(false);
    leave();
    leave();
    expect([await isIn(others[0]!), await isIn(others[1]!)], 'leaving twice lets one in').toEqual([true, false]);
    fill(MEMORY_HIGH);
    (await others[0]!)();
    expect([await isIn(others[4]!), await isIn(others[5]!)], 'four of five that are left').toEqual([true, false]);
    fill(0);
    (await others[1]!)();
    expect(await isIn(others[5]!)).toBe(true);
    expect(told).toEqual(['severe 70', 'high 60', 'none 0']);
  });

  it('lets go of whoever is stopped while waiting, and of nobody else', async () => {
    const { guard, fill } = guarded(), stop = new AbortController();
    fill(1);
    const leave = await guard.enter(never), stopped = guard.enter(never, stop.signal), patient = guard.enter(never);
    stop.abort(new Error('The worker is shutting down.'));
    await expect(stopped).rejects.toThrow('shutting down');
    await expect(guard.enter(stop.signal)).rejects.toThrow('shutting down');
    leave();
    expect(await isIn(patient)).toBe(true);
  });

  it('collects garbage under pressure, but not all the time', async () => {
    const { guard, world, fill } = guarded();
    fill(MEMORY_HIGH);
    for (let i = 0; i < 4; i++) (await guard.enter(never))();
    expect(world.collected).toBe(1);
    world.now += COLLECT_AGAIN_MS;
    (await guard.enter(never))();
    expect(world.collected).toBe(2);
  });
});
