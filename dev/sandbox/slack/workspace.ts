/** A Slack workspace as one account sees it: people, channels, messages in wire shape. Kept per account, made when somebody looks. */
import { castFor } from '../../mailbox/cast.ts';
import { idOf, writeChats, type ChatChannel, type ChatMessage, type ChatPerson, type Chats } from '../../mailbox/chats.ts';
import type { Account } from '../accounts.ts';

export type Workspace = Chats & { self: ChatPerson };

const workspaces = new WeakMap<Account, Workspace>();

/** The workspace of the account's company. Channels that the person is not in are left out, but for those that only refuse to be read. */
export function workspaceOf(account: Account): Workspace {
  const known = workspaces.get(account);
  if (known) return known;
  const { seed, mails, months, colleagueOf } = account.plan;
  const chats = writeChats({ seed, cast: colleagueOf ? castFor(seed, colleagueOf) : account.cast, messages: Math.ceil(mails / 2), months, now: account.now });
  const { address, name } = account.plan;
  const self = chats.people.find(one => one.address === address) ?? { id: idOf('U', address), name, address, handle: address.split('@')[0]!, title: '' };
  const made = { ...chats, self, people: chats.people.includes(self) ? chats.people : [self, ...chats.people], channels: chats.channels.filter(({ members }) => members === null || members.includes(self.id)) };
  workspaces.set(account, made);
  return made;
}

/** https://docs.slack.dev/reference/objects/user-object */
export const userOf = ({ team }: Workspace, { id, name, handle, address, title, isBot = false, isGone = false }: ChatPerson, mayReadAddress: boolean): object => ({
  id, team_id: team.id, name: handle, deleted: isGone, real_name: name, tz: 'Europe/Berlin', is_admin: false, is_bot: isBot, is_app_user: false, updated: 1_700_000_000,
  profile: { title, real_name: name, real_name_normalized: name, display_name: name.split(' ')[0], status_text: '', status_emoji: '', ...mayReadAddress && address !== null && { email: address }, team: team.id },
});

/** https://docs.slack.dev/reference/objects/conversation-object */
export function conversationOf({ self, team }: Workspace, channel: ChatChannel): object {
  const { id, name, kind, isArchived, isClosed, created, topic, members } = channel;
  if (kind === 'direct') return { id, created, is_archived: false, is_im: true, is_org_shared: false, user: members?.find(one => one !== self.id) ?? self.id, is_user_deleted: false, priority: 0 };
  return {
    id, name, name_normalized: name, created, creator: members?.[0] ?? self.id, is_channel: kind === 'public', is_group: kind === 'private', is_im: false, is_mpim: kind === 'group', is_private: kind !== 'public', is_archived: isArchived,
    is_general: name === 'general', is_member: !isClosed && !isArchived, is_shared: false, is_ext_shared: false, context_team_id: team.id, unlinked: 0, updated: created * 1_000, previous_names: [],
    topic: { value: topic, creator: '', last_set: 0 }, purpose: { value: topic, creator: '', last_set: 0 }, ...members && { num_members: members.length },
  };
}

/** A message as history and replies show it. `among`: all of its channel, to count answers. https://docs.slack.dev/reference/events/message */
export function messageOf({ team, people }: Workspace, { ts, user, text, thread, subtype, edited, files, reactions, build }: ChatMessage, among: ChatMessage[]): object {
  const answers = thread ? [] : among.filter(one => one.thread === ts), writer = people.find(({ id }) => id === user), parent = among.find(one => one.ts === thread);
  const who = subtype === 'bot_message' ? { bot_id: user.replace(/^U/, 'B'), username: writer?.name } : { user };
  return {
    type: 'message', ...who, text, ts, team: team.id, ...subtype && { subtype }, ...writer?.unlisted && { user_profile: { real_name: writer.name, name: writer.handle } },
    ...build && { attachments: [{ id: 1, color: '2eb886', title: build.title, title_link: build.url, text: build.text, fallback: `${build.title}: ${build.text}` }] },
    ...edited && { edited: { user, ts: edited } }, ...files && { files: files.map(name => ({ id: idOf('F', `${ts} ${name}`), name, title: name, mode: 'hosted', mimetype: 'application/octet-stream', user })), upload: true },
    ...reactions && { reactions: reactions.map(({ name, users }) => ({ name, users, count: users.length })) },
    ...thread && { thread_ts: thread, parent_user_id: parent?.user, ...subtype === 'thread_broadcast' && { root: { type: 'message', user: parent?.user, ts: thread, thread_ts: thread } } },
    ...answers.length > 0 && { thread_ts: ts, reply_count: answers.length, reply_users_count: new Set(answers.map(one => one.user)).size, latest_reply: answers.at(-1)!.ts, reply_users: [...new Set(answers.map(one => one.user))].slice(0, 5), is_locked: false, subscribed: false },
  };
}
