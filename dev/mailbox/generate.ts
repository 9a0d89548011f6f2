/** The workbench: a whole invented mailbox and calendar, the same for the same seed. Reads like a company's traffic; nobody in it exists. */
import { invitation, invoice, notice } from './bulk.ts';
import { castFor, type Cast } from './cast.ts';
import type { Workshop } from './compose.ts';
import { writeEvents } from './events.ts';
import { crowd, draft, privately, secrets } from './odd.ts';
import { newsletter } from './newsletter.ts';
import { dice } from './random.ts';
import type { GraphMessage, Mailbox, Person } from './shape.ts';
import type { Storyline } from './storyline.ts';
import { LIGHTING } from './storylines-lighting.ts';
import { OFFICE } from './storylines-office.ts';
import { ROBOTICS } from './storylines-robotics.ts';
import { writeThread } from './threads.ts';

/** What to make. The newest mail is just before `now`, the oldest `months` before. `cast`: the people, when they are known already. */
type MailboxWish = { seed: number; owner: Person; cast?: Cast; mails?: number; events?: number; months?: number; now: Date };

const MONTH = 30.44 * 86_400_000;
/** Shares of the mailbox; the rest is conversations. */
const SHARES = { newsletter: 0.08, notice: 0.09, invoice: 0.06, invitation: 0.05, draft: 0.008, private: 0.04 };

/** Makes exactly `mails` mails and `events` events. */
export function generateMailbox({ seed, owner, cast = castFor(seed, owner), mails = 3_000, events = 300, months = 6, now }: MailboxWish): Mailbox {
  const roll = dice(`mailbox ${seed} ${owner.address}`), stories = [...cast.trade === 'lighting' ? LIGHTING : ROBOTICS, ...OFFICE];
  // Whole minutes: a mailbox asked for twice within one is the same.
  const to = Math.floor(now.getTime() / 60_000) * 60_000 - 60_000, from = to - months * MONTH;
  let count = 0;
  const shop: Workshop = { cast, roll, ended: to, serial: () => `${seed} ${owner.address} ${count++}` };
  const messages = special(shop, stories, from, to, mails);
  while (messages.length < mails) messages.push(...writeThread(shop, pickStory(stories, messages.length), from, to, mails - messages.length));
  return { messages, events: writeEvents(shop, stories, events, from, to), people: everybody(messages) };
}

/** Every storyline gets its turn, so that even a small mailbox knows them all. */
const pickStory = (stories: Storyline[], turn: number): Storyline => stories[(turn * 7 + 3) % stories.length] as Storyline;

function special(shop: Workshop, stories: Storyline[], from: number, to: number, mails: number): GraphMessage[] {
  const made: GraphMessage[] = mails >= 100 ? [...secrets(shop, from, to), crowd(shop, from, to)] : [];
  const add = (share: number, write: () => GraphMessage): void => {
    for (let i = Math.round(mails * share); i > 0; i--) made.push(write());
  };
  add(SHARES.newsletter, () => newsletter(shop, stories, from, to));
  add(SHARES.notice, () => notice(shop, from, to));
  add(SHARES.invoice, () => invoice(shop, from, to));
  add(SHARES.invitation, () => invitation(shop, stories, from, to));
  add(SHARES.draft, () => draft(shop, stories, from, to));
  add(SHARES.private, () => privately(shop, from, to));
  return made.slice(0, mails);
}

function everybody(messages: GraphMessage[]): Person[] {
  const people = new Map<string, Person>();
  for (const { from, toRecipients, ccRecipients } of messages) {
    for (const one of [...from ? [from] : [], ...toRecipients, ...ccRecipients]) people.set(one.emailAddress.address.toLowerCase(), one.emailAddress);
  }
  return [...people.values()];
}
