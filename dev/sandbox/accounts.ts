/** The sandbox's accounts: who exists, what is in their mailbox, sorted and serialised once. Speaks no HTTP. */
import { createHash } from 'node:crypto';
import { castFor, seenBy, type Cast } from '../mailbox/cast.ts';
import { FOLDERS, RECOVERABLE } from '../mailbox/folders.ts';
import { generateMailbox } from '../mailbox/generate.ts';
import { loadMailbox } from '../mailbox/load.ts';
import type { GraphEvent, GraphMessage, Mailbox, Person } from '../mailbox/shape.ts';
import { shareWith } from '../mailbox/share.ts';
import type { ProviderId } from './provider.ts';

/**
 * How an account's mailbox comes to be. Nothing is made before somebody looks into it. `home`: the provider where this person is the first one offered;
 * `colleagueOf`: whose company this person works at, and with whom mails and meetings are shared.
 */
type AccountPlan = {
  address: string; name: string; mails: number; events: number; seed: number; months: number; file?: string; shift?: boolean; home?: ProviderId; colleagueOf?: Person;
};

const ANNA = { address: 'anna.keller@nordlicht-robotics.example', name: 'Anna Keller', seed: 1 };
const MARC = { address: 'marc.dubois@atelier-lumiere.example', name: 'Marc Dubois', seed: 2 };

/** The accounts of the two seeded tenants: Anna and Marc, and a colleague of each who is at home at Google. */
export const DEFAULT_ACCOUNTS: AccountPlan[] = [
  { ...ANNA, mails: 3_000, events: 300, months: 6 },
  { ...MARC, mails: 800, events: 80, months: 6 },
  colleague(ANNA, 900, 90),
  colleague(MARC, 300, 30),
];

function colleague(of: typeof ANNA, mails: number, events: number): AccountPlan {
  const { name, address } = castFor(of.seed, of).home.people[1]!;
  return { name, address, mails, events, seed: of.seed, months: 6, home: 'google', colleagueOf: of };
}

/** A record with its place in the order and its last serialisation, so that a page costs a copy and no more. */
export type Entry<T> = { at: string; end: string; id: string; value: T; cache?: Map<string, Buffer> };

/** Requests kept in the log of one account. */
const LOG_MAX = 20_000;

/** One line of the request log. `grant`: what a token was asked for with. */
export type Logged = { at: string; provider: ProviderId; grant?: string; account: string | null; method: string; path: string; status: number; ms: number };

/** Tokens issued up to these stamps are void. */
type Voids = { access: number; refresh: number };

/** Something that happened to a mail or event, for providers that tell of changes. `from`, `to`: its folder before and after; null: there was none. Its place in the journal is its number. */
export type Change = { what: 'mail' | 'event'; id: string; from: string | null; to: string | null };

export class Account {
  readonly plan: AccountPlan;
  readonly id: string;
  log: Logged[] = [];
  /** Grows with every mail that comes or goes. */
  revision = 0;
  readonly journal: Change[] = [];
  /** Tokens that tell where somebody stands in the journal hold until this grows. */
  journalEdition = 0;
  folders: { id: string; displayName: string }[] = [...FOLDERS];
  /** Deleted mails that could still be recovered. */
  readonly binned = new Map<string, Entry<GraphMessage>>();
  /** Deleted events, as they were. */
  readonly cancelled = new Map<string, Entry<GraphEvent>>();
  #inFlight = new Map<ProviderId, number>();
  #voids = new Map<ProviderId, Voids>();
  #find: (address: string) => Account | undefined;
  #anchor: number;
  #cast: Cast | undefined;
  #made: Mailbox | undefined;
  #conversations: { revision: number; byId: Map<string, GraphMessage[]> } | undefined;
  #messages: Entry<GraphMessage>[] | undefined;
  #events: Entry<GraphEvent>[] = [];

  /** `find`: the other accounts of the sandbox. */
  constructor(plan: AccountPlan, anchor: number, find: (address: string) => Account | undefined) {
    this.#find = find;
    this.plan = { ...plan, address: plan.address.toLowerCase() };
    this.#anchor = anchor;
    const hex = createHash('sha256').update(this.plan.address).digest('hex');
    this.id = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
  }

  /** The people around this account: the same for every provider, so that the same Anna writes mails, posts messages and stands in the CRM. */
  get cast(): Cast {
    const { seed, name, address, colleagueOf } = this.plan;
    return this.#cast ??= colleagueOf ? seenBy(castFor(seed, colleagueOf), address) : castFor(seed, { name, address });
  }

