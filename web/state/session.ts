/** Who is signed in. The server's cookie is the truth; this is what the page knows of it. */
import { useSyncExternalStore } from 'react';
import { ApiError, callRoute, endSession, signInWithPassword } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';

export type Me = CallAnswer<'me'>;
export type Session =
  | { state: 'unknown' }
  | { state: 'signed_out'; expired: boolean }
  | { state: 'signed_in'; me: Me }
  | { state: 'unreachable'; error: ApiError };

let session: Session = { state: 'unknown' };
const listeners = new Set<() => void>();
function set(next: Session): void { session = next; for (const listener of listeners) listener(); }

export const useSession = (): Session => useSyncExternalStore((listener) => { listeners.add(listener); return () => { listeners.delete(listener); }; }, () => session);

export async function askWho(): Promise<void> {
  try {
    set({ state: 'signed_in', me: await callRoute('me', {}) });
  } catch (cause) {
    const error = cause instanceof ApiError ? cause : new ApiError('internal', 'This page ran into a fault of its own. Reload it.');
    set(error.code === 'unauthenticated' ? { state: 'signed_out', expired: false } : { state: 'unreachable', error });
  }
}
export async function signIn(email: string, password: string): Promise<void> {
  await signInWithPassword(email, password);
  set({ state: 'signed_in', me: await callRoute('me', {}) });
}
export async function signOut(): Promise<void> {
  await endSession();
  set({ state: 'signed_out', expired: false });
}
/** Any answer said "signed out": show the sign-in, keep the address, so that one comes back to the same place. */
export function sessionLost(): void { if (session.state === 'signed_in') set({ state: 'signed_out', expired: true }); }
