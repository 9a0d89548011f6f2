/** `npm run simulate -- 10000`: many seeds, spread over the cores. `SEED=n npm run simulate` replays one. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { startTestDatabase } from '../database.ts';
import { disconnect } from './postgres.ts';
import { simulate, type Sabotage, type Stats } from './simulate.ts';

const add = (total: Record<string, number>, stats: Stats): void => { for (const [k, v] of Object.entries(stats)) total[k] = (total[k] ?? 0) + v; };

/** Seeds from, from + every, .. below until, on one connection's worth of Postgres. */
async function part(url: string, from: number, until: number, every: number, sabotage: Sabotage | null): Promise<void> {
  const total: Record<string, number> = {};
  for (let seed = from; seed < until; seed += every) {
    try {
      add(total, await simulate(url, seed, sabotage));
    } catch (error) {
      console.error(`seed ${seed} (SEED=${seed} npm run simulate replays it)\n`, error);
      process.exit(1);
    }
    if (seed % 500 === 0) console.error(`  seed ${seed}`);
  }
  console.log(JSON.stringify(total));
  await disconnect();
}

async function main(): Promise<void> {
  const [mode, ...rest] = process.argv.slice(2);
  if (mode === 'part') return part(rest[0]!, Number(rest[1]), Number(rest[2]), Number(rest[3]), (rest[4] || null) as Sabotage | null);
  const first = Number(process.env.SEED ?? 1), count = process.env.SEED ? 1 : Number(mode ?? 300), every = Math.min(availableParallelism(), count);
  const db = await startTestDatabase(), began = Date.now(), total: Record<string, number> = {};
  const codes = await Promise.all(Array.from({ length: every }, (_, i) => new Promise<number>((resolve) => {
    const child = spawn(process.execPath, [import.meta.filename, 'part', db.ownerUrl, String(first + i), String(first + count), String(every), process.env.SABOTAGE ?? ''], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (line: Buffer) => { add(total, JSON.parse(line.toString()) as Stats); });
    child.on('exit', (code) => resolve(code ?? 1));
  })));
  await db.stop();
  console.log(`${count} seeds from ${first} in ${((Date.now() - began) / 1000).toFixed(1)} s`, total);
  console.log(codes.every((c) => c === 0) ? 'no violation' : 'VIOLATED');
  process.exitCode = codes.every((c) => c === 0) ? 0 : 1;
}

await main();