  /** The moment at which everything generated ends. */
  get now(): Date {
    return new Date(this.#anchor);
  }

  /** Newest first. */
  get messages(): Entry<GraphMessage>[] {
    if (!this.#messages) {
      const { messages, events } = this.#original();
      this.#events = events.map(eventEntry).sort(byStart);
      this.#messages = messages.map(messageEntry).sort(newestFirst);
    }
    return this.#messages;
  }

  /** By start, earliest first. */
  get events(): Entry<GraphEvent>[] {
    void this.messages;
    return this.#events;
  }

  /** The mails of a conversation, oldest first. */
  conversation(id: string): GraphMessage[] {
    if (this.#conversations?.revision !== this.revision) this.#conversations = { revision: this.revision, byId: Map.groupBy(this.messages.map(({ value }) => value).toReversed(), mail => mail.conversationId) };
    return this.#conversations.byId.get(id) ?? [];
  }

  find(id: string): Entry<GraphMessage> | undefined {
    return this.messages.find(entry => entry.id === id);
  }

  /** Puts a mail where its date belongs: pages that are being read shift, as the real ones do. */
  deliver(message: GraphMessage): void {
    const entry = messageEntry(message), list = this.messages;
    const index = list.findIndex(other => newestFirst(entry, other) <= 0);
    list.splice(index < 0 ? list.length : index, 0, entry);
    this.binned.delete(message.id);
    this.#changed({ what: 'mail', id: message.id, from: null, to: message.parentFolderId });
  }

  /** A mail was edited, or moved into another folder. */
  edited(entry: Entry<GraphMessage>, change: () => void): void {
    const from = entry.value.parentFolderId;
    change();
    delete entry.cache;
    this.#changed({ what: 'mail', id: entry.id, from, to: entry.value.parentFolderId });
  }

  /** `forGood`: it cannot be recovered either. */
  remove(id: string, forGood = false): boolean {
    const index = this.messages.findIndex(entry => entry.id === id), [entry] = index >= 0 ? this.messages.splice(index, 1) : [];
    if (!entry) return false;
    this.#changed({ what: 'mail', id, from: entry.value.parentFolderId, to: null });
    if (!forGood) this.binned.set(id, messageEntry({ ...entry.value, parentFolderId: RECOVERABLE.id }));
    return true;
  }

  /** Puts an event into the calendar, in the place of the one with its id. */
  schedule(event: GraphEvent): void {
    this.cancel(event.id);
    this.cancelled.delete(event.id);
    this.#events = [...this.events, eventEntry(event)].sort(byStart);
    this.#changed({ what: 'event', id: event.id, from: null, to: 'calendar' });
  }

  cancel(id: string): boolean {
    const gone = this.events.find(event => event.id === id);
    if (!gone) return false;
    this.#events = this.events.filter(event => event !== gone);
    this.#changed({ what: 'event', id, from: 'calendar', to: null });
    // Who deletes one event of a series changes the series.
    this.cancelled.set(id, gone);
    if (gone.value.seriesMasterId) for (const { id: other } of this.#events.filter(({ value }) => value.seriesMasterId === gone.value.seriesMasterId)) this.#changed({ what: 'event', id: other, from: 'calendar', to: 'calendar' });
    return true;
  }

  #changed(change: Change): void {
    this.journal.push(change);
    this.revision++;
  }

  voids(at: ProviderId): Voids {
    const voids = this.#voids.get(at) ?? { access: 0, refresh: 0 };
    this.#voids.set(at, voids);
    return voids;
  }

  /** Counts one request in; what comes back counts it out, once. Nothing comes back when `max` are inside (0: any number may be). */
  enter(at: ProviderId, max: number): (() => void) | undefined {
    const inside = this.#inFlight.get(at) ?? 0;
    if (max > 0 && inside >= max) return undefined;
    this.#inFlight.set(at, inside + 1);
    let isIn = true;
    return () => {
      if (isIn) this.#inFlight.set(at, (this.#inFlight.get(at) ?? 1) - 1);
      isIn = false;
    };
  }

  note(line: Logged): void {
    if (this.log.length >= LOG_MAX) this.log.splice(0, LOG_MAX / 10);
    this.log.push(line);
  }

  /** As it was made: what is delivered or removed later happens in one mailbox only. */
  #original(): Mailbox {
    return this.#made ??= this.#make();
  }

  #make(): Mailbox {
    const { mails, events, seed, months, file, shift = false } = this.plan, { owner } = this.cast;
    const { now } = this;
    if (file) return loadMailbox(file, { shift, now, owner });
    const own = generateMailbox({ seed, owner, cast: this.cast, mails, events, months, now }), theirs = this.plan.colleagueOf?.address, other = theirs && this.#find(theirs);
    return theirs && other ? shareWith(own, owner.address, other.#original(), theirs) : own;
  }
}

/** All accounts of one sandbox, by address. */
export class Accounts {
  #byAddress = new Map<string, Account>();
  #anchor: number;

  constructor(plans: AccountPlan[], anchor: number) {
    this.#anchor = anchor;
    for (const plan of plans) this.add(plan);
  }

  add(plan: AccountPlan): Account {
    const account = new Account(plan, this.#anchor, address => this.get(address));
    this.#byAddress.set(account.plan.address, account);
    return account;
  }

  get(address: string): Account | undefined {
    return this.#byAddress.get(address.toLowerCase());
  }

  remove(address: string): boolean {
    return this.#byAddress.delete(address.toLowerCase());
  }

  list(): Account[] {
    return [...this.#byAddress.values()];
  }

  /** Everybody can sign in everywhere; whoever is at home there comes first. */
  at(provider: ProviderId): Account[] {
    return this.list().toSorted((a, b) => Number(b.plan.home === provider) - Number(a.plan.home === provider));
  }
}

const messageEntry = (value: GraphMessage): Entry<GraphMessage> => ({ at: value.receivedDateTime, end: value.receivedDateTime, id: value.id, value });
const eventEntry = (value: GraphEvent): Entry<GraphEvent> => ({ at: seconds(value.start.dateTime), end: seconds(value.end.dateTime), id: value.id, value });
/** `2026-06-15T10:00:00.0000000` -> `2026-06-15T10:00:00Z`: one form in which text order is time order. */
const seconds = (dateTime: string): string => `${dateTime.slice(0, 19)}Z`;

const byStart = (a: { at: string }, b: { at: string }): number => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0);

function newestFirst(a: Entry<GraphMessage>, b: Entry<GraphMessage>): number {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
