/**
 * The straight line of a chunk: fetch -> known? -> derive -> semantic memory -> ledger. Of each stream a job follows the provider's changes first, then walks the
 * spans newest first, and sweeps last, a few windows at once; within a span the next page is fetched while this one is stored. Cancel and shutdown are looked at
 * between chunks.
 */
import type { Connector, Page, SourceRecord, Stream, UnreadableRecord } from '#contract/connector';
import { reasonSentences } from '#contract/errors';
import type { JobMode, Progress } from '#contract/job';
import type { SecretKind } from '#contract/redaction';
import { PAGES_PER_WINDOW_MAX, WINDOWS_IN_FLIGHT_MAX } from '#contract/limits';
import { planRun } from '#contract/rounds';
import { takeTurns, type InTurn } from '#contract/turns';
import { coveredByPage, coveredPart, streamProgress } from '#contract/windows';
import type { Database } from '#migrations/database';
import { sortPage, type Addressed, type ChunkColumns, type Failure, type Known, type Owner } from './chunk.ts';
import type { DerivedText } from './derive-worker.ts';
import { recordId } from './ids.ts';
import { balance, commit, failedIn, FencedError, isBadValue, isUnavailable, landed, open, plan, planRetries, probe, toProgress, type Chunk, type Counters, type Lease, type OpenWindow } from './ledger.ts';
import { leaveOver, lookUp } from './look-up.ts';
import { allowances, pageSizeUnder, type MemoryGuard } from './memory-guard.ts';
import { ProviderError, type Provider } from './provider.ts';
import type { PassageVector } from './semantic/memory.ts';
import { historyOf, type Mark } from './tokens.ts';
import { walkChanges, walkSweep, type Way } from './walks.ts';
import { orderWindows } from './window-order.ts';

/** What the line needs of the workshop around it. */
export interface Workshop {
  db: Database;
  contentHash(record: Addressed['source'], spared: readonly SecretKind[]): string;
  /** Cleans, redacts, extracts, embeds. What cannot be processed is named, with the reason; the rest is ready for both memories. */
  prepare(owner: Owner, fresh: Addressed[]): Promise<Prepared>;
  /** Writes to semantic memory; invisible until the ledger names it. Repeating is harmless. */
  remember(lease: Lease, records: Remembered[]): Promise<void>;
}

/** `isNew`: nobody can have written it before. It is appended then; else looked for among all there is. */
type Remembered = Prepared['good'][number] & { isNew: boolean };

export interface Prepared {
  /** `vector`: of the text, or of its first passage; `more`: its other passages. */
  good: { addressed: Addressed; text: DerivedText; vector: Float32Array | null; more?: PassageVector[] }[];
  /** The ledger's rows of all good records. */
  rows: ChunkColumns;
  failed: { addressed: Addressed; message: string }[];
}

export interface Run {
  shop: Workshop;
  lease: Lease;
  connector: Connector;
  provider: Provider;
  /** Of the provider's API, without a trailing slash. */
  baseUrl: string;
  mode: JobMode;
  range: { since: string; until: string };
  /** Aborted: stop after the chunk in hand. Its reason is thrown. */
  signal: AbortSignal;
  /** Lets pages in as memory allows. Left out: as many as there are windows in flight. */
  guard?: MemoryGuard;
  /** Told after every chunk. */
  onProgress(progress: Progress): void;
  /** Told of every chunk that was stored: of which window, how many records were met, since when. Names no stream: they are people's words. */
  onChunk?(stored: StoredChunk): void;
}

/** `seq`: of the window, after it. `beganMs`: since the epoch, when its page had come. */
export interface StoredChunk { window: number; seq: number; met: number; beganMs: number }

/** The tenant's quota for this month is used up, and there is more to store. */
export class QuotaExhausted extends Error { override name = 'QuotaExhausted'; }

/** The books at the end of a run. */
export interface Finished { progress: Progress; mismatch: string | null }

/** What a walk brings for one chunk. */
export interface Catch {
  records: SourceRecord[];
  unreadable: UnreadableRecord[];
  /** Ids of records that the provider has no more. */
  removed: string[];
  /** Where the next chunk of the window starts; null with `done`, unless it is a token. */
  next: unknown;
  done: boolean;
  skipped?: Page['skipped'];
  leftOut?: Page['leftOut'];
  covered?: Page['covered'];
  /** Absent: all. What it does not keep was not met. */
  keeps?(record: SourceRecord, isKnown: boolean): boolean;
  mark?: Mark | null;
}

