/** Semantic memory: LanceDB, one database per tenant, one table per embedder. An idempotent store, never the arbiter: what counts is what the ledger names. */
import './quiet.ts';
import { connect, Session, type Connection, type Table } from '@lancedb/lancedb';
import { LANCE_CACHE_SHARE, LANCE_DATASETS_MAX, LANCE_METADATA_CACHE_SHARE, WORKER_MEMORY_BYTES } from '#contract/limits';
import { addPassageColumns, openDataset, type Dataset, type DatasetStats, type Upkeep } from './dataset.ts';
import { rowId, versionOf, type MemoryRow, type StoredRow } from './rows.ts';
import { searchDataset, withTexts, type Candidate, type Hit, type SemanticQuery } from './search.ts';
import type { Trust } from './fusion.ts';
import { isAnyOf, predicate, safeName } from './sql.ts';
import { createTable, findTable, textTables } from './tables.ts';

export type { DatasetStats, Upkeep } from './dataset.ts';
export type { MemoryRow, PassageVector, StoredRow } from './rows.ts';
export type { Candidate, Hit, SemanticQuery } from './search.ts';
export type { Filters } from './sql.ts';
export { snippetOf } from './snippet.ts';

/** Which table: the tenant and the embedder whose vectors it holds. */
export interface Space { tenant: string; embedder: { id: string; dims: number } }

/** A tenant's own embedder: its vectors lie in a table of their own, the texts stay where they are. */
export interface Beside { embedder: { id: string; dims: number }; vector: Float32Array }

interface SemanticOptions {
  /** A folder, s3://.. or gs://.. */
  uri: string;
  /** Keys and endpoint of an object store. https://docs.lancedb.com/storage/ */
  storageOptions?: Record<string, string>;
  /** What all tables together may keep in memory of what they have read. Left out: the share of a machine as fly.toml has it. */
  cacheBytes?: number;
}

/** `unindexedRows`, `fragments`: of the dataset that has most. */
export interface MemoryFigures { datasets: number; unindexedRows: number; fragments: number; cacheBytes: number; cacheItems: number }

export interface SemanticMemory {
  /** Inserts rows that are not there (by record id and content hash); repeating renews their `stored_at` and nothing else. Returns how many were new. Throws RangeError on a vector of wrong length, zero or NaN. */
  store(space: Space, rows: readonly MemoryRow[]): Promise<number>;
  /** Best first, more than asked for (see SemanticQuery.limit). Just-stored rows are found, by every process. */
  search(space: Space, query: SemanticQuery, beside?: Beside | null): Promise<Candidate[]>;
  /** What is shown of them, in their order; a text that is gone is left out. */
  texts(space: Space, candidates: readonly Candidate[]): Promise<Hit[]>;
  get(space: Space, recordId: string, contentHash: string): Promise<StoredRow | null>;
  /** The rows of these versions that are there, each once, in no order. */
  rows(space: Space, versions: readonly { recordId: string; contentHash: string }[]): Promise<StoredRow[]>;
  /** Deletes all versions of these records but the one to keep, in all tables of the tenant, as far as nobody has stored them since (ms). Returns how many texts went. */
  remove(tenant: string, records: readonly { recordId: string; keep: string | null }[], storedBeforeMs: number): Promise<number>;
  /** All versions of these records, or all rows of a connection, or all there are, that were stored before this moment: what is stored again meanwhile stays. Answers how many texts were deleted. */
  erase(tenant: string, what: { recordIds: readonly string[] } | { connectionId: string } | { everything: true }, storedBeforeMs: number): Promise<number>;
  /** Deletes these versions and their passages from one table. */
  removeVersions(space: Space, versions: readonly { recordId: string; contentHash: string }[]): Promise<void>;
  /** Drops the tables of the tenant's embedders but these. Answers their ids. */
  dropOthers(tenant: string, kept: readonly string[]): Promise<string[]>;
  /**
   * Looks through all tables of the tenant and deletes what is older than `olderThanMs` and of a version (`recordId:contentHash`) that `named` does not return.
   * Returns how many rows went. Only while no job of the tenant runs: a row that a crashed attempt left behind may be about to be committed by the next one.
   * Throws the signal's reason between two pages.
   */
  sweep(tenant: string, named: (versions: string[]) => Promise<Set<string>>, olderThanMs: number, signal: AbortSignal): Promise<number>;
  /** Compacts and indexes when it is due. Runs by itself after enough stores; for the end of a job and for idle time. */
  upkeep(space: Space): Promise<Upkeep>;
  stats(space: Space): Promise<DatasetStats | null>;
  /** Of all datasets that are open in this process, and of the caches they share. Never throws: what does not answer is left out. */
  figures(): Promise<MemoryFigures>;
  /** Waits for everything under way. */
  close(): Promise<void>;
}

