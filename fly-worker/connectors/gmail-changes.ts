/**
 * What changed in a Gmail mailbox since last time. Mails do not change, they come and go: into the trash and back as well, which no list shows. The
 * history says which ids to look at, each id itself says what it is by now. https://developers.google.com/workspace/gmail/api/guides/sync
 */
import { z } from 'zod';
import type { Ask, Changes, ChangesContext, ChangesPage, SourceRecord, UnreadableRecord } from '#contract/connector';
import { readMails, readMessage } from './gmail-mail.ts';
import { inSpan, inUrl } from './items.ts';
import { isoOf } from './mail-headers.ts';
import { ProviderError } from './provider-error.ts';

/** Everything up to `historyId` has been told. `upTo`: where the next round starts, once this one has been read to its end; `pageToken`: where it is. */
const GmailPlace = z.strictObject({ historyId: z.string().regex(/^\d+$/), upTo: z.string().regex(/^\d+$/).nullable(), pageToken: z.string().min(1).nullable() });
export type GmailPlace = z.infer<typeof GmailPlace>;

/** Gmail's own limit. */
const HISTORY_MAX = 500;
/** What no list shows is not remembered; and a draft that was sent is one no more. */
const TELLING_LABELS = new Set(['TRASH', 'SPAM', 'DRAFT']), HIDING_LABELS = new Set(['TRASH', 'SPAM']);

const Touched = z.array(z.object({ message: z.object({ id: z.string().min(1) }), labelIds: z.array(z.string()).nullish() })).nullish();
const Entry = z.object({ messagesAdded: Touched, messagesDeleted: Touched, labelsAdded: Touched, labelsRemoved: Touched });
const History = z.object({ history: z.array(Entry).nullish(), nextPageToken: z.string().min(1).nullish(), historyId: z.string().regex(/^\d+$/) });
const Profile = z.object({ historyId: z.string().regex(/^\d+$/) });
const Head = z.object({ id: z.string().min(1), labelIds: z.array(z.string()).nullish(), internalDate: z.string().nullish() });

export const gmailChanges: Changes<GmailPlace, null> = {
  place: GmailPlace,

  async read(context) {
    const { get, baseUrl, from } = context;
    if (from === null) {
      // https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/getProfile
      const { historyId } = await get(Profile, { url: `${baseUrl}/gmail/v1/users/me/profile` });
      return { ...nothing, next: { historyId, upTo: null, pageToken: null }, done: true };
    }
    const page = await readHistory(context, from), found = await look(context, idsIn(page.history ?? [])), upTo = from.upTo ?? page.historyId;
    const next = page.nextPageToken ? { historyId: from.historyId, upTo, pageToken: page.nextPageToken } : { historyId: upTo, upTo: null, pageToken: null };
    return { ...found, next, done: !page.nextPageToken };
  },
};

const nothing: Pick<ChangesPage<GmailPlace>, 'records' | 'unreadable' | 'removed'> = { records: [], unreadable: [], removed: [] };

/** History is kept for a week and longer, then it is 404. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list */
async function readHistory({ get, baseUrl, pageSize }: ChangesContext<GmailPlace, null>, { historyId, pageToken }: GmailPlace): Promise<z.infer<typeof History>> {
  const url = `${baseUrl}/gmail/v1/users/me/history?startHistoryId=${historyId}&maxResults=${Math.min(pageSize, HISTORY_MAX)}`;
  try {
    if (pageToken === null) return await get(History, { url });
    // A page token that was forgotten begins the round again.
    return await get(History, { url: `${url}&pageToken=${inUrl(pageToken)}` }).catch((error: unknown) => { if (isKind(error, 'bad_request')) return get(History, { url }); throw error; });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new ProviderError('gone', 'Gmail no longer remembers what has changed since the last sync. The mailbox is read anew.', { cause: error });
  }
}

function idsIn(history: z.infer<typeof Entry>[]): string[] {
  const ids = history.flatMap(({ messagesAdded, messagesDeleted, labelsAdded, labelsRemoved }) => {
    const labelled = [...labelsAdded ?? [], ...labelsRemoved ?? []].filter(({ labelIds }) => labelIds?.some((label) => TELLING_LABELS.has(label)));
    return [...messagesAdded ?? [], ...messagesDeleted ?? [], ...labelled].map(({ message }) => message.id);
  });
  return [...new Set(ids)];
}

/** What a mail is by now; only those that no window reads are read whole. */
async function look(context: ChangesContext<GmailPlace, null>, ids: string[]): Promise<typeof nothing> {
  const found = await Promise.all(ids.map(async (id) => {
    const head = await readHead(context, id);
    if (head === null) return null;
    const date = isoOf(Number(head.internalDate ?? Number.NaN));
    return date !== null && !inSpan(date, context.span) ? undefined : readWhole(context, id);
  }));
  return {
    records: found.flatMap((one) => (one && 'kind' in one ? [one] : [])), unreadable: found.flatMap((one) => (one && 'message' in one ? [one] : [])),
    removed: ids.filter((_, i) => found[i] === null),
  };
}

/** Null: gone, or where no list shows it. https://developers.google.com/workspace/gmail/api/reference/rest/v1/Format */
async function readHead({ get, baseUrl }: Ask, id: string): Promise<z.infer<typeof Head> | null> {
  try {
    const head = await get(Head, { url: `${baseUrl}/gmail/v1/users/me/messages/${inUrl(id)}?format=minimal` });
    return head.labelIds?.some((label) => HIDING_LABELS.has(label)) ? null : head;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** One mail by its id; null: it is gone, or in the trash. */
export const readOne = async (ask: Ask & { providerId: string }): Promise<SourceRecord | UnreadableRecord | null> => ((await readHead(ask, ask.providerId)) === null ? null : readWhole(ask, ask.providerId));

async function readWhole({ get, baseUrl }: Ask, id: string): Promise<SourceRecord | UnreadableRecord | null> {
  const one = await readMessage(get, baseUrl, id);
  if ('gone' in one) return one.gone;
  const { records, unreadable } = readMails([one.mail]);
  return records[0] ?? unreadable[0] ?? null;
}

const isKind = (error: unknown, kind: ProviderError['kind']): boolean => error instanceof ProviderError && error.kind === kind;
/** Google's word for it; a 404 without it comes from somewhere else. */
const isNotFound = (error: unknown): boolean => isKind(error, 'not_found') && (error as ProviderError).code === 'notFound';
