/** An account of the provider sandbox as a connector's run has it: signed in by the connector's own OAuth data, tokens refreshed when they are refused. */
import type { Connector, OAuth, Page, SourceRecord, Span, TokenGrant, UnreadableRecord } from '#contract/connector';
import { startSandbox, type Sandbox } from '#dev/sandbox/server';
import { gmail } from '#fly-worker/connectors/gmail';
import { googleCalendar } from '#fly-worker/connectors/google-calendar';
import { openProvider, ProviderError, type Provider, type ProviderOptions } from '#fly-worker/provider';

/** Whose mailbox and calendar are read through Google. */
export const MIA = 'mia.chen@quill.example';
/** The moment at which that account's mail ends. */
export const SANDBOX_NOW = Date.UTC(2026, 10, 21, 12);
/** A sandbox of a fixed day, with Mia's account of three months. */
export async function startMiasSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, clock: () => SANDBOX_NOW });
  await fetch(`${sandbox.url}/admin/accounts`, { method: 'POST', body: JSON.stringify({ address: MIA, name: 'Mia Chen', mails: 150, events: 60, seed: 3, months: 3 }) });
  return sandbox;
}

const CLIENT = 'client-1', BACK = 'http://127.0.0.1:1/oauth/x/callback';

export interface SandboxAccount {
  provider: Provider;
  grant: TokenGrant;
  /** How often tokens were asked for after the first ones. */
  refreshes(): number;
  /** Its streams, by name. */
  streams(): Promise<string[]>;
  /** A window from its begin to its end, as the pipeline reads it. `range`: the job's; the window when absent. */
  read(stream: string, span?: Span, range?: Span): Promise<{ records: SourceRecord[]; unreadable: UnreadableRecord[]; pages: Page[] }>;
  /** Calls the sandbox's back room. */
  admin(method: string, path: string, body?: object): Promise<unknown>;
}

export const EVER: Span = { since: '2000-01-01T00:00:00.000Z', until: '2100-01-01T00:00:00.000Z' };

/** Mia's two accounts at Google. */
export const openMiasGoogle = async (url: string): Promise<{ mail: SandboxAccount; calendar: SandboxAccount }> => ({ mail: await openAccount(url, gmail, MIA), calendar: await openAccount(url, googleCalendar, MIA) });

/** What the token endpoint says; whoever is refused gets its body as an error. */
async function askForTokens(url: string, { token, tokenAnswer }: OAuth, form: Record<string, string>): Promise<TokenGrant> {
  const response = await fetch(`${url}${token.path}`, { method: 'POST', body: new URLSearchParams({ client_id: CLIENT, ...form }) });
  if (!response.ok) throw new ProviderError('auth_expired', await response.text());
  const answer: unknown = await response.json(), grant = tokenAnswer.safeParse(answer);
  if (!grant.success) throw new ProviderError('auth_expired', JSON.stringify(answer));
  return grant.data;
}

/** Consent as a script gives it. No address: the account that the provider offers first. `asked`: more or other parameters of the consent address. */
export async function consent(url: string, oauth: OAuth, address: string | null, asked: Record<string, string> = {}): Promise<TokenGrant> {
  const { name, separator } = oauth.scopeParameter ?? { name: 'scope', separator: ' ' };
  const query = new URLSearchParams({ client_id: CLIENT, redirect_uri: BACK, response_type: 'code', [name]: oauth.scopes.map((s) => s.scope).join(separator), ...address !== null && { login_hint: address }, ...oauth.authorizeExtra.always, ...asked });
  const response = await fetch(`${url}${oauth.authorize.path}?${query}`, { redirect: 'manual' });
  const code = new URL(response.headers.get('location')!).searchParams.get('code');
  if (!code) throw new Error(`No consent: ${response.headers.get('location')}`);
  return askForTokens(url, oauth, { grant_type: 'authorization_code', code, redirect_uri: BACK });
}

/** Newer tokens. Throws ProviderError `auth_expired` when they are refused. */
export const refresh = (url: string, oauth: OAuth, { refreshToken }: TokenGrant): Promise<TokenGrant> => askForTokens(url, oauth, { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });

/** Signs in and opens the way to the provider. Waiting costs nothing. */
export async function openAccount(url: string, connector: Connector, address: string, more: Partial<ProviderOptions> = {}): Promise<SandboxAccount> {
  const oauth = connector.oauth!;
  let grant = await consent(url, oauth, address), refreshes = 0, now = Date.now();
  const provider = openProvider({
    baseUrl: url, concurrencyMax: connector.concurrencyMax, pageSize: 50, meaningOf: connector.meaningOf, signal: new AbortController().signal, clock: { now: () => now, wait: (ms) => { now += ms; return Promise.resolve(); } },
    token: async (rejected) => {
      if (rejected === undefined) return grant.accessToken;
      refreshes++;
      const newer = await refresh(url, oauth, grant);
      grant = { ...newer, refreshToken: newer.refreshToken ?? grant.refreshToken };
      return grant.accessToken;
    },
    ...more,
  });
  const ask = { get: provider.get, bytes: provider.bytes, baseUrl: url };
  return {
    provider, get grant() { return grant; }, refreshes: () => refreshes,
    streams: async () => (await connector.streams({ ...ask, directory: await connector.directory?.(ask) ?? null })).map(({ name }) => name),
    async read(stream, span = EVER, range = span) {
      const pages: Page[] = [], directory = await connector.directory?.(ask) ?? null;
      for (let cursor: unknown = null; pages.length === 0 || cursor !== null; cursor = pages.at(-1)!.next) pages.push(await provider.fetchPage(connector, { stream, span, range, directory, cursor }));
      return { pages, records: pages.flatMap((page) => page.records), unreadable: pages.flatMap((page) => page.unreadable) };
    },
    async admin(method, path, body) {
      const response = await fetch(`${url}/admin${path}`, { method, ...body && { body: JSON.stringify(body) } });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
      return response.json();
    },
  };
}
