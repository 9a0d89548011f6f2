/**
 * A Slack export (zip): one stream per channel, one file per day in it. Messages become the records that the connected workspace's would be, with
 * the same ids, so that both are one memory. https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
 */
import { z } from 'zod';
import { defineConnector, type Ask, type FetchContext, type Page, type Stream, type UnreadableRecord } from '#contract/connector';
import { ARCHIVE_PAGE_BYTES_MAX } from '#contract/limits';
import { asciiOf, openArchive, replaced, type ArchiveFile } from './archive-file.ts';
import { addressOf, inSpan, readItems } from './items.ts';
import { ProviderError } from './provider-error.ts';
import { SlackMessage, slackRecord, type SlackChannel, type SlackDirectory, type SlackPerson } from './slack-message.ts';
import { textOf } from './text-bytes.ts';
import { entriesOf, unpack, ZipTrouble, type ZipEntry } from './zip.ts';

/** The day in hand (counted), how many of its messages were read, and how many records were left out before. */
const Cursor = z.strictObject({ version: z.string().min(1), day: z.int().min(0), messages: z.int().min(0), leftOut: z.int().min(0) });
type Cursor = z.infer<typeof Cursor>;
/** `days`: the files of each channel, oldest first. */
interface Directory extends SlackDirectory { version: string; days: Map<string, ZipEntry[]> }
type Context = FetchContext<Cursor, Directory>;

export const slackExport = defineConnector<Cursor, Directory>({
  id: 'slack_export',
  title: 'Slack export',
  baseUrl: null,
  oauth: null,
  upload: { inWords: 'The zip that Slack makes of a workspace (Settings, Import/Export Data, Export), as it is', extensions: ['.zip'], monthsAhead: 12, refuse },
  /** Channels at once; reading a zip troubles nobody, unpacking fills a core. */
  concurrencyMax: 2,
  cursor: Cursor,
  directory: readExport,
  streams: ({ directory }) => Promise.resolve([...directory.days.keys()].map((id): Stream => ({ name: id, title: directory.channels.get(id)?.title ?? id, order: 'oldest_first', windowDays: Infinity }))),

  async fetchPage(context) {
    if (context.cursor !== null && context.cursor.version !== context.directory.version) throw replaced();
    return readPage(context);
  },
});

const User = z.object({
  id: z.string().min(1), team_id: z.string().nullish(), name: z.string().nullish(), real_name: z.string().nullish(), is_bot: z.boolean().nullish(),
  profile: z.object({ email: z.string().nullish(), real_name: z.string().nullish(), display_name: z.string().nullish() }).nullish(),
});
const Conversation = z.object({ id: z.string().min(1), name: z.string().nullish(), is_archived: z.boolean().nullish(), members: z.array(z.string()).nullish() });

/** Lists of channels by kind. A direct message's folder is called by its id, any other's by the name. */
const LISTS: [string, SlackChannel['kind']][] = [['channels.json', 'public'], ['groups.json', 'private'], ['mpims.json', 'group'], ['dms.json', 'direct']];

/** Who and what the export holds. Throws ProviderError `bad_request` when it is no export. */
async function readExport(ask: Ask): Promise<Directory> {
  const file = openArchive(ask, null);
  try {
    const entries = await entriesOf(file), root = rootOf(entries), byName = new Map(entries.map((entry) => [entry.name, entry]));
    const list = async <T>(name: string, item: z.ZodType<T>): Promise<T[]> => {
      const entry = byName.get(root + name), all = entry ? z.array(z.unknown()).safeParse(jsonOf(await unpack(file, entry))) : null;
      return (all?.data ?? []).flatMap((one) => item.safeParse(one).data ?? []);
    };
    const users = await list('users.json', User), people = new Map(users.map((user): [string, SlackPerson] => [user.id, personOf(user)]));
    const channels = new Map<string, SlackChannel>(), folders = new Map<string, string>();
    for (const [name, kind] of LISTS) {
      for (const { id, name: title, is_archived, members } of await list(name, Conversation)) {
        channels.set(id, { id, title: titleOf(kind, title ?? id, members ?? [], people), kind, isArchived: is_archived === true });
        folders.set(kind === 'direct' ? id : title ?? id, id);
      }
    }
    if (channels.size === 0) throw new ZipTrouble('The zip is no Slack export: no channels.json (or groups, mpims, dms) is in it.');
    return { teamId: users.find((user) => user.team_id)?.team_id ?? 'export', teamUrl: null, people, channels, version: file.version, days: daysOf(entries, root, folders) };
  } catch (error) {
    throw error instanceof ZipTrouble ? new ProviderError('bad_request', `${error.message} Upload the zip as Slack made it.`) : error;
  }
}

