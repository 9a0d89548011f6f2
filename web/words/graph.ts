/** The graph in plain words: kinds of things, relations read from either end, how a fact was found. Pure. */
import type { IconName } from '../parts/icon.tsx';

interface KindWords { one: string; many: string; icon: IconName; hue: number }
const kinds: Record<string, KindWords> = {
  person: { one: 'Person', many: 'People', icon: 'person', hue: 1 },
  organization: { one: 'Organisation', many: 'Organisations', icon: 'building', hue: 3 },
  channel: { one: 'Channel', many: 'Channels', icon: 'chat', hue: 2 },
  event: { one: 'Meeting', many: 'Meetings', icon: 'calendar', hue: 6 },
  thread: { one: 'Conversation', many: 'Conversations', icon: 'mail', hue: 8 },
  contact: { one: 'Contact', many: 'Contacts', icon: 'person', hue: 4 },
  lead: { one: 'Lead', many: 'Leads', icon: 'person', hue: 4 },
  account: { one: 'Account', many: 'Accounts', icon: 'building', hue: 5 },
  opportunity: { one: 'Opportunity', many: 'Opportunities', icon: 'bolt', hue: 7 },
  url: { one: 'Link', many: 'Links', icon: 'link', hue: 8 },
  money: { one: 'Amount', many: 'Amounts', icon: 'tag', hue: 5 },
  date: { one: 'Date', many: 'Dates', icon: 'calendar', hue: 6 },
  identifier: { one: 'Number', many: 'Numbers', icon: 'tag', hue: 7 },
  phone: { one: 'Phone number', many: 'Phone numbers', icon: 'tag', hue: 2 },
  place: { one: 'Place', many: 'Places', icon: 'map', hue: 4 },
  mentioned_person: { one: 'Person named', many: 'People named', icon: 'person', hue: 6 },
  company: { one: 'Company named', many: 'Companies named', icon: 'building', hue: 7 },
  topic: { one: 'Topic', many: 'Topics', icon: 'tag', hue: 1 },
};
/** What people look for first, in this order; everything else follows. */
export const MAIN_KINDS = ['person', 'organization', 'channel', 'contact', 'account', 'opportunity', 'lead', 'event', 'thread'] as const;

const inWords = (slug: string): string => { const words = slug.replaceAll('_', ' ').toLowerCase(); return words.charAt(0).toUpperCase() + words.slice(1); };
/** A type that a model or schema discovery found speaks for itself. */
export const kindWords = (type: string): KindWords => kinds[type] ?? { one: inWords(type), many: inWords(type), icon: 'tag', hue: 1 + [...type].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 8 };
export const kindHue = (type: string): string => `var(--hue-${kindWords(type).hue})`;

/** An address without what all addresses begin with. */
export const shortName = (name: string): string => name.replace(/^https?:\/\/(?:www\.)?/, '');

/** The key of something, where it says anything to people: an address or a domain does, a provider's id does not. Empty when it says no more than the name. */
export function keyInWords({ name, key }: { name: string; key: string }): string {
  return key === name || key.length > 60 || shortName(name) === shortName(key) || /^[\w+/=-]{20,}(?:@\d{4}-.*)?$/.test(key) ? '' : key;
}

/** A relation as it reads from its source, and from its target. */
const relations: Record<string, [from: string, to: string]> = {
  SENT: ['Wrote in', 'Written by'],
  RECEIVED: ['Received', 'Received by'],
  WORKS_AT: ['Works at', 'People there'],
  REPLY_TO: ['Replied to', 'Got replies from'],
  IN_THREAD: ['Belongs to', 'Contains'],
  ORGANIZED: ['Organised', 'Organised by'],
  ATTENDS: ['Attends', 'Attended by'],
  POSTED_IN: ['Posted in', 'Posted by'],
  MENTIONS: ['Mentions', 'Mentioned by'],
  RELATES_TO: ['Relates to', 'Related to'],
  OWNS: ['Owns', 'Owned by'],
};
export const relationWords = (type: string, fromSource: boolean): string => relations[type]?.[fromSource ? 0 : 1] ?? (fromSource ? inWords(type) : `${inWords(type)} (from there)`);

const methods: Record<string, string> = { header: 'said by the record\'s own fields', rule: 'found by a rule', llm: 'read by the model' };
/** How a fact was found in a record. */
export const methodWords = (method: string, confidence: number): string => `${methods[method] ?? method}${confidence < 1 ? `, ${Math.round(confidence * 100)} % sure` : ''}`;
