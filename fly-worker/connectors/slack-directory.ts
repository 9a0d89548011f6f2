/** Slack's ids and what they mean: the workspace, its people with their addresses, the channels that the account's permissions show. */
import { z } from 'zod';
import type { Ask } from '#contract/connector';
import { addressOf, inUrl } from './items.ts';
import { ProviderError } from './provider-error.ts';
import type { SlackChannel, SlackDirectory, SlackPerson } from './slack-message.ts';

/** A page of a list. Slack's largest is 1,000 and it advises fewer. */
const LIMIT = 500;
/** A list that never ends is an error: half a million people. */
const PAGES_MAX = 1_000;

const Whole = { ok: z.literal(true), response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish() };
const Self = z.object({ ok: z.literal(true), url: z.string(), team_id: z.string().min(1) });
const User = z.object({
  id: z.string().min(1), name: z.string().nullish(), real_name: z.string().nullish(), is_bot: z.boolean().nullish(),
  profile: z.object({ email: z.string().nullish(), real_name: z.string().nullish(), display_name: z.string().nullish() }).nullish(),
});
const Users = z.object({ ...Whole, members: z.array(User) });
const Conversation = z.object({
  id: z.string().min(1), name: z.string().nullish(), user: z.string().nullish(), is_im: z.boolean().nullish(), is_mpim: z.boolean().nullish(),
  is_private: z.boolean().nullish(), is_archived: z.boolean().nullish(),
});
type Conversation = z.infer<typeof Conversation>;
const Conversations = z.object({ ...Whole, channels: z.array(Conversation) });

/** One call per kind: a call for several kinds is refused whole when the permission for one of them is missing. */
const KINDS = ['public_channel', 'private_channel', 'mpim', 'im'];

/** Throws ProviderError; `forbidden` only when no kind of channel at all may be listed. */
export async function readDirectory({ get, baseUrl }: Ask): Promise<SlackDirectory> {
  // https://docs.slack.dev/reference/methods/auth.test
  const self = await get(Self, { url: `${baseUrl}/api/auth.test` });
  const people = new Map<string, SlackPerson>(), channels = new Map<string, SlackChannel>();
  // https://docs.slack.dev/reference/methods/users.list
  await eachPage(async (cursor) => {
    const { members, response_metadata } = await get(Users, { url: `${baseUrl}/api/users.list?limit=${LIMIT}${cursor}` });
    for (const { id, name, real_name, profile, is_bot } of members) {
      // The real name, not the one shown: that one carries holidays and emojis, and every change of it would change every message.
      people.set(id, { name: profile?.real_name || real_name || profile?.display_name || name || id, address: addressOf(profile?.email), isBot: is_bot === true });
    }
    return response_metadata?.next_cursor;
  });
  let refused: ProviderError | null = null;
  for (const kind of KINDS) {
    try {
      // https://docs.slack.dev/reference/methods/conversations.list
      await eachPage(async (cursor) => {
        const answer = await get(Conversations, { url: `${baseUrl}/api/conversations.list?types=${kind}&exclude_archived=false&limit=${LIMIT}${cursor}` });
        for (const one of answer.channels) channels.set(one.id, { id: one.id, title: titleOf(one, people), kind: kindOf(one), isArchived: one.is_archived === true });
        return answer.response_metadata?.next_cursor;
      });
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'missing_scope') throw error;
      refused ??= error;
    }
  }
  if (channels.size === 0 && refused !== null) throw refused;
  return { teamId: self.team_id, teamUrl: /^https?:\/\//.test(self.url) ? self.url.replace(/\/+$/, '') : null, people, channels };
}

async function eachPage(read: (cursor: string) => Promise<string | null | undefined>): Promise<void> {
  let cursor = '';
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const next = await read(cursor);
    if (!next) return;
    cursor = `&cursor=${inUrl(next)}`;
  }
  throw new ProviderError('unreadable_answer', `Slack's lists of people and channels do not end (${PAGES_MAX} pages so far). Resume to try again.`);
}

const kindOf = (one: Conversation): SlackChannel['kind'] => (one.is_im ? 'direct' : one.is_mpim ? 'group' : one.is_private ? 'private' : 'public');

/** Groups are called `mpdm-anna--jonas--tom-1`. */
function titleOf(one: Conversation, people: Map<string, SlackPerson>): string {
  if (one.is_im) return people.get(one.user ?? '')?.name ?? one.user ?? one.id;
  if (one.is_mpim) return (one.name ?? one.id).replace(/^mpdm-/, '').replace(/-\d+$/, '').split('--').join(', ');
  return `#${one.name ?? one.id}`;
}
