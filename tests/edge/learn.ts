/** Records straight into the ledger, derived and committed by the code that workers run: for tests that need a memory and not its making. */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { SourceRecord } from '#contract/connector';
import { toColumns, toRows } from '#fly-worker/chunk';
import { contentHash, derive } from '#fly-worker/extract/derive';
import { recordId } from '#fly-worker/ids';
import { commit, plan } from '#fly-worker/ledger';
import { lookUp } from '#fly-worker/look-up';
import type { TestDatabase } from '../database.ts';

const CHUNK = 200;

/** One completed job over these records. Answers their ids, in order. */
export async function learn(db: TestDatabase, tenantId: string, connectionId: string, records: SourceRecord[]): Promise<string[]> {
  const jobId = randomUUID(), lease = { tenantId, jobId, connectionId, integrationId: 'outlook', fence: 1 };
  await db.owner.system([sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence)
    values (${tenantId}, ${jobId}::uuid, 'outlook', ${connectionId}::uuid, '1990-01-01', '2090-01-01', 'test', 'running', 1)`]);
  const { windows } = await plan(db.app, lease, [{ stream: 'mail', no: 0, since: '1990-01-01T00:00:00.000Z', until: '2090-01-01T00:00:00.000Z', kind: 'span', checkpoint: null }]);
  const window = windows[0]!;
  for (let from = 0; from < records.length; from += CHUNK, window.seq += 1) {
    const fresh = records.slice(from, from + CHUNK).map((source) => ({ source, recordId: recordId(tenantId, connectionId, source.stream, source.providerId), contentHash: contentHash(source) }));
    const { known: before } = await lookUp(db.app, lease, fresh.map((f) => f.recordId)), done = from + CHUNK >= records.length;
    await commit(db.app, lease, {
      window: { ...window }, checkpoint: from, done, covered: 1, seen: fresh.length, unchanged: [], failures: [], edited: fresh.map((f) => f.recordId).filter((id) => before.has(id)), streams: [], coveredTotal: 1, note: null, leftOut: 0, forgotten: [], mayHeal: false, mark: null,
      rows: toColumns(toRows(lease, fresh, derive(fresh.map((f) => f.source)))),
    });
  }
  await db.owner.system([sql`update historical_sync_jobs set status = 'completed' where tenant_id = ${tenantId} and id = ${jobId}::uuid`]);
  return records.map((r) => recordId(tenantId, connectionId, r.stream, r.providerId));
}
