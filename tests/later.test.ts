/** A scheduled sync after a backfill, on a whole house, with its worker killed in the middle: memory equals the mailbox, the books balance, and only what changed was read. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Job, type IntegrationId } from '#contract/job';
import { openClient, until, type Client } from './client.ts';
import { kill, openWholeHouse, type Request, type WholeHouse } from './whole-house.ts';

type Mail = { id: string; subject: string; receivedDateTime: string };
type Event = { id: string; start: { dateTime: string }; type: string };
const DAY = 86_400_000, at = (daysAgo: number): string => new Date(Date.now() - daysAgo * DAY).toISOString();

let house: WholeHouse, client: Client;
beforeAll(async () => {
  house = await openWholeHouse({ workers: 1, env: { LEASE_SECONDS: '5', HEARTBEAT_SECONDS: '1', RING_AGAIN_SECONDS: '5' } });
  client = openClient(house.url, house.credentials.tenants[0]!.api_key);
}, 120_000);
afterAll(() => house.end(), 60_000);

const rows = async (statement: ReturnType<typeof sql>): Promise<Record<string, unknown>[]> => (await house.owner.system([statement]))[0]!;
const box = <T>(account: string, method: string, path: string, body?: object): Promise<T> => house.sandbox.ask<T>(method, `accounts/${account}/${path}`, body);
const mailsOf = (account: string): Promise<Mail[]> => box(account, 'GET', 'messages?limit=500');
const requests = (account: string): Promise<Request[]> => house.sandbox.ask('GET', `requests?account=${encodeURIComponent(account)}`);
const providerIds = async (connection: string, stream: string): Promise<string[]> => (await rows(sql`select provider_id from records where connection_id = ${connection}::uuid and stream = ${stream}`)).map((r) => String(r.provider_id)).sort();

/** Connects a mailbox and reads it whole. */
async function backfilled(account: string, integration: IntegrationId, seed: number): Promise<{ connection: string; until: string }> {
  await house.sandbox.addAccount(account, { mails: 120, events: 40, seed, months: 2 });
  const connection = await client.connect(account, integration), job = await client.start(connection, { start_date: at(89) }, integration);
  const ended = await client.ended(job.job_id);
  expect(ended).toMatchObject({ status: 'completed', mode: 'backfill' });
  return { connection, until: ended.end_date };
}

/** Sets the schedule, lets it be due, and lets the minute's look find it. */
async function scheduled(connection: string): Promise<Job> {
  const set = await client.fetch(`/api/connections/${connection}/schedule`, { method: 'PUT', body: JSON.stringify({ every: 'hourly' }) });
  expect(set.status, await set.text()).toBe(200);
  await rows(sql`update connections set next_sync_at = now() - interval '1 minute' where id = ${connection}::uuid`);
  await (await fetch(`${house.url}/cdn-cgi/handler/scheduled`)).body?.cancel();
  const newest = async (): Promise<Job | undefined> => {
    const { jobs } = await (await client.fetch('/api/integrations/historical-sync/jobs?limit=20')).json() as { jobs: unknown[] };
    return jobs.map((job) => Job.parse(job)).find((job) => job.source_connection_id === connection && job.mode === 'incremental');
  };
  return (await until(newest, (job) => job !== undefined, 'the scheduled job is there'))!;
}

async function expectBooks(job: Job, removed: number, stored: number): Promise<void> {
  expect(job).toMatchObject({ status: 'completed', mode: 'incremental', priority: 'low', progress_percentage: 100, records_removed: removed });
  const { seen, ...parts } = job.ledger;
  expect(seen).toBe(Object.values(parts).reduce((a, b) => a + b, 0));
  expect(parts).toMatchObject({ stored, failed: 0 });
  const [books] = await rows(sql`select count(*) filter (where outcome = 'stored')::int as stored, count(*) filter (where outcome = 'unchanged')::int as unchanged from sync_ledger where job_id = ${job.job_id}::uuid`);
  expect(books).toEqual({ stored: parts.stored, unchanged: parts.unchanged });
  // Nothing hangs on what is gone.
  const [loose] = await rows(sql`select (select count(*)::int from evidence e where not exists (select from records r where r.tenant_id = e.tenant_id and r.record_id = e.record_id)) as evidence,
    (select count(*)::int from graph_nodes n where not exists (select from evidence e where e.tenant_id = n.tenant_id and e.target_id = n.id)) as nodes, (select count(*)::int from graph_edges g where not exists (select from evidence e where e.tenant_id = g.tenant_id and e.target_id = g.id)) as edges`);
  expect(loose).toEqual({ evidence: 0, nodes: 0, edges: 0 });
}
const found = async (word: string): Promise<number> => (await client.search(word, { mode: 'keyword' })).results.length;

