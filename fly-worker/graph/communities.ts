/** Who belongs together: Louvain's communities over weighted ties. Pure and deterministic: the same ties, in any order, give the same answer. https://arxiv.org/abs/0803.0476 */
import { UndirectedGraph } from 'graphology';
import louvainModule from 'graphology-communities-louvain';

/** CommonJS: what comes in is the function itself, whatever its types say of a `default`. */
const louvain = louvainModule as unknown as typeof louvainModule.default;

/** Two nodes and how strongly they are tied; every pair at most once. */
export interface Tie { a: string; b: string; weight: number }

/** `weight`: how strongly a member is tied to the others. Strongest first; the first one gives the community its id, so that it keeps it while it grows. */
interface Community { id: string; members: { id: string; weight: number }[] }

/** Modularity: 0 as good as chance, above 0.3 real groups. https://en.wikipedia.org/wiki/Modularity_(networks) */
export interface Partition { communities: Community[]; modularity: number }

/** Largest first; nobody stands alone, for everybody has a tie. */
export function findCommunities(ties: readonly Tie[]): Partition {
  if (ties.length === 0) return { communities: [], modularity: 0 };
  const ordered = ties.map(({ a, b, weight }) => (a < b ? { a, b, weight } : { a: b, b: a, weight })).sort((x, y) => compare(x.a, y.a) || compare(x.b, y.b));
  const graph = new UndirectedGraph<object, { weight: number }>();
  for (const id of [...new Set(ordered.flatMap(({ a, b }) => [a, b]))].sort(compare)) graph.addNode(id);
  for (const { a, b, weight } of ordered) graph.addEdge(a, b, { weight });
  // Without its random walk nothing is left to chance.
  const { communities: of, modularity } = louvain.detailed(graph, { getEdgeWeight: 'weight', randomWalk: false });
  const weights = new Map<string, number>();
  for (const { a, b, weight } of ordered) {
    if (of[a] !== of[b]) continue;
    for (const id of [a, b]) weights.set(id, (weights.get(id) ?? 0) + weight);
  }
  const communities = [...Map.groupBy(graph.nodes(), (id) => of[id]).values()].map((ids): Community => {
    const members = ids.map((id) => ({ id, weight: Math.round((weights.get(id) ?? 0) * 1e4) / 1e4 })).sort((x, y) => y.weight - x.weight || compare(x.id, y.id));
    return { id: members[0]!.id, members };
  });
  return { communities: communities.sort((x, y) => y.members.length - x.members.length || compare(x.id, y.id)), modularity: Math.round(modularity * 1e6) / 1e6 };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
