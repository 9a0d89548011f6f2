/** `npm run bench`: the figures of ARCHITECTURE.md's performance table, or those of the parts named (`-- stages jobs`); with `--write` they are put there. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { connectors } from '#fly-worker/connectors/index';
import { measureArchive } from './archive.ts';
import { measureJobs, measureRecovery, type Millis } from './jobs.ts';
import { openWorld, runLine, type LineFigures } from './line.ts';
import { measureMemory, MODES } from './memory.ts';
import { hasReplies, measureReplies } from './replies.ts';
import { measurePeers } from './peers.ts';
import { measureStages } from './stages.ts';

const PAGE_LATENCY_MS = 1_500, REQUEST_LATENCY_MS = 500, RUNS = 5, WATCHERS = [100, 1_000], KILLS = 100, ARCHIVE_MB = 200, MEMORY_RECORDS = [10_000, 100_000], MEMORY_PASSAGES = 300_000;
/** Prints one line of a table, or of the text below it. */
type Say = (line: string) => void;
const cells = (...values: (string | number)[]): string => `| ${values.join(' | ')} |`;

async function stages(say: Say): Promise<void> {
  say('| stage alone | ms per 100 records | records/s |\n|---|---|---|');
  for (const { stage, msPer100 } of await measureStages()) say(cells(stage, msPer100.toFixed(1), Math.round(100_000 / msPer100)));
}

async function replies(say: Say): Promise<void> {
  if (!hasReplies) return say('No mails to look at: ../shared/data/mail-replies is not part of the project.');
  say('| replies and signatures, mails of | mails | exact | leaked | cut | what is wrong |\n|---|---|---|---|---|---|');
  for (const { source, mails, exact, leaked, cut, missed } of measureReplies()) say(cells(source, mails, exact, leaked, cut, missed.join(', ') || 'nothing'));
}

async function line(say: Say): Promise<void> {
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

  say('| the line (provider client, derive, LanceDB, Postgres; sandbox and Postgres on the same cores) | records/s | ms per 100 | RSS MB |\n|---|---|---|---|');
  const row = (name: string, f: LineFigures): void => say(cells(name, Math.round(f.perSecond), Math.round(100_000 / f.perSecond), Math.round(f.rssMb)));
  row(`4 windows, latency 0 (median of ${RUNS})`, best);
  row('1 window, latency 0', oneLane);
  row(`4 windows, ${PAGE_LATENCY_MS} ms a page`, slow);
  row(`1 window, ${PAGE_LATENCY_MS} ms a page (serial)`, slowSerial);
  say(`\n${(slow.perSecond / slowSerial.perSecond).toFixed(1)} times the serial figure at ${PAGE_LATENCY_MS} ms a page. Waiting in each stage per 100 records (4 windows, latency 0; they overlap): ${Object.entries(best.stages).map(([k, v]) => `${k} ${v.toFixed(0)} ms`).join(', ')}. Node ${process.version}, ${availableParallelism()} cores.`);

  say(`\n| the line, each connector against its sandbox | records | records/s at 0 ms | at ${REQUEST_LATENCY_MS} ms a request |\n|---|---|---|---|`);
  for (const [title, now, later] of perConnector) say(cells(title, now.records, Math.round(now.perSecond), Math.round(later.perSecond)));
}

const at = (sorted: Millis, p: number): string => `${(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? 0).toFixed(0)} ms`;
const row = (name: string, times: Millis): string => cells(name, times.length, at(times, 0.5), at(times, 0.95), at(times, 0.99));

async function jobs(say: Say): Promise<void> {
  const { startToClaim, heartbeat, delivery, api, apiErrors } = await measureJobs(WATCHERS);
  say('| jobs, on a whole house | measured | p50 | p95 | p99 |\n|---|---|---|---|---|');
  say(row('start to claim, workers idle', startToClaim));
  say(row('one heartbeat, as the worker sees it', heartbeat));
  for (const [watchers, times] of delivery) say(row(`WebSocket, change to watcher, ${watchers} of one job`, times));
  say(row(`API at 100 requests/s (${apiErrors} failed)`, api));
}

async function recovery(say: Say): Promise<void> {
  const { kills, recovered } = await measureRecovery(KILLS);
  say(`| recovery, ${kills} working processes killed -9 | measured | p50 | p95 | p99 |\n|---|---|---|---|---|`);
  say(row('until the job has stored a chunk more', recovered));
}

