/** The client of Historical Sync: every route typed by the contract, and the words the product uses for its jobs. Runs in a page, in Node, anywhere with fetch. */
import './jitless.ts';
import { JOB_SOCKET_PATH } from '#contract/api';
import type { JobsListResponse, JobsQuery, RouteName, StartSyncRequest } from '#contract/api';
import type { IntegrationId, Job } from '#contract/job';
import type { z } from 'zod';
import { call } from './call.ts';
import type { CallAnswer, Caller, CallInput, CallOptions } from './call.ts';
import { followProgress } from './progress.ts';
import type { ProgressCallbacks, ProgressSocket } from './progress.ts';
import { signIn, signOut } from './session.ts';

export { ApiError } from '#contract/errors';
export type { JobsListResponse, StartSyncRequest } from '#contract/api';
export type { Job as HistoricalSyncJob } from '#contract/job';
export type { CallAnswer, CallInput, CallOptions } from './call.ts';
export type { ProgressCallbacks, ProgressMode, SyncProgressEvent } from './progress.ts';

type ListQuery = z.input<typeof JobsQuery>;
interface ClientOptions {
  /** `https://sync.example`; the page's own origin when left out. */
  baseUrl?: string;
  apiKey?: string;
  fetch?: typeof fetch;
  /** For sockets that must carry headers (an API key outside a browser). */
  openSocket?: (url: string, headers: Record<string, string>) => ProgressSocket;
}
interface StartOptions extends CallOptions {
  /** A repeated start with the same key answers the same job. Made anew for each call when left out. */
  idempotencyKey?: string;
}

export function createClient(options: ClientOptions = {}) {
  const caller: Caller = { baseUrl: options.baseUrl ?? '', apiKey: options.apiKey, fetch: options.fetch ?? ((input, init) => fetch(input, init)) };
  const openSocket = options.openSocket ?? ((url: string): ProgressSocket => new WebSocket(url));
  const ask = <N extends RouteName>(name: N, input: CallInput<N>, callOptions?: CallOptions): Promise<CallAnswer<N>> => call(caller, name, input, callOptions);

  return {
    call: ask,
    signIn: (email: string, password: string): Promise<void> => signIn(caller, email, password),
    signOut: (): Promise<void> => signOut(caller),

    startHistoricalSync: (integrationId: IntegrationId, request: StartSyncRequest, { idempotencyKey, ...rest }: StartOptions = {}): Promise<Job> =>
      ask('startJob', { params: { integration_id: integrationId }, body: request }, { ...rest, headers: { ...rest.headers, 'idempotency-key': idempotencyKey ?? newKey() } }),
    /** Newest first; of one integration, or of all. */
    listSyncJobs: (integrationId?: IntegrationId | null, query: ListQuery = {}, callOptions?: CallOptions): Promise<JobsListResponse> =>
      integrationId ? ask('listIntegrationJobs', { params: { integration_id: integrationId }, query }, callOptions) : ask('listJobs', { query }, callOptions),
    getJobStatus: (jobId: string, callOptions?: CallOptions): Promise<Job> => ask('getJob', { params: { job_id: jobId } }, callOptions),
    cancelSyncJob: (jobId: string): Promise<Job> => ask('cancelJob', { params: { job_id: jobId } }),
    pauseSyncJob: (jobId: string): Promise<Job> => ask('pauseJob', { params: { job_id: jobId } }),
    resumeSyncJob: (jobId: string): Promise<Job> => ask('resumeJob', { params: { job_id: jobId } }),
    /** Follows one job until it ends. Returns how to stop. */
    subscribeToProgress: (jobId: string, callbacks: ProgressCallbacks): (() => void) =>
      followProgress({
        openSocket: () => openSocket(socketAddress(caller.baseUrl, jobId), caller.apiKey ? { authorization: `Bearer ${caller.apiKey}` } : {}),
        getJob: (signal) => ask('getJob', { params: { job_id: jobId } }, { signal }),
      }, callbacks),
  };
}

/** A fresh Idempotency-Key. */
export const newKey = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function socketAddress(baseUrl: string, jobId: string): string {
  const url = new URL(JOB_SOCKET_PATH.replace('{job_id}', encodeURIComponent(jobId)), baseUrl || location.origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** The page's own client: same origin, session cookie. */
export const { call: callRoute, signIn: signInWithPassword, signOut: endSession, startHistoricalSync, listSyncJobs, getJobStatus, cancelSyncJob, pauseSyncJob, resumeSyncJob, subscribeToProgress } = createClient();
