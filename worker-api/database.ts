/** The edge's two doors to Postgres: one tenant at a time, and sign-in. One of each per isolate. */
import { sql, type SQL } from 'drizzle-orm';
import { openDatabase, type Database } from '#migrations/database';
import { DATABASE_TIMEOUT_MS } from '#contract/limits';
import type { Env } from './env.ts';

const open = new Map<string, Database>();
function database(url: string, httpUrl: string | undefined): Database {
  let db = open.get(url);
  if (!db) open.set(url, db = openDatabase({ url, httpUrl, timeoutMs: DATABASE_TIMEOUT_MS }));
  return db;
}

/** Role hsync_app: row-level security shows one tenant. */
export const tenantDatabase = (env: Env): Database => database(env.APP_DATABASE_URL, env.NEON_HTTP_URL);
/** Role hsync_auth: users, sessions, keys, members, tenants. Nothing of their data. */
export const signInDatabase = (env: Env): Database => database(env.AUTH_DATABASE_URL, env.NEON_HTTP_URL);

/** A timestamp column as every answer writes it: ISO 8601, UTC, milliseconds. */
export const utc = (column: string): SQL => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);
