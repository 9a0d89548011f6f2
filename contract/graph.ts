/** The language of the graph: what is asked of it and how it answers. Counts, weights and dates are read off the evidence, never stored. */
import { z } from 'zod';
import { IntegrationId } from './job.ts';
import { NEIGHBORS_DEPTH_MAX, NEIGHBORS_LIMIT_DEFAULT, NEIGHBORS_LIMIT_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, QUERY_CHARS_MAX } from './limits.ts';
import { EntityRef } from './memory.ts';

/**
 * The graph as it was: only what a record of that moment or earlier says, and no state (WORKS_AT, OWNS) that had ended by then. A state ends
 * with the first record that names another one, if none names the old one after it. A date alone means the end of that day, UTC.
 */
const AsOf = { as_of: z.iso.datetime({ offset: true }).or(z.iso.date().transform((day) => `${day}T23:59:59.999Z`)).optional() };

export const NodesQuery = z.object({
  /** Part of a name or key, in any case; `%` and `_` mean themselves. Left out: every node. */
  q: z.string().trim().max(QUERY_CHARS_MAX).optional(),
  type: z.string().trim().max(100).optional(),
  ...AsOf,
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
export type NodesQuery = z.output<typeof NodesQuery>;

export const NodeQuery = z.object(AsOf);

/** Names separated by commas: in CAPITALS relations to walk along, in small letters kinds of nodes to show (others are still walked through). */
const Types = z.string().trim().max(1_000).regex(/^[\w ,-]*$/).transform((names) => names.split(',').map((name) => name.trim()).filter(Boolean)).optional();

export const NeighborsQuery = z.object({
  depth: z.coerce.number().int().min(1).max(NEIGHBORS_DEPTH_MAX).default(1),
  types: Types,
  ...AsOf,
  limit: z.coerce.number().int().min(1).max(NEIGHBORS_LIMIT_MAX).default(NEIGHBORS_LIMIT_DEFAULT),
});
export type NeighborsQuery = z.output<typeof NeighborsQuery>;

export const PathsQuery = z.object({ from: z.string().max(200), to: z.string().max(200), types: Types, ...AsOf });
export type PathsQuery = z.output<typeof PathsQuery>;

const Properties = z.record(z.string(), z.unknown());
const Seen = { first_seen: z.iso.datetime(), last_seen: z.iso.datetime() };

/** `records`: how many records speak of it. A node that others were merged into counts theirs, too. */
const GraphNode = EntityRef.extend({ properties: Properties, records: z.int(), ...Seen });
export const NodesAnswer = z.object({ nodes: z.array(GraphNode), total: z.int(), limit: z.int(), offset: z.int() });
export type NodesAnswer = z.infer<typeof NodesAnswer>;

/** `weight`: how many records say so. `valid_from`: the first of them; `valid_to`: see as_of, null while it holds. */
export const Relation = z.object({
  id: z.string(), source: z.string(), edge_type: z.string(), target: z.string(), weight: z.int(), ...Seen, valid_from: z.iso.datetime(), valid_to: z.iso.datetime().nullable(),
});
export type Relation = z.infer<typeof Relation>;

/** A record that says so, and how that was found in it. */
export const EvidenceRef = z.object({
  record_id: z.string(), title: z.string(), occurred_at: z.iso.datetime(), integration_id: IntegrationId, url: z.string().nullable(), method: z.string(), confidence: z.number(),
});

export const NodeDetail = GraphNode.extend({
  /** Nodes that people merged into this one. */
  merged: z.array(EntityRef),
  /** Relations per kind. */
  counts: z.record(z.string(), z.int()),
  /** The strongest first, each with its newest records. */
  facts: z.array(Relation.extend({ other: EntityRef, evidence: z.array(EvidenceRef) })),
  /** The newest records that speak of it. */
  evidence: z.array(EvidenceRef),
  /** Records per month, `2026-03`, oldest first; months without any are left out. */
  timeline: z.array(z.object({ month: z.string(), records: z.int() })),
  /** There are more facts or records than are shown. */
  truncated: z.boolean(),
});
export type NodeDetail = z.infer<typeof NodeDetail>;

export const NeighborsAnswer = z.object({
  node: EntityRef,
  /** Nearest first, then by how many records tie them to the level before. `weight` is that number. */
  nodes: z.array(EntityRef.extend({ properties: Properties, depth: z.int(), weight: z.int() })),
  /** Between any of these and the node itself, the strongest first. */
  edges: z.array(Relation),
  /** Something was left out: more nodes than `limit`, a level or a set of edges too large to look through. */
  truncated: z.boolean(),
});
export type NeighborsAnswer = z.infer<typeof NeighborsAnswer>;

export const PathsAnswer = z.object({
  from: EntityRef, to: EntityRef,
  /** Steps of the shortest path; null: there is none. */
  length: z.int().nullable(),
  /** From one end to the other, both included. */
  nodes: z.array(EntityRef),
  /** All relations between neighbours on the path. */
  edges: z.array(Relation),
  /** The search was given up before its end: there may be a longer path. */
  truncated: z.boolean(),
});
export type PathsAnswer = z.infer<typeof PathsAnswer>;

/** The node that stays. What was merged into the other one comes along. */
export const MergeRequest = z.strictObject({ into: z.string().min(1).max(200) });
/** The node that stands for both, or by itself again, and all that is merged into it. */
export const MergeAnswer = z.object({ node: EntityRef, merged: z.array(EntityRef) });
export type MergeAnswer = z.infer<typeof MergeAnswer>;

export const CommunitiesQuery = z.object({
  /** Only the community of this node. */
  node: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
export type CommunitiesQuery = z.output<typeof CommunitiesQuery>;
export const CommunitiesAnswer = z.object({
  /** The largest first. A community's id is that of its most central member; `nodes` are its most central ones, `weight`: how strongly tied to the others. */
  communities: z.array(z.object({ id: z.string(), size: z.int(), nodes: z.array(EntityRef.extend({ weight: z.number() })) })),
  total: z.int(), limit: z.int(), offset: z.int(),
  /** When they were last worked out; null: not yet. */
  built_at: z.iso.datetime().nullable(),
  /** A job has ended since; they are being worked out anew. */
  stale: z.boolean(),
  /** How clearly the groups are apart: 0 as good as chance, above 0.3 real ones. */
  modularity: z.number().nullable(),
  /** There were more ties than are looked at: the weakest were left out. */
  truncated: z.boolean(),
});
export type CommunitiesAnswer = z.infer<typeof CommunitiesAnswer>;
