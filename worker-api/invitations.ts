/** Invitations: a link with 32 random bytes, of which a hash is kept. Good for one person, one address, a week, and as long as whoever invited may still invite. */
import { sql, type SQL } from 'drizzle-orm';
import { mayGive, type Invitation, type Role, type User } from '#contract/accounts';
import { routes } from '#contract/api';
import { ApiError } from '#contract/errors';
import { INVITATION_SECONDS, INVITATIONS_MAX, MEMBERS_MAX } from '#contract/limits';
import type { Row } from '#migrations/database';
import { keyHash } from './auth.ts';
import { signInDatabase, utc } from './database.ts';
import type { Env } from './env.ts';
import { enter } from './members.ts';
import { serve, type App } from './route.ts';
import { toBase64Url } from './vault/seal.ts';

export function serveInvitations(app: App): void {
  serve(app, routes.listInvitations, async ({ env, principal: { tenantId } }) => {
    const [rows] = await signInDatabase(env).tenant(tenantId, [sql`select ${columns} from invitations i join users u on u.id = i.inviter_id where i.tenant_id = ${tenantId} order by i.created_at desc, i.id limit ${INVITATIONS_MAX}`]);
    return { invitations: (rows ?? []).map(toInvitation) };
  });

  serve(app, routes.invite, async ({ env, principal, body: { email, role } }) => {
    if (!mayGive(principal.scopes.has('owner'), role)) throw new ApiError('forbidden', 'Only an owner can invite another owner.');
    const token = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
    const invitation = await insert(env, principal.tenantId, principal.userId, email, role, await keyHash(token));
    return { invitation, link: `${env.APP_URL}/invitation#${token}` };
  });

  serve(app, routes.revokeInvitation, async ({ env, principal: { tenantId }, params }) => {
    const [rows] = await signInDatabase(env).tenant(tenantId, [sql`update invitations set status = 'revoked' where tenant_id = ${tenantId} and id = ${params.invitation_id} and status = 'pending' returning id`]);
    if (rows?.length !== 1) throw new ApiError('not_found', 'There is no such open invitation.');
    return null;
  });

  serve(app, routes.showInvitation, async ({ env, body }) => {
    const { tenant_name, email, role, invited_by, expires_at } = await findInvitation(env, await keyHash(body.token));
    return { tenant_name, email, role, invited_by, expires_at };
  });

  serve(app, routes.acceptInvitation, async ({ env, person, body }) => {
    const tokenHash = await keyHash(body.token), { email, tenant_id } = await findInvitation(env, tokenHash);
    if (email !== person.user.email) throw new ApiError('forbidden', 'This invitation was made for another address. Sign in with that one, or ask for a new invitation.');
    const [joined] = await signInDatabase(env).system([takeInvitation(tokenHash, person.user, null)]);
    if (joined?.length !== 1) throw invalidInvitation();
    return enter(env, person, tenant_id);
  });
}

const columns = sql`i.id, i.email, i.role, case when i.status = 'pending' and i.expires_at <= now() then 'expired' else i.status end as status,
  i.inviter_id, u.name as inviter, ${utc('i.created_at')} as created_at, ${utc('i.expires_at')} as expires_at`;
const toInvitation = (row: Row): Invitation => ({
  invitation_id: String(row.id), email: String(row.email), role: row.role as Role, status: row.status as Invitation['status'],
  invited_by: { user_id: String(row.inviter_id), name: String(row.inviter) }, created_at: String(row.created_at), expires_at: String(row.expires_at),
});

/** A new invitation to the same address takes the place of an open one. Throws ApiError `invalid_state` for a member, `unprocessable` when there are too many. */
async function insert(env: Env, tenantId: string, inviterId: string, email: string, role: Role, tokenHash: string): Promise<Invitation> {
  const [, , rows, whyNot] = await signInDatabase(env).tenant(tenantId, [
    sql`select id from tenants where id = ${tenantId} for update`,
    sql`update invitations set status = 'revoked' where tenant_id = ${tenantId} and email = ${email} and status = 'pending'`,
    sql`with i as (
          insert into invitations (id, tenant_id, email, role, expires_at, inviter_id, token_hash)
          select ${crypto.randomUUID()}, ${tenantId}, ${email}, ${role}, now() + make_interval(secs => ${INVITATION_SECONDS}), ${inviterId}, ${tokenHash}
           where not exists (select from members m join users u on u.id = m.user_id where m.tenant_id = ${tenantId} and u.email = ${email})
             and (select count(*) from invitations where tenant_id = ${tenantId} and status = 'pending' and expires_at > now()) < ${INVITATIONS_MAX}
             and (select count(*) from members where tenant_id = ${tenantId}) < ${MEMBERS_MAX} returning *)
        select ${columns} from i join users u on u.id = i.inviter_id`,
    sql`select exists (select from members m join users u on u.id = m.user_id where m.tenant_id = ${tenantId} and u.email = ${email}) as member`,
  ]);
  const row = rows?.[0];
  if (row) return toInvitation(row);
  throw whyNot?.[0]?.member ? new ApiError('invalid_state', `${email} belongs to this tenant already.`)
    : new ApiError('unprocessable', `A tenant has at most ${MEMBERS_MAX} members and ${INVITATIONS_MAX} open invitations. Revoke some first.`);
}

/** Open, in time, and made by somebody who may still give that role. */
const isGood = sql`i.status = 'pending' and i.expires_at > now() and exists (
  select from members b where b.tenant_id = i.tenant_id and b.user_id = i.inviter_id and (b.role = 'owner' or (b.role = 'admin' and i.role <> 'owner')))`;

interface GoodInvitation { tenant_id: string; tenant_name: string; email: string; role: Role; invited_by: string; expires_at: string }

/** The invitation of a token. Throws ApiError `not_found` for one that was used, revoked, is too old or never was. */
export async function findInvitation(env: Env, tokenHash: string): Promise<GoodInvitation> {
  const [rows] = await signInDatabase(env).system([sql`
    select i.tenant_id, t.name as tenant_name, i.email, i.role, u.name as invited_by, ${utc('i.expires_at')} as expires_at
      from invitations i join tenants t on t.id = i.tenant_id join users u on u.id = i.inviter_id where i.token_hash = ${tokenHash} and ${isGood}`]);
  const row = rows?.[0];
  if (!row) throw invalidInvitation();
  return row as unknown as GoodInvitation;
}

/** Uses an invitation up: one row when this person belongs to its tenant now. `hash`: the person is made by it too, with this password. Whoever was a member already keeps the role. */
export const takeInvitation = (tokenHash: string, { id, email, name }: User, hash: string | null): SQL => sql`
  with i as (update invitations i set status = 'accepted' where i.token_hash = ${tokenHash} and i.email = ${email} and ${isGood} returning i.tenant_id, i.role),
  made as (insert into users (id, name, email) select ${id}, ${name}, ${email} from i where ${hash}::text is not null),
  password as (insert into accounts (id, account_id, provider_id, user_id, password) select ${crypto.randomUUID()}, ${id}, 'credential', ${id}, ${hash} from i where ${hash}::text is not null),
  joined as (insert into members (id, tenant_id, user_id, role) select ${crypto.randomUUID()}, i.tenant_id, ${id}, i.role from i on conflict (tenant_id, user_id) do nothing)
  select tenant_id from i`;

export const invalidInvitation = (): ApiError => new ApiError('not_found', 'This invitation is not valid any more: it was used, taken back or is too old. Ask for a new one.');
