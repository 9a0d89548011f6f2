/**
 * The sandbox's back room: everything a test or a demonstration wants to change, as JSON under /admin.
 *
 * GET    /admin                                        accounts, settings, faults
 * GET    /admin/settings                               {latencyMs, accessTokenSeconds, concurrency, throttleRetryAfter, clientSecret}
 * POST   /admin/settings {..any of them}               latencyMs: per API request; concurrency: requests at once per account (0: any, null: as each provider has it);
 *                                                      throttleRetryAfter: seconds, null leaves the header away; clientSecret: null takes any
 * GET    /admin/accounts                               [{address, name, mails, events}] (makes the mailboxes)
 * POST   /admin/accounts {address, name, mails?, events?, seed?, months?}   adds or replaces
 * DELETE /admin/accounts/{address}
 * GET    /admin/accounts/{address}/messages?limit&offset    [{id, subject, receivedDateTime, from, isDraft}] newest first
 * GET    /admin/accounts/{address}/messages/{id}       the whole mail
 * POST   /admin/accounts/{address}/messages {subject, body, contentType?, from?, to?, cc?, receivedDateTime?, conversationId?}   a new mail, now unless dated
 * PATCH  /admin/accounts/{address}/messages/{id} {subject?, body?, isRead?}     an edit (POST does the same)
 * DELETE /admin/accounts/{address}/messages/{id}
 * GET    /admin/accounts/{address}/events              [{id, subject, start}] earliest first
 * *      /admin/accounts/{address}/{provider}/..       what the provider's own back room knows ({provider}/back-room.ts)
 * POST   /admin/accounts/{address}/expire-tokens {provider?}   access tokens given out so far are void; a refresh works
 * POST   /admin/accounts/{address}/revoke-tokens {provider?}   refresh tokens as well: only a new consent helps
 * GET    /admin/requests?account                       [{at, provider, grant?, account, method, path, status, ms}]; sign-in requests are logged without their query
 * DELETE /admin/requests?account
 * GET    /admin/faults · DELETE /admin/faults · DELETE /admin/faults/{id}
 * POST   /admin/faults {match?, kind, count?, account?, retryAfter?, n?}        kinds: see faults.ts; match: part of the decoded path and query;
 *                                                      count: requests to hit, -1 for ever; n: for max-top (records) and slow (ms)
 */
import { randomUUID } from 'node:crypto';
import { makeMessage } from '../mailbox/message.ts';
import type { Person } from '../mailbox/shape.ts';
import type { Account, Accounts, Logged } from './accounts.ts';
import type { Faults } from './faults.ts';
import { providers } from './providers.ts';
import type { SignInDesk } from './sign-in.ts';
import { json, type Answer } from './wire.ts';

/** What can be set while the sandbox runs. */
export type Settings = { latencyMs: number; accessTokenSeconds: number; concurrency: number | null; throttleRetryAfter: number | null; clientSecret: string | null };
/** All that the back room reaches. `strangers` logs requests that belong to no account. */
export type AdminWorld = { accounts: Accounts; faults: Faults; desk: SignInDesk; settings: Settings; strangers: Logged[]; now(): number };
type Input = Record<string, unknown>;

const OK = json(200, { ok: true });
const NOT_FOUND = json(404, { error: 'not found; the endpoints are listed in dev/sandbox/admin.ts' });

