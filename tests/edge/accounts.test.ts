/** People and tenants: signing up, inviting, roles, leaving, changing tenant, signing out everywhere. */
import { beforeAll, describe, expect, it } from 'vitest';
import { InvitationMade, MembersResponse, MembershipsResponse, type Role } from '#contract/accounts';
import front from '#worker-api/index';
import { APP, as, call, cookieOf, elsewhere, env, newMember, newTenant, rows, signIn, type Answer, type ErrorBody, type Tenant, type Visitor } from './visitor.ts';

const newAddress = (): string => `${crypto.randomUUID()}@example.example`;
const PASSWORD = 'long enough 123';
const signUp = (body: object): Promise<Answer<{ user: { id: string } }>> => call('POST', '/api/auth/sign-up/email', { body: { name: 'Someone', email: newAddress(), password: PASSWORD, ...body }, headers: elsewhere() });
const me = (cookie: string): Promise<Answer<{ tenant: { id: string; name: string; plan: string }; role: Role; scopes: string[] }>> => call('GET', '/api/me', { cookie });
const tenantsOf = async (by: { cookie: string }) => MembershipsResponse.parse((await as(by, 'GET', '/api/tenants')).body).tenants;
const membersOf = async (by: { cookie: string }) => MembersResponse.parse((await as(by, 'GET', '/api/members')).body).members;
const ownerOf = async (tenant: Tenant): Promise<{ cookie: string; id: string }> => ({ cookie: await signIn(tenant), id: `user-${tenant.id}` });
async function invited(owner: { cookie: string }, email = newAddress(), role?: Role): Promise<{ id: string; email: string; token: string }> {
  const answer = await as(owner, 'POST', '/api/invitations', { email, ...(role && { role }) });
  expect(answer.status, answer.text).toBe(201);
  const { invitation, link } = InvitationMade.parse(answer.body);
  return { id: invitation.invitation_id, email: invitation.email, token: new URL(link).hash.slice(1) };
}
const accept = (by: { cookie: string }, token: string): Promise<Answer<ErrorBody & { tenant_id: string }>> => as(by, 'POST', '/api/invitations/accept', { token });

describe('signing up', () => {
  it('makes a person and a tenant of their own on the smallest plan, and signs in', async () => {
    const answer = await signUp({ name: 'Nora New', tenant_name: 'New & Co' });
    expect(answer.status, answer.text).toBe(201);
    expect(await me(cookieOf(answer))).toMatchObject({ status: 200, body: { role: 'owner', scopes: ['read', 'sync', 'admin'], tenant: { name: 'New & Co', plan: 'free' }, user: { id: answer.body.user.id, name: 'Nora New' } } });
    expect(answer.text).not.toContain(cookieOf(answer).split('=')[1]!.split('.')[0]!);
  });

  it('takes an address once, however it is spelled, and leaves no half account behind', async () => {
    const email = newAddress();
    expect((await signUp({ email })).status).toBe(201);
    const before = await rows('select count(*)::int as n from tenants');
    expect(await signUp({ email: ` ${email.toUpperCase()} ` })).toMatchObject({ status: 409, body: { error: { code: 'invalid_state' } } });
    expect(await rows('select count(*)::int as n from tenants')).toEqual(before);
  });

  it.each([['a short password', { password: 'too short' }], ['no address', { email: 'not an address' }], ['no name', { name: ' ' }], ['a name over two lines', { name: 'a\nb' }], ['half a letter', { name: '\ud800' }], ['a role', { role: 'owner' }]])('refuses %s', async (_, body) => {
    expect((await signUp(body)).status).toBe(400);
  });

  it('without an invitation is refused where people come by invitation only, and so are new tenants', async () => {
    const request = (path: string, body: object, cookie = '') => new Request(`${APP}${path}`, { method: 'POST', body: JSON.stringify(body), headers: { ...elsewhere(), cookie } });
    const closed = { ...env, SIGN_UP: 'invited' }, context = { waitUntil: () => undefined, passThroughOnException: () => undefined } as never;
    expect((await front.fetch(request('/api/auth/sign-up/email', { name: 'X', email: newAddress(), password: PASSWORD }), closed, context)).status).toBe(403);
    expect((await front.fetch(request('/api/tenants', { name: 'X' }, await signIn(await newTenant())), closed, context)).status).toBe(403);
    const { email, token } = await invited(await ownerOf(await newTenant()));
    expect((await front.fetch(request('/api/auth/sign-up/email', { name: 'X', email, password: PASSWORD, invitation_token: token }), closed, context)).status).toBe(201);
    expect(await (await front.fetch(new Request(`${APP}/api/auth/options`), closed, context)).json()).toEqual({ sign_up: 'invited', password_min_length: 10 });
  });
});

