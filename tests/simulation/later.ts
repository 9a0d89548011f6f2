/**
 * What happens to a mailbox after its backfill: edits, deletes, mails that come back, arrive late or anew, and later syncs that follow them, by the
 * provider's changes (half of the histories) or by reading the newest days again; with every trouble of a backfill, tokens that are forgotten, and times in
 * which the provider hides things from us, having refused us once. Workers of one job may wake as stale ones in the next.
 */
import assert from 'node:assert/strict';
import type { ChangesPage, Connector, Page, SourceRecord, Span } from '#contract/connector';
import { recordId } from '#fly-worker/ids';
import { ProviderError, type Provider } from '#fly-worker/provider';
import { sweepLeftovers } from '#fly-worker/sweep';
import { openJob, type PlayedJob, type Speak } from './job.ts';
import { RANGE, recordOf, STREAMS } from './provider.ts';
import { settled, turn } from './scheduler.ts';
import { openCurator } from './curator.ts';
import { barredOf, openErasingPerson } from './eraser.ts';
import { expectUpToDate } from './truth.ts';
import { rules, type Actor, type World } from './world.ts';

const JOBS = 3, PER_PAGE = 3, TICKS_MAX = 6_000, DAY_MS = 86_400_000;

export interface Mailbox {
  /** Record id -> when it happened. */
  alive: Map<string, string>;
  /** Gone, now or once. */
  died: Set<string>;
  /** Ids per stream in the order of their changes. */
  journal: Map<string, string[]>;
  /** What is hidden now; `no` grows with every time. */
  veil: { no: number; hidden: Set<string> } | null;
}

/** Does this history's provider tell what changed? */
const hasChanges = ({ seed }: World): boolean => seed % 4 === 1;
/** What this history's connector has besides pages. */
export const abilitiesOf = (world: World): Partial<Connector> =>
  ({ readOne: () => undefined, ...(hasChanges(world) ? { changes: { place: { safeParse: (data: unknown) => ({ success: true, data }) }, read: () => undefined } } : {}) }) as unknown as Partial<Connector>;

/** Plays later syncs on what the backfill left. */
export async function playLater(world: World, box: Mailbox): Promise<void> {
  const { stats, provider, tenantId, connectionId, db } = world;
  provider.cured = true;
  if (provider.unreadable) box.journal.get(streamOf(provider.unreadable))!.push(provider.unreadable);
  world.calm = false;
  const idOf = (id: string): string => recordId(tenantId, connectionId, streamOf(id), id), names = new Map<string, string>(), landed = new Set<string>();
  world.onChunk = ({ fence, chunk, forgot, isShut }, current) => {
    if (isShut) return world.fail(`records were forgotten at a shut gate (fence ${fence}, ${current} was current)`);
    if (fence !== current) world.fail(`chunk ${chunk} was committed under fence ${fence} when ${current} was current`);
    if (landed.has(chunk)) world.fail(`chunk ${chunk} was committed twice`);
    landed.add(chunk);
    stats.removed += forgot.length;
    for (const id of [...box.alive.keys(), ...box.died]) names.set(idOf(id), id);
    for (const id of forgot) if (!box.died.has(names.get(id) ?? '')) world.fail(`${names.get(id)} was forgotten and is still there`);
  };
  for (let no = 1; no <= JOBS + 1; no++) {
    world.calm = no > JOBS;
    if (world.calm) await inPeace(world, box);
    stats.later_jobs++;
    const job = await openJob(world, 'incremental', { since: RANGE.since, until: untilOf(no) }, speakOf(world, box), abilitiesOf(world));
    await playJob(world, job, box, no);
    if (world.calm) await settled(world, job);
    for (let i = 0; i < 200 && job.state.mirrored < job.state.version; i++) await job.tell({ type: 'alarm' });
  }
  const barred = await barredOf(world), wanted = new Map([...box.alive.keys()].filter((id) => !barred.has(idOf(id))).map((id) => [idOf(id), `${id}#${provider.revisions.get(id)}`]));
  await expectUpToDate(db, world, wanted);
}

