/** The content hash: decides whether a record is unchanged. It covers everything that derivation reads, and the version of derivation. */
import { hash } from 'node:crypto';
import type { SourceRecord } from '#contract/connector';
import type { SecretKind } from '#contract/redaction';

/** Raise it when derivation changes what is stored: every record then counts as changed, once. */
export const EXTRACT_VERSION = 3;

/**
 * SHA-256 in hex over a canonical form: fields in fixed order, properties sorted, as JSON; then the body as it is, for escaping it would cost more than hashing. The link (`url`) is left out: providers reword it. So is the
 * date of a CRM row, which is that of its last change, also when nothing changed that is read. `spared`: kinds of secrets that are left in; whoever changes
 * that has records derived anew when they are next met.
 */
export function contentHash(record: SourceRecord, spared: readonly SecretKind[] = []): string {
  const { stream, providerId, kind, occurredAt, endsAt, title, body, participants, threadId, globalId, replyToGlobalId, properties } = record;
  const sorted = Object.keys(properties).sort().map((name) => [name, properties[name]]);
  const people = participants.map(({ role, address, name, id }) => (id === undefined ? [role, address, name] : [role, address, name, id]));
  const when = kind === 'mail' || kind === 'event' || kind === 'message' ? occurredAt : null;
  const head = JSON.stringify([EXTRACT_VERSION, stream, providerId, kind, when, endsAt, title, body.format, people, threadId, globalId, replyToGlobalId, sorted, ...(spared.length > 0 ? [spared] : [])]);
  return hash('sha256', head + body.content, 'hex');
}
