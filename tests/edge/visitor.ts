/** How edge tests speak to the Worker: as a person, a script, a worker or a socket. And to the back room, which seeds, looks and breaks things. */
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env as bindings, exports as doors } from 'cloudflare:workers';
import { SignJWT } from 'jose';
import { expect, vi } from 'vitest';
import { Job, JobEventMessage, type Outcome, type Progress } from '#contract/job';
import type { JobState } from '#durable-objects/job-machine';
import { objectName, type SyncJob } from '#durable-objects/sync-job';
import type { Env } from '#worker-api/env';

export const env = bindings as unknown as Env & { BACK_ROOM_URL: string };
export const APP = 'http://app.test';
const JOBS = '/api/integrations/historical-sync/jobs';

export interface Tenant { id: string; key: string; email: string; password: string }
export interface Answer<T = unknown> { status: number; headers: Headers; body: T; text: string }
export interface ErrorBody { error: { code: string; message: string; details?: { job_id?: string; status?: string } } }

/** The Worker itself, as the world reaches it. */
export const worker = (doors as unknown as { default: { fetch(request: Request): Promise<Response> } }).default;

export async function backRoom<T = unknown>(what: string, input: object = {}): Promise<T> {
  const response = await fetch(`${env.BACK_ROOM_URL}/${what}`, { method: 'POST', body: JSON.stringify(input) });
  const body = await response.json();
  if (!response.ok) throw new Error(`back room, ${what}: ${JSON.stringify(body)}`);
  return body as T;
}
export const rows = <T = Record<string, unknown>>(text: string, ...params: unknown[]): Promise<T[]> => backRoom('sql', { text, params });
/** What the fleet was asked at this path since the last look; null: at any, bells left out. */
export const heard = (path: string | null = '/doorbell'): Promise<{ authorization: string; body: string }[]> => backRoom('fleet-heard', { path });
/** What the fleet will answer there, in this order; afterwards 202. */
export const fleetAnswers = (path: string, ...answers: { status: number; body?: unknown }[]): Promise<unknown> => backRoom('fleet-plan', { path, answers });

/** A tenant of its own for a test, so that limits and lists of others do not matter. */
export async function newTenant(plan = 'team'): Promise<Tenant> {
  const id = `t-${crypto.randomUUID()}`, key = `hs_${crypto.randomUUID()}${crypto.randomUUID()}`, email = `${id}@example.example`, password = crypto.randomUUID();
  await backRoom('tenant', { tenant: { id, name: id, person: 'Test Person', plan }, credentials: { email, password, api_key: key } });
  return { id, key, email, password };
}

export async function newConnection(tenant: Tenant, status = 'active'): Promise<string> {
  const id = crypto.randomUUID();
  await rows(`insert into connections (tenant_id, id, integration_id, account, status) values ($1, $2, 'outlook', $3, $4)`, tenant.id, id, `${id}@x.example`, status);
  return id;
}

interface CallOptions { key?: string; cookie?: string; headers?: Record<string, string>; body?: unknown; raw?: BodyInit }
export async function call<T = unknown>(method: string, path: string, { key, cookie, headers = {}, body, raw }: CallOptions = {}): Promise<Answer<T>> {
  const response = await worker.fetch(new Request(new URL(path, APP), {
    method, redirect: 'manual', body: raw ?? (body === undefined ? null : JSON.stringify(body)),
    headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...(cookie ? { cookie } : {}), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  }));
  const text = await response.text();
  let parsed: unknown = null;
  try { parsed = JSON.parse(text); } catch { /* not JSON: the text is there */ }
  return { status: response.status, headers: response.headers, body: parsed as T, text };
}

/** From somewhere nobody has called from before: limits per address are another test's. */
export const elsewhere = (): Record<string, string> => ({ origin: APP, 'cf-connecting-ip': `10.${crypto.getRandomValues(new Uint8Array(3)).join('.')}` });
export const cookieOf = (answer: Answer): string => answer.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');

/** Signs in as the page does. Answers the cookie. */
export async function signIn({ email, password }: { email: string; password: string }): Promise<string> {
  const response = await call('POST', '/api/auth/sign-in/email', { body: { email, password }, headers: elsewhere() });
  expect(response.status, response.text).toBe(200);
  return cookieOf(response);
}

export interface Visitor { id: string; email: string; password: string; cookie: string }
/** Somebody new, by invitation of this tenant's owner. */
export async function newMember(tenant: Tenant, role: 'owner' | 'admin' | 'member' = 'member'): Promise<Visitor> {
  const email = `${crypto.randomUUID()}@example.example`, password = crypto.randomUUID();
  const { body: { link } } = await call<{ link: string }>('POST', '/api/invitations', { cookie: await signIn(tenant), body: { email, role }, headers: { origin: APP } });
  const answer = await call<{ user: { id: string } }>('POST', '/api/auth/sign-up/email', { body: { name: 'New Member', email, password, invitation_token: new URL(link).hash.slice(1) }, headers: elsewhere() });
  expect(answer.status, answer.text).toBe(201);
  return { id: answer.body.user.id, email, password, cookie: cookieOf(answer) };
}
/** As the page speaks: with the cookie and the page's origin. */
export const as = <T = unknown>(by: { cookie: string }, method: string, path: string, body?: unknown): Promise<Answer<T>> => call(method, path, { cookie: by.cookie, headers: { origin: APP }, body });

