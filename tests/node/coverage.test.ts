/** How far memory reaches is kept beside the windows, by triggers; here against the windows themselves, and against what the migration makes of a database that has them already. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { historyOf } from '#fly-worker/tokens';
import { watermarksOf } from '#migrations/watermarks';
import { startTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => { db = await startTestDatabase(); });
afterAll(() => db.stop());

const backfill = /insert into stream_coverage [^;]*;/.exec(readFileSync(new URL('../../migrations/sql/0036_stream_coverage.sql', import.meta.url), 'utf8'))![0];
const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString();

const window = fc.record({ from: fc.nat(20), days: fc.integer({ min: 1, max: 9 }), stream: fc.constantFrom('mail', 'calendar'), kind: fc.constantFrom('span', 'span', 'span', 'changes', 'sweep'), done: fc.boolean(), note: fc.constantFrom(null, null, 'passed over'), isRetry: fc.boolean(), title: fc.constantFrom(null, 'Inbox', 'Sent'), isIncremental: fc.boolean() });
const step = fc.oneof({ weight: 6, arbitrary: window.map((w) => ({ window: w, erases: null })) }, { weight: 1, arbitrary: fc.constantFrom('connection', 'tenant', 'record').map((erases) => ({ window: null, erases })) });

it('what is said of a stream is what its windows say, in whatever order they end and are erased', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
    const tenant = `t${randomUUID().slice(0, 8)}`, connections = [randomUUID(), randomUUID()];
    await db.owner.system([sql`insert into tenants (id, name, slug) values (${tenant}, 'T', ${tenant})`,
      ...connections.map((id) => sql`insert into connections (tenant_id, id, integration_id, account) values (${tenant}, ${id}::uuid, 'outlook', ${id})`)]);
    for (const [n, { window: w, erases }] of steps.entries()) {
      const connection = connections[n % 2]!, job = randomUUID();
      if (w === null) { await db.owner.system([sql`insert into erasures (tenant_id, id, subject, subject_id, requested_by) values (${tenant}, ${randomUUID()}::uuid, ${erases}, ${erases === 'tenant' ? null : connection}::uuid, 'test')`]); continue; }
      await db.owner.system([
        sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, status, mode, start_date, end_date, created_by) values (${tenant}, ${job}::uuid, 'outlook', ${connection}::uuid, 'failed', ${w.isIncremental ? 'incremental' : 'backfill'}, ${day(0)}, ${day(40)}, 'test')`,
        sql`insert into sync_windows (tenant_id, job_id, stream, no, kind, since, until, title, retry_of) values (${tenant}, ${job}::uuid, ${w.stream}, 0, ${w.kind}, ${day(w.from)}, ${day(w.from + w.days)}, ${w.title}, ${w.isRetry && w.kind === 'span' ? 7 : null}::int)`,
      ]);
      await db.owner.system([sql`update sync_windows set seq = seq + 1, done = ${w.done}, note = ${w.done ? w.note : null}, updated_at = now() where tenant_id = ${tenant} and job_id = ${job}::uuid`]);
    }
    const kept = async () => (await db.owner.system([sql`select connection_id::text as id, stream, held::text as held, complete::text as complete, oldest::text as oldest from stream_coverage where tenant_id = ${tenant} order by 1, 2`]))[0];
    const said = async () => JSON.stringify([(await db.app.tenant(tenant, [watermarksOf(tenant)]))[0], await Promise.all(connections.map(async (connectionId) => ['mail', 'calendar'].map(await historyOf(db.app, { tenantId: tenant, jobId: connectionId, connectionId, fence: 1 } as Parameters<typeof historyOf>[1]))))]);
    const [rows, words] = [await kept(), await said()];
    await db.owner.system([sql`delete from stream_coverage where tenant_id = ${tenant}`, sql.raw(`${backfill.slice(0, -1)} on conflict do nothing`)]);
    expect(await kept()).toEqual(rows);
    expect(await said()).toBe(words);
    const [owed] = await db.owner.system([sql`
      select w.stream, j.source_connection_id::text as id, (range_agg(tstzrange(w.since, w.until)) filter (where j.mode = 'incremental') - coalesce(range_agg(tstzrange(w.since, w.until)) filter (where w.done and w.note is null), '{}'))::text as owed
        from sync_windows w join historical_sync_jobs j on j.tenant_id = w.tenant_id and j.id = w.job_id where w.tenant_id = ${tenant} and w.kind = 'span' and w.retry_of is null group by 1, 2`]);
    for (const row of owed!) {
      const history = (await historyOf(db.app, { tenantId: tenant, jobId: String(row.id), connectionId: String(row.id), fence: 1 } as Parameters<typeof historyOf>[1]))(String(row.stream));
      expect(history.owed.length, String(row.owed)).toBe((String(row.owed ?? '{}').match(/\[/g) ?? []).length);
    }
  }), { numRuns: 60 });
}, 60_000);
