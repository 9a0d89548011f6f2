/** Names for the ids that stand in logs and lists. */
import { useMemo } from 'react';
import { useSession } from './session.ts';

/** Id of a person -> what to call them. */
export function usePeople(): ReadonlyMap<string, string> {
  const session = useSession(), user = session.state === 'signed_in' ? session.me.user : null;
  return useMemo(() => new Map(user ? [[user.id, user.name || user.email]] : []), [user]);
}
