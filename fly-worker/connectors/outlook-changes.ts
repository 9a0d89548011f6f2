/**
 * What changed in a mailbox since last time. Graph's delta says which ids to look at, each id itself says what it is by now: a mail that left a folder was
 * moved or deleted, an event that left the view was moved out of it or deleted, and an event of a series comes without most of its fields.
 * https://learn.microsoft.com/graph/delta-query-messages and /delta-query-events
 */
import { z } from 'zod';
import type { Ask, Changes, ChangesContext, ChangesPage, SourceRecord, UnreadableRecord } from '#contract/connector';
import { IDS_PER_RECORD_OF_A_PAGE, OUTLOOK_FILTERED_DELTA_MAX } from '#contract/limits';
import { inUrl } from './items.ts';
import { EVENT_FIELDS, MESSAGE_FIELDS, PREFER, readChannel, refuseForeign, REQUESTS_AT_ONCE, wholeSecond, type Channel } from './outlook-items.ts';
import { ProviderError } from './provider-error.ts';

/** Where a list of a folder goes on; `mails`: told of so far. */
const FolderPlace = z.object({ link: z.string(), mails: z.int(), isFiltered: z.boolean() });
/**
 * Mail is told of folder by folder. `links`: where each folder's next round starts. `foldersLeft`: folders still to be read in this round, `at`: where in the
 * first of them. `isFirst`: nothing is remembered yet, so ids are only counted; several folders are then read at once, `open`: where in each of them.
 */
const MailPlace = z.object({
  channel: z.literal('mail'), isFirst: z.boolean(), links: z.record(z.string(), z.string()), foldersLeft: z.array(z.string()), at: FolderPlace.nullable(), open: z.record(z.string(), FolderPlace).default({}),
});
/** A calendar is told of in a view with two ends. `isOpen`: within a round. */
const CalendarPlace = z.object({ channel: z.literal('calendar'), isFirst: z.boolean(), isOpen: z.boolean(), link: z.string(), ends: z.string() });
const ChangesPlace = z.discriminatedUnion('channel', [MailPlace, CalendarPlace]);
export type ChangesPlace = z.infer<typeof ChangesPlace>;
type Context = ChangesContext<ChangesPlace, null>;
type ChangedPage = ChangesPage<ChangesPlace>;

const Row = z.object({ 'id': z.string().min(1), '@removed': z.unknown().optional(), 'type': z.string().nullish(), 'receivedDateTime': z.string().nullish(), 'start': z.object({ dateTime: z.string() }).nullish() });
type Row = z.infer<typeof Row>;
const Delta = z.object({ 'value': z.array(Row), '@odata.nextLink': z.string().nullish(), '@odata.deltaLink': z.string().nullish() });
const Folders = z.object({ 'value': z.array(z.object({ 'id': z.string().min(1), '@removed': z.unknown().optional() })), '@odata.nextLink': z.string().nullish() });

const DAY_MS = 86_400_000;
/** The view of a calendar reaches so far beyond now; when half of it is used up, it is begun anew. */
const VIEW_AHEAD_DAYS = 366;
/** `lastModifiedDateTime` is selected so that every change is one of what is selected. */
const ROW_FIELDS = 'id,receivedDateTime,lastModifiedDateTime';

export const outlookChanges: Changes<ChangesPlace, null> = {
  place: ChangesPlace,
  // One event of a series that was deleted is not told of, only that its series changed.
  sweepDays: { calendar: 1 },
  read: (context) => (context.stream === 'mail' ? readMail(context) : readCalendar(context)),
};

async function readMail(context: Context): Promise<ChangedPage> {
  if (context.from !== null && context.from.channel !== 'mail') throw wrongStream();
  const isOpen = context.from !== null && context.from.foldersLeft.length > 0;
  const place = isOpen ? context.from! : await beginMailRound(context, context.from);
  if (place.isFirst) return countFolders(context, place);
  const [folder, ...others] = place.foldersLeft;
  if (folder === undefined) return { ...nothing, next: place, done: true };
  const known = place.links[folder], read = await readFolder(context, folder, place.at ?? { link: known ?? folderUrl(context, folder, true), mails: 0, isFiltered: known === undefined }, false);
  const found = await look(context, 'mail', read.rows.filter((row) => isWanted(context, row)));
  if (read.on !== null) return { ...found, next: { ...place, at: read.on }, done: false };
  return { ...found, next: { ...place, links: { ...place.links, [folder]: read.delta }, foldersLeft: others, at: null }, done: others.length === 0 };
}

