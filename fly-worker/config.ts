/** The worker's settings, parsed once from the environment. A missing one is named before anything starts. */
import { z } from 'zod';
import { SLOTS_DEFAULT, SWEEP_AFTER_MS } from '#contract/limits';
import { TraceSettings } from '#contract/trace';

const Config = TraceSettings.extend({
  PORT: z.coerce.number().int().default(8080),
  /** Where Prometheus is answered without a token: a port that no service leads to. */
  METRICS_PORT: z.coerce.number().int().optional(),
  HOST: z.string().default('0.0.0.0'),
  /** The front desk. */
  API_URL: z.url(),
  APP_DATABASE_URL: z.string().min(1),
  NEON_HTTP_URL: z.string().optional(),
  /** A directory or s3://bucket/prefix. */
  LANCEDB_URI: z.string().min(1),
  /** Of the bucket, when it is one; named as the AWS SDKs and Fly's Tigris name them. */
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  AWS_REGION: z.string().optional(),
  /** Shared with the front desk. */
  WORKER_SECRET: z.string().min(16),
  WORKER_SLOTS: z.coerce.number().int().min(1).max(64).default(SLOTS_DEFAULT),
  /** The machine's memory, MB. */
  WORKER_MEMORY_MB: z.coerce.number().min(1).optional(),
  /** Of it, MB: what semantic memory may keep of what it has read. */
  LANCEDB_CACHE_MB: z.coerce.number().min(1).optional(),
  /** When rows of semantic memory that the ledger does not name are deleted. Far longer than a lease: what a worker has stored it commits within seconds. */
  SWEEP_AFTER_MINUTES: z.coerce.number().min(1).default(SWEEP_AFTER_MS / 60_000),
  FLY_MACHINE_ID: z.string().optional(),
  /** Set by the supervisor: the machine was drained before its process died. */
  WORKER_DRAINING: z.literal('1').optional(),
});
export type Config = z.infer<typeof Config>;

/** Throws with the names of what is missing or wrong; never with values. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const result = Config.safeParse(env);
  if (result.success) return result.data;
  throw new Error(`The worker cannot start: ${result.error.issues.map((i) => `${i.path.join('.')} (${i.message})`).join(', ')}. Set them in the environment.`);
}

/** One JSON line per event, without content, tokens or addresses. */
export function log(event: string, facts: Record<string, string | number | boolean | null> = {}): void {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts })}\n`);
}
