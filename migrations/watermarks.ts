/** How far back memory is complete, as SQL that the edge and the workers share. */
import { sql, type SQL } from 'drizzle-orm';

const UTC = sql.raw(`'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`);

/** Rows of contract/memory's Watermark. Per stream of a connection: the newest unbroken stretch that was read to its end, over all its jobs. What was passed over, or erased since, is not complete. */
export const watermarksOf = (tenantId: string): SQL => sql`
  select c.connection_id::text as connection_id, n.integration_id, c.stream, c.title,
         to_char(lower(x.newest) at time zone 'UTC', ${UTC}) as complete_back_to, to_char(upper(x.newest) at time zone 'UTC', ${UTC}) as complete_until
    from stream_coverage c join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
    cross join lateral (select r as newest from unnest(c.complete) r order by upper(r) desc limit 1) x
   where c.tenant_id = ${tenantId} order by 2, 3, 1`;
