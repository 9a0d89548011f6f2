/** Google in the sandbox: sign-in, Gmail and Calendar. Set GOOGLE_OAUTH_URL, GOOGLE_TOKEN_URL, GMAIL_API_URL and GOOGLE_CALENDAR_API_URL to the sandbox's address. */
import type { ApiRequest, Provider, SignIn } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { answerCalendar } from './calendar.ts';
import { answerGmail } from './gmail.ts';
import { googleError, refused, say } from './wording.ts';

/** https://developers.google.com/identity/protocols/oauth2/web-server */
const signIn: SignIn = {
  authorize: /^\/o\/oauth2\/v2\/auth$/,
  token: /^\/token$/,
  // All that the client holds for the account goes, whichever token is given back.
  revoke: { path: /^\/revoke$/, ends: 'account' },
  scopeWords: {
    'gmail.readonly': 'View your email messages and settings', 'calendar.readonly': 'See and download any calendar you can access using your Google Calendar',
    openid: 'Associate you with your personal info on Google', email: 'See your primary Google Account email address', profile: 'See your personal info',
  },
  scopeOf: (asked) => asked.get('scope') ?? '',
  /** Once per account and client, unless consent is asked for again. */
  staysSignedIn: (asked, before) => asked.get('access_type') === 'offline' && (!before || (asked.get('prompt') ?? '').split(' ').includes('consent')),
  rotates: false,
  granted: ({ scope, seconds, accessToken, refreshToken }) => json(200, {
    access_token: accessToken, expires_in: Math.max(0, seconds - 1), ...refreshToken !== null && { refresh_token: refreshToken }, scope, token_type: 'Bearer',
  }, { 'cache-control': 'no-cache, no-store, max-age=0, must-revalidate' }),
  refused,
  declined(why) {
    switch (why) {
      case 'cancelled': case 'unknown_account': return { error: 'access_denied' };
      case 'not_a_code': return { error: 'unsupported_response_type' };
    }
  },
  lost: 'Error 400: invalid_request. Missing required parameter: client_id or redirect_uri.',
};

const GMAIL = /^\/gmail\/v1\/users\/(?:me|[^/]+@[^/]+)\//, CALENDAR = /^\/calendar\/v3\//;

export const google: Provider = {
  id: 'google',
  title: 'Google',
  signIn,
  /** Gmail speaks of too many concurrent requests from about here on; the number is not documented. */
  concurrency: 20,
  owns: (path) => GMAIL.test(path) || CALENDAR.test(path),
  answer,
  say,
  pageSize: (url) => Number(url.searchParams.get('maxResults') ?? 0),
};

function answer(request: ApiRequest): Answer {
  if (request.method !== 'GET') return googleError(404, 'notFound', 'Not Found', 'NOT_FOUND');
  const isMail = GMAIL.test(request.url.pathname), needed = isMail ? /\/auth\/gmail\.(?:readonly|modify)$|^https:\/\/mail\.google\.com\/$/ : /\/auth\/calendar(?:\.readonly)?$/;
  if (!request.scope.split(/\s+/).some((scope) => needed.test(scope))) return say({ kind: 'status', status: 403 });
  return isMail ? answerGmail(request, request.url.pathname.replace(GMAIL, '/')) : answerCalendar(request, request.url.pathname.replace(CALENDAR, '/'));
}
