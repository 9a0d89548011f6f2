/** `npm run simulate -- 10000`: many seeds, spread over the cores. `SEED=n npm run simulate` replays one. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { startTestDatabase } from '../database.ts';
import { disconnect } from './postgres.ts';
import { simulate, type Sabotage, type Stats } from './simulate.ts';

const add = (total: Record<string, number>, stats: Stats): void => { for (const [k, v] of Object.entries(stats)) total[k] = (total[k] ?? 0) + v; };

/** As many seeds as one process takes at a time: some take ten times as long as others, so whoever is done takes the next ones. */
const PART = 25;
interface Part { from: number; until: number }

/** A process on one connection's worth of Postgres, which simulates the parts that it is sent. */
function work(url: string, sabotage: Sabotage | null): void {
  process.on('message', async ({ from, until }: Part) => {
    const total: Record<string, number> = {};
    for (let seed = from; seed < until; seed += 1) {
      try {
        add(total, await simulate(url, seed, sabotage));
      } catch (error) {
        console.error(`seed ${seed} (SEED=${seed} npm run simulate replays it)\n`, error);
        process.exit(1);
      }
      if (seed % 500 === 0) console.error(`  seed ${seed}`);
    }
    process.send!(total);
  });
  process.on('disconnect', () => { void disconnect().then(() => process.exit(0)); });
}

async function main(): Promise<void> {
  const [mode, ...rest] = process.argv.slice(2);
  if (mode === 'work') return work(rest[0]!, (rest[1] || null) as Sabotage | null);
  const first = Number(process.env.SEED ?? 1), count = process.env.SEED ? 1 : Number(mode ?? 300), end = first + count;
  const db = await startTestDatabase(), began = Date.now(), total: Record<string, number> = {};
  let next = first;
  const codes = await Promise.all(Array.from({ length: Math.min(availableParallelism(), count) }, () => new Promise<number>((resolve) => {
    const child = spawn(process.execPath, [import.meta.filename, 'work', db.ownerUrl, process.env.SABOTAGE ?? ''], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const more = (): void => {
      if (next >= end) { child.disconnect(); return; }
      const from = next;
      next = Math.min(end, from + PART);
      child.send({ from, until: next } satisfies Part);
    };
    child.on('message', (stats: Stats) => { add(total, stats); more(); });
    child.on('exit', (code) => resolve(code ?? 1));
    more();
  })));
  await db.stop();
  console.log(`${count} seeds from ${first} in ${((Date.now() - began) / 1000).toFixed(1)} s`, total);
  console.log(codes.every((c) => c === 0) ? 'no violation' : 'VIOLATED');
  process.exitCode = codes.every((c) => c === 0) ? 0 : 1;
}

await main();
