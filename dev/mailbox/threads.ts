/** The workbench: conversations: who starts them, who answers when, who is passed the matter. */
import type { Language, Member } from './cast.ts';
import { officeTime, someOfficeTime } from './calendar-time.ts';
import { writeMail, type Workshop } from './compose.ts';
import type { Quoted } from './markup.ts';
import type { GraphMessage } from './shape.ts';
import { factsFor, fill, type Facts, type Storyline } from './storyline.ts';

const REPLY: Record<Language, string[]> = { en: ['RE: ', 'Re: '], de: ['AW: ', 'Re: '], fr: ['RE: ', 'Re : '] };
const FORWARD: Record<Language, string> = { en: 'FW: ', de: 'WG: ', fr: 'TR: ' };
const MINUTE = 60_000;
const LENGTHS = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 12];

/** A conversation of at most `most` mails, begun between `from` and `to`. All of them are in the owner's mailbox. */
export function writeThread(shop: Workshop, story: Storyline, from: number, to: number, most: number): GraphMessage[] {
  const { cast, roll } = shop, { owner } = cast;
  const partner = roll.pick(cast.byRole(story.with)), colleagues = cast.home.people.filter(one => one !== owner);
  const other = roll.pick(partner === cast.home ? colleagues : partner.people), colleague = roll.pick(colleagues);
  const facts = factsFor(roll, cast.trade, story.lang, { company: partner.name, person: other.first, colleague: colleague.name }, new Date(from));
  const subject = subjectOf(shop, story, facts), length = Math.min(most, roll.pick(LENGTHS)), thread = `${shop.serial()} thread`;
  const circle = roll.some([...partner === cast.home ? colleagues : partner.people, ...roll.some(colleagues, 2)].filter(one => one !== other && one !== owner), roll.pick([0, 0, 1, 1, 2, 3]));
  const made: GraphMessage[] = [];
  let at = someOfficeTime(from, to, roll), writer = roll.chance(0.62) ? other : owner, past: Quoted | undefined, title = subject;
  while (made.length < length) {
    const last = made.length === length - 1, forward = last && past !== undefined && roll.chance(0.22);
    const reader: Member = forward ? colleague : writer === owner ? other : owner;
    if (forward) writer = owner;
    title = past ? forward ? `${FORWARD[story.lang]}${strip(title)}` : `${roll.pick(REPLY[story.lang])}${strip(title)}` : title;
    const mail = writeMail(shop, { story, facts, kind: forward ? 'forward' : past ? 'reply' : 'first', from: writer, to: [reader], cc: forward ? [] : circle, at: new Date(at), subject: title, thread, past });
    made.push(mail.message);
    past = mail.quoted;
    // Somebody in copy answers in place of the one who was asked.
    writer = reader === owner && roll.chance(0.75) ? owner : circle.length && roll.chance(0.2) ? roll.pick(circle) : reader;
    at = officeTime(at + roll.int(4, roll.chance(0.6) ? 240 : 2_600) * MINUTE + roll.int(0, 59) * 1_000, roll);
    if (at >= to) break;
  }
  return made;
}

/** A few people forget the subject, and say it in the mail. */
function subjectOf({ roll }: Workshop, story: Storyline, facts: Facts): string {
  if (roll.chance(0.009)) return '';
  const subject = fill(roll.pick(story.subjects), facts, roll, story.lang);
  return roll.chance(0.07) ? `[${roll.chance(0.5) ? facts.ticket : facts.order}] ${subject}` : subject;
}

const strip = (subject: string): string => subject.replace(/^((RE|Re|AW|FW|WG|TR) ?: )+/, '');
