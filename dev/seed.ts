/** Two tenants to begin with, and how to sign in: written to credentials.json for people and scripts. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from 'better-auth/crypto';
import { sql } from 'drizzle-orm';
import type { Plan } from '#contract/plans';
import type { Database } from '#migrations/database';

export interface TenantCredentials { name: string; email: string; password: string; api_key: string }
export interface Credentials { base_url: string; tenants: TenantCredentials[] }

const TENANTS: { id: string; name: string; email: string; person: string; plan: Plan }[] = [
  { id: 'nordlicht', name: 'Nordlicht Robotics', email: 'anna@nordlicht.example', person: 'Anna Keller', plan: 'team' },
  { id: 'lumiere', name: 'Atelier Lumière', email: 'marc@lumiere.example', person: 'Marc Dubois', plan: 'team' },
];

/** The credentials of `dir`, made once. Tenants that stand in the database already keep their data and get these credentials again. */
export async function seed(owner: Database, dir: string, baseUrl: string): Promise<Credentials> {
  const file = join(dir, 'credentials.json');
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Credentials : null;
  const tenants: TenantCredentials[] = [];
  for (const [i, tenant] of TENANTS.entries()) {
    const known = before?.tenants[i];
    const made = { name: tenant.name, email: tenant.email, password: known?.password ?? randomBytes(9).toString('base64url'), api_key: known?.api_key ?? `hs_${randomBytes(32).toString('base64url')}` };
    await addTenant(owner, tenant, made);
    tenants.push(made);
  }
  const credentials = { base_url: baseUrl, tenants };
  writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  return credentials;
}

/** One tenant with one person and one key that may do everything. Repeating it renews password and key. */
export async function addTenant(owner: Database, tenant: { id: string; name: string; person: string; plan: Plan }, { email, password, api_key }: Omit<TenantCredentials, 'name'>): Promise<void> {
  const userId = `user-${tenant.id}`;
  await owner.system([
    sql`insert into tenants (id, name, slug, plan) values (${tenant.id}, ${tenant.name}, ${tenant.id}, ${tenant.plan}) on conflict (id) do nothing`,
    sql`insert into users (id, name, email, email_verified) values (${userId}, ${tenant.person}, ${email}, true) on conflict (id) do nothing`,
    sql`insert into accounts (id, account_id, provider_id, user_id, password) values (${`account-${tenant.id}`}, ${userId}, 'credential', ${userId}, ${await hashPassword(password)})
        on conflict (id) do update set password = excluded.password, updated_at = now()`,
    sql`insert into members (id, tenant_id, user_id, role) values (${randomUUID()}, ${tenant.id}, ${userId}, 'owner') on conflict (tenant_id, user_id) do nothing`,
    sql`insert into api_keys (tenant_id, id, name, prefix, hash, scopes, created_by) values (${tenant.id}, 'seeded', 'Seeded key', ${api_key.slice(0, 7)}, ${createHash('sha256').update(api_key).digest('hex')}, '{read,sync,admin}', ${userId})
        on conflict (tenant_id, id) do update set hash = excluded.hash, prefix = excluded.prefix`,
  ]);
}
