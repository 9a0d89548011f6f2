/** The real ledger on a real Postgres for the simulation: one plain connection a process, prepared statements, and answers that get lost on purpose. */
import { AssertionError } from 'node:assert';
import pg from 'pg';
import type { SQL } from 'drizzle-orm';
import { compile, DatabaseError, enter, isPassing, type Database, type Row } from '#migrations/database';

/** What becomes of one round trip: `lost`: it never arrived. `unheard`: it took effect, the answer got lost. */
export type Fate = 'fine' | 'lost' | 'unheard';

/** Sabotage: changes the text of a statement before it runs. */
export type Rewrite = (text: string) => string;

export interface SimulatedDatabase extends Database {
  query(text: string, params?: unknown[]): Promise<Row[]>;
}

/** A chunk that landed, as its statement's first parameters say; or one at a shut gate (`isShut`) that forgot records all the same. */
export interface Landed { jobId: string; fence: number; chunk: string; forgot: string[]; isShut: boolean }

interface Connection { client: pg.Client; names: Map<string, string> }
const connections = new Map<string, Promise<Connection>>();

/** One for all seeds of this process: a new one would plan every statement anew, which takes longer than running them. */
function connected(url: string): Promise<Connection> {
  let connection = connections.get(url);
  if (!connection) {
    const client = new pg.Client({ connectionString: url });
    connections.set(url, connection = client.connect().then(() => ({ client, names: new Map<string, string>() })));
  }
  return connection;
}

/** For the end of the process, or of the database. */
export async function disconnect(): Promise<void> {
  for (const connection of connections.values()) await (await connection).client.end();
  connections.clear();
}

export async function connectPlain(url: string, fate: () => Fate, rewrite: Rewrite, onChunk: (landed: Landed, currentFence: number) => void): Promise<SimulatedDatabase> {
  const { client, names } = await connected(url);

  async function execute(statement: SQL): Promise<Row[]> {
    const { text, params } = compile(statement);
    const changed = rewrite(text);
    let name = names.get(changed);
    if (!name) names.set(changed, name = `s${names.size}`);
    return (await client.query({ name, text: changed, values: params })).rows as Row[];
  }
  const recordsOf = async (tenantId: unknown): Promise<string[]> => (await client.query({ name: 'records', text: 'select record_id::text as id from records where tenant_id = $1', values: [tenantId] })).rows.map((r: { id: string }) => r.id);
  async function watch(statements: SQL[], answers: Row[][], before: string[] | null): Promise<void> {
    for (const [i, statement] of statements.entries()) {
      const { text, params } = compile(statement);
      if (!text.includes('advanced as')) continue;
      const [tenantId, jobId, fence, stream, no, seq] = params, isShut = answers[i]?.length !== 1, after = before && new Set(await recordsOf(tenantId));
      const forgot = after && before ? before.filter((id) => !after.has(id)) : [];
      if (isShut && forgot.length === 0) continue;
      const { rows } = await client.query({ name: 'fence', text: 'select fence::int as fence from historical_sync_jobs where tenant_id = $1 and id = $2', values: [tenantId, jobId] });
      onChunk({ jobId: String(jobId), fence: Number(fence), chunk: `${jobId}/${stream}/${no}/${seq}`, forgot, isShut }, rows[0].fence);
    }
  }
  async function run(statements: SQL[]): Promise<Row[][]> {
    const become = fate();
    if (become === 'lost') throw new DatabaseError('unavailable', 'lost on the way');
    const answers: Row[][] = [], forgetting = statements.map(compile).find(({ text }) => text.includes('forgotten as (delete'));
    const before = forgetting ? await recordsOf(forgetting.params[0]) : null;
    await client.query('begin');
    try {
      for (const statement of statements) answers.push(await execute(statement));
      await client.query('commit');
      await watch(statements, answers, before);
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      if (error instanceof AssertionError) throw error;
      const { code, constraint, message } = error as { code?: string; constraint?: string; message: string };
      throw new DatabaseError(isPassing(code) ? 'unavailable' : 'refused', message, code ?? null, constraint ?? null, error);
    }
    if (become === 'unheard') throw new DatabaseError('unavailable', 'the answer got lost');
    return answers;
  }
  return {
    async tenant(tenantId, statements, lock = 'none') { return (await run([enter(tenantId, lock), ...statements])).slice(1); },
    system: run,
    async query(text, params) { return (await client.query(text, params)).rows as Row[]; },
  };
}
