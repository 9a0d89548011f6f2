/** Later syncs of an Outlook account on real stores, against the sandbox's delta with its gaps: edits update, deletes are forgotten, what was only moved stays. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outlook } from '#fly-worker/connectors/outlook';
import type { Row } from '#migrations/database';
import { openSyncedTenant, type Account, type SyncedTenant } from '../synced.ts';

const DAY = 86_400_000;
let synced: SyncedTenant, account: Account, address: string, count = 0;
beforeAll(async () => { synced = await openSyncedTenant(); });
afterAll(() => synced.close());

type Mail = { id: string; subject: string; receivedDateTime: string };
type Event = { id: string; subject: string; start: { dateTime: string }; type: string; seriesMasterId: string | null };
const at = (daysAgo: number): string => new Date(Date.now() - daysAgo * DAY).toISOString();
const rows = async (statement: ReturnType<typeof sql>): Promise<Row[]> => (await synced.db.owner.system([statement]))[0]!;
const box = <T>(method: string, path: string, body?: object): Promise<T> => synced.admin<T>(method, `/accounts/${address}${path}`, body);
const mails = (): Promise<Mail[]> => box('GET', '/messages?limit=500');
const events = (): Promise<Event[]> => box('GET', '/microsoft/events');
const send = (subject: string, more: object = {}): Promise<Mail> => box('POST', '/messages', { subject, body: `About ${subject}.`, ...more });
/** Until a little ago: Graph dates mail by the second, so what comes in the very second of the end is told of as a change. */
const backfill = () => account.sync({ since: at(60), until: at(10 / 86_400) });
const later = () => account.sync({ since: at(60), until: new Date().toISOString() }, 100, 'incremental');
const idOf = async (providerId: string): Promise<string | null> => (await rows(sql`select record_id::text as id from records where connection_id = ${account.connectionId}::uuid and provider_id = ${providerId}`))[0]?.id as string ?? null;
const tokens = (): Promise<Row[]> => rows(sql`select stream, place, sweep_at from sync_tokens where connection_id = ${account.connectionId}::uuid order by stream`);
const held = async (stream: string): Promise<string[]> => (await rows(sql`select provider_id from records where connection_id = ${account.connectionId}::uuid and stream = ${stream} order by 1`)).map((r) => String(r.provider_id));

beforeEach(async () => {
  address = `later${++count}@incremental.example`;
  await synced.admin('POST', '/accounts', { address, mails: 60, events: 90, seed: 40 + count, months: 2 });
  account = await synced.connect(outlook, address);
  await backfill();
});

describe('a backfill', () => {
  it('takes a token of each stream before it reads, and of mail only ids for it', async () => {
    expect((await tokens()).map((t) => t.stream)).toEqual(['calendar', 'mail']);
    const { asked } = await account.sync({ since: at(60), until: new Date().toISOString() });
    expect(asked.filter((a) => a.path.includes('delta')), 'the token that is there goes on').toEqual([]);
    const wider = await account.sync({ since: at(70), until: new Date().toISOString() });
    for (const isCalendar of [true, false]) {
      const order = wider.asked.filter((a) => a.path.includes('calendarView') === isCalendar).map((a) => (a.path.includes('delta') ? 'delta' : 'list'));
      expect(order).toContain('delta');
      expect(order.lastIndexOf('delta'), 'before the first window of its stream').toBeLessThan(order.indexOf('list'));
    }
    expect(wider.asked.filter((a) => /\/(messages|events)\/[^/]+$/.test(a.path) && !a.path.endsWith('delta'))).toEqual([]);
    await later();
    expect((await tokens()).map((t) => t.stream), 'the narrower ones have told all and are gone').toEqual(['calendar', 'mail']);
  });
});

