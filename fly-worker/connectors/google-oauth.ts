/** Google's sign-in, which Gmail and Calendar share: one client, one consent per integration. https://developers.google.com/identity/protocols/oauth2/web-server */
import { z } from 'zod';
import type { OAuth, TokenGrant } from '#contract/connector';
import { ProviderError } from './provider-error.ts';

/** People may untick boxes, so the answer names what they allowed. A refresh brings no new refresh token: the first one stays. */
const TokenAnswer = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1).optional(), expires_in: z.coerce.number(), scope: z.string().optional() })
  .transform((a): TokenGrant => ({ accessToken: a.access_token, refreshToken: a.refresh_token ?? null, expiresInSeconds: a.expires_in, scopes: a.scope?.split(' ') ?? null, apiUrl: null }));

const TOKENS = { env: 'GOOGLE_TOKEN_URL', fallback: 'https://oauth2.googleapis.com' };

/** `scope`: what is read, without which nothing works. */
export const googleOAuth = (scope: string, inWords: string, account: OAuth['account']): OAuth => ({
  provider: 'google',
  authorize: { env: 'GOOGLE_OAUTH_URL', fallback: 'https://accounts.google.com', path: '/o/oauth2/v2/auth' },
  token: { ...TOKENS, path: '/token' },
  // Whichever token is given back, Google ends all that this client holds for the account.
  revoke: { ...TOKENS, path: '/revoke', wholeAccount: true },
  scopes: [{ scope: `https://www.googleapis.com/auth/${scope}`, inWords, needed: true }],
  // A refresh token comes with `offline` only, and for an account that consented before only with `consent`.
  authorizeExtra: { always: { access_type: 'offline', prompt: 'consent' }, unhinted: { prompt: 'select_account consent' } },
  tokenAnswer: TokenAnswer,
  account,
});

/** Where a page starts: Google's opaque token. The size of pages may change between them (https://google.aip.dev/158). */
export const PageToken = z.strictObject({ pageToken: z.string().min(1) });
export type PageToken = z.infer<typeof PageToken>;

/** Google answers 400 to a page token that it no longer knows. That ends the token, not the job: the window is read from its start again. */
export async function untilForgotten<T>(cursor: PageToken | null, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (cursor === null || !(error instanceof ProviderError) || error.kind !== 'bad_request') throw error;
    throw new ProviderError('gone', 'Google no longer knows where the next page begins. This part is read from its start again.', { cause: error });
  }
}
