/** How Graph in the sandbox writes items: serialised once for the $select that is asked for again and again, and the frame around a page of them. */
import type { Account, Entry } from '../accounts.ts';
import type { ApiRequest } from '../provider.ts';
import type { Answer } from '../wire.ts';
import { graphError } from './wording.ts';

/** A link that a careful client refuses to follow. */
export const FOREIGN = 'https://graph.attacker.example';

export const context = (account: Account, base: string): string => `${base}/v1.0/$metadata#users('${account.id}')`;

/** `Mail.ReadWrite` includes `Mail.Read`; the app's whole permission set is `.default`. */
export function allowed({ scope }: ApiRequest, needed: string): Answer | undefined {
  const has = scope.toLowerCase();
  return has.includes(needed) || has.includes('/.default') ? undefined : graphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');
}

export function bytesOf(entry: Entry<object>, select: string[]): Buffer {
  const key = `graph ${select.join()}`;
  const cached = entry.cache?.get(key);
  if (cached) return cached;
  const value = entry.value as Record<string, unknown>;
  const kept = select.length ? Object.fromEntries(['@odata.etag', 'id', ...select].filter(name => value[name] !== undefined).map(name => [name, value[name]])) : value;
  const bytes = Buffer.from(JSON.stringify(kept));
  (entry.cache ??= new Map<string, Buffer>()).set(key, bytes);
  return bytes;
}

const COMMA = Buffer.from(','), END = Buffer.from(']}');

/** One page: `head` holds its context and links. */
export function pageOf(head: Record<string, string>, items: Buffer[], headers: Record<string, string> = {}): Answer {
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"value":[`)];
  items.forEach((item, i) => {
    if (i) parts.push(COMMA);
    parts.push(item);
  });
  parts.push(END);
  return { status: 200, body: Buffer.concat(parts), headers: { 'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8', ...headers } };
}
