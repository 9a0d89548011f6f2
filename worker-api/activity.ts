/** Looking back: what came into memory when and from where, how far back it is complete, how the syncs fared. All counted from rows, nothing kept for it. */
import { sql, type SQL } from 'drizzle-orm';
import type { ActivityResponse, SourcesResponse } from '#contract/activity';
import { routes } from '#contract/api';
import { watermarksOf } from '#migrations/watermarks';
import { tenantDatabase } from './database.ts';
import { serve, type App } from './route.ts';

const dayText = (column: string): SQL => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD')`);
const momentText = (column: string): SQL => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
/** The UTC day of a moment. date_bin: a tenth of what a cast through time zones costs a row. */
const dayOf = (moment: SQL): SQL => sql`date_bin('1 day', ${moment}, '2000-01-01T00:00:00Z')`;

export function serveActivity(app: App): void {
  serve(app, routes.activity, async ({ env, principal: { tenantId }, query: { days } }) => {
    const since = dayOf(sql`now() - make_interval(days => ${days - 1}::int)`);
    const [frame, records, growth, syncs] = await tenantDatabase(env).tenant(tenantId, [
      sql`select ${dayText('x.since')} as since, ${dayText('now()')} as until from (select ${since} as since) x`,
      sql`select ${dayText('x.day')} as day, x.integration_id, x.records from (
            select ${dayOf(sql`occurred_at`)} as day, integration_id, count(*)::int as records from records where tenant_id = ${tenantId} and occurred_at >= ${since} and occurred_at <= now() group by 1, 2) x order by 1, 2`,
      sql`select ${dayText('x.day')} as day, (sum(x.records) over (order by x.day))::int as records from (
            select greatest(${dayOf(sql`stored_at`)}, ${since}) as day, count(*)::int as records from records where tenant_id = ${tenantId} group by 1) x order by x.day`,
      sql`select ${dayText('x.day')} as day, x.completed, x.failed, x.cancelled, x.records_failed, x.processed, x.seconds from (
            select ${dayOf(sql`updated_at`)} as day, (count(*) filter (where status = 'completed'))::int as completed,
                   (count(*) filter (where status = 'failed' or reason = 'abandoned'))::int as failed, (count(*) filter (where reason = 'user_cancelled'))::int as cancelled, sum(failed)::int as records_failed,
                   coalesce(sum(records_processed) filter (where status = 'completed'), 0)::int as processed,
                   coalesce(sum(extract(epoch from completed_at - started_at)) filter (where status = 'completed'), 0)::float8 as seconds
              from historical_sync_jobs where tenant_id = ${tenantId} and status in ('completed', 'failed', 'cancelled') and updated_at >= ${since} group by 1) x order by x.day`,
    ]);
    return { ...frame![0] as Pick<ActivityResponse, 'since' | 'until'>, records, growth, syncs } as unknown as ActivityResponse;
  });

  serve(app, routes.memorySources, async ({ env, principal: { tenantId } }) => {
    const [sources, watermarks] = await tenantDatabase(env).tenant(tenantId, [
      sql`select x.connection_id::text as connection_id, x.records, ${momentText('x.oldest')} as oldest, ${momentText('x.newest')} as newest from (
            select connection_id, count(*)::int as records, min(occurred_at) as oldest, max(occurred_at) as newest from records where tenant_id = ${tenantId} group by 1) x order by 1`,
      watermarksOf(tenantId),
    ]);
    return { sources, watermarks } as unknown as SourcesResponse;
  });
}