/** Walks every open window to its end. Throws FencedError, ProviderError, QuotaExhausted, DatabaseError or the signal's reason; what was committed stays. */
export async function runPipeline(run: Run): Promise<Finished> {
  const line = await openLine(run);
  await walkAll(line);
  const books = await balance(run.shop.db, run.lease);
  line.counters = books.counters;
  return { progress: line.progress(), mismatch: books.mismatch ?? (books.openWindows > 0 ? `${books.openWindows} windows are not done.` : null) };
}

/** As many windows at once as the connector allows; the first that fails stops the others at their next chunk. */
async function walkAll(line: Line): Promise<void> {
  const order = orderWindows(line.windows), walking = new Set<Promise<void>>(), failed = new AbortController();
  const lanes = Math.min(WINDOWS_IN_FLIGHT_MAX, line.run.connector.concurrencyMax);
  const begin = (window: OpenWindow): void => {
    const walked: Promise<void> = walk(line, window, failed.signal).catch((error: unknown) => failed.abort(error)).finally(() => { order.ended(window); walking.delete(walked); });
    walking.add(walked);
  };
  const fill = (): number => {
    for (let window = walking.size < lanes ? order.take() : null; window; window = walking.size < lanes ? order.take() : null) begin(window);
    return walking.size;
  };
  while (!failed.signal.aborted && fill() > 0) await Promise.race(walking);
  await Promise.all(walking);
  if (failed.signal.aborted) throw failed.signal.reason;
}

/** One run of one job: its windows, its counters, its turn at the ledger. */
interface Line {
  run: Run;
  /** What the connector read once for the whole run. */
  directory: unknown;
  windows: OpenWindow[];
  streams: Map<string, Stream>;
  counters: Counters;
  progress(): Progress;
  /** Commits wait for each other: they would on the job's row anyway. */
  inTurn: InTurn;
  /** Whether semantic memory cannot hold it yet. Says so once: asked again, it may be there. */
  isNew(addressed: Addressed): boolean;
  /** Per page being stored: the records that another window committed meanwhile, so that what the page knew of them is out of date. */
  overtaken: Set<Set<string>>;
  /** Set when it is not known whether a commit landed: nobody of this run commits any more, for what they hold of the windows may be out of date. */
  unsure: Error | null;
}

async function openLine(run: Run): Promise<Line> {
  const { shop, lease, connector, provider, range } = run;
  let opened = await open(shop.db, lease);
  // The first heartbeat comes before the first fetch.
  run.onProgress(toProgress(opened.counters, streamProgress(opened.windows), coveredPart(opened.windows)));
  const ask = { get: provider.get, bytes: provider.bytes, baseUrl: run.baseUrl };
  const directory = await connector.directory?.(ask) ?? null;
  const streams = await connector.streams({ ...ask, directory });
  const isFirstEver = opened.isFirst && opened.windows.length === 0;
  if (opened.windows.length === 0) {
    const abilities = { hasChanges: Boolean(connector.changes), looksUp: Boolean(connector.readOne) };
    opened = await plan(shop.db, lease, planRun(run.mode, streams, range, await historyOf(shop.db, lease), abilities));
  }
  if (opened.owesRetries) opened = await planRetries(shop.db, lease);
  const line: Line = {
    run, directory, windows: opened.windows, counters: opened.counters, streams: new Map(streams.map((s) => [s.name, s])),
    progress: () => toProgress(line.counters, streamProgress(line.windows), coveredPart(line.windows)),
    inTurn: takeTurns(), overtaken: new Set(), unsure: null, isNew: isFirstEver ? firstMeeting() : () => false,
  };
  return line;
}

/** A run that nobody ran before it meets only what it wrote itself. */
function firstMeeting(): (addressed: Addressed) => boolean {
  const met = new Set<string>();
  return ({ recordId: id, contentHash }) => met.size < met.add(`${id}:${contentHash}`).size;
}

async function walk(line: Line, window: OpenWindow, failed: AbortSignal): Promise<void> {
  const { run, directory, windows } = line;
  const stream = line.streams.get(window.stream) ?? { name: window.stream, order: 'unordered', windowDays: 1 };
  const way: Way = { run, directory, windows, stream, store: (w, caught) => storePage(line, w, caught, null), stopIfAsked: () => stopIfAsked(run.signal, failed) };
  switch (window.kind) {
    case 'span': return walkSpan(line, window, failed);
    case 'changes': return walkChanges(way, window);
    case 'sweep': return walkSweep(way, window);
  }
}

