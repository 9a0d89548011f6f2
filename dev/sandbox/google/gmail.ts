/** The sandbox's Gmail: profile, list, mail, attachment of the signed-in user. https://developers.google.com/workspace/gmail/api/reference/rest */
import { createHash } from 'node:crypto';
import type { GraphMessage } from '../../mailbox/shape.ts';
import type { Account, Entry } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { historyId, INBOX, listHistory, TRASH } from './history.ts';
import { headersOf, partElsewhere, payloadOf } from './mime.ts';
import { googleError, say } from './wording.ts';

const LIST_DEFAULT = 100, LIST_MAX = 500;
type Mail = Entry<GraphMessage>;

/** Answers one GET below /gmail/v1/users/me. */
export function answerGmail(request: ApiRequest, path: string): Answer {
  const { account, url } = request;
  if (path === '/profile') return json(200, { emailAddress: account.plan.address, messagesTotal: account.messages.length, threadsTotal: threadCount(account), historyId: historyId(account) });
  if (path === '/messages') return listMessages(request);
  if (path === '/history') return listHistory(request, (id) => gmailId(account, { id }));
  const [, id = '', attachment] = /^\/messages\/([^/]+)(?:\/attachments\/([^/]+))?$/.exec(path) ?? [];
  const mail = mailOf(account, id);
  if (!mail) return say({ kind: 'status', status: 404 });
  if (attachment) {
    const data = partElsewhere(mail.value, attachment);
    return data === null ? googleError(400, 'invalidArgument', 'Invalid attachment token', 'INVALID_ARGUMENT') : json(200, { size: data.length, data: data.toString('base64url') });
  }
  return oneMessage(account, mail, url.searchParams.get('format') ?? 'full');
}

const hex = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
/** Ids of Gmail's own, not those of other providers. */
const gmailId = (account: Account, mail: Pick<GraphMessage, 'id'>): string => hex(`gmail ${account.plan.address} ${mail.id}`);
const threadId = (account: Account, mail: GraphMessage): string => hex(`gmail thread ${account.plan.address} ${mail.conversationId}`);
const threadCount = (account: Account): number => new Set(account.messages.map(({ value }) => value.conversationId)).size;

/** Found by id without looking through the mailbox a thousand times. */
const indices = new WeakMap<Account, { revision: number; byId: Map<string, Mail> }>();
function mailOf(account: Account, id: string): Mail | undefined {
  let index = indices.get(account);
  if (index?.revision !== account.revision) {
    index = { revision: account.revision, byId: new Map(account.messages.map((mail) => [gmailId(account, mail.value), mail])) };
    indices.set(account, index);
  }
  return index.byId.get(id);
}

/** Newest first. The token names the last mail shown, so that new mail does not shift the pages. */
function listMessages({ account, url, pageFault }: ApiRequest): Answer {
  const asked = url.searchParams, range = readQuery(asked.get('q') ?? '');
  const max = Math.min(LIST_MAX, Number(asked.get('maxResults') ?? LIST_DEFAULT));
  if (!range || !Number.isInteger(max) || max < 1) return googleError(400, 'invalidArgument', 'Invalid value for maxResults or q', 'INVALID_ARGUMENT');
  const after = asked.get('pageToken'), place = after === null ? null : readToken(after);
  if (place === undefined) return googleError(400, 'invalidArgument', 'Invalid pageToken', 'INVALID_ARGUMENT');
  const fits = ({ at, id, value }: Mail): boolean => {
    return at > range.after && at < range.before && (value.parentFolderId !== TRASH || asked.get('includeSpamTrash') === 'true') && (place === null || at < place.at || (at === place.at && id > place.id));
  };
  const all = account.messages.filter(fits);
  if (pageFault === 'empty-page-with-next') return json(200, { nextPageToken: after ?? toToken({ at: '9999', id: '' }), resultSizeEstimate: all.length });
  const page = all.slice(0, max), last = pageFault === 'duplicate-across-pages' && page.length > 1 && page.length < all.length ? page.at(-2) : page.at(-1);
  return json(200, {
    ...page.length && { messages: page.map(({ value }) => ({ id: gmailId(account, value), threadId: threadId(account, value) })) },
    ...last && page.length < all.length && { nextPageToken: toToken(last) }, resultSizeEstimate: Math.min(201, all.length),
  });
}

const toToken = ({ at, id }: { at: string; id: string }): string => Buffer.from(JSON.stringify([at, id])).toString('base64url');
function readToken(token: string): { at: string; id: string } | undefined {
  try {
    const [at, id] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    return typeof at === 'string' && typeof id === 'string' ? { at, id } : undefined;
  } catch {
    return undefined;
  }
}

/** `after:` and `before:` in whole seconds; both edges are out, which is the least that the words can mean. */
function readQuery(q: string): { after: string; before: string } | undefined {
  const range = { after: '0000', before: '9999' };
  for (const term of q.split(/\s+/).filter(Boolean)) {
    const [, name, seconds] = /^(after|before):(-?\d+)$/.exec(term) ?? [];
    if (name !== 'after' && name !== 'before') return undefined;
    range[name] = `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}Z`;
  }
  return range;
}

function oneMessage(account: Account, mail: Mail, format: string): Answer {
  const { value } = mail;
  const head = {
    id: gmailId(account, value), threadId: threadId(account, value), labelIds: labelsOf(account, value), snippet: escapeHtml(value.bodyPreview.slice(0, 200)),
    sizeEstimate: value.body.content.length + 4_000, historyId: historyId(account), internalDate: String(Date.parse(mail.at)),
  };
  switch (format) {
    case 'minimal': return json(200, head);
    case 'metadata': return json(200, { ...head, payload: { mimeType: payloadOf(account, value).mimeType, headers: headersOf(account, value) } });
    case 'full': {
      // Labels change, the text does not: it is made once.
      const form = `gmail ${value.changeKey}`;
      const payload = mail.cache?.get(form) ?? Buffer.from(JSON.stringify(payloadOf(account, value)));
      (mail.cache ??= new Map<string, Buffer>()).set(form, payload);
      return { status: 200, body: Buffer.concat([Buffer.from(`${JSON.stringify(head).slice(0, -1)},"payload":`), payload, Buffer.from('}')]), headers: { 'content-type': 'application/json; charset=UTF-8' } };
    }
    default: return googleError(400, 'invalidArgument', `The sandbox has no format ${format}`, 'INVALID_ARGUMENT');
  }
}

function labelsOf(account: Account, mail: GraphMessage): string[] {
  if (mail.isDraft) return ['DRAFT'];
  const sent = mail.from?.emailAddress.address.toLowerCase() === account.plan.address;
  return [...mail.parentFolderId === TRASH ? ['TRASH'] : [], ...mail.isRead ? [] : ['UNREAD'], ...sent ? ['SENT'] : mail.parentFolderId === INBOX ? ['INBOX', 'CATEGORY_PERSONAL'] : [], ...mail.importance === 'high' ? ['IMPORTANT'] : []];
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
