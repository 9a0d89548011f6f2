/** What fly.toml promises a worker, against what a worker needs: time to hand its jobs back, the memory its guard counts on, and nobody who stops it for being quiet. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ASK_AGAIN_MS, LEASE_MS, MEMORY_HIGH, SHUTDOWN_MS, WORKER_MEMORY_BYTES } from '#contract/limits';

const fly = readFileSync(new URL('../../fly.toml', import.meta.url), 'utf8');
const setting = (name: string): string => new RegExp(`^\\s*${name}\\s*=\\s*"?([^"\\n]+)"?`, 'm').exec(fly)?.[1] ?? '';

describe('a worker machine', () => {
  it('is told to end by SIGTERM and given longer than a worker takes to hand its jobs back', () => {
    expect(setting('kill_signal')).toBe('SIGTERM');
    expect(Number.parseInt(setting('kill_timeout'), 10) * 1000).toBeGreaterThan(SHUTDOWN_MS);
    const asking = ASK_AGAIN_MS.reduce((sum, ms) => sum + ms, 0);
    expect(asking, 'a worker that asks again and again is through before it is killed').toBeLessThan(SHUTDOWN_MS);
    expect(asking).toBeLessThan(LEASE_MS);
  });

  it('is not stopped by Fly for being quiet', () => {
    expect([setting('auto_stop_machines'), setting('auto_start_machines')]).toEqual(['off', 'true']);
  });

  it('is started on Fly as the image starts it', () => {
    const image = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    expect(setting('worker')).toBe((JSON.parse(/^CMD (\[.*\])$/m.exec(image)![1]!) as string[]).join(' '));
  });

  it('has the memory that its guard counts on, and a heap that leaves room for the rest', () => {
    expect(Number.parseInt(setting('memory'), 10) * 1024 ** 3).toBe(WORKER_MEMORY_BYTES);
    expect(Number(/--max-old-space-size=(\d+)/.exec(fly)![1]) * 1024 ** 2).toBeLessThan(WORKER_MEMORY_BYTES * MEMORY_HIGH);
  });
});