async function walkSpan(line: Line, window: OpenWindow, failed: AbortSignal): Promise<void> {
  const { run } = line;
  const only = window.retryOf === null ? null : await failedIn(run.shop.db, run.lease, window);
  const parsed = window.checkpoint === null ? null : run.connector.cursor.safeParse(window.checkpoint);
  let cursor: unknown = parsed?.success ? parsed.data : null, ahead: Promise<Page> | null = null, pageSizeMax: number | undefined;
  for (let pages = 0; ; pages++) {
    if (pages >= PAGES_PER_WINDOW_MAX) throw new ProviderError('unreadable_answer', `The provider's pages of ${window.stream} do not end (${pages} so far). Resume to try again.`);
    const leave = await enter(run, failed);
    try {
      // A window keeps the page size it began with: a page token may hold for one size only.
      if (pages === 0 && cursor === null && run.guard) pageSizeMax = pageSizeUnder(run.guard.pressure, run.provider.pageSize());
      const page: Page = await (ahead ?? fetchPage(line, window, cursor, pageSizeMax));
      cursor = page.next;
      stopIfAsked(run.signal, failed);
      ahead = cursor !== null && readsAhead(run) ? fetchPage(line, window, cursor, pageSizeMax) : null;
      ahead?.catch(() => undefined);                     // looked at in the next round; a failure while storing must not be "unhandled"
      await storePage(line, window, { ...page, removed: [], done: cursor === null }, only);
      stopIfAsked(run.signal, failed);
    } finally {
      leave();
    }
    if (cursor === null) return;
  }
}

const enter = async ({ guard, signal }: Run, failed: AbortSignal): Promise<() => void> => (guard ? guard.enter(signal, failed) : () => undefined);
const readsAhead = ({ guard }: Run): boolean => !guard || allowances[guard.pressure].readsAhead;

function stopIfAsked(...signals: AbortSignal[]): void {
  for (const signal of signals) if (signal.aborted) throw signal.reason;
}

/** A page token that the provider forgot sends us back to the window's start: what is stored already counts as duplicate. */
async function fetchPage({ run, directory }: Line, window: OpenWindow, cursor: unknown, pageSizeMax?: number): Promise<Page> {
  const where = { stream: window.stream, span: { since: window.since, until: window.until }, range: run.range, directory, pageSizeMax };
  try {
    return await run.provider.fetchPage(run.connector, { ...where, cursor });
  } catch (error) {
    if (cursor === null || !(error instanceof ProviderError) || error.kind !== 'gone') throw error;
    return run.provider.fetchPage(run.connector, { ...where, cursor: null });
  }
}

/** `only`: the window reads failed records again, and nothing else of its pages counts. */
async function storePage(line: Line, window: OpenWindow, whole: Catch, only: Set<string> | null): Promise<void> {
  const { lease } = line.run, idOf = (stream: string, providerId: string) => recordId(lease.tenantId, lease.connectionId, stream, providerId);
  const page = only === null ? whole : {
    ...whole, records: whole.records.filter((r) => only.has(idOf(r.stream, r.providerId))), unreadable: whole.unreadable.filter((u) => only.has(idOf(window.stream, u.providerId))),
  };
  const overtaken = new Set<string>(), beganMs = Date.now();
  line.overtaken.add(overtaken);
  try {
    // Every time round something of it was erased meanwhile.
    while (!await storeAllowed(line, window, page, overtaken)) stopIfAsked(line.run.signal);
  } finally {
    line.overtaken.delete(overtaken);
  }
  line.run.onChunk?.({ window: window.no, seq: window.seq, met: page.records.length + page.unreadable.length, beganMs });
  line.run.onProgress(line.progress());
}

/** Stores what of the page may be stored. False, and nothing was stored: a record was erased for good since it was looked up. */
async function storeAllowed(line: Line, window: OpenWindow, page: Catch, overtaken: Set<string>): Promise<boolean> {
  const { shop, lease } = line.run, idOf = (stream: string, providerId: string) => recordId(lease.tenantId, lease.connectionId, stream, providerId);
  const met = page.records.map((source) => ({ source, recordId: idOf(source.stream, source.providerId) })), unreadable = page.unreadable.map((one) => ({ ...one, recordId: idOf(window.stream, one.providerId) }));
  const { known, barred, spared } = await lookUp(shop.db, lease, [...met, ...unreadable].map((one) => one.recordId));
  const allowed = met.filter((one) => !barred.has(one.recordId)).map((one): Addressed => ({ ...one, contentHash: shop.contentHash(one.source, spared) }));
  try {
    await storeAddressed(line, { ...lease, spared }, window, { ...page, unreadable: unreadable.filter((one) => !barred.has(one.recordId)) }, allowed, known, overtaken);
    return true;
  } catch (error) {
    if (!(error instanceof FencedError)) throw error;
    const { barred: now } = await lookUp(shop.db, lease, allowed.map((a) => a.recordId)), erased = allowed.filter((a) => now.has(a.recordId));
    if (erased.length === 0) throw error;
    await leaveOver(shop.db, lease, erased);
    return false;
  }
}

