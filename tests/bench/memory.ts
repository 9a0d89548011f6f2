/**
 * How memory grows: what a record costs when 10,000 are there and when 100,000 are, in processor time, so that a busy machine tells the same; how long a search takes
 * through the edge; how much memory a whole worker holds with 300,000; and what a hub of the graph costs. The line writes in this process, into the stores of a
 * whole house whose own worker is searched, and in the end syncs into the largest.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { sql } from 'drizzle-orm';
import type { Connector, Page, SourceRecord } from '#contract/connector';
import { NodesAnswer } from '#contract/graph';
import { isTerminal } from '#contract/job';
import { MEMORY_HIGH, WORKER_MEMORY_BYTES } from '#contract/limits';
import { openDeriveThreads } from '#fly-worker/derive-thread';
import { vectorAt } from '#fly-worker/embed/embedder';
import { embedLocally, localEmbedder } from '#fly-worker/embed/local';
import { collectGarbage } from '#fly-worker/garbage';
import { openMemoryGuard } from '#fly-worker/memory-guard';
import { runPipeline } from '#fly-worker/pipeline';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { toArrow } from '#fly-worker/semantic/rows';
import { findTable } from '#fly-worker/semantic/tables';
import { openWorkshop } from '#fly-worker/workshop';
import { until, type Client } from '../client.ts';
import { openWholeHouse, type WholeHouse } from '../whole-house.ts';
import type { Millis } from './jobs.ts';

const STREAMS = 4, PAGE = 100, BLOCK = 5_000, QUERIES = 200, PEOPLE = 400, HUB_MAILS = 2_000, HUB_PEOPLE = 50, HUB_ASKED = 30, STORE_AT_ONCE = 5_000, SYNC_PATIENCE_MS = 900_000;
export const MODES = ['hybrid', 'keyword', 'semantic'] as const;
type Times = Record<(typeof MODES)[number], Millis>;

/** `appendedMs`, `mergedMs`: processor time of the line a record, upkeep's share in it, by a first sync (the last BLOCK records before the size was reached) and by a later one (the next BLOCK). */
interface GrowthFigures { records: number; appendedMs: number; mergedMs: number; /** Hybrid, when the sync has just ended. */ atOnce: Millis; search: Times }
/** `workerMb`: the most that the working process ever held, after it has synced `synced` records more into `passages` and answered searches. */
interface MemoryFigures { grown: GrowthFigures[]; hub: Millis; large: { passages: number; synced: number; search: Times; workerMb: number } }

/** @param sizes records to write through the line, ascending; `passages`: rows of semantic memory at the end */
export async function measureMemory(sizes: number[], passages: number): Promise<MemoryFigures> {
  const house = await openWholeHouse({ workers: 1 }), semantic = openSemanticMemory({ uri: join(house.dir, 'lancedb') });
  try {
    const hub = await measureHub(house, semantic), client = await house.newTenant('large'), grown: GrowthFigures[] = [];
    let written = 0;
    const more = (count: number): Pages => { const from = written; written += count; return { count, page: (at, n) => mails(n, from + at) }; };
    // each with a connection of its own, whose first sync appends
    const writing = async <T>(work: (line: Line) => Promise<T>): Promise<T> => { const line = await openLine(house, semantic, 'large'); try { return await work(line); } finally { await line.close(); } };
    for (const records of sizes) {
      await writing((line) => line.write(more(records - BLOCK - written)));
      const [appendedMs, mergedMs] = await writing(async (line) => [await line.write(made(more(BLOCK))), await line.write(made(more(BLOCK)))] as const);
      grown.push({ records, appendedMs, mergedMs, atOnce: await measureSearch(client, 'hybrid'), search: await measureSearches(client, semantic) });
    }
    await growTo(house, semantic, written, passages);
    await semantic.close();
    const synced = await syncMore(house, client), search = await measureSearches(client, semantic);
    return { grown, hub, large: { passages, synced, search, workerMb: peakOf(workerOf(house)) } };
  } finally {
    await semantic.close();
    await house.end();
  }
}

/** The house's own worker syncs a mailbox of the sandbox into what is there. Answers how many records it stored. */
async function syncMore(house: WholeHouse, client: Client): Promise<number> {
  await house.sandbox.addAccount('large@bench.example', { mails: BLOCK, events: 0, seed: 5 });
  const { job_id } = await client.start(await client.connect('large@bench.example'));
  const { status, ledger, message } = await until(() => client.job(job_id), (job) => isTerminal(job.status) || job.status === 'paused', 'the sync ends', SYNC_PATIENCE_MS);
  if (status !== 'completed') throw new Error(`The sync into the large memory ended as ${status}: ${message ?? ''}`);
  return ledger.stored;
}

