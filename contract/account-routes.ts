/** The routes of accounts: signing in, tenants, members, invitations, API keys, secrets. contract/api lists them with all others. */
import { z } from 'zod';
import {
  ApiKeyMade, ApiKeysResponse, ChangeMemberRequest, ChangePasswordRequest, ChangeTenantRequest, CreateApiKeyRequest, CreateTenantRequest, InvitationMade, InvitationShown,
  InvitationsResponse, InvitationTokenRequest, InviteRequest, Member, MemberRemoved, Membership, MembershipsResponse, MembersResponse, SignedIn, SignInOptions, SignInRequest, SignUpRequest, Tenant,
} from './accounts.ts';
import type { Route } from './api.ts';
import { PutRedactionRequest, RedactionSettings } from './redaction.ts';
import { ModelTest, PutSecretRequest, Secret, SecretName, SecretsResponse } from './secrets.ts';

const Id = z.string().min(1).max(200).regex(/^[A-Za-z0-9_.:-]+$/);
const Nothing = z.strictObject({}).optional();
const AUTH = '/api/auth', SECRETS = '/api/settings/secrets';

export const accountRoutes = {
  signInOptions: { method: 'get', path: `${AUTH}/options`, summary: 'Whether one may sign up, and how long a password must be', scope: 'anyone', status: 200, answer: SignInOptions },
  signIn: { method: 'post', path: `${AUTH}/sign-in/email`, summary: 'Sign in; the session comes as a cookie', scope: 'anyone', body: SignInRequest, status: 200, answer: SignedIn },
  signUp: { method: 'post', path: `${AUTH}/sign-up/email`, summary: 'Make an account: with a tenant of its own, or in the one of an invitation', scope: 'anyone', body: SignUpRequest, status: 201, answer: SignedIn },
  signOut: { method: 'post', path: `${AUTH}/sign-out`, summary: 'End this session', scope: 'anyone', body: Nothing, status: 204, answer: null },
  signOutEverywhere: { method: 'post', path: `${AUTH}/sign-out-everywhere`, summary: 'End every session of this person, this one too; API keys stay', scope: 'person', body: Nothing, status: 204, answer: null },
  changePassword: { method: 'post', path: `${AUTH}/change-password`, summary: 'A new password; every other session of this person ends', scope: 'person', body: ChangePasswordRequest, status: 204, answer: null },

  listTenants: { method: 'get', path: '/api/tenants', summary: 'The tenants this person belongs to', scope: 'person', status: 200, answer: MembershipsResponse },
  createTenant: { method: 'post', path: '/api/tenants', summary: 'A new tenant with this person as its owner; the session acts for it from now on', scope: 'person', body: CreateTenantRequest, status: 201, answer: Membership },
  enterTenant: { method: 'post', path: '/api/tenants/{tenant_id}/enter', summary: 'The session acts for this tenant from now on', scope: 'person', params: z.object({ tenant_id: Id }), body: Nothing, status: 200, answer: Membership },
  changeTenant: { method: 'put', path: '/api/tenant', summary: 'Rename the tenant or change its plan', scope: 'admin', body: ChangeTenantRequest, status: 200, answer: Tenant },
  leaveTenant: { method: 'post', path: '/api/tenant/leave', summary: 'Leave the tenant; the keys one made go too. Its last owner cannot', scope: 'person', body: Nothing, status: 204, answer: null },

  listMembers: { method: 'get', path: '/api/members', summary: 'Who belongs to the tenant', scope: 'read', status: 200, answer: MembersResponse },
  changeMember: { method: 'put', path: '/api/members/{user_id}', summary: 'Change a member\'s role; only owners make or unmake owners, and the last one stays', scope: 'admin', params: z.object({ user_id: Id }), body: ChangeMemberRequest, status: 200, answer: Member },
  removeMember: { method: 'delete', path: '/api/members/{user_id}', summary: 'Remove a member and the API keys that member made', scope: 'admin', params: z.object({ user_id: Id }), status: 200, answer: MemberRemoved },
  listInvitations: { method: 'get', path: '/api/invitations', summary: 'Invitations, newest first', scope: 'admin', status: 200, answer: InvitationsResponse },
  invite: { method: 'post', path: '/api/invitations', summary: 'Invite somebody; the link is told once, to be passed on', scope: 'admin', body: InviteRequest, status: 201, answer: InvitationMade },
  revokeInvitation: { method: 'delete', path: '/api/invitations/{invitation_id}', summary: 'Take back an invitation nobody has accepted yet', scope: 'admin', params: z.object({ invitation_id: Id }), status: 204, answer: null },
  showInvitation: { method: 'post', path: '/api/invitations/show', summary: 'What an invitation is for, to whoever holds its token', scope: 'anyone', body: InvitationTokenRequest, status: 200, answer: InvitationShown },
  acceptInvitation: { method: 'post', path: '/api/invitations/accept', summary: 'Join the tenant of an invitation to one\'s own address; the session acts for it from now on', scope: 'person', body: InvitationTokenRequest, status: 200, answer: Membership },

  listApiKeys: { method: 'get', path: '/api/keys', summary: 'The tenant\'s API keys, without the keys', scope: 'admin', status: 200, answer: ApiKeysResponse },
  createApiKey: { method: 'post', path: '/api/keys', summary: 'Make an API key; it is told once', scope: 'admin', body: CreateApiKeyRequest, status: 201, answer: ApiKeyMade },
  revokeApiKey: { method: 'delete', path: '/api/keys/{key_id}', summary: 'Revoke an API key at once', scope: 'admin', params: z.object({ key_id: Id }), status: 204, answer: null },

  listSecrets: { method: 'get', path: SECRETS, summary: 'What the tenant has handed us to keep: names and last letters', scope: 'admin', status: 200, answer: SecretsResponse },
  putSecret: { method: 'put', path: `${SECRETS}/{name}`, summary: 'Keep a key of the tenant\'s own, sealed; it never comes back', scope: 'admin', params: z.object({ name: SecretName }), body: PutSecretRequest, status: 200, answer: Secret },
  deleteSecret: { method: 'delete', path: `${SECRETS}/{name}`, summary: 'Forget one of them', scope: 'admin', params: z.object({ name: SecretName }), status: 204, answer: null },
  getRedaction: { method: 'get', path: '/api/settings/redaction', summary: 'Which secrets are taken out of records before anything stores or reads them, and how many were', scope: 'admin', status: 200, answer: RedactionSettings },
  putRedaction: { method: 'put', path: '/api/settings/redaction', summary: 'Say which of the patterns are on, from the next page on; records read before are read anew when they are next met', scope: 'admin', body: PutRedactionRequest, status: 200, answer: RedactionSettings },
  testModel: { method: 'post', path: '/api/settings/model/test', summary: 'Ask the tenant\'s own model one short question with the key that is kept', scope: 'admin', body: Nothing, status: 200, answer: ModelTest },
} as const satisfies Record<string, Route>;
