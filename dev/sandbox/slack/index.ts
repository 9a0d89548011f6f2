/** Slack in the sandbox: OAuth v2 with a user's token, in a workspace with token rotation, and the Web API. Set SLACK_URL to the sandbox's address. */
import type { Provider, SignIn } from '../provider.ts';
import { json } from '../wire.ts';
import { backRoom } from './back-room.ts';
import { answerSlack } from './web-api.ts';
import { refused, say } from './wording.ts';
import { workspaceOf } from './workspace.ts';

/** https://docs.slack.dev/authentication/installing-with-oauth, https://docs.slack.dev/authentication/using-token-rotation */
const signIn: SignIn = {
  authorize: /^\/oauth\/v2\/authorize$/,
  token: /^\/api\/oauth\.v2\.access$/,
  // A person has one permission per app: with its token goes what renews it.
  revoke: { path: /^\/api\/auth\.revoke$/, ends: 'account' },
  scopeWords: {
    'channels:read': 'See the list of public channels', 'channels:history': 'Read public channels', 'groups:read': 'See your private channels', 'groups:history': 'Read your private channels',
    'mpim:read': 'See your group conversations', 'mpim:history': 'Read your group conversations', 'im:read': 'See your direct messages', 'im:history': 'Read your direct messages',
    'users:read': 'See the people of the workspace', 'users:read.email': 'See their e-mail addresses',
  },
  scopeOf: (asked) => (asked.get('user_scope') ?? '').split(',').join(' '),
  staysSignedIn: () => true,
  rotates: true,
  granted({ account, scope, accessToken, refreshToken, seconds, client }) {
    const { team, self } = workspaceOf(account);
    return json(200, {
      ok: true, app_id: `A0${client.slice(0, 8).toUpperCase()}`, team: { id: team.id, name: team.name }, enterprise: null, is_enterprise_install: false,
      authed_user: { id: self.id, scope: scope.split(/\s+/).join(','), access_token: accessToken, token_type: 'user', expires_in: seconds, ...refreshToken !== null && { refresh_token: refreshToken } },
    });
  },
  refused,
  declined(why) {
    switch (why) {
      case 'cancelled': return { error: 'access_denied' };
      case 'unknown_account': return { error: 'invalid_team_for_non_distributed_app' };
      case 'not_a_code': return { error: 'invalid_request' };
    }
  },
  lost: 'Something went wrong when authorizing: client_id or redirect_uri is missing.',
};

export const slack: Provider = {
  id: 'slack',
  title: 'Slack',
  signIn,
  /** Slack counts calls a minute, not calls at once; a burst of this many is more than it likes. */
  concurrency: 8,
  owns: (path) => path.startsWith('/api/'),
  answer: answerSlack,
  say,
  pageSize: (url) => Number(url.searchParams.get('limit') ?? 0),
  backRoom,
};
