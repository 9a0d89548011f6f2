/** Watching a job live: what a socket is told, in which order, how it ends, and who may open one. */
import { evictDurableObject } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { emptyProgress, type Progress } from '#contract/job';
import { act, APP, beat, claimed, newJob, newTenant, objectOf, release, signIn, watch, worker, type Tenant, type Watcher } from './visitor.ts';

const WATCHERS = 1_000;

const progress = (chunks: number): Progress => ({ ...emptyProgress, chunks_completed: chunks, covered: chunks / 10 });
const upgrade = (jobId: string, headers: Record<string, string>): Promise<Response> => worker.fetch(new Request(`${APP}/ws/historical-sync/${jobId}`, { headers: { upgrade: 'websocket', ...headers } }));
const running = async (tenant: Tenant): Promise<{ jobId: string; token: string }> => {
  const { job_id: jobId } = await newJob(tenant);
  return { jobId, token: (await claimed(tenant, jobId)).token };
};

describe('a socket', () => {
  it('is told where the job stands, then every change with a growing seq, then the end, and is closed with 1000', async () => {
    const tenant = await newTenant(), { jobId, token } = await running(tenant);
    const watcher = await watch(tenant, jobId);
    expect(await watcher.next((m) => m.type === 'snapshot')).toMatchObject({ job: { job_id: jobId, status: 'running' } });
    let current = token;
    for (const n of [1, 2, 3]) current = (await beat(current, progress(n))).body.token;
    await release(current, { kind: 'completed', progress: { ...progress(10), covered: 1 } });
    expect(await watcher.closed).toBe(1000);
    const { messages } = watcher;
    expect(messages.map((m) => m.type)).toEqual(['snapshot', 'progress', 'progress', 'progress', 'completed']);
    for (const [i, m] of messages.entries()) if (i > 0) expect(m.seq).toBeGreaterThan(messages[i - 1]!.seq);
    expect(messages.map((m) => m.job.progress_percentage)).toEqual([0, 10, 20, 30, 100]);
    expect(messages.every((m) => m.seq === m.job.seq)).toBe(true);
  });

  it.each(['cancel', 'pause'] as const)('is told of a %s', async (verb) => {
    const tenant = await newTenant(), { jobId } = await running(tenant);
    const watcher = await watch(tenant, jobId);
    await act(tenant, jobId, verb);
    const type = verb === 'cancel' ? 'cancelled' : 'paused';
    expect(await watcher.next((m) => m.type === type)).toMatchObject({ job: { status: type } });
    if (verb === 'cancel') expect(await watcher.closed).toBe(1000);
    else watcher.socket.close(1000);
  });

  it('stays open over a pause and hears of the resume', async () => {
    const tenant = await newTenant(), { jobId } = await running(tenant);
    const watcher = await watch(tenant, jobId);
    await act(tenant, jobId, 'pause');
    await act(tenant, jobId, 'resume');
    expect(await watcher.next((m) => m.job.reason === 'resumed')).toMatchObject({ type: 'progress', job: { status: 'pending' } });
    watcher.socket.close(1000);
  });

  it('on a job that has ended is told so once and closed', async () => {
    const tenant = await newTenant(), { jobId } = await running(tenant);
    await act(tenant, jobId, 'cancel');
    const watcher = await watch(tenant, jobId);
    expect(await watcher.closed).toBe(1000);
    expect(watcher.messages).toMatchObject([{ type: 'snapshot', job: { status: 'cancelled' } }]);
  });

  it('is one of many: each is told the same', async () => {
    const tenant = await newTenant(), { jobId, token } = await running(tenant);
    const watchers = await Promise.all([watch(tenant, jobId), watch(tenant, jobId), watch(tenant, jobId)]);
    watchers[0]!.socket.close(1000);
    await watchers[0]!.closed;
    await beat(token, progress(1));
    await act(tenant, jobId, 'cancel');
    for (const { closed, messages } of watchers.slice(1)) {
      expect(await closed).toBe(1000);
      expect(messages.map((m) => m.type)).toEqual(['snapshot', 'progress', 'cancelled']);
    }
  });

  it('survives the object going to sleep', async () => {
    const tenant = await newTenant(), { jobId, token } = await running(tenant);
    const watcher = await watch(tenant, jobId);
    await watcher.next((m) => m.type === 'snapshot');
    await evictDurableObject(objectOf(tenant, jobId));
    await beat(token, progress(4));
    expect(await watcher.next((m) => m.type === 'progress')).toMatchObject({ job: { chunks_completed: 4 } });
    await act(tenant, jobId, 'cancel');
    expect(await watcher.closed).toBe(1000);
  });

  it('is one of a thousand: each hears everything in order, also over a sleep of the object, one end, and is closed with 1000', async () => {
    const tenant = await newTenant(), { jobId, token } = await running(tenant), watchers: Watcher[] = [];
    while (watchers.length < WATCHERS) watchers.push(...await Promise.all(Array.from({ length: 50 }, () => watch(tenant, jobId))));
    await Promise.all(watchers.map((w) => w.next((m) => m.type === 'snapshot')));
    let current = token;
    for (let n = 1; n <= 6; n++) {
      if (n === 4) await evictDurableObject(objectOf(tenant, jobId));
      current = (await beat(current, progress(n))).body.token;
    }
    await release(current, { kind: 'completed', progress: { ...progress(10), covered: 1 } });
    expect(new Set(await Promise.all(watchers.map((w) => w.closed)))).toEqual(new Set([1000]));
    const [first] = watchers, heard = first!.messages.map((m) => m.seq);
    expect(first!.messages.map((m) => m.type)).toEqual(['snapshot', ...Array.from({ length: 6 }, () => 'progress'), 'completed']);
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
    expect(new Set(heard).size, 'strictly growing').toBe(heard.length);
    expect(watchers.filter((w) => w.messages.map((m) => m.seq).join() !== heard.join()), 'who heard something else').toEqual([]);
  }, 60_000);

  it('is given to the tenant\'s people and keys alone, and never to another site', async () => {
    const tenant = await newTenant(), stranger = await newTenant(), { jobId } = await running(tenant);
    const cookie = await signIn(tenant);
    expect((await upgrade(jobId, {})).status).toBe(401);
    expect((await upgrade(jobId, { authorization: `Bearer ${stranger.key}` })).status).toBe(404);
    expect((await upgrade(jobId, { cookie, origin: 'https://evil.example' })).status).toBe(403);
    expect((await upgrade(crypto.randomUUID(), { cookie, origin: APP })).status).toBe(404);
    const allowed = await upgrade(jobId, { cookie, origin: APP });
    expect(allowed.status).toBe(101);
    allowed.webSocket!.accept();
    allowed.webSocket!.close(1000);
  });

  it('is the only thing spoken at that address', async () => {
    const tenant = await newTenant(), { job_id } = await newJob(tenant);
    expect((await worker.fetch(new Request(`${APP}/ws/historical-sync/${job_id}`, { headers: { authorization: `Bearer ${tenant.key}` } }))).status).toBe(400);
  });
});
