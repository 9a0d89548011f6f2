/** The records that speak of a node, in time. */
import { sql } from 'drizzle-orm';
import type { IntegrationId } from '#contract/job';
import type { EntityRef } from '#contract/memory';
import type { Database } from '#migrations/database';
import { isKept } from '#migrations/erasure';
import { ask, entity, evidenceOfRecords, moment, noSuchNode, rootOf } from './answer.ts';

interface TimelineQuery { from?: string | undefined; to?: string | undefined; limit: number }
interface TimelineRecord { record_id: string; title: string; preview: string; occurred_at: string; integration_id: IntegrationId; stream: string; url: string | null }
/** `months`: records of each month within the dates, oldest first. `truncated`: there are more records than shown. */
interface Timeline { entity: EntityRef; records: TimelineRecord[]; total: number; months: { month: string; records: number }[]; truncated: boolean }

/** Newest first. Throws ApiError `not_found`, DatabaseError. */
export async function timelineOf(db: Database, tenantId: string, id: string, { from, to, limit }: TimelineQuery): Promise<Timeline> {
  const timeline = await ask<Timeline>(db, tenantId, sql`
    with root as (select ${rootOf(tenantId, id)} as id),
    said as materialized (
      select distinct r.record_id, r.title, r.preview, r.occurred_at, r.integration_id, r.stream, r.url from root cross join node_members(${tenantId}, root.id) as member(id)
        join ${evidenceOfRecords(tenantId)} on v.tenant_id = ${tenantId} and v.target_id = member.id
       where ${isKept} and (${moment(from)} is null or r.occurred_at >= ${moment(from)}) and (${moment(to)} is null or r.occurred_at <= ${moment(to)}))
    select json_build_object('entity', json_build_object(${entity('c')}), 'total', (select count(*) from said), 'truncated', (select count(*) from said) > ${limit},
        'records', (select coalesce(json_agg(x), '[]') from (select record_id, title, preview, iso(occurred_at) as occurred_at, integration_id, stream, url from said s order by s.occurred_at desc, s.record_id limit ${limit}) x),
        'months', (select coalesce(json_agg(json_build_object('month', month, 'records', n) order by month), '[]') from (select to_char(occurred_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as n from said group by 1) x))::text as answer
      from root cross join lateral graph_cards(${tenantId}, array[root.id]) c`);
  if (!timeline) throw noSuchNode();
  return timeline;
}
