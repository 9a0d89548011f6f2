/**
 * The workers' door: claim, heartbeat, release, credentials, model key, and the file of an archive's job. A worker can touch only the job whose token it holds, and only while its fence is current.
 *
 * `POST /internal/model-key` (no body) with the job's token answers `{api_key, base_url, model}`: the key that the job's own tenant has handed us
 * (OPENAI_API_KEY), its address (null: the environment's OPENAI_BASE_URL) and model (null: the default). 404 `not_found`: the tenant has none, or its plan has
 * no enrichment, so nothing is enriched; 409 `fenced`: the lease is over. Ask at the start of the stage and again after a 401 (people change keys), keep it in memory only,
 * and never log it. `base_url` was checked when it came in, but its name may resolve to anything by now: follow no redirects.
 *
 * `POST /internal/embedding-key` answers the same for a tenant's embedder: to a worker with `{ticket}` (it came with the question it was asked), or with
 * `{tenant_id, fence}` (its claim on the tenant's vectors, which must be current).
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { ApiError } from '#contract/errors';
import { Outcome, Progress } from '#contract/job';
import { HEARTBEAT_MS, LEASE_MS } from '#contract/limits';
import { modelTokensPerMonth, type Plan } from '#contract/plans';
import { MODEL_KEY_NAME } from '#contract/secrets';
import { readJson } from './body.ts';
import { heldBack, noteRun } from './breaker.ts';
import { tenantDatabase } from './database.ts';
import { archiveKey, readArchive } from './archive-store.ts';
import type { Env } from './env.ts';
import { objectOf } from './jobs.ts';
import type { App } from './route.ts';
import { readSecrets } from './secrets.ts';
import { checkWorker, readJobToken, readModelTicket, signJobToken } from './tokens.ts';
import { trace } from './tracing.ts';
import { vaultName } from './vault/connection-vault.ts';

const ClaimBody = z.object({ tenant_id: z.string().max(200), job_id: z.uuid(), worker_id: z.string().max(200) });
const BeatBody = z.object({ progress: Progress.nullable() });
const ReleaseBody = z.object({ outcome: Outcome });
/** A question's ticket, or the claim on a tenant's vectors (`embedders`). */
const EmbeddingKeyBody = z.union([z.object({ ticket: z.string().max(2_000) }), z.object({ tenant_id: z.string().max(200), fence: z.int() })]);
const CredentialsBody = z.object({ rejected: z.string().max(20_000).nullable() });

