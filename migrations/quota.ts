/** What a tenant may store this month and what it has stored, as SQL over `tenants t`. ACUs are counted in records: RECORDS_PER_ACU stored records are one. */
import { sql, type SQL } from 'drizzle-orm';
import { RECORDS_PER_ACU } from '#contract/limits';
import { acuPerMonth } from '#contract/plans';

/** The tenant's ACUs a month: its own figure, else its plan's. */
export const quotaAcu = sql`coalesce(t.acu_per_month, (${JSON.stringify(acuPerMonth)}::jsonb ->> t.plan)::int)`;

/** Records stored in this calendar month (UTC). */
export const recordsStored = (tenantId: string): SQL =>
  sql`(select coalesce(sum(u.records_stored), 0)::bigint from acu_usage u where u.tenant_id = ${tenantId} and u.month = ${thisMonth})`;
export const thisMonth = sql.raw(`date_trunc('month', now() at time zone 'UTC')::date`);

/** Records that this job may still store. `promised`: the ACUs its plan gave at its start, which a downgrade does not take back. Below one: none. */
export const recordsLeft = (tenantId: string, promised: SQL): SQL =>
  sql`(select greatest(${quotaAcu}, ${promised})::bigint * ${RECORDS_PER_ACU}::int - ${recordsStored(tenantId)} from tenants t where t.id = ${tenantId})`;
