/** Later syncs of Gmail, Google Calendar, Slack and Salesforce on real stores: afterwards memory is what a fresh backfill would make of the account, and little was asked for it. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connector } from '#contract/connector';
import { gmail } from '#fly-worker/connectors/gmail';
import { googleCalendar } from '#fly-worker/connectors/google-calendar';
import { salesforce } from '#fly-worker/connectors/salesforce';
import { slack } from '#fly-worker/connectors/slack';
import { openSyncedTenant, type Account, type SyncedTenant } from '../synced.ts';

const DAY = 86_400_000;
let synced: SyncedTenant, account: Account, connector: Connector, address: string, count = 0;
beforeAll(async () => { synced = await openSyncedTenant(); });
afterAll(() => synced.close());

const at = (daysAgo: number): string => new Date(Date.now() - daysAgo * DAY).toISOString();
const box = <T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> => synced.admin<T>(method, `/accounts/${address}${path}`, body);
/** A range ends before its last millisecond: what was done in this one is to be in it. */
const later = () => account.sync({ since: at(60), until: at(-2 / DAY) }, 100, 'incremental');
const fullReads = (asked: { path: string }[]): string[] => asked.map(({ path }) => path).filter((path) => /\/messages\/[^/]+$/.test(path));

/** A new account of the sandbox, connected and read. Until a little ago: what came in the last second is told of as a change. */
async function begin(one: Connector): Promise<void> {
  connector = one;
  address = `later${++count}@later-syncs.example`;
  await synced.admin('POST', '/accounts', { address, mails: 60, events: 90, seed: 60 + count, months: 2 });
  account = await synced.connect(connector, address);
  await account.sync({ since: at(60), until: at(10 / 86_400) });
}
const versions = async (connectionId: string): Promise<string[]> => (await synced.db.owner.system([sql`
  select stream, provider_id, content_hash from records where connection_id = ${connectionId}::uuid order by 1, 2`]))[0]!.map((r) => `${String(r.stream)} ${String(r.provider_id)} ${String(r.content_hash)}`);
async function expectUpToDate(): Promise<void> {
  await synced.db.owner.system([sql`update connections set account = id::text where id = ${account.connectionId}::uuid`]);
  const fresh = await synced.connect(connector, address);
  await fresh.sync({ since: at(60), until: new Date().toISOString() });
  const wanted = await versions(fresh.connectionId), held = await versions(account.connectionId);
  expect(wanted.length).toBeGreaterThan(0);
  expect(held).toEqual(wanted);
}

describe('Gmail', () => {
  type Mail = { id: string; subject: string };
  const mails = (): Promise<Mail[]> => box('GET', '/messages?limit=500'), move = (id: string, folder: string) => box('POST', `/microsoft/messages/${id}/move`, { folder });
  beforeEach(() => begin(gmail));

  it('learns of what came, went, was put into the trash and taken out of it', async () => {
    const [gone, trashed, back] = await mails();
    await box('POST', '/messages', { subject: 'quagga', body: 'New.' });
    await box('POST', '/messages', { subject: 'axolotl', body: 'Moved in with its old date.', receivedDateTime: at(30) });
    await box('DELETE', `/messages/${gone!.id}`);
    await move(trashed!.id, 'Deleted Items');
    await move(back!.id, 'Deleted Items');
    await move(back!.id, 'Inbox');
    const { progress, mismatch, asked } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 2, ledger: { stored: 2, unchanged: 1, failed: 0 } });
    expect(fullReads(asked).length, 'the touched, twice at most, and nobody else').toBeLessThanOrEqual(8);
    await move(trashed!.id, 'Inbox');
    expect((await later()).progress).toMatchObject({ records_removed: 0, ledger: { stored: 1 } });
    await expectUpToDate();
  });

  it('asks two questions when nothing happened', async () => {
    await later();
    const { progress, asked } = await later();
    expect(progress.ledger.seen).toBe(0);
    expect(asked.map(({ path }) => path.split('/').at(-1))).toEqual(['history', 'messages']);
  });

  it('reads the mailbox anew when Gmail forgot its history, and forgets what went meanwhile', async () => {
    const [gone] = await mails();
    await box('DELETE', `/messages/${gone!.id}`);
    await box('POST', '/microsoft/expire-delta');
    expect((await later()).progress).toMatchObject({ records_removed: 1, covered: 1 });
    await expectUpToDate();
    expect((await later()).asked.length, 'the new token holds').toBeLessThan(4);
  });
});

