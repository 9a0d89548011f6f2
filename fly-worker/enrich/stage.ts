/** Enrichment: a tenant's model reads the records of a connection after they are stored and searchable. A slow, poor or broken model costs time and findings, never the job. */
import { setTimeout as wait } from 'node:timers/promises';
import { ENRICH_BATCH_CHARS_MAX, ENRICH_BATCH_RECORDS_MAX, ENRICH_CALLS_IN_FLIGHT, ENRICH_PATIENCE_MS } from '#contract/limits';
import type { Database } from '#migrations/database';
import { toFactRows } from '../chunk.ts';
import type { Counters, Lease } from '../ledger.ts';
import { ModelError } from '../model-error.ts';
import type { SemanticMemory, Space } from '../semantic/memory.ts';
import { answersTo, commitRead, conclude, keepAnswers, nextWaiting, queue, type Read, type Waiting } from './book.ts';
import { findingsOf } from './findings.ts';
import type { Model } from './model.ts';
import { lengthOf, questionHash, questionOf, type Question, type Reading } from './question.ts';

interface Stage {
  db: Database; lease: Lease; semantic: SemanticMemory; space: Space; model: Model; signal: AbortSignal;
  /** The job's counters with its enrichment, after every round. */
  onProgress(counters: Counters): void;
  /** How long a service that answers nothing is waited for. */
  patienceMs?: number;
}

/** Reads what waits, to its end or to what stops it. Throws FencedError, DatabaseError or the signal's reason; what was committed stays, what was answered is kept. */
export async function enrich(stage: Stage): Promise<Counters> {
  const { db, lease, onProgress } = stage;
  let counters = await queue(db, lease);
  onProgress(counters);
  for (;;) {
    const { queued, tokens_left } = counters.enrichment!;
    if (queued === 0) return conclude(db, lease, null);
    if (tokens_left !== null && tokens_left <= 0) return conclude(db, lease, `The month's tokens for enrichment are used up; ${queued} records were not read. Everything is stored and searchable. The next sync of a new month goes on.`);
    const round = await readRound(stage, await nextWaiting(db, lease), tokens_left);
    if (round.read.length > 0) {
      counters = await commitRead(db, lease, round.read, round.rows);
      onProgress(counters);
    }
    if (round.ended) return conclude(db, lease, `${round.ended} ${counters.enrichment!.queued} records were not read; everything is stored and searchable. The next sync goes on.`);
  }
}

interface Asked extends Waiting { question: Question; inputHash: string }
/** `ended`: why nothing more can be asked in this run. */
interface Round { read: Read[]; rows: ReturnType<typeof toFactRows>; ended: string | null }

async function readRound(stage: Stage, waiting: Waiting[], tokensLeft: number | null): Promise<Round> {
  const { db, lease, semantic, space, model } = stage;
  const stored = new Map((await semantic.rows(space, waiting)).map((row) => [row.recordId, row]));
  const asked: Asked[] = [], read: Read[] = [];
  for (const one of waiting) {
    const row = stored.get(one.recordId), question = row ? questionOf(row) : null;
    if (question) asked.push({ ...one, question, inputHash: questionHash(question) });
    else read.push({ ...one, outcome: 'done', message: null, inputHash: null });
  }
  const answers = await answersTo(db, lease, model.id, asked.map((a) => a.inputHash));
  const unanswered = [...new Map(asked.filter((a) => !answers.has(a.inputHash)).map((a) => [a.inputHash, a])).values()];
  const ended = await askAll(stage, unanswered, answers, tokensLeft);
  const found: { recordId: string; occurredAt: string; facts: ReturnType<typeof findingsOf> }[] = [];
  for (const { question, ...one } of asked) {
    const answer = answers.get(one.inputHash);
    if (answer === undefined) continue;                                    // not asked any more: it keeps waiting
    if (typeof answer === 'string') { read.push({ ...one, outcome: 'failed', message: answer }); continue; }
    read.push({ ...one, outcome: 'done', message: null });
    found.push({ recordId: one.recordId, occurredAt: one.occurredAt, facts: findingsOf(answer, question) });
  }
  return { read, rows: toFactRows(lease.tenantId, found), ended };
}

