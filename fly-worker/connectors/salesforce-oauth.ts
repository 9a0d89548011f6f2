/** Salesforce's sign-in: the token answer names the organisation's own address. https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm */
import { z } from 'zod';
import type { OAuth, TokenGrant } from '#contract/connector';

const LOGIN = { env: 'SALESFORCE_LOGIN_URL', fallback: 'https://login.salesforce.com' };

/** No `expires_in`: how long a session holds is a setting of the organisation, so a token is used until it is refused. Refresh tokens do not rotate. */
const TokenAnswer = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1).optional(), instance_url: z.url(), scope: z.string().optional() }).transform((a): TokenGrant => ({
  accessToken: a.access_token, refreshToken: a.refresh_token ?? null, expiresInSeconds: null, scopes: a.scope ? a.scope.split(/\s+/) : null, apiUrl: a.instance_url,
}));

export const salesforceOAuth: OAuth = {
  provider: 'salesforce',
  authorize: { ...LOGIN, path: '/services/oauth2/authorize' },
  token: { ...LOGIN, path: '/services/oauth2/token' },
  // https://help.salesforce.com/s/articleView?id=sf.remoteaccess_revoke_token.htm
  revoke: { ...LOGIN, path: '/services/oauth2/revoke', wholeAccount: false },
  authorizeExtra: { always: {}, unhinted: { prompt: 'login consent' } },
  tokenAnswer: TokenAnswer,
  refusals: ['inactive_user', 'inactive_org'],
  scopes: [
    { scope: 'api', inWords: 'Read contacts, accounts, leads and opportunities' },
    { scope: 'refresh_token', inWords: 'Stay connected, so that a sync can finish while you are away' },
    { scope: 'openid', inWords: 'Read the name of your account' },
  ],
  account: {
    // https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm
    path: '/services/oauth2/userinfo',
    schema: z.object({ preferred_username: z.string().min(1) }).transform(({ preferred_username }) => preferred_username.toLowerCase()),
  },
};
