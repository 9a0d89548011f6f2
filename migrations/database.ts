/**
 * The one door to Postgres, for edge and workers alike: a list of statements, one transaction, one HTTP round trip.
 * The tenant is set by the first statement of that same trip, so there is no connection that could remember another one.
 */
import { neon, neonConfig, NeonDbError } from '@neondatabase/serverless';
import { sql, type SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';

export type Row = Record<string, unknown>;

/**
 * `shared`: commits, side by side. `exclusive`: whatever deletes graph rows that a commit could just be pointing at.
 * Held until the end of the transaction.
 */
type TenantLock = 'none' | 'shared' | 'exclusive';

export interface Database {
  /** Runs the statements as this tenant, all or none. Answers the rows of each. Throws DatabaseError. */
  tenant(tenantId: string, statements: SQL[], lock?: TenantLock): Promise<Row[][]>;
  /** The same without a tenant: sees nothing but functions granted to the role. */
  system(statements: SQL[]): Promise<Row[][]>;
}

/** `unavailable`: Postgres did not answer or threw us out; whether the statements took effect is unknown. `refused`: it answered no, nothing took effect. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
  readonly kind: 'unavailable' | 'refused';
  /** SQLSTATE, if Postgres answered. */
  readonly code: string | null;
  readonly constraint: string | null;
  constructor(kind: 'unavailable' | 'refused', message: string, code: string | null = null, constraint: string | null = null, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.code = code;
    this.constraint = constraint;
  }
}

const dialect = new PgDialect();
interface Statement { text: string; params: unknown[] }

/** A drizzle `sql` template as text and parameters. */
export function compile(statement: SQL): Statement {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return { text, params };
}

/** The statement that comes first in every tenant's transaction. */
export function enter(tenantId: string, lock: TenantLock): SQL {
  switch (lock) {
    case 'none': return sql`select set_config('app.tenant_id', ${tenantId}, true)`;
    case 'shared': return sql`select set_config('app.tenant_id', ${tenantId}, true), pg_advisory_xact_lock_shared(hashtextextended(${tenantId}, 1))`;
    case 'exclusive': return sql`select set_config('app.tenant_id', ${tenantId}, true), pg_advisory_xact_lock(hashtextextended(${tenantId}, 1))`;
  }
}

/** SQLSTATE classes that say "not now": connection lost, shutting down, too many connections, deadlock, serialisation. */
export const isPassing = (code: string | null | undefined): boolean =>
  !code || /^(08|53|57P|40)/.test(code);

interface DatabaseOptions {
  /** postgres://user:password@host/database. Its role decides what may be seen. */
  url: string;
  /** Neon's HTTP endpoint when it is not the one derived from the host. */
  httpUrl?: string | undefined;
  timeoutMs: number;
}

/** Where Neon's driver sends statements when not to the host of the URL. The driver keeps it for the whole process. */
export function useNeonAt(httpUrl: string | undefined): void {
  if (httpUrl) neonConfig.fetchEndpoint = httpUrl;
}

/** Opens Neon over HTTP. Nothing is connected until the first statement. */
export function openDatabase({ url, httpUrl, timeoutMs }: DatabaseOptions): Database {
  useNeonAt(httpUrl);
  const client = neon(url);

  async function run(statements: SQL[]): Promise<Row[][]> {
    const queries = statements.map((s) => { const { text, params } = compile(s); return client.query(text, params); });
    try {
      return await client.transaction(queries, { fetchOptions: { signal: AbortSignal.timeout(timeoutMs) } }) as Row[][];
    } catch (error) {
      throw toDatabaseError(error);
    }
  }
  return {
    async tenant(tenantId, statements, lock = 'none') { return (await run([enter(tenantId, lock), ...statements])).slice(1); },
    system: run,
  };
}

function toDatabaseError(error: unknown): DatabaseError {
  if (error instanceof NeonDbError) {
    const code = error.code ?? null;
    return isPassing(code)
      ? new DatabaseError('unavailable', `Postgres did not take the statements (${code ?? 'no answer'}): ${error.message}`, code, null, error)
      : new DatabaseError('refused', `Postgres refused the statement (${code}): ${error.message}`, code, error.constraint ?? null, error);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new DatabaseError('unavailable', `Postgres did not answer: ${message}`, null, null, error);
}
