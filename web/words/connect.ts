/** Why connecting an account did not work, in words. The code comes in the address the server sends people back to: `/?connect_error=<code>`. */
import { ConnectError } from '#contract/errors';

const sentences: Record<ConnectError, string> = {
  declined: 'Access was not granted. Nothing was connected; you can try again whenever you like.',
  expired: 'The connection took too long or was started in another window. Please start it again from here.',
  incomplete: 'The answer of the sign-in page was cut short. Please connect again.',
  refused: 'The sign-in was not accepted at the other end. Please connect again.',
  not_all_allowed: 'Not everything that a sync needs was allowed. Please connect again and leave the boxes ticked.',
  unavailable: 'The sign-in page could not be reached just now. Try again in a minute.',
  provider: 'The other end reported a problem. Please try again in a minute.',
  signed_out: 'You were signed out meanwhile. Sign in and connect again.',
  not_configured: 'Connecting this account is not set up here yet. Ask whoever runs Historical Sync.',
};

export function connectErrorSentence(code: string): string {
  const known = ConnectError.safeParse(code);
  return known.success ? sentences[known.data] : 'The account could not be connected. Please try again.';
}
