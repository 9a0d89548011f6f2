/** Microsoft in the sandbox: the common login and Graph. Set MICROSOFT_LOGIN_URL and MICROSOFT_GRAPH_URL to the sandbox's address. */
import type { Grant, Provider, SignIn } from '../provider.ts';
import { json } from '../wire.ts';
import { backRoom } from './back-room.ts';
import { answerGraph } from './graph.ts';
import { graphError, refused, say } from './wording.ts';

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow */
const signIn: SignIn = {
  authorize: /^\/[^/]+\/oauth2\/v2\.0\/authorize$/,
  token: /^\/[^/]+\/oauth2\/v2\.0\/token$/,
  revoke: null,
  scopeWords: {
    'mail.read': 'Read your mail', 'mail.readbasic': 'Read the headers of your mail', 'mail.readwrite': 'Read and change your mail',
    'calendars.read': 'Read your calendars', 'calendars.readwrite': 'Read and change your calendars', 'user.read': 'See your name and address',
    offline_access: 'Keep this access until you take it back', openid: 'Know who you are', profile: 'See your basic profile', email: 'See your mail address',
  },
  scopeOf: (asked) => asked.get('scope') ?? '',
  staysSignedIn: (asked) => (asked.get('scope') ?? '').split(/\s+/).includes('offline_access'),
  rotates: true,
  granted: ({ scope, seconds, accessToken, refreshToken, ...grant }) => json(200, {
    token_type: 'Bearer', scope, expires_in: seconds, ext_expires_in: seconds, access_token: accessToken,
    ...refreshToken !== null && { refresh_token: refreshToken }, ...scope.split(/\s+/).includes('openid') && { id_token: idToken(grant, seconds) },
  }, { 'cache-control': 'no-store' }),
  refused,
  declined(why) {
    switch (why) {
      case 'cancelled': return { error: 'access_denied', error_description: 'AADSTS65004: User declined to consent to access the app.' };
      case 'unknown_account': return { error: 'login_required', error_description: 'AADSTS50034: The user account does not exist in the directory.' };
      case 'not_a_code': return { error: 'unsupported_response_type', error_description: 'AADSTS70005: response_type must be code.' };
    }
  },
  lost: 'AADSTS900144: The request must contain the parameters client_id and redirect_uri.',
};

export const microsoft: Provider = {
  id: 'microsoft',
  title: 'Microsoft',
  signIn,
  /** https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits */
  concurrency: 4,
  owns: (path) => path.startsWith('/v1.0/'),
  answer: (request) => (request.method === 'GET' ? answerGraph(request) : graphError(405, 'Request_BadRequest', 'The sandbox only reads.')),
  say,
  backRoom,
  pageSize: (url) => Number(url.searchParams.get('$top') ?? 0),
};

/** Unsigned: the sandbox's word about who signed in, in the place where the real one stands. */
function idToken({ account, client, now }: Pick<Grant, 'account' | 'client' | 'now'>, seconds: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(now / 1_000), { address, name } = account.plan;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ aud: client, iss: 'sandbox', iat, exp: iat + seconds, name, preferred_username: address, email: address, oid: account.id, sub: account.id, tid: account.id, ver: '2.0' })}.`;
}