describe('an invitation', () => {
  let tenant: Tenant, owner: { cookie: string; id: string };
  beforeAll(async () => { tenant = await newTenant(); owner = await ownerOf(tenant); });

  it('brings somebody new in, in the role it was made for', async () => {
    const { email, token } = await invited(owner, newAddress(), 'admin');
    expect((await call('POST', '/api/invitations/show', { body: { token } })).body).toMatchObject({ tenant_name: tenant.id, email, role: 'admin', invited_by: 'Test Person' });
    const answer = await signUp({ email, invitation_token: token });
    expect((await me(cookieOf(answer))).body).toMatchObject({ tenant: { id: tenant.id }, role: 'admin' });
  });

  it('brings in somebody who has an account, who acts for that tenant from then on', async () => {
    const guest = await newTenant(), by = await ownerOf(guest), { token } = await invited(owner, guest.email);
    expect(await accept(by, token)).toMatchObject({ status: 200, body: { tenant_id: tenant.id, role: 'member', active: true } });
    expect((await me(by.cookie)).body).toMatchObject({ tenant: { id: tenant.id }, role: 'member' });
    expect(await tenantsOf(by)).toMatchObject([{ tenant_id: guest.id, role: 'owner', active: false }, { tenant_id: tenant.id, role: 'member', active: true }]);
  });

  it('is good once, also when two hold its link at the same time', async () => {
    const { email, token } = await invited(owner);
    const statuses = (await Promise.all([signUp({ email, invitation_token: token }), signUp({ email, invitation_token: token })])).map((a) => a.status);
    expect(statuses.filter((s) => s === 201)).toHaveLength(1);
    expect((await signUp({ email: newAddress(), invitation_token: token })).status).toBe(404);
  });

  it('is good for its address only', async () => {
    const { email, token } = await invited(owner), other = await ownerOf(await newTenant());
    expect(await accept(other, token)).toMatchObject({ status: 403 });
    expect(await signUp({ invitation_token: token })).toMatchObject({ status: 403 });
    expect((await signUp({ email, invitation_token: token })).status).toBe(201);
  });

  it('is good for nothing when it was taken back, is too old, or whoever made it has left', async () => {
    const admin = await newMember(tenant, 'admin');
    const [revoked, old, orphan] = [await invited(owner), await invited(owner), await invited(admin)];
    expect((await as(owner, 'DELETE', `/api/invitations/${revoked.id}`)).status).toBe(204);
    await rows(`update invitations set expires_at = now() - interval '1 second' where id = $1`, old.id);
    expect((await as(owner, 'DELETE', `/api/members/${admin.id}`)).status).toBe(200);
    for (const { email, token } of [revoked, old, orphan]) {
      expect((await call('POST', '/api/invitations/show', { body: { token } })).status).toBe(404);
      expect((await signUp({ email, invitation_token: token })).status).toBe(404);
    }
    const { body } = await as<{ invitations: { invitation_id: string; status: string }[] }>(owner, 'GET', '/api/invitations');
    const statusOf = Object.fromEntries(body.invitations.map((i) => [i.invitation_id, i.status]));
    expect([statusOf[revoked.id], statusOf[old.id]]).toEqual(['revoked', 'expired']);
    expect((await as(owner, 'DELETE', `/api/invitations/${revoked.id}`)).status, 'a second time').toBe(404);
  });

  it('takes the place of an earlier one to the same address', async () => {
    const first = await invited(owner), second = await invited(owner, first.email);
    expect((await signUp({ email: first.email, invitation_token: first.token })).status).toBe(404);
    expect((await signUp({ email: first.email, invitation_token: second.token })).status).toBe(201);
    expect(await as(owner, 'POST', '/api/invitations', { email: first.email })).toMatchObject({ status: 409 });
  });

  it('never raises or lowers whoever is in already', async () => {
    const member = await newMember(tenant), { id, token } = await invited(owner);
    await rows('update invitations set email = $1, role = $2 where id = $3', member.email, 'owner', id);
    expect(await accept(member, token)).toMatchObject({ status: 200, body: { role: 'member' } });
  });

  it('keeps its token out of the database', async () => {
    const { token } = await invited(owner);
    expect(await rows(`select 1 from invitations i where position($1 in i::text) > 0`, token)).toEqual([]);
  });
});