export const start = <T = Job>(tenant: Tenant, connectionId: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer<T>> =>
  call('POST', '/api/integrations/outlook/historical-sync/start', { key: tenant.key, body: { connection_id: connectionId, ...body }, headers });

/** A job that was just started, on a connection of its own. */
export async function newJob(tenant: Tenant, body: object = {}): Promise<Job> {
  const answer = await start(tenant, await newConnection(tenant), body);
  expect(answer.status, answer.text).toBe(201);
  return Job.parse(answer.body);
}

export const get = async (tenant: Tenant, jobId: string): Promise<Job> => Job.parse((await call('GET', `${JOBS}/${jobId}`, { key: tenant.key })).body);
export const act = <T = Job>(tenant: Tenant, jobId: string, verb: 'cancel' | 'pause' | 'resume'): Promise<Answer<T>> => call('POST', `${JOBS}/${jobId}/${verb}`, { key: tenant.key });

// --- the worker's side
export const workerToken = (secret = env.WORKER_SECRET): Promise<string> =>
  new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setAudience('worker-door').setIssuedAt().setExpirationTime('60s').sign(new TextEncoder().encode(secret));

export interface Claim { token: string; fence: number; lease_seconds: number; heartbeat_seconds: number; job: { job_id: string; connection_id: string } }
export async function claim<T = Claim>(tenant: Tenant, jobId: string): Promise<Answer<T>> {
  return call('POST', '/internal/claim', { key: await workerToken(), body: { tenant_id: tenant.id, job_id: jobId, worker_id: 'w1' } });
}
export async function claimed(tenant: Tenant, jobId: string): Promise<Claim> {
  const answer = await claim(tenant, jobId);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}
export const beat = <T = { token: string }>(token: string, progress: Progress | null = null): Promise<Answer<T>> => call('POST', '/internal/heartbeat', { key: token, body: { progress } });
export const release = <T = { status: string }>(token: string, outcome: Outcome): Promise<Answer<T>> => call('POST', '/internal/release', { key: token, body: { outcome } });
/** One chunk through the real ledger under this fence. */
export const commit = (tenant: Tenant, job: Job, fence: number): Promise<{ landed: boolean; chunks?: number }> =>
  backRoom('commit', { lease: { tenantId: tenant.id, jobId: job.job_id, connectionId: job.source_connection_id, integrationId: 'outlook', fence } });

// --- the job's object and row
export const objectOf = (tenant: Tenant, jobId: string): DurableObjectStub<SyncJob> => (env.SYNC_JOB as unknown as DurableObjectNamespace<SyncJob>).getByName(objectName(tenant.id, jobId));
/** The object's storage and memory, changed as time or an accident would. Its memory is dropped, so that it reads what stands there. */
export async function inStorage(tenant: Tenant, jobId: string, change: (state: JobState) => JobState | null): Promise<void> {
  const object = objectOf(tenant, jobId);
  await runInDurableObject(object, async (_: SyncJob, { storage }) => {
    const next = change(storage.kv.get<JobState>('job')!);
    if (next) storage.kv.put('job', next);
    else await storage.deleteAll();
    await storage.sync();
  });
  await abortAllDurableObjects();
}
export const inObject = (tenant: Tenant, jobId: string): Promise<JobState> => runInDurableObject(objectOf(tenant, jobId), (_: SyncJob, { storage }) => storage.kv.get<JobState>('job')!);
interface JobRow { status: string; reason: string | null; fence: number; status_version: number; attempt: number; message: string | null }
export async function row(jobId: string): Promise<JobRow> {
  const [found] = await rows<JobRow>('select status, reason, fence::int as fence, status_version::int as status_version, attempt, message from historical_sync_jobs where id = $1', jobId);
  return found!;
}
/** Waits for a state, not for a time. */
export const until = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 50 });

/** Postgres goes away in the middle of writing the row of this job or connection; the row stays out of reach until `let-go`. */
export async function withPostgresGone<T>(id: string, ask: () => Promise<T>): Promise<T> {
  await backRoom('hold', { id });
  const [answer] = await Promise.all([ask(), backRoom('throw-out')]);
  return answer;
}

// --- sockets
export interface Watcher { messages: JobEventMessage[]; closed: Promise<number>; socket: WebSocket; next(accept: (message: JobEventMessage) => boolean): Promise<JobEventMessage> }
export async function watch(tenant: Tenant, jobId: string): Promise<Watcher> {
  const response = await worker.fetch(new Request(`${APP}/ws/historical-sync/${jobId}`, { headers: { upgrade: 'websocket', authorization: `Bearer ${tenant.key}` } }));
  expect(response.status).toBe(101);
  return follow(response.webSocket!);
}
function follow(socket: WebSocket): Watcher {
  const messages: JobEventMessage[] = [], listeners = new Set<() => void>();
  const closed = new Promise<number>((resolve) => { socket.addEventListener('close', (event) => resolve(event.code)); });
  socket.addEventListener('message', (event) => {
    messages.push(JobEventMessage.parse(JSON.parse(String(event.data))));
    for (const listener of listeners) listener();
  });
  socket.accept();
  return {
    messages, closed, socket,
    next: (accept) => new Promise((resolve) => {
      const look = (): void => { const found = messages.find(accept); if (found) { listeners.delete(look); resolve(found); } };
      listeners.add(look);
      look();
    }),
  };
}
