/** The language of accounts: who belongs to a tenant, what a role and a key may do, how one signs in. Pure. */
import { z } from 'zod';
import {
  API_KEY_DAYS_MAX, API_KEY_SCOPES_MAX, EMAIL_CHARS_MAX, INVITATION_TOKEN_CHARS_MAX, NAME_CHARS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN,
} from './limits.ts';
import { PLANS } from './plans.ts';

/** What an API key may be allowed to do. */
export const Scope = z.enum(['read', 'sync', 'admin']);
export type Scope = z.infer<typeof Scope>;

/**
 * Who may call a route.
 * - a scope   a key that has it, or a signed-in member whose role has it
 * - `owner`   a signed-in owner of the tenant; no key
 * - `person`  whoever is signed in, also without a tenant; no key
 * - `anyone`  no credentials are looked at
 */
export type RouteScope = Scope | 'owner' | 'person' | 'anyone';

/** `owner` may do everything, `admin` everything but touch owners and delete the tenant, `member` reads and syncs. */
export const Role = z.enum(['owner', 'admin', 'member']);
export type Role = z.infer<typeof Role>;
export const scopesOfRole: Record<Role, readonly (Scope | 'owner')[]> = { owner: ['read', 'sync', 'admin', 'owner'], admin: ['read', 'sync', 'admin'], member: ['read', 'sync'] };

/** May somebody who is (or is not) an owner give this role to anybody? Members may give none. */
export const mayGive = (isOwner: boolean, role: Role): boolean => isOwner || role !== 'owner';

/** The one spelling of an address: sign-in, invitations and limits compare it. */
const Email = z.string().trim().toLowerCase().max(EMAIL_CHARS_MAX).pipe(z.email());
/** No control characters and no halves of letters: Postgres takes neither, and a name is one line. */
const Name = z.string().trim().min(1).max(NAME_CHARS_MAX).regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line of text');
const NewPassword = z.string().min(PASSWORD_CHARS_MIN).max(PASSWORD_CHARS_MAX);
const Password = z.string().min(1).max(PASSWORD_CHARS_MAX);
/** 32 random bytes as the link carries them. */
const InvitationToken = z.string().min(1).max(INVITATION_TOKEN_CHARS_MAX);
const Moment = z.iso.datetime();

export const User = z.object({ id: z.string(), email: z.string(), name: z.string() });
export type User = z.infer<typeof User>;
export const SignedIn = z.object({ user: User });

/** `open`: anyone may sign up and gets a tenant. `invited`: only with an invitation. */
export const SignUpMode = z.enum(['open', 'invited']);
export type SignUpMode = z.infer<typeof SignUpMode>;
export const SignInOptions = z.object({ sign_up: SignUpMode, password_min_length: z.int() });

export const SignInRequest = z.strictObject({ email: Email, password: Password });
/** With an invitation one joins its tenant, and the address must be the invited one; without, one gets a tenant of one's own. */
export const SignUpRequest = z.strictObject({ name: Name, email: Email, password: NewPassword, tenant_name: Name.optional(), invitation_token: InvitationToken.optional() });
export const ChangePasswordRequest = z.strictObject({ current_password: Password, new_password: NewPassword });

const Plan = z.enum(PLANS);
export const Tenant = z.object({ tenant_id: z.string(), name: z.string(), plan: Plan, months_of_history: z.int() });
/** `active`: the one that this session acts for. */
export const Membership = z.object({ tenant_id: z.string(), name: z.string(), role: Role, active: z.boolean() });
export type Membership = z.infer<typeof Membership>;
export const MembershipsResponse = z.object({ tenants: z.array(Membership) });
export const CreateTenantRequest = z.strictObject({ name: Name });
/** A change of plan holds at once; a downgrade stops new jobs, running ones finish. */
export const ChangeTenantRequest = z.strictObject({ name: Name.optional(), plan: Plan.optional() });

export const Member = z.object({ user_id: z.string(), name: z.string(), email: z.string(), role: Role, joined_at: Moment });
export type Member = z.infer<typeof Member>;
export const MembersResponse = z.object({ members: z.array(Member) });
export const ChangeMemberRequest = z.strictObject({ role: Role });
/** `keys_revoked`: API keys that the person had made; they go with their maker. */
export const MemberRemoved = z.object({ user_id: z.string(), keys_revoked: z.int() });

export const Invitation = z.object({
  invitation_id: z.string(), email: z.string(), role: Role, status: z.enum(['pending', 'accepted', 'revoked', 'expired']),
  invited_by: z.object({ user_id: z.string(), name: z.string() }), created_at: Moment, expires_at: Moment,
});
export type Invitation = z.infer<typeof Invitation>;
export const InvitationsResponse = z.object({ invitations: z.array(Invitation) });
export const InviteRequest = z.strictObject({ email: Email, role: Role.default('member') });
/** The link is told once: only a hash of its token is kept. Whoever invites passes it on; no mail is sent. */
export const InvitationMade = z.object({ invitation: Invitation, link: z.url() });
export const InvitationTokenRequest = z.strictObject({ token: InvitationToken });
/** What the holder of a link is shown before accepting. */
export const InvitationShown = z.object({ tenant_name: z.string(), email: z.string(), role: Role, invited_by: z.string(), expires_at: Moment });

export const ApiKey = z.object({
  key_id: z.string(), name: z.string(),
  /** The first letters of the key, to tell keys apart. */
  prefix: z.string(),
  scopes: z.array(Scope),
  /** A key can do no more than its maker at this moment, and nothing once the maker has left. */
  created_by: z.object({ user_id: z.string(), name: z.string() }).nullable(),
  created_at: Moment, expires_at: Moment.nullable(),
  /** To within API_KEY_SEEN_SECONDS. */
  last_used_at: Moment.nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;
export const ApiKeysResponse = z.object({ keys: z.array(ApiKey) });
export const CreateApiKeyRequest = z.strictObject({
  name: Name,
  scopes: z.array(Scope).min(1).max(API_KEY_SCOPES_MAX).transform((scopes) => Scope.options.filter((s) => scopes.includes(s))),
  /** Left out: it holds until it is revoked. */
  expires_in_days: z.int().min(1).max(API_KEY_DAYS_MAX).optional(),
});
/** `key` is told once: only its hash is kept. */
export const ApiKeyMade = ApiKey.extend({ key: z.string() });
