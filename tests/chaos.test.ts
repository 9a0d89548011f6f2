/** The short form of `npm run chaos`: every cell once through on a real house, a few disturbances each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cells } from './chaos/cells.ts';
import { openChaosHouse, percentile, runCell } from './chaos/run.ts';
import type { WholeHouse } from './whole-house.ts';

const LEASE_SECONDS = 4;
const SCALE = { tenants: 2, jobsPerTenant: 2, mails: 240, events: 20, chunkSize: 5, latencyMs: 1_000, isShort: true };

let house: WholeHouse;
beforeAll(async () => { house = await openChaosHouse({ LEASE_SECONDS: String(LEASE_SECONDS), HEARTBEAT_SECONDS: '1', RING_AGAIN_SECONDS: '10' }); }, 120_000);
afterAll(() => house.end(), 60_000);

describe('chaos', () => {
  it.each(cells.map((cell) => [cell.name, cell] as const))('%s: nothing lost, nothing twice, every job completes', async (name, cell) => {
    const result = await runCell(house, cell, SCALE);
    console.log(`${name}: ${result.records} records, ${result.disturbances} disturbances, recovered after ${percentile(result.recoveredMs, 0.5)} ms (p50), ${result.recoveredMs.at(-1)} ms at most; ${result.seconds.toFixed(0)} s`);
    expect(result).toMatchObject({ lost: 0, doubled: 0, problems: [], stuck: [] });
  }, 120_000);
});