describe('Google Calendar', () => {
  type Event = { id: string; subject: string; start: { dateTime: string }; type: string; seriesMasterId: string | null; isCancelled: boolean };
  /** Of those that are shown: Google lists no cancelled ones. */
  const past = async (): Promise<Event[]> => (await box<Event[]>('GET', '/microsoft/events')).filter(({ start, isCancelled }) => !isCancelled && start.dateTime > at(50) && start.dateTime < at(2));
  beforeEach(() => begin(googleCalendar));

  it('learns of what was added, changed, moved and removed, one event of a series as well', async () => {
    const all = await past(), [edited, moved, gone] = all.filter(({ type }) => type === 'singleInstance'), one = all.find(({ seriesMasterId }) => seriesMasterId !== null);
    await box('PATCH', `/microsoft/events/${edited!.id}`, { subject: 'Zirconium review' });
    await box('PATCH', `/microsoft/events/${moved!.id}`, { start: at(20), end: at(19.9) });
    await box('DELETE', `/microsoft/events/${gone!.id}`);
    if (one) await box('DELETE', `/microsoft/events/${one.id}`);
    await box('POST', '/microsoft/events', { subject: 'Okapi lunch', start: at(5), end: at(4.9) });
    const { progress, mismatch, asked } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: one ? 2 : 1, ledger: { stored: 3, failed: 0 } });
    expect(asked.length).toBeLessThan(8);
    await expectUpToDate();
  });

  it('reads the calendar anew when the sync token expired', async () => {
    const [gone] = await past();
    await box('DELETE', `/microsoft/events/${gone!.id}`);
    await box('POST', '/microsoft/expire-delta');
    expect((await later()).progress).toMatchObject({ records_removed: 1, covered: 1 });
    await expectUpToDate();
  });
});

describe('Salesforce', () => {
  type Row = { Id: string };
  const rows = (object: string): Promise<Row[]> => box('GET', `/salesforce/${object}`);
  beforeEach(() => begin(salesforce));

  it('learns of new, edited and deleted rows, and reads none that stayed as it was', async () => {
    const [edited, gone] = await rows('Contact'), [lead] = await rows('Lead');
    await box('PATCH', `/salesforce/Contact/${edited!.Id}`, { Title: 'Keeper of wombats' });
    await box('DELETE', `/salesforce/Contact/${gone!.Id}`);
    await box('DELETE', `/salesforce/Lead/${lead!.Id}`);
    const before = (await versions(account.connectionId)).length;
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    const wasHeld = before - (await versions(account.connectionId)).length;
    expect(progress.records_removed).toBeGreaterThanOrEqual(wasHeld);
    expect(progress.ledger.stored).toBe(1);
    expect(progress.ledger.seen).toBeLessThan(10);
    await expectUpToDate();
  });

  it('looks row by row for what was deleted, after a long absence', async () => {
    await synced.db.owner.system([sql`update sync_tokens set place = jsonb_set(place, '{since}', to_jsonb(${at(20)}::text)) where connection_id = ${account.connectionId}::uuid`]);
    const held = await versions(account.connectionId), gone = held.find((one) => one.startsWith('contacts '))!.split(' ')[1]!;
    await box('DELETE', `/salesforce/Contact/${gone}`);
    expect((await later()).progress).toMatchObject({ records_removed: 1, covered: 1 });
    await expectUpToDate();
  });
});

describe('Slack', () => {
  type Message = { ts: string; thread?: string };
  type Channel = { id: string; name: string; messages: number; isClosed: boolean };
  let channel: string;
  const say = (text: string, more: object = {}): Promise<Message> => box('POST', `/slack/channels/${channel}/messages`, { text, ...more });
  beforeEach(async () => {
    await begin(slack);
    channel = (await box<Channel[]>('GET', '/slack/channels')).find((one) => !one.isClosed && one.messages > 3)!.id;
  });

  it('learns within the days it reads again: edits, deletes in the channel and in threads, new messages and answers', async () => {
    const stamp = (daysAgo: number, n: number): string => `${Math.floor((Date.now() - daysAgo * DAY) / 1_000)}.00000${n}`;
    const edited = await say('okapi', { ts: stamp(3, 1) }), gone = await say('quagga', { ts: stamp(2, 2) }), thread = await say('Who comes?', { ts: stamp(2, 3) });
    const answer = await say('Not me', { ts: stamp(1, 4), thread: thread.ts }), kept = await say('Me', { ts: stamp(1, 5), thread: thread.ts });
    await later();
    await box('PATCH', `/slack/channels/${channel}/messages/${edited.ts}`, { text: 'zebra' });
    for (const { ts } of [gone, answer]) await box('DELETE', `/slack/channels/${channel}/messages/${ts}`);
    await say('axolotl');
    await say('Me too', { thread: thread.ts });
    const { progress, mismatch, asked } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 2, ledger: { stored: 3, failed: 0 } });
    expect(await synced.find('zebra')).toHaveLength(1);
    expect((await versions(account.connectionId)).some((one) => one.includes(kept.ts))).toBe(true);
    expect(asked.filter(({ path }) => path.endsWith('conversations.history')).length).toBeGreaterThan(0);
    await expectUpToDate();
  });

  it('keeps what was deleted longer ago, for nobody says so', async () => {
    const [old] = await box<Message[]>('GET', `/slack/channels/${channel}/messages`);
    await box('DELETE', `/slack/channels/${channel}/messages/${old!.ts}`);
    expect((await later()).progress.records_removed).toBe(0);
  });
});
