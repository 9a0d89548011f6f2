/** The provider sandbox: as strict as the real login and Graph, and as unreliable as it is told to be. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '#dev/sandbox/server';

const ANNA = 'anna.keller@nordlicht-robotics.example', MARC = 'marc.dubois@atelier-lumiere.example';
const CLIENT = 'client-1', BACK = 'http://127.0.0.1:1/oauth/outlook/callback';
const SCOPE = 'openid offline_access User.Read Mail.Read Calendars.Read';
const EVER = 'receivedDateTime ge 2000-01-01T00:00:00Z and receivedDateTime lt 2100-01-01T00:00:00Z';
type Tokens = { access_token: string; refresh_token: string; expires_in: number; id_token: string };
type Page = { value: { id: string; subject: string; receivedDateTime: string }[]; '@odata.nextLink'?: string };

let sandbox: Sandbox, now: number;
beforeEach(async () => {
  now = Date.UTC(2026, 10, 21, 12);
  sandbox = await startSandbox({ port: 0, clock: () => now });
  await admin('POST', '/accounts', { address: ANNA, name: 'Anna Keller', mails: 120, events: 40, seed: 1, months: 3 });
});
afterEach(() => sandbox.stop());

async function admin<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${sandbox.url}/admin${path}`, { method, ...body && { body: JSON.stringify(body) } });
  expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
  return response.json() as Promise<T>;
}

function authorizeUrl(extra: Record<string, string>): string {
  return `${sandbox.url}/common/oauth2/v2.0/authorize?${new URLSearchParams({ client_id: CLIENT, response_type: 'code', redirect_uri: BACK, scope: SCOPE, state: 's t&te', ...extra })}`;
}

async function consent(extra: Record<string, string> = {}): Promise<URL> {
  const response = await fetch(authorizeUrl(extra), { redirect: 'manual' });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '');
}

async function token(form: Record<string, string>): Promise<{ status: number; body: Tokens & { error?: string; error_description?: string; error_codes?: number[] } }> {
  const response = await fetch(`${sandbox.url}/common/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ client_id: CLIENT, ...form }) });
  return { status: response.status, body: await response.json() as Tokens };
}

async function signIn(address = ANNA): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url'), challenge = createHash('sha256').update(verifier).digest('base64url');
  const code = (await consent({ login_hint: address, code_challenge: challenge, code_challenge_method: 'S256' })).searchParams.get('code') ?? '';
  const { status, body } = await token({ grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: verifier });
  expect(status).toBe(200);
  return body;
}

function get(path: string, bearer: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(path.startsWith('http') ? path : `${sandbox.url}/v1.0/me${path}`, { headers: { authorization: `Bearer ${bearer}`, ...headers } });
}
const list = (query: Record<string, string> = {}): string => `/messages?${new URLSearchParams({ $filter: EVER, $orderby: 'receivedDateTime desc', $top: '50', ...query })}`;
const refresh = (refresh_token: string): ReturnType<typeof token> => token({ grant_type: 'refresh_token', refresh_token, scope: SCOPE });
const errorOf = async (response: Response): Promise<unknown> => ((await response.json()) as { error: { code: string } }).error.code;

async function readAll(bearer: string, first = list()): Promise<Page['value']> {
  const found: Page['value'] = [];
  for (let next: string | undefined = first; next;) {
    const page: Page = await (await get(next, bearer)).json() as Page;
    found.push(...page.value);
    next = page['@odata.nextLink'];
  }
  return found;
}

describe('signing in', () => {
  it('shows a person the accounts and the scopes in words, and a script nothing', async () => {
    const html = await (await fetch(authorizeUrl({ login_hint: MARC }), { headers: { accept: 'text/html' } })).text();
    expect(html).toContain('Marc Dubois');
    expect(html).toContain('Read your mail');
    expect(html).toMatch(new RegExp(`value="${MARC}" checked`));
    expect((await consent()).searchParams.get('state')).toBe('s t&te');
    expect((await consent({ decision: 'cancel' })).searchParams.get('error')).toBe('access_denied');
  });

  it('gives tokens only to whoever can prove the challenge, and only once', async () => {
    const challenge = createHash('sha256').update('right').digest('base64url');
    const ask = async (code_verifier: string, code?: string): Promise<Awaited<ReturnType<typeof token>>> =>
      token({ grant_type: 'authorization_code', redirect_uri: BACK, code_verifier, code: code ?? (await consent({ code_challenge: challenge, code_challenge_method: 'S256' })).searchParams.get('code') ?? '' });
    expect((await ask('wrong')).body.error).toBe('invalid_grant');
    const code = (await consent({ code_challenge: challenge, code_challenge_method: 'S256' })).searchParams.get('code') ?? '';
    expect((await ask('right', code)).body).toMatchObject({ token_type: 'Bearer', expires_in: 3_600 });
    expect((await ask('right', code)).body.error_codes).toEqual([70008]);
  });

  it("checks the client's secret once one is set", async () => {
    await admin('POST', '/settings', { clientSecret: 's3cret' });
    expect((await token({ grant_type: 'refresh_token', refresh_token: 'x', client_secret: 'guess' })).body.error).toBe('invalid_client');
  });

  it('rotates refresh tokens and refuses the old one', async () => {
    const first = await signIn(), second = await refresh(first.refresh_token);
    expect(second.status).toBe(200);
    const old = await refresh(first.refresh_token);
    expect([old.status, old.body.error]).toEqual([400, 'invalid_grant']);
    expect(old.body.error_description).toMatch(/^AADSTS700082: .*Trace ID: .*Correlation ID: .*Timestamp: 2026-11-21 12:00:00Z$/);
    expect((await refresh(second.body.refresh_token)).status).toBe(200);
  });

  it('lets access tokens run out, be expired and be revoked', async () => {
    const tokens = await signIn();
    expect((await get('', tokens.access_token)).status).toBe(200);
    now += 3_600_000;
    expect(await errorOf(await get('', tokens.access_token))).toBe('InvalidAuthenticationToken');
    const fresh = (await refresh(tokens.refresh_token)).body;
    await admin('POST', `/accounts/${ANNA}/expire-tokens`);
    expect((await get('', fresh.access_token)).status).toBe(401);
    const again = (await refresh(fresh.refresh_token)).body;
    expect((await get('', again.access_token)).status).toBe(200);
    await admin('POST', `/accounts/${ANNA}/revoke-tokens`);
    expect((await refresh(again.refresh_token)).body.error).toBe('invalid_grant');
  });

  it("knows whose token it is, and takes nobody else's", async () => {
    const marc = await signIn(MARC);
    expect(await (await get('', marc.access_token)).json()).toMatchObject({ mail: MARC });
    expect((await get('', marc.refresh_token)).status).toBe(401);
    expect((await fetch(`${sandbox.url}/v1.0/me/messages`)).status).toBe(401);
    expect((await get('', `${marc.access_token}x`)).status).toBe(401);
  });

  it('keeps a sign-in over its own restart', async () => {
    const tokens = await signIn();
    await sandbox.stop();
    sandbox = await startSandbox({ port: 0, clock: () => now });
    expect((await refresh(tokens.refresh_token)).status).toBe(200);
  });
});

describe('mail', () => {
  it('pages through everything once, newest first, over absolute links', async () => {
    const { access_token } = await signIn(), all = await readAll(access_token);
    expect(new Set(all.map(({ id }) => id)).size).toBe(120);
    expect(all.map(mail => mail.receivedDateTime)).toEqual(all.map(mail => mail.receivedDateTime).sort().reverse());
    const page = await (await get(list(), access_token)).json() as Page;
    expect(page['@odata.nextLink']).toMatch(new RegExp(`^${sandbox.url}/v1\\.0/me/messages\\?.*%24skip=50`));
  });

  it('shifts the pages when a mail arrives in between', async () => {
    const { access_token } = await signIn(), first = await (await get(list(), access_token)).json() as Page;
    const sent = await admin<{ id: string }>('POST', `/accounts/${ANNA}/messages`, { subject: 'New', body: '<p>just now</p>' });
    const rest = await readAll(access_token, first['@odata.nextLink']);
    expect(rest[0]?.id).toBe(first.value.at(-1)?.id);
    expect(rest.some(({ id }) => id === sent.id)).toBe(false);
    expect((await readAll(access_token))[0]?.id).toBe(sent.id);
  });

  it('cuts a range at its edges: from is in, to is out', async () => {
    const { access_token } = await signIn(), all = await readAll(access_token), [a, b] = [all[80]?.receivedDateTime ?? '', all[20]?.receivedDateTime ?? ''];
    const inside = await readAll(access_token, list({ $filter: `receivedDateTime ge ${a} and receivedDateTime lt ${b}` }));
    expect(inside.map(({ id }) => id)).toEqual(all.filter(mail => mail.receivedDateTime >= a && mail.receivedDateTime < b).map(({ id }) => id));
  });

  it('refuses what Graph refuses', async () => {
    const { access_token } = await signIn();
    expect(await errorOf(await get(list({ $filter: `isRead eq true and ${EVER}` }), access_token))).toBe('InefficientFilter');
    expect((await get(list({ $filter: 'receivedDateTime ge 2026-01-01T00:00:00' }), access_token)).status).toBe(400);
    expect((await get(list({ $top: '1001' }), access_token)).status).toBe(400);
    expect(await errorOf(await get('/messages/nothing', access_token))).toBe('ErrorItemNotFound');
  });

  it('shows edits and deletions at once, and only the fields that were selected', async () => {
    const { access_token } = await signIn(), [mail] = await readAll(access_token), id = encodeURIComponent(mail?.id ?? '');
    await admin('PATCH', `/accounts/${ANNA}/messages/${id}`, { subject: 'Changed', body: '<b>other</b>' });
    expect(await (await get(`/messages/${id}`, access_token)).json()).toMatchObject({ subject: 'Changed', bodyPreview: 'other' });
    const page = await (await get(list({ $select: 'subject', $top: '1' }), access_token)).json() as Page;
    expect(Object.keys(page.value[0] ?? {})).toEqual(['@odata.etag', 'id', 'subject']);
    await admin('DELETE', `/accounts/${ANNA}/messages/${id}`);
    expect(await readAll(access_token)).toHaveLength(119);
  });
});

describe('the calendar', () => {
  it('gives what overlaps the range, in UTC without a Z', async () => {
    const { access_token } = await signIn();
    const view = async (startDateTime: string, endDateTime: string): Promise<{ id: string; start: { dateTime: string; timeZone: string }; end: { dateTime: string } }[]> =>
      ((await (await get(`/calendarView?${new URLSearchParams({ startDateTime, endDateTime, $top: '1000' })}`, access_token, { prefer: 'outlook.timezone="UTC"' })).json()) as { value: never[] }).value;
    const all = await view('2000-01-01T00:00:00Z', '2100-01-01T00:00:00Z');
    expect(all).toHaveLength(40);
    const event = all.find(({ start, end }) => start.dateTime.slice(0, 13) !== end.dateTime.slice(0, 13));
    expect(event?.start).toEqual({ dateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.0000000$/), timeZone: 'UTC' });
    const middle = new Date(Date.parse(`${event?.start.dateTime.slice(0, 19)}Z`) + 60_000).toISOString();
    expect((await view(middle, new Date(Date.parse(middle) + 1_000).toISOString())).map(({ id }) => id)).toContain(event?.id);
    expect((await get('/calendarView', access_token)).status).toBe(400);
  });
});

describe('limits and faults', () => {
  it('takes four requests at once per mailbox, and throttles the fifth', async () => {
    const { access_token } = await signIn();
    await admin('POST', '/settings', { latencyMs: 150, throttleRetryAfter: 3 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => get(list(), access_token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429, 429]);
    const refused = answers.find(({ status }) => status === 429) as Response;
    expect([refused.headers.get('retry-after'), await errorOf(refused)]).toEqual(['3', 'ApplicationThrottled']);
    await admin('POST', '/settings', { latencyMs: 0 });
    for (let i = 0; i < 12; i++) expect((await get(list(), access_token)).status).toBe(200);
  });

  it('fails as often as it is told, and then works again', async () => {
    const { access_token } = await signIn();
    const kinds: [string, number][] = [['429', 429], ['429-no-retry-after', 429], ['504', 504], ['503', 503], ['500', 500], ['401', 401]];
    for (const [kind, status] of kinds) {
      await admin('POST', '/faults', { match: '/messages', kind, count: 2, retryAfter: 7 });
      for (const expected of [status, status, 200]) {
        const answer = await get(list(), access_token);
        expect([kind, answer.status]).toEqual([kind, expected]);
        if (kind === '429' && expected === 429) expect(answer.headers.get('retry-after')).toBe('7');
        if (kind === '429-no-retry-after') expect(answer.headers.get('retry-after')).toBeNull();
        await answer.body?.cancel();
      }
    }
  });

  it('breaks the line in three ways', async () => {
    const { access_token } = await signIn();
    await admin('POST', '/faults', { kind: 'reset' });
    await expect(get(list(), access_token)).rejects.toThrow();
    await admin('POST', '/faults', { kind: 'truncated' });
    await expect(get(list(), access_token).then(response => response.text())).rejects.toThrow();
    await admin('POST', '/faults', { kind: 'hang' });
    const impatient = new AbortController(), hanging = fetch(`${sandbox.url}/v1.0/me/messages`, { headers: { authorization: `Bearer ${access_token}` }, signal: impatient.signal });
    await expect.poll(async () => (await admin<{ hits: number }[]>('GET', '/faults')).at(-1)?.hits).toBe(1);
    impatient.abort();
    await expect(hanging).rejects.toThrow();
    await expect.poll(async () => (await admin<{ status: number }[]>('GET', `/requests?account=${ANNA}`)).at(-1)?.status).toBe(0);
  });

  it('pages badly on demand without losing a mail', async () => {
    const { access_token } = await signIn();
    await admin('POST', '/faults', { match: '/messages', kind: 'empty-page-with-next' });
    await admin('POST', '/faults', { match: '/messages', kind: 'duplicate-across-pages' });
    const all = await readAll(access_token);
    expect([all.length, new Set(all.map(({ id }) => id)).size]).toEqual([121, 120]);
    await admin('POST', '/faults', { match: '/messages', kind: 'foreign-next-link' });
    expect(((await (await get(list(), access_token)).json()) as Page)['@odata.nextLink']).toMatch(/^https:\/\/graph\.attacker\.example\//);
  });

  it('times out on pages that are too large, for as long as it is told', async () => {
    const { access_token } = await signIn();
    await admin('POST', '/faults', { kind: 'max-top', n: 15, count: -1 });
    expect((await get(list({ $top: '16' }), access_token)).status).toBe(504);
    expect((await get(list({ $top: '15' }), access_token)).status).toBe(200);
    await admin('DELETE', '/faults');
    expect((await get(list({ $top: '16' }), access_token)).status).toBe(200);
  });

  it('refuses a refresh for one account only', async () => {
    const [anna, marc] = [await signIn(), await signIn(MARC)];
    await admin('POST', '/faults', { kind: 'refresh-refused', account: MARC });
    expect((await refresh(anna.refresh_token)).status).toBe(200);
    expect((await refresh(marc.refresh_token)).body.error_codes).toEqual([700082]);
    expect((await refresh(marc.refresh_token)).status).toBe(200);
  });

  it('logs who asked for what, without tokens, and forgets on demand', async () => {
    const { access_token } = await signIn();
    await get(list({ $top: '5' }), access_token);
    const log = await admin<{ path: string; status: number; account: string | null }[]>('GET', '/requests');
    expect(log.map(({ path }) => path.split('?')[0])).toEqual(['/common/oauth2/v2.0/authorize', '/common/oauth2/v2.0/token', '/v1.0/me/messages']);
    expect(log.at(-1)).toMatchObject({ account: ANNA, status: 200, path: expect.stringContaining('$top=5') });
    expect(JSON.stringify(log)).not.toContain(access_token);
    await admin('DELETE', '/requests');
    expect(await admin('GET', '/requests')).toEqual([]);
  });
});
