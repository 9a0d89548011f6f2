/** `npm run bench`: the figures of ARCHITECTURE.md's performance table; `npm run bench -- --write` puts them there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { connectors } from '#fly-worker/connectors/index';
import { openWorld, runLine, type LineFigures } from './line.ts';
import { measureStages } from './stages.ts';

const PAGE_LATENCY_MS = 1_500, REQUEST_LATENCY_MS = 500, RUNS = 5;
const lines: string[] = [];
const say = (line: string): void => { console.log(line); lines.push(line); };
const row = (...cells: (string | number)[]): void => say(`| ${cells.join(' | ')} |`);

say('| stage alone | ms per 100 records | records/s |\n|---|---|---|');
for (const { stage, msPer100 } of await measureStages()) row(stage, msPer100.toFixed(1), Math.round(100_000 / msPer100));

const world = await openWorld();
for (let i = 0; i < 2; i++) await runLine(world, { latencyMs: 0, lanes: 4 });     // as warm as a worker after its first jobs
const fast: LineFigures[] = [];
for (let i = 0; i < RUNS; i++) fast.push(await runLine(world, { latencyMs: 0, lanes: 4 }));
const best = fast.toSorted((a, b) => a.perSecond - b.perSecond)[RUNS >> 1]!;
const oneLane = await runLine(world, { latencyMs: 0, lanes: 1 });
const slowSerial = await runLine(world, { latencyMs: PAGE_LATENCY_MS, lanes: 1, months: 3 }), slow = await runLine(world, { latencyMs: PAGE_LATENCY_MS, lanes: 4, months: 3 });
const perConnector: [string, LineFigures, LineFigures][] = [];
for (const { id, title, oauth } of connectors) if (oauth) perConnector.push([title, await runLine(world, { latencyMs: 0, integration: id }), await runLine(world, { latencyMs: REQUEST_LATENCY_MS, integration: id })]);
await world.stop();

say('\n| the line (provider client, derive, LanceDB, Postgres; sandbox and Postgres on the same cores) | records/s | ms per 100 | RSS MB |\n|---|---|---|---|');
const line = (name: string, f: LineFigures): void => row(name, Math.round(f.perSecond), Math.round(100_000 / f.perSecond), Math.round(f.rssMb));
line(`4 windows, latency 0 (median of ${RUNS})`, best);
line('1 window, latency 0', oneLane);
line(`4 windows, ${PAGE_LATENCY_MS} ms a page`, slow);
line(`1 window, ${PAGE_LATENCY_MS} ms a page (serial)`, slowSerial);
say(`\n${(slow.perSecond / slowSerial.perSecond).toFixed(1)} times the serial figure at ${PAGE_LATENCY_MS} ms a page. Waiting in each stage per 100 records (4 windows, latency 0; they overlap): ${Object.entries(best.stages).map(([k, v]) => `${k} ${v.toFixed(0)} ms`).join(', ')}. Node ${process.version}, ${availableParallelism()} cores.`);

say(`\n| the line, each connector against its sandbox | records | records/s at 0 ms | at ${REQUEST_LATENCY_MS} ms a request |\n|---|---|---|---|`);
for (const [title, now, later] of perConnector) row(title, now.records, Math.round(now.perSecond), Math.round(later.perSecond));

if (process.argv.includes('--write')) {
  const file = new URL('../../ARCHITECTURE.md', import.meta.url), text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/<!-- bench -->[\s\S]*<!-- \/bench -->/, () => `<!-- bench -->\n${lines.join('\n')}\n<!-- /bench -->`));
}
