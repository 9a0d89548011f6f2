/** Ids are hashes of meaning: writing needs no look-up and repeating needs no care. */
import { hash } from 'node:crypto';

const SEPARATOR = '\u001f';

/** The first 128 bits of a SHA-256 over the parts, as a UUID (version 8: "vendor specific", RFC 9562). */
function uuidOf(...parts: string[]): string {
  const h = hash('sha256', parts.join(SEPARATOR), 'hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-8${h.slice(13, 16)}-${((parseInt(h[16]!, 16) & 3) | 8).toString(16)}${h.slice(17, 20)}-${h.slice(20, 32)}`;
}

/** One record of one connection, whatever its content. */
export const recordId = (tenantId: string, connectionId: string, stream: string, providerId: string): string => uuidOf('record', tenantId, connectionId, stream, providerId);
/** One thing of one tenant: the same for its staged entity and its graph node. */
export function nodeId(tenantId: string, type: string, key: string): string {
  const meaning = `${tenantId}${SEPARATOR}${type}${SEPARATOR}${key}`;
  let id = recent.get(meaning);
  if (id === undefined) {
    id = uuidOf('node', meaning);
    if (recent.size >= RECENT_MAX) recent.clear();
    recent.set(meaning, id);
  }
  return id;
}

/** The same few people and companies stand in most mails: their hashes are kept for a while. About 200 bytes each. */
const recent = new Map<string, string>(), RECENT_MAX = 20_000;
/** One relation between two things. */
export const edgeId = (tenantId: string, source: string, type: string, target: string): string => uuidOf('edge', tenantId, source, type, target);
