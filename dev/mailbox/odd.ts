/** The workbench: the mails that break things: drafts, private ones, 800 recipients, planted secrets (all invented, none opens anything). */
import { someOfficeTime } from './calendar-time.ts';
import type { Member } from './cast.ts';
import { companyOf, envelope, plain, type Workshop } from './compose.ts';
import { documentOf, escapeHtml, paragraph, regards, signature } from './markup.ts';
import { makeMessage } from './message.ts';
import type { GraphMessage } from './shape.ts';
import { factsFor, fill, type Storyline } from './storyline.ts';

const HOUR = 3_600_000, DAY = 24 * HOUR;

/** Published test numbers and freshly invented words: a scanner must find them, nobody can use them. */
const SECRETS: [subject: string, text: string][] = [
  ['Access to the staging server', 'As asked: user deploy, password: Tr0ckenhaube-Elbe-42! Please change it after the first login.'],
  ['API key for the freight quotes', 'The key is sk-proj-9fQ2mXv7Lr4TzB8nKc1WdYh6Jp3Sg5Ae0UoIbNq, quota is 500 calls a day. Keep it out of the repository.'],
  ['Company card for the booth', 'Use card 4111 1111 1111 1111, valid 09/28, CVC 737, for the booth deposit and send me the receipt.'],
  ['Bank details for the refund', 'Please refund to IBAN GB82 WEST 1234 5698 7654 32, reference as on the credit note.'],
  ['Cloud access for the log export', 'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE and AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, region eu-central-1.'],
];

/** The planted secrets, one mail each, written by colleagues. */
export function secrets(shop: Workshop, from: number, to: number): GraphMessage[] {
  const { roll, cast } = shop;
  return SECRETS.map(([subject, text]) => {
    const sender = roll.pick(cast.home.people.filter(one => one !== cast.owner)), at = new Date(someOfficeTime(from, to, roll));
    return letter(shop, sender, [cast.owner], subject, [`Hi ${cast.owner.first},`, escapeHtml(text)], at);
  });
}

/** The whole industry in one To: line. */
export function crowd(shop: Workshop, from: number, to: number): GraphMessage {
  const { roll, cast } = shop, sender = cast.byRole('bank')[0]?.people[0] ?? cast.owner, at = new Date(someOfficeTime(from, to, roll));
  const everybody: Member[] = Array.from({ length: 799 }, (_, i) => ({ ...cast.owner, name: `Member ${i + 1}`, address: `member${i + 1}@industry-forum-${i % 40}.example` }));
  return letter(shop, sender, [cast.owner, ...everybody], 'Industry forum: new date and house rules', ['Dear members,', 'the forum moves to the concert hall. Please reply to the office only, not to all.'], at);
}

/** Half-written mails: no sender yet, sometimes nobody to go to, sometimes no subject. */
export function draft(shop: Workshop, stories: Storyline[], from: number, to: number): GraphMessage {
  const { roll, cast } = shop, story = roll.pick(stories), company = roll.pick(cast.byRole(story.with)), at = new Date(someOfficeTime(from, to, roll));
  const facts = factsFor(roll, cast.trade, story.lang, { company: company.name, person: roll.pick(company.people).first, colleague: roll.pick(cast.home.people).name }, at);
  const say = (text: string): string => fill(text, facts, roll, story.lang), own = paragraph(escapeHtml(roll.some([...story.reply, ...story.say], 2).map(say).join(' ')), 'outlook');
  const subject = roll.chance(0.25) ? '' : say(roll.pick(story.subjects));
  const { from: _, ...rest } = envelope(shop, { thread: shop.serial(), subject, at, to: roll.chance(0.7) ? [roll.pick(company.people)] : [], cc: [] }, cast.owner);
  return makeMessage({ ...rest, folder: 'Drafts', isDraft: true, body: { contentType: 'html', content: documentOf(own, 'outlook') }, preview: plain(own) });
}

const CHATS: [subject: string, lines: string[]][] = [
  ['Dinner on {Friday|Saturday}?', ['We found a {Georgian|Basque|Korean} place behind the {station|harbour}, table for $n.', 'Bring the photos from {the lake|the wedding|the hut}, and tell me if $time is too late.']],
  ['Piano, the old one', ['The tuner wants $sum, which is more than we paid for it.', 'Shall we give it to the school instead? They would collect it on $date.']],
  ['Climbing weekend $city', ['I booked the hut for $n people, blankets are there.', 'Weather looks {mixed|fine} until $date; take the long rope.']],
  ["Mum's birthday", ['She wants no party, so we plan one for $date.', 'Could you order the {lemon|walnut} cake? I collect the chairs at $time.']],
  ['Flat viewing', ['Third floor, $n square metres more than ours, rent $sum.', 'The kitchen is {tiny|huge}, the neighbour plays the trombone. Viewing is on $date.']],
  ['Allotment garden', ['The beans are {up|eaten by snails}, and the shed needs $n new boards.', 'Are you free on $date to carry the water tank?']],
];

/** A private mail from or to a friend, after work. */
export function privately(shop: Workshop, from: number, to: number): GraphMessage {
  const { roll, cast } = shop, friend = roll.pick(cast.friends), [title, lines] = roll.pick(CHATS), mine = roll.chance(0.3);
  const at = new Date(Math.floor((from + roll.next() * (to - from - DAY)) / DAY) * DAY + 17.5 * HOUR + roll.int(0, 14_000) * 1_000);
  const facts = factsFor(roll, cast.trade, 'en', { company: '', person: friend.first, colleague: friend.name }, at), say = (text: string): string => fill(text, facts, roll, 'en');
  return letter(shop, mine ? cast.owner : friend, [mine ? friend : cast.owner], say(title), [`Hi ${mine ? friend.first : cast.owner.first},`, ...lines.map(line => escapeHtml(say(line)))], at);
}

function letter(shop: Workshop, sender: Member, to: Member[], subject: string, lines: string[], at: Date): GraphMessage {
  const own = [...lines, `${shop.roll.pick(regards('en'))},<br>\r\n${escapeHtml(sender.first)}`].map(line => paragraph(line, sender.client)).join('');
  const html = documentOf(`${own}${signature(sender, companyOf(shop.cast, sender), false)}`, sender.client);
  return makeMessage({ ...envelope(shop, { thread: shop.serial(), subject, at, to, cc: [] }, sender), body: { contentType: 'html', content: html }, preview: plain(own) });
}
