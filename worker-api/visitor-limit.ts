/** The first thing a request meets: too many from one address are refused before they cost anything. Rough and per place of Cloudflare; what must be exact is counted in Postgres. */
import type { MiddlewareHandler } from 'hono';
import { ApiError } from '#contract/errors';
import { VISITOR_LIMIT_SECONDS } from '#contract/limits';
import type { Env } from './env.ts';

/**
 * Throws ApiError `rate_limited`. The machines' door is not counted (a fleet may share an address, and it has a secret), nor is who has no address of the outside: this computer.
 * https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/
 */
export const limitVisitors: MiddlewareHandler<{ Bindings: Env }> = async ({ env, req }, next) => {
  const address = req.header('cf-connecting-ip');
  if (address !== undefined && !isThisComputer(address) && !req.path.startsWith('/internal/')) {
    const { success } = await env.VISITOR_LIMIT.limit({ key: address });
    if (!success) throw new ApiError('rate_limited', 'There were too many requests from your address. Wait a minute.', { retryAfterSeconds: VISITOR_LIMIT_SECONDS });
  }
  await next();
};

const isThisComputer = (address: string): boolean => address === '::1' || /^(::ffff:)?127\./.test(address);
