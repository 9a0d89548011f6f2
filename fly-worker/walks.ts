/** The walks beside that of a span: following the provider's changes, and sweeping for what a whole reading did not meet. Both store through the same chunk, gate and books. */
import type { SourceRecord, Stream, UnreadableRecord } from '#contract/connector';
import { PAGES_PER_WINDOW_MAX, SWEEP_AGAIN_DAYS } from '#contract/limits';
import { planAnew } from '#contract/rounds';
import { open, type OpenWindow } from './ledger.ts';
import type { Catch, Run } from './pipeline.ts';
import { ProviderError } from './provider.ts';
import { startOver, suspectsOf } from './tokens.ts';

/** What a walk needs of the line it is part of. */
export interface Way {
  run: Run;
  directory: unknown;
  stream: Stream;
  /** All windows of the run. New ones that a walk plans are added. */
  windows: OpenWindow[];
  store(window: OpenWindow, caught: Catch): Promise<void>;
  /** Throws when the run is to stop. */
  stopIfAsked(): void;
}

const nothing = { records: [], unreadable: [], removed: [] };
/** What a begin may be answered with where the provider has no changes for this account: later syncs do without for a day. */
const NO_CHANGES = new Set(['bad_request', 'not_found', 'gone']);

/** Follows the changes from the window's checkpoint to the end of the round. A place that the provider forgot begins a new token; what was missed is read anew. */
export async function walkChanges(way: Way, window: OpenWindow): Promise<void> {
  const { run, stream } = way, changes = run.connector.changes;
  if (!changes) return way.store(window, { ...nothing, next: null, done: true });
  let isBegin = window.checkpoint === null;
  for (let pages = 0, begun = 0; !window.done; pages++) {
    if (pages >= PAGES_PER_WINDOW_MAX) throw new ProviderError('unreadable_answer', `The provider's changes of ${stream.name} do not end (${pages} pages so far). Resume to try again.`);
    const parsed = changes.place.safeParse(window.checkpoint), from = parsed.success ? parsed.data : null;
    try {
      if (from === null && window.checkpoint !== null) throw new ProviderError('gone', 'The place in the changes was written by another version.');
      const page = await run.provider.readChanges(run.connector, { stream: stream.name, directory: way.directory, span: { since: window.since, until: window.until }, from });
      way.stopIfAsked();
      const againInDays = hasSweep(way) ? SWEEP_AGAIN_DAYS : changes.sweepDays?.[stream.name] ?? null;
      await way.store(window, { ...page, keeps: (record, isKnown) => isKnown || isWithin(record, window), mark: page.done ? { kind: 'round', place: page.next, againInDays } : null });
    } catch (error) {
      if (!(error instanceof ProviderError) || !NO_CHANGES.has(error.kind) || (error.kind !== 'gone' && window.checkpoint !== null)) throw error;
      if (isBegin && (window.checkpoint === null || ++begun > 1)) return way.store(window, { ...nothing, next: null, done: true, mark: { kind: 'round', place: null, againInDays: SWEEP_AGAIN_DAYS } });
      await beginAnew(way, window);
      isBegin = true;
    }
    way.stopIfAsked();
  }
}

const hasSweep = ({ windows, stream }: Way): boolean => windows.some((w) => w.kind === 'sweep' && w.stream === stream.name && !w.done);
const isWithin = ({ occurredAt }: SourceRecord, { since, until }: OpenWindow): boolean => Date.parse(occurredAt) >= Date.parse(since) && Date.parse(occurredAt) < Date.parse(until);

async function beginAnew({ run, stream, windows }: Way, window: OpenWindow): Promise<void> {
  const ofStream = windows.filter((w) => w.stream === stream.name), no = Math.max(...ofStream.map((w) => w.no)) + 1;
  const more = planAnew(stream, window, run.range.until, ofStream.filter((w) => w.kind === 'span')).map((w, i) => ({ ...w, no: no + i }));
  await startOver(run.shop.db, run.lease, window, more);
  const opened = await open(run.shop.db, run.lease);
  const isHere = (w: OpenWindow): boolean => windows.some((h) => h.stream === w.stream && h.no === w.no);
  windows.push(...opened.windows.filter((w) => !isHere(w)));
  window.checkpoint = null;
}

/**
 * Looks by id for every record of the span that the reading before it did not meet; those that are gone are forgotten, those that are not are stored as
 * they are. Nothing is looked for, and nothing forgotten, unless the reading was whole and nobody refused us anything meanwhile.
 */
export async function walkSweep(way: Way, window: OpenWindow): Promise<void> {
  const { run, stream } = way, againInDays = run.connector.changes?.sweepDays?.[stream.name] ?? null;
  // Nobody can be asked by id: that everything was read again is all there is to it.
  if (!run.connector.readOne) return way.store(window, { ...nothing, next: null, done: true, mark: { kind: 'swept', againInDays: null } });
  while (!window.done) {
    const after = typeof window.checkpoint === 'string' ? window.checkpoint : null, most = run.provider.pageSize();
    const { isWhole, records: suspects } = await suspectsOf(run.shop.db, run.lease, window, after, most);
    if (!isWhole || run.provider.refusals() > 0) return way.store(window, { ...nothing, next: null, done: true });
    const found = await Promise.all(suspects.map(({ providerId }) => run.provider.readOne(run.connector, { stream: stream.name, providerId, directory: way.directory })));
    way.stopIfAsked();
    // Whoever refuses one question may have lied in others.
    if (run.provider.refusals() > 0) return way.store(window, { ...nothing, next: null, done: true });
    const done = suspects.length < most;
    await way.store(window, {
      records: found.filter((one): one is SourceRecord => one !== null && 'kind' in one), unreadable: found.filter((one): one is UnreadableRecord => one !== null && 'message' in one),
      removed: suspects.filter((_, i) => found[i] === null).map(({ providerId }) => providerId),
      next: suspects.at(-1)?.id ?? null, done, mark: done ? { kind: 'swept', againInDays } : null,
    });
    way.stopIfAsked();
  }
}
