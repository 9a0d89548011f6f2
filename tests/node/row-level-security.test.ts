/** Beneath every query: no table shows, takes or gives up another tenant's row, and the whole line of a worker keeps tenants apart with the tenant taken out of all its conditions. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { openDeriveThreads, type DeriveThreads } from '#fly-worker/derive-thread';
import { ContextRequest } from '#contract/context';
import { localEmbedder } from '#fly-worker/embed/local';
import { openEraser } from '#fly-worker/erase';
import { exportMemory } from '#fly-worker/export';
import { openCommunityBook } from '#fly-worker/graph/community-book';
import { contextOf } from '#fly-worker/graph/context';
import * as ledger from '#fly-worker/ledger';
import { runPipeline } from '#fly-worker/pipeline';
import * as reads from '#fly-worker/reads';
import { openSemanticMemory, type SemanticMemory } from '#fly-worker/semantic/memory';
import { openWorkshop } from '#fly-worker/workshop';
import type { Database } from '#migrations/database';
import { writeErasure } from '#migrations/erasure';
import { benchMails } from '../bench/mails.ts';
import { startTestDatabase, type TestDatabase } from '../database.ts';
import { Stripper } from '../stripper.ts';

const stripper = new Stripper(), embedder = localEmbedder();
let db: TestDatabase, dir: string, semantic: SemanticMemory, threads: DeriveThreads;
beforeAll(async () => {
  db = await startTestDatabase(stripper.rewrite);
  dir = mkdtempSync(join(tmpdir(), 'hsync-rls-'));
  semantic = openSemanticMemory({ uri: dir });
  threads = openDeriveThreads();
});
afterAll(async () => { await threads.close(); await semantic.close(); await db.stop(); rmSync(dir, { recursive: true, force: true }); });

interface Side { tenant: string; connection: string; job: string }
async function newSide(): Promise<Side> {
  const side = { tenant: `t${randomUUID().slice(0, 8)}`, connection: randomUUID(), job: randomUUID() };
  await db.owner.system([
    sql`insert into tenants (id, name, slug) values (${side.tenant}, ${side.tenant}, ${side.tenant})`,
    sql`insert into users (id, name, email) values (${side.tenant}, 'U', ${`${side.tenant}@x.example`})`,
    sql`insert into connections (tenant_id, id, integration_id, account) values (${side.tenant}, ${side.connection}::uuid, 'outlook', 'same@x.example')`,
  ]);
  return side;
}
async function newJobOf({ tenant, connection, job }: Side): Promise<ledger.Lease> {
  await db.owner.system([sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, fence) values (${tenant}, ${job}::uuid, 'outlook', ${connection}::uuid, '2020-01-01', '2030-01-01', 'test', 'running', 1)`]);
  return { tenantId: tenant, jobId: job, connectionId: connection, integrationId: 'outlook', fence: 1 };
}

/** Everything Postgres holds of a tenant. */
const everythingOf = async (tenant: string): Promise<unknown> => (await db.owner.system([sql`
  select string_agg(c.table_name || md5(query_to_xml(format('select t from %I t where tenant_id = %L order by t::text', c.table_name, ${tenant}::text), true, false, '')::text), ' ' order by c.table_name) as all
    from information_schema.columns c where c.column_name = 'tenant_id' and c.table_schema = 'public'`]))[0]![0]!.all;

