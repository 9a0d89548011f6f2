/** Signing in, up and out. better-auth keeps passwords, sessions and their cookies; what goes round them (limits, tenants, invitations) is ours. */
import { sql, type SQL } from 'drizzle-orm';
import type { Context } from 'hono';
import { routes } from '#contract/api';
import type { User } from '#contract/accounts';
import { ApiError } from '#contract/errors';
import { PASSWORD_CHARS_MIN } from '#contract/limits';
import { DatabaseError } from '#migrations/database';
import { authOf, keyHash } from './auth.ts';
import { signInDatabase } from './database.ts';
import type { Env } from './env.ts';
import { findInvitation, invalidInvitation, takeInvitation } from './invitations.ts';
import { newTenant, signUpMode } from './members.ts';
import { serve, type App } from './route.ts';
import { countAttempt, forgetAttempts, passwordLimits, signInLimits, signUpLimits } from './sign-in-limits.ts';

type Desk = Context<{ Bindings: Env }>;

export function serveSignIn(app: App): void {
  serve(app, routes.signInOptions, async ({ env }) => ({ sign_up: signUpMode(env), password_min_length: PASSWORD_CHARS_MIN }));

  serve(app, routes.signIn, async ({ env, body, context }) => {
    const limits = signInLimits(context.req.raw, body.email);
    await countAttempt(env, limits);
    const user = await openSession(context, body);
    await forgetAttempts(env, limits);
    return { user };
  });

  serve(app, routes.signUp, async ({ env, body: { email, password, name, tenant_name, invitation_token }, context }) => {
    if (invitation_token === undefined && signUpMode(env) !== 'open') throw new ApiError('forbidden', 'One joins here by invitation. Ask somebody who is in already.');
    await countAttempt(env, signUpLimits(context.req.raw));
    const user = { id: crypto.randomUUID(), email, name };
    const hash = await (await authOf(env).$context).password.hash(password);
    if (invitation_token === undefined) await signInDatabase(env).system([...newUser(user, hash), ...newTenant(crypto.randomUUID(), tenant_name ?? name, user.id)]).catch(explained);
    else await joinBy(env, invitation_token, user, hash);
    return { user: await openSession(context, { email, password }) };
  });

  serve(app, routes.signOut, async ({ context }) => {
    await endSession(context);
    return null;
  });

  serve(app, routes.signOutEverywhere, async ({ env, person, context }) => {
    await signInDatabase(env).system([sql`delete from sessions where user_id = ${person.user.id}`]);
    await endSession(context);
    return null;
  });

  serve(app, routes.changePassword, async ({ env, person, body, context }) => {
    const limits = passwordLimits(person.user.id);
    await countAttempt(env, limits);
    const response = await authOf(env).api.changePassword({
      body: { currentPassword: body.current_password, newPassword: body.new_password, revokeOtherSessions: true }, headers: context.req.raw.headers, asResponse: true,
    });
    if (response.status >= 500) throw notNow();
    if (!response.ok) throw new ApiError('unprocessable', 'The current password is not right. Nothing was changed.');
    await forgetAttempts(env, limits);
    // The session that goes on is a new one; it stays in the tenant it was in.
    if (person.membership) await signInDatabase(env).system([sql`update sessions set active_tenant_id = ${person.membership.tenantId} where user_id = ${person.user.id} and active_tenant_id is null`]);
    passOn(context, response);
    return null;
  });
}

/** Sets the session's cookies. Throws ApiError `unauthenticated`, in the same words and time for an unknown address as for a wrong password. */
async function openSession(context: Desk, { email, password }: { email: string; password: string }): Promise<User> {
  const response = await authOf(context.env).api.signInEmail({ body: { email, password }, headers: context.req.raw.headers, asResponse: true });
  if (response.status >= 500) throw notNow();
  if (!response.ok) throw new ApiError('unauthenticated', 'E-mail or password is not right.');
  passOn(context, response);
  const { user: { id, name } } = await response.json<{ user: User }>();
  return { id, email, name };
}

/** Ends the session of the request's cookie, if there is one, and clears the cookies. */
async function endSession(context: Desk): Promise<void> {
  passOn(context, await authOf(context.env).api.signOut({ headers: context.req.raw.headers, asResponse: true }));
}

function passOn(context: Desk, response: Response): void {
  for (const cookie of response.headers.getSetCookie()) context.header('set-cookie', cookie, { append: true });
}

const notNow = (): ApiError => new ApiError('unavailable', 'Signing in does not work right now. Try again in a moment.', { retryAfterSeconds: 5 });

const newUser = ({ id, email, name }: User, hash: string): SQL[] => [
  sql`insert into users (id, name, email) values (${id}, ${name}, ${email})`,
  sql`insert into accounts (id, account_id, provider_id, user_id, password) values (${crypto.randomUUID()}, ${id}, 'credential', ${id}, ${hash})`,
];

/** Person and membership stand in one statement, or neither does. The link proves the address: it was sent there. */
async function joinBy(env: Env, token: string, user: User, hash: string): Promise<void> {
  const tokenHash = await keyHash(token), invitation = await findInvitation(env, tokenHash);
  if (invitation.email !== user.email) throw new ApiError('forbidden', 'This invitation was made for another address. Sign up with that one, or ask for a new invitation.');
  const [joined] = await signInDatabase(env).system([takeInvitation(tokenHash, user, hash)]).catch(explained);
  if (joined?.length !== 1) throw invalidInvitation();
}

function explained(error: unknown): never {
  if (error instanceof DatabaseError && error.constraint === 'users_email_key') throw new ApiError('invalid_state', 'There is an account with this address already. Sign in with it instead.');
  throw error;
}
