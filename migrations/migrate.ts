/** The migrator: applies migrations/sql in order, once each, and refuses to run when an applied file was changed. Node only. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { neonConfig, Pool } from '@neondatabase/serverless';

const DIRECTORY = new URL('./sql/', import.meta.url);

interface MigrateOptions {
  /** The owner's connection: may create tables and roles. */
  url: string;
  /** host:port/path of a WebSocket door when the host of `url` has none of its own. */
  wsProxy?: string | undefined;
  /** Passwords the two application roles get; without, they are left as they are. */
  appPassword?: string | undefined;
  authPassword?: string | undefined;
  /** The last file to apply, by name; all of them without it. */
  upTo?: string | undefined;
}

/** Applies what is missing, in one transaction a file, under a lock. Answers the names applied. Throws when an applied file has changed. */
export async function migrate({ url, wsProxy, appPassword, authPassword, upTo }: MigrateOptions): Promise<string[]> {
  if (wsProxy) {
    neonConfig.wsProxy = () => wsProxy;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineTLS = false;
    neonConfig.pipelineConnect = false;
  }
  const pool = new Pool({ connectionString: url, max: 1 });
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock(7241)');
    await client.query('create table if not exists schema_migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())');
    const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migrations');
    const applied = new Map(rows.map((r) => [r.name, r.sha256]));
    const news: string[] = [];
    for (const { name, text, sha256 } of migrationFiles()) {
      if (upTo !== undefined && name > upTo) break;
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before !== undefined) throw new Error(`Migration ${name} was changed after it had been applied. Put it back and write a new one.`);
      await client.query('begin');
      try {
        await client.query(text);
        await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [name, sha256]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw new Error(`Migration ${name} failed, nothing of it was applied: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
      news.push(name);
    }
    await setPassword(client, 'hsync_app', appPassword);
    await setPassword(client, 'hsync_auth', authPassword);
    return news;
  } finally {
    client.release();
    await pool.end();
  }
}

/** All migrations in order. */
export function migrationFiles(): { name: string; text: string; sha256: string }[] {
  return readdirSync(DIRECTORY).filter((f) => f.endsWith('.sql')).sort().map((name) => {
    const text = readFileSync(new URL(name, DIRECTORY), 'utf8');
    return { name, text, sha256: createHash('sha256').update(text).digest('hex') };
  });
}

async function setPassword(client: { query(text: string): Promise<unknown> }, role: string, password: string | undefined): Promise<void> {
  if (password === undefined) return;
  if (!/^[A-Za-z0-9_-]{16,}$/.test(password)) throw new Error(`The password of ${role} must be at least 16 letters, digits, - or _.`);
  await client.query(`alter role ${role} with login password '${password}'`);
}

/** The same database under another role. */
export function urlAs(url: string, role: 'hsync_app' | 'hsync_auth', password: string): string {
  const copy = new URL(url);
  copy.username = role;
  copy.password = password;
  return copy.toString();
}
