/** Every integration once through the whole house: those that are signed in to with three months from the sandbox, those that are uploaded with the file of their tape. Books that balance, one graph for all of them. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '#contract/api';
import { isBalanced, type Job } from '#contract/job';
import { startHouse, type House } from '#dev/house';
import { freePorts } from '#dev/ports';
import { connectors } from '#fly-worker/connectors/index';
import { openVault } from '#worker-api/vault/seal';
import { openClient, type Client } from './client.ts';
import { bytesOf, tapeOf } from './tapes/replay.ts';

const withSignIn = connectors.filter((connector) => connector.oauth !== null).map((connector) => connector.id);
const withFile = connectors.filter((connector) => connector.upload).map(({ id, upload }) => [id, `tape${upload!.extensions[0]}`] as const);

const OLD = `k1:${randomBytes(32).toString('base64')}`, NEW = `k2:${randomBytes(32).toString('base64')}`;
let house: House, dir: string, client: Client;
const jobs = new Map<string, Job>();
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hsync-integrations-'));
  writeFileSync(join(dir, 'secrets.json'), JSON.stringify({ token: `${NEW},${OLD}` }));
  house = await startHouse({ dir, port: await freePorts(5), workers: 1 });
  client = openClient(house.url, house.credentials.tenants[0]!.api_key);
}, 120_000);
afterAll(async () => { await house.stop(); rmSync(dir, { recursive: true, force: true }); }, 60_000);

const one = async (query: SQL) => (await house.owner.system([query]))[0]![0] as Record<string, number>;

describe.each(withSignIn)('%s', (integration) => {
  it('is connected as the person whom the provider offers first, and backfilled with balanced books', async () => {
    const connection = await client.connect(null, integration), job = await client.ended((await client.start(connection, {}, integration)).job_id);
    expect(job, job.message ?? '').toMatchObject({ status: 'completed', progress_percentage: 100 });
    expect(isBalanced(job.ledger)).toBe(true);
    expect(job.ledger.stored).toBeGreaterThan(10);
    expect(await one(sql`select count(*)::int as n from records where integration_id = ${integration}`)).toEqual({ n: job.ledger.stored });
    jobs.set(integration, job);
  }, 180_000);

  it('changes nothing when it is read a second time', async () => {
    const { source_connection_id, ledger, start_date, end_date } = jobs.get(integration)!;
    const again = await client.ended((await client.start(source_connection_id, { start_date, end_date }, integration)).job_id);
    expect(again).toMatchObject({ status: 'completed', ledger: { seen: ledger.seen, unchanged: ledger.stored, stored: 0 } });
  }, 180_000);
});

describe.each(withFile)('%s', (integration, name) => {
  const tape = tapeOf(integration), upload = async () => {
    const answer = await client.fetch(`/api/archives?integration_id=${integration}&name=${name}`, { method: 'POST', body: Buffer.from(bytesOf(tape.exchanges.find((one) => one.file)!.file!)), headers: { 'content-type': 'application/octet-stream' } });
    expect(answer.status, await answer.clone().text()).toBe(201);
    return Connection.parse(await answer.json());
  };

  it('is uploaded and imported as a whole, with balanced books; what cannot be read is named', async () => {
    const { connection_id } = await upload(), job = await client.ended((await client.start(connection_id, {}, integration)).job_id);
    expect(job, job.message ?? '').toMatchObject({ status: 'completed', progress_percentage: 100 });
    expect(isBalanced(job.ledger)).toBe(true);
    expect(await one(sql`select count(*)::int as n from records where connection_id = ${connection_id}::uuid`)).toEqual({ n: job.ledger.stored });
    expect(job.ledger.failed).toBe(new Set(Object.values(tape.unreadable).flat()).size);
    jobs.set(integration, job);
  }, 120_000);

  it('changes nothing when it is uploaded and imported again, and is gone from our disk when it is disconnected', async () => {
    const { ledger, source_connection_id } = jobs.get(integration)!, again = await upload();
    expect(again.connection_id).toBe(source_connection_id);
    expect(await client.ended((await client.start(source_connection_id, {}, integration)).job_id)).toMatchObject({ status: 'completed', ledger: { seen: ledger.seen, unchanged: ledger.stored, stored: 0 } });
    const gone = await (await client.fetch(`/api/connections/${source_connection_id}`, { method: 'DELETE' })).json() as { access: string };
    expect(gone.access).toBe('file_deleted');
    expect(await one(sql`select count(*)::int as n from records where connection_id = ${source_connection_id}::uuid`)).toEqual({ n: ledger.stored });
  }, 120_000);
});

describe('the graph', () => {
  it('joins people over integrations: some stand in the records of every one', async () => {
    const row = await one(sql`select count(*)::int as n from (select n.id from graph_nodes n join evidence e on e.tenant_id = n.tenant_id and e.target_id = n.id join records r on r.tenant_id = e.tenant_id and r.record_id = e.record_id
      where n.node_type = 'person' group by n.id having count(distinct r.integration_id) = ${withSignIn.length}::int) joined`);
    expect(row.n).toBeGreaterThan(5);
  });

  it('joins a meeting that stands in two calendars to one event', async () => {
    const row = await one(sql`select count(*)::int as n from (select n.id from graph_nodes n join evidence e on e.tenant_id = n.tenant_id and e.target_id = n.id join records r on r.tenant_id = e.tenant_id and r.record_id = e.record_id
      where n.node_type = 'event' group by n.id having count(distinct r.integration_id) = 2) joined`);
    expect(row.n).toBeGreaterThan(10);
  });

  it('finds a mail of either mailbox by search, with the integration it came from', async () => {
    for (const integration of ['outlook', 'gmail'] as const) expect((await client.search('invoice', { integration })).results.map((hit) => hit.integration_id)).toContain(integration);
  });
});

describe('the rotation command', () => {
  it('seals what the accounts hold anew under the first key, and says that the older one can go', async () => {
    const read = async () => (await house.owner.system([sql`select id::text as id, tenant_id, sealed_tokens as sealed from connections where sealed_tokens is not null order by id`]))[0] as { id: string; tenant_id: string; sealed: string }[];
    const before = await read(), texts: string[] = [];
    for (const { id, tenant_id, sealed } of before) {
      const { text } = await openVault(NEW).open(tenant_id, 'oauth-tokens', sealed);
      texts.push(text);
      await house.owner.system([sql`update connections set sealed_tokens = ${await openVault(OLD).seal(tenant_id, 'oauth-tokens', text)} where id = ${id}::uuid`]);
    }
    const { operator } = JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')) as { operator: string };
    const { stdout } = await promisify(execFile)(process.execPath, ['dev/rotate-keys.ts'], { cwd: join(import.meta.dirname, '..'), env: { ...process.env, APP_URL: house.url, OPERATOR_SECRET: operator } });
    expect(stdout).toBe(`${withSignIn.length} sealed anew under k2.\nNothing is left under older keys: they can be taken out of TOKEN_KEYS.\n`);
    const after = await read();
    expect(await Promise.all(after.map(async ({ tenant_id, sealed }) => (await openVault(NEW).open(tenant_id, 'oauth-tokens', sealed)).text))).toEqual(texts);
  });
});
