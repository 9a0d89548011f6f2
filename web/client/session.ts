/** Signing in and out. Plain requests to the sign-in server's two addresses; who is signed in is `call('me')`. */
import { ApiError } from '#contract/errors';
import { fromStatus, send } from './call.ts';
import type { Caller } from './call.ts';

export async function signIn(caller: Caller, email: string, password: string): Promise<void> {
  const response = await post(caller, '/api/auth/sign-in/email', { email, password });
  if (response.ok) return;
  if (response.status === 429) throw new ApiError('rate_limited', 'Too many attempts. Wait a minute, then try again.');
  if (response.status < 500) throw new ApiError('unauthenticated', 'E-mail or password is not right.');
  throw new ApiError(...fromStatus(response.status));
}

export async function signOut(caller: Caller): Promise<void> {
  const response = await post(caller, '/api/auth/sign-out', {});
  if (!response.ok && response.status !== 401) throw new ApiError(...fromStatus(response.status));
}

const post = (caller: Caller, path: string, body: unknown): Promise<Response> =>
  send(caller, `${caller.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
