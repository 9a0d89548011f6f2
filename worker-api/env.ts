/** What the Worker is given: bindings, secrets, addresses. Parsed nowhere else. */
import type { SyncJob, SyncJobEnv } from '#durable-objects/sync-job';
import type { Fetcher, DurableObjectNamespace, R2Bucket, RateLimit } from '@cloudflare/workers-types';
import type { FleetSettings } from '#durable-objects/fleet-machine';
import type { WorkerFleet } from './fleet.ts';
import type { ConnectionVault } from './vault/connection-vault.ts';

export interface Env extends SyncJobEnv, FleetSettings {
  SYNC_JOB: DurableObjectNamespace<SyncJob>;
  WORKER_FLEET: DurableObjectNamespace<WorkerFleet>;
  CONNECTION_VAULT: DurableObjectNamespace<ConnectionVault>;
  ASSETS: Fetcher;
  /** Requests of one address. */
  VISITOR_LIMIT: RateLimit;
  /** Uploaded files, by tenant and connection. */
  ARCHIVES: R2Bucket;
  /** Bytes that one uploaded file may have; contract/limits.ts without it. */
  ARCHIVE_BYTES_MAX?: string;
  /** Where people reach us, without a trailing slash: links, cookies and OAuth redirects are built on it. */
  APP_URL: string;
  /** Role hsync_auth: sign-in only. */
  AUTH_DATABASE_URL: string;
  /** Signs session cookies. */
  AUTH_SECRET: string;
  /** `k2:<32 bytes base64>,k1:..`: the first seals, all open. */
  TOKEN_KEYS: string;
  /** Shared with the workers: they claim with it, we ring and ask with it. */
  WORKER_SECRET: string;
  /** Only ours: signs what a worker may do with the one job it holds. */
  JOB_TOKEN_SECRET: string;
  /** Held by whoever runs the platform: signs commands such as key rotation. Without it there are none. */
  OPERATOR_SECRET?: string;
  /** Bearer token of whoever collects figures at /internal/metrics. Without it nobody does. */
  METRICS_TOKEN?: string;
  /** The fleet's front: doorbell, search. */
  WORKER_URL: string;
  /** Where traces go (contract/trace); without the first, nowhere. */
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  OTEL_EXPORTER_OTLP_HEADERS?: string;
  OTEL_TRACES_SAMPLER_ARG?: string;
  HEARTBEAT_SECONDS?: string;
  /** `open`: anyone may make an account, with a tenant of its own. Anything else: by invitation only. */
  SIGN_UP?: string;
  /** `1`: a tenant's own model may be at this very machine (http://127.0.0.1:..). Never where others can reach what it can reach. */
  ALLOW_LOOPBACK?: string;
  /** The app of fly.toml and a deploy token for it: with both, the fleet is scaled from here. */
  FLY_APP?: string;
  FLY_API_TOKEN?: string;
  /** `<PROVIDER>_CLIENT_ID` and `<PROVIDER>_CLIENT_SECRET`, for every provider of a connector. */
  [client: `${string}_CLIENT_${'ID' | 'SECRET'}`]: string | undefined;
  /** Base URLs of providers, by the names connectors give them. */
  [baseUrl: `${string}_URL`]: string | undefined;
}
