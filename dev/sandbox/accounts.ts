/** The sandbox's accounts: who exists, what is in their mailbox, sorted and serialised once. Speaks no HTTP. */
import { createHash } from 'node:crypto';
import { generateMailbox } from '../mailbox/generate.ts';
import { loadMailbox } from '../mailbox/load.ts';
import type { GraphEvent, GraphMessage, Mailbox } from '../mailbox/shape.ts';

/** How an account's mailbox comes to be. Nothing is made before somebody looks into it. */
export type AccountPlan = { address: string; name: string; mails: number; events: number; seed: number; months: number; file?: string; shift?: boolean };

/** The two accounts of the two seeded tenants. */
export const DEFAULT_ACCOUNTS: AccountPlan[] = [
  { address: 'anna.keller@nordlicht-robotics.example', name: 'Anna Keller', mails: 3_000, events: 300, seed: 1, months: 6 },
  { address: 'marc.dubois@atelier-lumiere.example', name: 'Marc Dubois', mails: 800, events: 80, seed: 2, months: 6 },
];

/** A record with its place in the order and its last serialisation, so that a page costs a copy and no more. */
export type Entry<T> = { at: string; end: string; id: string; value: T; cache?: { select: string; bytes: Buffer } };

/** Requests kept in the log of one account. */
const LOG_MAX = 20_000;

/** One line of the request log. */
export type Logged = { at: string; account: string | null; method: string; path: string; status: number; ms: number };

export class Account {
  readonly plan: AccountPlan;
  readonly id: string;
  inFlight = 0;
  log: Logged[] = [];
  /** Tokens issued up to this stamp are void. */
  accessVoidUntil = 0;
  refreshVoidUntil = 0;
  #anchor: number;
  #messages: Entry<GraphMessage>[] | undefined;
  #events: Entry<GraphEvent>[] = [];

  constructor(plan: AccountPlan, anchor: number) {
    this.plan = { ...plan, address: plan.address.toLowerCase() };
    this.#anchor = anchor;
    const hex = createHash('sha256').update(this.plan.address).digest('hex');
    this.id = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
  }

  /** Newest first. */
  get messages(): Entry<GraphMessage>[] {
    if (!this.#messages) {
      const { messages, events } = this.#make();
      this.#events = events.map(eventEntry).sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0);
      this.#messages = messages.map(messageEntry).sort(newestFirst);
    }
    return this.#messages;
  }

  /** By start, earliest first. */
  get events(): Entry<GraphEvent>[] {
    void this.messages;
    return this.#events;
  }

  find(id: string): Entry<GraphMessage> | undefined {
    return this.messages.find(entry => entry.id === id);
  }

  /** Puts a mail where its date belongs: pages that are being read shift, as the real ones do. */
  deliver(message: GraphMessage): void {
    const entry = messageEntry(message), list = this.messages;
    const index = list.findIndex(other => newestFirst(entry, other) <= 0);
    list.splice(index < 0 ? list.length : index, 0, entry);
  }

  remove(id: string): boolean {
    const index = this.messages.findIndex(entry => entry.id === id);
    if (index >= 0) this.messages.splice(index, 1);
    return index >= 0;
  }

  note(line: Logged): void {
    if (this.log.length >= LOG_MAX) this.log.splice(0, LOG_MAX / 10);
    this.log.push(line);
  }

  #make(): Mailbox {
    const { address, name, mails, events, seed, months, file, shift = false } = this.plan;
    const now = new Date(this.#anchor);
    if (file) return loadMailbox(file, { shift, now, owner: { name, address } });
    return generateMailbox({ seed, owner: { name, address }, mails, events, months, now });
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
    const account = new Account(plan, this.#anchor);
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
}

const messageEntry = (value: GraphMessage): Entry<GraphMessage> => ({ at: value.receivedDateTime, end: value.receivedDateTime, id: value.id, value });
const eventEntry = (value: GraphEvent): Entry<GraphEvent> => ({ at: seconds(value.start.dateTime), end: seconds(value.end.dateTime), id: value.id, value });
/** `2026-06-15T10:00:00.0000000` -> `2026-06-15T10:00:00Z`: one form in which text order is time order. */
const seconds = (dateTime: string): string => `${dateTime.slice(0, 19)}Z`;

function newestFirst(a: Entry<GraphMessage>, b: Entry<GraphMessage>): number {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