/** Unpacked and packed again by hand, everything may lie in one more folder. */
function rootOf(entries: ZipEntry[]): string {
  const list = entries.map(({ name }) => name).filter((name) => !name.startsWith('__MACOSX/') && LISTS.some(([file]) => name === file || name.endsWith(`/${file}`))).sort((a, b) => a.length - b.length)[0];
  return list?.replace(/[^/]*$/, '') ?? '';
}

/** Files are named by the day; a channel that the lists do not name goes by its folder. */
function daysOf(entries: ZipEntry[], root: string, folders: Map<string, string>): Map<string, ZipEntry[]> {
  const days = new Map<string, ZipEntry[]>();
  for (const entry of entries) {
    const [, folder] = entry.name.startsWith(root) ? /^([^/]+)\/\d{4}-\d\d-\d\d\.json$/.exec(entry.name.slice(root.length)) ?? [] : [];
    if (folder === undefined) continue;
    const id = folders.get(folder) ?? folder, list = days.get(id);
    if (list) list.push(entry); else days.set(id, [entry]);
  }
  for (const list of days.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return days;
}

const personOf = ({ id, name, real_name, profile, is_bot }: z.infer<typeof User>): SlackPerson =>
  ({ name: profile?.real_name || real_name || profile?.display_name || name || id, address: addressOf(profile?.email), isBot: is_bot === true });

function titleOf(kind: SlackChannel['kind'], name: string, members: string[], people: Map<string, SlackPerson>): string {
  switch (kind) {
    case 'public': case 'private': return `#${name}`;
    case 'group': return name.replace(/^mpdm-/, '').replace(/-\d+$/, '').split('--').join(', ');
    case 'direct': return members.map((id) => people.get(id)?.name ?? id).join(', ') || name;
  }
}

async function readPage(context: Context): Promise<Page<Cursor>> {
  const { cursor, pageSize, span, directory, stream } = context, days = directory.days.get(stream);
  if (!days) throw new ProviderError('bad_request', `The export has no channel ${stream}. Start the import again.`);
  const file = openArchive(context, directory.version), page: Page<Cursor> = { records: [], unreadable: [], next: null };
  let leftOut = cursor?.leftOut ?? 0, met = 0, bytes = 0, passed = cursor?.messages ?? 0;
  const endAt = (day: number, messages: number): Page<Cursor> => ({ ...page, leftOut, covered: day / days.length, next: { version: directory.version, day, messages, leftOut } });
  for (let day = cursor?.day ?? 0; day < days.length; day++) {
    const { messages, trouble, size } = await readDay(file, days[day]!);
    if (trouble) page.unreadable.push(trouble);
    const rest = messages.slice(passed, passed + pageSize - met);
    const channel = directory.channels.get(stream) ?? { id: stream, title: stream, kind: 'public', isArchived: false };
    const read = readItems(rest, SlackMessage, { provider: 'Slack', idField: 'ts' }, (message) => {
      const record = slackRecord(message, channel, directory);
      if (record === null || inSpan(record.occurredAt, span)) return record;
      leftOut++;
      return null;
    });
    page.records.push(...read.records);
    page.unreadable.push(...read.unreadable);
    met += rest.length;
    bytes += size;
    if (passed + rest.length < messages.length) return endAt(day, passed + rest.length);
    passed = 0;
    if ((met >= pageSize || bytes >= ARCHIVE_PAGE_BYTES_MAX) && day + 1 < days.length) return endAt(day + 1, 0);
  }
  return { ...page, leftOut };
}

interface Day { messages: unknown[]; trouble: UnreadableRecord | null; size: number }

async function readDay(file: ArchiveFile, entry: ZipEntry): Promise<Day> {
  const trouble = (message: string): Day => ({ messages: [], trouble: { providerId: `file:${entry.name}`, message }, size: entry.packed });
  try {
    const bytes = await unpack(file, entry), all = z.array(z.unknown()).safeParse(jsonOf(bytes));
    return all.success ? { messages: all.data.map(withFiles), trouble: null, size: bytes.length } : trouble(`${entry.name} is not a list of messages.`);
  } catch (error) {
    if (!(error instanceof ZipTrouble)) throw error;
    return trouble(error.message);
  }
}

/** Exports of before 2018 name the one file of a message in the singular. */
function withFiles(message: unknown): unknown {
  const old = z.looseObject({ file: z.looseObject({ name: z.string().nullish() }) }).safeParse(message);
  return old.success && !('files' in old.data) ? { ...old.data, files: [old.data.file] } : message;
}

function jsonOf(bytes: Uint8Array): unknown {
  try { return JSON.parse(textOf(bytes, 'utf-8')); } catch { return null; }
}

function refuse(head: Uint8Array): string | null {
  return asciiOf(head.subarray(0, 2)) === 'PK' ? null : 'This is not a zip. Upload the zip as Slack made it.';
}
