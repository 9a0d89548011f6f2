/** The workbench: the company's chat: its channels, who is in them, what is said about the same matters as in the mails. The same for the same seed, whoever of the company looks. */
import { createHash } from 'node:crypto';
import { someOfficeTime } from './calendar-time.ts';
import { ascii, type Cast, type Company, type Member } from './cast.ts';
import { dice, type Dice } from './random.ts';
import { factsFor, fill, type Facts, type Storyline } from './storyline.ts';
import { LIGHTING } from './storylines-lighting.ts';
import { OFFICE } from './storylines-office.ts';
import { ROBOTICS } from './storylines-robotics.ts';

export type ChatKind = 'public' | 'private' | 'group' | 'direct';
/** Somebody of the workspace. `address` null: a program. `unlisted`: of another workspace, so not in the list of people. */
export type ChatPerson = { id: string; name: string; address: string | null; handle: string; title: string; isBot?: boolean; isGone?: boolean; unlisted?: boolean };
/** A message as it is kept; ids of people and channels stand in the text as Slack writes them. */
export type ChatMessage = {
  ts: string; user: string; text: string; thread?: string; subtype?: 'channel_join' | 'bot_message' | 'thread_broadcast'; edited?: string; files?: string[]; reactions?: { name: string; users: string[] }[]; build?: { title: string; url: string; text: string };
};
/** `members` null: everybody. `closed`: the account is not in it and may not read it. Messages are oldest first, answers among them. */
export type ChatChannel = { id: string; name: string; kind: ChatKind; members: string[] | null; isArchived: boolean; isClosed: boolean; created: number; topic: string; messages: ChatMessage[] };
export type Chats = { team: { id: string; name: string; domain: string }; people: ChatPerson[]; channels: ChatChannel[] };

const MONTH = 30.44 * 86_400_000, MINUTE = 60_000;
const EMOJI = ['+1', 'eyes', 'tada', 'white_check_mark', 'pray', 'coffee', 'robot_face'];
const SMALL_TALK = ['Who has the key of room $room?', 'Cake in the kitchen, first come first served :cake:', 'The printer on floor 2 works again.', 'I am in $city until $date, call me on the mobile.', 'Lunch at $time?', 'Does anybody need the projector on $date?'];
const CHATTY = ['', '', '', '', 'fyi: ', 'Short update: '];

type World = { cast: Cast; roll: Dice; from: number; to: number; ids: Map<string, string>; taken: Set<string> };

/** About `messages` messages over `months` months until `now`. `cast`: of the account that the company was made for, so that all its people share one workspace. */
export function writeChats({ seed, cast, messages, months, now }: { seed: number; cast: Cast; messages: number; months: number; now: Date }): Chats {
  const { home } = cast, roll = dice(`chats ${seed} ${home.domain}`), to = Math.floor(now.getTime() / MINUTE) * MINUTE - MINUTE;
  const people = everybody(cast, roll), ids = new Map(people.flatMap(({ id, address }): [string, string][] => (address === null ? [] : [[address, id]])));
  const world: World = { cast, roll, from: to - months * MONTH, to, ids, taken: new Set() };
  const channels = channelsOf(world, people), total = channels.reduce((sum, { share }) => sum + share, 0);
  for (const draft of channels) fillChannel(world, draft, Math.round(messages * draft.share / total));
  return { team: { id: idOf('T', home.domain), name: home.name, domain: home.domain.split('.')[0]! }, people, channels: channels.map(({ channel }) => channel) };
}

/** `U0` and nine letters or digits, the same for the same words. */
export const idOf = (kind: 'T' | 'U' | 'B' | 'C' | 'G' | 'D' | 'F', words: string): string =>
  `${kind}0${[...createHash('sha256').update(`${kind} ${words}`).digest()].slice(0, 9).map(byte => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 32]).join('')}`;

function everybody({ home, byRole }: Cast, roll: Dice): ChatPerson[] {
  const listed = home.people.toSorted((a, b) => (a.address < b.address ? -1 : 1)).map((one): ChatPerson => person(one));
  const guest = roll.pick(byRole('customer')).people[0]!;
  return [
    ...listed, { id: idOf('U', `bot ${home.domain}`), name: 'Build Bot', handle: 'buildbot', address: null, title: '', isBot: true },
    { id: idOf('U', `gone ${home.domain}`), name: 'Robin Former', handle: 'robin.former', address: `robin.former@${home.domain}`, title: 'Trainee', isGone: true },
    { ...person(guest), unlisted: true },
  ];
}
const person = ({ name, address, title }: Member): ChatPerson => ({ id: idOf('U', address), name, address, handle: ascii(name).replace(/\s+/g, '.'), title });