describe('every table', () => {
  let mine: Side, theirs: Side, tables: { name: string; columns: string[]; role: 'app' | 'auth' }[];
  beforeAll(async () => {
    [mine, theirs] = [await newSide(), await newSide()];
    const [found] = await db.owner.system([sql`
      select t.table_name as name, string_agg(c.column_name, ',' order by c.ordinal_position) filter (where c.is_generated = 'NEVER') as columns, has_table_privilege('hsync_app', t.table_name, 'select') as app
        from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
       where t.table_schema = 'public' and t.table_type = 'BASE TABLE' group by 1 having bool_or(c.column_name = 'tenant_id') order by 1`]);
    tables = found!.map((t) => ({ name: String(t.name), columns: String(t.columns).split(','), role: t.app ? 'app' : 'auth' }));
  });

  /** A row of a tenant, made of whatever the columns' types ask for; rows they hang on exist on both sides. */
  async function plant(name: string, side: Side): Promise<void> {
    const { tenant, connection, job } = side;
    if (name === 'enrichments' || name === 'embedded') await plant('records', side);
    const [columns] = await db.owner.system([sql`select column_name as name, udt_name as type, pg_get_constraintdef(k.oid) as check from information_schema.columns c
      left join pg_constraint k on k.conrelid = ${name}::regclass and k.contype = 'c' and pg_get_constraintdef(k.oid) like '%' || c.column_name || '%ANY%'
      where c.table_schema = 'public' and c.table_name = ${name} and c.is_generated = 'NEVER' and (c.is_nullable = 'NO' and c.column_default is null or c.column_name = 'tenant_id')`]);
    const value = ({ name: column, type, check }: Record<string, unknown>): SQL => {
      const allowed = /'([^']+)'/.exec(String(check ?? ''))?.[1];
      if (column === 'tenant_id') return sql`${tenant}`;
      if (column === 'job_id') return sql`${job}::uuid`;
      if (column === 'record_id' && (name === 'enrichments' || name === 'embedded')) return sql`(select record_id from records where tenant_id = ${tenant} limit 1)`;
      if (column === 'source_connection_id' || column === 'connection_id') return sql`${connection}::uuid`;
      if (column === 'end_date' || column === 'until') return sql`now() + interval '1 day'`;
      if (String(column).endsWith('user_id') || column === 'inviter_id') return sql`${tenant}`;
      switch (type) {
        case 'uuid': return sql`gen_random_uuid()`;
        case 'text': return sql`${allowed ?? randomUUID()}::text`;
        case 'char': return sql`${allowed ?? 'n'}::"char"`;
        case '_text': return sql`'{read}'::text[]`;
        case 'jsonb': return sql`'{}'::jsonb`;
        case 'timestamptz': return sql`now()`;
        case 'date': return sql`now()::date`;
        case 'bool': return sql`false`;
        default: return sql`1`;
      }
    };
    const names = sql.raw(columns!.map((c) => String(c.name)).join(', '));
    await db.owner.system([sql`insert into ${sql.raw(name)} (${names}) values (${sql.join(columns!.map(value), sql`, `)}) on conflict do nothing`]);
  }

  it('of a tenant hides, keeps and refuses another tenant\'s rows, whatever the statement says', async () => {
    await Promise.all([newJobOf(mine), newJobOf(theirs)]);
    expect(tables.length).toBeGreaterThan(15);
    for (const { name, role, columns } of tables) {
      for (const side of [mine, theirs]) await plant(name, side);
      const [planted] = await db.owner.system([sql`select count(*)::int as rows from ${sql.raw(name)} where tenant_id = ${theirs.tenant}`]);
      expect(planted![0]!.rows, `${name}: the test could plant a row`).toBeGreaterThan(0);
      const as = (statement: SQL) => db[role].tenant(mine.tenant, [statement]), table = sql.raw(name), before = await everythingOf(theirs.tenant);

      const [seen] = await as(sql`select distinct tenant_id from ${table}`);
      expect(seen, `${name}: seen`).toEqual([{ tenant_id: mine.tenant }]);
      expect((await as(sql`update ${table} set tenant_id = tenant_id where tenant_id = ${theirs.tenant} returning 1`))[0], `${name}: updated`).toEqual([]);
      expect((await as(sql`delete from ${table} where tenant_id = ${theirs.tenant} returning 1`))[0], `${name}: deleted`).toEqual([]);
      const copy = columns.map((c) => (c === 'tenant_id' ? `'${theirs.tenant}'` : c)).join(', ');
      await expect(as(sql`insert into ${table} (${sql.raw(columns.join(', '))}) select ${sql.raw(copy)} from ${table}`), `${name}: inserted`).rejects.toThrow(/row-level security/);
      await expect(as(sql`update ${table} set tenant_id = ${theirs.tenant}`), `${name}: given away`).rejects.toThrow(/row-level security/);
      expect(await everythingOf(theirs.tenant)).toBe(before);
    }
  });

  it('of sign-in is out of the application\'s reach, and memory out of sign-in\'s', async () => {
    const [granted] = await db.owner.system([sql`
      select t.table_name as name, has_table_privilege('hsync_app', t.table_name, 'select, insert, update, delete') as app, has_table_privilege('hsync_auth', t.table_name, 'select, insert, update, delete') as auth
        from information_schema.tables t where t.table_schema = 'public' and t.table_type = 'BASE TABLE'`]);
    const of = (role: 'app' | 'auth') => granted!.filter((t) => t[role]).map((t) => String(t.name)).toSorted();
    expect(of('auth')).toEqual(['accounts', 'api_keys', 'invitations', 'members', 'rate_limits', 'sessions', 'tenants', 'users', 'verifications']);
    expect(of('app').filter((name) => of('auth').includes(name))).toEqual(['tenants']);
    for (const { name, role } of tables) expect((await db[role].system([sql`select 1 from ${sql.raw(name)} limit 1`]).then(([r]) => r!.length)) > 0, `${name} without a tenant`).toBe(role === 'auth');
  });
});

