/** Calendars from disk (iCalendar). One window; series are written out within the range, and a checkpoint may stand between any two of their times. RFC 5545 */
import { z } from 'zod';
import { defineConnector, type Ask, type FetchContext, type Page } from '#contract/connector';
import { ARCHIVE_PAGE_BYTES_MAX, ARCHIVE_READ_BYTES, CALENDAR_CHANGES_MAX } from '#contract/limits';
import { asciiOf, fingerprint, openArchive, replaced, type ArchiveFile } from './archive-file.ts';
import { momentOf, recordsOf, type Calendar } from './ics-event.ts';
import { readComponent } from './ics-properties.ts';
import { splitCalendar, type RawComponent } from './ics-split.ts';
import { utc, zoneDescribed, zoneNamed, type Zone } from './ics-zones.ts';
import { ProviderError } from './provider-error.ts';

/** The byte at which the event in hand begins, how many of its times were read, and how many records were left out before. */
const Cursor = z.strictObject({ version: z.string().min(1), offset: z.int().min(0), times: z.int().min(0), leftOut: z.int().min(0) });
type Cursor = z.infer<typeof Cursor>;
interface Directory extends Calendar { version: string }
type Context = FetchContext<Cursor, Directory>;

export const ics = defineConnector<Cursor, Directory>({
  id: 'ics',
  title: 'Calendar from a file',
  baseUrl: null,
  oauth: null,
  upload: { inWords: 'A calendar as a file (.ics), as Google Calendar, Outlook and Apple export it', extensions: ['.ics', '.ical', '.ifb', '.icalendar'], monthsAhead: 12, refuse },
  concurrencyMax: 1,
  cursor: Cursor,
  directory: readCalendar,
  streams: () => Promise.resolve([{ name: 'calendar', order: 'unordered', windowDays: Infinity }]),

  async fetchPage(context) {
    if (context.stream !== 'calendar') throw new ProviderError('bad_request', `A calendar file has no stream called "${context.stream}". Start the import again.`);
    if (context.cursor !== null && context.cursor.version !== context.directory.version) throw replaced();
    return readPage(context);
  },
});

function chunks(file: ArchiveFile, from: number): () => Promise<Uint8Array> {
  let read = from;
  return async () => {
    const bytes = await file.read(read, ARCHIVE_READ_BYTES);
    read += bytes.length;
    return bytes;
  };
}

/** The zones that the file describes, and what it words anew of its series: both may stand behind the events that need them. */
async function readCalendar(ask: Ask): Promise<Directory> {
  const file = openArchive(ask, null), zones = new Map<string, Zone>(), changes: { uid: string; bytes: Uint8Array }[] = [];
  const head = asciiOf(await file.read(0, ARCHIVE_READ_BYTES)), ownName = /^X-WR-TIMEZONE:(.*)$/im.exec(head)?.[1]?.trim();
  for await (const { name, bytes, trouble } of splitCalendar(chunks(file, 0), 0)) {
    if (trouble !== null || (name !== 'vtimezone' && name !== 'vevent')) continue;
    if (name === 'vevent' && (!/^RECURRENCE-ID/im.test(asciiOf(bytes)) || changes.length >= CALENDAR_CHANGES_MAX)) continue;
    const component = readComponent(bytes), value = (wanted: string) => component.properties.find((p) => p.name === wanted)?.values[0];
    const id = value(name === 'vevent' ? 'uid' : 'tzid');
    if (typeof id !== 'string') continue;
    if (name === 'vevent') changes.push({ uid: id.trim(), bytes: bytes.slice(0, 8_192) });
    else {
      const zone = zoneDescribed(component);
      if (zone) zones.set(id, zone);
    }
  }
  const own = (ownName ? zoneNamed(ownName, zones) : null) ?? utc, reworded = new Map<string, Set<number>>();
  for (const { uid, bytes } of changes) {
    const at = momentOf(readComponent(bytes), 'recurrence-id', { zones, own });
    if ('trouble' in at) continue;
    const moments = reworded.get(uid) ?? new Set();
    reworded.set(uid, moments.add(at.at));
  }
  return { version: file.version, zones, own, reworded };
}

async function readPage(context: Context): Promise<Page<Cursor>> {
  const { cursor, pageSize, span, directory } = context, from = cursor?.offset ?? 0;
  const file = openArchive(context, directory.version), page: Page<Cursor> = { records: [], unreadable: [], next: null };
  let leftOut = cursor?.leftOut ?? 0, met = 0, passed = cursor?.times ?? 0;
  const endAt = (offset: number, times: number): Page<Cursor> => ({ ...page, leftOut, covered: offset / file.size, next: { version: file.version, offset, times, leftOut } });
  for await (const raw of splitCalendar(chunks(file, from), from)) {
    let times = 0;
    for (const found of readRaw(raw, directory, span)) {
      if (++times <= passed) continue;
      if (met >= pageSize) return endAt(raw.from, times - 1);
      met++;
      if ('record' in found) page.records.push(found.record);
      else if ('unreadable' in found) page.unreadable.push(found.unreadable);
      else leftOut++;
    }
    passed = 0;
    if (raw.next - from >= ARCHIVE_PAGE_BYTES_MAX && raw.next < file.size) return endAt(raw.next, 0);
  }
  return { ...page, leftOut };
}

function* readRaw({ name, bytes, trouble }: RawComponent, directory: Directory, span: Context['span']): ReturnType<typeof recordsOf> {
  if (name === 'vtimezone') return;
  const component = readComponent(bytes), uid = component.properties.find((property) => property.name === 'uid')?.values[0];
  const id = typeof uid === 'string' && uid.trim() !== '' ? uid.trim() : `content:${fingerprint(bytes)}`;
  if (trouble !== null) yield { unreadable: { providerId: id, message: trouble } };
  else if (name !== 'vevent') yield { unreadable: { providerId: `${name}:${id}`, message: `A ${name.toUpperCase()} is no event. Of a calendar only its events are remembered.` } };
  else yield* recordsOf(component, directory, span, id);
}

function refuse(head: Uint8Array): string | null {
  const begin = asciiOf(head);
  if (begin.startsWith('PK')) return 'This is a zip. Unpack it and upload the .ics files that are in it, one by one.';
  return /BEGIN:VCALENDAR/i.test(begin) ? null : 'This is not a calendar: it does not begin with BEGIN:VCALENDAR.';
}
