/** The sandbox's faults on demand: which request goes wrong next, and how. Knows the providers' ways to fail, not their data. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { encode, graphError, send, type Answer } from './wire.ts';

/** Everything that can be made to go wrong. */
export const FAULT_KINDS = [
  '429', '429-no-retry-after', '504', '503', '500', '401', 'hang', 'reset', 'truncated',
  'empty-page-with-next', 'foreign-next-link', 'duplicate-across-pages', 'refresh-refused', 'max-top',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

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
    if (kind === 'max-top' && typeof n !== 'number') return 'max-top needs n';
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

/** The answer a fault stands for; nothing when it is carried out in another way. */
export function faultAnswer(fault: Fault): Answer | undefined {
  switch (fault.kind) {
    case '429': return throttled(String(fault.retryAfter ?? 1));
    case '429-no-retry-after': return throttled();
    case 'max-top': case '504': return graphError(504, 'UnknownError', '');
    case '503': return graphError(503, 'ServiceUnavailable', 'The service is unavailable.', fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) });
    case '500': return graphError(500, 'InternalServerError', 'An internal server error occurred. The operation failed.');
    case '401': return unauthorised();
    case 'hang': case 'reset': case 'truncated': case 'refresh-refused':
    case 'empty-page-with-next': case 'foreign-next-link': case 'duplicate-across-pages': return undefined;
  }
}

/** Exchange Online's answer to the fifth request at once, and to many others. */
export function throttled(retryAfter?: string): Answer {
  return graphError(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', retryAfter === undefined ? {} : { 'retry-after': retryAfter });
}

/** What Graph says to a missing, foreign or expired token. */
export function unauthorised(message = 'Access token has expired or is not yet valid.'): Answer {
  return graphError(401, 'InvalidAuthenticationToken', message, { 'www-authenticate': 'Bearer realm="", error="invalid_token"' });
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
