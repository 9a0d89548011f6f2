/** Who is signed in. The server's cookie is the truth; this is what the page knows of it. */
import { ApiError, callRoute, endSession, signInWithPassword } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { createStore, useStore } from './store.ts';
import { onTabNews, tellTabs } from './tabs.ts';

export type Me = CallAnswer<'me'>;
type Session =
  | { state: 'unknown' }
  | { state: 'signed_out'; expired: boolean }
  | { state: 'signed_in'; me: Me }
  /** Somebody who was removed from their last team, or left it. */
  | { state: 'no_team' }
  | { state: 'unreachable'; error: ApiError };

const session = createStore<Session>({ state: 'unknown' });
export const useSession = (): Session => useStore(session);

/** What the page says of a failure that is no answer of the server: a fault of its own. */
export const asApiError = (cause: unknown): ApiError =>
  cause instanceof ApiError ? cause : new ApiError('internal', 'This page ran into a fault of its own. Reload it.', { details: String(cause) });

export async function askWho(): Promise<void> {
  try {
    session.set({ state: 'signed_in', me: await callRoute('me', {}) });
  } catch (cause) {
    const error = asApiError(cause);
    // Who is signed in stays so while the server is away; the shell says that it is.
    if (error.code === 'unauthenticated') session.set({ state: 'signed_out', expired: session.get().state === 'signed_in' });
    else if (error.code === 'forbidden') session.set({ state: 'no_team' });
    else if (session.get().state !== 'signed_in') session.set({ state: 'unreachable', error });
  }
}
export async function signIn(email: string, password: string): Promise<void> {
  await signInWithPassword(email, password);
  await askWho();
  tellTabs('signed_in');
}
export async function signOut(): Promise<void> {
  await endSession();
  session.set({ state: 'signed_out', expired: false });
  tellTabs('signed_out');
}
/** The server has ended all sessions of this person, this one too. */
export function signedOutEverywhere(): void {
  session.set({ state: 'signed_out', expired: false });
  tellTabs('signed_out');
}
/** Any answer said "signed out": show the sign-in, keep the address, so that one comes back to the same place. */
export function sessionLost(): void { if (session.get().state === 'signed_in') session.set({ state: 'signed_out', expired: true }); }

onTabNews((news) => {
  if (news === 'signed_out' && session.get().state === 'signed_in') session.set({ state: 'signed_out', expired: false });
  if (news === 'signed_in' && session.get().state !== 'signed_in') void askWho();
});