/** `company`: whom all that is said is about. */
type Draft = { channel: ChatChannel; share: number; stories: Storyline[]; company?: Company; bot?: ChatPerson };

function channelsOf({ cast, roll, from, ids }: World, people: ChatPerson[]): Draft[] {
  const { home, trade } = cast, trades = trade === 'lighting' ? LIGHTING : ROBOTICS, inside = [...trades, ...OFFICE].filter(story => story.with === 'home');
  const staff = people.filter(({ isBot, unlisted }) => !isBot && !unlisted).map(({ id }) => id), bot = people.find(({ isBot }) => isBot);
  const made = (kind: ChatKind, name: string, topic: string, change: Partial<ChatChannel> = {}): ChatChannel =>
    ({ id: idOf(kind === 'direct' ? 'D' : kind === 'public' ? 'C' : 'G', `${name} ${home.domain}`), name, kind, topic, members: null, isArchived: false, isClosed: false, created: Math.floor(from / 1_000) - 86_400 * 90, messages: [], ...change });
  const about = (company: Company, prefix: string): Draft => ({
    channel: made('public', `${prefix}-${company.domain.split('.')[0]}`, `Everything about ${company.name}`), share: 4, stories: trades.filter(story => story.with === company.role), company,
  });
  const [first, second, third] = [...ids.keys()].filter(address => address.endsWith(`@${home.domain}`)).toSorted().map(address => ids.get(address)!);
  const owner = ids.get(cast.owner.address)!, others = [first, second, third].filter((id): id is string => id !== undefined && id !== owner).slice(0, 2);
  return [
    { channel: made('public', 'general', 'Announcements'), share: 5, stories: inside }, { channel: made('public', 'random', 'Everything else'), share: 5, stories: [] },
    ...cast.byRole('customer').map(company => about(company, 'cust')), ...cast.byRole('supplier').slice(0, 2).map(company => about(company, 'sup')),
    { channel: made('public', 'builds', 'What the machines say'), share: 2, stories: [], ...bot && { bot } },
    { channel: made('public', 'old-trade-fair', 'Until next year', { isArchived: true }), share: 1, stories: inside },
    { channel: made('public', 'works-council', 'Members only', { isClosed: true }), share: 1, stories: inside },
    { channel: made('private', 'leadership', 'Confidential', { members: [owner, ...others, ...roll.some(staff, 3)] }), share: 3, stories: OFFICE },
    { channel: made('group', `mpdm-${[owner, ...others].map(id => people.find(one => one.id === id)!.handle).join('--')}-1`, '', { members: [owner, ...others] }), share: 1, stories: inside },
    ...others.map((id): Draft => ({ channel: made('direct', id, '', { members: [owner, id] }), share: 1, stories: inside })),
  ];
}