/** A page of several folders each: while ids are only counted, nothing depends on their order, and the first records wait for this. */
async function countFolders(context: Context, place: z.infer<typeof MailPlace>): Promise<ChangedPage> {
  const some = place.foldersLeft.slice(0, REQUESTS_AT_ONCE), links = { ...place.links }, open: typeof place.open = {};
  // `at`: a place that was remembered when one folder went on at a time
  const pages = await Promise.all(some.map((folder, i) => readFolder(context, folder, place.open[folder] ?? (i === 0 ? place.at : null) ?? { link: folderUrl(context, folder, true), mails: 0, isFiltered: true }, true)));
  for (const [i, { on, delta }] of pages.entries()) { if (on === null) links[some[i]!] = delta; else open[some[i]!] = on; }
  const foldersLeft = [...Object.keys(open), ...place.foldersLeft.slice(some.length)], done = foldersLeft.length === 0;
  return { ...nothing, next: { ...place, isFirst: !done, links, foldersLeft, at: null, open }, done };
}

/** A page of one folder, and where it goes on; null: not in this round. */
async function readFolder(context: Context, folder: string, at: z.infer<typeof FolderPlace>, isFirst: boolean): Promise<{ rows: Row[]; on: z.infer<typeof FolderPlace> | null; delta: string }> {
  const { rows, next, delta } = await readDelta(context, 'mail', at.link, isFirst).catch((error: unknown) => { throw isNotFound(error) ? folderGone() : error; }), mails = at.mails + rows.length;
  if (next !== null) return { rows, on: { ...at, link: next, mails }, delta };
  // A filtered list that is full has left out the rest without a word: the whole folder is listed instead.
  const isCut = at.isFiltered && mails >= OUTLOOK_FILTERED_DELTA_MAX;
  return { rows, on: isCut ? { link: folderUrl(context, folder, false), mails: 0, isFiltered: false } : null, delta };
}

/** Folders come and go. With one that is gone its mails went untold: then all is read anew. https://learn.microsoft.com/graph/api/mailfolder-delta */
async function beginMailRound({ get, baseUrl, pageSize }: Context, before: z.infer<typeof MailPlace> | null): Promise<z.infer<typeof MailPlace>> {
  const folders: string[] = [];
  for (let url: string | null = `${baseUrl}/v1.0/me/mailFolders/delta?$select=id`; url !== null;) {
    const page: z.infer<typeof Folders> = await get(Folders, { url, headers: { Prefer: `odata.maxpagesize=${pageSize}` } });
    folders.push(...page.value.filter((folder) => folder['@removed'] === undefined).map(({ id }) => id));
    url = page['@odata.nextLink'] ?? null;
    if (url !== null) refuseForeign(baseUrl, url);
  }
  const foldersLeft = [...new Set(folders)].sort();
  if (before && Object.keys(before.links).some((id) => !foldersLeft.includes(id))) throw folderGone();
  return { channel: 'mail', isFirst: before === null, links: before?.links ?? {}, foldersLeft, at: null, open: {} };
}

function folderUrl({ baseUrl, span }: Context, folder: string, isFiltered: boolean): string {
  const filter = isFiltered ? `&$filter=${inUrl(`receivedDateTime ge ${wholeSecond(span.since, Math.floor)}`)}` : '';
  return `${baseUrl}/v1.0/me/mailFolders/${inUrl(folder)}/messages/delta?$select=${ROW_FIELDS}${filter}`;
}

async function readCalendar(context: Context): Promise<ChangedPage> {
  const { baseUrl, span, from } = context;
  if (from !== null && from.channel !== 'calendar') throw wrongStream();
  if (from && !from.isOpen && Date.parse(span.until) > Date.parse(from.ends) - VIEW_AHEAD_DAYS / 2 * DAY_MS) throw new ProviderError('gone', 'The view of the calendar that was followed has nearly passed. The calendar is read anew.');
  const ends = from?.ends ?? new Date(Date.parse(span.until) + VIEW_AHEAD_DAYS * DAY_MS).toISOString();
  const first = `${baseUrl}/v1.0/me/calendarView/delta?startDateTime=${wholeSecond(span.since, Math.floor)}&endDateTime=${wholeSecond(ends, Math.ceil)}`;
  const isFirst = from?.isFirst ?? true, { rows, next, delta } = await readDelta(context, 'calendar', from?.link ?? first, isFirst);
  const found = isFirst ? nothing : await look(context, 'calendar', rows.filter((row) => row.type !== 'seriesMaster' && isWanted(context, row)));
  const isOpen = next !== null;
  return { ...found, next: { channel: 'calendar', isFirst: isFirst && isOpen, isOpen, link: next ?? delta, ends }, done: !isOpen };
}