const IDS_PER_STATEMENT = 500, SWEEP_PAGE = 1_000;
/** As `rowId` makes it, whatever the passage. */
const VERSION = 'concat(record_id, \':\', content_hash)';

export function openSemanticMemory({ uri, storageOptions, cacheBytes = LANCE_CACHE_SHARE * WORKER_MEMORY_BYTES }: SemanticOptions): SemanticMemory {
  const metadataBytes = Math.round(cacheBytes * LANCE_METADATA_CACHE_SHARE), session = new Session(BigInt(Math.round(cacheBytes) - metadataBytes), BigInt(metadataBytes));
  const root = uri.replace(/\/+$/, '');
  /** In order of use: the first one is the one to close. */
  const open = new Map<string, Promise<Dataset | null>>();

  // Among the options: `connect` drops a session that is its third argument (0.39), and every tenant would have caches of 7 GB of its own.
  const database = (tenant: string): Promise<Connection> => connect(`${root}/${safeName(tenant)}`, { readConsistencyInterval: 0, storageOptions, session });
  async function opened({ tenant, embedder }: Space, create: boolean): Promise<Dataset | null> {
    const db = await database(tenant), table = create ? await createTable(db, embedder.id, embedder.dims) : await findTable(db, embedder.id);
    return table && openDataset(table, embedder.dims);
  }

  async function datasetOf(space: Space, create: boolean): Promise<Dataset | null> {
    const key = `${space.tenant}/${space.embedder.id}`;
    let found = open.get(key);
    if (!found || (create && (await found) === null)) {
      found = opened(space, create);
      found.then((dataset) => { if (dataset === null && open.get(key) === found) open.delete(key); }, () => { if (open.get(key) === found) open.delete(key); });
    }
    open.delete(key);
    open.set(key, found);
    for (const [oldest, dataset] of open) { if (open.size <= LANCE_DATASETS_MAX) break; open.delete(oldest); void dataset.then((d) => d?.close()).catch(() => {}); }
    return found;
  }

  const forget = async (key: string): Promise<void> => {
    const dataset = open.get(key);
    open.delete(key);
    await dataset?.then((d) => d?.close()).catch(() => {});
  };

  /** A table that another process dropped in the meantime is opened anew, once. */
  async function using<T>(space: Space, create: boolean, absent: T, work: (dataset: Dataset) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const dataset = await datasetOf(space, create);
      if (dataset === null) return absent;
      try { return await work(dataset); } catch (error) {
        if (attempt > 1 || !/not found|closed|does not exist/i.test(error instanceof Error ? error.message : String(error))) throw error;
        await forget(`${space.tenant}/${space.embedder.id}`);
      }
    }
  }

  /** One predicate for every so many values. */
  const inParts = <T>(values: readonly T[], predicateOf: (some: T[]) => string): string[] => Array.from({ length: Math.ceil(values.length / IDS_PER_STATEMENT) }, (_, i) => predicateOf(values.slice(i * IDS_PER_STATEMENT, (i + 1) * IDS_PER_STATEMENT)));
  /** Every table of the tenant, whatever its embedder, with a way to delete from it: one that is open here stands in line with its merges. */
  async function eachTable(tenant: string, work: (table: Table, remove: (predicate: string) => Promise<number>) => Promise<void>): Promise<void> {
    const db = await database(tenant);
    for (const { name, embedderId } of await textTables(db)) {
      const dataset = await open.get(`${tenant}/${embedderId}`)?.catch(() => null);
      if (dataset?.table.name === name) { await work(dataset.table, (predicate) => dataset.delete(predicate)); continue; }
      const table = await db.openTable(name);
      try { await addPassageColumns(table); await work(table, async (predicate) => (await table.delete(predicate)).numDeletedRows); } finally { table.close(); }
    }
    db.close();
  }

  /** With all their passages. Answers how many texts went. */
  async function removeWhere(tenant: string, predicates: readonly string[], storedBeforeMs: number): Promise<number> {
    let removed = 0;
    await eachTable(tenant, async (table, remove) => {
      for (const which of predicates) {
        const old = `stored_at < ${Math.trunc(storedBeforeMs)} AND ${which}`, texts = await table.countRows(`${old} AND passage = 0`);
        if (await remove(old) > 0) removed += texts;
      }
    });
    return removed;
  }

  return {
    store: (space, rows) => (rows.length === 0 ? Promise.resolve(0) : using(space, true, 0, (dataset) => dataset.store(rows))),
    search: (space, query, beside = null) => using(space, false, [], async (dataset) => {
      dataset.searched();
      const other = beside && await datasetOf({ tenant: space.tenant, embedder: beside.embedder }, false).catch(() => null);
      other?.searched();
      return searchDataset(dataset.table, query, trustIn(space.embedder.id), beside && other && { table: other.table, vector: beside.vector });
    }),
    texts: (space, candidates) => (candidates.length === 0 ? Promise.resolve([]) : using<Hit[]>(space, false, [], (dataset) => withTexts(dataset.table, candidates))),
    get: (space, recordId, contentHash) => using(space, false, null, async (dataset) => (await dataset.rowsById([rowId(recordId, contentHash)]))[0] ?? null),
    rows: (space, versions) => using<StoredRow[]>(space, false, [], async (dataset) => {
      const rows = await dataset.rowsById(versions.map((v) => rowId(v.recordId, v.contentHash)));
      return [...new Map(rows.map((row) => [row.recordId, row])).values()];
    }),
    stats: (space) => using<DatasetStats | null>(space, false, null, (dataset) => dataset.stats()),
    async figures() {
      const stats = (await Promise.all([...open.values()].map((opening) => opening.then((dataset) => dataset?.stats() ?? null).catch(() => null)))).filter((one) => one !== null);
      const most = (key: 'unindexedRows' | 'fragments'): number => Math.max(0, ...stats.map((one) => one[key]));
      return { datasets: open.size, unindexedRows: most('unindexedRows'), fragments: most('fragments'), cacheBytes: Number(session.sizeBytes()), cacheItems: session.approxNumItems() };
    },
    upkeep: (space) => using<Upkeep>(space, false, 'not_needed', (dataset) => dataset.upkeep()),

    remove: (tenant, records, storedBeforeMs) => removeWhere(tenant, inParts(records, (some) => {
      const kept = some.flatMap(({ recordId, keep }) => (keep === null ? [] : rowId(recordId, keep)));
      return `${isAnyOf('record_id', some.map(({ recordId }) => recordId))}${kept.length > 0 ? ` AND NOT (${isAnyOf(VERSION, kept)})` : ''}`;
    }), storedBeforeMs),
    erase: (tenant, what, storedBeforeMs) => removeWhere(tenant, 'recordIds' in what ? inParts(what.recordIds, (ids) => isAnyOf('record_id', ids)) : 'connectionId' in what ? [predicate({ connection: what.connectionId })!] : ['true'], storedBeforeMs),

    removeVersions: (space, versions) => using(space, false, undefined, async (dataset) => {
      for (const which of inParts(versions, (some) => `${isAnyOf('record_id', some.map((v) => v.recordId))} AND ${isAnyOf(VERSION, some.map((v) => rowId(v.recordId, v.contentHash)))}`)) await dataset.delete(which);
    }),

    async dropOthers(tenant, kept) {
      const db = await database(tenant), others = (await textTables(db)).filter(({ embedderId }) => !kept.includes(embedderId));
      for (const { name, embedderId } of others) { await forget(`${tenant}/${embedderId}`); await db.dropTable(name); }
      db.close();
      return [...new Set(others.map(({ embedderId }) => embedderId))];
    },

    async sweep(tenant, named, olderThanMs, signal) {
      const old = `stored_at < ${Math.trunc(Date.now() - olderThanMs)}`;
      let swept = 0;
      await eachTable(tenant, async (table, remove) => {
        let page: string[] = [];
        const sweepPage = async (): Promise<void> => {
          signal.throwIfAborted();
          const ids = page, kept = await named([...new Set(ids.map(versionOf))]);
          page = [];
          for (const which of inParts(ids.filter((id) => !kept.has(versionOf(id))), (some) => isAnyOf('id', some))) swept += await remove(`${old} AND ${which}`);
        };
        for await (const batch of table.query().where(old).select(['id'])) {
          for (const id of batch.getChild('id') as Iterable<string>) { page.push(id); if (page.length >= SWEEP_PAGE) await sweepPage(); }
        }
        if (page.length > 0) await sweepPage();
      });
      return swept;
    },

    async close() { for (const key of Array.from(open.keys())) await forget(key); },
  };
}

/** Word vectors only add to keyword search; a model's vectors vote. */
const trustIn = (embedderId: string): Trust => (embedderId.startsWith('local-') ? 'basic' : 'model');
