/** A mail's headers as people and dates. RFC 5322, RFC 2047. */
import { addressParser, decodeWords } from 'postal-mime';
import type { Participant, ParticipantRole } from '#contract/connector';
import { addressOf } from './items.ts';

export interface Header { name: string; value: string }

/** The first header of that name, unfolded, words decoded; null when there is none or nothing in it. */
export function headerOf(headers: readonly Header[], name: string): string | null {
  const raw = rawHeader(headers, name);
  return raw === null ? null : decodeWords(raw).trim() || null;
}

const rawHeader = (headers: readonly Header[], name: string): string | null =>
  headers.find((header) => header.name.toLowerCase() === name)?.value.replace(/\r?\n(?=[ \t])/g, '').trim() || null;

/** Everybody in one address header; groups are opened. Who has no address that is one keeps the name. */
const peopleIn = (headers: readonly Header[], name: string, role: ParticipantRole): Participant[] =>
  addressParser(rawHeader(headers, name) ?? '', { flatten: true }).flatMap((one) => {
    const address = addressOf(one.address), shown = one.name.trim() || (address === null ? one.address?.trim() ?? '' : '');
    return address === null && shown === '' ? [] : [{ role, address, name: shown || null }];
  });

/** Everybody who takes part, as the other mail connectors name them: sender and reply-to only when they are not the author. */
export function peopleOf(headers: readonly Header[]): Participant[] {
  const from = peopleIn(headers, 'from', 'from'), isAuthor = ({ address }: Participant): boolean => address !== null && address === from[0]?.address;
  return [
    ...from, ...peopleIn(headers, 'sender', 'sender').filter((one) => !isAuthor(one)),
    ...peopleIn(headers, 'to', 'to'), ...peopleIn(headers, 'cc', 'cc'), ...peopleIn(headers, 'bcc', 'bcc'),
    ...peopleIn(headers, 'reply-to', 'reply_to').filter((one) => !isAuthor(one)),
  ];
}

/** The first message id in a header, with its brackets. */
export const messageIdIn = (headers: readonly Header[], name: string): string | null => /<[^<>\s]+>/.exec(rawHeader(headers, name) ?? '')?.[0] ?? null;

/** ISO 8601 UTC; null when it is no date, or none that could be meant. */
export function isoOf(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