/** Mails and events of a series keep their date, so those that windows read are not looked at here. Anything else may have been moved, or be gone. */
function isWanted({ span }: Context, row: Row): boolean {
  const date = row['@removed'] === undefined ? row.receivedDateTime ?? (row.type === 'occurrence' ? row.start?.dateTime : undefined) : undefined;
  const at = date === undefined ? NaN : Date.parse(date.endsWith('Z') ? date : `${date}Z`);
  return Number.isNaN(at) || (at >= Date.parse(span.since) && at < Date.parse(span.until));
}

/** One page of a round, and how it goes on: exactly one of the two links. */
async function readDelta({ get, baseUrl, pageSize }: Context, channel: Channel, url: string, isFirst: boolean): Promise<{ rows: Row[]; next: string | null; delta: string }> {
  const size = isFirst ? pageSize * IDS_PER_RECORD_OF_A_PAGE : pageSize;
  const page = await get(Delta, { url, headers: { Prefer: `${PREFER[channel]}, odata.maxpagesize=${size}` } });
  const next = page['@odata.nextLink'] ?? null, delta = page['@odata.deltaLink'] ?? '';
  if (next === null && delta === '') throw new ProviderError('unreadable_answer', 'Microsoft Graph ended a list of changes without saying where the next one starts. It is read again on the next try.');
  refuseForeign(baseUrl, next ?? delta);
  return { rows: page.value, next, delta };
}

const nothing: Pick<ChangedPage, 'records' | 'unreadable' | 'removed'> = { records: [], unreadable: [], removed: [] };

/** Every id of a page as it is by now. */
async function look(ask: Ask, channel: Channel, rows: Row[]): Promise<typeof nothing> {
  const ids = [...new Set(rows.map(({ id }) => id))], bin = channel === 'mail' && ids.length > 0 ? await binOf(ask) : null;
  const found = await Promise.all(ids.map((id) => readOne(ask, channel, id, bin)));
  return {
    records: found.flatMap((one) => (one !== null && 'kind' in one ? [one] : [])), unreadable: found.flatMap((one) => (one !== null && 'message' in one ? [one] : [])),
    removed: ids.filter((_, i) => found[i] === null),
  };
}

const Whole = z.looseObject({ id: z.string().min(1), parentFolderId: z.string().nullish(), type: z.string().nullish() });

/** The folder in which deleted mail waits; null: the mailbox has none. https://learn.microsoft.com/graph/api/resources/mailfolder */
const binOf = async ({ get, baseUrl }: Ask): Promise<string | null> =>
  (await get(Whole, { url: `${baseUrl}/v1.0/me/mailFolders/recoverableitemsdeletions?$select=id` }).catch(nullIfNotFound))?.id ?? null;

/**
 * One mail or event by its id; null: it is gone. By its immutable id a deleted mail is still found while it could be recovered, in a folder that no list
 * shows (`bin`; asked for when it is not given). https://learn.microsoft.com/graph/api/message-get and /event-get
 */
export async function readOne(ask: Ask, channel: Channel, id: string, bin?: string | null): Promise<SourceRecord | UnreadableRecord | null> {
  const { get, baseUrl } = ask;
  const url = channel === 'mail' ? `${baseUrl}/v1.0/me/messages/${inUrl(id)}?$select=${MESSAGE_FIELDS},parentFolderId` : `${baseUrl}/v1.0/me/events/${inUrl(id)}?$select=${EVENT_FIELDS}`;
  const raw = await get(Whole, { url, headers: { Prefer: PREFER[channel] } }).catch(nullIfNotFound);
  // An event that was made a series is one no more: its events have ids of their own.
  if (raw === null || raw.type === 'seriesMaster') return null;
  if (channel === 'mail' && raw.parentFolderId && raw.parentFolderId === (bin === undefined ? await binOf(ask) : bin)) return null;
  const { records, unreadable } = readChannel(channel, [raw]);
  return records[0] ?? unreadable[0] ?? null;
}

/** Only this word means that the item is gone: a mailbox that is moved or has lost its licence answers 404 as well. */
const isNotFound = (error: unknown): boolean => error instanceof ProviderError && error.kind === 'not_found' && error.code === 'ErrorItemNotFound';
function nullIfNotFound(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}
const folderGone = (): ProviderError => new ProviderError('gone', 'A mail folder was deleted, and Microsoft Graph does not say which mails went with it. The mailbox is read anew.');

const wrongStream = (): ProviderError => new ProviderError('bad_request', 'The place in the changes belongs to another stream. Start the sync again.');
