/** The workbench: what two colleagues have in common: a mail between them lies in both mailboxes, a meeting of both stands in both calendars. Pure. */
import { folderId } from './folders.ts';
import { exchangeId } from './message.ts';
import type { GraphEvent, GraphMessage, Mailbox, Recipient } from './shape.ts';

/** `own` as it is when `other`'s mailbox tells the same story: what they share is taken from there, under ids of one's own. */
export function shareWith(own: Mailbox, mine: string, other: Mailbox, theirs: string): Mailbox {
  const shared = other.messages.filter(mail => !mail.isDraft && isIn(readersOf(mail), mine));
  const meetings = other.events.filter(event => isIn([event.organizer, ...event.attendees], mine));
  return {
    messages: [...own.messages.filter(mail => !isIn(readersOf(mail), theirs)), ...shared.map(mail => mailOf(mail, mine))],
    events: [...own.events.filter(event => !isIn([event.organizer, ...event.attendees], theirs)), ...meetings.map(event => eventOf(event, mine))],
    people: own.people,
  };
}

/** Everybody who has this mail: the one who wrote it, too. */
const readersOf = (mail: GraphMessage): (Recipient | undefined)[] => [mail.from, ...mail.toRecipients, ...mail.ccRecipients];
const addressOf = (one: Recipient | undefined): string => one?.emailAddress.address.toLowerCase() ?? '';
const isIn = (people: (Recipient | undefined)[], address: string): boolean => people.some(one => addressOf(one) === address);

function mailOf(mail: GraphMessage, mine: string): GraphMessage {
  const id = exchangeId(`${mail.id} ${mine}`);
  return { ...mail, id, parentFolderId: folderId(addressOf(mail.from) === mine ? 'Sent Items' : 'Inbox') };
}

function eventOf(event: GraphEvent, mine: string): GraphEvent {
  const copyOf = (id: string): string => exchangeId(`${id} ${mine}`), isMine = addressOf(event.organizer) === mine;
  const response = isMine ? 'organizer' : event.attendees.find(one => addressOf(one) === mine)?.status.response ?? 'none';
  return { ...event, id: copyOf(event.id), seriesMasterId: event.seriesMasterId && copyOf(event.seriesMasterId), isOrganizer: isMine, responseStatus: { ...event.responseStatus, response } };
}
