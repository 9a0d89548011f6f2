/**
 * Graph's delta in the sandbox: folders, the mails of a folder, a calendar view. https://learn.microsoft.com/graph/delta-query-overview
 * With what Graph does and does not tell: a mail that left its folder is "deleted" there even if it came back (immutable ids), a filtered round ends at
 * 5,000 mails, an event of a series comes without most of its fields, one that was deleted is not told of at all, only its series is.
 */
import type { GraphEvent, GraphMessage } from '../../mailbox/shape.ts';
import type { Account, Change, Entry } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import type { Answer } from '../wire.ts';
import { bytesOf, context, FOREIGN, pageOf } from './items.ts';
import { instant, readPaging, readView } from './query.ts';
import { graphError } from './wording.ts';

/** What stands in a token: where its round began in the journal (`mark`; null: it lists everything), where it is (`at`), and what was asked first. */
interface Place { edition: number; what: string; since: number | null; mark: number; at: number; from: string; to: string; select: string[] }

const FILTERED_MAX = 5_000, SIZE_DEFAULT = 10, SIZE_MAX = 1_000;

/** https://learn.microsoft.com/graph/api/mailfolder-delta: all folders, nested ones too. Every round lists them all. */
export function folderDelta({ account, base }: ApiRequest): Answer {
  const head = { '@odata.context': `${context(account, base)}/mailFolders`, '@odata.deltaLink': `${base}/v1.0/me/mailFolders/delta?$deltatoken=folders` };
  return pageOf(head, account.folders.map(folder => Buffer.from(JSON.stringify({ ...folder, parentFolderId: 'AQMkADYAAAIBCAAAAA==', childFolderCount: 0, isHidden: false }))));
}

/** https://learn.microsoft.com/graph/api/message-delta */
export function mailDelta(request: ApiRequest, folder: string): Answer {
  const { account } = request;
  if (!account.folders.some(({ id }) => id === folder)) return graphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
  const place = placeOf(request, folder, (params) => {
    const filter = params.get('$filter'), from = filter === null ? '' : /^receivedDateTime (?:ge|gt) (\S+)$/.exec(filter)?.[1];
    return from === undefined ? graphError(400, 'ErrorInvalidUrlQueryFilter', 'The query filter is not supported by delta.') : { from: from && instant(from), to: '' };
  });
  if ('status' in place) return place;
  const inside = ({ value, at }: Entry<GraphMessage>): boolean => value.parentFolderId === folder && at >= place.from;
  if (place.since === null) {
    const all = account.messages.filter(inside);
    return answer(request, place, (place.from === '' ? all : all.slice(0, FILTERED_MAX)).map(entry => bytesOf(entry, place.select)));
  }
  const left = new Set(told(account, place, 'mail').filter(({ from, to }) => from === folder && to !== folder).map(({ id }) => id));
  return answer(request, place, idsIn(told(account, place, 'mail').filter(({ from, to }) => from === folder || to === folder)).flatMap(id => {
    const entry = account.find(id);
    if (left.has(id)) return [removed(id, 'deleted')];
    return entry && inside(entry) ? [bytesOf(entry, place.select)] : [];
  }));
}

/** https://learn.microsoft.com/graph/api/event-delta: no $select, no $filter. */
export function calendarDelta(request: ApiRequest): Answer {
  const { account } = request;
  const place = placeOf(request, 'calendar', (params) => (params.has('$select') || params.has('$filter') ? graphError(400, 'ErrorInvalidUrlQuery', 'The query parameter is not supported by delta of a calendar view.') : readView(params)));
  if ('status' in place) return place;
  const inView = (event: Entry<GraphEvent>): boolean => event.at < place.to && (event.end > place.from || event.at >= place.from);
  if (place.since === null) return answer(request, place, eventRows(account, account.events.filter(inView)));
  const touched = new Set(idsIn(told(account, place, 'event'))), there = account.events.filter(event => touched.has(event.id) && inView(event)), shown = new Set(there.map(({ id }) => id));
  // One event of a series that is gone is not told of.
  const gone = idsIn(told(account, place, 'event')).filter(id => !shown.has(id) && !account.cancelled.get(id)?.value.seriesMasterId);
  return answer(request, place, [...eventRows(account, there), ...gone.map(id => removed(id, 'deleted'))]);
}