describe('the worker\'s line without any WHERE', () => {
  const run = async (side: Side, mails: SourceRecord[], unreadable: { providerId: string; message: string }[] = []) => {
    const lease = await newJobOf(side);
    const { progress, mismatch } = await runPipeline({
      lease, mode: 'backfill', baseUrl: '', range: { since: '2020-01-01T00:00:00.000Z', until: '2030-01-01T00:00:00.000Z' }, signal: AbortSignal.timeout(60_000), onProgress: () => undefined,
      shop: openWorkshop({ db: db.app, threads, embedder, embedsOnThread: true, semantic }),
      connector: { id: 'outlook', concurrencyMax: 2, cursor: { safeParse: (data: unknown) => ({ success: true, data }) }, streams: async () => [{ name: 'mail', order: 'unordered', windowDays: 36_500 }] } as never,
      provider: { pageSize: () => 100, fetchPage: async () => ({ records: mails, unreadable, next: null }) } as never,
    });
    return { lease, progress, mismatch };
  };
  const finish = (side: Side) => db.owner.system([sql`update historical_sync_jobs set status = 'completed' where id = ${side.job}::uuid`]);
  let mine: Side, theirs: Side, mails: SourceRecord[];
  beforeAll(async () => {
    [mine, theirs, mails] = [await newSide(), await newSide(), benchMails(40)];
    // The same mails under both, so that keys of people and threads collide; theirs has one more, edited ones and a failure.
    await run(theirs, [...mails, { ...mails[0]!, providerId: 'only-theirs', title: 'Quince marmalade', body: { format: 'text', content: 'Only theirs: quince marmalade.' } }], [{ providerId: 'broken', message: 'no date' }]);
    await finish(theirs);
    stripper.turn(true);
  });
  afterAll(() => stripper.turn(false));

  it('stores, edits, forgets old facts and balances its own books, and leaves every row of the other tenant alone', async () => {
    const before = await everythingOf(theirs.tenant);
    expect(await run(mine, mails)).toMatchObject({ mismatch: null, progress: { ledger: { seen: 40, stored: 40, unchanged: 0, duplicate: 0, failed: 0 } } });
    await finish(mine);
    const edited = mails.with(3, { ...mails[3]!, title: 'Changed', participants: [] }).with(5, { ...mails[5]!, title: 'Changed too', body: { format: 'text', content: 'short' } });
    mine.job = randomUUID();
    expect(await run(mine, edited, [{ providerId: 'broken', message: 'no date' }])).toMatchObject({ mismatch: null, progress: { ledger: { seen: 41, stored: 2, unchanged: 38, failed: 1 } } });
    expect(stripper.turn(true).stripped, 'conditions were taken out').toBeGreaterThan(50);
    expect(await everythingOf(theirs.tenant)).toBe(before);
  });

  it('opens, plans and commits nothing under another tenant\'s job, whatever a lease claims', async () => {
    const stolen: ledger.Lease = { tenantId: mine.tenant, jobId: theirs.job, connectionId: theirs.connection, integrationId: 'outlook', fence: 1 }, before = await everythingOf(theirs.tenant);
    await db.owner.system([sql`update historical_sync_jobs set status = 'running' where id = ${theirs.job}::uuid`]);
    for (const verb of [ledger.open, ledger.plan, ledger.planRetries, ledger.balance]) await expect(verb(db.app, stolen, [])).rejects.toThrow(ledger.FencedError);
    await finish(theirs);
    expect(await everythingOf(theirs.tenant)).toBe(before);
  });

  it('searches and reads one tenant only, also when semantic memory hands it another one\'s record', async () => {
    const memory: reads.Memory = { db: db.app, semantic, embedder };
    const [found] = await db.owner.system([sql`select record_id::text as id, content_hash as hash from records where tenant_id = ${theirs.tenant} and title = 'Quince marmalade'`]), { id, hash } = found![0] as { id: string; hash: string };
    const stray = await semantic.get({ tenant: theirs.tenant, embedder }, id, hash);
    await semantic.store({ tenant: mine.tenant, embedder }, [{
      recordId: id, contentHash: hash, integrationId: 'outlook', connectionId: theirs.connection, stream: 'mail', occurredAt: Date.now(), title: 'Quince marmalade', text: stray!.text, parts: [], people: [], url: null,
      vector: (await embedder.embed(['quince marmalade'])).slice(0, embedder.dims), isNew: true,
    } as never]);
    const answer = await reads.search(memory, mine.tenant, { q: 'quince marmalade invoice budget', mode: 'hybrid', limit: 100, recency: 'ignore' });
    expect(answer.results.length).toBeGreaterThan(0);
    expect(JSON.stringify(answer)).not.toContain(id);
    expect(new Set(answer.watermarks.map((w) => w.connection_id))).toEqual(new Set([mine.connection]));
    expect(await reads.readRecord(memory, mine.tenant, id)).toBeNull();
    expect((await reads.readRecord(memory, mine.tenant, answer.results[0]!.record_id))?.entities.length).toBeGreaterThan(0);
  });

  it('knows, probes and lists failures of its own only', async () => {
    const lease: ledger.Lease = { tenantId: mine.tenant, jobId: mine.job, connectionId: mine.connection, integrationId: 'outlook', fence: 1 };
    const [ids] = await db.owner.system([sql`select record_id::text as id from records where tenant_id = ${theirs.tenant}`]);
    expect((await ledger.known(db.app, lease, ids!.map((r) => String(r.id)))).size).toBe(0);
    expect([...await ledger.failedIn(db.app, lease, { stream: 'mail', no: 1, retryOf: 0 } as ledger.OpenWindow)]).toHaveLength(1);
  });

  it('would see both with a role above row-level security: the conditions are really gone', async () => {
    const every = (database: Database) => database.tenant(mine.tenant, [sql`select distinct tenant_id from records r where r.tenant_id = ${mine.tenant}`]).then(([rows]) => rows!.map((r) => String(r.tenant_id)).filter((t) => [mine.tenant, theirs.tenant].includes(t)).toSorted());
    expect(await every(db.owner)).toEqual([mine.tenant, theirs.tenant].toSorted());
    expect(await every(db.app)).toEqual([mine.tenant]);
  });

  it('exports, gives context, finds communities and erases of one tenant only', async () => {
    const memory: reads.Memory = { db: db.app, semantic, embedder }, before = await everythingOf(theirs.tenant), log = (): undefined => undefined;
    const exported = async (): Promise<string[]> => { const parts: string[] = []; for await (const part of exportMemory(memory, mine.tenant)) parts.push(part); return parts.join('').split('\n').filter(Boolean); };
    const [counted] = await db.owner.system([sql`select (select count(*) from records where tenant_id = ${mine.tenant}) + (select count(*) from graph_nodes where tenant_id = ${mine.tenant}) + (select count(*) from graph_edges where tenant_id = ${mine.tenant})
      + (select count(*) from evidence where tenant_id = ${mine.tenant}) + (select count(*) from discovered_entities where tenant_id = ${mine.tenant}) as n`]);
    expect(await exported()).toHaveLength(Number(counted![0]!.n));
    const pack = await contextOf(memory, mine.tenant, ContextRequest.parse({ query: 'quince marmalade invoice budget', limit: 50 }));
    expect(pack.entities.length).toBeGreaterThan(0);
    const book = openCommunityBook({ db: db.app, log }), eraser = openEraser({ db: db.app, semantic, log }), id = randomUUID();
    await book.rebuild(mine.tenant);
    await db.app.tenant(mine.tenant, [writeErasure(mine.tenant, id, 'tenant', null, 'test')], 'exclusive');
    expect(await eraser.erase(mine.tenant, id)).toMatchObject({ status: 'done', records: 40 });
    expect(await exported()).toEqual([]);
    expect(stripper.turn(true).stripped).toBeGreaterThan(50);
    expect(await everythingOf(theirs.tenant)).toBe(before);
  });
});
