/** The migrations on a throw-away Postgres: on an empty database and on one that was filled when it was young, each twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { openDatabase, type Database } from '#migrations/database';
import { migrate, migrationFiles, urlAs } from '#migrations/migrate';
import { startNeonDoor } from '../neon-door.ts';
import { freePort } from '../ports.ts';
import { startPostgres } from '../postgres.ts';

interface Rehearsal { migrations: number; rowsKept: number; tables: number }

const TENANTS = 3, RECORDS_PER_TENANT = 500;
/** What stood in a database that has only the first migration. Its columns are those of that file, which nobody may change. */
const fill = [
  sql`insert into tenants (id, name, slug, plan) select 't' || n, 'Tenant ' || n, 't' || n, (array['free', 'solo', 'team'])[n] from generate_series(1, ${TENANTS}::int) n`,
  sql`insert into users (id, name, email) select 'u' || n, 'User ' || n, 'u' || n || '@a.example' from generate_series(1, ${TENANTS}::int) n`,
  sql`insert into members (id, tenant_id, user_id, role) select 'm' || n, 't' || n, 'u' || n, 'owner' from generate_series(1, ${TENANTS}::int) n`,
  sql`insert into api_keys (tenant_id, id, name, prefix, hash, scopes) select id, 'k', 'a key', 'hs', 'hash of ' || id, array['memory:read'] from tenants`,
  sql`insert into connections (tenant_id, id, integration_id, account) select id, gen_random_uuid(), 'outlook', id || '@a.example' from tenants`,
  sql`insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, status, start_date, end_date, created_by, seen, stored)
    select c.tenant_id, gen_random_uuid(), 'outlook', c.id, s, now() - interval '90 days', now(), 'test', ${RECORDS_PER_TENANT}::int, ${RECORDS_PER_TENANT}::int from connections c, unnest(array['completed', 'failed', 'pending', 'cancelled', 'paused']) s`,
  sql`insert into sync_windows (tenant_id, job_id, stream, no, since, until, done) select tenant_id, id, 'mail', 0, start_date, end_date, status = 'completed' from historical_sync_jobs`,
  sql`insert into records (tenant_id, record_id, integration_id, connection_id, stream, provider_id, kind, content_hash, title, preview, occurred_at, people, stored_by_job)
    select j.tenant_id, gen_random_uuid(), 'outlook', j.source_connection_id, 'mail', 'p' || n, 'mail', md5(n::text), 'Mail ' || n, 'text', now() - n * interval '1 hour', array['anna@a.example'], j.id
      from historical_sync_jobs j, generate_series(1, ${RECORDS_PER_TENANT}::int) n where j.status = 'completed'`,
  sql`insert into sync_ledger (tenant_id, job_id, record_id, stream, window_no, outcome) select tenant_id, stored_by_job, record_id, 'mail', 0, 'stored' from records`,
  sql`insert into record_failures (tenant_id, job_id, record_id, stream, provider_id, kind, message) select tenant_id, id, gen_random_uuid(), 'mail', 'p', 'malformed', 'It cannot be read.' from historical_sync_jobs where status = 'failed'`,
  sql`insert into graph_nodes (tenant_id, id, node_type, key, name, described_at, described_by) select tenant_id, gen_random_uuid(), 'Thread', record_id::text, title, occurred_at, record_id from records`,
  sql`insert into discovered_entities (tenant_id, id, entity_type, key, name, status) select tenant_id, id, node_type, key, name, 'promoted' from graph_nodes`,
  sql`insert into graph_edges (tenant_id, id, source, edge_type, target) select tenant_id, gen_random_uuid(), id, 'REPLY_TO', id from graph_nodes`,
  sql`insert into evidence (tenant_id, record_id, target_id, target_kind, method, confidence) select tenant_id, key::uuid, id, 'n', 'rule', 1 from graph_nodes`,
];

/** Throws with the migration that failed, or with what it lost. */
export async function rehearse(): Promise<Rehearsal> {
  const dir = mkdtempSync(join(tmpdir(), 'rehearsal-')), postgres = await startPostgres({ dir, port: await freePort() });
  const door = await startNeonDoor({ port: await freePort(), postgresPort: postgres.port });
  const wsProxy = `127.0.0.1:${door.port}/v2`, httpUrl = `http://127.0.0.1:${door.port}/sql`;
  try {
    const open = (url: string): Database => openDatabase({ url, httpUrl, timeoutMs: 60_000 });
    const all = migrationFiles(), passwords = { appPassword: 'rehearsal-password-1', authPassword: 'rehearsal-password-2' };

    const empty = await newDatabase(postgres.superuserUrl, 'empty');
    expectSame('an empty database', await migrate({ url: empty, wsProxy, ...passwords }), all.map(({ name }) => name));
    expectSame('an empty database, again', await migrate({ url: empty, wsProxy, ...passwords }), []);
    // The role of the application can get in, and sees nothing without a tenant.
    await open(urlAs(empty, 'hsync_app', passwords.appPassword)).system([sql`select 1 from records`]);

    const filled = await newDatabase(postgres.superuserUrl, 'filled'), db = open(filled);
    await migrate({ url: filled, wsProxy, upTo: all[0]!.name });
    await db.system(fill);
    const before = await countsOf(db);
    expectSame('a filled database', await migrate({ url: filled, wsProxy }), all.slice(1).map(({ name }) => name));
    expectSame('a filled database, again', await migrate({ url: filled, wsProxy }), []);
    const after = await countsOf(db);
    for (const [table, rows] of before) if ((after.get(table) ?? 0) < rows) throw new Error(`The migrations left ${after.get(table) ?? 'no table and no'} of ${rows} rows in ${table}.`);
    return { migrations: all.length, rowsKept: [...before.values()].reduce((sum, rows) => sum + rows, 0), tables: after.size };
  } finally {
    await door.stop();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Its owner's address. A database cannot be made inside a transaction, so not through Neon's door. */
async function newDatabase(superuserUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try { await client.query(`create database ${name}`); } finally { await client.end(); }
  return Object.assign(new URL(superuserUrl), { pathname: `/${name}` }).toString();
}

function expectSame(where: string, applied: readonly string[], expected: readonly string[]): void {
  if (applied.join() !== expected.join()) throw new Error(`On ${where} the migrator applied ${applied.join(', ') || 'nothing'} where ${expected.join(', ') || 'nothing'} was due.`);
}

async function countsOf(db: Database): Promise<Map<string, number>> {
  const [tables] = await db.system([sql`select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and c.relname <> 'schema_migrations' order by 1`]);
  const names = tables!.map(({ name }) => String(name)), counts = await db.system(names.map((name) => sql`select count(*)::int as rows from ${sql.identifier(name)}`));
  return new Map(names.map((name, i) => [name, Number(counts[i]![0]!.rows)]));
}
