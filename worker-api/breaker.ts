/** The circuit breaker of a connection at the workers' door: who may try now, and what a run that has ended means for the next. The rule is contract/breaker's. */
import { sql } from 'drizzle-orm';
import { afterRun, breakerSentence, stateOf, type Breaker } from '#contract/breaker';
import type { IntegrationId, Outcome } from '#contract/job';
import { connectorOf } from '#fly-worker/connectors/index';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import type { JobClaims } from './tokens.ts';

interface HeldBack { until: number; message: string }

const columns = sql`c.failures_in_a_row as failures, (extract(epoch from c.open_until) * 1000)::float8 as open_until`;
interface BreakerRow { failures: number; open_until: number | null; integration_id: IntegrationId }
const toBreaker = ({ failures, open_until }: BreakerRow): Breaker => ({ failures, openUntil: open_until });

/** Until when the connection of this job is left alone, and that in a sentence; null: it may be tried. */
export async function heldBack(env: Env, tenantId: string, jobId: string): Promise<HeldBack | null> {
  const [rows] = await tenantDatabase(env).tenant(tenantId, [sql`
    select ${columns}, c.integration_id from historical_sync_jobs j join connections c on c.tenant_id = j.tenant_id and c.id = j.source_connection_id
     where j.tenant_id = ${tenantId} and j.id = ${jobId}::uuid and c.open_until is not null`]);
  const row = rows?.[0] as unknown as BreakerRow | undefined;
  if (!row || row.open_until === null || stateOf(toBreaker(row), Date.now()) !== 'open') return null;
  return { until: row.open_until, message: breakerSentence(connectorOf(row.integration_id)?.title ?? row.integration_id, row.failures, row.open_until) };
}

/** Remembers how a run ended. Only a failure, or the end of a row of them, is written. Whoever comes second with an older picture changes nothing. */
export async function noteRun(env: Env, { tenant, connection }: JobClaims, outcome: Outcome, stored: boolean): Promise<void> {
  const db = tenantDatabase(env), of = sql`c.tenant_id = ${tenant} and c.id = ${connection}::uuid`;
  const [rows] = await db.tenant(tenant, [sql`select ${columns}, c.integration_id from connections c where ${of}`]);
  const row = rows?.[0] as unknown as BreakerRow | undefined;
  if (!row) return;
  const before = toBreaker(row), after = afterRun(before, outcome, stored, Date.now());
  if (after.failures === before.failures) return;
  await db.tenant(tenant, [sql`
    update connections c set failures_in_a_row = ${after.failures}::int, open_until = to_timestamp(${after.openUntil}::float8 / 1000) where ${of} and c.failures_in_a_row = ${before.failures}::int`]);
}