const untilOf = (no: number): string => new Date(Date.parse(RANGE.until) + no * DAY_MS).toISOString();
export const streamOf = (id: string): string => id.split('-')[0]!;

export function mailboxOf({ provider }: World): Mailbox {
  const open = STREAMS.filter((s) => s.name !== 'closed').map((s) => s.name);
  return { alive: new Map(provider.ids.map((id) => [id, id.includes('2026-01-03') ? '2026-01-03T00:00:00.000Z' : RANGE.since])), died: new Set(), journal: new Map(open.map((name) => [name, []])), veil: null };
}

/** Nobody hides, edits or breaks anything any more; where a reading is owed that broke before its end, its day has come. */
async function inPeace({ db, tenantId }: World, box: Mailbox): Promise<void> {
  box.veil = null;
  await db.query('update sync_tokens set sweep_at = now() where tenant_id = $1 and sweep_at is not null', [tenantId]);
}

async function playJob(world: World, job: PlayedJob, box: Mailbox, no: number): Promise<void> {
  const { seed, stats, random, chance } = world, curate = openCurator(world), erasing = openErasingPerson(world);
  await job.tell({ type: 'started' });
  for (let ticks = 0; !job.over(); ticks++) {
    assert(ticks < TICKS_MAX, `seed ${seed}: no end of later sync ${no} in sight (${job.state.status}, ${job.state.reason})`);
    world.now += Math.floor(random() * 600);
    const { status, reason } = job.state, isStuck = status === 'failed' || status === 'paused' || (status === 'cancelled' && reason === 'abandoned');
    if (isStuck && chance(0.2)) { stats.resumes++; await job.tell({ type: 'resumed' }); }
    if (!world.calm) {
      if (!isStuck && chance(0.002)) { stats.cancels++; await job.tell({ type: 'cancelled' }); }
      if (!isStuck && chance(0.002)) { stats.pauses++; await job.tell({ type: 'paused' }); }
      change(world, box, no);
      await curate();
      await erasing.act();
      if (chance(0.01)) startSweeper(world);
    }
    await turn(world, job);
  }
  await erasing.finish();
}

/** What people do to their mailbox, and the provider to us. */
function change({ stats, random, chance, provider }: World, box: Mailbox, no: number): void {
  const pick = (ids: string[]): string | undefined => ids[Math.floor(random() * ids.length)];
  const tell = (id: string): void => { box.journal.get(streamOf(id))!.push(id); };
  if (chance(0.02)) { const id = pick([...box.alive.keys()]); if (id) { provider.revisions.set(id, provider.revisions.get(id)! + 1); tell(id); stats.edits++; } }
  if (chance(0.02)) { const id = pick([...box.alive.keys()]); if (id) { box.alive.delete(id); box.died.add(id); tell(id); stats.deletes++; } }
  if (chance(0.01)) { const id = pick([...box.died].filter((one) => !box.alive.has(one))); if (id) { box.alive.set(id, RANGE.since); tell(id); stats.returns++; } }
  if (chance(0.01)) {
    const id = `${pick([...box.journal.keys()])}-new-${stats.arrivals++}`, at = Date.parse(RANGE.since) + random() * (Date.parse(untilOf(no)) - Date.parse(RANGE.since));
    box.alive.set(id, new Date(at).toISOString());
    provider.revisions.set(id, 0);
    tell(id);
  }
  if (box.veil && chance(0.02)) box.veil = null;
  // Of what memory may hold; what is hidden when it would be read for the first time is missed by a backfill as well.
  else if (!box.veil && chance(0.02)) box.veil = { no: ++stats.veils, hidden: new Set([...box.alive].flatMap(([id, at]) => (at < RANGE.until && chance(0.3) ? id : []))) };
}