describe('roles', () => {
  let tenant: Tenant, owner: { cookie: string; id: string }, admin: Visitor, member: Visitor;
  beforeAll(async () => {
    tenant = await newTenant();
    [owner, admin, member] = [await ownerOf(tenant), await newMember(tenant, 'admin'), await newMember(tenant)];
  });
  const role = (by: { cookie: string }, id: string, to: Role): Promise<Answer> => as(by, 'PUT', `/api/members/${id}`, { role: to });

  it('are listed with whoever has them', async () => {
    expect(await membersOf(member)).toMatchObject([{ user_id: owner.id, role: 'owner' }, { user_id: admin.id, role: 'admin', email: admin.email }, { user_id: member.id, role: 'member' }]);
  });

  it('are given and taken by admins, but owners are made and unmade by owners only', async () => {
    expect((await role(admin, member.id, 'admin')).status).toBe(200);
    expect((await role(admin, member.id, 'member')).status).toBe(200);
    expect((await role(admin, member.id, 'owner')).status).toBe(403);
    expect((await role(admin, owner.id, 'member')).status).toBe(403);
    expect((await as(admin, 'DELETE', `/api/members/${owner.id}`)).status).toBe(403);
    expect((await as(admin, 'POST', '/api/invitations', { email: newAddress(), role: 'owner' })).status).toBe(403);
    expect((await call('PUT', `/api/members/${member.id}`, { key: tenant.key, body: { role: 'owner' } })).status, 'no key is an owner').toBe(403);
  });

  it('hold at once, for what one may do and for the keys one has made', async () => {
    const key = (await as<{ key: string }>(admin, 'POST', '/api/keys', { name: 'k', scopes: ['read', 'admin'] })).body.key;
    expect((await call('GET', '/api/keys', { key })).status).toBe(200);
    await role(owner, admin.id, 'member');
    expect((await as(admin, 'GET', '/api/keys')).status).toBe(403);
    expect((await call('GET', '/api/keys', { key })).status).toBe(403);
    expect((await call('GET', '/api/me', { key })).status).toBe(200);
    await role(owner, admin.id, 'admin');
  });

  it('leave a tenant with an owner, whoever asks and however many ask at once', async () => {
    expect(await role(owner, owner.id, 'admin')).toMatchObject({ status: 409 });
    expect(await as(owner, 'POST', '/api/tenant/leave')).toMatchObject({ status: 409 });
    for (let round = 0; round < 3; round++) {
      const second = await newMember(tenant, 'owner');
      const asked = await Promise.all([as(owner, 'POST', '/api/tenant/leave'), as(second, 'POST', '/api/tenant/leave'), role(owner, second.id, 'member'), role(second, owner.id, 'member')]);
      expect((await rows(`select user_id from members where tenant_id = $1 and role = 'owner'`, tenant.id)).length, asked.map((a) => a.status).join()).toBe(1);
      await rows('delete from members where tenant_id = $1 and user_id = $2', tenant.id, second.id);
      await rows(`insert into members (id, tenant_id, user_id, role) values (gen_random_uuid(), $1, $2, 'owner') on conflict (tenant_id, user_id) do update set role = 'owner'`, tenant.id, owner.id);
    }
  });
});

describe('leaving', () => {
  it('takes access and keys with it at once; being removed does the same', async () => {
    const tenant = await newTenant(), owner = await ownerOf(tenant);
    for (const how of ['leaves', 'is removed']) {
      const admin = await newMember(tenant, 'admin');
      const { key } = (await as<{ key: string }>(admin, 'POST', '/api/keys', { name: how, scopes: ['read'] })).body;
      if (how === 'leaves') expect((await as(admin, 'POST', '/api/tenant/leave')).status).toBe(204);
      else expect((await as(owner, 'DELETE', `/api/members/${admin.id}`)).body).toEqual({ user_id: admin.id, keys_revoked: 1 });
      expect((await call('GET', '/api/me', { key })).status, how).toBe(401);
      expect(await me(admin.cookie), 'signed in, but nowhere').toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
      expect(await tenantsOf(admin)).toEqual([]);
    }
  });

  it('lets one make a tenant of one\'s own afterwards', async () => {
    const member = await newMember(await newTenant());
    await as(member, 'POST', '/api/tenant/leave');
    expect(await as(member, 'POST', '/api/tenants', { name: 'Own' })).toMatchObject({ status: 201, body: { name: 'Own', role: 'owner', active: true } });
    expect((await me(member.cookie)).body).toMatchObject({ tenant: { name: 'Own' }, role: 'owner' });
  });
});

