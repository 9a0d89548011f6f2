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
  const { waits, minutes, machinesMost, machineHours, depthMost, dueMost, refusedStarts, made, givenUp, inVain, lookMs } = await runFleet(wishes, line, rules, SEED);
  const row = (name: string, some: readonly Wait[]): void => { if (some.length > 0) console.log(`| ${name} | ${some.length} | ${[0.5, 0.95, 0.99].map((part) => `${waitedAt(some, part).toFixed(0)} s`).join(' | ')} |`); };
  console.log(`| waiting, 100,000 tenants, 10 million records a day, ${HOURS} h round noon, a wave of ${WAVE} new accounts (seed ${SEED}) | jobs | p50 | p95 | p99 |\n|---|---|---|---|---|`);
  for (const priority of Priority.options) row(`pressed, ${priority}`, waits.filter(({ wish }) => !wish.scheduled && wish.priority === priority));
  row('by schedule (low), from being due', waits.filter(({ wish }) => wish.scheduled));
  for (const plan of PLANS) row(`pressed, plan ${plan}`, waits.filter(({ wish }) => !wish.scheduled && wish.plan === plan));
  // The wave begins at noon and lasts ten minutes.
  const at = (minute: number): string => { const found = minutes.find(({ atMs }) => atMs === (NOON + minute * 60) * 1_000); return found ? `${found.machines} (${found.busy.toFixed(0)})` : '-'; };
  const times: [string, number][] = [['before the wave', -1], ['most', NaN], ['its end', 10], ['+15 min', 25], ['+30 min', 40], ['+45 min', 55]];
  console.log(`\n| machines (slots that work) | ${times.map(([name]) => name).join(' | ')} |\n|---|${'---|'.repeat(times.length)}\n| | ${times.map(([, minute]) => (Number.isNaN(minute) ? machinesMost : at(minute))).join(' | ')} |`);
  if (HOURS >= 24) {
    console.log('\n| hour | machines | slots that work | pressed, p95 | by schedule, p95 |\n|---|---|---|---|---|');
    const mean = (values: number[]): string => (values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)).toFixed(1);
    for (let hour = 0; hour < 24; hour += 2) {
      const isOf = (second: number): boolean => Math.floor(second / 7_200) * 2 === hour, then = minutes.filter(({ atMs }) => isOf(atMs / 1_000)), here = waits.filter(({ wish }) => isOf(wish.at));
      console.log(`| ${hour} to ${hour + 2} | ${mean(then.map(({ machines }) => machines))} | ${mean(then.map(({ busy }) => busy))} | ${[false, true].map((scheduled) => `${waitedAt(here.filter(({ wish }) => wish.scheduled === scheduled), 0.95).toFixed(0)} s`).join(' | ')} |`);
    }
  }
  const slowest = lookMs.toSorted((a, b) => a - b);
  console.log(`\nMachines at most ${machinesMost} of ${rules.max}, ${machineHours.toFixed(0)} machine-hours; waiting at most ${depthMost} jobs, due and not yet taken by the minute's look at most ${dueMost}; ${refusedStarts} starts refused (three at a time); ${made} machines made, ${givenUp} given up, ${inVain} made within 15 minutes of one given up; a moment of the queue: p50 ${slowest[slowest.length >> 1]?.toFixed(1)} ms, most ${slowest.at(-1)?.toFixed(0)} ms.`);
} finally {
  await line.close();
  await db.stop();
}
