/** The sandbox's faults on demand: which request goes wrong next, and how. The kinds are the same for every provider; each says them in its own words. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Trouble } from './provider.ts';
import { encode, send, type Answer } from './wire.ts';

/** Everything that can be made to go wrong. `limit`: too much, in the provider's other way to say so (Google's 403); `403`: the permission is gone; `slow`: a good answer after `n` ms. */
const FAULT_KINDS = [
  '429', '429-no-retry-after', 'limit', '504', '503', '500', '410', '404', '403', '401', 'hang', 'reset', 'truncated',
  'empty-page-with-next', 'foreign-next-link', 'duplicate-across-pages', 'refresh-refused', 'max-top', 'slow',
] as const;
type FaultKind = (typeof FAULT_KINDS)[number];

/** A planned fault: hits the next `count` requests whose path and query contain `match` (-1: for ever). */
export type Fault = { id: string; match: string; kind: FaultKind; count: number; account?: string; retryAfter?: number; n?: number; hits: number };

/** The faults that a page's maker carries out itself, because they change its content. */
export type PageFault = Extract<FaultKind, 'empty-page-with-next' | 'foreign-next-link' | 'duplicate-across-pages'>;

/** The planned faults of one sandbox, first come, first served. */
export class Faults {
  #planned: Fault[] = [];

  list(): Fault[] {
    return this.#planned;
  }

  clear(id?: string): void {
    this.#planned = id ? this.#planned.filter(fault => fault.id !== id) : [];
  }

  /** Plans a fault; what is wrong with the wish comes back as a sentence. */
  plan(wish: Record<string, unknown>): Fault | string {
    const { match = '', kind, count = 1, account, retryAfter, n } = wish;
    if (!FAULT_KINDS.includes(kind as FaultKind)) return `kind must be one of ${FAULT_KINDS.join(', ')}`;
    if (typeof match !== 'string' || typeof count !== 'number' || !Number.isInteger(count)) return 'match must be text and count a whole number';
    if ((kind === 'max-top' || kind === 'slow') && typeof n !== 'number') return `${kind} needs n`;
    const fault: Fault = { id: randomUUID(), match, kind: kind as FaultKind, count, hits: 0 };
    if (typeof account === 'string') fault.account = account.toLowerCase();
    if (typeof retryAfter === 'number') fault.retryAfter = retryAfter;
    if (typeof n === 'number') fault.n = n;
    this.#planned.push(fault);
    return fault;
  }

  /** The fault that hits this request, used up by one. `path` holds the decoded query too. */
  take(path: string, account: string | undefined, fits: (fault: Fault) => boolean): Fault | undefined {
    const fault = this.#planned.find(planned => planned.count !== 0 && path.includes(planned.match) && (!planned.account || planned.account === account) && fits(planned));
    if (!fault) return undefined;
    fault.hits++;
    if (fault.count > 0) fault.count--;
    return fault;
  }
}

/** What a fault lets the provider say; nothing when it is carried out in another way. */
export function troubleOf({ kind, retryAfter }: Fault): Trouble | undefined {
  switch (kind) {
    case '429': return { kind: 'throttled', retryAfter: String(retryAfter ?? 1) };
    case '429-no-retry-after': return { kind: 'throttled' };
    case 'limit': return { kind: 'throttled', softly: true, ...retryAfter !== undefined && { retryAfter: String(retryAfter) } };
    case 'max-top': case '504': return { kind: 'status', status: 504 };
    case '503': return { kind: 'status', status: 503, ...retryAfter !== undefined && { retryAfter: String(retryAfter) } };
    case '500': return { kind: 'status', status: 500 };
    case '410': return { kind: 'status', status: 410 };
    case '404': return { kind: 'status', status: 404 };
    case '403': return { kind: 'status', status: 403 };
    case '401': return { kind: 'unauthorised', why: 'expired' };
    case 'hang': case 'reset': case 'truncated': case 'refresh-refused': case 'slow':
    case 'empty-page-with-next': case 'foreign-next-link': case 'duplicate-across-pages': return undefined;
  }
}

/** Sends the answer through a broken line: `truncated` stops half way, `reset` says nothing, `hang` keeps the caller waiting. */
export function sendBroken(response: ServerResponse, kind: 'hang' | 'reset' | 'truncated', answer: Answer): void {
  if (kind === 'hang') return;
  if (kind === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const bytes = encode(answer.body);
  if (bytes.length < 2) return send(response, answer);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers, 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
}
