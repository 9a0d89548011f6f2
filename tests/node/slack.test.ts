/** What is particular to Slack: its markup, whose message belongs to which window, what of a message is remembered. */
import { expect, it } from 'vitest';
import { slackRecord, SlackMessage, type SlackDirectory } from '#fly-worker/connectors/slack-message';
import { readSlackText } from '#fly-worker/connectors/slack-text';
import { slackOAuth } from '#fly-worker/connectors/slack-oauth';
import { contentHash } from '#fly-worker/extract/hash';

const channel = { id: 'C1', title: '#general', kind: 'public' as const, isArchived: false };
const directory: SlackDirectory = { teamId: 'T1', teamUrl: 'https://nordwind.slack.com', channels: new Map([['C1', channel]]), people: new Map([['U1', { name: 'Anna Berg', address: 'anna@nordwind.example', isBot: false }]]) };
const recordOf = (change: object) => slackRecord(SlackMessage.parse({ ts: '1781856000.000700', user: 'U1', text: 'Hello', ...change }), channel, directory);
const names = { person: (id: string) => directory.people.get(id)?.name ?? null, channel: (id: string) => directory.channels.get(id)?.title ?? null };

it.each([
  ['<@U1> and <@U9|tom>, <@U8>', '@Anna Berg and @tom, @U8'], ['<#C1> <#C2|sales>', '#general #sales'], ['<!here> <!subteam^S1|@it> <!date^1^{date}|1 April>', '@here @it 1 April'],
  ['<https://x.example/a?b=1&amp;c=2|here> <https://y.example|y.example> <mailto:a@b.example|a@b.example>', 'here <https://x.example/a?b=1&c=2> https://y.example a@b.example'], ['a &lt;b&gt; &amp;amp; < c', 'a <b> &amp; < c'],
])('reads %j as people do', (source, text) => { expect(readSlackText(source, names).text).toBe(text); });

it('does not hash what moves without anything being said: reactions, answers, edit marks, previews, a first answer', () => {
  const later = recordOf({ thread_ts: '1781856000.000700', reply_count: 7, latest_reply: '1781956000.000700', reactions: [{ name: 'tada', count: 3 }], edited: { ts: '1' }, pinned_to: ['C1'], attachments: [{ from_url: 'https://x.example', title: 'x' }] });
  expect(contentHash(later!)).toBe(contentHash(recordOf({})!));
  expect(contentHash(recordOf({ text: 'Hallo' })!)).not.toBe(contentHash(recordOf({})!));
});

it('knows people by address, strangers and programs by id, and links to the message', () => {
  expect(recordOf({ thread_ts: '1781855000.000100', parent_user_id: 'U7', text: '<@U9>' })).toMatchObject({
    participants: [{ role: 'author', address: 'anna@nordwind.example', name: 'Anna Berg' }, { role: 'mentioned', address: null, id: 'slack:T1:U9' }],
    properties: { parentAuthor: 'slack:T1:U7' }, url: 'https://nordwind.slack.com/archives/C1/p1781856000000700?thread_ts=1781855000.000100&cid=C1',
  });
  expect(recordOf({ user: undefined, bot_id: 'B1', username: 'CI' })).toMatchObject({ title: 'CI in #general', properties: { automated: true } });
});

it('takes a token out of either of its two places', () => {
  const token = { access_token: 'xoxp-1', scope: 'channels:read,users:read' }, grant = { accessToken: 'xoxp-1', expiresInSeconds: null, refreshToken: null };
  for (const answer of [{ ok: true, authed_user: token }, { ok: true, ...token }]) expect(slackOAuth.tokenAnswer.parse(answer)).toMatchObject(grant);
  expect(slackOAuth.tokenAnswer.safeParse({ ok: false, error: 'invalid_code' }).success).toBe(false);
});
