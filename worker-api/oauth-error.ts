/** The ways an exchange with a provider's sign-in goes wrong. */

/**
 * - `refused`         the grant is gone, only consent brings it back
 * - `not_all_allowed` consent was given, but not to what a sync needs
 * - `unavailable`     the provider did not answer sensibly; try again later
 * - `not_configured`  our own client id or secret is missing
 */
export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly kind: 'refused' | 'not_all_allowed' | 'unavailable' | 'not_configured';
  constructor(kind: OAuthError['kind'], message: string) { super(message); this.kind = kind; }
}
