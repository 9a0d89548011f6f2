/** The workers' door: claim, heartbeat, release, credentials. A worker can touch only the job whose token it holds, and only while its fence is current. */
import { z } from 'zod';
import { ApiError } from '#contract/errors';
import { Outcome, Progress } from '#contract/job';
import { HEARTBEAT_MS, LEASE_MS } from '#contract/limits';
import { objectOf } from './jobs.ts';
import type { App } from './route.ts';
import { checkWorker, readJobToken, signJobToken } from './tokens.ts';
import { vaultName } from './vault/connection-vault.ts';

const ClaimBody = z.object({ tenant_id: z.string().max(200), job_id: z.uuid(), worker_id: z.string().max(200) });
const BeatBody = z.object({ progress: Progress.nullable() });
const ReleaseBody = z.object({ outcome: Outcome });
const CredentialsBody = z.object({ rejected: z.string().max(20_000).nullable() });

export function serveWorkerDoor(app: App): void {
  app.post('/internal/claim', async ({ env, req, json }) => {
    await checkWorker(env, req.raw);
    const { tenant_id, job_id, worker_id } = ClaimBody.parse(await req.json());
    const reply = await objectOf(env, tenant_id, job_id).claim(worker_id);
    if (!reply.ok) throw reply.refusal === 'unavailable' ? unavailable() : new ApiError('invalid_state', `The job is not to be had (${reply.refusal}).`);
    const { job, fence } = reply;
    const token = await signJobToken(env, { tenant: tenant_id, job: job_id, connection: job.source_connection_id, fence });
    return json({
      token, fence, lease_seconds: Number(env.LEASE_SECONDS ?? LEASE_MS / 1000), heartbeat_seconds: Number(env.HEARTBEAT_SECONDS ?? HEARTBEAT_MS / 1000),
      job: {
        job_id, tenant_id, integration_id: job.integration_id, connection_id: job.source_connection_id, mode: job.mode, start_date: job.start_date, end_date: job.end_date, chunk_size: job.chunk_size, scope: job.scope,
      },
    });
  });

  app.post('/internal/heartbeat', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    const { progress } = BeatBody.parse(await req.json());
    const reply = await objectOf(env, claims.tenant, claims.job).beat(claims.fence, progress);
    if (!reply.ok) throw fenced();
    return json({ token: await signJobToken(env, claims) });
  });

  app.post('/internal/release', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    const { outcome } = ReleaseBody.parse(await req.json());
    const reply = await objectOf(env, claims.tenant, claims.job).release(claims.fence, outcome);
    if (!reply.ok) throw fenced();
    return json({ status: reply.job.status });
  });

  app.post('/internal/credentials', async ({ env, req, json }) => {
    const claims = await readJobToken(env, req.raw);
    const { rejected } = CredentialsBody.parse(await req.json());
    if (!await objectOf(env, claims.tenant, claims.job).holds(claims.fence)) throw fenced();
    const reply = await env.CONNECTION_VAULT.getByName(vaultName(claims.tenant, claims.connection)).accessToken(rejected);
    if (reply.ok) return json({ access_token: reply.accessToken, api_url: reply.apiUrl });
    switch (reply.kind) {
      case 'auth_expired': throw new ApiError('needs_reauth', reply.message);
      case 'removed': throw new ApiError('not_found', reply.message);
      case 'unavailable': throw new ApiError('unavailable', reply.message);
    }
  });
}

const fenced = (): ApiError => new ApiError('fenced', 'This job is no longer yours. Stop; whatever you still hold will not be taken.');
const unavailable = (): ApiError => new ApiError('unavailable', 'The database did not take the claim. Ask again in a moment.');