/** As it is once the worker that is searched has brought everything into the index. */
async function measureSearches(client: Client, semantic: SemanticMemory): Promise<Times> {
  await until(async () => { await client.search(wordOf(0.5)); return (await semantic.stats({ tenant: 'large', embedder: localEmbedder() }))!.unindexedRows; }, (rows) => rows === 0, 'everything is in the index', SYNC_PATIENCE_MS);
  const times: Partial<Times> = {};
  for (const mode of MODES) times[mode] = await measureSearch(client, mode);
  return times as Times;
}

/** The most that a process ever held, MB, as the kernel counted. Linux only. */
const peakOf = (pid: number): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const workerOf = (house: WholeHouse): number => Number(house.workerLog().findLast((l) => l.event === 'ready')!.worker!.split('/')[1]);

/** Records as a provider would page them. */
interface Pages { count: number; page(from: number, count: number): SourceRecord[] }
/** All of them at once, so that making them is not measured. */
const made = ({ count, page }: Pages): Pages => { const records = page(0, count); return { count, page: (from, n) => records.slice(from, from + n) }; };

interface Line { /** Milliseconds of this process's processors for each of them, until they are in both memories and tidied. */ write(records: Pages): Promise<number>; close(): Promise<void> }

/** The line of one connection, a job a call, fed with records instead of a provider's pages. */
async function openLine({ owner, app }: WholeHouse, semantic: SemanticMemory, tenantId: string): Promise<Line> {
  const connectionId = crypto.randomUUID(), threads = openDeriveThreads(), shop = openWorkshop({ db: app, threads, embedder: localEmbedder(), embedsOnThread: true, semantic });
  await owner.system([sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', ${connectionId})`, sql`update tenants set acu_per_month = 1000000 where id = ${tenantId}`]);
  const guard = openMemoryGuard({ memory: WORKER_MEMORY_BYTES, rss: () => process.memoryUsage.rss(), collect: () => { threads.collect(); collectGarbage(); } });
  const connector = { id: 'outlook', concurrencyMax: 4, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => Array.from({ length: STREAMS }, (_, n) => ({ name: `mail-${n}`, order: 'unordered', windowDays: 36_500 })) } as unknown as Connector;
  return {
    async write({ count, page }) {
      const jobId = crypto.randomUUID(), range = { since: '2020-01-01T00:00:00.000Z', until: '2030-01-01T00:00:00.000Z' };
      await owner.system([sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence) values (${tenantId}, ${jobId}::uuid, 'outlook', ${connectionId}::uuid, ${range.since}::timestamptz, ${range.until}::timestamptz, 'bench', 'running', 2)`]);
      const fetchPage = async (_: unknown, { stream, cursor }: { stream: string; cursor: unknown }): Promise<Page> => {
        const share = count / STREAMS, first = share * Number(stream.slice(-1)), from = Number(cursor ?? 0), next = Math.min(share, from + PAGE);
        return { records: page(first + from, next - from).map((record) => ({ ...record, stream })), unreadable: [], next: next < share ? next : null };
      };
      const began = process.cpuUsage();
      await runPipeline({
        mode: 'backfill', shop, connector, guard, baseUrl: '', range, signal: new AbortController().signal, onProgress: () => undefined, lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence: 2 },
        provider: { fetchPage, pageSize: () => PAGE, get: () => { throw new Error('not asked'); } } as never,
      });
      await semantic.upkeep({ tenant: tenantId, embedder: localEmbedder() });
      const { user, system } = process.cpuUsage(began);
      await owner.system([sql`update historical_sync_jobs set status = 'completed' where tenant_id = ${tenantId} and id = ${jobId}::uuid`]);
      return (user + system) / 1_000 / count;
    },
    close: () => threads.close(),
  };
}

/** Rows of which the ledger knows nothing, for what only semantic memory's size decides. Put into the table as they are, tidied once. */
async function growTo({ dir }: WholeHouse, semantic: SemanticMemory, from: number, to: number): Promise<void> {
  const space = { tenant: 'large', embedder: localEmbedder() }, db = await connect(join(dir, 'lancedb', space.tenant)), table = (await findTable(db, space.embedder.id))!;
  for (let n = from; n < to; n += STORE_AT_ONCE) {
    const some = mails(STORE_AT_ONCE, n), vectors = embedLocally(some.map(({ title, body }) => `${title}\n${body.content}`));
    await table.add(toArrow(some.map(({ providerId, title, body, occurredAt, participants }, i) => ({
      recordId: crypto.randomUUID(), contentHash: providerId, integrationId: 'outlook', connectionId: 'c', stream: 'mail', occurredAt: Date.parse(occurredAt), title, text: body.content, parts: [], people: participants.map((p) => p.address!), url: null,
      vector: vectorAt(vectors, space.embedder.dims, i),
    })), space.embedder.dims, Date.now()));
    // as the guard of a worker would
    if (process.memoryUsage.rss() > MEMORY_HIGH * WORKER_MEMORY_BYTES) collectGarbage();
  }
  table.close();
  db.close();
  await semantic.upkeep(space);
}

/** Questions of one to four words as people ask them: some rare, some everywhere, some of them names. */
async function measureSearch(client: Client, mode: string): Promise<Millis> {
  const random = seeded(mode.length), times: number[] = [];
  for (let i = -10; i < QUERIES; i++) {
    const words = i % 10 === 0 ? [addressOf(Math.floor(random() * PEOPLE))] : Array.from({ length: 1 + Math.floor(random() * 4) }, () => wordOf(0.15 + 0.85 * random())), began = performance.now();
    const response = await client.fetch(`/api/memory/search?${new URLSearchParams({ q: words.join(' '), mode })}`);
    if (!response.ok) throw new Error(`A search was answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
    if (i >= 0) times.push(performance.now() - began);                                    // the first ones are cold
  }
  return times.toSorted((a, b) => a - b);
}

/** Everything within three steps of the person in the middle of 2,000 mails between 50, through the API. */
async function measureHub(house: WholeHouse, semantic: SemanticMemory): Promise<Millis> {
  const client = await house.newTenant('hub'), line = await openLine(house, semantic, 'hub'), times: number[] = [];
  await line.write(made({ count: HUB_MAILS, page: () => mails(HUB_MAILS, 0, HUB_PEOPLE).map((mail) => ({ ...mail, participants: [...mail.participants, { role: 'to' as const, address: addressOf(0), name: 'Person 0' }] })) }));
  await line.close();
  const { nodes } = NodesAnswer.parse(await (await client.fetch(`/api/memory/graph/nodes?q=${encodeURIComponent(addressOf(0))}`)).json());
  for (let i = -3; i < HUB_ASKED; i++) {
    const began = performance.now(), response = await client.fetch(`/api/memory/graph/nodes/${nodes[0]!.id}/neighbors?depth=3&limit=500`);
    if (!response.ok) throw new Error(`The hub was answered ${response.status}.`);
    await response.arrayBuffer();
    if (i >= 0) times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b);
}

/** A small generator, so that every run measures the same. */
const seeded = (seed: number) => () => { seed = (seed * 1_664_525 + 1_013_904_223) >>> 0; return seed / 2 ** 32; };
const vocabulary = readFileSync(new URL('../../fly-worker/embed/words.txt', import.meta.url), 'utf8').split('\n');
/** A word by its place between the commonest (0) and the rarest (1), as often as words are in texts when the place is chosen evenly (Zipf). */
const wordOf = (place: number): string => vocabulary[Math.floor(vocabulary.length ** place) - 1] ?? vocabulary[0]!;
const addressOf = (n: number): string => `person.${n}@firm-${n % 60}.example`;

/** Mails of about 2 KB of text, one passage each, in a vocabulary like that of real ones. */
function mails(count: number, from: number, people = PEOPLE): SourceRecord[] {
  const random = seeded(from + 1), sentence = (words: number): string => Array.from({ length: words }, () => wordOf(random())).join(' ');
  return Array.from({ length: count }, (_, i): SourceRecord => {
    const n = from + i, [writer, reader] = [Math.floor(random() * people), Math.floor(random() * people)];
    return {
      stream: 'mail', providerId: `m${n}`, kind: 'mail', url: null, occurredAt: new Date(Date.UTC(2024, 0, 1) + n * 60_000).toISOString(), endsAt: null, title: sentence(6),
      body: { format: 'text', content: Array.from({ length: 24 }, () => `${sentence(13)}.`).join(' ').slice(0, 2_200) },
      participants: [{ role: 'from', address: addressOf(writer), name: `Person ${writer}` }, { role: 'to', address: addressOf(reader), name: `Person ${reader}` }],
      threadId: `t${Math.floor(n / 4)}`, globalId: `<m${n}@bench.example>`, replyToGlobalId: null, properties: {},
    };
  });
}
