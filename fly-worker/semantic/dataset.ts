/** One LanceDB table: one tenant, one embedder. Merges of this process stand in line, and upkeep of a large table with them; those of others get in between, and upkeep gives way. */
import './quiet.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Index, type Table } from '@lancedb/lancedb';
import { FRAGMENTS_LOOK_COMMITS, FRAGMENTS_MAX, LANCE_MERGE_ROWS_MAX, LANCE_VERSIONS_KEPT_MS, SETTLE_AFTER_MS, UNINDEXED_AT_REST_MAX, UNINDEXED_AT_REST_MIN, UNINDEXED_AT_REST_SHARE, UNINDEXED_DUE_MAX, UNINDEXED_DUE_MIN, UNINDEXED_DUE_SHARE, UNINDEXED_ROWS_MAX, VECTOR_INDEX_ROWS_MIN, VECTOR_SEGMENTS_MAX } from '#contract/limits';
import { deduplicated, fromLance, PASSAGE_COLUMNS, ROW_COLUMNS, toArrow, type MemoryRow, type StoredRow } from './rows.ts';
import { isAnyOf } from './sql.ts';

/** `rows`: texts; `vectors`: rows of any kind, one a passage. */
export interface DatasetStats { rows: number; vectors: number; fragments: number; unindexedRows: number; bytes: number; hasVectorIndex: boolean }
/** What upkeep did; `yielded`: another writer was faster, the next one goes on. */
export type Upkeep = 'not_needed' | 'done' | 'yielded';

/** The number is the index's version: a table with another one is indexed anew, beside its work. */
const TEXT_INDEX = 'body_fts_3', FORMER_TEXT_INDICES = ['body_fts', 'body_fts_2'], VECTOR_INDEX = 'vector_flat', FORMER_VECTOR_INDICES = ['vector_rq', 'vector_rq4'];
/** The vectors as they are, in lists of near ones: half the time to build of one with four bits a dimension, and nothing to compare again in rows that lie all over the table. */
const vectorIndex = (): Index => Index.ivfFlat({ distanceType: 'cosine' });
/** Words stay as they are, in any language (see `joints`); their forms are found by the query. Always by name: an index of another type on the same column would become a second one. */
const INDICES = [
  { name: TEXT_INDEX, column: 'body', config: () => Index.fts({ baseTokenizer: 'simple', stem: false, removeStopWords: false, asciiFolding: true, lowercase: true, withPosition: false, maxTokenLength: 100 }) },
  { name: 'id_btree', column: 'id', config: () => Index.btree() },
  { name: 'record_id_btree', column: 'record_id', config: () => Index.btree() },
  { name: 'occurred_at_btree', column: 'occurred_at', config: () => Index.btree() },
] as const;

export interface Dataset {
  readonly table: Table;
  readonly dims: number;
  /** Inserts rows that are not there yet, renews the others. Returns how many were new. Starts upkeep when it is due. */
  store(rows: readonly MemoryRow[]): Promise<number>;
  rowsById(ids: readonly string[]): Promise<StoredRow[]>;
  delete(predicate: string): Promise<number>;
  stats(): Promise<DatasetStats>;
  upkeep(): Promise<Upkeep>;
  /** Somebody searches here: once nobody has written for SETTLE_AFTER_MS, what rest left outside the index goes in, too. */
  searched(): void;
  /** Waits for running merges and upkeep, then lets go. */
  close(): Promise<void>;
}

/** Takes the table over: closes it with itself. */
export async function openDataset(table: Table, dims: number): Promise<Dataset> {
  await addPassageColumns(table);
  const present = new Set(await indexNames(table)), isFormer = !present.has(TEXT_INDEX) && FORMER_TEXT_INDICES.some((former) => present.has(former));
  for (const { name: index, column, config } of INDICES) if (!present.has(index) && !(isFormer && index === TEXT_INDEX)) await createOnce(table, column, index, config());
  return dataset(table, dims, present.has(VECTOR_INDEX));
}

