/** Kinds of things: those of the system, and those that were found in a tenant's own records. Pure. */
import { z } from 'zod';
import { IntegrationId } from './job.ts';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from './limits.ts';

/** `draft`: found often enough to be worth a look. `active`: its entities are nodes of the graph. `inactive`: they were, and are not any more. */
const TypeStatus = z.enum(['draft', 'active', 'inactive']);
type TypeStatus = z.infer<typeof TypeStatus>;

/** https://json-schema.org/draft/2020-12 */
const JsonSchema = z.record(z.string(), z.unknown());

export const EntityTypeDefinition = z.object({
  slug: z.string(),
  /** For people: `purchase_order` is "Purchase order". */
  name: z.string(),
  status: TypeStatus,
  /** One of the product's own: always active. */
  is_system: z.boolean(),
  /** Entities of this type that are staged, promoted ones included. */
  samples: z.int(),
  /** Of the properties, as the samples have them. Of an active type: as it was activated. */
  json_schema: JsonSchema,
  activated_at: z.iso.datetime().nullable(),
});
export type EntityTypeDefinition = z.infer<typeof EntityTypeDefinition>;
export const EntityTypesAnswer = z.object({ entity_types: z.array(EntityTypeDefinition) });
/** The type as it is now, and how many entities became nodes, or stopped being some. */
export const TypeChangeAnswer = EntityTypeDefinition.extend({ promoted: z.int(), demoted: z.int() });

export const DiscoveredQuery = z.object({
  status: z.enum(['staged', 'promoted']).optional(),
  type: z.string().trim().max(100).optional(),
  /** Of this integration's records at least one speaks of it. */
  integration: IntegrationId.optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
export type DiscoveredQuery = z.output<typeof DiscoveredQuery>;
/** Its id is its node's id, once its type is active. Name and properties are those of the newest record that speaks of it. */
export const DiscoveredEntity = z.object({
  id: z.string(), entity_type: z.string(), key: z.string(), name: z.string(), properties: z.record(z.string(), z.unknown()), status: z.enum(['staged', 'promoted']),
  records: z.int(), first_seen: z.iso.datetime(), last_seen: z.iso.datetime(),
});
export const DiscoveredAnswer = z.object({ entities: z.array(DiscoveredEntity), total: z.int(), limit: z.int(), offset: z.int() });
export type DiscoveredAnswer = z.infer<typeof DiscoveredAnswer>;

export const titleOf = (slug: string): string => `${slug.charAt(0).toUpperCase()}${slug.slice(1).replaceAll('_', ' ')}`;

/** Strings that are all alike in one of these ways have that format. https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3 */
const FORMATS: [name: string, shape: RegExp][] = [
  ['date-time', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/], ['date', /^\d{4}-\d{2}-\d{2}$/], ['uri', /^https?:\/\/\S+$/i], ['email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/],
];

/** What the samples' properties have in common: each property with its types (and format, where all strings share one), required where every sample has it. The same for samples in any order. */
export function inferSchema(samples: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const values = new Map<string, unknown[]>();
  for (const sample of samples) for (const [name, value] of Object.entries(sample)) if (value !== undefined) values.set(name, [...values.get(name) ?? [], value]);
  const names = [...values.keys()].sort();
  const required = names.filter((name) => values.get(name)!.length === samples.length && !values.get(name)!.includes(null));
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, schemaOf(values.get(name)!)])), ...(required.length > 0 ? { required } : {}) };
}

function schemaOf(values: readonly unknown[]): Record<string, unknown> {
  const types = [...new Set(values.map(typeOf))].sort(), kinds = types.includes('number') ? types.filter((type) => type !== 'integer') : types;
  const texts = values.filter((value) => typeof value === 'string'), format = texts.length > 0 ? FORMATS.find(([, shape]) => texts.every((text) => shape.test(text))) : undefined;
  return { type: kinds.length === 1 ? kinds[0] : kinds, ...(format ? { format: format[0] } : {}) };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}
