/**
 * A Slack message as a record. What is remembered, and so hashed: who wrote what where, in which thread, with which files, under today's
 * names. What is not, because it moves without anything new being said: reactions, reply counts, edit marks, pins, link previews.
 * https://docs.slack.dev/reference/events/message
 */
import { z } from 'zod';
import type { Participant, SourceRecord } from '#contract/connector';
import { facts } from './items.ts';
import { readSlackText } from './slack-text.ts';

export interface SlackPerson { name: string; address: string | null; isBot: boolean }
export interface SlackChannel { id: string; /** `#general`, or who takes part in a direct message. */ title: string; kind: 'public' | 'private' | 'group' | 'direct'; isArchived: boolean }

/** Who and what the ids of one workspace mean. Read once a run. */
export interface SlackDirectory {
  teamId: string;
  /** `https://nordwind.slack.com`, for links; null: not known. */
  teamUrl: string | null;
  people: Map<string, SlackPerson>;
  channels: Map<string, SlackChannel>;
}

const Attachment = z.object({
  pretext: z.string().nullish(), title: z.string().nullish(), title_link: z.string().nullish(), text: z.string().nullish(), fallback: z.string().nullish(),
  /** Set on the previews that Slack adds to a message some time later. */
  from_url: z.string().nullish(), original_url: z.string().nullish(),
});

export const SlackMessage = z.object({
  ts: z.string().regex(/^\d{9,11}\.\d{6}$/),
  subtype: z.string().nullish(),
  user: z.string().nullish(),
  bot_id: z.string().nullish(),
  username: z.string().nullish(),
  bot_profile: z.object({ name: z.string().nullish() }).nullish(),
  user_profile: z.object({ real_name: z.string().nullish() }).nullish(),
  text: z.string().nullish(),
  thread_ts: z.string().nullish(),
  parent_user_id: z.string().nullish(),
  root: z.object({ user: z.string().nullish(), bot_id: z.string().nullish() }).nullish(),
  reply_count: z.number().nullish(),
  latest_reply: z.string().nullish(),
  files: z.array(z.object({ name: z.string().nullish(), title: z.string().nullish(), mode: z.string().nullish() })).nullish(),
  attachments: z.array(Attachment).nullish(),
});
export type SlackMessage = z.infer<typeof SlackMessage>;

/** Said by Slack itself about the channel, or a placeholder for something that is gone: nothing to remember. */
const NOTICES = new Set([
  'channel_join', 'channel_leave', 'channel_archive', 'channel_unarchive', 'channel_name', 'channel_posting_permissions', 'channel_convert_to_private', 'group_join', 'group_leave',
  'group_archive', 'group_unarchive', 'group_name', 'bot_add', 'bot_remove', 'bot_enable', 'bot_disable', 'pinned_item', 'unpinned_item', 'reminder_add', 'tombstone', 'huddle_thread', 'sh_room_created',
]);

/** `ts` counts microseconds and is unique in its channel; a record's time has milliseconds. */
export const slackTime = (ts: string): number => Number(ts.slice(0, -7)) * 1_000 + Number(ts.slice(-6, -3));

/** The record of a message; null: a notice, or nothing was said. */
export function slackRecord(message: SlackMessage, channel: SlackChannel, directory: SlackDirectory): SourceRecord | null {
  if (message.subtype && NOTICES.has(message.subtype)) return null;
  const { teamId, people, channels } = directory, { ts } = message;
  const { text, mentioned } = readSlackText(textOf(message), { person: (id) => people.get(id)?.name ?? null, channel: (id) => channels.get(id)?.title ?? null });
  const files = (message.files ?? []).filter(({ mode }) => mode !== 'tombstone' && mode !== 'hidden_by_limit').flatMap(({ name, title }) => name || title || []);
  const content = [text.trim(), ...files.map((name) => `File: ${name}`)].filter(Boolean).join('\n');
  if (content === '') return null;
  const author = authorOf(message, directory);
  const isReply = message.thread_ts != null && message.thread_ts !== ts;
  const idOf = (at: string) => `slack:${teamId}:${channel.id}:${at}`;
  const parent = message.parent_user_id ?? message.root?.user ?? message.root?.bot_id;
  return {
    stream: channel.id, kind: 'message', providerId: ts, occurredAt: new Date(slackTime(ts)).toISOString(), endsAt: null,
    title: channel.kind === 'direct' ? `${author.name ?? 'Somebody'}, direct message` : `${author.name ?? 'Somebody'} in ${channel.title}`,
    body: { format: 'text', content },
    participants: [author, ...mentioned.map((id) => personOf('mentioned', id, directory))],
    // A message is the start of its own thread, whether somebody has answered by now or not.
    threadId: idOf(message.thread_ts ?? ts), globalId: idOf(ts), replyToGlobalId: isReply ? idOf(message.thread_ts!) : null,
    url: directory.teamUrl && `${directory.teamUrl}/archives/${channel.id}/p${ts.replace('.', '')}${isReply ? `?thread_ts=${message.thread_ts}&cid=${channel.id}` : ''}`,
    properties: facts({
      channelId: `slack:${teamId}:${channel.id}`, channelName: channel.title, channelKind: channel.kind,
      parentAuthor: isReply && parent ? keyOf(parent, directory) : null,
      automated: message.bot_id || people.get(message.user ?? '')?.isBot ? true : null,
      files: files.join(', '),
    }),
  };
}

/** Programs often say everything in attachments; then the text beside them is empty or repeats them. */
function textOf({ text, attachments }: SlackMessage): string {
  const said = (attachments ?? []).filter((a) => !a.from_url && !a.original_url).map((a) => {
    const whole = [a.pretext, a.title && (a.title_link ? `<${a.title_link}|${a.title}>` : a.title), a.text].filter(Boolean).join('\n');
    return whole || a.fallback || '';
  });
  return [text ?? '', ...said].filter(Boolean).join('\n');
}

/** People who left, guests of other workspaces and programs are missing from the list of users: the message often names them itself. */
function authorOf(message: SlackMessage, directory: SlackDirectory): Participant {
  const id = message.user ?? message.bot_id;
  if (!id) return { role: 'author', address: null, name: message.username || message.bot_profile?.name || null };
  const known = personOf('author', id, directory);
  const own = message.bot_id ? message.username || message.bot_profile?.name : message.user_profile?.real_name;
  return known.name === null || message.bot_id ? { ...known, name: own || known.name } : known;
}

function personOf(role: Participant['role'], id: string, directory: SlackDirectory): Participant {
  const person = directory.people.get(id);
  return { role, address: person?.address ?? null, name: person?.name ?? null, id: `slack:${directory.teamId}:${id}` };
}
const keyOf = (id: string, directory: SlackDirectory): string => directory.people.get(id)?.address ?? `slack:${directory.teamId}:${id}`;
