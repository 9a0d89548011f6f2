/** Who is calling: a signed-in person or an API key, and for which tenant. The tenant never comes from the client's parameters. */
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { neon } from '@neondatabase/serverless';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/neon-http';
import { scopesOfRole, type Role, type Scope, type User } from '#contract/accounts';
import { ApiError } from '#contract/errors';
import { API_KEY_SEEN_SECONDS, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, SESSION_CACHE_SECONDS, SESSION_SECONDS } from '#contract/limits';
import type { Plan } from '#contract/plans';
import { useNeonAt } from '#migrations/database';
import * as schema from '#migrations/schema';
import { signInDatabase } from './database.ts';
import type { Env } from './env.ts';

/** Somebody acting for a tenant. */
export interface Principal {
  tenantId: string;
  tenantName: string;
  plan: Plan;
  user: User | null;
  /** On whose authority: the person signed in, or whoever made the key. */
  userId: string;
  /** Null for a key. */
  role: Role | null;
  /** `user:<id>` or `key:<id>`: who did it, for the books. */
  name: string;
  scopes: ReadonlySet<Scope | 'owner'>;
  via: 'session' | 'key';
  /** Set-Cookie lines that keep the session alive. */
  renewed: string[];
}

/** Somebody signed in, whether or not in a tenant. */
export interface Person {
  user: User;
  sessionId: string;
  /** The tenant this session acts for: the one last entered, else the first one joined. */
  membership: { tenantId: string; tenantName: string; plan: Plan; role: Role } | null;
  renewed: string[];
}

export const API_KEY_PREFIX = 'hs_';

function createAuth(env: Env) {
  useNeonAt(env.NEON_HTTP_URL);
  const db = drizzle(neon(env.AUTH_DATABASE_URL));
  return betterAuth({
    baseURL: env.APP_URL,
    basePath: '/api/auth',
    secret: env.AUTH_SECRET,
    database: drizzleAdapter(db, { provider: 'pg', schema: { user: schema.users, session: schema.sessions, account: schema.accounts, verification: schema.verifications } }),
    // Accounts are made with their tenant, in one transaction (sign-in.ts).
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: PASSWORD_CHARS_MIN, maxPasswordLength: PASSWORD_CHARS_MAX },
    session: { expiresIn: SESSION_SECONDS, cookieCache: { enabled: true, maxAge: SESSION_CACHE_SECONDS } },
    // Its routes are not served: ours call it, behind limits of their own (sign-in-limits.ts).
    rateLimit: { enabled: false },
    advanced: { ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] }, useSecureCookies: env.APP_URL.startsWith('https:'), cookiePrefix: 'hsync' },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
}
type Auth = ReturnType<typeof createAuth>;

const auths = new WeakMap<Env, Auth>();
/** better-auth for this environment, built once per isolate: passwords, session rows and their signed cookies are its. */
export function authOf(env: Env): Auth {
  let auth = auths.get(env);
  if (!auth) auths.set(env, auth = createAuth(env));
  return auth;
}

/** The principal of a request. Throws ApiError `unauthenticated`; `forbidden` for a person without a tenant. */
export async function principalOf(request: Request, env: Env): Promise<Principal> {
  const key = bearerOf(request);
  if (key !== null) return await byKey(key, env) ?? refuseKey();
  const { user, membership, renewed } = await bySession(request, env) ?? refuseStranger();
  if (!membership) throw new ApiError('forbidden', 'You are signed in but belong to no tenant. Accept an invitation, or make a tenant of your own.');
  const { role, ...tenant } = membership;
  return { ...tenant, user, userId: user.id, role, name: `user:${user.id}`, scopes: new Set(scopesOfRole[role]), via: 'session', renewed };
}

