/**
 * What a chat message says:
 *   person -POSTED_IN-> channel     wrote in it
 *   person -MENTIONS-> person       named them
 *   person -REPLY_TO-> person       answered a message of theirs, in its thread
 *   person -IN_THREAD-> thread      who answered, and who was answered; a message that nobody answered has no thread
 *   person -WORKS_AT-> organization by the address, as in mail
 * A person with an address is the person of the mails; one without (programs, people of other workspaces) goes by the provider's id.
 * A connector names the channel in the properties `channelId` and `channelName`, the key of who is answered in `parentAuthor`, and sets
 * `automated` when a program wrote it.
 */
import type { SourceRecord } from '#contract/connector';
import type { Facts } from '#contract/memory';
import { draftFacts, introduce } from './facts.ts';
import { mention } from './mentions.ts';
import type { DerivedText } from './text.ts';

export function chatFacts(record: SourceRecord, derived: DerivedText): Facts {
  const draft = draftFacts();
  const known = introduce(draft, record.participants);
  const channelId = textOf(record, 'channelId') ?? record.stream, channelName = textOf(record, 'channelName') ?? '';
  const kind = textOf(record, 'channelKind');
  const channel = draft.entity('channel', channelId, channelName, kind === null ? {} : { kind });
  const author = known.find(({ participant }) => participant.role === 'author')?.person;
  if (author) {
    if (record.properties['automated'] === true) draft.entity('person', author.key, '', { automated: true });
    draft.relation('POSTED_IN', author, channel);
    for (const { person, participant } of known) if (participant.role === 'mentioned' && person.key !== author.key) draft.relation('MENTIONS', author, person);
    const parent = textOf(record, 'parentAuthor'), answered = parent === null ? null : draft.entity('person', parent, '');
    if (answered && answered.key !== author.key) draft.relation('REPLY_TO', author, answered);
    if (record.replyToGlobalId !== null && record.threadId !== null) {
      const thread = draft.entity('thread', record.threadId, channelName && `Thread in ${channelName}`);
      for (const person of answered ? [author, answered] : [author]) draft.relation('IN_THREAD', person, thread);
    }
  }
  mention(draft, derived.fresh, known, author ?? null);
  return draft.done();
}

const textOf = (record: SourceRecord, name: string): string | null => {
  const value = record.properties[name];
  return typeof value === 'string' && value !== '' ? value : null;
};
