/** What a connector is: one page in, one page out. It keeps no state, knows no database, never sleeps and never opens a socket. */
import { z } from 'zod';
import type { IntegrationId } from './job.ts';

/** How a person takes part in a record. */
export const ParticipantRole = z.enum(['from', 'sender', 'to', 'cc', 'bcc', 'reply_to', 'organizer', 'attendee', 'author', 'mentioned', 'owner']);
export type ParticipantRole = z.infer<typeof ParticipantRole>;

/** A person as the provider names it. `address` may be missing (a Slack bot, a broken header); then `name` is all we know. */
export const Participant = z.object({ role: ParticipantRole, address: z.string().nullable(), name: z.string().nullable() });
export type Participant = z.infer<typeof Participant>;

/** One mail, event, message or CRM row, normalised. Times are ISO 8601 UTC with milliseconds. */
export const SourceRecord = z.object({
  stream: z.string(),
  /** The provider's id, unique within connection and stream. */
  providerId: z.string().min(1),
  kind: z.enum(['mail', 'event', 'message', 'contact', 'account', 'lead', 'opportunity']),
  /** When it happened: received, started, posted. Decides the window it belongs to. */
  occurredAt: z.string(),
  endsAt: z.string().nullable(),
  title: z.string(),
  body: z.object({ format: z.enum(['html', 'text']), content: z.string() }),
  participants: z.array(Participant),
  /** The conversation it belongs to, if the provider names one. */
  threadId: z.string().nullable(),
  /** RFC 5322 Message-ID or iCalUId: the same thing seen from another mailbox. */
  globalId: z.string().nullable(),
  replyToGlobalId: z.string().nullable(),
  url: z.string().nullable(),
  /** Facts that rules read: location, hasAttachments, importance, amounts. Never volatile fields (isRead, changeKey). */
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type SourceRecord = z.infer<typeof SourceRecord>;

/** The half-open span of time one window covers: since <= occurredAt < until. ISO 8601 UTC. */
export interface Span { since: string; until: string }

/** A record that could not be read: kept in the job's failure list, does not stop the job. */
export interface UnreadableRecord { providerId: string; message: string }

export interface Page<Cursor = unknown> {
  records: SourceRecord[];
  unreadable: UnreadableRecord[];
  /** Where the next page starts; null: this window is read to its end. */
  next: Cursor | null;
}

/** One resource of an integration that is backfilled on its own. */
export interface Stream {
  name: string;
  /** How the provider orders a page: lets progress be read off the records. */
  order: 'newest_first' | 'oldest_first' | 'unordered';
  /** Length of a window, days. */
  windowDays: number;
}

/** A request as a connector words it. `pageSize` lets the client ask for smaller pages after repeated 504s. */
export interface ProviderRequest { url: string; headers?: Record<string, string> }

/** The only way out to the provider: authorised, timed out, retried and classified by the worker. Throws ProviderError. */
export type GetJson = <T>(schema: z.ZodType<T>, request: ProviderRequest) => Promise<T>;

export interface FetchContext<Cursor> {
  get: GetJson;
  /** Base URL of the provider, without a trailing slash, from the environment. */
  baseUrl: string;
  stream: string;
  span: Span;
  cursor: Cursor | null;
  /** Records wanted a page: the job's chunk size, made smaller by the client after repeated 504s. */
  pageSize: number;
}

/** A base URL by the name that the environment may give it, else the real service. Without a trailing slash. */
export interface BaseUrl { env: string; fallback: string }
/** An address of the sign-in: a base URL and the path below it. */
export interface OAuthPlace extends BaseUrl { path: string }

/** What a token answer says, whatever the provider calls it. */
export interface TokenGrant {
  accessToken: string;
  /** Null: the answer brings no new one; the one in use stays. */
  refreshToken: string | null;
  /** Null: it holds until the provider refuses it. */
  expiresInSeconds: number | null;
  /** What was allowed in the end, when the provider says so: people can untick boxes. */
  scopes: string[] | null;
  /** The account's own API address (Salesforce's instance_url). */
  apiUrl: string | null;
}

/** RFC 6749 section 5.1. A provider that does not say how long a token lives gets an hour. */
export const PlainTokenAnswer = z.object({ access_token: z.string().min(1), refresh_token: z.string().min(1).optional(), expires_in: z.coerce.number().default(3600) })
  .transform((a): TokenGrant => ({ accessToken: a.access_token, refreshToken: a.refresh_token ?? null, expiresInSeconds: a.expires_in, scopes: null, apiUrl: null }));

/** OAuth as data: where to ask for consent, where tokens come from and go back to, in which words the scopes are shown. RFC 6749, RFC 7636. */
export interface OAuth {
  /** One set of client credentials: `<PROVIDER>_CLIENT_ID`, `<PROVIDER>_CLIENT_SECRET`. */
  provider: 'microsoft' | 'google' | 'slack' | 'salesforce';
  authorize: OAuthPlace;
  token: OAuthPlace;
  /**
   * Where access is given back when an account is disconnected (RFC 7009); null: the provider has no such place.
   * `wholeAccount`: giving back one token takes every other one of this client for the same account as well.
   */
  revoke: (OAuthPlace & { wholeAccount: boolean }) | null;
  /** `needed`: without it nothing can be read; checked when the token answer says what was allowed. */
  scopes: { scope: string; inWords: string; needed?: true }[];
  /** The name and the separator under which scopes are asked for; RFC 6749's are `scope` and a space. */
  scopeParameter?: { name: string; separator: string };
  /** More parameters of the consent address. `unhinted`: those that let people choose an account, when we do not name one. */
  authorizeExtra: { always: Record<string, string>; unhinted: Record<string, string> };
  tokenAnswer: z.ZodType<TokenGrant>;
  /** The provider's words, beyond RFC 6749's, for a grant that is gone for good. */
  refusals?: readonly string[];
  /** Where the account's own name is read after consent; path below the API's base URL. */
  account: { path: string; schema: z.ZodType<string> };
}

export interface Connector<Cursor = unknown> {
  readonly id: IntegrationId;
  readonly title: string;
  /** The API. `perAccount`: the token answer names the account's own address; this one stands in until then. */
  readonly baseUrl: BaseUrl & { perAccount?: true };
  readonly oauth: OAuth | null;
  /** Requests at once that the provider allows per account. */
  readonly concurrencyMax: number;
  readonly cursor: z.ZodType<Cursor>;
  /** The streams of this account. May ask the provider (Slack channels). */
  streams(ask: { get: GetJson; baseUrl: string }): Promise<Stream[]>;
  fetchPage(context: FetchContext<Cursor>): Promise<Page<Cursor>>;
}

/** Ties the cursor's schema to the cursor's type once, so no connector casts. */
export const defineConnector = <Cursor>(connector: Connector<Cursor>): Connector => connector as unknown as Connector;
