/** Erasing: what people may have erased, and the receipt they get. Pure. */
import { z } from 'zod';

export const ErasureSubject = z.enum(['record', 'person', 'connection', 'tenant']);
export type ErasureSubject = z.infer<typeof ErasureSubject>;

export const Erasure = z.object({
  erasure_id: z.string(),
  subject: ErasureSubject,
  /** Of the record, node or connection; null: everything in memory. */
  subject_id: z.string().nullable(),
  /** `running`: nothing of it is found any more, and it is being deleted; an interrupted one is finished by itself. */
  status: z.enum(['running', 'done']),
  requested_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  /** Deleted so far. Of evidence, nodes, relations and staged entities: what only those records supported. `texts`: rows of semantic memory. */
  records: z.int(), evidence: z.int(), nodes: z.int(), edges: z.int(), entities: z.int(), texts: z.int(),
});
export type Erasure = z.infer<typeof Erasure>;
export const ErasuresAnswer = z.object({ erasures: z.array(Erasure) });

/** What is erased, typed by whoever wants it: the account of a connection, the name of a tenant. A person must; a script with a key may leave it out. */
export const Confirmation = z.strictObject({ confirm: z.string().max(320).optional() }).prefault({});
