/** The workshop around the line: derivation on its thread, the embedder, semantic memory. One bad record costs itself, not its chunk. */
import { LANCE_MERGE_ROWS_MAX } from '#contract/limits';
import type { Database } from '#migrations/database';
import { toColumns, type Addressed, type Owner } from './chunk.ts';
import { coalesced } from './coalesce.ts';
import { DeriveThreadError, type DeriveThreads } from './derive-thread.ts';
import type { DerivedText } from './derive-worker.ts';
import { vectorAt, type Embedder } from './embed/embedder.ts';
import { contentHash } from './extract/hash.ts';
import { openModel } from './enrich/model.ts';
import { enrich } from './enrich/stage.ts';
import type { Prepared, Workshop } from './pipeline.ts';
import type { Enricher } from './runner.ts';
import type { MemoryRow, PassageVector, SemanticMemory } from './semantic/memory.ts';

interface WorkshopParts {
  db: Database;
  threads: DeriveThreads;
  embedder: Embedder;
  /** The local embedder works on the derivation thread, beside the text it came from. */
  embedsOnThread: boolean;
  semantic: SemanticMemory;
}

export function openWorkshop(parts: WorkshopParts): Workshop & Enricher {
  const { db, embedder, semantic } = parts;
  // One merge costs much the same for 100 rows as for 400: the windows of a tenant share them. A tenant with nothing under way leaves nothing behind.
  const stores = new Map<string, { store: (rows: MemoryRow[]) => Promise<void>; callers: number }>();
  const storeTogether = async (tenant: string, rows: MemoryRow[]): Promise<void> => {
    const shared = stores.get(tenant) ?? { store: coalesced((some: MemoryRow[]) => semantic.store({ tenant, embedder }, some), LANCE_MERGE_ROWS_MAX), callers: 0 };
    stores.set(tenant, shared);
    shared.callers += 1;
    try { await shared.store(rows); } finally { if ((shared.callers -= 1) === 0) stores.delete(tenant); }
  };
  return {
    db, contentHash,
    prepare: (owner, fresh) => prepare(parts, owner, fresh),
    enrich: (lease, key, signal, onProgress) => enrich({ db, lease, semantic, space: { tenant: lease.tenantId, embedder }, model: openModel(key), signal, onProgress }),
    async remember(lease, records) {
      await storeTogether(lease.tenantId, records.map(({ addressed: { source, recordId, contentHash: hash }, text, vector, more, isNew }) => ({
        recordId, contentHash: hash, integrationId: lease.integrationId, connectionId: lease.connectionId, stream: source.stream, occurredAt: Date.parse(source.occurredAt),
        title: text.title, text: text.text, parts: text.parts, people: text.people, url: source.url, vector, ...more && { more }, isNew,
      })));
    },
  };
}

/** The whole page at once; when that breaks, each alone to find the culprits, then the others together. */
async function prepare(parts: WorkshopParts, owner: Owner, fresh: Addressed[]): Promise<Prepared> {
  // Nothing new: nothing is cleaned, nothing embedded.
  if (fresh.length === 0) return { good: [], rows: toColumns({ records: [], nodes: [], edges: [], evidence: [] }), failed: [] };
  try {
    return await prepareTogether(parts, owner, fresh);
  } catch (error) {
    if (!(error instanceof DeriveThreadError)) throw error;
    const failed: Prepared['failed'] = [], good: Addressed[] = [];
    for (const one of fresh) {
      const trouble = await parts.threads.derive(owner, [one], { embed: false }).then(() => null, (e: unknown) => e);
      if (trouble === null) good.push(one);
      else if (trouble instanceof DeriveThreadError) failed.push({ addressed: one, message: trouble.message });
      else throw trouble;
    }
    return { ...await prepareTogether(parts, owner, good), failed };
  }
}

async function prepareTogether({ threads, embedder, embedsOnThread }: WorkshopParts, owner: Owner, fresh: Addressed[]): Promise<Prepared> {
  const { texts, rows, vectors } = await threads.derive(owner, fresh, { embed: embedsOnThread });
  const flat = vectors ?? await embedder.embed(texts.flatMap((t) => t.passages.map((passage) => passage.embeddable)));
  let next = 0;
  const vectorsOf = (text: DerivedText): PassageVector[] => text.passages.map(({ start, end }) => ({ start, end, vector: vectorAt(flat, embedder.dims, next++) }));
  return { rows, failed: [], good: fresh.map((addressed, i) => {
    const text = texts[i]!, [first, ...more] = vectorsOf(text);
    return { addressed, text, vector: first?.vector ?? null, more };
  }) };
}
