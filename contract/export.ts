/** The lines of an export: one JSON object each, `type` first. Reading them all gives the whole memory of a tenant. */
import { z } from 'zod';
import { IntegrationId } from './job.ts';

const Id = z.string();
export const ExportLine = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('record'), record_id: Id, integration_id: IntegrationId, connection_id: Id, stream: z.string(), provider_id: z.string(), url: z.string().nullable(), title: z.string(), text: z.string(),
    occurred_at: z.iso.datetime(), content_hash: z.string(),
  }),
  /** A person's key is the address. */
  z.object({ type: z.literal('node'), id: Id, node_type: z.string(), key: z.string(), name: z.string(), properties: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('edge'), id: Id, source: Id, edge_type: z.string(), target: Id, valid_from: z.iso.datetime(), valid_to: z.iso.datetime().nullable() }),
  /** For a thing whose type is not active `node_id` is its discovered entity. */
  z.object({ type: z.literal('evidence'), record_id: Id, node_id: Id.optional(), edge_id: Id.optional(), method: z.string(), confidence: z.number() }),
  z.object({ type: z.literal('discovered_entity'), id: Id, entity_type: z.string(), key: z.string(), name: z.string(), status: z.enum(['staged', 'promoted']) }),
]);
export type ExportLine = z.infer<typeof ExportLine>;
