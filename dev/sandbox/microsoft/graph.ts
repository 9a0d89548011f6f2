/** The sandbox's Microsoft Graph: the signed-in user's mail and calendar, page by page. Authorisation and faults have happened before. */
import { FOLDERS } from '../../mailbox/folders.ts';
import type { GraphMessage } from '../../mailbox/shape.ts';
import type { Account, Entry } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { readMailQuery, readPaging, readView, type MailQuery } from './query.ts';
import { graphError } from './wording.ts';

/** A link that a careful client refuses to follow. */
const FOREIGN = 'https://graph.attacker.example';

/** Answers one GET below /v1.0/me. */
export function answerGraph(request: ApiRequest): Answer {
  const { url, account, base } = request;
  const path = url.pathname.replace(/^\/v1\.0\/me/, '').replace(/\/$/, '');
  if (path === '') return me(account, base);
  if (path === '/messages') return allowed(request, 'mail.read') ?? listMessages(request);
  if (path === '/mailFolders') return allowed(request, 'mail.read') ?? folders(account, base);
  if (path === '/calendarView' || path === '/calendar/calendarView') return allowed(request, 'calendars.read') ?? calendarView(request);
  const message = /^\/messages\/([^/]+)$/.exec(path)?.[1];
  if (message) return allowed(request, 'mail.read') ?? oneMessage(request, decodeURIComponent(message));
  return graphError(400, 'BadRequest', `Resource not found for the segment '${path.split('/')[1]}'.`);
}

/** `Mail.ReadWrite` includes `Mail.Read`; the app's whole permission set is `.default`. */
function allowed({ scope }: ApiRequest, needed: string): Answer | undefined {
  const has = scope.toLowerCase();
  return has.includes(needed) || has.includes('/.default') ? undefined : graphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');
}

function me(account: Account, base: string): Answer {
  const { name, address } = account.plan, [givenName = name, ...rest] = name.split(' ');
  return json(200, {
    '@odata.context': `${base}/v1.0/$metadata#users/$entity`, businessPhones: [], displayName: name, givenName, jobTitle: null, mail: address,
    mobilePhone: null, officeLocation: null, preferredLanguage: 'en-US', surname: rest.join(' '), userPrincipalName: address, id: account.id,
  });
}

function folders(account: Account, base: string): Answer {
  const count = (id: string, unread: boolean): number =>
    account.messages.filter(({ value }) => value.parentFolderId === id && !(unread && value.isRead)).length;
  const value = FOLDERS.map(({ id, displayName }) => ({
    id, displayName, parentFolderId: 'AQMkADYAAAIBCAAAAA==', childFolderCount: 0,
    unreadItemCount: count(id, true), totalItemCount: count(id, false), isHidden: false,
  }));
  return json(200, { '@odata.context': `${context(account, base)}/mailFolders`, value });
}

function oneMessage({ account, base, url }: ApiRequest, id: string): Answer {
  const entry = account.find(id);
  if (!entry) return graphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
  const paging = readPaging(url.searchParams);
  const select = 'select' in paging ? paging.select : [];
  return json(200, { '@odata.context': `${context(account, base)}/messages/$entity`, ...JSON.parse(bytesOf(entry, select).toString('utf8')) });
}

/** https://learn.microsoft.com/graph/api/user-list-messages */
function listMessages(request: ApiRequest): Answer {
  const query = readMailQuery(request.url.searchParams);
  if ('status' in query) return query;
  return page(request, 'messages', mailRange(request.account.messages, query), query);
}

function mailRange(newestFirst: Entry<GraphMessage>[], { from, to, ascending, flags }: MailQuery): Entry<GraphMessage>[] {
  const list = newestFirst.slice(firstBelow(newestFirst, to), firstBelow(newestFirst, from));
  if (ascending) list.reverse();
  return flags.length ? list.filter(({ value }) => flags.every(([flag, wanted]) => value[flag] === wanted)) : list;
}

/** Index of the first entry older than `at` in a list that is sorted newest first. */
function firstBelow(list: { at: string }[], at: string): number {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as { at: string }).at >= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** https://learn.microsoft.com/graph/api/calendar-list-calendarview: whatever overlaps the range is in it. */
function calendarView(request: ApiRequest): Answer {
  const view = readView(request.url.searchParams), paging = readPaging(request.url.searchParams);
  if ('status' in view) return view;
  if ('status' in paging) return paging;
  const inside = request.account.events.filter(event => event.at < view.to && (event.end > view.from || event.at >= view.from));
  const answer = page(request, 'calendarView', inside, paging);
  return { ...answer, headers: { ...answer.headers, 'preference-applied': 'outlook.timezone="UTC"' } };
}

/** One page: the slice, and an absolute link that carries the whole query and the new $skip. */
function page(request: ApiRequest, collection: string, list: Entry<object>[], { top, skip, select }: { top: number; skip: number; select: string[] }): Answer {
  const { account, base, pageFault } = request;
  const empty = pageFault === 'empty-page-with-next';
  const slice = empty ? [] : list.slice(skip, skip + top);
  let next = empty ? skip : skip + slice.length;
  const more = empty || next < list.length;
  // The last record of this page opens the next one as well; nothing is lost by it.
  if (pageFault === 'duplicate-across-pages' && more && slice.length > 1) next--;
  const origin = pageFault === 'foreign-next-link' ? FOREIGN : base;
  const head: Record<string, string> = { '@odata.context': `${context(account, base)}/${collection}${select.length ? `(${select.join(',')})` : ''}` };
  if (more || pageFault === 'foreign-next-link') head['@odata.nextLink'] = nextLink(request.url, origin, next);
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"value":[`)];
  slice.forEach((entry, i) => {
    if (i) parts.push(COMMA);
    parts.push(bytesOf(entry, select));
  });
  parts.push(END);
  return { status: 200, body: Buffer.concat(parts), headers: { 'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8' } };
}

const COMMA = Buffer.from(','), END = Buffer.from(']}');

function nextLink(url: URL, origin: string, skip: number): string {
  const params = new URLSearchParams(url.searchParams);
  params.set('$skip', String(skip));
  return `${origin}${url.pathname}?${params.toString()}`;
}

/** Serialised once for the $select that is asked for again and again. */
function bytesOf(entry: Entry<object>, select: string[]): Buffer {
  const key = `graph ${select.join()}`;
  if (entry.cache?.form === key) return entry.cache.bytes;
  const value = entry.value as Record<string, unknown>;
  const kept = select.length ? Object.fromEntries(['@odata.etag', 'id', ...select].filter(name => value[name] !== undefined).map(name => [name, value[name]])) : value;
  const bytes = Buffer.from(JSON.stringify(kept));
  entry.cache = { form: key, bytes };
  return bytes;
}

const context = (account: Account, base: string): string => `${base}/v1.0/$metadata#users('${account.id}')`;
