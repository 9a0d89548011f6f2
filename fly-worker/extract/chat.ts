/**
 * What a chat message says: person -POSTED_IN-> channel, person -MENTIONS-> person, person -REPLY_TO-> person.
 * A connector names the channel in the properties `channelId` and `channelName`, the author of the message that a thread hangs on in
 * `parentAuthor`. People without an address are known by their provider's id in `authorId`, or not at all.
 */
import type { SourceRecord } from '#contract/connector';
import type { Facts } from '#contract/memory';
import { findEntities } from './entities.ts';
import { draftFacts, introduce } from './facts.ts';
import type { DerivedText } from './text.ts';

export function chatFacts(record: SourceRecord, derived: DerivedText): Facts {
  const draft = draftFacts();
  const known = introduce(draft, record.participants);
  const writer = record.participants.find(({ role }) => role === 'author');
  const authorId = writer?.address ?? textOf(record, 'authorId');
  const channelId = textOf(record, 'channelId') ?? record.stream;
  const channel = draft.entity('channel', channelId, textOf(record, 'channelName') ?? channelId);
  if (authorId !== null) {
    const person = draft.entity('person', authorId.toLowerCase(), writer?.address ? '' : writer?.name ?? '');
    draft.relation('POSTED_IN', person, channel);
    for (const { person: other, participant } of known) if (participant.role === 'mentioned' && other.key !== person.key) draft.relation('MENTIONS', person, other);
    const parent = textOf(record, 'parentAuthor')?.toLowerCase();
    if (parent && parent !== person.key) draft.relation('REPLY_TO', person, draft.entity('person', parent, ''));
  }
  draft.include(findEntities(derived.fresh));
  return draft.done();
}

const textOf = (record: SourceRecord, name: string): string | null => {
  const value = record.properties[name];
  return typeof value === 'string' && value !== '' ? value : null;
};
