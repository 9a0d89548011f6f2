/** The queue's consumer. A message only says "somebody should look at this job": it is passed on to the fleet at once, and acked at once. */
import { sql } from 'drizzle-orm';
import { ACTIVE_JOBS_PER_TENANT_MAX, DOORBELL_TIMEOUT_MS, RECORDS_PER_ACU } from '#contract/limits';
import { acuPerMonth } from '#contract/plans';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { ensureWorkerRunning } from './fleet.ts';
import { objectOf } from './jobs.ts';
import { startDueSyncs } from './schedule.ts';
import { sweepSignIns } from './sign-in-limits.ts';
import { signForWorker } from './tokens.ts';
import { trace } from './tracing.ts';

export interface Bell { tenant_id: string; job_id: string }

const RETRY_SECONDS_MAX = 60;
/** Close to the queue's own limit a fresh message goes on instead of the old one into the dead letters. */
const ATTEMPTS_MAX = 18;
/** Waiting jobs looked at a minute; the oldest and most urgent first. */
const LOOKED_AT_MAX = 200;

export async function answerBells(batch: MessageBatch<Bell>, env: Env): Promise<void> {
  if (batch.queue.endsWith('-dlq')) return answerDeadLetters(batch, env);
  let told: Promise<void> | null = null;
  await Promise.all(batch.messages.map(async (message) => {
    const { tenant_id, job_id } = message.body;
    const wanted = await objectOf(env, tenant_id, job_id).wanted().catch(() => true);
    if (!wanted) return message.ack();
    // Beside the bell, never before it. A fleet that cannot be told now is told by the next one.
    told ??= ensureWorkerRunning(env).catch(() => undefined);
    const heard = await ringFleet(env);
    trace(env, 'bell', { tenantId: tenant_id, jobId: job_id }, { kind: 'consumer', beganMs: message.timestamp.getTime(), ok: heard, attributes: { 'messaging.attempts': message.attempts } });
    if (heard) return message.ack();
    const delaySeconds = Math.min(2 ** message.attempts, RETRY_SECONDS_MAX);
    if (message.attempts < ATTEMPTS_MAX) return message.retry({ delaySeconds });
    await env.SYNC_QUEUE.send(message.body, { delaySeconds });
    message.ack();
  }));
  await told;
}

/** Tells the fleet to look. False: nobody answered, or every slot is busy. */
async function ringFleet(env: Env): Promise<boolean> {
  const response = await fetch(`${env.WORKER_URL}/doorbell`, {
    method: 'POST', headers: { authorization: `Bearer ${await signForWorker(env)}` }, signal: AbortSignal.timeout(DOORBELL_TIMEOUT_MS), redirect: 'manual',
  }).catch(() => null);
  await response?.body?.cancel();
  return response?.status === 202;
}

/** Undeliverable: the job's object looks at itself and rings again when that is due. */
async function answerDeadLetters(batch: MessageBatch<Bell>, env: Env): Promise<void> {
  await Promise.all(batch.messages.map(async (message) => {
    await objectOf(env, message.body.tenant_id, message.body.job_id).look();
    message.ack();
  }));
}

/** The cron trigger's work: whatever nobody would notice by itself. */
export async function lookEveryMinute(env: Env): Promise<void> {
  const results = await Promise.allSettled([wakeForgottenJobs(env), resumeWithRoom(env), startDueSyncs(env), sweepSignIns(env)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** A job that stopped for want of quota or of a place goes on when its tenant has both again; one per tenant and look. */
async function resumeWithRoom(env: Env): Promise<void> {
  const [again] = await tenantDatabase(env).system([sql`
    select tenant_id, job_id::text as job_id from jobs_with_room_again(${JSON.stringify(acuPerMonth)}::jsonb, ${RECORDS_PER_ACU}::int, ${ACTIVE_JOBS_PER_TENANT_MAX}::int, ${LOOKED_AT_MAX}::int)`]);
  await Promise.all((again as unknown as Bell[]).map(({ tenant_id, job_id }) => objectOf(env, tenant_id, job_id).roomAgain()));
}

/** A job whose object never heard of its start (the edge died in between) has no alarm. Looking makes the object adopt its row and ring. */
async function wakeForgottenJobs(env: Env): Promise<void> {
  const [waiting] = await tenantDatabase(env).system([sql`select tenant_id, job_id::text as job_id from next_pending_jobs(${LOOKED_AT_MAX})`]);
  await Promise.all((waiting as unknown as Bell[]).map(({ tenant_id, job_id }) => objectOf(env, tenant_id, job_id).look()));
}
