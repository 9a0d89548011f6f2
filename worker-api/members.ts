/** Who belongs to a tenant, in which role, and which tenant a session acts for. A tenant always has an owner: whoever changes that waits for the tenant's row. */
import { sql, type SQL } from 'drizzle-orm';
import { mayGive, SignUpMode, type Member, type Membership, type Role } from '#contract/accounts';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { MEMBERS_MAX, TENANTS_PER_PERSON_MAX } from '#contract/limits';
import { monthsOfHistory, type Plan } from '#contract/plans';
import type { Row } from '#migrations/database';
import type { Person, Principal } from './auth.ts';
import { signInDatabase, utc } from './database.ts';
import type { Env } from './env.ts';
import { serve, type App } from './route.ts';

export function serveMembers(app: App): void {
  serve(app, routes.listTenants, async ({ env, person: { user, membership } }) => {
    const [rows] = await signInDatabase(env).system([sql`
      select t.id as tenant_id, t.name, m.role from members m join tenants t on t.id = m.tenant_id where m.user_id = ${user.id} order by m.created_at, m.id limit ${TENANTS_PER_PERSON_MAX}`]);
    return { tenants: (rows as unknown as Omit<Membership, 'active'>[]).map((t) => ({ ...t, active: t.tenant_id === membership?.tenantId })) };
  });

  serve(app, routes.createTenant, async ({ env, person, body }) => {
    if (signUpMode(env) !== 'open') throw new ApiError('forbidden', 'Tenants are not made here by everybody. Ask for an invitation.');
    const [rows] = await signInDatabase(env).system([sql`select count(*)::int as tenants from members where user_id = ${person.user.id}`]);
    if (Number(rows?.[0]?.tenants) >= TENANTS_PER_PERSON_MAX) throw new ApiError('unprocessable', `One person belongs to at most ${TENANTS_PER_PERSON_MAX} tenants. Leave one first.`);
    const tenantId = crypto.randomUUID();
    await signInDatabase(env).system(newTenant(tenantId, body.name, person.user.id));
    return enter(env, person, tenantId);
  });

  serve(app, routes.enterTenant, ({ env, person, params }) => enter(env, person, params.tenant_id));

  serve(app, routes.changeTenant, async ({ env, principal: { tenantId }, body }) => {
    const [rows] = await signInDatabase(env).tenant(tenantId, [sql`update tenants set name = coalesce(${body.name ?? null}::text, name), plan = coalesce(${body.plan ?? null}::text, plan) where id = ${tenantId} returning name, plan`]);
    const { name, plan } = rows![0] as { name: string; plan: Plan };
    return { tenant_id: tenantId, name, plan, months_of_history: monthsOfHistory[plan] };
  });

  serve(app, routes.leaveTenant, async ({ env, person: { user, membership } }) => {
    if (!membership) throw new ApiError('invalid_state', 'You belong to no tenant.');
    await remove(env, membership.tenantId, user.id, true);
    return null;
  });

  serve(app, routes.listMembers, async ({ env, principal: { tenantId } }) => {
    const [rows] = await signInDatabase(env).tenant(tenantId, [sql`select ${columns} from members m join users u on u.id = m.user_id where m.tenant_id = ${tenantId} order by m.created_at, m.id limit ${MEMBERS_MAX}`]);
    return { members: (rows ?? []).map(toMember) };
  });

  serve(app, routes.changeMember, ({ env, principal, params, body }) => change(env, principal, params.user_id, body.role));
  serve(app, routes.removeMember, async ({ env, principal, params }) => ({ user_id: params.user_id, keys_revoked: await remove(env, principal.tenantId, params.user_id, principal.scopes.has('owner')) }));
}

/** Whether anybody may make an account and a tenant. */
export const signUpMode = (env: Env): SignUpMode => SignUpMode.catch('invited').parse(env.SIGN_UP);

