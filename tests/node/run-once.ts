/** One job of one stream over given records through the real pipeline and stores, as a worker would run it. */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Connector, Page, SourceRecord } from '#contract/connector';
import { runPipeline, type Finished, type Workshop } from '#fly-worker/pipeline';
import type { TestDatabase } from '../database.ts';

const RANGE = { since: '2000-01-01T00:00:00.000Z', until: '2040-01-01T00:00:00.000Z' }, PAGE = 20;

interface Once { db: TestDatabase; shop: Workshop; tenantId: string; connectionId: string; records: SourceRecord[]; unreadable?: Page['unreadable'] }

/** In one window, in pages of 20; what is unreadable stands on the first. The job ends completed. */
export async function runOnce({ db, shop, tenantId, connectionId, records, unreadable = [] }: Once): Promise<Finished> {
  const jobId = randomUUID();
  await db.owner.system([sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence) values (${tenantId}, ${jobId}::uuid, 'outlook', ${connectionId}::uuid, ${RANGE.since}::timestamptz, ${RANGE.until}::timestamptz, 'test', 'running', 1)`]);
  const connector = { id: 'outlook', concurrencyMax: 2, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => [{ name: 'mail', order: 'unordered', windowDays: 36_500 }] } as unknown as Connector;
  const fetchPage = async (_: unknown, { cursor }: { cursor: unknown }): Promise<Page> => {
    const from = Number(cursor ?? 0), next = from + PAGE;
    return { records: records.slice(from, next), unreadable: from === 0 ? unreadable : [], next: next < records.length ? next : null };
  };
  const finished = await runPipeline({
    mode: 'backfill',
    shop, connector, baseUrl: '', range: RANGE, signal: new AbortController().signal, onProgress: () => undefined,
    lease: { tenantId, jobId, connectionId, integrationId: 'outlook', fence: 1 }, provider: { fetchPage, pageSize: () => PAGE, get: () => { throw new Error('not asked'); } } as never,
  });
  await db.owner.system([sql`update historical_sync_jobs set status = 'completed' where id = ${jobId}::uuid`]);
  return finished;
}
