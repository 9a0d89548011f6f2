/** Gmail's history in the sandbox: mails that came, went, or were put into the trash and taken out again. Mails do not change, so an edit shows as a label. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list */
import { folderId } from '../../mailbox/folders.ts';
import type { Account, Change } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { googleError, say } from './wording.ts';

export const TRASH = folderId('Deleted Items'), INBOX = folderId('Inbox');
const PAGE_DEFAULT = 100, PAGE_MAX = 500, EDITION = 1_000_000;

/** Where the mailbox stands: ids of a former edition are too old. */
export const historyId = ({ journal, journalEdition }: Account): string => String((journalEdition + 1) * EDITION + journal.length);

/** `idOf`: Gmail's own id of a mail. */
export function listHistory({ account, url: { searchParams: asked }, pageFault }: ApiRequest, idOf: (id: string) => string): Answer {
  const start = Number(asked.get('startHistoryId') ?? NaN), max = Math.min(PAGE_MAX, Number(asked.get('maxResults') ?? PAGE_DEFAULT)), token = asked.get('pageToken');
  const offset = token === null ? 0 : Number(Buffer.from(token, 'base64url').toString('utf8').replace('history ', ''));
  if (!Number.isInteger(start) || !Number.isInteger(max) || max < 1 || !Number.isInteger(offset)) return googleError(400, 'invalidArgument', 'Invalid startHistoryId, maxResults or pageToken', 'INVALID_ARGUMENT');
  if (Math.floor(start / EDITION) !== account.journalEdition + 1) return say({ kind: 'status', status: 404 });
  const all = account.journal.map((change, i) => ({ change, id: String((account.journalEdition + 1) * EDITION + i + 1) })).slice(start % EDITION).filter(({ change }) => change.what === 'mail');
  const next = pageFault === 'empty-page-with-next' ? offset : offset + max, page = all.slice(offset, next);
  return json(200, {
    ...page.length && { history: page.map(({ change, id }) => ({ id, messages: [{ id: idOf(change.id), threadId: idOf(change.id) }], ...happened(change, { id: idOf(change.id), threadId: idOf(change.id) }) })) },
    ...next < all.length && { nextPageToken: Buffer.from(`history ${next}`).toString('base64url') }, historyId: historyId(account),
  });
}

function happened({ from, to }: Change, message: { id: string; threadId: string }): object {
  if (from === null) return { messagesAdded: [{ message: { ...message, labelIds: to === INBOX ? ['UNREAD', 'INBOX'] : [] } }] };
  if (to === null) return { messagesDeleted: [{ message }] };
  if (from !== to && to === TRASH) return { labelsAdded: [{ message: { ...message, labelIds: ['TRASH'] }, labelIds: ['TRASH'] }] };
  if (from !== to && from === TRASH) return { labelsRemoved: [{ message: { ...message, labelIds: [] }, labelIds: ['TRASH'] }] };
  return { labelsAdded: [{ message: { ...message, labelIds: ['UNREAD'] }, labelIds: ['UNREAD'] }] };
}
