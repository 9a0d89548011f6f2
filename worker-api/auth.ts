/** Who is calling: a signed-in person or an API key, and for which tenant. The tenant never comes from the client's parameters. */
import { betterAuth } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { neon } from '@neondatabase/serverless';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/neon-http';
import type { Scope } from '#contract/api';
import { ApiError } from '#contract/errors';
import { SESSION_SECONDS } from '#contract/limits';
import { useNeonAt } from '#migrations/database';
import * as schema from '#migrations/schema';
import { signInDatabase } from './database.ts';
import type { Env } from './env.ts';

export interface Principal {
  tenantId: string;
  tenantName: string;
  plan: 'free' | 'solo' | 'team' | 'enterprise';
  user: { id: string; email: string; name: string } | null;
  /** `user:<id>` or `key:<id>`: who did it, for the books. */
  name: string;
  scopes: Set<Scope>;
  via: 'session' | 'key';
}

export const API_KEY_PREFIX = 'hs_';

function createAuth(env: Env) {
  useNeonAt(env.NEON_HTTP_URL);
  const db = drizzle(neon(env.AUTH_DATABASE_URL));
  return betterAuth({
    baseURL: env.APP_URL,
    basePath: '/api/auth',
    secret: env.AUTH_SECRET,
    database: drizzleAdapter(db, { provider: 'pg', schema: { user: schema.users, session: schema.sessions, account: schema.accounts, verification: schema.verifications, rateLimit: schema.rateLimits } }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 128 },
    session: { expiresIn: SESSION_SECONDS, cookieCache: { enabled: true, maxAge: 60 } },
    rateLimit: { enabled: true, storage: 'memory', window: 60, max: 100 },
    advanced: { ipAddress: { ipAddressHeaders: ['cf-connecting-ip'] }, useSecureCookies: env.APP_URL.startsWith('https:'), cookiePrefix: 'hsync' },
    telemetry: { enabled: false },
  });
}
type Auth = ReturnType<typeof createAuth>;

const auths = new WeakMap<Env, Auth>();
/** better-auth for this environment, built once per isolate. */
export function authOf(env: Env): Auth {
  let auth = auths.get(env);
  if (!auth) auths.set(env, auth = createAuth(env));
  return auth;
}

/** The principal of a request. Throws ApiError `unauthenticated`. */
export async function principalOf(request: Request, env: Env): Promise<Principal> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const principal = bearer ? await byKey(bearer, env) : await bySession(request, env);
  if (!principal) throw new ApiError('unauthenticated', bearer ? 'This API key is unknown or has expired. Make a new one in the settings.' : 'You are not signed in. Sign in, or send an API key as a bearer token.');
  return principal;
}

const tenantColumns = sql`t.id as tenant_id, t.name as tenant_name, t.plan`;
interface TenantRow { tenant_id: string; tenant_name: string; plan: Principal['plan'] }

async function byKey(key: string, env: Env): Promise<Principal | null> {
  if (!key.startsWith(API_KEY_PREFIX) || key.length > 200) return null;
  const [rows] = await signInDatabase(env).system([sql`
    select k.id, array_to_string(k.scopes, ',') as scopes, ${tenantColumns} from api_keys k join tenants t on t.id = k.tenant_id
     where k.hash = ${await keyHash(key)} and (k.expires_at is null or k.expires_at > now())`]);
  const row = rows?.[0] as (TenantRow & { id: string; scopes: string }) | undefined;
  if (!row) return null;
  return { tenantId: row.tenant_id, tenantName: row.tenant_name, plan: row.plan, user: null, name: `key:${row.id}`, scopes: new Set(row.scopes.split(',') as Scope[]), via: 'key' };
}

async function bySession(request: Request, env: Env): Promise<Principal | null> {
  if (!request.headers.get('cookie')) return null;
  const session = await authOf(env).api.getSession({ headers: request.headers });
  if (!session) return null;
  const { id, email, name } = session.user;
  const [rows] = await signInDatabase(env).system([sql`
    select ${tenantColumns} from members m join tenants t on t.id = m.tenant_id left join sessions s on s.id = ${session.session.id}
     where m.user_id = ${id} order by (t.id = s.active_tenant_id) desc nulls last, m.created_at limit 1`]);
  const row = rows?.[0] as TenantRow | undefined;
  if (!row) throw new ApiError('forbidden', 'You are signed in but belong to no team. Ask for an invitation.');
  return { tenantId: row.tenant_id, tenantName: row.tenant_name, plan: row.plan, user: { id, email, name }, name: `user:${id}`, scopes: new Set(['read', 'sync', 'admin']), via: 'session' };
}

/** SHA-256 of an API key, hex: all that is kept of it. 32 random bytes need no salt. */
export async function keyHash(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('');
}
