/**
 * The workbench's provider sandbox: the providers of providers.ts on loopback, with the wire shapes, limits and failures of the real ones, and one cast of people.
 * Set every base URL of SPEC.md section 5 to its address. The back room under /admin is described in admin.ts.
 * As a process of its own: `PORT=9400 [SANDBOX_MAILBOX=file.jsonl[.gz] SANDBOX_SHIFT=1] [SANDBOX_ANCHOR=2026-11-21] node dev/sandbox/server.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Accounts, DEFAULT_ACCOUNTS, type Account, type Logged } from './accounts.ts';
import { answerAdmin, type AdminWorld, type Settings } from './admin.ts';
import { Faults, sendBroken, troubleOf, type Fault, type PageFault } from './faults.ts';
import type { Provider, ProviderId } from './provider.ts';
import { providers } from './providers.ts';
import { SignInDesk } from './sign-in.ts';
import { json, readText, send, type Answer } from './wire.ts';

const HOST = '127.0.0.1';
const STRANGERS_MAX = 5_000;
const PAGE_FAULTS: string[] = ['empty-page-with-next', 'foreign-next-link', 'duplicate-across-pages'] satisfies PageFault[];

/** How a sandbox is started. `clock` stands in for the time in tests; `anchor` (ms) is the day mailboxes end: kept by the caller, mails keep their dates over restarts. */
export type SandboxOptions = { port: number; mailboxFile?: string; shift?: boolean; clock?: () => number; clientSecrets?: Partial<Record<ProviderId, string>>; anchor?: number };
/** A running sandbox. */
export type Sandbox = { url: string; port: number; stop(): Promise<void> };

/** Starts the sandbox on `port` (0: any free one). A mailbox file becomes the first account's mail. */
export async function startSandbox({ port, mailboxFile, shift = false, clock = Date.now, clientSecrets = {}, anchor = clock() }: SandboxOptions): Promise<Sandbox> {
  const settings: Settings = { latencyMs: 0, accessTokenSeconds: 3_600, concurrency: null, throttleRetryAfter: 1, clientSecret: null };
  const plans = DEFAULT_ACCOUNTS.map((plan, i) => i === 0 && mailboxFile ? { ...plan, file: mailboxFile, shift } : plan);
  const accounts = new Accounts(plans, anchor), faults = new Faults(), strangers: Logged[] = [];
  const desk = new SignInDesk({ accounts, now: clock, accessTokenSeconds: () => settings.accessTokenSeconds, clientSecret: (provider) => settings.clientSecret ?? clientSecrets[provider] });
  const world: AdminWorld = { accounts, faults, desk, settings, strangers, now: clock };
  const server = createServer((request, response) => {
    void handle(world, request, response).catch((error: unknown) => send(response, json(500, { error: String(error) })));
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, HOST, done));
  const { port: listening } = server.address() as AddressInfo;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => new Promise(done => {
    server.close(() => done());
    server.closeAllConnections();
  });
  return { url: `http://${HOST}:${listening}`, port: listening, stop: () => stopping ??= stop() };
}

async function handle(world: AdminWorld, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const base = `http://${request.headers.host ?? HOST}`, url = new URL(request.url ?? '/', base), method = request.method ?? 'GET';
  if (url.pathname === '/favicon.ico') return void response.writeHead(204).end();
  if (url.pathname === '/healthz') return send(response, json(200, { ok: true }));
  if (/^\/admin(\/|$)/.test(url.pathname)) return send(response, await admin(world, method, url, request));
  for (const provider of providers) {
    const { authorize, token, revoke } = provider.signIn;
    if (authorize.test(url.pathname)) return signIn(world, provider, 'authorize', url, request, response);
    if (token.test(url.pathname)) return signIn(world, provider, 'token', url, request, response);
    if (revoke?.path.test(url.pathname)) return signIn(world, provider, 'revoke', url, request, response);
    if (provider.owns(url.pathname)) return api(world, provider, url, base, request, response);
  }
  return send(response, json(404, { error: 'The sandbox has no such address.' }));
}

async function admin(world: AdminWorld, method: string, url: URL, request: IncomingMessage): Promise<Answer> {
  const text = await readText(request);
  let input: unknown = {};
  try {
    if (text) input = JSON.parse(text);
  } catch {
    return json(400, { error: 'the body is not JSON' });
  }
  return answerAdmin(world, method, url, typeof input === 'object' && input !== null ? input as Record<string, unknown> : {});
}