export function serveWorkerDoor(app: App): void {
  app.post('/internal/claim', async ({ env, req, json }) => {
    await checkWorker(env, req.raw);
    const { tenant_id, job_id, worker_id } = ClaimBody.parse(await readJson(req.raw)), beganMs = Date.now();
    const held = await heldBack(env, tenant_id, job_id);
    if (held) {
      await objectOf(env, tenant_id, job_id).hold(held.until, held.message);
      throw new ApiError('invalid_state', held.message);
    }
    const reply = await objectOf(env, tenant_id, job_id).claim(worker_id);
    if (!reply.ok) throw reply.refusal === 'unavailable' ? unavailable() : new ApiError('invalid_state', `The job is not to be had (${reply.refusal}).`);
    const { job, fence } = reply;
    trace(env, 'claim', { tenantId: tenant_id, jobId: job_id, fence }, { kind: 'server', beganMs, ok: true, attributes: { 'worker.id': worker_id, 'job.attempt': job.attempt } });
    const token = await signJobToken(env, { tenant: tenant_id, job: job_id, connection: job.source_connection_id, fence, chunks: job.chunks_completed });
    return json({
      token, fence, lease_seconds: Number(env.LEASE_SECONDS ?? LEASE_MS / 1000), heartbeat_seconds: Number(env.HEARTBEAT_SECONDS ?? HEARTBEAT_MS / 1000),
      job: {
        job_id, tenant_id, integration_id: job.integration_id, connection_id: job.source_connection_id, mode: job.mode, start_date: job.start_date, end_date: job.end_date, chunk_size: job.chunk_size, scope: job.scope,
      },
    });
  });

  app.post('/internal/heartbeat', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    const { progress } = BeatBody.parse(await readJson(req.raw));
    const reply = await objectOf(env, claims.tenant, claims.job).beat(claims.fence, progress);
    if (!reply.ok) throw fenced();
    return json({ token: await signJobToken(env, claims) });
  });

  app.post('/internal/release', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    const { outcome } = ReleaseBody.parse(await readJson(req.raw)), beganMs = Date.now();
    const reply = await objectOf(env, claims.tenant, claims.job).release(claims.fence, outcome);
    if (!reply.ok) throw fenced();
    trace(env, 'release', { tenantId: claims.tenant, jobId: claims.job, fence: claims.fence }, { kind: 'server', beganMs, ok: outcome.kind === 'completed', attributes: { 'job.outcome': outcome.kind, 'job.chunks': reply.job.chunks_completed } });
    // A count that is lost when we die in between is one failure fewer, nothing else; the job's own back-off is longer than this takes.
    await noteRun(env, claims, outcome, reply.job.chunks_completed > claims.chunks);
    return json({ status: reply.job.status });
  });

  app.post('/internal/credentials', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    const { rejected } = CredentialsBody.parse(await readJson(req.raw));
    if (!await objectOf(env, claims.tenant, claims.job).holds(claims.fence)) throw fenced();
    const reply = await env.CONNECTION_VAULT.getByName(vaultName(claims.tenant, claims.connection)).accessToken(rejected);
    if (reply.ok) return json({ access_token: reply.accessToken, api_url: reply.apiUrl });
    switch (reply.kind) {
      case 'auth_expired': throw new ApiError('needs_reauth', reply.message);
      case 'removed': throw new ApiError('not_found', reply.message);
      case 'unavailable': throw new ApiError('unavailable', reply.message);
    }
  });

  app.post('/internal/model-key', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    if (!await objectOf(env, claims.tenant, claims.job).holds(claims.fence)) throw fenced();
    return json(await modelKeyOf(env, claims.tenant));
  });

  app.post('/internal/embedding-key', async ({ env, req, json }) => {
    await checkWorker(env, req.raw);
    const leave = EmbeddingKeyBody.parse(await readJson(req.raw));
    if ('ticket' in leave) return json(await modelKeyOf(env, await readModelTicket(env, leave.ticket)));
    const [held] = await tenantDatabase(env).tenant(leave.tenant_id, [sql`select 1 from embedders where tenant_id = ${leave.tenant_id} and fence = ${leave.fence}::bigint and held_until > now()`]);
    if (held?.length !== 1) throw fenced();
    return json(await modelKeyOf(env, leave.tenant_id));
  });

  app.get('/internal/archive/file', async ({ env, req }) => {
    const claims = await readJobToken(env, req.raw);
    const [, first, last] = RANGE.exec(req.header('range') ?? '') ?? [], offset = Number(first), length = Number(last) - offset + 1;
    if (!(length > 0)) throw new ApiError('bad_request', 'Ask for a part of the file: Range: bytes=first-last.');
    if (!await objectOf(env, claims.tenant, claims.job).holds(claims.fence)) throw fenced();
    return readArchive(env.ARCHIVES, archiveKey(claims.tenant, claims.connection), { offset, length }, req.query('version') ?? null);
  });
}

/** Throws ApiError `not_found`. */
async function modelKeyOf(env: Env, tenantId: string): Promise<{ api_key: string; base_url: string | null; model: string | null }> {
  const [tenants] = await tenantDatabase(env).tenant(tenantId, [sql`select plan from tenants where id = ${tenantId}`]), plan = tenants?.[0]?.plan as Plan | undefined;
  const key = plan !== undefined && modelTokensPerMonth[plan] > 0 ? (await readSecrets(env, tenantId, [MODEL_KEY_NAME])).get(MODEL_KEY_NAME) : null;
  if (!key) throw new ApiError('not_found', 'This tenant has handed us no model key, or its plan has no enrichment.');
  return { api_key: key.value, base_url: key.baseUrl, model: key.model };
}

/** `bytes=0-99`, the one form that workers use. */
const RANGE = /^bytes=(\d{1,15})-(\d{1,15})$/;

const fenced = (): ApiError => new ApiError('fenced', 'This job is no longer yours. Stop; whatever you still hold will not be taken.');
const unavailable = (): ApiError => new ApiError('unavailable', 'The database did not take the claim. Ask again in a moment.');
