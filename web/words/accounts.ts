/** Roles and scopes in words. */
import type { Role, Scope } from '#contract/accounts';

export const roleWords: Record<Role, { label: string; may: string }> = {
  member: { label: 'Member', may: 'Searches, connects accounts, runs syncs.' },
  admin: { label: 'Admin', may: 'The same, and members, keys, plan, erasing.' },
  owner: { label: 'Owner', may: 'Everything, other owners included.' },
};

export const scopeWords: Record<Scope, { label: string; may: string }> = {
  read: { label: 'Read', may: 'Search the memory, look at syncs and accounts.' },
  sync: { label: 'Sync', may: 'Connect accounts, start and steer syncs.' },
  admin: { label: 'Admin', may: 'Members, keys, plan, erasing.' },
};
