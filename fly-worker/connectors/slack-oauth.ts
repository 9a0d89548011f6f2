/** Slack's sign-in: a user's token, asked for with `user_scope`. https://docs.slack.dev/authentication/installing-with-oauth */
import { z } from 'zod';
import type { OAuth, TokenGrant } from '#contract/connector';

const SLACK = { env: 'SLACK_URL', fallback: 'https://slack.com' };

const Token = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1).nullish(), expires_in: z.coerce.number().nullish(), scope: z.string().nullish() });
/**
 * A code brings the user's token inside `authed_user`; a refresh (workspaces with token rotation) brings it bare. Without `expires_in` a token
 * holds until it is revoked. https://docs.slack.dev/reference/methods/oauth.v2.access, https://docs.slack.dev/authentication/using-token-rotation
 */
const TokenAnswer = z.union([z.object({ ok: z.literal(true), authed_user: Token }).transform((a) => a.authed_user), Token.extend({ ok: z.literal(true) })]).transform((token): TokenGrant => ({
  accessToken: token.access_token, refreshToken: token.refresh_token ?? null, expiresInSeconds: token.expires_in ?? null, scopes: token.scope ? token.scope.split(/[\s,]+/) : null, apiUrl: null,
}));

export const slackOAuth: OAuth = {
  provider: 'slack',
  authorize: { ...SLACK, path: '/oauth/v2/authorize' },
  token: { ...SLACK, path: '/api/oauth.v2.access' },
  // https://docs.slack.dev/reference/methods/auth.revoke
  revoke: { ...SLACK, path: '/api/auth.revoke', wholeAccount: false, accessToken: true },
  scopeParameter: { name: 'user_scope', separator: ',' },
  authorizeExtra: { always: {}, unhinted: {} },
  tokenAnswer: TokenAnswer,
  refusals: ['invalid_refresh_token', 'token_revoked', 'token_expired', 'account_inactive', 'invalid_auth', 'invalid_code', 'code_already_used'],
  scopes: [
    { scope: 'channels:read', inWords: 'See the list of public channels', needed: true },
    { scope: 'channels:history', inWords: 'Read the messages of public channels', needed: true },
    { scope: 'groups:read', inWords: 'See the private channels you are in' },
    { scope: 'groups:history', inWords: 'Read the messages of private channels you are in' },
    { scope: 'mpim:read', inWords: 'See your group conversations' },
    { scope: 'mpim:history', inWords: 'Read the messages of your group conversations' },
    { scope: 'im:read', inWords: 'See your direct conversations' },
    { scope: 'im:history', inWords: 'Read the messages of your direct conversations' },
    { scope: 'users:read', inWords: 'See who is in the workspace', needed: true },
    { scope: 'users:read.email', inWords: 'See their e-mail addresses, so that chat and mail are known to be of one person' },
  ],
  account: {
    // https://docs.slack.dev/reference/methods/auth.test
    path: '/api/auth.test',
    schema: z.object({ ok: z.literal(true), url: z.string(), user: z.string().min(1) }).transform(({ url, user }) => `${url.replace(/^https?:\/\//, '').replace(/\/+$/, '')}/${user}`),
  },
};
