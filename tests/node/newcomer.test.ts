/**
 * A tenant who came after Postgres last looked: its statistics know other tenants only, so that to the planner this one has a single row.
 * Whatever it believes, no statement may look at everything the tenant has once for each thing it answers. Counted in rows fetched, not in time.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { mbox } from '#fly-worker/connectors/mbox';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { openEraser } from '#fly-worker/erase';
import { exportMemory } from '#fly-worker/export';
import { openCommunityBook } from '#fly-worker/graph/community-book';
import { contextOf } from '#fly-worker/graph/context';
import { readRecord, search } from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import type { Database } from '#migrations/database';
import { writeErasure } from '#migrations/erasure';
import { neighborsOf } from '#worker-api/graph/neighbors';
import { findNodes, readNode } from '#worker-api/graph/nodes';
import { pathBetween } from '#worker-api/graph/paths';
import { timelineOf } from '#worker-api/graph/timeline';
import { importFile } from '../archive.ts';
import { CROWD_OWNER, crowdMailbox } from '../browser/crowd.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const embedder = localEmbedder();
const AS_OF = '2026-06-01T00:00:00.000Z';
/** Of a mailbox in which nearly everybody is somebody new. */
const records = (await importFile(mbox, crowdMailbox(Date.UTC(2026, 10, 1)))).records.slice(0, 800);
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads;

beforeAll(async () => {
  db = await startTestDatabase();
  dir = mkdtempSync(join(tmpdir(), 'hsync-newcomer-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });

const fetchedSoFar = sql`select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) as fetched from pg_stat_xact_user_tables`;
/** The application's database, which says how many rows each transaction fetched. */
const counting = (count: (rows: number) => void): Database => ({
  ...db.app,
  async tenant(tenantId, statements, lock) {
    const rows = await db.app.tenant(tenantId, [fetchedSoFar, ...statements, fetchedSoFar], lock), [before, after] = [rows[0], rows.at(-1)].map((one) => Number(one![0]!['fetched']));
    count(after! - before!);
    return rows.slice(1, -1);
  },
});

/** A tenant with a mailbox; `steps` are the rows that the dearest transaction of each step fetched. */
interface Life { steps: Map<string, number>; end(): Promise<void> }

/** What a tenant does from the first sync on; `end`: until the account is erased. */
async function live(tenantId: string): Promise<Life> {
  const connectionId = randomUUID(), steps = new Map<string, number>();
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'mbox', 'a')`]);
  let name = '';
  const watched = counting((rows) => steps.set(name, Math.max(steps.get(name) ?? 0, rows))), memory = { db: watched, semantic, embedder };
  const step = <T>(what: string, act: () => Promise<T>): Promise<T> => { name = what; return act(); };
  const sync = (some: SourceRecord[]) => runOnce({ db, shop: openWorkshop({ db: watched, threads, embedder, embedsOnThread: true, semantic }), tenantId, connectionId, records: some });

  await step('a first sync', () => sync(records));
  await step('the same again', () => sync(records));
  await step('an edit of half of them', () => sync(records.map((one, i) => (i % 2 ? one : { ...one, title: `${one.title} (edited)` }))));
  await step('communities', () => openCommunityBook({ db: watched, log: () => undefined }).rebuild(tenantId));
  const { nodes } = await step('nodes by name', () => findNodes(watched, tenantId, { type: 'person', q: CROWD_OWNER.address, limit: 20, offset: 0 })), hub = nodes[0]!.id;
  const page = await step('a page of nodes', () => findNodes(watched, tenantId, { type: 'person', limit: 50, offset: 0 }));
  await step('nodes as of then', () => findNodes(watched, tenantId, { as_of: AS_OF, limit: 20, offset: 0 }));
  await step('a hub', () => readNode(watched, tenantId, hub, undefined));
  await step('a hub as of then', () => readNode(watched, tenantId, hub, AS_OF));
  await step('its neighbours', () => neighborsOf(watched, tenantId, hub, { depth: 1, limit: 100 }));
  await step('those within three steps', () => neighborsOf(watched, tenantId, hub, { depth: 3, limit: 200, as_of: AS_OF }));
  await step('a path', () => pathBetween(watched, tenantId, { from: hub, to: page.nodes.at(-1)!.id }));
  await step('a time line', () => timelineOf(watched, tenantId, hub, { limit: 50 }));
  const { results } = await step('a search', () => search(memory, tenantId, { q: 'delivery plan', mode: 'hybrid', recency: 'ignore', limit: 20 }));
  await step('a record', () => readRecord(memory, tenantId, results[0]!.record_id));
  await step('a context', () => contextOf(memory, tenantId, { query: 'What of the delivery plan of Mia Adler?', limit: 20, depth: 2, token_budget: 4_000 }));
  await step('an export', async () => { for await (const _ of exportMemory(memory, tenantId)); });
  return {
    steps,
    end: () => step('an erasure', async () => {
      const id = randomUUID();
      await watched.tenant(tenantId, [writeErasure(tenantId, id, 'connection', connectionId, 'test')], 'exclusive');
      await openEraser({ db: watched, semantic, log: () => undefined }).erase(tenantId, id);
    }),
  };
}

test('a tenant of whom the statistics know nothing costs no more than one before there were any', async () => {
  const before = await live('before');
  await db.owner.system([sql`analyze`]);
  const newcomer = await live('newcomer');
  await before.end();
  await newcomer.end();
  expect(newcomer.steps.size).toBe(18);
  const dearer = [...newcomer.steps].filter(([step, rows]) => rows > 3 * before.steps.get(step)! + 1_000).map(([step, rows]) => `${step}: ${rows} rows fetched instead of ${before.steps.get(step)}`);
  expect(dearer).toEqual([]);
}, 120_000);
