/** Salesforce in the sandbox: the web server flow, an organisation of its own, queries. Set SALESFORCE_LOGIN_URL to the sandbox's address; `instance_url` leads back to it. */
import type { Provider, SignIn } from '../provider.ts';
import { json } from '../wire.ts';
import { backRoom } from './back-room.ts';
import { organizationOf } from './organization.ts';
import { answerSalesforce } from './rest-api.ts';
import { refused, say } from './wording.ts';

/** https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm */
const signIn: SignIn = {
  authorize: /^\/services\/oauth2\/authorize$/,
  token: /^\/services\/oauth2\/token$/,
  revoke: { path: /^\/services\/oauth2\/revoke$/, ends: 'token' },
  scopeWords: { api: 'Access and manage your data through APIs', refresh_token: 'Perform requests at any time', openid: 'Access your basic information' },
  scopeOf: (asked) => asked.get('scope') ?? '',
  staysSignedIn: (asked) => (asked.get('scope') ?? '').split(/\s+/).includes('refresh_token'),
  rotates: false,
  granted({ account, scope, accessToken, refreshToken, now, base }) {
    const { organization, rows } = organizationOf(account), user = rows.User.find(({ Email }) => Email === account.plan.address) ?? rows.User[0]!;
    return json(200, {
      access_token: accessToken, ...refreshToken !== null && { refresh_token: refreshToken }, signature: Buffer.from(`${organization}${now}`).toString('base64'), scope, instance_url: base,
      id: `${base}/id/${organization}/${user.Id}`, token_type: 'Bearer', issued_at: String(now),
    });
  },
  refused,
  declined(why) {
    switch (why) {
      case 'cancelled': return { error: 'access_denied', error_description: 'end-user denied authorization' };
      case 'unknown_account': return { error: 'login_required', error_description: 'user is not logged in' };
      case 'not_a_code': return { error: 'unsupported_response_type', error_description: 'response type not supported' };
    }
  },
  lost: 'error=invalid_client_id&error_description=client%20identifier%20invalid',
};

export const salesforce: Provider = {
  id: 'salesforce',
  title: 'Salesforce',
  signIn,
  /** https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm */
  concurrency: 25,
  owns: (path) => path.startsWith('/services/data/') || path === '/services/oauth2/userinfo',
  answer: answerSalesforce,
  say,
  pageSize: (url) => Number(/\sLIMIT\s+(\d+)/i.exec(url.searchParams.get('q') ?? '')?.[1] ?? (url.pathname.includes('/query') ? 200 : 0)),
  backRoom,
};