async function archive(say: Say): Promise<void> {
  const { fileMb, records, uploadSeconds, importSeconds, peakRssMb } = await measureArchive(ARCHIVE_MB);
  say('| a mailbox file, uploaded and imported by a whole house | MB | mails | upload s | import s | mails/s | most RSS of the worker, MB |\n|---|---|---|---|---|---|---|');
  say(cells('mbox, every 20th mail with an attachment', Math.round(fileMb), records, uploadSeconds.toFixed(1), importSeconds.toFixed(1), Math.round(records / importSeconds), Math.round(peakRssMb)));
}

async function memory(say: Say): Promise<void> {
  const { grown, hub, large } = await measureMemory(MEMORY_RECORDS, MEMORY_PASSAGES), [small, ...others] = grown, halves = (times: Millis): string => `${at(times, 0.5)} / ${at(times, 0.95)}`;
  const cost = (name: string, key: 'appendedMs' | 'mergedMs'): void => say(cells(name, `${small![key].toFixed(2)} ms`, ...others.map((one) => `${one[key].toFixed(2)} ms (${percent(one[key] / small![key] - 1)})`), ''));
  say(`| memory as it grows (mails of 2 KB of text, one passage each), on a whole house | ${[...grown.map(({ records }) => records), large.passages].map((size) => size.toLocaleString('en')).join(' | ')} |\n|---|---|---|---|`);
  cost('a record of a first sync: processor time of the whole line, with its share of upkeep', 'appendedMs');
  cost('a record of a later sync', 'mergedMs');
  say(cells('hybrid search through the edge when a sync has just ended, p50 / p95', ...grown.map(({ atOnce }) => halves(atOnce)), ''));
  for (const mode of MODES) say(cells(`${mode} search through the edge, p50 / p95`, ...[...grown, large].map(({ search }) => halves(search[mode]))));
  say(cells(`most memory of the whole worker, which syncs ${large.synced} records more and answers searches`, ...grown.map(() => ''), `${Math.round(large.workerMb)} MB`));
  say(`\nNeighbours of a hub through the edge, depth 3, 2,000 mails round 50 people: ${halves(hub)}.`);
}
const percent = (share: number): string => `${share < 0 ? '-' : '+'}${Math.round(100 * Math.abs(share))} %`;

const PUBLISHED = 'Published by themselves, on machines of their own: graphile-worker 4.2 ms from add_job to its start on average and 183,000 jobs/s in batches (worker.graphile.org/docs/performance); Airbyte 110 MB/s from MySQL to S3 (airbyte.com/blog/speed-improvements). Neither has a fence, a ledger or a second memory to keep.';

async function peers(say: Say): Promise<void> {
  const { mails, seconds, pickUp } = await measurePeers();
  say(`| ${mails} HTML mails into LanceDB, the same local embedder, chunks of 100 | s | mails/s |\n|---|---|---|`);
  for (const [name, taken] of seconds) say(cells(name, taken.toFixed(1), Math.round(mails / taken)));
  say('\n| a job is picked up, worker idle | measured | p50 | p95 | p99 |\n|---|---|---|---|---|');
  for (const [name, times] of pickUp) say(row(name, times));
  say(`\n${PUBLISHED}`);
}

const parts = { stages, replies, line, jobs, recovery, archive, memory, peers };
const wished = process.argv.slice(2).filter((word) => !word.startsWith('--')), unknown = wished.filter((word) => !(word in parts));
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`);
const file = new URL('../../ARCHITECTURE.md', import.meta.url);
for (const [name, measure] of Object.entries(parts)) {
  if (wished.length > 0 && !wished.includes(name)) continue;
  const lines: string[] = [];
  await measure((text) => { console.log(text); lines.push(text); });
  console.log('');
  if (!process.argv.includes('--write')) continue;
  const text = readFileSync(file, 'utf8'), place = new RegExp(`(<!-- bench ${name} -->\n)[\\s\\S]*?(<!-- /bench ${name} -->)`);
  if (!place.test(text)) throw new Error(`ARCHITECTURE.md has no place for ${name}.`);
  writeFileSync(file, text.replace(place, (_, before: string, after: string) => `${before}${lines.join('\n')}\n${after}`));
}
