/** What a run asks of its provider, on a real Postgres: counted by day, written now and then, never a reason to fail. */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openUsage } from '#fly-worker/usage';
import { DatabaseError, type Database } from '#migrations/database';
import { startTestDatabase, type TestDatabase } from '../database.ts';

const connectionId = randomUUID(), of = { tenantId: 'u', connectionId };
const request = (outcome: number | 'timeout') => ({ path: '/', attempt: 1, durationMs: 1, outcome });
let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
  await db.owner.system([sql`insert into tenants (id, name, slug) values ('u', 'U', 'u')`, sql`insert into connections (tenant_id, id, integration_id, account) values ('u', ${connectionId}::uuid, 'outlook', 'a')`]);
});
afterAll(() => db.stop());
const days = async () => (await db.owner.system([sql`select ((now() at time zone 'UTC')::date - day)::int as ago, requests, throttled from provider_usage order by day desc`]))[0];

describe('usage', () => {
  it('adds up over runs; attempts that got no answer count as well', async () => {
    for (let run = 0; run < 2; run++) {
      const usage = openUsage(db.app, of);
      for (const outcome of [200, 200, 429, 503, 'timeout'] as const) usage.seen(request(outcome));
      await usage.end();
    }
    expect(await days()).toEqual([{ ago: 0, requests: 10, throttled: 2 }]);
  });

  it('is written while the run goes on, and not when nothing was asked', async () => {
    let written = 0;
    const counting: Database = { ...db.app, tenant: (...args) => { written += 1; return db.app.tenant(...args); } };
    const usage = openUsage(counting, of, 10);
    usage.seen(request(200));
    await vi.waitFor(async () => expect(await days()).toEqual([{ ago: 0, requests: 11, throttled: 2 }]), { interval: 20, timeout: 5_000 });
    expect(written).toBe(1);
    await usage.end();
  });

  it('keeps what Postgres did not take until it does, and throws nothing', async () => {
    let gone = true;
    const flaky: Database = { ...db.app, tenant: (...args) => (gone ? Promise.reject(new DatabaseError('unavailable', 'gone')) : db.app.tenant(...args)) };
    const usage = openUsage(flaky, of, 60_000);
    usage.seen(request(429));
    await usage.end();
    gone = false;
    usage.seen(request(200));
    await usage.end();
    expect(await days()).toEqual([{ ago: 0, requests: 13, throttled: 3 }]);
  });

  it('forgets days that nobody looks at any more, and counts nothing for a connection that is gone', async () => {
    await db.owner.system([sql`insert into provider_usage values ('u', ${connectionId}::uuid, (now() at time zone 'UTC')::date - 91, 5, 0), ('u', ${connectionId}::uuid, (now() at time zone 'UTC')::date - 90, 6, 0)`]);
    const gone = openUsage(db.app, { tenantId: 'u', connectionId: randomUUID() });
    gone.seen(request(200));
    await gone.end();
    await openUsage(db.app, of).end();
    expect(await days()).toMatchObject([{ ago: 0 }, { ago: 90, requests: 6 }]);
  });
});
