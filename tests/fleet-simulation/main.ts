/** `npm run simulate:fleet` (two hours of the peak; `-- 24` for a day, `SEED=n`, `FLEET_MAX=n`, `WAVE=n`): 100,000 tenants and 10 million records a day, in virtual time. Prints how long whom waits. */
import { Priority } from '#contract/job';
import { PLANS } from '#contract/plans';
import { fleetRules } from '#durable-objects/fleet-machine';
import { startTestDatabase } from '../database.ts';
import { wishesOf } from './city.ts';
import { openWaitingLine } from './queue.ts';
import { runFleet, waitedAt, type Wait } from './run.ts';

const HOURS = Number(process.argv[2] ?? 2), SEED = Number(process.env.SEED ?? 1), WAVE = Number(process.env.WAVE ?? 1_000), NOON = 12 * 3_600;
const rules = fleetRules({ FLEET_MAX: process.env.FLEET_MAX ?? '60' });
const db = await startTestDatabase(), line = await openWaitingLine(db.ownerUrl);
try {
  const wishes = wishesOf({ seed: SEED, tenants: 100_000, recordsADay: 10_000_000, fromSecond: HOURS >= 24 ? 0 : Math.max(0, NOON - HOURS * 1_800), untilSecond: HOURS >= 24 ? 86_400 : NOON + HOURS * 1_800, wave: WAVE });
  const { waits, machinesMost, machineHours, depthMost, dueMost, refusedStarts, lookMs } = await runFleet(wishes, line, rules, SEED);
  const row = (name: string, some: readonly Wait[]): void => { if (some.length > 0) console.log(`| ${name} | ${some.length} | ${[0.5, 0.95, 0.99].map((part) => `${waitedAt(some, part).toFixed(0)} s`).join(' | ')} |`); };
  console.log(`| waiting, 100,000 tenants, 10 million records a day, ${HOURS} h round noon, a wave of ${WAVE} new accounts (seed ${SEED}) | jobs | p50 | p95 | p99 |\n|---|---|---|---|---|`);
  for (const priority of Priority.options) row(`pressed, ${priority}`, waits.filter(({ wish }) => !wish.scheduled && wish.priority === priority));
  row('by schedule (low), from being due', waits.filter(({ wish }) => wish.scheduled));
  for (const plan of PLANS) row(`pressed, plan ${plan}`, waits.filter(({ wish }) => !wish.scheduled && wish.plan === plan));
  const slowest = lookMs.toSorted((a, b) => a - b);
  console.log(`\nMachines at most ${machinesMost} of ${rules.max}, ${machineHours.toFixed(0)} machine-hours; waiting at most ${depthMost} jobs, due and not yet taken by the minute's look at most ${dueMost}; ${refusedStarts} starts refused (three at a time); next_pending_jobs: p50 ${slowest[slowest.length >> 1]?.toFixed(1)} ms, most ${slowest.at(-1)?.toFixed(0)} ms.`);
} finally {
  await line.close();
  await db.stop();
}
