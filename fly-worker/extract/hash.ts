/** The content hash: decides whether a record is unchanged. It covers everything that derivation reads, and the version of derivation. */
import { hash } from 'node:crypto';
import type { SourceRecord } from '#contract/connector';

/** Raise it when derivation changes what is stored: every record then counts as changed, once. */
export const EXTRACT_VERSION = 3;

/**
 * SHA-256 in hex over a canonical form: fields in fixed order, properties sorted. The link (`url`) is left out: providers reword it. So is the
 * date of a CRM row, which is that of its last change, also when nothing changed that is read.
 */
export function contentHash(record: SourceRecord): string {
  const { stream, providerId, kind, occurredAt, endsAt, title, body, participants, threadId, globalId, replyToGlobalId, properties } = record;
  const sorted = Object.keys(properties).sort().map((name) => [name, properties[name]]);
  const people = participants.map(({ role, address, name, id }) => (id === undefined ? [role, address, name] : [role, address, name, id]));
  const when = kind === 'mail' || kind === 'event' || kind === 'message' ? occurredAt : null;
  return hash('sha256', JSON.stringify([EXTRACT_VERSION, stream, providerId, kind, when, endsAt, title, body.format, body.content, people, threadId, globalId, replyToGlobalId, sorted]), 'hex');
}
