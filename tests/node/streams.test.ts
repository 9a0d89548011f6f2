/** Streams that come, go and refuse, threads that cross windows, locators that are forgotten: whole runs against the sandbox, compared with what it holds. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doneSentence } from '#contract/errors';
import { connectorOf } from '#fly-worker/connectors/index';
import { openSyncedTenant, type Account, type Range, type SyncedTenant } from '../synced.ts';

const ANNA = 'anna.keller@nordlicht-robotics.example', DAY = 86_400_000, ANCHOR = Date.UTC(2026, 10, 21, 12);
const back = (days: number, until = 0): Range => ({ since: new Date(ANCHOR - days * DAY).toISOString(), until: new Date(ANCHOR - until * DAY).toISOString() });
interface Message { ts: string; thread?: string; subtype?: string; text: string }
interface Channel { id: string; name: string; isClosed: boolean }

let tenant: SyncedTenant, slack: Account, salesforce: Account;
beforeAll(async () => {
  tenant = await openSyncedTenant({ anchor: ANCHOR, clock: () => ANCHOR });
  slack = await tenant.connect(connectorOf('slack')!, ANNA);
  salesforce = await tenant.connect(connectorOf('salesforce')!, ANNA);
});
afterAll(() => tenant.close());

const workspace = <T>(method: string, path: string, body?: object): Promise<T> => tenant.admin<T>(method, `/accounts/${ANNA}/slack/${path}`, body);
const organization = <T>(method: string, path: string, body?: object): Promise<T> => tenant.admin<T>(method, `/accounts/${ANNA}/salesforce/${path}`, body);
const stored = async ({ connectionId }: Account): Promise<string[]> => {
  const [rows] = await tenant.db.owner.system([sql`select stream || ' ' || provider_id as id from records where connection_id = ${connectionId}::uuid order by 1`]);
  return (rows ?? []).map((row) => String(row.id));
};
const at = (ts: string): number => Math.floor(Number(ts) * 1_000);

/** What a sync of the range must find, from the channels themselves: own date in the range; an answer also needs the message it answers within reach. */
async function expected({ since, until }: Range): Promise<string[]> {
  const found: string[] = [], from = Date.parse(since), to = Date.parse(until);
  for (const { id, isClosed } of await workspace<Channel[]>('GET', 'channels')) {
    if (isClosed) continue;
    for (const { ts, thread, subtype } of await workspace<Message[]>('GET', `channels/${id}/messages`)) {
      const isReachable = thread === undefined || subtype === 'thread_broadcast' || at(thread) >= from || at(ts) - at(thread) <= 14 * DAY;
      if (subtype !== 'channel_join' && at(ts) >= from && at(ts) < to && isReachable) found.push(`${id} ${ts}`);
    }
  }
  return found.sort();
}

