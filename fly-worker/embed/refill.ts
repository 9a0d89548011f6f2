/**
 * Fills a tenant's own embedder in the background: from the texts that memory holds, a batch after the other, vectors before the book that says so. What is new
 * or edited is caught up with the same way. Searches go over to a new embedder in one statement, when it has all of them; until then nothing changes for them.
 * Killed anywhere, another worker goes on behind what is written down.
 */
import { EMBED_AGAIN_MS, EMBED_HOLD_MS, EMBED_LOOK_EVERY_MS, EMBED_REST_MS, EMBED_TURN_MS, EMBEDDING_CHARS_PER_TOKEN } from '#contract/limits';
import type { Database } from '#migrations/database';
import type { ModelKey } from '../door.ts';
import { passagesOf } from '../extract/passages.ts';
import { ModelError } from '../model-error.ts';
import type { PassageVector, SemanticMemory } from '../semantic/memory.ts';
import { bookEmbedded, claimTenant, EmbedFenced, forgetOthers, letGo, renew, ring, setLocal, setNext, switchOver, tenantsDue, unembedded, type Claimed, type Version } from './book.ts';
import { chosenFor, isWished, openChosen, type Chosen } from './chosen.ts';
import { vectorAt, type Embedder } from './embedder.ts';

export interface Refiller {
  /** Works on what is due; a look that is under way is the answer. Never throws. */
  look(): Promise<void>;
  /** A job of the tenant has stored something. */
  news(tenantId: string): void;
  /** Ends after the batch in hand. */
  close(): Promise<void>;
}

interface RefillerOptions {
  db: Database;
  semantic: Pick<SemanticMemory, 'rows' | 'store' | 'removeVersions' | 'dropOthers' | 'upkeep'>;
  /** Whose dataset holds the texts. */
  local: { id: string; dims: number };
  /** The tenant's key, for whoever holds its claim; null: it has none, or its plan no models. */
  keyOf(tenantId: string, fence: number): Promise<ModelKey | null>;
  log(event: string, facts: Record<string, string | number | boolean | null>): void;
  /** Told of every batch that is written down. */
  embedded?(records: number): void;
}

/** When somebody should look again, ms (null: when asked), and what stands in the way. */
interface Rest { afterMs: number | null; message: string | null }
const NOW: Rest = { afterMs: 0, message: null };

export function openRefiller(options: RefillerOptions): Refiller {
  const { db, log } = options, closing = new AbortController();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      for (const tenantId of await tenantsDue(db)) {
        if (closing.signal.aborted) return;
        const claimed = await claimTenant(db, tenantId);
        if (claimed) await turn(options, claimed, closing.signal);
      }
    } catch (error) { log('refill_failed', { error: String(error) }); }
  }
  const start = (): Promise<void> => looking ??= look().finally(() => { looking = null; });
  return {
    look: start,
    news(tenantId) { void ring(db, tenantId).then(start).catch((error: unknown) => log('refill_failed', { error: String(error) })); },
    async close() { closing.abort(); await looking; },
  };
}

/** One tenant's turn. Its claim is renewed meanwhile, and given back in any case that leaves us one. */
async function turn(options: RefillerOptions, claimed: Claimed, closing: AbortSignal): Promise<void> {
  const { db, log } = options, lost = new AbortController();
  const beating = setInterval(() => void renew(db, claimed).catch((error: unknown) => { if (error instanceof EmbedFenced) lost.abort(error); }), EMBED_HOLD_MS / 3);
  try {
    const rest = await work(options, claimed, AbortSignal.any([closing, lost.signal])).catch(restAfter);
    await letGo(db, claimed, rest.afterMs, rest.message);
  } catch (error) {
    if (!(error instanceof EmbedFenced)) log('refill_failed', { tenant: claimed.tenantId, error: String(error) });
  } finally {
    clearInterval(beating);
  }
}

/** What the tenant's service said decides when it is asked again. Others' errors are thrown on. */
function restAfter(error: unknown): Rest {
  if (!(error instanceof ModelError)) throw error;
  switch (error.kind) {
    case 'rate_limited': case 'unavailable': return { afterMs: Math.max(error.retryAfterMs ?? 0, EMBED_LOOK_EVERY_MS), message: error.message };
    case 'quota': case 'auth': case 'refused': case 'bad_answer': return { afterMs: EMBED_AGAIN_MS, message: error.message };
  }
}

