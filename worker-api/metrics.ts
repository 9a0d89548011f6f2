/** What the Worker tells Prometheus: the platform's queue and fleet as they stand. Isolates come and go and count nothing; requests and errors are Cloudflare's own figures. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { MachineState } from '#contract/fleet';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';
import { fleetStatus } from './fleet.ts';
import type { App } from './route.ts';
import { checkScraper } from './tokens.ts';

const Waiting = z.object({ jobs: z.int(), seconds: z.number() });
/** null: whoever knows does not say right now; no sample is better than a wrong one. */
interface Gauge { name: string; help: string; value: number | null; labels?: string }

/** @param onFailure told what could not be asked; the rest is answered */
export function serveMetrics(app: App, onFailure: (error: unknown) => void): void {
  app.get('/internal/metrics', async ({ env, req, body }) => {
    await checkScraper(env, req.raw);
    return body(exposition(await gaugesOf(env, onFailure)), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' });
  });
}

async function gaugesOf(env: Env, onFailure: (error: unknown) => void): Promise<Gauge[]> {
  const quietly = <T>(asked: Promise<T>): Promise<T | null> => asked.catch((error: unknown) => { onFailure(error); return null; });
  const [waiting, backlog, fleet] = await Promise.all([
    quietly(tenantDatabase(env).system([sql`select waiting_jobs() as jobs, waiting_seconds() as seconds`]).then(([rows]) => Waiting.parse(rows?.[0]))),
    quietly(env.SYNC_QUEUE.metrics()), quietly(fleetStatus(env)),
  ]);
  const one = (name: string, help: string, value: number | null, labels?: string): Gauge => ({ name, help, value, ...(labels && { labels }) });
  return [
    one('hsync_queue_jobs', 'Jobs that wait and are due.', waiting && waiting.jobs),
    one('hsync_queue_oldest_seconds', 'How long the one of them that has waited longest has been due.', waiting && waiting.seconds),
    one('hsync_bells', 'Messages in the queue.', backlog && backlog.backlogCount),
    one('hsync_bell_oldest_seconds', 'Age of the oldest message; 0 when there is none.', backlog && (backlog.oldestMessageTimestamp ? Math.max(0, (Date.now() - Number(backlog.oldestMessageTimestamp)) / 1000) : 0)),
    ...MachineState.options.map((state) => one('hsync_machines', 'Worker machines at the fleet\'s last look.', fleet && fleet.machines.filter((machine) => machine.state === state).length, `{state="${state}"}`)),
    one('hsync_fleet_failures', 'Looks at the fleet that failed since the last good one.', fleet && fleet.failures_in_a_row),
  ];
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
function exposition(gauges: readonly Gauge[]): string {
  const known = gauges.filter(({ value }) => value !== null);
  return known.map(({ name, help, value, labels = '' }, i) => `${known[i - 1]?.name === name ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n`}${name}${labels} ${value}\n`).join('');
}