describe('channels', () => {
  it('are read to the last message and answer, each once, also where a thread crosses windows', async () => {
    const general = (await workspace<Channel[]>('GET', 'channels'))[0]!;
    const question = await workspace<Message>('POST', `channels/${general.id}/messages`, { text: 'Who still has the old plans?', ts: `${(ANCHOR - 100 * DAY) / 1_000}.000700` });
    for (const days of [99, 90, 80, 40, 3]) await workspace('POST', `channels/${general.id}/messages`, { text: `Answer ${days}`, thread: question.ts, ts: `${(ANCHOR - days * DAY) / 1_000}.000700` });
    const range = back(150), wanted = await expected(range);
    const { mismatch, progress: { ledger } } = await slack.sync(range, 50);
    expect(mismatch).toBeNull();
    expect(wanted.length).toBeGreaterThan(800);
    expect(await stored(slack)).toEqual(wanted);
    expect(ledger).toMatchObject({ seen: wanted.length, stored: wanted.length, duplicate: 0, failed: 0 });
  });

  it('that we are not in are passed over with a note, and are complete back to nowhere', async () => {
    const closed = (await workspace<Channel[]>('GET', 'channels')).find((channel) => channel.isClosed)!;
    const { mismatch, streams } = await slack.sync(back(10));
    expect(mismatch).toBeNull();
    expect(doneSentence(streams)).toBe('Everything in the chosen range is in memory, but for what was passed over: #works-council.');
    const { note, ...rest } = streams.find((stream) => stream.name === closed.id)!;
    expect(rest).toEqual({ name: closed.id, title: '#works-council', complete_back_to: null, done: true });
    expect(note).toMatch(/not a member of this channel/);
    expect(streams.filter((stream) => stream.note)).toHaveLength(1);
  });

  it('that appear later are picked up by the next job, deleted ones are no longer asked for', async () => {
    const { id } = await workspace<Channel>('POST', 'channels', { name: 'brand-new' });
    const { ts } = await workspace<Message>('POST', `channels/${id}/messages`, { text: 'First words', ts: `${(ANCHOR - DAY) / 1_000}.000100` });
    const doomed = (await workspace<Channel[]>('GET', 'channels')).find(({ name }) => name === 'old-trade-fair')!;
    await workspace('DELETE', `channels/${doomed.id}`);
    const { streams, progress: { ledger } } = await slack.sync(back(10));
    expect(streams.find((stream) => stream.name === id)).toMatchObject({ title: '#brand-new', done: true });
    expect(streams.some((stream) => stream.name === doomed.id)).toBe(false);
    expect(ledger.stored).toBe(1);
    expect(await stored(slack)).toContain(`${id} ${ts}`);
  });

  it('change nothing when only reactions and answers move, and one record when a text is edited', async () => {
    const [general] = await workspace<Channel[]>('GET', 'channels'), recent = (await workspace<Message[]>('GET', `channels/${general!.id}/messages`)).find(({ ts, subtype }) => at(ts) > ANCHOR - 10 * DAY && !subtype)!;
    await workspace('PATCH', `channels/${general!.id}/messages/${recent.ts}`, { reactions: [{ name: 'tada', users: ['U1'] }] });
    expect((await slack.sync(back(10))).progress.ledger.stored).toBe(0);
    await workspace('PATCH', `channels/${general!.id}/messages/${recent.ts}`, { text: 'Something else altogether' });
    expect((await slack.sync(back(10))).progress.ledger.stored).toBe(1);
  });

  it('are read on with a new token when the old one expires in the middle, and stop when access is taken back', async () => {
    await tenant.admin('POST', '/faults', { match: 'conversations.history', kind: '401', count: 1 });
    expect((await slack.sync(back(10))).mismatch).toBeNull();
    await tenant.admin('POST', `/accounts/${ANNA}/revoke-tokens`, { provider: 'slack' });
    await expect(slack.sync(back(10))).rejects.toMatchObject({ kind: 'auth_expired' });
  });
});

describe('rows', () => {
  const idsOf = async (object: string, { since, until }: Range): Promise<string[]> =>
    (await organization<{ Id: string; SystemModstamp: string }[]>('GET', object)).filter((row) => Date.parse(row.SystemModstamp) >= Date.parse(since) && Date.parse(row.SystemModstamp) < Date.parse(until)).map((row) => row.Id);
  const wantedIn = async (range: Range): Promise<string[]> => (await Promise.all(([['contacts', 'Contact'], ['accounts', 'Account'], ['leads', 'Lead'], ['opportunities', 'Opportunity']] as const)
    .map(async ([stream, object]) => (await idsOf(object, range)).map((id) => `${stream} ${id}`)))).flat().sort();

  it('are read to the last one, in pages of any size, whether locators are remembered or not', async () => {
    await organization('POST', 'leads', { count: 2_300 });
    const range = back(180), wanted = await wantedIn(range);
    expect(wanted.length).toBeGreaterThan(2_800);
    await tenant.admin('POST', '/faults', { match: '/query/0r8', kind: '410', count: -1 });
    const { mismatch, progress: { ledger }, asked } = await salesforce.sync(range, 1_000);
    expect(mismatch).toBeNull();
    expect(await stored(salesforce)).toEqual(wanted);
    expect(ledger).toMatchObject({ stored: wanted.length, duplicate: 0, failed: 0 });
    expect(asked.filter(({ outcome }) => outcome === 410).length).toBeGreaterThan(1);
    await tenant.admin('DELETE', '/faults');
    for (const pageSize of [40, 2_000]) expect((await salesforce.sync(range, pageSize)).progress.ledger).toMatchObject({ seen: wanted.length, stored: 0, duplicate: 0, unchanged: wanted.length });
  });

  it('that were only touched are unchanged, edited ones are stored anew', async () => {
    const [first, second] = await organization<{ Id: string }[]>('GET', 'Contact');
    await organization('PATCH', `Contact/${first!.Id}`);
    await organization('PATCH', `Contact/${second!.Id}`, { Title: 'Chief of Everything' });
    expect((await salesforce.sync(back(1, -1))).progress.ledger).toMatchObject({ stored: 1 });
  });

  it('wait for hours when the day\'s allowance is used up', async () => {
    await tenant.admin('POST', '/faults', { match: '/services/data', kind: 'limit', count: -1 });
    await expect(salesforce.sync(back(10))).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 3_600_000 });
    await tenant.admin('DELETE', '/faults');
  });
});
