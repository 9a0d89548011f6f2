/** What a connector is: one page in, one page out. It keeps no state, knows no database, never sleeps and never opens a socket. */
import { z } from 'zod';
import type { IntegrationId } from './job.ts';

/** How a person takes part in a record. `subject`: the one a CRM row is about. */
export const ParticipantRole = z.enum(['from', 'sender', 'to', 'cc', 'bcc', 'reply_to', 'organizer', 'attendee', 'author', 'mentioned', 'owner', 'subject']);
export type ParticipantRole = z.infer<typeof ParticipantRole>;

/**
 * A person as the provider names it. `address` may be missing (a Slack bot, a broken header); then `name` is all we know, or `id`: the
 * provider's own id, unique over all providers (`slack:T1:U7`), which stands in for the address as the person's key.
 */
export const Participant = z.object({ role: ParticipantRole, address: z.string().nullable(), name: z.string().nullable(), id: z.string().optional() });
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
  /** The stream cannot be read, and that is nobody's error (not a member of the channel, the channel was deleted): why, in a sentence for people. The window ends here. */
  skipped?: string;
  /** Part of the window that is read once this page is, 0..1, where the provider knows it (a file's offset). Else it is read off the records' dates. */
  covered?: number;
  /** Records of this window so far that the page's reader met and left out, because their dates lie outside of the job's range. Grows from page to page. */
  leftOut?: number;
}

/** One resource of an integration that is backfilled on its own. */
export interface Stream {
  /** Stable: part of every record's identity. */
  name: string;
  /** What people call it, when that is not the name: `#general`. */
  title?: string;
  /** How the provider orders a page: lets progress be read off the records. */
  order: 'newest_first' | 'oldest_first' | 'unordered';
  /** Length of a window, days; Infinity: one window, whatever the range. */
  windowDays: number;
}

/** A request as a connector words it. `pageSize` lets the client ask for smaller pages after repeated 504s. */
export interface ProviderRequest { url: string; headers?: Record<string, string> }

/** The only way out to the provider: authorised, timed out, retried and classified by the worker. Throws ProviderError. */
export type GetJson = <T>(schema: z.ZodType<T>, request: ProviderRequest) => Promise<T>;

/** A part of a file: `length` bytes from the byte `from` on. */
export interface BytesRequest { url: string; from: number; length: number }
/** Fewer bytes than asked for only where the file ends. `total`: bytes of the whole file. `version` changes when another file takes its place. */
export interface FileBytes { bytes: Uint8Array; total: number; version: string }
/** The same way out for a part of a file. Throws ProviderError. https://www.rfc-editor.org/rfc/rfc9110#name-range-requests */
export type GetBytes = (request: BytesRequest) => Promise<FileBytes>;

/** What a connector may ask with. `baseUrl`: of the provider, without a trailing slash, from the environment. */
export interface Ask { get: GetJson; bytes: GetBytes; baseUrl: string }