describe('changing tenant', () => {
  it('changes what this session acts for and no other session', async () => {
    const [first, second] = [await newTenant(), await newTenant()], here = await ownerOf(first), there = { cookie: await signIn(first) };
    const { token } = await invited(await ownerOf(second), first.email);
    await accept(here, token);
    expect([(await me(here.cookie)).body.tenant.id, (await me(there.cookie)).body.tenant.id]).toEqual([second.id, first.id]);
    expect((await as(here, 'POST', `/api/tenants/${first.id}/enter`)).body).toMatchObject({ tenant_id: first.id, active: true });
    expect((await me(here.cookie)).body.tenant.id).toBe(first.id);
  });

  it('renames it and changes its plan, for admins', async () => {
    const tenant = await newTenant('team'), owner = await ownerOf(tenant);
    expect((await as(owner, 'PUT', '/api/tenant', { name: 'Renamed' })).body).toEqual({ tenant_id: tenant.id, name: 'Renamed', plan: 'team', months_of_history: 12 });
    expect((await as(owner, 'PUT', '/api/tenant', { plan: 'solo' })).body).toMatchObject({ name: 'Renamed', plan: 'solo', months_of_history: 6 });
    expect((await as(owner, 'PUT', '/api/tenant', { plan: 'platinum' })).status).toBe(400);
  });
});

describe('sessions', () => {
  it('end here: the cookie is worth nothing afterwards, though its cached copy is still fresh', async () => {
    const tenant = await newTenant(), [here, there] = [await signIn(tenant), await signIn(tenant)];
    expect((await me(here)).status).toBe(200);
    expect((await as({ cookie: here }, 'POST', '/api/auth/sign-out', {})).status).toBe(204);
    expect((await me(here)).status).toBe(401);
    expect((await me(there)).status, 'the other one goes on').toBe(200);
  });

  it('end everywhere at once, cached or not; API keys stay', async () => {
    const tenant = await newTenant(), cookies = [await signIn(tenant), await signIn(tenant), await signIn(tenant)];
    for (const cookie of cookies) expect((await me(cookie)).status).toBe(200);
    const answer = await as({ cookie: cookies[0]! }, 'POST', '/api/auth/sign-out-everywhere');
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie().join()).toMatch(/hsync\.session_token=;.*Max-Age=0/);
    for (const cookie of cookies) expect((await me(cookie)).status).toBe(401);
    expect((await call('GET', '/api/me', { key: tenant.key })).status).toBe(200);
  });

  it('are renewed on the way, so that whoever is here stays signed in', async () => {
    const tenant = await newTenant(), token = (await signIn(tenant)).split('; ').find((c) => c.startsWith('hsync.session_token='))!;
    expect((await me(token)).headers.getSetCookie().join()).toContain('hsync.session_data=');
    await rows(`update sessions set expires_at = now() - interval '1 second' where user_id = $1`, `user-${tenant.id}`);
    expect((await me(token)).status).toBe(401);
  });

  it('of everybody else end with a new password; this one goes on, in the same tenant', async () => {
    const [first, second] = [await newTenant(), await newTenant()], here = await ownerOf(first), there = await signIn(first);
    await accept(here, (await invited(await ownerOf(second), first.email)).token);
    const change = (current_password: string) => as(here, 'POST', '/api/auth/change-password', { current_password, new_password: 'another one 123' });
    expect(await change('not the password')).toMatchObject({ status: 422, body: { error: { code: 'unprocessable' } } });
    expect((await me(there)).status).toBe(200);
    const answer = await change(first.password);
    expect(answer.status, answer.text).toBe(204);
    expect([(await me(there)).status, (await me(here.cookie)).status]).toEqual([401, 401]);
    expect((await me(cookieOf(answer))).body.tenant.id).toBe(second.id);
    expect((await call('POST', '/api/auth/sign-in/email', { body: { email: first.email, password: first.password }, headers: elsewhere() })).status).toBe(401);
    await signIn({ email: first.email, password: 'another one 123' });
  });
});
