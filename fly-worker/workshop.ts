/** The workshop around the line: derivation on its thread, the embedder, semantic memory. One bad record costs itself, not its chunk. */
import type { SourceRecord } from '#contract/connector';
import { LANCE_MERGE_ROWS_MAX } from '#contract/limits';
import type { DerivedRecord } from '#contract/memory';
import type { Database } from '#migrations/database';
import { coalesced } from './coalesce.ts';
import { DeriveThreadError, type DeriveThreads } from './derive-thread.ts';
import { vectorAt, type Embedder } from './embed/embedder.ts';
import { contentHash } from './extract/hash.ts';
import type { Workshop } from './pipeline.ts';
import type { MemoryRow, SemanticMemory } from './semantic/memory.ts';

export interface WorkshopParts {
  db: Database;
  threads: DeriveThreads;
  embedder: Embedder;
  /** The local embedder works on the derivation thread, beside the text it came from. */
  embedsOnThread: boolean;
  semantic: SemanticMemory;
}

export function openWorkshop(parts: WorkshopParts): Workshop {
  const { db, embedder, semantic } = parts;
  // One merge costs much the same for 100 rows as for 400: the windows of a tenant share them.
  const stores = new Map<string, (rows: MemoryRow[]) => Promise<void>>();
  const storeOf = (tenant: string) => {
    let store = stores.get(tenant);
    if (!store) stores.set(tenant, store = coalesced((rows) => semantic.store({ tenant, embedder }, rows), LANCE_MERGE_ROWS_MAX));
    return store;
  };
  return {
    db, contentHash,
    derive: (records) => deriveAll(parts, records),
    async remember(lease, records) {
      await storeOf(lease.tenantId)(records.map(({ addressed: { source, recordId, contentHash: hash }, derived, vector }) => ({
        recordId, contentHash: hash, integrationId: lease.integrationId, connectionId: lease.connectionId, stream: source.stream, occurredAt: Date.parse(source.occurredAt),
        title: derived.title, text: derived.text, parts: derived.parts, people: derived.people, url: source.url, vector,
      })));
    },
  };
}

type Derived = Awaited<ReturnType<Workshop['derive']>>;

/** The whole page at once; when that breaks, one by one, so that only the culprit fails. */
async function deriveAll(parts: WorkshopParts, records: SourceRecord[]): Promise<Derived> {
  try {
    return await deriveTogether(parts, records);
  } catch (error) {
    if (!(error instanceof DeriveThreadError)) throw error;
    const answers: Derived = { derived: [], vectors: [] };
    for (const record of records) {
      const one = await deriveTogether(parts, [record]).catch((e: unknown): Derived => {
        if (!(e instanceof DeriveThreadError)) throw e;
        return { derived: [{ failed: e.message }], vectors: [null] };
      });
      answers.derived.push(...one.derived);
      answers.vectors.push(...one.vectors);
    }
    return answers;
  }
}

async function deriveTogether({ threads, embedder, embedsOnThread }: WorkshopParts, records: SourceRecord[]): Promise<Derived> {
  const { derived, vectors } = await threads.derive(records, { embed: embedsOnThread });
  const flat = vectors ?? await embedder.embed(derived.map((d: DerivedRecord) => d.embeddable));
  return { derived, vectors: derived.map((_, i) => vectorAt(flat, embedder.dims, i)) };
}