export interface FetchContext<Cursor, Directory> extends Ask {
  stream: string;
  span: Span;
  /** The job's whole range. A record may stand in another window than that of its own date, but never outside of this. */
  range: Span;
  directory: Directory;
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
   * `wholeAccount`: giving back one token takes every other one of this client for the same account as well. `accessToken`: that one is given
   * back, not the refresh token.
   */
  revoke: (OAuthPlace & { wholeAccount: boolean; accessToken?: true }) | null;
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

/**
 * An answer that does not mean what its status says: the status it should have had, and the provider's word for it. What is then done
 * is the provider client's one table. `retryAfterMs`: when to come back, where the provider does not say and its documents do.
 */
export interface Meaning {
  status: 400 | 401 | 403 | 404 | 410 | 429 | 503 | 504;
  code: string;
  retryAfterMs?: number;
  /** A 403 that is part of what the account is (not a member of this channel): it says nothing about other answers. */
  isUsual?: true;
}

/** How a file is connected: uploaded by a person, kept by us, read through the workers' door. */
export interface Upload {
  /** What to choose, in words for people. */
  inWords: string;
  /** Of file names, with the dot. */
  extensions: readonly string[];
  /** Months ahead of now that a sync reaches unless it says otherwise: a clock that was wrong dates mail in 2038, but a series without end must end. */
  monthsAhead: number;
  /** Says what is wrong with a file that begins with these bytes (HEAD_BYTES of them, or all there are), in a sentence; null: it may well be one. */
  refuse(head: Uint8Array): string | null;
}

export interface ChangesContext<Place, Directory> extends Ask {
  stream: string;
  directory: Directory;
  /** What memory holds of the stream. What is dated at `until` or later, or before `since`, may be left out: windows read it, or nobody asked for it. */
  span: Span;
  /** Null: begin. Then no records are wanted, only a place from which on nothing is missed. */
  from: Place | null;
  pageSize: number;
  /** When it is asked, ISO 8601, by the worker's clock. */
  now: string;
}

/** What changed at the provider: new and edited records as they are now, and ids of records that it has no more, for certain. */
export interface ChangesPage<Place> {
  records: SourceRecord[];
  unreadable: UnreadableRecord[];
  /** Where it says "removed" and may mean "moved", the connector has looked. */
  removed: string[];
  /** Where the next page starts; when `done`, where the next round does: the token that is stored. */
  next: Place;
  done: boolean;
}

/** A provider's own way to tell what changed (delta, history, sync token), in rounds of pages. As pure as `fetchPage`. */
export interface Changes<Place, Directory> {
  readonly place: z.ZodType<Place>;
  /** Streams whose rounds do not tell of every delete: a sweep looks for those, once in so many days. */
  readonly sweepDays?: Readonly<Record<string, number>>;
  /** Throws ProviderError `gone` when the provider forgot the place, or rounds can no longer be trusted: the stream is then read anew. */
  read(context: ChangesContext<Place, Directory>): Promise<ChangesPage<Place>>;
}

export interface Connector<Cursor = unknown, Directory = unknown, Place = unknown> {
  readonly id: IntegrationId;
  readonly title: string;
  /** The API; null: an uploaded file, read through the workers' door. `perAccount`: the token answer names the account's own address, which lies below one of these domains; this one stands in until then. */
  readonly baseUrl: (BaseUrl & { perAccount?: readonly string[] }) | null;
  readonly oauth: OAuth | null;
  /** For archives, which have neither API nor sign-in. */
  readonly upload?: Upload;
  /** Requests at once that the provider allows per account. */
  readonly concurrencyMax: number;
  readonly cursor: z.ZodType<Cursor>;
  /** Reads an answer that lies about its status (Slack answers errors with 200); null: it means what it says. Absent: all do. */
  meaningOf?(status: number, body: unknown): Meaning | null;
  /** What every page needs and is read once a run, before anything else: who is U123. Handed to `streams` and `fetchPage`. */
  directory?(ask: Ask): Promise<Directory>;
  /** The streams of this account. May ask the provider. */
  streams(ask: Ask & { directory: Directory }): Promise<Stream[]>;
  fetchPage(context: FetchContext<Cursor, Directory>): Promise<Page<Cursor>>;
  /** Absent: later syncs read the newest windows again. */
  readonly changes?: Changes<Place, Directory>;
  /** One record by its id, as it is now; null: the provider has it no more, for certain (never on a refusal or a limit). Absent: nothing is forgotten by a sweep. */
  readOne?(context: Ask & { stream: string; providerId: string; directory: Directory }): Promise<SourceRecord | UnreadableRecord | null>;
}

/** Ties the schemas of cursor and place and the directory to their types once, so no connector casts. */
export const defineConnector = <Cursor, Directory = null, Place = never>(connector: Connector<Cursor, Directory, Place>): Connector => connector as unknown as Connector;
