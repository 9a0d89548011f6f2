/** Roles and scopes in words. */
import type { Role, Scope } from '#contract/accounts';

export const roleWords: Record<Role, { label: string; may: string }> = {
  member: { label: 'Member', may: 'Searches, connects accounts, runs syncs.' },
  admin: { label: 'Admin', may: 'The same, and settings: members, keys, plan.' },
  owner: { label: 'Owner', may: 'Everything, other owners and erasing included.' },
};

export const scopeWords: Record<Scope, { label: string; may: string }> = {
  read: { label: 'Read', may: 'Search the memory, look at syncs and accounts.' },
  sync: { label: 'Sync', may: 'Connect accounts, start and steer syncs.' },
  admin: { label: 'Admin', may: 'Settings: members, keys, plan.' },
};
