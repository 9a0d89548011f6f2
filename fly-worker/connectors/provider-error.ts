/** What can go wrong at a provider, as a closed list. Connectors and the provider client throw nothing else; it refuses to carry tokens, queries or content. */

/**
 * - `auth_expired`         the account's consent is gone: pause, ask to reconnect
 * - `forbidden`            signed in, but not allowed this: reconnecting with more scopes may help
 * - `rate_limited`         come back after `retryAfterMs`: snooze, not an error
 * - `provider_unavailable` retries are used up (5xx, timeouts, resets, broken JSON): try the run again later
 * - `page_too_heavy`       the provider could not make a page of this size in time: ask again with smaller pages
 * - `not_found`, `gone`    the thing, or the token that points to it, no longer exists
 * - `bad_request`          the provider refuses the question itself: asking again does not help
 * - `unreadable_answer`    a complete answer that is not what the provider documents
 * - `answer_too_large`     refused before it was read to memory
 * - `foreign_link`         a page link or redirect that leaves the provider's own address: never followed
 */
export type ProviderErrorKind =
  | 'auth_expired' | 'forbidden' | 'rate_limited' | 'provider_unavailable' | 'page_too_heavy' | 'not_found' | 'gone'
  | 'bad_request' | 'unreadable_answer' | 'answer_too_large' | 'foreign_link';

interface ProviderErrorFacts { retryAfterMs?: number; status?: number; code?: string | null; cause?: unknown }

/** A failed provider call. `message` says what happened, to what, and what to do; it is fit for the user's eyes and for logs. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  /** Milliseconds the provider asks to wait; set on every `rate_limited`. */
  readonly retryAfterMs: number | undefined;
  /** HTTP status of the last answer, if there was one. */
  readonly status: number | undefined;
  /** The provider's own word for what went wrong, if it has one: `not_in_channel`, `INVALID_TYPE`. */
  readonly code: string | null;

  constructor(kind: ProviderErrorKind, message: string, facts: ProviderErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.retryAfterMs = facts.retryAfterMs;
    this.status = facts.status;
    this.code = facts.code ?? null;
  }
}

/**
 * Is `link` below `baseUrl`: same scheme, same host, same port, path below the base's path? Text only, so that it is the same in
 * every runtime; the client checks again after parsing. Scheme and host compare without case, a default port is dropped.
 */
export function isBelow(baseUrl: string, link: string): boolean {
  const base = splitOrigin(baseUrl), other = splitOrigin(link);
  if (!base || !other || base.origin !== other.origin) return false;
  const prefix = base.rest.replace(/\/+$/, '');
  const path = other.rest.split(/[?#]/, 1)[0]!;
  return !hasDotSegments(path) && path.startsWith(`${prefix}/`);
}

/** `..` would leave the base's path once a URL parser has seen it; `%2e` is read as a dot there too. */
const hasDotSegments = (path: string): boolean => /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i.test(path);

function splitOrigin(url: string): { origin: string; rest: string } | null {
  const match = /^(https?):\/\/([^/?#\\@\s]+)([^\s]*)$/i.exec(url);
  if (!match) return null;
  const scheme = match[1]!.toLowerCase();
  const host = match[2]!.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');
  return { origin: `${scheme}://${host}`, rest: match[3]! };
}