/** Answers one request under /admin. */
export function answerAdmin(world: AdminWorld, method: string, url: URL, input: Input): Answer {
  const [, , room = '', first = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  switch (room) {
    case '': return json(200, { accounts: world.accounts.list().map(({ plan }) => plan), settings: shown(world.settings), faults: world.faults.list() });
    case 'settings': return settings(world.settings, method, input);
    case 'accounts': return first ? account(world, method, url, first, rest, input) : accounts(world, method, input);
    case 'requests': return requests(world, method, url.searchParams.get('account'));
    case 'faults': return faults(world.faults, method, first, input);
    default: return NOT_FOUND;
  }
}

const shown = (settings: Settings): object => ({ ...settings, clientSecret: settings.clientSecret === null ? null : 'set' });

function settings(current: Settings, method: string, input: Input): Answer {
  if (method !== 'POST') return json(200, shown(current));
  for (const [name, value] of Object.entries(input)) {
    const fits = name === 'clientSecret' ? value === null || typeof value === 'string'
      : name in current && (Number.isFinite(value) && Number(value) >= 0 || (name === 'throttleRetryAfter' || name === 'concurrency') && value === null);
    if (!fits) return json(400, { error: `${name} cannot be ${JSON.stringify(value)}` });
  }
  Object.assign(current, input);
  return json(200, shown(current));
}

function accounts({ accounts }: AdminWorld, method: string, input: Input): Answer {
  if (method === 'GET') return json(200, accounts.list().map(summary));
  const { address, name, mails = 300, events = 30, seed = 1, months = 6 } = input;
  if (typeof address !== 'string' || !address.includes('@')) return json(400, { error: 'address is missing' });
  const numbers = [mails, events, seed, months].map(Number);
  if (!numbers.every(value => Number.isFinite(value) && value >= 0)) return json(400, { error: 'mails, events, seed and months are numbers' });
  const [mailCount = 0, eventCount = 0, seedNumber = 1, monthCount = 6] = numbers;
  const plan = { address, name: typeof name === 'string' && name ? name : address.split('@')[0] ?? address, mails: mailCount, events: eventCount, seed: seedNumber, months: monthCount };
  return json(201, summary(accounts.add(plan)));
}

const summary = ({ plan, messages, events }: Account): object => ({ address: plan.address, name: plan.name, mails: messages.length, events: events.length });

function account(world: AdminWorld, method: string, url: URL, address: string, [what, ...path]: string[], input: Input): Answer {
  const found = world.accounts.get(address);
  if (!found) return json(404, { error: `no account ${address}` });
  if (!what) {
    if (method === 'DELETE') world.accounts.remove(address);
    return method === 'DELETE' ? OK : json(200, summary(found));
  }
  if (what === 'expire-tokens' || what === 'revoke-tokens') {
    const { provider } = input, named = providers.filter(({ id }) => provider === undefined || id === provider);
    for (const { id } of named) world.desk.void(found, id, what === 'revoke-tokens');
    return named.length ? OK : json(400, { error: `provider must be one of ${providers.map(({ id }) => id).join(', ')}` });
  }
  if (what === 'events') return json(200, found.events.map(({ value, at }) => ({ id: value.id, subject: value.subject, start: at })));
  const room = providers.find(({ id }) => id === what)?.backRoom, [id] = path;
  if (room) return room(found, path, method, input, world.now());
  if (what !== 'messages') return NOT_FOUND;
  if (id) return message(found, method, id, input, world.now());
  if (method === 'POST') return deliver(found, input, world.now());
  const offset = Number(url.searchParams.get('offset') ?? 0), limit = Number(url.searchParams.get('limit') ?? 50);
  return json(200, found.messages.slice(offset, offset + limit).map(({ value }) =>
    ({ id: value.id, subject: value.subject, receivedDateTime: value.receivedDateTime, from: value.from?.emailAddress ?? null, isDraft: value.isDraft })));
}

function message(account: Account, method: string, id: string, input: Input, now: number): Answer {
  const entry = account.find(id);
  if (!entry) return json(404, { error: 'no such mail' });
  if (method === 'GET') return json(200, entry.value);
  if (method === 'DELETE') {
    account.remove(id);
    return OK;
  }
  const { value } = entry, changeKey = `CQAAABYAAAB${randomUUID().replaceAll('-', '').slice(0, 22)}`;
  account.edited(entry, () => {
    if (typeof input['subject'] === 'string') value.subject = input['subject'];
    if (typeof input['body'] === 'string') {
      value.body = { ...value.body, content: input['body'] };
      value.bodyPreview = plain(input['body']).slice(0, 255);
    }
    if (typeof input['isRead'] === 'boolean') value.isRead = input['isRead'];
    Object.assign(value, { changeKey, '@odata.etag': `W/"${changeKey}"`, lastModifiedDateTime: seconds(now) });
  });
  return json(200, value);
}

function deliver(account: Account, input: Input, now: number): Answer {
  const { subject, body, contentType, receivedDateTime, conversationId } = input;
  if (typeof subject !== 'string' || typeof body !== 'string') return json(400, { error: 'subject and body are texts' });
  const at = typeof receivedDateTime === 'string' ? Date.parse(receivedDateTime) : now;
  if (Number.isNaN(at)) return json(400, { error: 'receivedDateTime is not a date' });
  const key = randomUUID(), owner = { name: account.plan.name, address: account.plan.address };
  const made = makeMessage({
    key, thread: key, subject, body: { contentType: contentType === 'text' ? 'text' : 'html', content: body }, preview: plain(body), at: seconds(at), isRead: false,
    from: person(input['from']) ?? { name: 'Jordan Reyes', address: 'jordan.reyes@harbourline-freight.example' }, to: people(input['to']) ?? [owner], cc: people(input['cc']) ?? [],
  });
  if (typeof conversationId === 'string') made.conversationId = conversationId;
  account.deliver(made);
  return json(201, made);
}

function person(value: unknown): Person | undefined {
  if (typeof value === 'string') return { name: '', address: value };
  const { name = '', address } = (value ?? {}) as { name?: string; address?: string };
  return typeof address === 'string' ? { name, address } : undefined;
}

function people(value: unknown): Person[] | undefined {
  return Array.isArray(value) ? value.flatMap(one => person(one) ?? []) : undefined;
}

function requests({ accounts, strangers }: AdminWorld, method: string, only: string | null): Answer {
  const logs = only ? [accounts.get(only)?.log ?? []] : [strangers, ...accounts.list().map(({ log }) => log)];
  if (method === 'DELETE') {
    for (const log of logs) log.length = 0;
    return OK;
  }
  return json(200, logs.flat().sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function faults(faults: Faults, method: string, id: string, input: Input): Answer {
  if (method === 'DELETE') {
    faults.clear(id || undefined);
    return OK;
  }
  if (method !== 'POST') return json(200, faults.list());
  const planned = faults.plan(input);
  return typeof planned === 'string' ? json(400, { error: planned }) : json(201, planned);
}

const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const plain = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();