describe('a later sync', () => {
  it('with nothing new asks little and changes nothing', async () => {
    const before = await rows(sql`select md5(string_agg(r::text, '|' order by record_id)) as all from records r where tenant_id = ${synced.tenantId}`);
    await later();
    const { progress, mismatch, asked } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ covered: 1, records_removed: 0, ledger: { stored: 0, failed: 0 } });
    expect(asked.length).toBeLessThan(20);
    expect(await rows(sql`select md5(string_agg(r::text, '|' order by record_id)) as all from records r where tenant_id = ${synced.tenantId}`)).toEqual(before);
  });

  it('stores what came since, reading it in pages and not one by one, and what came late with an old date', async () => {
    const fresh = await Promise.all(['quagga', 'okapi'].map((s) => send(s))), late = await send('axolotl', { receivedDateTime: at(30) });
    const { progress, asked } = await later();
    expect(progress.ledger).toMatchObject({ stored: 3, failed: 0 });
    for (const word of ['quagga', 'okapi', 'axolotl']) expect(await synced.find(word)).toHaveLength(1);
    expect(asked.filter((a) => a.path.includes('/messages/') && !a.path.endsWith('/delta')), 'only the late one by its id').toHaveLength(1);
    for (const { id } of [...fresh, late]) expect(await idOf(id)).not.toBeNull();
  });

  it('updates what was edited and leaves no trace of its old facts', async () => {
    const [mail] = await mails();
    await box('PATCH', `/messages/${mail!.id}`, { subject: 'Zirconium order', body: 'See invoice INV-2044-111 at https://zirconium.example/x' });
    expect((await later()).progress.ledger.stored).toBe(1);
    const id = (await idOf(mail!.id))!;
    expect(await synced.find('zirconium')).toEqual([id]);
    const staged = async () => (await rows(sql`select key from discovered_entities where tenant_id = ${synced.tenantId} and key ilike '%zirconium%'`)).length;
    expect(await staged()).toBeGreaterThan(0);
    await box('PATCH', `/messages/${mail!.id}`, { subject: 'Something else', body: 'No links.' });
    await later();
    expect(await synced.find('zirconium')).toEqual([]);
    expect(await staged()).toBe(0);
  });

  it('reads a mail that was only read or flagged, and stores nothing', async () => {
    const [mail] = await mails();
    await box('PATCH', `/messages/${mail!.id}`, { isRead: false });
    expect((await later()).progress.ledger).toMatchObject({ stored: 0, unchanged: 1 });
  });

  it('forgets what was deleted, recoverable or not, and stores it again when it comes back', async () => {
    const [soft, hard] = await mails(), before = (await held('mail')).length;
    const whole = await box<Mail>('GET', `/messages/${soft!.id}`);
    await box('DELETE', `/messages/${soft!.id}`);
    await box('POST', `/microsoft/messages/${hard!.id}/purge`);
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 2, ledger: { stored: 0 } });
    expect([await idOf(soft!.id), await idOf(hard!.id), (await held('mail')).length]).toEqual([null, null, before - 2]);
    expect((await rows(sql`select sum(removed)::int as n from sync_windows where tenant_id = ${synced.tenantId} and job_id = (select id from historical_sync_jobs where source_connection_id = ${account.connectionId}::uuid order by created_at desc limit 1)`))[0]).toEqual({ n: 2 });
    const again = await send(whole.subject, { receivedDateTime: whole.receivedDateTime });
    await later();
    expect(await idOf(again.id)).not.toBeNull();
  });

  it('keeps a mail that was moved, there and back as well, though its folder calls it deleted', async () => {
    const [a, b] = await mails(), all = await held('mail');
    await box('POST', `/microsoft/messages/${a!.id}/move`, { folder: 'Archive' });
    await box('POST', `/microsoft/messages/${b!.id}/move`, { folder: 'Archive' });
    await box('POST', `/microsoft/messages/${b!.id}/move`, { folder: 'Inbox' });
    expect((await later()).progress).toMatchObject({ records_removed: 0 });
    expect(await held('mail')).toEqual(all);
  });

  it('meets new folders, and reads the mailbox anew when one is gone with its mails', async () => {
    const folder = await box<{ id: string }>('POST', '/microsoft/folders', { displayName: 'Projects' }), [a, b, c] = await mails();
    await later();
    for (const mail of [a, b]) await box('POST', `/microsoft/messages/${mail!.id}/move`, { folder: 'Projects' });
    await later();
    await box('DELETE', `/microsoft/folders/${folder.id}`);
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 2, covered: 1 });
    expect([await idOf(a!.id), await idOf(b!.id)]).toEqual([null, null]);
    expect(await idOf(c!.id)).not.toBeNull();
  });

  it('whose token is answered 410 reads anew what memory holds, finds edits and deletes of then, and goes on with a new token', async () => {
    const all = await mails(), [edited, deleted] = [all.at(-1)!, all.at(-2)!];
    await box('PATCH', `/messages/${edited.id}`, { subject: 'Wolverine' });
    await box('DELETE', `/messages/${deleted.id}`);
    await box('POST', '/microsoft/expire-delta');
    const { progress, mismatch } = await later();
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 1, covered: 1, ledger: { stored: 1, failed: 0 } });
    expect(await synced.find('wolverine')).toHaveLength(1);
    expect(await held('mail')).toEqual((await mails()).map((m) => m.id).filter((id) => id !== deleted.id).sort());
    await box('DELETE', `/messages/${all[0]!.id}`);
    const next = await later();
    expect(next.progress).toMatchObject({ records_removed: 1 });
    expect(next.asked.length).toBeLessThan(25);
  });

  it('goes on after 410 in the middle of a round as well', async () => {
    for (const mail of (await mails()).slice(0, 30)) await box('PATCH', `/messages/${mail.id}`, { isRead: false });
    await synced.admin('POST', '/faults', { match: '$skiptoken', kind: '410', account: address });
    const { mismatch, progress } = await account.sync({ since: at(60), until: new Date().toISOString() }, 10, 'incremental');
    expect(mismatch).toBeNull();
    expect(progress).toMatchObject({ records_removed: 0, covered: 1 });
    expect((await tokens()).map((t) => t.stream)).toEqual(['calendar', 'mail']);
  });
});

