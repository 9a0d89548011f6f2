/** What one run asks of its provider, written down now and then: requests and 429s, by day. Losing some is nothing; a run is never held up or ended by it. */
import { sql } from 'drizzle-orm';
import { USAGE_DAYS_KEPT, USAGE_EVERY_MS } from '#contract/limits';
import type { Database } from '#migrations/database';
import type { RequestSeen } from './provider.ts';

interface Usage {
  seen(request: RequestSeen): void;
  /** Writes what is still to be written; the days that nobody looks at any more go. Never throws. */
  end(): Promise<void>;
}

export function openUsage(db: Database, { tenantId, connectionId }: { tenantId: string; connectionId: string }, everyMs = USAGE_EVERY_MS): Usage {
  let requests = 0, throttled = 0, writing: Promise<void> = Promise.resolve();

  /** An answer that got lost counts its requests twice at most. */
  async function write(): Promise<void> {
    const [asked, refused] = [requests, throttled];
    if (asked === 0) return;
    requests = throttled = 0;
    await db.tenant(tenantId, [sql`
      insert into provider_usage as u (tenant_id, connection_id, day, requests, throttled)
      select c.tenant_id, c.id, (now() at time zone 'UTC')::date, ${asked}::int, ${refused}::int from connections c where c.tenant_id = ${tenantId} and c.id = ${connectionId}::uuid
      on conflict (tenant_id, connection_id, day) do update set requests = u.requests + excluded.requests, throttled = u.throttled + excluded.throttled`])
      .catch(() => { requests += asked; throttled += refused; });
  }
  const inTurn = (): Promise<void> => writing = writing.then(write);
  const timer = setInterval(() => { void inTurn(); }, everyMs);
  return {
    seen({ outcome }) {
      requests += 1;
      if (outcome === 429) throttled += 1;
    },
    async end() {
      clearInterval(timer);
      await inTurn();
      await db.tenant(tenantId, [sql`delete from provider_usage where tenant_id = ${tenantId} and connection_id = ${connectionId}::uuid and day < (now() at time zone 'UTC')::date - ${USAGE_DAYS_KEPT}::int`]).catch(() => undefined);
    },
  };
}
