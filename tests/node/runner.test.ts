/** The runner against a front desk and a Postgres that are away for a moment: no job is left to the next bell, none is given back in vain. */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '#contract/job';
import { DoorError, type Claim, type Door } from '#fly-worker/door';
import { createRunner, type Runner, type RunnerOptions } from '#fly-worker/runner';
import { DatabaseError, type Database } from '#migrations/database';
import { until } from '../client.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => { db = await startTestDatabase(); });
afterAll(() => db.stop());
/** Three jobs of a tenant wait. */
beforeEach(async () => {
  const tenant = `t-${randomUUID()}`;
  await db.owner.system([
    sql`update historical_sync_jobs set status = 'cancelled' where status = 'pending'`, sql`insert into tenants (id, name, slug) values (${tenant}, 'T', ${tenant})`,
    sql`insert into connections (tenant_id, id, integration_id, account) select ${tenant}, gen_random_uuid(), 'outlook', 'a' || n from generate_series(1, 3) n`,
    sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by) select tenant_id, gen_random_uuid(), 'outlook', id, now() - interval '1 day', now(), 'test' from connections where tenant_id = ${tenant}`,
  ]);
});

/** Times that each of them does not answer, and what became of what was asked. */
interface World { awayDesk: number; awayPostgres: number; claimed: string[]; released: { job: string; outcome: Outcome }[]; deaf: () => Promise<void> }

/** A front desk that grants every claim once, and a job that ends at its first question for credentials. */
function runnerAt(slots: number, world: World): Runner {
  const answers = <T>(away: 'awayDesk' | 'awayPostgres', answer: () => Promise<T>): Promise<T> => {
    if (world[away]-- > 0) throw away === 'awayDesk' ? new DoorError('The front desk did not answer.') : new DatabaseError('unavailable', 'Postgres did not answer.');
    return answer();
  };
  const door = {
    async claim(tenant_id: string, job_id: string) {
      if (world.claimed.includes(job_id)) return { ok: false, kind: 'refused', message: 'leased' } as const;
      world.claimed.push(job_id);
      await db.owner.system([sql`update historical_sync_jobs set status = 'running', fence = 1 where id = ${job_id}::uuid`]);
      const job = { job_id, tenant_id, integration_id: 'outlook', connection_id: randomUUID(), start_date: '2026-01-01T00:00:00.000Z', end_date: '2026-01-02T00:00:00.000Z', chunk_size: 10, scope: 'personal' };
      return { ok: true, value: { token: 't', fence: 1, lease_seconds: 20, heartbeat_seconds: 5, job } as Claim } as const;
    },
    beat: async () => ({ ok: true, value: 't' }),
    release: (claim: Claim, outcome: Outcome) => answers('awayDesk', async () => { world.released.push({ job: claim.job.job_id, outcome }); return { ok: true, value: null } as const; }),
    async credentials() { await world.deaf(); return { ok: false, kind: 'auth_expired', message: 'Reconnect.' } as const; },
  } as unknown as Door;
  const system: Database['system'] = (statements) => answers('awayPostgres', () => db.app.system(statements));
  return createRunner({ db: { ...db.app, system }, door, shop: { db: db.app } as unknown as RunnerOptions['shop'], slots, baseUrl: (_, fallback) => fallback, log: () => undefined });
}
const world = (more: Partial<World> = {}): World => ({ awayDesk: 0, awayPostgres: 0, claimed: [], released: [], deaf: async () => undefined, ...more });

describe('the runner', () => {
  it('at one bell takes as many jobs as it has slots, when as many wait', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => { letGo = resolve; }), w = world({ deaf: () => held }), runner = runnerAt(3, w);
    runner.ring();
    await until(async () => w.claimed.length, (n) => n === 3, 'all three are taken while none is done');
    expect(w.released).toEqual([]);
    letGo();
    await until(async () => runner.busy, (n) => n === 0, 'idle');
    expect(w.released.map((r) => r.outcome.kind)).toEqual(['paused', 'paused', 'paused']);
  });

  it('asks a Postgres that is away again, until it answers', async () => {
    const w = world({ awayPostgres: 2 }), runner = runnerAt(1, w);
    runner.ring();
    await until(async () => w.released.length, (n) => n === 3, 'all are done');
    expect(new Set(w.claimed).size).toBe(3);
  });

  it('gives its job back to a front desk that was away', async () => {
    const w = world({ awayDesk: 3 }), runner = runnerAt(1, w);
    runner.ring();
    await until(async () => runner.busy, (n) => n === 0, 'idle');
    expect(w.released.map((r) => r.job).toSorted()).toEqual(w.claimed.toSorted());
  });

  it('asks a front desk that is away for what opens the provider again: no try of the job ends of it', async () => {
    let away = 2;
    const w = world({ deaf: async () => { if (away-- > 0) throw new DoorError('The front desk did not answer.'); } }), runner = runnerAt(3, w);
    runner.ring();
    await until(async () => w.released.length, (n) => n === 3, 'all are done');
    expect(w.released.map((r) => r.outcome.kind)).toEqual(['paused', 'paused', 'paused']);
  });

  it('told to end does not wait for anybody who is away', async () => {
    const w = world({ awayPostgres: Infinity }), runner = runnerAt(1, w);
    runner.ring();
    const began = Date.now();
    await runner.stop();
    expect(Date.now() - began).toBeLessThan(1_000);
  });
});