/** A tenant on the smallest plan, with its owner. */
export const newTenant = (tenantId: string, name: string, ownerId: string): SQL[] => [
  sql`insert into tenants (id, name, slug) values (${tenantId}, ${name}, ${tenantId})`,
  sql`insert into members (id, tenant_id, user_id, role) values (${crypto.randomUUID()}, ${tenantId}, ${ownerId}, 'owner')`,
];

const columns = sql`u.id as user_id, u.name, u.email, m.role, ${utc('m.created_at')} as joined_at`;
const toMember = (row: Row): Member => ({ user_id: String(row.user_id), name: String(row.name), email: String(row.email), role: row.role as Role, joined_at: String(row.joined_at) });

/** The session acts for this tenant from now on. Throws ApiError `not_found` for one the person does not belong to, as for one that is not there. */
export async function enter(env: Env, { user, sessionId }: Person, tenantId: string): Promise<Membership> {
  const [rows] = await signInDatabase(env).system([sql`
    update sessions s set active_tenant_id = m.tenant_id from members m join tenants t on t.id = m.tenant_id
     where s.id = ${sessionId} and m.user_id = ${user.id} and m.tenant_id = ${tenantId} returning m.tenant_id, t.name, m.role`]);
  const row = rows?.[0] as Omit<Membership, 'active'> | undefined;
  if (!row) throw new ApiError('not_found', 'There is no such tenant.');
  return { ...row, active: true };
}

/** Two owners who leave at once must not both be "not the last one": they take turns at the tenant's row. */
const inTurn = (tenantId: string): SQL => sql`select id from tenants where id = ${tenantId} for update`;
const byWhom = (isOwner: boolean): SQL => sql`(${isOwner}::boolean or m.role <> 'owner')`;
const anotherOwner = sql`exists (select from members o where o.tenant_id = m.tenant_id and o.role = 'owner' and o.user_id <> m.user_id)`;
const asItIs = (tenantId: string, userId: string): SQL => sql`select role from members where tenant_id = ${tenantId} and user_id = ${userId}`;

async function change(env: Env, { tenantId, scopes }: Principal, userId: string, role: Role): Promise<Member> {
  const isOwner = scopes.has('owner');
  const [, rows, now] = await signInDatabase(env).tenant(tenantId, [
    inTurn(tenantId),
    sql`with changed as (
          update members m set role = ${role} where m.tenant_id = ${tenantId} and m.user_id = ${userId} and ${mayGive(isOwner, role)}::boolean and ${byWhom(isOwner)}
             and (m.role <> 'owner' or ${role} = 'owner' or ${anotherOwner}) returning m.*)
        select ${columns} from changed m join users u on u.id = m.user_id`,
    asItIs(tenantId, userId),
  ]);
  if (rows?.[0]) return toMember(rows[0]);
  throw refusal(now?.[0]?.role as Role | undefined, isOwner, role);
}

/** With the person go the keys that the person made. Answers how many. */
async function remove(env: Env, tenantId: string, userId: string, isOwner: boolean): Promise<number> {
  const [, rows, now] = await signInDatabase(env).tenant(tenantId, [
    inTurn(tenantId),
    sql`with gone as (delete from members m where m.tenant_id = ${tenantId} and m.user_id = ${userId} and ${byWhom(isOwner)} and (m.role <> 'owner' or ${anotherOwner}) returning m.user_id),
        keys as (delete from api_keys k using gone where k.tenant_id = ${tenantId} and k.created_by = gone.user_id returning k.id)
        select (select count(*)::int from keys) as keys from gone`,
    asItIs(tenantId, userId),
  ]);
  if (rows?.[0]) return Number(rows[0].keys);
  throw refusal(now?.[0]?.role as Role | undefined, isOwner, null);
}

function refusal(role: Role | undefined, isOwner: boolean, to: Role | null): ApiError {
  if (role === undefined) return new ApiError('not_found', 'There is no such member.');
  if (!isOwner && (role === 'owner' || to === 'owner')) return new ApiError('forbidden', 'Only an owner can make, change or remove an owner.');
  return new ApiError('invalid_state', 'A tenant needs an owner, and this is the last one. Make somebody else an owner first.');
}
