/** The part of the graph one looks at: neighbourhoods put together, each node and relation once. Knows nothing of drawing or of React. */
import { UndirectedGraph } from 'graphology';
import type { NeighborsAnswer, Relation } from '#contract/graph';
import type { EntityRef } from '#contract/memory';

/** `records`: how many tie it to what it was found from; the centres have the most. `hops` from the nearest centre; `settled`: it has come to rest before, on that `island`. */
export interface NodeAttributes { kind: string; name: string; key: string; x: number; y: number; size: number; weight: number; hops: number; settled: boolean; island: number }
/** One line between two nodes stands for all their relations. `from`: when the first began; `to`: when the last ended, null while one holds. */
export interface EdgeAttributes { relations: Relation[]; weight: number; from: number; to: number | null }
export type Explored = UndirectedGraph<NodeAttributes, EdgeAttributes>;

export const emptyGraph = (): Explored => new UndirectedGraph<NodeAttributes, EdgeAttributes>();

/** Puts a neighbourhood into the graph. New nodes begin near the one they were found from, so that nothing flies across the screen. Answers how many nodes are new. */
export function absorb(graph: Explored, { node, nodes, edges }: Pick<NeighborsAnswer, 'nodes' | 'edges'> & { node: EntityRef }): number {
  const before = graph.order;
  const centre = graph.hasNode(node.id) ? graph.getNodeAttributes(node.id) : { x: spread(before), y: spread(before + 1) };
  place(graph, node, { x: centre.x, y: centre.y, weight: Math.max(1, ...nodes.map((one) => one.weight)), hops: 0 });
  for (const [i, one] of nodes.entries()) {
    // A sunflower: even, and the same each time.
    const angle = i * 2.399963, far = (8 + 3 * Math.sqrt(i)) * one.depth;
    place(graph, one, { x: centre.x + far * Math.cos(angle), y: centre.y + far * Math.sin(angle), weight: one.weight, hops: one.depth });
  }
  for (const relation of edges) connect(graph, relation);
  const scale = Math.max(SMALLEST, Math.min(1, Math.sqrt(CROWD / graph.order)));
  graph.forEachNode((id, { weight, hops }) => graph.setNodeAttribute(id, 'size', sizeOf(weight, graph.degree(id), hops) * scale));
  return graph.order - before;
}

/** The same for a path: its nodes and what ties them. */
export const absorbPath = (graph: Explored, nodes: readonly EntityRef[], edges: readonly Relation[]): number => {
  const [first, ...rest] = nodes;
  return first ? absorb(graph, { node: first, nodes: rest.map((one) => ({ ...one, properties: {}, depth: 1, weight: 1 })), edges: [...edges] }) : 0;
};

function place(graph: Explored, { id, node_type, key, name }: EntityRef, found: Pick<NodeAttributes, 'x' | 'y' | 'weight' | 'hops'>): void {
  if (!graph.hasNode(id)) { graph.addNode(id, { kind: node_type, name: name || key, key, size: 4, settled: false, island: 0, ...found }); return; }
  graph.updateNodeAttributes(id, (known) => ({ ...known, weight: Math.max(known.weight, found.weight), hops: Math.min(known.hops, found.hops) }));
}

function connect(graph: Explored, relation: Relation): void {
  if (relation.source === relation.target || !graph.hasNode(relation.source) || !graph.hasNode(relation.target)) return;
  const [a, b] = relation.source < relation.target ? [relation.source, relation.target] : [relation.target, relation.source];
  const known = graph.hasEdge(a, b) ? graph.getEdgeAttributes(a, b) : null;
  const relations = [...known?.relations.filter((one) => one.id !== relation.id) ?? [], relation];
  const over = relations.map((one) => one.valid_to && Date.parse(one.valid_to));
  graph.mergeEdge(a, b, {
    relations, weight: relations.reduce((sum, one) => sum + one.weight, 0), from: Math.min(...relations.map((one) => Date.parse(one.valid_from))),
    to: over.includes(null) ? null : Math.max(...over.map(Number)),
  });
}

/** From so many things on, each is drawn smaller, down to a part of its size, and lines are only sensed. */
export const CROWD = 300;
const SMALLEST = 0.5;

/** Grows with how often it is spoken of, slowly: a hub is three times a leaf, not a hundred. */
const sizeOf = (weight: number, degree: number, hops: number): number => Math.min(16, 3 + 1.6 * Math.log2(1 + Math.max(weight / 8, degree / 3)) + (hops === 0 ? 3 : 0));
/** Somewhere else for each centre, and the same each time. */
const spread = (n: number): number => ((n * 137.508) % 200) - 100;

/** Kinds there are, with how many of each, most first. */
export function kindsOf(graph: Explored): { kind: string; count: number }[] {
  const counts = new Map<string, number>();
  graph.forEachNode((_, { kind }) => counts.set(kind, (counts.get(kind) ?? 0) + 1));
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
}

/** From when to when anything is said, ms since the epoch; null without any relation. */
export function spanOf(graph: Explored): { from: number; until: number } | null {
  let from = Infinity, until = -Infinity;
  graph.forEachEdge((_, edge) => { from = Math.min(from, edge.from); for (const one of edge.relations) until = Math.max(until, Date.parse(one.last_seen)); });
  return graph.size === 0 ? null : { from, until };
}

/** Is the line there on that day? */
export const holdsAt = ({ from, to }: EdgeAttributes, at: number | null): boolean => at === null || (from <= at && (to === null || to > at));