async function signIn(world: AdminWorld, provider: Provider, what: 'authorize' | 'token' | 'revoke', url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const line = note(world, provider, undefined, request, response, url.pathname);
  const asked = new URLSearchParams([...url.searchParams, ...what === 'authorize' ? [] : new URLSearchParams(await readText(request))]);
  if (what === 'authorize') return send(response, world.desk.authorize(provider, asked, /text\/html/.test(request.headers.accept ?? '')));
  const grant = asked.get('grant_type'), refreshing = grant === 'refresh_token';
  if (grant) line.grant = grant;
  const fault = world.faults.take(url.pathname, undefined, ({ kind, account }) => !account && (kind !== 'refresh-refused' || refreshing) && !PAGE_FAULTS.includes(kind) && kind !== 'max-top');
  const answer = what === 'revoke' ? () => world.desk.revoke(provider, asked.get('token') ?? '')
    : () => world.desk.token(provider, asked, url.origin, account => fault?.kind === 'refresh-refused' || refusedFor(world, url.pathname, account));
  if (fault?.kind === 'slow') await pause(fault.n);
  deliver(response, fault, fault && said(provider, fault) || answer());
}

/** What the provider says to a fault that has words. */
function said(provider: Provider, fault: Fault): Answer | undefined {
  const trouble = troubleOf(fault);
  return trouble && provider.say(trouble);
}

/** A refusal planned for one account is found only once the token has said whose it is. */
function refusedFor({ faults }: AdminWorld, path: string, account: Account | undefined): boolean {
  return account !== undefined && faults.take(path, account.plan.address, ({ kind, account: only }) => only !== undefined && kind === 'refresh-refused') !== undefined;
}

async function api(world: AdminWorld, provider: Provider, url: URL, base: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bearer = world.desk.bearer(provider, request.headers.authorization);
  const path = decodeURIComponent(`${url.pathname}${url.search.replaceAll('+', ' ')}`);
  if ('kind' in bearer) {
    note(world, provider, undefined, request, response, path);
    return send(response, provider.say(bearer));
  }
  const { account, scope } = bearer, { concurrency, latencyMs, throttleRetryAfter } = world.settings;
  note(world, provider, account, request, response, path);
  const body = await readText(request);
  const leave = account.enter(provider.id, concurrency ?? provider.concurrency);
  if (!leave) return send(response, provider.say({ kind: 'throttled', ...throttleRetryAfter !== null && { retryAfter: String(throttleRetryAfter) } }));
  response.once('close', leave);
  if (latencyMs > 0) await pause(latencyMs);
  const size = provider.pageSize(url);
  const fault = world.faults.take(path, account.plan.address, ({ kind, n = 0 }) => kind !== 'refresh-refused' && (kind !== 'max-top' || size > n));
  const pageFault = fault && PAGE_FAULTS.includes(fault.kind) ? { pageFault: fault.kind as PageFault } : {};
  if (fault?.kind === 'slow') await pause(fault.n);
  // Left before the answer goes out: a caller who has read it may ask again at once.
  if (fault?.kind !== 'hang') leave();
  deliver(response, fault, fault && said(provider, fault) || provider.answer({ url, base, method: request.method ?? 'GET', headers: request.headers, body, account, scope, now: world.now(), ...pageFault }));
}

function deliver(response: ServerResponse, fault: Fault | undefined, answer: Answer): void {
  if (fault?.kind === 'hang' || fault?.kind === 'reset' || fault?.kind === 'truncated') sendBroken(response, fault.kind, answer);
  else send(response, answer);
}

/** Logs the request when it has ended, whichever way; status 0: it never got an answer. Tokens and codes are in no path. Answers the line, for more to be said of it. */
function note({ strangers }: AdminWorld, { id: provider }: Provider, account: Account | undefined, request: IncomingMessage, response: ServerResponse, path: string): Logged {
  const from = Date.now(), line: Logged = { at: new Date(from).toISOString(), provider, account: account?.plan.address ?? null, method: request.method ?? '', path, status: 0, ms: 0 };
  response.once('close', () => {
    Object.assign(line, { status: response.headersSent ? response.statusCode : 0, ms: Date.now() - from });
    if (account) return account.note(line);
    if (strangers.length >= STRANGERS_MAX) strangers.shift();
    strangers.push(line);
  });
  return line;
}

if (import.meta.main) {
  const { PORT = '9400', SANDBOX_MAILBOX: mailboxFile, SANDBOX_SHIFT, SANDBOX_ANCHOR } = process.env;
  const clientSecrets = Object.fromEntries(providers.flatMap(({ id }) => { const secret = process.env[`${id.toUpperCase()}_CLIENT_SECRET`]; return secret ? [[id, secret]] : []; }));
  const sandbox = await startSandbox({ port: Number(PORT), shift: SANDBOX_SHIFT === '1', clientSecrets, ...mailboxFile && { mailboxFile }, ...SANDBOX_ANCHOR && { anchor: Date.parse(SANDBOX_ANCHOR) } });
  console.log(`sandbox ready at ${sandbox.url}`);
  const leave = (): void => void sandbox.stop().then(() => process.exit(0));
  process.once('SIGINT', leave).once('SIGTERM', leave);
}
