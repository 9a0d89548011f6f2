/** The workbench: builds one mail or event in Graph's shape from what matters about it. Pure; ids are hashes of the seed they are given. */
import { createHash } from 'node:crypto';
import { folderId } from './folders.ts';
import type { Attendee, Body, GraphEvent, GraphMessage, Person, Recipient } from './shape.ts';

/** What makes a mail; the rest follows from it. `key` makes its id, `thread` its conversation. */
export type MailFacts = {
  key: string; thread: string; subject: string; body: Body; preview: string; at: string; from?: Person; to: Person[]; cc?: Person[]; bcc?: Person[];
  replyTo?: Person[]; messageId?: string; folder?: Parameters<typeof folderId>[0]; hasAttachments?: boolean; importance?: 'low' | 'normal' | 'high';
  isRead?: boolean; isDraft?: boolean; categories?: string[]; focused?: boolean;
};

/** What makes an event. Times are ISO UTC. */
type EventFacts = {
  key: string; series?: string; type?: GraphEvent['type']; subject: string; html: string; preview: string; start: string; end: string; created: string;
  organizer: Person; owner: string; attendees: { person: Person; response: string; optional?: boolean }[]; location?: string; online?: boolean; allDay?: boolean; cancelled?: boolean;
};

const PREVIEW_CHARS = 255;

/** A mail as `GET /me/messages/{id}` shows it. */
export function makeMessage(facts: MailFacts): GraphMessage {
  const { at, body, subject, to, cc = [], bcc = [], replyTo = [], from, isDraft = false } = facts;
  const id = exchangeId(facts.key), changeKey = `CQAAABYAAAB${digest(`ck${facts.key}`, 22)}`;
  return {
    '@odata.etag': `W/"${changeKey}"`, id, createdDateTime: at, lastModifiedDateTime: at, changeKey, categories: facts.categories ?? [],
    receivedDateTime: at, sentDateTime: at, hasAttachments: facts.hasAttachments ?? false,
    internetMessageId: facts.messageId ?? internetMessageId(facts.key, from), subject, bodyPreview: facts.preview.slice(0, PREVIEW_CHARS),
    importance: facts.importance ?? 'normal', parentFolderId: folderId(facts.folder ?? (isDraft ? 'Drafts' : 'Inbox')),
    conversationId: `AAQkADk${digest(`cv${facts.thread}`, 42)}=`, conversationIndex: `AQHa${digest(`cx${facts.key}`, 24)}`,
    isDeliveryReceiptRequested: isDraft ? null : false, isReadReceiptRequested: false, isRead: facts.isRead ?? true, isDraft,
    webLink: webLink(id), inferenceClassification: facts.focused === false ? 'other' : 'focused', body,
    ...from && !isDraft && { sender: recipient(from), from: recipient(from) },
    toRecipients: to.map(recipient), ccRecipients: cc.map(recipient), bccRecipients: bcc.map(recipient), replyTo: replyTo.map(recipient),
    flag: { flagStatus: 'notFlagged' },
  };
}

/** An event as a calendar view shows it. */
export function makeEvent(facts: EventFacts): GraphEvent {
  const id = exchangeId(facts.key), changeKey = `DwAAABYAAAB${digest(`ck${facts.key}`, 22)}`, mine = facts.organizer.address === facts.owner;
  const joinUrl = facts.online ? `https://teams.microsoft.com/l/meetup-join/19%3ameeting_${digest(`mt${facts.series ?? facts.key}`, 40)}%40thread.v2/0` : null;
  const answered = facts.created, own = facts.attendees.find(({ person }) => person.address === facts.owner)?.response;
  return {
    '@odata.etag': `W/"${changeKey}"`, id, createdDateTime: facts.created, lastModifiedDateTime: facts.created, changeKey, categories: [],
    originalStartTimeZone: 'W. Europe Standard Time', originalEndTimeZone: 'W. Europe Standard Time',
    iCalUId: `${EXCHANGE_ID}${facts.series ? dayOf(facts.start) : '00000000'}${hex(`ical${facts.series ?? facts.key}`, 40)}`, reminderMinutesBeforeStart: 15, isReminderOn: !facts.allDay,
    hasAttachments: false, subject: facts.subject, bodyPreview: facts.preview.slice(0, PREVIEW_CHARS), importance: 'normal', sensitivity: 'normal',
    isAllDay: facts.allDay ?? false, isCancelled: facts.cancelled ?? false, isOrganizer: mine, responseRequested: true,
    seriesMasterId: facts.series ? exchangeId(facts.series) : null, showAs: facts.allDay ? 'free' : 'busy', type: facts.type ?? 'singleInstance',
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(id)}&exvsurl=1&path=/calendar/item`, onlineMeetingUrl: null, isOnlineMeeting: joinUrl !== null,
    onlineMeetingProvider: joinUrl ? 'teamsForBusiness' : 'unknown', responseStatus: { response: mine ? 'organizer' : own ?? 'none', time: mine ? '0001-01-01T00:00:00Z' : answered },
    body: { contentType: 'html', content: facts.html }, start: graphTime(facts.start), end: graphTime(facts.end),
    location: { displayName: facts.location ?? '', locationType: 'default' },
    attendees: facts.attendees.map(({ person, response, optional }): Attendee => ({ type: optional ? 'optional' : 'required', status: { response, time: response === 'none' ? '0001-01-01T00:00:00Z' : answered }, ...recipient(person) })),
    organizer: recipient(facts.organizer), onlineMeeting: joinUrl ? { joinUrl } : null,
  };
}

/** How ids of meetings begin that were made in Exchange; the day of an occurrence follows. MS-OXOCAL 2.2.1.27 */
export const EXCHANGE_ID = '040000008200E00074C5B7101A82E008';
/** The year in two bytes, month and day in one each. */
const dayOf = (iso: string): string => [Number(iso.slice(0, 4)) >> 8, Number(iso.slice(0, 4)) & 0xff, Number(iso.slice(5, 7)), Number(iso.slice(8, 10))].map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join('');

/** Graph writes people as `{emailAddress}`; somebody without a name is called by the address. */
const recipient = ({ name, address }: Person): Recipient => ({ emailAddress: { name: name || address, address } });

/** Immutable-looking ids of Exchange's length, a hash of `key`. */
export const exchangeId = (key: string): string => `AAMkAD${digest(`id${key}`, 43)}${digest(`ie${key}`, 43)}AAA=`;

const internetMessageId = (key: string, from: Person | undefined): string =>
  `<${hex(`mid${key}`, 24).toUpperCase()}@${from?.address.split('@')[1] ?? 'outlook.example'}>`;
const webLink = (id: string): string => `https://outlook.office365.com/owa/?ItemID=${encodeURIComponent(id)}&exvsurl=1&viewmodel=ReadMessageItem`;
const graphTime = (iso: string): { dateTime: string; timeZone: 'UTC' } => ({ dateTime: `${iso.slice(0, 19)}.0000000`, timeZone: 'UTC' });
const digest = (text: string, length: number): string => createHash('sha256').update(text).digest('base64url').slice(0, length);
const hex = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length).toUpperCase();
