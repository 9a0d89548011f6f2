/** Reading a provider's list item by item: one broken item must not spoil its page, and a missing field is no fact. */
import { z } from 'zod';
import type { SourceRecord, Span, UnreadableRecord } from '#contract/connector';

/**
 * Every item of a page as a record, or as unreadable with the reason. `toRecord` answers a sentence when an item makes no record, and
 * null when the item is nothing to remember. `idField` names the provider's id.
 */
export function readItems<Item>(
  raw: unknown[], schema: z.ZodType<Item>, who: { provider: string; idField: string }, toRecord: (item: Item) => SourceRecord | string | null,
): { records: SourceRecord[]; unreadable: UnreadableRecord[] } {
  const records: SourceRecord[] = [], unreadable: UnreadableRecord[] = [];
  for (const one of raw) {
    const item = schema.safeParse(one);
    const record = item.success ? toRecord(item.data) : whatIsWrong(item.error, who.provider);
    if (typeof record === 'string') unreadable.push({ providerId: idOf(one, who.idField), message: record });
    else if (record !== null) records.push(record);
  }
  return { records, unreadable };
}

const whatIsWrong = (error: z.ZodError, provider: string): string => {
  const issue = error.issues[0];
  return `${provider} sent it in a form that cannot be read: ${issue?.path.join('.') || 'the item'}: ${issue?.message ?? 'unknown'}.`;
};

/** An item too broken to have an id is known by its content (FNV-1a), so that the same breakage is one failure and not many. */
function idOf(raw: unknown, field: string): string {
  const item = z.record(z.string(), z.unknown()).safeParse(raw), id = item.success ? item.data[field] : null;
  if (typeof id === 'string' && id !== '') return id;
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(raw)) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  return `unreadable:${hash.toString(16)}`;
}

export const inSpan = (iso: string, { since, until }: Span): boolean => {
  const at = Date.parse(iso);
  return at >= Date.parse(since) && at < Date.parse(until);
};

/** Only what the provider said: a missing field is no fact, and must not change the record's hash when a provider starts to send null. */
export const facts = (all: Record<string, string | number | boolean | null | undefined>): SourceRecord['properties'] =>
  Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string | number | boolean] => entry[1] != null && entry[1] !== ''));

/** An address in lower case, or null when it is none. */
export function addressOf(text: string | null | undefined): string | null {
  const plain = text?.trim() ?? '';
  return /^[^\s@]+@[^\s@]+$/.test(plain) ? plain.toLowerCase() : null;
}

/** A provider's word as a part of an address. JSON can hold halves of characters, which an address cannot. */
export const inUrl = (text: string): string => encodeURIComponent(text.toWellFormed());