/** How one run speaks to the mailbox. Whatever it asks first while things are hidden is refused, or answered by a renewed consent: the run knows. */
export const speakOf = (world: World, box: Mailbox): Speak => (actor) => {
  const { chance, stats, provider, sabotage } = world;
  let refused = 0, knownVeil = 0;
  const ask = <T>(answer: () => T): Promise<T> => world.step(actor, async () => {
    if (!world.calm && chance(0.02)) throw new ProviderError('provider_unavailable', '504');
    if (!world.calm && chance(0.01)) throw new ProviderError('rate_limited', '429', { retryAfterMs: 5_000 });
    if (box.veil && knownVeil !== box.veil.no) {
      knownVeil = box.veil.no;
      refused++;
      if (chance(0.4)) throw new ProviderError('forbidden', '403');
    }
    return answer();
  });
  const isShown = (id: string): boolean => box.alive.has(id) && !box.veil?.hidden.has(id);
  const read = (id: string): SourceRecord => ({ ...recordOf(streamOf(id), box.alive.get(id)!, id, provider.revisions.get(id)!) });
  /** Newest first, by offset: a page shifts when something goes or comes. One record of each page opens the next. */
  const page = (stream: string, { since, until }: Span, from: number): Page => {
    if (stream === 'closed') return provider.page(stream, since, null);
    const ids = [...box.alive].filter(([id, at]) => streamOf(id) === stream && at >= since && at < until && isShown(id)).sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x < y ? 1 : -1)).map(([id]) => id);
    return { records: ids.slice(from, from + PER_PAGE).map(read), unreadable: [], next: from + PER_PAGE < ids.length ? from + PER_PAGE - 1 : null };
  };
  const changesOf = (stream: string, from: number | null): ChangesPage<number> => {
    const journal = box.journal.get(stream) ?? [];
    if (from === null) return { records: [], unreadable: [], removed: [], next: -1 - journal.length, done: false };
    if (from < 0) return { records: [], unreadable: [], removed: [], next: -1 - from, done: true };
    if (!world.calm && chance(0.08)) { stats.tokens_lost++; throw new ProviderError('gone', '410'); }
    const ids = [...new Set(journal.slice(from, from + PER_PAGE))];
    return { records: ids.filter((id) => box.alive.has(id)).map(read), unreadable: [], removed: ids.filter((id) => !box.alive.has(id)), next: Math.min(from + PER_PAGE, Math.max(from, journal.length)), done: from + PER_PAGE >= journal.length };
  };
  return {
    fetchPage: ((_: unknown, { stream, span, cursor }: { stream: string; span: Span; cursor: number | null }) => ask(() => page(stream, span, cursor ?? 0))) as Provider['fetchPage'],
    readChanges: ((_: unknown, { stream, from }: { stream: string; from: number | null }) => ask(() => changesOf(stream, from))) as unknown as Provider['readChanges'],
    readOne: (_: unknown, { providerId }: { providerId: string }) => ask(() => (isShown(providerId) ? read(providerId) : null)),
    refusals: () => (sabotage === 'sweep_when_broken' ? 0 : refused),
    pageSize: () => PER_PAGE,
  };
};

/** Somebody tidies semantic memory meanwhile. What was stored within the last leases may be about to be named. */
function startSweeper(world: World): void {
  const actor: Actor = { id: 'sweeper', frozenUntil: 0, crashed: false, shutdown: new AbortController(), lost: new AbortController(), lastBeat: Infinity, fence: null, latest: null, beating: false, beat: () => Promise.resolve() };
  const { db, stats } = world, old = world.now - 10 * rules.leaseMs;
  const remove = (_: string, records: readonly { recordId: string; keep: string | null }[]): Promise<number> => world.step(actor, async () => {
    const before = world.lance.length;
    world.lance = world.lance.filter((row) => row.at >= old || !records.some(({ recordId, keep }) => recordId === row.id && keep !== row.hash));
    stats.swept += before - world.lance.length;
    return before - world.lance.length;
  });
  const stepped = {
    tenant: (...args: Parameters<typeof db.tenant>) => world.step(actor, () => db.tenant(...args)),
    // Other histories play in the same Postgres.
    system: (...args: Parameters<typeof db.system>) => world.step(actor, async () => (await db.system(...args)).map((rows) => rows.filter((row) => row.tenant_id === world.tenantId))),
  };
  world.actors.add(actor);
  void sweepLeftovers(stepped, { remove }, 0).catch(() => undefined).finally(() => world.actors.delete(actor));
}
