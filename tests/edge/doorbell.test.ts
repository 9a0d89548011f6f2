/** The queue's consumer: passes the bell on at once, tries again when nobody answers, and lets a dead letter wake the job's object. */
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { beforeEach, describe, expect, it } from 'vitest';
import { jwtVerify } from 'jose';
import type { Bell } from '#worker-api/doorbell';
import desk from '#worker-api/index';
import { act, env, fleetAnswers, heard, inObject, inStorage, newConnection, newJob, newTenant, row, rows, until, type Tenant } from './visitor.ts';

/** A line to the fleet of each test's own: bells of other jobs do not come this way. */
let line: string;
const answers = (...all: { status: number }[]): Promise<unknown> => fleetAnswers(`${line}/doorbell`, ...all);
const rung = (): ReturnType<typeof heard> => heard(`${line}/doorbell`);
beforeEach(() => { line = `/${crypto.randomUUID()}`; });

const ring = async (bells: Bell[], attempts = 1, queue = 'sync-jobs') => {
  const batch = createMessageBatch<Bell>(queue, bells.map((body, i) => ({ id: `m${i}`, timestamp: new Date(), attempts, body })));
  await desk.queue(batch, { ...env, WORKER_URL: `${env.WORKER_URL}${line}` });
  return getQueueResult(batch, createExecutionContext());
};
const bellOf = (tenant: Tenant, job_id: string): Bell => ({ tenant_id: tenant.id, job_id });
const waiting = async (): Promise<{ tenant: Tenant; bell: Bell }> => {
  const tenant = await newTenant(), { job_id } = await newJob(tenant);
  return { tenant, bell: bellOf(tenant, job_id) };
};

describe('a bell', () => {
  it('is passed on with a short-lived token of ours, and acked when the fleet takes it', async () => {
    const { bell } = await waiting();
    expect((await ring([bell])).explicitAcks).toEqual(['m0']);
    const [request] = await rung();
    const { payload } = await jwtVerify(request!.authorization.replace('Bearer ', ''), new TextEncoder().encode(env.WORKER_SECRET), { issuer: 'hsync', audience: 'fly-worker' });
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(60);
  });

  it.each([[429, 'every slot is busy'], [500, 'the fleet is broken'], [0, 'nobody answers'], [401, 'the fleet does not know us']])('is kept for later at %i: %s', async (status) => {
    const { bell } = await waiting();
    await answers({ status });
    const result = await ring([bell]);
    expect(result.explicitAcks).toEqual([]);
    expect(result.retryMessages.map((m) => m.msgId)).toEqual(['m0']);
  });

  it('for a job that no longer waits is acked without troubling anybody', async () => {
    const { tenant, bell } = await waiting();
    await act(tenant, bell.job_id, 'cancel');
    expect((await ring([bell])).explicitAcks).toEqual(['m0']);
    expect(await rung()).toEqual([]);
  });

  it('for a job that does not exist is acked', async () => {
    expect((await ring([bellOf(await newTenant(), crypto.randomUUID())])).explicitAcks).toEqual(['m0']);
  });

  it('close to the queue\'s own limit goes on as a fresh message', async () => {
    const { bell } = await waiting();
    await answers({ status: 429 });
    const result = await ring([bell], 18);
    expect(result.explicitAcks).toEqual(['m0']);
    expect(result.retryMessages).toEqual([]);
  });

  it('does not wait for the others of its batch', async () => {
    const { bell } = await waiting(), { bell: gone, tenant } = await waiting();
    await act(tenant, gone.job_id, 'cancel');
    await answers({ status: 429 });
    const result = await ring([bell, gone]);
    expect(result.explicitAcks).toEqual(['m1']);
    expect(result.retryMessages.map((m) => m.msgId)).toEqual(['m0']);
  });

  it('as a dead letter makes the job\'s object look at itself, and ring when that is due', async () => {
    const { tenant, bell } = await waiting();
    const ringAt = async (): Promise<number> => (await inObject(tenant, bell.job_id)).ringAt!;
    const before = await ringAt();
    await ring([bell], 1, 'sync-jobs-dlq');
    expect(await ringAt(), 'not due: nothing rings').toBe(before);
    await inStorage(tenant, bell.job_id, (state) => ({ ...state, ringAt: Date.now() - 1 }));
    await heard();
    expect((await ring([bell], 1, 'sync-jobs-dlq')).explicitAcks).toEqual(['m0']);
    expect(await ringAt()).toBeGreaterThan(Date.now());
    await until(async () => { expect(await heard()).not.toEqual([]); });
    expect((await row(bell.job_id)).status).toBe('pending');
  });

  it('rings every minute for a job whose object never heard of its start', async () => {
    const tenant = await newTenant(), connection = await newConnection(tenant), jobId = crypto.randomUUID();
    await rows(`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status_version, priority)
      values ($1, $2, 'outlook', $3, now() - interval '1 day', now(), 'test', 1, 'urgent')`, tenant.id, jobId, connection);
    await heard();
    await desk.scheduled({} as ScheduledController, env);
    await until(async () => { expect(await heard()).not.toEqual([]); });
    expect((await inObject(tenant, jobId)).ringAt).toBeGreaterThan(Date.now());
  });
});
