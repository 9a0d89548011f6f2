/** The sandbox's Microsoft Graph: the signed-in user's mail and calendar, page by page. Authorisation and faults have happened before. */
import { RECOVERABLE } from '../../mailbox/folders.ts';
import type { GraphEvent, GraphMessage } from '../../mailbox/shape.ts';
import type { Account, Entry } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { calendarDelta, folderDelta, mailDelta } from './delta.ts';
import { allowed, bytesOf, context, FOREIGN, pageOf } from './items.ts';
import { readMailQuery, readPaging, readView, type MailQuery } from './query.ts';
import { graphError } from './wording.ts';

/** Answers one GET below /v1.0/me. */
export function answerGraph(request: ApiRequest): Answer {
  const { url, account, base } = request;
  const path = url.pathname.replace(/^\/v1\.0\/me/, '').replace(/\/$/, '');
  if (path === '') return me(account, base);
  if (path === '/messages') return allowed(request, 'mail.read') ?? listMessages(request);
  if (path === '/mailFolders') return allowed(request, 'mail.read') ?? folders(account, base);
  if (path === '/mailFolders/delta') return allowed(request, 'mail.read') ?? folderDelta(request);
  if (path === '/calendarView/delta') return allowed(request, 'calendars.read') ?? calendarDelta(request);
  if (path === '/calendarView' || path === '/calendar/calendarView') return allowed(request, 'calendars.read') ?? calendarView(request);
  const [, collection, id = ''] = /^\/(messages|events|mailFolders)\/([^/]+)$/.exec(path) ?? [];
  if (collection === 'messages') return allowed(request, 'mail.read') ?? oneMessage(request, decodeURIComponent(id));
  if (collection === 'events') return allowed(request, 'calendars.read') ?? oneEvent(request, decodeURIComponent(id));
  if (collection === 'mailFolders') return allowed(request, 'mail.read') ?? oneFolder(request, decodeURIComponent(id));
  const folder = /^\/mailFolders\/([^/]+)\/messages\/delta$/.exec(path)?.[1];
  if (folder) return allowed(request, 'mail.read') ?? mailDelta(request, decodeURIComponent(folder));
  return graphError(400, 'BadRequest', `Resource not found for the segment '${path.split('/')[1]}'.`);
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
  const value = account.folders.map(({ id, displayName }) => ({
    id, displayName, parentFolderId: 'AQMkADYAAAIBCAAAAA==', childFolderCount: 0,
    unreadItemCount: count(id, true), totalItemCount: count(id, false), isHidden: false,
  }));
  return json(200, { '@odata.context': `${context(account, base)}/mailFolders`, value });
}

const NOT_FOUND = graphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');

/** By its immutable id a mail is found for as long as it can be recovered, in a folder that no list shows. */
function oneMessage(request: ApiRequest, id: string): Answer {
  const { account } = request;
  return one(request, 'messages', account.find(id) ?? account.binned.get(id));
}

/** A series is read as its first event in other clothes; lists do not show it. */
function oneEvent(request: ApiRequest, id: string): Answer {
  const { events } = request.account, first = events.find(({ value }) => value.seriesMasterId === id)?.value;
  const master: GraphEvent | undefined = first && { ...first, id, type: 'seriesMaster', seriesMasterId: null };
  return one(request, 'events', events.find(event => event.id === id) ?? (master && { at: '', end: '', id, value: master }));
}

function one({ account, base, url }: ApiRequest, collection: string, entry: Entry<object> | undefined): Answer {
  if (!entry) return NOT_FOUND;
  const paging = readPaging(url.searchParams), select = 'select' in paging ? paging.select : [];
  return json(200, { '@odata.context': `${context(account, base)}/${collection}/$entity`, ...JSON.parse(bytesOf(entry, select).toString('utf8')) });
}

/** By id or well-known name. https://learn.microsoft.com/graph/api/resources/mailfolder */
function oneFolder({ account, base }: ApiRequest, id: string): Answer {
  const folder = id === 'recoverableitemsdeletions' ? RECOVERABLE : account.folders.find(one => one.id === id || one.displayName.replaceAll(' ', '').toLowerCase() === id.toLowerCase());
  return folder ? json(200, { '@odata.context': `${context(account, base)}/mailFolders/$entity`, ...folder }) : NOT_FOUND;
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
  return pageOf(head, slice.map(entry => bytesOf(entry, select)));
}

function nextLink(url: URL, origin: string, skip: number): string {
  const params = new URLSearchParams(url.searchParams);
  params.set('$skip', String(skip));
  return `${origin}${url.pathname}?${params.toString()}`;
}
