/**
 * What a mail says about people. The edges and what they mean:
 *   person -SENT-> thread            wrote in this conversation
 *   person -RECEIVED-> thread        got mail of it; `role` is to, cc or bcc
 *   person -WORKS_AT-> organization  the domain of the address, unless it is free mail
 *   person -REPLY_TO-> person        answered a mail of theirs
 *   person -MENTIONS-> person        names somebody who takes part, in the new part of the text
 *   organization -IN_THREAD-> thread takes part through its people; people without an organization stand for themselves
 * A mail is no node: it is the evidence for all of these.
 */
import type { SourceRecord } from '#contract/connector';
import type { Facts, MarkedPart } from '#contract/memory';
import type { DerivedText } from './text.ts';
import { draftFacts, introduce, type FactsDraft, type KnownPerson, type NodeRef } from './facts.ts';
import { mention } from './mentions.ts';

const PREFIX = /^\s*(?:(?:re|aw|antw|antwort|sv|vs|ref|réf|rif|odp|res|ynt|fw|fwd|wg|tr|rv|enc|i|vl|doorst)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*)+/i;
const ANSWER = /^\s*(?:re|aw|antw|antwort|sv|vs|réf|rif|odp|res|ynt)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]/i;

/** Subject without any number of Re:, AW:, Fwd: .. */
export const bareSubject = (subject: string): string => subject.replace(PREFIX, '').trim();

export function mailFacts(record: SourceRecord, derived: DerivedText): Facts {
  const draft = draftFacts();
  const known = introduce(draft, record.participants);
  const thread = threadOf(draft, record, derived.title);
  const authors = known.filter(({ participant }) => participant.role === 'from' || participant.role === 'sender');
  const readers = known.filter(({ participant }) => participant.role === 'to' || participant.role === 'cc' || participant.role === 'bcc');
  if (thread) {
    for (const { person, participant } of authors) draft.relation('SENT', person, thread, participant.role === 'sender' ? { on_behalf: true } : {});
    for (const { person, participant } of readers) draft.relation('RECEIVED', person, thread, { role: participant.role });
    for (const { person, organization } of [...authors, ...readers]) draft.relation('IN_THREAD', organization ?? person, thread);
  }
  const from = authors.find(({ participant }) => participant.role === 'from') ?? authors[0];
  if (from && isAnswer(record)) answered(draft, from, readers, derived);
  mention(draft, `${derived.title}\n${derived.fresh}`, known, from?.person ?? null);
  return draft.done();
}

function threadOf(draft: FactsDraft, record: SourceRecord, title: string): NodeRef | null {
  const key = record.threadId ?? record.replyToGlobalId ?? record.globalId;
  return key === null ? null : draft.entity('thread', key, bareSubject(title) || '(no subject)');
}

const isAnswer = (record: SourceRecord): boolean => record.replyToGlobalId !== null || record.properties['isReply'] === true || ANSWER.test(record.title);

/** Who is answered: the author of the quoted mail where the text names one, else the first reader. */
function answered(draft: FactsDraft, from: KnownPerson, readers: KnownPerson[], { text, parts }: DerivedText): void {
  const others = readers.filter(({ person }) => person.key !== from.person.key);
  const quoted = quotedAuthor(text, parts);
  const named = quoted !== null && quoted !== from.person.key ? others.find(({ person }) => person.key === quoted) : undefined;
  const to = others.filter(({ participant }) => participant.role === 'to');
  const target = named ?? to[0];
  if (target) draft.relation('REPLY_TO', from.person, target.person, {}, named ? 0.95 : to.length === 1 ? 0.8 : 0.5);
}

const ADDRESS = /[\p{L}\d._%+'-]{1,64}@[\p{L}\d-]{1,63}(?:\.[\p{L}\d-]{1,63}){1,6}/u;
/** The first address in the head of the first quote: "On .. Anna <anna@..> wrote:" or "From: Anna <anna@..>". */
function quotedAuthor(text: string, parts: MarkedPart[]): string | null {
  const quote = parts.find((part) => part.kind === 'quote');
  return quote ? ADDRESS.exec(text.slice(quote.start, Math.min(quote.end, quote.start + 300)))?.[0].toLowerCase() ?? null : null;
}