async function work(options: RefillerOptions, claimed: Claimed, signal: AbortSignal): Promise<Rest> {
  const { db, semantic, local } = options, { tenantId, wish } = claimed;
  if (claimed.isDropDue) {
    const kept = [claimed.current?.id, claimed.next?.id].filter((id) => id !== undefined);
    await semantic.dropOthers(tenantId, [local.id, ...kept]);
    await forgetOthers(db, claimed, kept);
  }
  if (wish === null) {
    if (claimed.current !== null || claimed.next !== null) await setLocal(db, claimed);
    return { afterMs: null, message: null };
  }
  const key = await options.keyOf(tenantId, claimed.fence);
  if (key === null) return { afterMs: EMBED_AGAIN_MS, message: 'There is no model key, or the plan has no models. Searches use the local vectors.' };
  const until = Date.now() + EMBED_TURN_MS, goesOn = (): boolean => !signal.aborted && Date.now() < until;
  const next = await nextOf(options, claimed, key);
  // What is searched keeps up with what is new, also while another one is being filled.
  for (const chosen of [claimed.current, next]) {
    const embedder = chosen && openChosen(chosen, key);
    if (!chosen || !embedder) continue;
    const rest = await fill(options, claimed, chosen, embedder, goesOn);
    if (rest) return rest;
  }
  if (next && !await switchOver(db, claimed, next)) return NOW;
  if (next) options.log('embedder_switched', { tenant: tenantId, embedder: next.id });
  return { afterMs: EMBED_REST_MS, message: null };
}

/** What is to be filled beside what is used: what people wish, if that is another. */
async function nextOf({ db }: RefillerOptions, claimed: Claimed, key: ModelKey): Promise<Chosen | null> {
  const { wish, current, next } = claimed;
  if (wish === null || isWished(current, wish)) { if (next) await setNext(db, claimed, null); return null; }
  if (isWished(next, wish)) return next;
  const chosen = await chosenFor(wish, key.apiKey);
  await setNext(db, claimed, chosen);
  return chosen;
}

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** Walks the records in the order of their ids until a walk from the beginning finds none without vectors: then null. */
async function fill(options: RefillerOptions, claimed: Claimed, chosen: Chosen, embedder: Embedder, goesOn: () => boolean): Promise<Rest | null> {
  let after = BEFORE_ALL;
  for (;;) {
    const versions = await unembedded(options.db, claimed.tenantId, chosen.id, after);
    if (versions.length === 0) { if (after === BEFORE_ALL) break; after = BEFORE_ALL; continue; }
    if (!goesOn()) return NOW;
    if (claimed.tokensLeft <= 0) return { afterMs: EMBED_AGAIN_MS, message: 'The month\'s tokens for embeddings are used up. Searches use what there is; a new month goes on.' };
    await embedBatch(options, claimed, chosen, embedder, versions);
    after = versions.at(-1)!.recordId;
  }
  await options.semantic.upkeep({ tenant: claimed.tenantId, embedder: chosen });
  return null;
}

async function embedBatch({ db, semantic, local, embedded }: RefillerOptions, claimed: Claimed, chosen: Chosen, embedder: Embedder, versions: readonly Version[]): Promise<void> {
  const { tenantId } = claimed, rows = await semantic.rows({ tenant: tenantId, embedder: local }, versions);
  const passages = rows.map((row) => passagesOf(row.title, row.text, row.parts)), texts = passages.flat().map(({ embeddable }) => embeddable);
  const flat = await embedder.embed(texts).catch((error: unknown) => { if (error instanceof ModelError && error.kind === 'refused') return null; throw error; }) ?? await oneByOne(embedder, texts);
  let next = 0;
  const vectors = passages.map((of) => of.map(({ start, end }): PassageVector => ({ start, end, vector: vectorAt(flat, chosen.dims, next++) })));
  await semantic.store({ tenant: tenantId, embedder: chosen }, rows.map((row, i) => ({ ...row, vector: null, more: vectors[i]!, isVectorsOnly: true })).filter(hasVectors));
  const tokens = Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / EMBEDDING_CHARS_PER_TOKEN);
  const booked = await bookEmbedded(db, claimed, chosen.id, versions, tokens);
  claimed.tokensLeft -= tokens;
  embedded?.(booked.size);
  // Forgotten or edited while the model read it: what it says of it goes at once.
  const gone = rows.filter((row) => !booked.has(row.recordId));
  if (gone.length > 0) await semantic.removeVersions({ tenant: tenantId, embedder: chosen }, gone);
}

const hasVectors = ({ more }: { more: PassageVector[] }): boolean => more.some(({ vector }) => vector !== null);

/** A text that the service will not read has no vector: it is found by its words. */
async function oneByOne(embedder: Embedder, texts: readonly string[]): Promise<Float32Array> {
  const flat = new Float32Array(texts.length * embedder.dims);
  for (const [i, text] of texts.entries()) {
    const vector = await embedder.embed([text]).catch((error: unknown) => { if (error instanceof ModelError && error.kind === 'refused') return null; throw error; });
    if (vector) flat.set(vector, i * embedder.dims);
  }
  return flat;
}
