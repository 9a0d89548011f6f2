/** fly.toml as Fly documents it, as far as we use it; a key that is not listed is a spelling mistake. https://fly.io/docs/reference/configuration/ */
import { parse } from 'smol-toml';
import { z } from 'zod';

const duration = z.string().regex(/^\d+(ms|s|m|h)$/, 'a duration such as "15s"');
const seconds = z.string().regex(/^\d+s$/).refine((text) => Number.parseInt(text, 10) <= 300, 'Fly grants 300 s at most');
const processes = z.array(z.string()).optional();

const FlyToml = z.strictObject({
  app: z.string().regex(/^[a-z0-9-]+$/),
  primary_region: z.string().regex(/^[a-z]{3}$/),
  // https://fly.io/docs/reference/configuration/#runtime-options
  kill_signal: z.enum(['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGKILL', 'SIGSTOP']),
  kill_timeout: seconds,
  // https://fly.io/docs/reference/configuration/#the-build-section
  build: z.strictObject({ dockerfile: z.string() }),
  // https://fly.io/docs/reference/configuration/#the-deploy-section
  deploy: z.strictObject({ strategy: z.enum(['rolling', 'immediate', 'canary', 'bluegreen']), max_unavailable: z.number().positive().optional(), wait_timeout: duration.optional() }),
  env: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()),
  processes: z.record(z.string(), z.string().min(1)),
  // https://fly.io/docs/reference/configuration/#the-restart-section
  restart: z.array(z.strictObject({ policy: z.enum(['never', 'always', 'on-failure']), retries: z.int().positive().optional(), processes })),
  // https://fly.io/docs/reference/configuration/#the-http_service-section
  http_service: z.strictObject({
    processes, internal_port: z.int().min(1).max(65535), force_https: z.boolean(),
    auto_stop_machines: z.enum(['off', 'stop', 'suspend']), auto_start_machines: z.boolean(), min_machines_running: z.int().min(0),
    concurrency: z.strictObject({ type: z.enum(['connections', 'requests']), soft_limit: z.int().positive(), hard_limit: z.int().positive() }).optional(),
    checks: z.array(z.strictObject({ method: z.enum(['GET', 'HEAD']), path: z.string().startsWith('/'), interval: duration, timeout: duration, grace_period: duration })).min(1),
  }),
  // https://fly.io/docs/monitoring/metrics/#custom-metrics
  metrics: z.array(z.strictObject({ port: z.int().min(1).max(65535), path: z.string().startsWith('/'), processes })).min(1),
  vm: z.array(z.strictObject({ processes, cpu_kind: z.enum(['shared', 'performance']), cpus: z.int().positive(), memory: z.string().regex(/^\d+(mb|gb)$/) })).min(1),
});
type FlyToml = z.infer<typeof FlyToml>;

/** Throws with the place and the reason of everything that Fly would not take, or that contradicts itself. */
export function readFlyToml(text: string): FlyToml {
  const result = FlyToml.safeParse(parse(text));
  if (!result.success) throw new Error(`fly.toml: ${result.error.issues.map(({ path, message }) => `${path.join('.') || 'top level'}: ${message}`).join('; ')}`);
  const fly = result.data, faults: string[] = [], groups = Object.keys(fly.processes);
  for (const one of [fly.http_service, ...fly.metrics, ...fly.restart, ...fly.vm]) for (const group of one.processes ?? []) if (!groups.includes(group)) faults.push(`there is no process group ${group}`);
  if (fly.env.PORT !== String(fly.http_service.internal_port)) faults.push('http_service.internal_port is not env.PORT');
  if (fly.metrics.some(({ port }) => String(port) !== fly.env.METRICS_PORT)) faults.push('metrics.port is not env.METRICS_PORT');
  if (fly.metrics.some(({ port }) => port === fly.http_service.internal_port)) faults.push('metrics have to have a port of their own: the service\'s is public');
  if (fly.http_service.concurrency && fly.http_service.concurrency.soft_limit > fly.http_service.concurrency.hard_limit) faults.push('concurrency.soft_limit is above hard_limit');
  if (faults.length > 0) throw new Error(`fly.toml: ${faults.join('; ')}`);
  return fly;
}