function fillChannel(world: World, { channel, stories, company, bot }: Draft, count: number): void {
  const { roll, from, to } = world, writers = writersOf(world, channel);
  const until = channel.isArchived ? from + (to - from) / 2 : to;
  if (channel.kind === 'public') channel.messages.push({ ts: stamp(world, channel, from), user: writers[0]!, subtype: 'channel_join', text: `<@${writers[0]!}> has joined the channel` });
  while (channel.messages.length < count) {
    const at = someOfficeTime(from, until, roll);
    if (bot) channel.messages.push(build(world, channel, bot, at));
    else if (stories.length === 0) channel.messages.push(say(world, channel, roll.pick(writers), at, sentence(world, roll.pick(SMALL_TALK), talk(world, undefined, undefined, at))));
    else converse(world, channel, writers, talk(world, roll.pick(stories), company, at), at, until);
  }
  channel.messages.sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

const writersOf = ({ ids, cast: { home } }: World, { members }: ChatChannel): string[] => members ?? home.people.map(({ address }) => ids.get(address)!).toSorted();

/** A matter, a few words about it, and mostly a thread of answers; some go on into the next week. */
function converse(world: World, channel: ChatChannel, writers: string[], topic: Topic, at: number, until: number): void {
  const { roll } = world, opener = roll.pick(writers), story = topic.story!;
  const first = say(world, channel, opener, at, sentence(world, `${roll.pick(CHATTY)}${roll.pick(story.open)} ${roll.chance(0.5) ? roll.pick(story.say) : roll.pick(story.ask)}`, topic));
  if (roll.chance(0.12)) first.files = [`${roll.pick(['offer', 'photos', 'protocol', 'drawing'])}_${topic.facts.order}.${roll.pick(['pdf', 'xlsx', 'png'])}`];
  channel.messages.push(first);
  let when = at;
  for (let answers = roll.pick([0, 0, 1, 2, 3, 5]); answers > 0; answers--) {
    when += roll.int(1, roll.chance(0.9) ? 180 : 14_000) * MINUTE;
    if (when >= until) return;
    const writer = roll.pick(writers), answer = say(world, channel, writer, when, sentence(world, roll.pick(roll.chance(0.6) ? story.reply : story.say), topic));
    if (writer !== opener && roll.chance(0.3)) answer.text = `<@${opener}> ${answer.text}`;
    if (roll.chance(0.75)) answer.thread = first.ts;
    if (answer.thread && roll.chance(0.08)) answer.subtype = 'thread_broadcast';
    channel.messages.push(answer);
  }
}

type Topic = { story: Storyline | undefined; facts: Facts };

/** A channel about a company speaks of that one; every other of whom it likes. */
function talk({ cast, roll }: World, story: Storyline | undefined, about: Company | undefined, at: number): Topic {
  const company = about ?? roll.pick(story ? cast.byRole(story.with) : [cast.home]), colleague = roll.pick(cast.home.people);
  const other = roll.pick(company.people);
  return { story, facts: factsFor(roll, cast.trade, story?.lang ?? 'en', { company: company.name, person: other.first, colleague: colleague.name }, new Date(at)) };
}

function sentence({ roll }: World, words: string, { story, facts }: Topic): string {
  const text = fill(words, facts, roll, story?.lang ?? 'en').replace(/[&<>]/g, one => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one]!);
  if (roll.chance(0.06)) return `${text} <https://wiki.${ascii(facts.company).replace(/[^a-z0-9]+/g, '-')}.example/${facts.ticket}?a=1&amp;b=2|${facts.ticket}>`;
  return roll.chance(0.3) ? `${facts.company}: ${text}` : text;
}

function say(world: World, channel: ChatChannel, user: string, at: number, text: string): ChatMessage {
  const { roll } = world, ts = stamp(world, channel, at), users = writersOf(world, channel);
  return {
    ts, user, text: roll.chance(0.1) ? `${text} <@${roll.pick(users)}> ${roll.chance(0.5) ? ':eyes:' : ''}`.trim() : text,
    ...roll.chance(0.15) && { reactions: [{ name: roll.pick(EMOJI), users: roll.some(users, roll.int(1, 3)) }] }, ...roll.chance(0.05) && { edited: stamp(world, channel, at + 3 * MINUTE) },
  };
}

function build(world: World, channel: ChatChannel, bot: ChatPerson, at: number): ChatMessage {
  const { roll } = world, number = roll.int(100, 9_999), failed = roll.chance(0.2);
  return {
    ts: stamp(world, channel, at), user: bot.id, subtype: 'bot_message', text: '',
    build: { title: `Build ${number} ${failed ? 'failed' : 'passed'}`, url: `https://ci.${world.cast.home.domain}/builds/${number}`, text: failed ? `${roll.int(1, 9)} tests of the ${roll.pick(['gripper', 'palletiser', 'dimmer', 'fleet'])} firmware fail` : 'All green' },
  };
}

/** Seconds and microseconds, unique in its channel. */
function stamp({ taken }: World, { id }: ChatChannel, at: number): string {
  for (let micro = 100; ; micro += 100) {
    const ts = `${Math.floor(at / 1_000)}.${String(micro + 19).padStart(6, '0')}`;
    if (!taken.has(`${id} ${ts}`)) { taken.add(`${id} ${ts}`); return ts; }
  }
}