/** For tables from before there were passages: each of their rows is a text of its own. */
export async function addPassageColumns(table: Table): Promise<void> {
  const isThere = async (): Promise<boolean> => (await table.schema()).fields.some(({ name }) => name === PASSAGE_COLUMNS[0]!.name);
  if (await isThere()) return;
  await table.addColumns(PASSAGE_COLUMNS).catch(async (error: unknown) => { await table.checkoutLatest(); if (!(await isThere())) throw error; });
}

/** The former index answers until the new one is there. */
async function renewTextIndex(table: Table): Promise<void> {
  const present = await indexNames(table), former = present.filter((name) => FORMER_TEXT_INDICES.includes(name));
  if (former.length === 0) return;
  const { column, name, config } = INDICES[0];
  if (!present.includes(name)) await createOnce(table, column, name, config());
  await dropIndices(table, former);
}

/** Those that are there; another process may be faster. */
async function dropIndices(table: Table, names: readonly string[]): Promise<void> {
  for (const name of await indexNames(table)) if (names.includes(name)) await table.dropIndex(name).catch(async (error: unknown) => { if ((await indexNames(table)).includes(name)) throw error; });
}

const indexNames = async (table: Table): Promise<string[]> => (await table.listIndices()).map((index) => index.name);

const CREATE_ATTEMPTS_MAX = 8;

/** Two processes may open a new table together: one of them creates the index, the other finds it. */
async function createOnce(table: Table, column: string, name: string, config: Index): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try { await table.createIndex(column, { config, name, replace: false }); return; } catch (error) {
      await table.checkoutLatest();
      if ((await indexNames(table)).includes(name)) return;
      if (attempt >= CREATE_ATTEMPTS_MAX || !isConflict(error)) throw error;
      await sleep(20 * attempt);
    }
  }
}