describe('a scheduled sync', () => {
  it('of Outlook makes memory what the mailbox is by now, though its worker is killed in the middle', async () => {
    const account = 'later-outlook@later.example', { connection, until: end } = await backfilled(account, 'outlook', 71);
    const mails = (await mailsOf(account)).filter((mail) => mail.receivedDateTime > at(80)), touched = mails.slice(0, 24), edited = touched.slice(0, 20), gone = touched.slice(20);
    const goneIds = await rows(sql`select record_id::text as id from records where connection_id = ${connection}::uuid and provider_id = any(${`{${gone.map(({ id }) => JSON.stringify(id)).join(',')}}`}::text[])`);
    for (const [i, { id }] of edited.entries()) await box(account, 'PATCH', `messages/${id}`, { subject: i === 0 ? 'zirconium order' : `Edited ${i}`, body: 'Another text.' });
    for (const { id } of gone) await box(account, 'DELETE', `messages/${id}`);
    const fresh = await box<Mail>(account, 'POST', 'messages', { subject: 'quagga offer', body: 'New.' });
    const cancelled = (await box<Event[]>(account, 'GET', 'microsoft/events')).find(({ start, type }) => type === 'singleInstance' && start.dateTime > at(50) && start.dateTime < at(2));
    await box(account, 'DELETE', `microsoft/events/${cancelled!.id}`);
    const before = (await requests(account)).length;
    await house.sandbox.settings({ latencyMs: 150 });
    const job = await scheduled(connection);
    await until(() => client.job(job.job_id), ({ status, chunks_completed }) => status === 'running' && chunks_completed > 0, 'it is under way');
    kill(house.holder(job.job_id).worker);
    await house.sandbox.settings({ latencyMs: 0 });
    const ended = await client.ended(job.job_id);
    await expectBooks(ended, 5, 21);

    expect(await providerIds(connection, 'mail')).toEqual((await mailsOf(account)).filter((mail) => mail.receivedDateTime > at(89)).map(({ id }) => id).sort());
    expect(await providerIds(connection, 'calendar')).not.toContain(cancelled!.id);
    expect([await found('zirconium'), await found('quagga')]).toEqual([1, 1]);
    for (const { id } of goneIds) expect((await client.fetch(`/api/memory/records/${String(id)}`)).status).toBe(404);

    const asked = (await requests(account)).slice(before).map(({ path }) => path).filter((path) => path.startsWith('/v1.0/me/'));
    const byId = asked.flatMap((path) => /\/messages\/([^/?]+)\?/.exec(path)?.[1] ?? []).filter((id) => id !== 'delta');
    const ours = new Set([...touched.map(({ id }) => id), fresh.id]);
    expect(byId.filter((id) => !ours.has(id)), 'mails that did not change').toEqual([]);
    const lists = asked.flatMap((path) => /^\/v1\.0\/me\/messages\?.*receivedDateTime ge (\S+?Z)/.exec(path)?.[1] ?? []);
    expect(lists.length).toBeGreaterThan(0);
    for (const since of lists) expect(Date.parse(since), 'lists begin where memory ended').toBeGreaterThanOrEqual(Date.parse(end) - 1_000);
  }, 120_000);

  it('of Gmail asks for what came and went, and for nothing else', async () => {
    const account = 'later-gmail@later.example', { connection, until: end } = await backfilled(account, 'gmail', 72), held = await providerIds(connection, 'mail');
    const [gone, trashed] = (await mailsOf(account)).filter((mail) => mail.receivedDateTime > at(80));
    await box(account, 'DELETE', `messages/${gone!.id}`);
    await box(account, 'POST', `microsoft/messages/${trashed!.id}/move`, { folder: 'Deleted Items' });
    await box(account, 'POST', 'messages', { subject: 'okapi offer', body: 'New.' });
    const before = (await requests(account)).length;
    await expectBooks(await client.ended((await scheduled(connection)).job_id), 2, 1);
    const now = await providerIds(connection, 'mail');
    expect(now).toHaveLength(held.length - 1);
    expect(await found('okapi')).toBe(1);
    const asked = (await requests(account)).slice(before).map(({ path }) => path);
    expect(new Set(asked.flatMap((path) => /\/messages\/([^/?]+)\?/.exec(path)?.[1] ?? [])).size, 'mails looked at').toBe(3);
    for (const since of asked.flatMap((path) => /messages\?q=after:(\d+)/.exec(path)?.[1] ?? [])) expect(Number(since) * 1_000).toBeGreaterThanOrEqual(Date.parse(end) - 2_000);
  }, 120_000);
});
