/** The Worker as its operators see it: figures for Prometheus, only for the collector's token and with no name of anybody; and whether it can answer at all. */
import { describe, expect, it } from 'vitest';
import { act, call, env, newJob, newTenant } from './visitor.ts';

const token = 'metrics-token-test-only-0123456789';
const sample = (text: string, name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);

describe('GET /internal/metrics', () => {
  it('is for the collector alone: not for a tenant\'s key, not for the machines\' secret, not for nobody', async () => {
    const { key } = await newTenant();
    for (const other of [undefined, key, env.WORKER_SECRET, `${token}x`]) expect((await call('GET', '/internal/metrics', other === undefined ? {} : { key: other })).status).toBe(401);
  });

  it('says how many jobs wait and for how long, and the machines by state, in Prometheus\' words', async () => {
    const tenant = await newTenant(), job = await newJob(tenant);
    const answer = await call('GET', '/internal/metrics', { key: token });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(sample(answer.text, 'hsync_queue_jobs')).toBeGreaterThanOrEqual(1);
    expect(sample(answer.text, 'hsync_queue_oldest_seconds')).toBeGreaterThanOrEqual(0);
    expect(sample(answer.text, 'hsync_machines\\{state="started"\\}')).toBeGreaterThanOrEqual(0);
    expect(answer.text.match(/^# TYPE hsync_machines gauge$/gm)).toHaveLength(1);
    for (const line of answer.text.trimEnd().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) hsync_\w+ .+|hsync_\w+(\{state="\w+"\})? [\d.e+-]+)$/);
    expect(answer.text).not.toContain(tenant.id);
    await act(tenant, job.job_id, 'cancel');
  });
});

describe('GET /readyz', () => {
  it('is answered by whoever reaches Postgres, to anybody', async () => {
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200, body: { ok: true } });
  });
});
