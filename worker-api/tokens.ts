/** Short-lived tokens between edge and workers. JWT, HS256 (RFC 7519). A job token is bound to tenant, job, fence and expiry. */
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { ApiError } from '#contract/errors';
import { DOORBELL_TOKEN_SECONDS, JOB_TOKEN_SECONDS, MODEL_TICKET_SECONDS } from '#contract/limits';
import { keyHash } from './auth.ts';
import type { Env } from './env.ts';

/** `chunks`: committed before this claim, so that a release can be told from one that stored nothing. */
const JobClaims = z.object({ tenant: z.string(), job: z.string(), connection: z.string(), fence: z.int(), chunks: z.int().default(0) });
export type JobClaims = z.infer<typeof JobClaims>;

const key = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** What a claim hands to a worker. Only we can make and read it. */
export const signJobToken = (env: Env, claims: JobClaims): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setIssuer('hsync').setAudience('job').setIssuedAt().setExpirationTime(`${JOB_TOKEN_SECONDS}s`).sign(key(env.JOB_TOKEN_SECRET));

/** Throws ApiError `unauthenticated`. */
export async function readJobToken(env: Env, request: Request): Promise<JobClaims> {
  const { payload } = await jwtVerify(bearer(request), key(env.JOB_TOKEN_SECRET), { issuer: 'hsync', audience: 'job' }).catch(() => { throw denied(); });
  return JobClaims.parse(payload);
}

/** A worker that wants to claim. Throws ApiError `unauthenticated`. */
export async function checkWorker(env: Env, request: Request): Promise<void> {
  await jwtVerify(bearer(request), key(env.WORKER_SECRET), { audience: 'worker-door' }).catch(() => { throw denied(); });
}

/** Whoever runs the platform, with a command of theirs. Throws ApiError `not_found` where no operator was named, `unauthenticated` for anybody else. */
export async function checkOperator(env: Env, request: Request): Promise<void> {
  if (!env.OPERATOR_SECRET) throw new ApiError('not_found', 'There is nothing at this address.');
  await jwtVerify(bearer(request), key(env.OPERATOR_SECRET), { audience: 'operator' }).catch(() => { throw denied(); });
}

/** Whoever collects figures: Prometheus sends the same token every time. Without one there is nothing to collect. Throws ApiError. */
export async function checkScraper(env: Env, request: Request): Promise<void> {
  if (!env.METRICS_TOKEN) throw new ApiError('not_found', 'There is nothing at this address.');
  // Digests: how long comparing takes says nothing of the token.
  if (await keyHash(bearer(request)) !== await keyHash(env.METRICS_TOKEN)) throw denied();
}

/** For calls from us to a worker: doorbell, search. */
export const signForWorker = (env: Env): Promise<string> =>
  new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer('hsync').setAudience('fly-worker').setIssuedAt().setExpirationTime(`${DOORBELL_TOKEN_SECONDS}s`).sign(key(env.WORKER_SECRET));

/** The leave to fetch one tenant's model key for a question of it that a worker is asked. */
export const signModelTicket = (env: Env, tenant: string): Promise<string> =>
  new SignJWT({ tenant }).setProtectedHeader({ alg: 'HS256' }).setIssuer('hsync').setAudience('model-ticket').setIssuedAt().setExpirationTime(`${MODEL_TICKET_SECONDS}s`).sign(key(env.JOB_TOKEN_SECRET));

/** Whose key. Throws ApiError `unauthenticated`. */
export async function readModelTicket(env: Env, ticket: string): Promise<string> {
  const { payload } = await jwtVerify(ticket, key(env.JOB_TOKEN_SECRET), { issuer: 'hsync', audience: 'model-ticket' }).catch(() => { throw denied(); });
  return z.string().parse(payload['tenant']);
}

const bearer = (request: Request): string => /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
const denied = (): ApiError => new ApiError('unauthenticated', 'This token is not ours or has expired.');