/** A series is told of whole, its events without most of their fields. */
function eventRows(account: Account, events: Entry<GraphEvent>[]): Buffer[] {
  const masters = [...new Set(events.flatMap(({ value }) => value.seriesMasterId ?? []))].flatMap(id => account.events.find(({ value }) => value.seriesMasterId === id)?.value ?? []);
  return [
    ...masters.map(({ seriesMasterId, ...first }) => Buffer.from(JSON.stringify({ ...first, id: seriesMasterId, type: 'seriesMaster', seriesMasterId: null }))),
    ...events.map(entry => {
      const { id, type, seriesMasterId, start, end } = entry.value;
      return type === 'occurrence' ? Buffer.from(JSON.stringify({ '@odata.type': '#microsoft.graph.event', '@odata.etag': entry.value['@odata.etag'], seriesMasterId, type, id, start, end })) : bytesOf(entry, []);
    }),
  ];
}

const told = (account: Account, { since, mark }: Place, what: Change['what']): Change[] => account.journal.slice(since ?? 0, mark).filter(change => change.what === what);
const idsIn = (changes: Change[]): string[] => [...new Set(changes.map(({ id }) => id))];
const removed = (id: string, reason: 'deleted' | 'changed'): Buffer => Buffer.from(JSON.stringify({ '@odata.type': '#microsoft.graph.message', id, '@removed': { reason } }));

/** Where this request stands: in a round, at the begin of the next, or at the very first. */
function placeOf({ account, url: { searchParams: params } }: ApiRequest, what: string, first: (params: URLSearchParams) => { from: string; to: string } | Answer): Place | Answer {
  const skip = params.get('$skiptoken'), delta = params.get('$deltatoken'), token = skip ?? delta, mark = account.journal.length;
  if (token === null) {
    const asked = first(params), paging = readPaging(params);
    if ('status' in asked) return asked;
    return { edition: account.journalEdition, what, since: null, mark, at: 0, ...asked, select: 'select' in paging ? paging.select : [] };
  }
  const place = parsed(token);
  if (place?.what !== what) return graphError(400, 'BadRequest', 'Badly formed content.');
  if (place.edition !== account.journalEdition) return graphError(410, 'SyncStateNotFound', 'The sync state generation is not found; continuation token is not found.');
  return delta === null ? place : { ...place, since: place.mark, mark, at: 0 };
}

function parsed(token: string): Place | null {
  try { return JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Place; } catch { return null; }
}

/** The page of a round that begins at `place.at`, with the link to the next one or to the next round. */
function answer({ account, base, url, headers, pageFault }: ApiRequest, place: Place, rows: Buffer[]): Answer {
  const wanted = Number(/odata\.maxpagesize=(\d+)/.exec(String(headers['prefer'] ?? ''))?.[1] ?? SIZE_DEFAULT), size = Math.max(1, Math.min(wanted, SIZE_MAX));
  const isEmpty = pageFault === 'empty-page-with-next', page = isEmpty ? [] : rows.slice(place.at, place.at + size), next = place.at + page.length, more = isEmpty || next < rows.length;
  const origin = pageFault === 'foreign-next-link' ? FOREIGN : base, token = Buffer.from(JSON.stringify({ ...place, at: more ? next : 0 })).toString('base64url');
  return pageOf({
    '@odata.context': `${context(account, base)}/delta`,
    [more ? '@odata.nextLink' : '@odata.deltaLink']: `${origin}${url.pathname}?${more ? '$skiptoken' : '$deltatoken'}=${token}`,
  }, page, { 'preference-applied': `odata.maxpagesize=${size}` });
}
