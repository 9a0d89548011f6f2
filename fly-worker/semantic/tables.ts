/**
 * Which of a tenant's LanceDB tables holds an embedder's texts. LanceDB looks whether a table is there and creates it in two steps: whoever is stopped between
 * them writes an empty table over what others have stored meanwhile (seen in one of ten rounds of four creators). So nobody creates a table of a name that
 * another could take: each creator makes one of its own and proposes it. Proposals are versions of one small table, and its first version decides, which
 * exactly one of them can write; what a late one writes over it is a later version. A table that was dropped never comes back: then the next proposals decide.
 */
import './quiet.ts';
import { randomBytes } from 'node:crypto';
import type { Connection, Table } from '@lancedb/lancedb';
import { schemaOf } from './rows.ts';
import { safeName } from './sql.ts';

const TABLE_PREFIX = 'memory__', PROPOSALS_PREFIX = 'proposed__', CREATE_ATTEMPTS_MAX = 5;

/** A table without an own ending is of the time when all creators used the same name. */
const tableName = (embedderId: string, own?: string): string => `${TABLE_PREFIX}${safeName(embedderId)}${own ? `__${own}` : ''}`;
const proposalsName = (embedderId: string, round: number): string => `${PROPOSALS_PREFIX}${safeName(embedderId)}__${round}`;
const embedderOf = (name: string): string => name.slice(TABLE_PREFIX.length).replace(/__[0-9a-f]{16}$/, '');

/** All tables that hold texts, also those of creators that came too late and died: they are empty. */
export async function textTables(db: Connection): Promise<{ name: string; embedderId: string }[]> {
  return (await db.tableNames()).filter((name) => name.startsWith(TABLE_PREFIX)).map((name) => ({ name, embedderId: embedderOf(name) }));
}

/** The embedder's table, or null when there is none yet. */
export async function findTable(db: Connection, embedderId: string): Promise<Table | null> {
  const { name } = await decided(db, embedderId);
  return name === null ? null : db.openTable(name);
}

/** The embedder's table, which is created if there is none, by whomever comes first. */
export async function createTable(db: Connection, embedderId: string, dims: number): Promise<Table> {
  for (let attempt = 1; ; attempt += 1) {
    const { name, round } = await decided(db, embedderId);
    if (name !== null) return db.openTable(name);
    const own = tableName(embedderId, randomBytes(8).toString('hex'));
    (await db.createEmptyTable(own, schemaOf(dims), { mode: 'create' })).close();
    // that another was faster is no failure: who was is read
    const failure = await db.createTable(proposalsName(embedderId, round), [{ table: own }], { mode: 'create' }).then((proposals) => { proposals.close(); return null; }, (error: unknown) => error);
    const now = await decided(db, embedderId);
    if (now.name !== own) await db.dropTable(own);
    if (now.name !== null) return db.openTable(now.name);
    if (attempt >= CREATE_ATTEMPTS_MAX) throw failure instanceof Error ? failure : new Error(`The table of ${embedderId} was dropped ${attempt} times while it was created. Try again when nothing is being erased.`);
  }
}

/** The table that counts, or the round of proposals in which it is to be decided. */
async function decided(db: Connection, embedderId: string): Promise<{ name: string | null; round: number }> {
  const present = new Set(await db.tableNames()), former = tableName(embedderId);
  if (present.has(former)) return { name: former, round: 0 };
  for (let round = 0; ; round += 1) {
    const first = present.has(proposalsName(embedderId, round)) ? await firstProposal(db, proposalsName(embedderId, round)) : null;
    // looked for once more: a listing that ran while both were made may hold the later one alone
    if (first === null || present.has(first) || (await db.tableNames()).includes(first)) return { name: first, round };
  }
}

/** Null: its folder is there, its first version is not yet. */
async function firstProposal(db: Connection, name: string): Promise<string | null> {
  let proposals: Table;
  try { proposals = await db.openTable(name, [], { version: 1 }); } catch (error) { if (/not found/i.test(String(error))) return null; throw error; }
  try { return (await proposals.query().toArray() as { table: string }[])[0]!.table; } finally { proposals.close(); }
}