async function storeAddressed(line: Line, owner: Owner, window: OpenWindow, page: Catch, all: Addressed[], before: Known, overtaken: Set<string>): Promise<void> {
  const { shop, lease } = line.run;
  const addressed = page.keeps ? all.filter((a) => page.keeps!(a.source, before.has(a.recordId))) : all;
  const met = new Set(addressed.map((a) => a.recordId));
  const forgotten = page.removed.map((providerId) => recordId(lease.tenantId, lease.connectionId, window.stream, providerId)).filter((id) => !met.has(id));
  const sorted = sortPage(lease, window.stream, addressed, page.unreadable, before);
  if (sorted.fresh.length > 0 && line.counters.records_left <= 0) throw new QuotaExhausted(reasonSentences.quota_exhausted);
  const failures: Failure[] = [...sorted.failures];
  const fail = (a: Addressed, message: string): void => { failures.push({ recordId: a.recordId, stream: window.stream, providerId: a.source.providerId, kind: 'not_processed', message }); };
  const store = async (prepared: Prepared): Promise<void> => {
    for (const { addressed: a, message } of prepared.failed) fail(a, message);
    if (prepared.good.length > 0) await shop.remember(lease, prepared.good.map((g) => ({ ...g, isNew: line.isNew(g.addressed) })));
    const ids = prepared.good.map((g) => g.addressed.recordId);
    await line.inTurn(async () => {
      if (line.unsure) throw line.unsure;
      const edited = ids.filter((id) => before.has(id) || overtaken.has(id));
      const chunk = chunkOf(line, window, page, { seen: window.retryOf === null ? sorted.seen : 0, unchanged: sorted.unchanged, failures, rows: prepared.rows, edited, forgotten, mayHeal: line.counters.ledger.failed > 0 });
      line.counters = await commitSurely(shop.db, lease, chunk).catch((error: unknown) => { if (isUnavailable(error)) line.unsure = error as Error; throw error; });
      Object.assign(window, { seq: window.seq + 1, checkpoint: chunk.checkpoint, done: chunk.done, covered: chunk.covered, note: chunk.note, leftOut: chunk.leftOut });
      for (const others of line.overtaken) if (others !== overtaken) for (const id of ids) others.add(id);
    });
  };
  const prepared = await shop.prepare(owner, sorted.fresh);
  try {
    await store(prepared);
  } catch (error) {
    if (!isBadValue(error)) throw error;
    const rest = await withoutBadValues(line.run, owner, prepared.good.map((g) => g.addressed), fail);
    if (rest.length === prepared.good.length) throw error;
    await store(await shop.prepare(owner, rest));
  }
}

/** Postgres cannot read some value of this chunk: each record is shown to it alone, and the culprits fail by themselves. */
async function withoutBadValues({ shop, lease }: Run, owner: Owner, records: Addressed[], fail: (a: Addressed, message: string) => void): Promise<Addressed[]> {
  const rest: Addressed[] = [];
  for (const record of records) {
    const { rows } = await shop.prepare(owner, [record]);
    try {
      await probe(shop.db, lease, rows);
      rest.push(record);
    } catch (error) {
      if (!isBadValue(error)) throw error;
      fail(record, 'A value of this record cannot be stored.');
    }
  }
  return rest;
}

/** The chunk with the progress it will have made. Looked at inside the turn, when all other windows stand still. */
function chunkOf(line: Line, window: OpenWindow, page: Catch, parts: Pick<Chunk, 'seen' | 'unchanged' | 'failures' | 'rows' | 'edited' | 'forgotten' | 'mayHeal'>): Chunk {
  const { done, mark = null } = page, note = page.skipped ?? null;
  const order = line.streams.get(window.stream)?.order ?? 'unordered', leftOut = page.leftOut ?? 0;
  const covered = done ? 1 : Math.max(window.covered, page.covered ?? coveredByPage(order, window, page.records.at(-1)?.occurredAt ?? null));
  const after = line.windows.map((w) => (w === window ? { ...w, done, covered, note, leftOut } : w));
  return { window: { ...window }, checkpoint: page.next, done, covered, note, mark, leftOut, ...parts, streams: streamProgress(after), coveredTotal: coveredPart(after) };
}

const COMMIT_TRIES = 3;

/** Commits, and when the answer got lost finds out whether it had landed before trying again. */
async function commitSurely(db: Database, lease: Lease, chunk: Chunk): Promise<Counters> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit(db, lease, chunk);
    } catch (error) {
      if (error instanceof FencedError && attempt > 1) {
        const counters = await landed(db, lease, chunk.window);
        if (counters) return counters;
      }
      if (!isUnavailable(error) || attempt >= COMMIT_TRIES) throw error;
      const counters = await landed(db, lease, chunk.window).catch((e: unknown) => { if (isUnavailable(e)) return null; throw e; });
      if (counters) return counters;
    }
  }
}