describe('a calendar', () => {
  const past = async (type: string): Promise<Event> => (await events()).find((e) => e.type === type && e.start.dateTime < at(3) && e.start.dateTime > at(50))!;

  it('updates what was rescheduled, into the future as well, and forgets what was deleted', async () => {
    const moved = await past('singleInstance');
    await box('PATCH', `/microsoft/events/${moved.id}`, { subject: 'Postponed', start: at(-20), end: at(-20.1) });
    await later();
    expect(await rows(sql`select title, occurred_at > now() as ahead from records where provider_id = ${moved.id} and connection_id = ${account.connectionId}::uuid`)).toEqual([{ title: 'Postponed', ahead: true }]);
    await box('PATCH', `/microsoft/events/${moved.id}`, { start: at(-900), end: at(-900) });
    await later();
    expect(await idOf(moved.id), 'out of the view that is followed, but not gone').not.toBeNull();
    const deleted = await past('singleInstance');
    await box('DELETE', `/microsoft/events/${deleted.id}`);
    expect((await later()).progress.records_removed).toBe(1);
    expect(await idOf(deleted.id)).toBeNull();
  });

  it('reads events of a series whole, and finds one that was taken out of it by the daily sweep', async () => {
    const { id, seriesMasterId } = await past('occurrence');
    await box('DELETE', `/microsoft/events/${id}`);
    const told = await later();
    expect(told.progress.records_removed, 'Graph tells of the series only').toBe(0);
    expect(told.progress.ledger).toMatchObject({ stored: 0, failed: 0 });
    expect((await held('calendar')).includes(seriesMasterId!), 'a series is no event').toBe(false);
    await rows(sql`update sync_tokens set sweep_at = now() where connection_id = ${account.connectionId}::uuid and stream = 'calendar'`);
    expect((await later()).progress.records_removed).toBe(1);
    expect(await idOf(id)).toBeNull();
    expect((await tokens())[0]!.sweep_at, 'due again in a day').not.toBeNull();
  });

  it('stores a meeting that was planned ahead once it has begun', async () => {
    const soon = (await events()).find((e) => e.start.dateTime > new Date().toISOString() && e.type === 'singleInstance');
    expect(soon && await idOf(soon.id)).toBeNull();
    await account.sync({ since: at(60), until: at(-30) }, 100, 'incremental');
    expect(await idOf(soon!.id)).not.toBeNull();
  });
});