/** The person of a request. Throws ApiError `unauthenticated`; `forbidden` for an API key. */
export async function personOf(request: Request, env: Env): Promise<Person> {
  const key = bearerOf(request);
  if (key === null) return await bySession(request, env) ?? refuseStranger();
  if (!await byKey(key, env)) refuseKey();
  throw new ApiError('forbidden', 'This is for people who are signed in, not for API keys.');
}

const bearerOf = (request: Request): string | null => /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? null;
const refuseKey = (): never => { throw new ApiError('unauthenticated', 'This API key is unknown or has expired. Make a new one in the settings.'); };
const refuseStranger = (): never => { throw new ApiError('unauthenticated', 'You are not signed in. Sign in, or send an API key as a bearer token.'); };

interface TenantRow { tenant_id: string; tenant_name: string; plan: Plan }

/** One statement, and a write every few minutes at most: the key, whether it holds, and what its maker may do by now. */
async function byKey(key: string, env: Env): Promise<Principal | null> {
  if (!key.startsWith(API_KEY_PREFIX) || key.length > 200) return null;
  const [rows] = await signInDatabase(env).system([sql`
    with k as (
      select a.tenant_id, a.id, array_to_string(a.scopes, ',') as scopes, a.last_used_at, m.user_id, m.role, t.name as tenant_name, t.plan
        from api_keys a join tenants t on t.id = a.tenant_id join members m on m.tenant_id = a.tenant_id and m.user_id = a.created_by
       where a.hash = ${await keyHash(key)} and (a.expires_at is null or a.expires_at > now())),
    seen as (
      update api_keys u set last_used_at = now() from (
        select a.tenant_id, a.id from api_keys a join k on k.tenant_id = a.tenant_id and k.id = a.id
         where a.last_used_at is null or a.last_used_at < now() - make_interval(secs => ${API_KEY_SEEN_SECONDS}) for update of a skip locked) due
       where u.tenant_id = due.tenant_id and u.id = due.id)
    select * from k`]);
  const row = rows?.[0] as (TenantRow & { id: string; scopes: string; user_id: string; role: Role }) | undefined;
  if (!row) return null;
  const allowed = scopesOfRole[row.role], scopes = new Set((row.scopes.split(',') as Scope[]).filter((scope) => allowed.includes(scope)));
  return { tenantId: row.tenant_id, tenantName: row.tenant_name, plan: row.plan, user: null, userId: row.user_id, role: null, name: `key:${row.id}`, scopes, via: 'key', renewed: [] };
}

/** The signed cookie says which session; whether it still stands, Postgres says every time: an ended session is over at once, whatever a cookie remembers. */
async function bySession(request: Request, env: Env): Promise<Person | null> {
  if (!request.headers.get('cookie')) return null;
  const { response: known, headers } = await authOf(env).api.getSession({ headers: request.headers, returnHeaders: true })
    .catch(() => { throw new ApiError('unavailable', 'Who you are cannot be checked right now. Try again in a moment.', { retryAfterSeconds: 5 }); });
  if (!known) return null;
  const [rows] = await signInDatabase(env).system([sql`
    select u.id, u.email, u.name, m.role, t.id as tenant_id, t.name as tenant_name, t.plan
      from sessions s join users u on u.id = s.user_id left join members m on m.user_id = u.id left join tenants t on t.id = m.tenant_id
     where s.id = ${known.session.id} and s.expires_at > now() order by (t.id = s.active_tenant_id) desc nulls last, m.created_at, m.id limit 1`]);
  const row = rows?.[0] as (User & { role: Role | null } & TenantRow) | undefined;
  if (!row) return null;
  const { id, email, name, role } = row;
  return {
    user: { id, email, name }, sessionId: known.session.id, renewed: headers?.getSetCookie() ?? [],
    membership: role === null ? null : { tenantId: row.tenant_id, tenantName: row.tenant_name, plan: row.plan, role },
  };
}

/** SHA-256 of an API key or an invitation's token, hex: all that is kept of it. 32 random bytes need no salt. */
export async function keyHash(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('');
}