/** Asks in calls of several records, a few at once; every answer is kept before the next call. Answers why it had to stop, or null. */
async function askAll(stage: Stage, unanswered: Asked[], answers: Map<string, Reading | string>, tokensLeft: number | null): Promise<string | null> {
  const { db, lease, model, signal } = stage;
  const batches = packed(unanswered);
  let ended: string | null = null, spent = 0;

  async function ask(batch: Asked[]): Promise<void> {
    const { readings, tokens } = await patiently(stage, () => turnsOf(lease.tenantId)(() => model.read(batch.map((a) => a.question), signal)));
    spent += tokens;
    const usable = batch.map((a, i) => ({ inputHash: a.inputHash, answer: readings[i]!, tokens: Math.ceil(tokens / batch.length) }));
    // what went wrong among several may go well alone; alone, it is an answer
    const again = batch.length > 1 ? batch.filter((_, i) => typeof readings[i] === 'string') : [], settled = batch.length > 1 ? usable.filter((u) => typeof u.answer !== 'string') : usable;
    if (settled.length > 0) await keepAnswers(db, lease, model.id, settled);
    for (const { inputHash, answer } of settled) answers.set(inputHash, answer);
    for (const one of again) batches.push([one]);
  }
  async function lane(): Promise<void> {
    for (let batch = batches.shift(); batch && ended === null; batch = batches.shift()) {
      if (signal.aborted) throw signal.reason;
      if (tokensLeft !== null && spent >= tokensLeft) return;
      try { await ask(batch); } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        if (error.kind === 'refused' || error.kind === 'bad_answer') { if (batch.length > 1) batches.push(...batch.map((one) => [one])); else await settleFailed(stage, batch[0]!, error, answers); }
        else ended ??= error.message.replace(' It is tried again by itself.', '').replace(' It goes on by itself.', '');
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: ENRICH_CALLS_IN_FLIGHT }, lane));
  const broken = results.find((result) => result.status === 'rejected');
  if (broken) throw broken.reason;
  return ended;
}

async function settleFailed({ db, lease, model }: Stage, { inputHash }: Asked, error: ModelError, answers: Map<string, Reading | string>): Promise<void> {
  await keepAnswers(db, lease, model.id, [{ inputHash, answer: error.message, tokens: 0 }]);
  answers.set(inputHash, error.message);
}

/** A service that asks us to wait or is away is asked again for a while; heartbeats go on meanwhile. Throws what it said last. */
async function patiently<T>({ signal, patienceMs = ENRICH_PATIENCE_MS }: Stage, call: () => Promise<T>): Promise<T> {
  const until = Date.now() + patienceMs;
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, 30_000)) {
    try { return await call(); } catch (error) {
      const passes = error instanceof ModelError && (error.kind === 'rate_limited' || error.kind === 'unavailable');
      const waitMs = passes ? Math.max(error.retryAfterMs ?? 0, Math.min(pauseMs, patienceMs / 4)) : 0;
      if (!passes || Date.now() + waitMs > until) throw error;
      await wait(waitMs, undefined, { signal }).catch(() => { throw signal.reason; });
    }
  }
}

/** Short records share a call. */
function packed(asked: Asked[]): Asked[][] {
  const batches: Asked[][] = [];
  let batch: Asked[] = [], chars = 0;
  for (const one of asked) {
    const length = lengthOf(one.question);
    if (batch.length > 0 && (batch.length >= ENRICH_BATCH_RECORDS_MAX || chars + length > ENRICH_BATCH_CHARS_MAX)) { batches.push(batch); batch = []; chars = 0; }
    batch.push(one);
    chars += length;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Calls in flight per tenant, over all its jobs in this process. A tenant without one leaves nothing behind. */
const inFlight = new Map<string, { running: number; line: (() => void)[] }>();
function turnsOf(tenantId: string): <T>(call: () => Promise<T>) => Promise<T> {
  return async (call) => {
    const turns = inFlight.get(tenantId) ?? { running: 0, line: [] };
    inFlight.set(tenantId, turns);
    if (turns.running >= ENRICH_CALLS_IN_FLIGHT) await new Promise<void>((enter) => { turns.line.push(enter); });
    else turns.running += 1;
    try { return await call(); } finally {
      const next = turns.line.shift();
      if (next) next();
      else if ((turns.running -= 1) === 0) inFlight.delete(tenantId);
    }
  };
}
