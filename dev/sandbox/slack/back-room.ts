/**
 * What a test changes in a workspace, below /admin/accounts/{address}/slack:
 * GET channels · POST channels {name, kind?} · DELETE channels/{id} · PATCH channels/{id} {isClosed?, isArchived?, name?}
 * GET channels/{id}/messages · POST channels/{id}/messages {text, user?, thread?, ts?} · PATCH channels/{id}/messages/{ts} {text?, reactions?} · DELETE channels/{id}/messages/{ts}
 */
import { idOf, type ChatChannel, type ChatKind, type ChatMessage } from '../../mailbox/chats.ts';
import type { Account } from '../accounts.ts';
import { json, type Answer } from '../wire.ts';
import { workspaceOf, type Workspace } from './workspace.ts';

const NONE = json(404, { error: 'not found; the endpoints are listed in dev/sandbox/slack/back-room.ts' });
type Input = Record<string, unknown>;

/** Answers one request of the back room. */
export function backRoom(account: Account, [room, id, what, ts]: string[], method: string, input: Input, now: number): Answer {
  const workspace = workspaceOf(account), channel = workspace.channels.find(one => one.id === id);
  if (room !== 'channels') return NONE;
  if (id === undefined) return method === 'POST' ? open(workspace, input, now) : json(200, workspace.channels.map(shown));
  if (!channel) return NONE;
  if (what === undefined) return change(workspace, channel, method, input);
  return what === 'messages' ? messages(workspace, channel, ts, method, input, now) : NONE;
}

const shown = ({ messages, ...channel }: ChatChannel): object => ({ ...channel, messages: messages.length });

function open(workspace: Workspace, { name, kind = 'public' }: Input, now: number): Answer {
  if (typeof name !== 'string') return json(400, { error: 'name is text' });
  const channel: ChatChannel = { id: idOf('C', `${workspace.team.id} ${name} ${now}`), name, kind: kind as ChatKind, members: null, isArchived: false, isClosed: false, created: Math.floor(now / 1_000), topic: '', messages: [] };
  workspace.channels.push(channel);
  return json(201, shown(channel));
}

function change(workspace: Workspace, channel: ChatChannel, method: string, { isClosed, isArchived, name }: Input): Answer {
  if (method === 'DELETE') workspace.channels.splice(workspace.channels.indexOf(channel), 1);
  if (typeof isClosed === 'boolean') channel.isClosed = isClosed;
  if (typeof isArchived === 'boolean') channel.isArchived = isArchived;
  if (typeof name === 'string') channel.name = name;
  return json(200, shown(channel));
}

function messages({ self }: Workspace, channel: ChatChannel, ts: string | undefined, method: string, input: Input, now: number): Answer {
  if (ts === undefined && method !== 'POST') return json(200, channel.messages);
  if (ts === undefined) {
    if (typeof input['text'] !== 'string') return json(400, { error: 'text is text' });
    const made: ChatMessage = { ts: typeof input['ts'] === 'string' ? input['ts'] : freeStamp(channel, now), user: typeof input['user'] === 'string' ? input['user'] : self.id, text: input['text'], ...typeof input['thread'] === 'string' && { thread: input['thread'] } };
    channel.messages.push(made);
    channel.messages.sort((a, b) => (a.ts < b.ts ? -1 : 1));
    return json(201, made);
  }
  const message = channel.messages.find(one => one.ts === ts);
  if (!message) return NONE;
  if (method === 'DELETE') channel.messages.splice(channel.messages.indexOf(message), 1);
  if (typeof input['text'] === 'string') Object.assign(message, { text: input['text'], edited: freeStamp(channel, now) });
  if (Array.isArray(input['reactions'])) message.reactions = input['reactions'] as NonNullable<ChatMessage['reactions']>;
  return json(200, message);
}

function freeStamp({ messages }: ChatChannel, now: number): string {
  for (let micro = 1; ; micro++) {
    const ts = `${Math.floor(now / 1_000)}.${String(now % 1_000 * 1_000 + micro).padStart(6, '0')}`;
    if (!messages.some(one => one.ts === ts)) return ts;
  }
}
