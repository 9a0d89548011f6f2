/** Who is calling, for whom, and what the tenant's plan allows: the one route a page asks before all others. */
import { sql } from 'drizzle-orm';
import { Scope } from '#contract/accounts';
import { routes } from '#contract/api';
import { RECORDS_PER_ACU } from '#contract/limits';
import { monthEnds, monthsOfHistory } from '#contract/plans';
import { quotaAcu, recordsStored } from '#migrations/quota';
import { tenantDatabase } from './database.ts';
import { serve, type App } from './route.ts';

export function serveMe(app: App): void {
  serve(app, routes.me, async ({ env, principal: { user, tenantId, tenantName, plan, role, scopes } }) => {
    const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`select ${quotaAcu} as quota_acu, ${recordsStored(tenantId)}::float8 as stored from tenants t where t.id = ${tenantId}`]);
    const { quota_acu: limit, stored } = rows![0] as { quota_acu: number; stored: number };
    const tenant = { id: tenantId, name: tenantName, plan, months_of_history: monthsOfHistory[plan], acu: { used: stored / RECORDS_PER_ACU, limit, resets_at: monthEnds(new Date()) } };
    return { user, tenant, role, scopes: Scope.options.filter((scope) => scopes.has(scope)) };
  });
}
