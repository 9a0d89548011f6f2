/**
 * `npm run chaos`: the five cells on a real house, with the settings of production; `npm run chaos -- kill postgres` those whose names hold one of the words.
 * Ends with 1 unless nothing was lost, nothing doubled, all books balance and every job completed.
 */
import { cells } from './cells.ts';
import { held, openChaosHouse, percentile, runCell, type CellResult } from './run.ts';

const SCALE = { tenants: 2, jobsPerTenant: 3, mails: 900, events: 60, chunkSize: 5, latencyMs: 1_500, isShort: false };

const words = process.argv.slice(2).map((w) => w.toLowerCase()), chosen = cells.filter(({ name }) => words.length === 0 || words.some((w) => name.toLowerCase().includes(w)));
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const house = await openChaosHouse(), results: CellResult[] = [];
try {
  console.log('| cell | jobs | records | disturbances | lost | doubled | recovery p50 | p99 | all completed |\n|---|---|---|---|---|---|---|---|---|');
  for (const cell of chosen) {
    const r = await runCell(house, cell, SCALE);
    results.push(r);
    console.log(`| ${[r.name, r.jobs, r.records, r.disturbances, r.lost, r.doubled, seconds(percentile(r.recoveredMs, 0.5)), seconds(percentile(r.recoveredMs, 0.99)), r.stuck.length === 0 ? 'yes' : 'NO'].join(' | ')} |`);
    for (const line of [...r.stuck, ...r.problems]) console.log(`  ${line}`);
  }
} finally {
  await house.end();
}
const good = results.length > 0 && results.every(held);
console.log(good ? '\nNothing lost, nothing doubled, all books balance, every job completed.' : '\nThe promise was BROKEN.');
process.exitCode = good ? 0 : 1;
