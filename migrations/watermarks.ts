/** How far back memory is complete, as SQL that the edge and the workers share. */
import { sql, type SQL } from 'drizzle-orm';

const UTC = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

/** Rows of contract/memory's Watermark. Per stream of a connection: the newest unbroken stretch of finished windows, over all its jobs. Changes, sweeps and retries cover nothing, and a window that was passed over, or whose memory was erased since, has nothing complete. */
export const watermarksOf = (tenantId: string): SQL => sql`
  select x.connection_id::text as connection_id, x.integration_id, x.stream, x.title,
         to_char(lower(x.newest) at time zone 'UTC', ${UTC}) as complete_back_to, to_char(upper(x.newest) at time zone 'UTC', ${UTC}) as complete_until
    from (select j.source_connection_id as connection_id, j.integration_id, w.stream, (array_agg(w.title order by w.updated_at desc) filter (where w.title is not null))[1] as title,
                 (select r from unnest(range_agg(tstzrange(w.since, w.until))) r order by upper(r) desc limit 1) as newest
            from sync_windows w join historical_sync_jobs j on j.tenant_id = w.tenant_id and j.id = w.job_id
           where w.tenant_id = ${tenantId} and w.kind = 'span' and w.retry_of is null and w.done and w.note is null
             and not exists (select from erasures e where e.tenant_id = w.tenant_id and w.updated_at <= e.requested_at and (e.subject = 'tenant' or (e.subject = 'connection' and e.subject_id = j.source_connection_id)))
           group by 1, 2, 3) x order by 2, 3, 1`;
