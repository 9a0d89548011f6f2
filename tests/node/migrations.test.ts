/** The foundation: SQL applies once, cannot be changed afterwards, and drizzle knows the same tables. */
import { getTableColumns, getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, migrationFiles } from '#migrations/migrate';
import * as schema from '#migrations/schema';
import { startTestDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => { db = await startTestDatabase(); });
afterAll(() => db.stop());

describe('migrations', () => {
  it('applies nothing the second time', async () => {
    expect(await migrate({ url: db.ownerUrl, wsProxy: db.wsProxy })).toEqual([]);
  });

  it('refuses to run when an applied file was changed', async () => {
    const first = migrationFiles()[0]!;
    await db.owner.system([sql`update schema_migrations set sha256 = 'something else' where name = ${first.name}`]);
    await expect(migrate({ url: db.ownerUrl, wsProxy: db.wsProxy })).rejects.toThrow(/was changed after it had been applied/);
    await db.owner.system([sql`update schema_migrations set sha256 = ${first.sha256} where name = ${first.name}`]);
  });

  it('is the same to Postgres and to drizzle, table by table and column by column', async () => {
    const [columns] = await db.owner.system([sql`
      select table_name, column_name, case when data_type = 'ARRAY' then 'text[]' when data_type = 'timestamp with time zone' then 'timestamp (3) with time zone' else data_type end as type, is_nullable = 'NO' as not_null
        from information_schema.columns where table_schema = 'public' and table_name <> 'schema_migrations' order by 1, 2`]);
    const drizzle = (Object.values(schema) as unknown[]).filter((t): t is PgTable => is(t, PgTable)).flatMap((table) => Object.values(getTableColumns(table)).map((c) => ({
      table_name: getTableName(table), column_name: c.name, type: c.getSQLType(), not_null: c.notNull,
    })));
    const order = (rows: { table_name: unknown; column_name: unknown }[]) => rows.toSorted((a, b) => `${a.table_name}.${a.column_name}` < `${b.table_name}.${b.column_name}` ? -1 : 1);
    expect(order(drizzle)).toEqual(order(columns as unknown as typeof drizzle));
  });

  it('has the columns the seeds name for historical_sync_jobs', async () => {
    const [rows] = await db.owner.system([sql`select column_name from information_schema.columns where table_name = 'historical_sync_jobs'`]);
    expect(rows!.map((r) => r.column_name)).toEqual(expect.arrayContaining(['id', 'tenant_id', 'integration_id', 'source_connection_id', 'status', 'progress_percentage', 'records_processed',
      'entities_extracted', 'relationships_extracted', 'last_heartbeat', 'checkpoint_data', 'last_error', 'error_count', 'max_retries']));
  });
});

describe('statistics', () => {
  it('know no tenant by name: one that is not on the list would be held to have a single row', async () => {
    const [columns] = await db.owner.system([sql`select c.relname as table, a.attstattarget as target from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attname = 'tenant_id'`]);
    expect(columns!.length).toBeGreaterThan(15);
    expect(columns!.filter(({ target }) => target !== 0)).toEqual([]);
  });

  it('are forgotten of a database that has some', async () => {
    const lists = async () => (await db.owner.system([sql`select tablename from pg_stats where attname = 'tenant_id' and schemaname = 'public'`]))[0];
    await db.owner.system([sql`insert into tenants (id, name, slug) values ('known', 'K', 'known')`, sql`insert into connections (tenant_id, id, integration_id, account) values ('known', gen_random_uuid(), 'outlook', 'k@x.example')`,
      sql`alter table connections alter column tenant_id set statistics -1`, sql`analyze connections`]);
    expect(await lists()).toEqual([{ tablename: 'connections' }]);
    await db.owner.system([sql.raw(migrationFiles().find(({ name }) => name.includes('unknown_to_statistics'))!.text), sql`analyze connections`]);
    expect(await lists()).toEqual([]);
    await db.owner.system([sql`delete from tenants where id = 'known'`]);
  });
});

describe('row-level security', () => {
  it('is on for every table, and every table of a tenant has tenant_id first in its primary key', async () => {
    const [tables] = await db.owner.system([sql`
      select c.relname as name, c.relrowsecurity as rls,
             (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] where i.indrelid = c.oid and i.indisprimary) as first_key,
             exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as of_tenant
        from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' and c.relname <> 'schema_migrations'`]);
    expect(tables!.length).toBeGreaterThan(15);
    for (const t of tables!) {
      expect(t.rls, `${t.name} has row-level security`).toBe(true);
      if (t.of_tenant && !['members', 'invitations'].includes(String(t.name))) expect(t.first_key, `${t.name}'s key`).toBe('tenant_id');
    }
  });

  it('shows the application one tenant even without any WHERE, and none when no tenant is set', async () => {
    await db.owner.system([sql`insert into tenants (id, name, slug) values ('a', 'A', 'a'), ('b', 'B', 'b')`,
      sql`insert into connections (tenant_id, id, integration_id, account) select t, gen_random_uuid(), 'outlook', t || '@x.example' from unnest(array['a', 'b']) t`]);
    const [mine] = await db.app.tenant('a', [sql`select tenant_id from connections`]);
    expect(mine).toEqual([{ tenant_id: 'a' }]);
    expect((await db.app.tenant('a', [sql`select id from tenants`]))[0]).toEqual([{ id: 'a' }]);
    expect((await db.app.system([sql`select tenant_id from connections`]))[0]).toEqual([]);
    await expect(db.app.tenant('a', [sql`insert into connections (tenant_id, id, integration_id, account) values ('b', gen_random_uuid(), 'outlook', 'z')`])).rejects.toThrow(/row-level security/);
    await expect(db.app.system([sql`select * from sessions`])).rejects.toThrow(/permission denied/);
    await expect(db.auth.system([sql`select * from records`])).rejects.toThrow(/permission denied/);
  });

  it('will not call a job completed whose books do not balance', async () => {
    await expect(db.owner.system([sql`
      insert into historical_sync_jobs (tenant_id, id, integration_id, source_connection_id, start_date, end_date, created_by, status, seen, stored)
      select tenant_id, gen_random_uuid(), 'outlook', id, now() - interval '1 day', now(), 'test', 'completed', 3, 2 from connections limit 1`])).rejects.toThrow(/completed_means_balanced/);
  });
});
