/** The worker's side of the front desk: claim, heartbeat, release, credentials. Every call is bounded; a refusal is an answer, not an error. */
import { SignJWT } from 'jose';
import { z } from 'zod';
import { IntegrationId, JobMode, type Outcome, type Progress } from '#contract/job';
import { INTERNAL_TIMEOUT_MS } from '#contract/limits';

/** What a claim hands over. The token is bound to job, fence and expiry. */
export const Claim = z.object({
  token: z.string(), fence: z.int(), lease_seconds: z.number(), heartbeat_seconds: z.number(),
  job: z.object({
    job_id: z.string(), tenant_id: z.string(), integration_id: IntegrationId, connection_id: z.string(), mode: JobMode.default('backfill'),
    start_date: z.string(), end_date: z.string(), chunk_size: z.int(), scope: z.string(),
  }),
});
export type Claim = z.infer<typeof Claim>;

/** `fenced`: somebody else, or nobody, holds the job now. `refused`: the job is not to be had. */
type Refused = { ok: false; kind: 'fenced' | 'refused' | 'auth_expired' | 'connection_removed'; message: string };
type Granted<T> = { ok: true; value: T };

/** What opens the provider. `apiUrl`: the account's own API address, for providers that have one. */
export interface Credentials { accessToken: string; apiUrl: string | null }

/** The tenant's own model. `baseUrl` with its /v1, `model`: null for the defaults. */
export interface ModelKey { apiKey: string; baseUrl: string | null; model: string | null }

/** The front desk did not answer, or not sensibly: nothing is known. */
export class DoorError extends Error {
  override name = 'DoorError';
}

const Renewal = z.object({ token: z.string() });
const CredentialsAnswer = z.object({ access_token: z.string(), api_url: z.string().nullish() })
  .transform((a): Credentials => ({ accessToken: a.access_token, apiUrl: a.api_url?.replace(/\/+$/, '') ?? null }));
const ModelKeyAnswer = z.object({ api_key: z.string(), base_url: z.string().nullable(), model: z.string().nullable() })
  .transform((a): ModelKey => ({ apiKey: a.api_key, baseUrl: a.base_url, model: a.model }));
const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export interface Door {
  /** Below it lies the file of an archive's job, for whoever holds the job's token. */
  readonly archiveUrl: string;
  claim(tenantId: string, jobId: string): Promise<Granted<Claim> | Refused>;
  /** Renews the lease; answers the next token. */
  beat(claim: Claim, progress: Progress | null): Promise<Granted<string> | Refused>;
  release(claim: Pick<Claim, 'token' | 'job'>, outcome: Outcome): Promise<Granted<null> | Refused>;
  /** An access token of the job's connection. `rejected`: the one the provider would not take. */
  credentials(claim: Claim, rejected?: string): Promise<Granted<Credentials> | Refused>;
  /** The model key of the job's tenant; null: it has none, or its plan no enrichment. */
  modelKey(claim: Claim): Promise<Granted<ModelKey | null> | Refused>;
  /** The key of a tenant for its embedder, for whoever holds the tenant's vectors in hand or has a question of the tenant to answer. */
  embeddingKey(leave: { ticket: string } | { tenant_id: string; fence: number }): Promise<Granted<ModelKey | null> | Refused>;
}

interface DoorOptions { apiUrl: string; secret: string; workerId: string }

export function openDoor({ apiUrl, secret, workerId }: DoorOptions): Door {
  const key = new TextEncoder().encode(secret);

  const ownToken = (): Promise<string> => new SignJWT({ worker: workerId }).setProtectedHeader({ alg: 'HS256' }).setAudience('worker-door').setIssuedAt().setExpirationTime('60s').sign(key);

  async function call<T>(path: string, token: string, body: unknown, schema: z.ZodType<T>): Promise<Granted<T> | Refused> {
    const response = await fetch(`${apiUrl}/internal/${path}`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(INTERNAL_TIMEOUT_MS), redirect: 'manual',
    }).catch((error: unknown) => { throw new DoorError(`The front desk did not answer ${path}: ${error instanceof Error ? error.message : String(error)}`); });
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) {
      const parsed = schema.safeParse(answer);
      if (parsed.success) return { ok: true, value: parsed.data };
      throw new DoorError(`The front desk answered ${path} with something unreadable.`);
    }
    const refusal = Refusal.safeParse(answer);
    if (response.status >= 500 || !refusal.success) throw new DoorError(`The front desk answered ${path} with ${response.status}.`);
    return { ok: false, kind: toKind(refusal.data.error.code), message: refusal.data.error.message };
  }

  return {
    archiveUrl: `${apiUrl}/internal/archive`,
    async claim(tenantId, jobId) {
      return call('claim', await ownToken(), { tenant_id: tenantId, job_id: jobId, worker_id: workerId }, Claim);
    },
    async beat(claim, progress) {
      const answer = await call('heartbeat', claim.token, { progress }, Renewal);
      return answer.ok ? { ok: true, value: answer.value.token } : answer;
    },
    async release(claim, outcome) {
      const answer = await call('release', claim.token, { outcome }, z.unknown());
      return answer.ok ? { ok: true, value: null } : answer;
    },
    async modelKey(claim) {
      const answer = await call('model-key', claim.token, {}, ModelKeyAnswer);
      return !answer.ok && answer.kind === 'connection_removed' ? { ok: true, value: null } : answer;
    },
    async embeddingKey(leave) {
      const answer = await call('embedding-key', await ownToken(), leave, ModelKeyAnswer);
      return !answer.ok && answer.kind === 'connection_removed' ? { ok: true, value: null } : answer;
    },
    credentials: (claim, rejected) => call('credentials', claim.token, { rejected: rejected ?? null }, CredentialsAnswer),
  };
}

function toKind(code: string): Refused['kind'] {
  switch (code) {
    case 'fenced': return 'fenced';
    case 'needs_reauth': return 'auth_expired';
    case 'not_found': return 'connection_removed';
    default: return 'refused';
  }
}
