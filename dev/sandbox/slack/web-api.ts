/** The sandbox's Slack Web API: lists, history, replies. Errors are 200 `{ok: false, error}`, as they are there. Authorisation and faults have happened before. */
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import type { ChatChannel, ChatKind, ChatMessage } from '../../mailbox/chats.ts';
import { conversationOf, messageOf, userOf, workspaceOf, type Workspace } from './workspace.ts';
import { no } from './wording.ts';

type Asked = { workspace: Workspace; parameters: URLSearchParams; may(scope: string): boolean; wantsEmptyPage: boolean; repeats: boolean };

const KINDS: Record<string, { kind: ChatKind; read: string; history: string }> = {
  public_channel: { kind: 'public', read: 'channels:read', history: 'channels:history' }, private_channel: { kind: 'private', read: 'groups:read', history: 'groups:history' },
  mpim: { kind: 'group', read: 'mpim:read', history: 'mpim:history' }, im: { kind: 'direct', read: 'im:read', history: 'im:history' },
};
const LIMIT_DEFAULT = 100, LIMIT_MAX = 1_000;

/** Answers one call; arguments may stand in the query or in a form. */
export function answerSlack({ url, body, account, scope, pageFault }: ApiRequest): Answer {
  const parameters = new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)]), granted = new Set(scope.split(/[\s,]+/));
  const asked: Asked = { workspace: workspaceOf(account), parameters, may: one => granted.has(one), wantsEmptyPage: pageFault === 'empty-page-with-next', repeats: pageFault === 'duplicate-across-pages' };
  switch (url.pathname.replace(/^\/api\//, '')) {
    case 'auth.test': return yes({ url: `https://${asked.workspace.team.domain}.slack.example/`, team: asked.workspace.team.name, user: asked.workspace.self.handle, team_id: asked.workspace.team.id, user_id: asked.workspace.self.id, is_enterprise_install: false });
    case 'users.list': return users(asked);
    case 'conversations.list': return conversations(asked);
    case 'conversations.history': return history(asked);
    case 'conversations.replies': return replies(asked);
    default: return no('unknown_method');
  }
}

const yes = (answer: object): Answer => json(200, { ok: true, ...answer });
const missing = (needed: string): Answer => no('missing_scope', { needed });

function users(asked: Asked): Answer {
  if (!asked.may('users:read')) return missing('users:read');
  return page(asked, 'members', asked.workspace.people.filter(({ unlisted }) => !unlisted), one => userOf(asked.workspace, one, asked.may('users:read.email')));
}

/** Refused whole when one of the kinds may not be listed. https://docs.slack.dev/reference/methods/conversations.list */
function conversations(asked: Asked): Answer {
  const kinds = (asked.parameters.get('types') ?? 'public_channel').split(',').map(one => KINDS[one.trim()]);
  for (const one of kinds) {
    if (!one) return no('invalid_types');
    if (!asked.may(one.read)) return missing(one.read);
  }
  const isWanted = ({ kind, isArchived }: ChatChannel): boolean => kinds.some(one => one?.kind === kind) && !(isArchived && asked.parameters.get('exclude_archived') === 'true');
  return page(asked, 'channels', asked.workspace.channels.filter(isWanted), one => conversationOf(asked.workspace, one));
}

/** What stands in the channel, newest first; answers only when they were shown there too. https://docs.slack.dev/reference/methods/conversations.history */
function history(asked: Asked): Answer {
  const channel = readable(asked);
  if ('status' in channel) return channel;
  const shown = channel.messages.filter(({ thread, subtype }) => !thread || subtype === 'thread_broadcast').filter(within(asked.parameters));
  return page(asked, 'messages', shown.toReversed(), one => messageOf(asked.workspace, one, channel.messages), { pin_count: 0, channel_actions_ts: null, channel_actions_count: 0 });
}

/** The message first, on every first page, then its answers from the oldest on. https://docs.slack.dev/reference/methods/conversations.replies */
function replies(asked: Asked): Answer {
  const channel = readable(asked);
  if ('status' in channel) return channel;
  const ts = asked.parameters.get('ts') ?? '', parent = channel.messages.find(one => one.ts === ts);
  if (!parent) return no('thread_not_found');
  const answers = channel.messages.filter(({ thread }) => thread === ts).filter(within(asked.parameters));
  return page(asked, 'messages', [parent, ...answers], one => messageOf(asked.workspace, one, channel.messages));
}

function readable({ workspace, parameters, may }: Asked): ChatChannel | Answer {
  const channel = workspace.channels.find(({ id }) => id === parameters.get('channel'));
  if (!channel) return no('channel_not_found');
  const { history: needed } = Object.values(KINDS).find(({ kind }) => kind === channel.kind)!;
  if (!may(needed)) return missing(needed);
  return channel.isClosed ? no('not_in_channel') : channel;
}

/** Both edges are outside unless `inclusive`. Times are compared as Slack's text: seconds and six digits. */
function within(parameters: URLSearchParams): (message: ChatMessage) => boolean {
  const exact = (text: string): string => { const [seconds = '0', micro = ''] = text.split('.'); return `${seconds.padStart(11, '0')}.${micro.padEnd(6, '0')}`; };
  const oldest = exact(parameters.get('oldest') ?? '0'), latest = exact(parameters.get('latest') ?? '99999999999'), edges = /^(1|true)$/.test(parameters.get('inclusive') ?? '');
  return ({ ts }) => { const at = exact(ts); return edges ? at >= oldest && at <= latest : at > oldest && at < latest; };
}

/** A cursor holds the place in the list and what the list was asked for; another's is refused. https://docs.slack.dev/apis/web-api/pagination */
function page<T>({ parameters, wantsEmptyPage, repeats }: Asked, name: string, list: T[], show: (one: T) => object, more: object = {}): Answer {
  const limit = Number(parameters.get('limit') ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) return no('invalid_limit');
  const key = ['channel', 'ts', 'types', 'oldest', 'latest'].map(one => parameters.get(one) ?? '').join(' '), cursor = parameters.get('cursor');
  const place = cursor ? /^next:(\d+) (.*)$/s.exec(Buffer.from(cursor, 'base64').toString('utf8')) : ['', '0', key];
  if (!place || place[2] !== key) return no('invalid_cursor');
  const from = Math.max(0, Number(place[1]) - (repeats ? 1 : 0)), until = wantsEmptyPage ? from : from + limit;
  const next = until < list.length ? Buffer.from(`next:${until} ${key}`).toString('base64') : '';
  return yes({ [name]: list.slice(from, until).map(show), ...more, has_more: next !== '', response_metadata: { next_cursor: next } });
}
