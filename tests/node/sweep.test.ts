/** The running worker looks through semantic memory for rows that no record names: on real stores, in a process of its own. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SWEEP_AFTER_MS } from '#contract/limits';
import { freePort } from '#dev/ports';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { localEmbedder } from '#fly-worker/embed/local';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { findTable } from '#fly-worker/semantic/tables';
import { openSweeper, type SweptKind } from '#fly-worker/sweep';
import { openWorkshop } from '#fly-worker/workshop';
import { benchMails } from '../bench/mails.ts';
import { until } from '../client.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { runOnce } from './run-once.ts';

const embedder = localEmbedder(), MAILS = 12, LEFT = 3;
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads, tenantId: string, connectionId: string;
beforeAll(async () => { db = await startTestDatabase(); dir = mkdtempSync(join(tmpdir(), 'hsync-sweep-')); semantic = openSemanticMemory({ uri: dir }); threads = openDeriveThreads(); });
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });
/** A tenant with MAILS records, and LEFT rows of attempts that were killed before their commit; all of it two hours ago. */
beforeEach(async () => {
  [tenantId, connectionId] = [`t${randomUUID().slice(0, 8)}`, randomUUID()];
  await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenantId}, 'T', ${tenantId})`, sql`insert into connections (tenant_id, id, integration_id, account) values (${tenantId}, ${connectionId}::uuid, 'outlook', 'a')`]);
  await runOnce({ db, shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }), tenantId, connectionId, records: benchMails(MAILS) });
  await semantic.store({ tenant: tenantId, embedder }, Array.from({ length: LEFT }, () => ({
    recordId: randomUUID(), contentHash: 'never-committed', integrationId: 'outlook', connectionId, stream: 'mail', occurredAt: 0, title: 'Left', text: 'Never named', parts: [], people: [], url: null, vector: null,
  })));
  await twoHoursAgo();
});

async function twoHoursAgo(status = 'completed'): Promise<void> {
  const [, updated] = await db.owner.system([sql`alter table historical_sync_jobs disable trigger user`,
    sql`update historical_sync_jobs set updated_at = now() - interval '2 hours', status = ${status} where tenant_id = ${tenantId} returning 1`, sql`alter table historical_sync_jobs enable trigger user`]);
  expect(updated).toHaveLength(1);
  const lance = await connect(join(dir, tenantId)), table = (await findTable(lance, localEmbedder().id))!;
  await table.update({ values: { stored_at: String(Date.now() - 2 * SWEEP_AFTER_MS) } });
  table.close();
}
const rows = async (): Promise<number> => (await semantic.stats({ tenant: tenantId, embedder }))!.rows;
async function look(): Promise<Record<SweptKind, number>> {
  const counts = { leftover: 0, unnamed: 0 };
  const sweeper = openSweeper({ db: db.app, semantic, olderThanMs: SWEEP_AFTER_MS, log: (event) => { if (event === 'sweep_failed') throw new Error(event); }, swept: (kind, count) => { counts[kind] += count; } });
  await Promise.all([sweeper.look(), sweeper.look()]);
  await sweeper.close();
  return counts;
}

describe('rows that no record names', () => {
  it('are swept by the running worker, which says so in its metrics', async () => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const worker = spawn(process.execPath, [new URL('../../fly-worker/worker.ts', import.meta.url).pathname], {
      stdio: 'ignore', env: { ...process.env, PORT: String(port), METRICS_PORT: String(metricsPort), HOST: '127.0.0.1', API_URL: 'http://127.0.0.1:1', APP_DATABASE_URL: db.appUrl, NEON_HTTP_URL: db.httpUrl, LANCEDB_URI: dir, WORKER_SECRET: 'only-for-this-test-0001' },
    });
    try {
      const metrics = await until(() => fetch(`http://127.0.0.1:${metricsPort}/metrics`).then((answer) => answer.text(), () => 'not up yet'), (text) => text.includes(`hsync_swept_rows_total{kind="unnamed"} ${LEFT}`), 'the sweep in the metrics');
      expect(metrics).toContain('hsync_swept_rows_total{kind="leftover"} 0');
      expect(await rows()).toBe(MAILS);
    } finally {
      worker.kill('SIGTERM');
      await new Promise((done) => { worker.once('exit', done); });
    }
  });

  it('are looked for once after a tenant\'s jobs have moved, and by one worker', async () => {
    const both = await Promise.all([look(), look()]);
    expect(both.map((counts) => counts.unnamed).toSorted()).toEqual([0, LEFT]);
    expect(await look()).toEqual({ leftover: 0, unnamed: 0 });
    const [books] = await db.owner.system([sql`select swept::int as swept, swept_at is not null as done from semantic_sweeps where tenant_id = ${tenantId}`]);
    expect(books).toEqual([{ swept: LEFT, done: true }]);
    expect(await rows()).toBe(MAILS);
  });

  it('stay while a job of the tenant is active: its next attempt may be about to name them', async () => {
    await twoHoursAgo('running');
    expect(await look()).toEqual({ leftover: 0, unnamed: 0 });
    expect(await rows()).toBe(MAILS + LEFT);
  });
});