function dataset(table: Table, dims: number, vectorIndexed: boolean): Dataset {
  const line = inLine();
  let hasVectorIndex = vectorIndexed, upkeepRunning: Promise<Upkeep> | null = null;
  /** `outside`: rows that the text index does not hold, as far as is known here; those of other processes are counted by the next upkeep. */
  let outside = 0, outsideDue = UNINDEXED_DUE_MIN, commitsSince = 0;
  // at once where a table has been opened; again with every upkeep until it is done
  const renewal = renewTextIndex(table).catch(() => {});

  async function stats(): Promise<DatasetStats> {
    const [all, index, rows] = await Promise.all([table.stats(), table.indexStats(TEXT_INDEX), table.countRows('passage = 0')]);
    return { rows, vectors: all.numRows, fragments: all.fragmentStats.numFragments, unindexedRows: index?.numUnindexedRows ?? all.numRows, bytes: all.totalBytes, hasVectorIndex };
  }

  /**
   * LanceDB's `optimize` joins neighbouring fragments of the same indices and renews the text index as a whole; the vector index only gets a segment
   * more. So with a vector index what was tidied once is left alone (different segments), until there are too many of them: then all become one.
   * `most`: rows that may stay outside the text index, of so many.
   */
  async function tidy(most: (rows: number) => number): Promise<Upkeep> {
    await renewal;
    try { await renewTextIndex(table); } catch (error) { if (!isConflict(error)) throw error; return 'yielded'; }
    const before = await stats(), segments = (await table.listIndices()).find(({ name }) => name === VECTOR_INDEX)?.numSegments ?? 0;
    outside = before.unindexedRows; commitsSince = 0; outsideDue = unindexedDue(before.vectors);
    const wantsVectorIndex = !hasVectorIndex && before.vectors >= VECTOR_INDEX_ROWS_MIN, wantsOneSegment = segments > VECTOR_SEGMENTS_MAX;
    if (before.unindexedRows <= most(before.vectors) && before.fragments <= FRAGMENTS_MAX && !wantsVectorIndex && !wantsOneSegment) return 'not_needed';
    const optimize = async () => {
      if (wantsOneSegment) await table.createIndex('vector', { config: vectorIndex(), name: VECTOR_INDEX, replace: true });
      await table.optimize({ cleanupOlderThan: new Date(Date.now() - LANCE_VERSIONS_KEPT_MS) });
      outside = Math.max(0, outside - before.unindexedRows);
      if (!wantsVectorIndex) return;
      await createOnce(table, 'vector', VECTOR_INDEX, vectorIndex());
      hasVectorIndex = true;
      await dropIndices(table, FORMER_VECTOR_INDICES);
    };
    // A large one in line: what merges put there meanwhile would be in the indices but in pieces of its own, and joining those later writes the indices twice. Where all is joined anyway, beside them.
    try { await (hasVectorIndex && !wantsOneSegment ? line(optimize) : optimize()); return 'done'; } catch (error) { if (!isConflict(error)) throw error; }
    // merges kept getting in between: once more
    try { await line(optimize); return 'done'; } catch (error) { if (!isConflict(error)) throw error; return 'yielded'; }
  }

  const started = (most = unindexedDue): Promise<Upkeep> => {
    upkeepRunning ??= tidy(most).finally(() => { upkeepRunning = null; });
    return upkeepRunning;
  };
  /** Whoever asks means what is stored by now: one that has begun earlier does not count. */
  const upkeep = async (): Promise<Upkeep> => {
    await upkeepRunning?.catch(() => {});
    return started(unindexedAtRest);
  };

  /** The version that was there at the last look, and one in which nothing was outside. */
  let lookedAtMs = 0, seenVersion = 0, settledVersion = 0;
  async function settle(): Promise<void> {
    const before = seenVersion, version = seenVersion = await table.version();
    if (version === before && version !== settledVersion && !upkeepRunning && await started(() => 0) === 'not_needed') settledVersion = version;
  }

  const append = async (batch: Batch): Promise<number> => { await table.add(batch); return batch.numRows; };
  /** Looks every id up. What is there already is written again, so that its `stored_at` says that somebody wants it: the sweep then leaves it. */
  const merge = async (batch: Batch): Promise<number> => (await table.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(batch)).numInsertedRows;

  return {
    table, dims, stats, upkeep,
    searched() {
      if (upkeepRunning || Date.now() - lookedAtMs < SETTLE_AFTER_MS) return;
      lookedAtMs = Date.now();
      // in the background: a search does not wait for it
      settle().catch(() => {});
    },
    async store(rows) {
      const unique = deduplicated(rows);
      let inserted = 0;
      for (let from = 0; from < unique.length; from += LANCE_MERGE_ROWS_MAX) {
        // the index does not keep up: it is waited for
        if (outside > UNINDEXED_ROWS_MAX - LANCE_MERGE_ROWS_MAX) await upkeepRunning?.catch(() => {});
        const part = unique.slice(from, from + LANCE_MERGE_ROWS_MAX), batch = toArrow(part, dims, Date.now());
        inserted += await line(() => (part.every((row) => row.isNew) ? append(batch) : merge(batch)));
        outside += batch.numRows; commitsSince += 1;
      }
      // in the background: its failure must not fail a chunk, and shows in the figures
      if (outside > outsideDue || commitsSince >= FRAGMENTS_LOOK_COMMITS) started().catch(() => {});
      return inserted;
    },
    async rowsById(ids) {
      if (ids.length === 0) return [];
      return (await table.query().where(isAnyOf('id', ids)).select(ROW_COLUMNS).toArray() as Record<string, unknown>[]).map(fromLance);
    },
    delete: (predicate) => line(async () => (await table.delete(predicate)).numDeletedRows),
    async close() {
      await line(() => Promise.resolve());
      await renewal;
      await upkeepRunning?.catch(() => {});
      table.close();
    },
  };
}

type Batch = ReturnType<typeof toArrow>;

/** Rows that may be outside the text index before it is renewed, and when nothing more is coming. */
const unindexedDue = (rows: number): number => Math.min(UNINDEXED_DUE_MAX, Math.max(UNINDEXED_DUE_MIN, UNINDEXED_DUE_SHARE * rows));
const unindexedAtRest = (rows: number): number => Math.min(UNINDEXED_AT_REST_MAX, Math.max(UNINDEXED_AT_REST_MIN, UNINDEXED_AT_REST_SHARE * rows));

/** One after the other; a failure does not stop the line. */
function inLine(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };
}

/** The last one: what creating an index says while another process creates the same one. It passes. */
const isConflict = (error: unknown): boolean => /conflict|preempted|concurrent|retry|index more than once/i.test(error instanceof Error ? error.message : String(error));
