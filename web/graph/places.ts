/** Where nodes of a graph lie: whoever belongs together makes an island, shaped by ForceAtlas2 from within; islands that have much to do with each other lie close, and none over another. Pure; runs beside the page (settling.ts). */
import { UndirectedGraph } from 'graphology';
import louvainModule from 'graphology-communities-louvain';
import layoutModule from 'graphology-layout-forceatlas2';
import { pack } from './pack.ts';

/** CommonJS: their types say `default` where their code has the thing itself. */
const forceAtlas2 = layoutModule as unknown as (typeof layoutModule)['default'];
const louvain = louvainModule as unknown as typeof louvainModule.default;

/** `size`: radius as drawn, px. `known`: it lay there before, and should stay near. */
export interface Placed { x: number; y: number; size: number; known: boolean }
/** Two nodes by their index, and how strongly they are tied. */
export type Tied = readonly [a: number, b: number, weight: number];
export interface Unsettled { nodes: readonly Placed[]; ties: readonly Tied[] }
/** For each node its x and y in turn, and its island, the largest being 0. */
export interface Settled { places: Float32Array; islands: Uint16Array }

interface Node { x: number; y: number; size: number; known: boolean }
type Working = UndirectedGraph<Node, { pull: number }>;
interface Island { members: string[]; x: number; y: number; r: number }

/** Tied to so large a part of all, it says nothing of who belongs together. */
const HUB = 0.3;
/** From so many members on, forces are reckoned roughly. Iterations: enough to be calm. */
const LARGE = 400, ITERATIONS = 200, ITERATIONS_LARGE = 120;
/** Room for a node of radius 1 px, and around an island: units of the drawing. */
const ROOM = 3.2, SHORE = 16;

/** The same for the same graph. */
export function settled({ nodes, ties }: Unsettled): Settled {
  const graph: Working = new UndirectedGraph<Node, { pull: number }>();
  for (const [i, one] of nodes.entries()) graph.addNode(i, { ...one });
  for (const [a, b, weight] of ties) graph.mergeEdge(a, b, { pull: Math.log2(1 + weight) });
  const islands = islandsOf(graph);
  for (const island of islands) shape(graph, island);
  arrange(graph, islands);
  const places = new Float32Array(nodes.length * 2), of = new Uint16Array(nodes.length);
  for (const [i, { members, x, y }] of islands.entries()) {
    for (const id of members) { const node = graph.getNodeAttributes(id); places[Number(id) * 2] = x + node.x; places[Number(id) * 2 + 1] = y + node.y; of[Number(id)] = i; }
  }
  return { places, islands: of };
}

/** Who belongs together, the largest first. A hub and whoever is tied to nobody else are one more island. */
function islandsOf(graph: Working): Island[] {
  const apart = graph.copy() as Working;
  for (const hub of graph.filterNodes((id) => graph.order > 3 && graph.degree(id) > HUB * graph.order)) apart.dropNode(hub);
  // Without its random walk nothing is left to chance.
  const of = apart.size > 0 ? louvain(apart, { getEdgeWeight: 'pull', randomWalk: false }) : {};
  const groups = [...Map.groupBy(graph.nodes(), (id) => (apart.hasNode(id) && apart.degree(id) > 0 ? of[id] : -1)).values()];
  for (const members of groups) members.sort((a, b) => graph.degree(b) - graph.degree(a) || Number(a) - Number(b));
  return groups.sort((a, b) => b.length - a.length || Number(a[0]) - Number(b[0])).map((members) => ({ members, x: 0, y: 0, r: ROOM * Math.sqrt(members.reduce((sum, id) => sum + (graph.getNodeAttribute(id, 'size') + 2) ** 2, 0)) }));
}

/** Members round the middle of their island, within its radius. Leaves their places relative to it. */
function shape(graph: Working, island: Island): void {
  const { members, r } = island, inside = new Set(members), known = members.filter((id) => graph.getNodeAttribute(id, 'known'));
  const middle = meanOf(graph, known), stays = known.length > members.length / 2;
  const own: Working = new UndirectedGraph<Node, { pull: number }>();
  for (const [i, id] of members.entries()) {
    const node = graph.getNodeAttributes(id), away = r * Math.sqrt(i / members.length);
    // A sunflower: even, and the same each time.
    own.addNode(id, stays ? { ...node, x: node.x - middle.x, y: node.y - middle.y } : { ...node, x: away * Math.cos(i * 2.399963), y: away * Math.sin(i * 2.399963) });
  }
  graph.forEachEdge((_, { pull }, a, b) => { if (inside.has(a) && inside.has(b)) own.addEdge(a, b, { pull }); });
  if (own.size > 0 && own.order > 2) {
    const large = own.order > LARGE;
    forceAtlas2.assign(own, { iterations: large ? ITERATIONS_LARGE : ITERATIONS, getEdgeWeight: 'pull', settings: { gravity: 1.5, scalingRatio: 10, slowDown: 4, adjustSizes: false, barnesHutOptimize: large, linLogMode: true, edgeWeightInfluence: 1 } });
    fit(own, r);
  }
  separate(own);
  own.forEachNode((id, { x, y }) => graph.mergeNodeAttributes(id, { x, y }));
  [island.x, island.y] = [middle.x, middle.y];
}

const meanOf = (graph: Working, ids: readonly string[]): { x: number; y: number } => ({
  x: ids.reduce((sum, id) => sum + graph.getNodeAttribute(id, 'x'), 0) / Math.max(1, ids.length), y: ids.reduce((sum, id) => sum + graph.getNodeAttribute(id, 'y'), 0) / Math.max(1, ids.length),
});

/** As wide as the island: nearly all within it, outliers on its shore. */
function fit(own: Working, r: number): void {
  const middle = meanOf(own, own.nodes()), far = own.mapNodes((_, { x, y }) => Math.hypot(x - middle.x, y - middle.y)).sort((a, b) => a - b);
  const scale = r / Math.max(far[Math.floor(far.length * 0.9)] ?? 1, 1e-6);
  own.updateEachNodeAttributes((_, node) => {
    const [x, y] = [(node.x - middle.x) * scale, (node.y - middle.y) * scale], away = Math.hypot(x, y), held = away > r ? (r * (1 + 0.1 * Math.log(away / r))) / away : 1;
    return { ...node, x: x * held, y: y * held };
  });
}

const ROUNDS = 60;

/** Pushes apart what lies on each other, a little at a time. Only neighbours on a grid are compared. */
function separate(own: Working): void {
  const ids = own.nodes(), at = ids.map((id) => { const { x, y, size } = own.getNodeAttributes(id); return { x, y, room: (size + 1.5) * ROOM * 0.5 }; }), cell = 2 * Math.max(...at.map((one) => one.room));
  for (let round = 0, moved = true; round < ROUNDS && moved; round++) {
    moved = false;
    const grid = Map.groupBy(at, (one) => `${Math.floor(one.x / cell)},${Math.floor(one.y / cell)}`);
    for (const a of at) {
      const column = Math.floor(a.x / cell), row = Math.floor(a.y / cell);
      for (let dx = -1; dx <= 1; dx++) for (let dy = -1; dy <= 1; dy++) for (const b of grid.get(`${column + dx},${row + dy}`) ?? []) {
        if (a === b) continue;
        const [x, y] = [b.x - a.x || 0.01, b.y - a.y], apart = Math.hypot(x, y), wanted = a.room + b.room;
        if (apart >= wanted) continue;
        const push = (wanted - apart) / 2 / apart;
        a.x -= x * push; a.y -= y * push; b.x += x * push; b.y += y * push;
        moved = true;
      }
    }
  }
  for (const [i, id] of ids.entries()) own.mergeNodeAttributes(id, { x: at[i]?.x ?? 0, y: at[i]?.y ?? 0 });
}

/** Rounds of moving islands, and how far each goes towards those it has to do with, and towards the middle. */
const VOYAGES = 160, TOWARDS_TIED = 0.06, TOWARDS_MIDDLE = 0.02, WIDER_THAN_HIGH = 1.15;

/** Islands side by side. One that lay somewhere before begins there. */
function arrange(graph: Working, islands: Island[]): void {
  for (const island of islands) island.r = SHORE + Math.max(...island.members.map((id) => { const { x, y, size } = graph.getNodeAttributes(id); return Math.hypot(x, y) + size * ROOM * 0.5; }));
  const packed = pack(islands.map((one) => one.r), WIDER_THAN_HIGH);
  for (const [i, island] of islands.entries()) if (island.members.filter((id) => graph.getNodeAttribute(id, 'known')).length <= island.members.length / 2) [island.x, island.y] = [packed[i]?.x ?? 0, packed[i]?.y ?? 0];
  const of = new Map(islands.flatMap((island) => island.members.map((id) => [id, island] as const))), tied = new Map(islands.map((island) => [island, new Map<Island, number>()]));
  graph.forEachEdge((_, { pull }, a, b) => {
    const [one, other] = [of.get(a)!, of.get(b)!];
    if (one === other) return;
    for (const [x, y] of [[one, other], [other, one]] as const) tied.get(x)!.set(y, (tied.get(x)!.get(y) ?? 0) + pull);
  });
  for (let round = 0; round < VOYAGES; round++) {
    const calm = 1 - round / VOYAGES;
    for (const island of islands) {
      let [x, y, all] = [0, 0, 0];
      for (const [other, pull] of tied.get(island)!) { x += other.x * pull; y += other.y * pull; all += pull; }
      if (all > 0) { island.x += (x / all - island.x) * TOWARDS_TIED * calm; island.y += (y / all - island.y) * TOWARDS_TIED * calm; }
      island.x -= island.x * TOWARDS_MIDDLE * calm / WIDER_THAN_HIGH; island.y -= island.y * TOWARDS_MIDDLE * calm;
    }
    for (let again = 0; again < (round === VOYAGES - 1 ? 40 : 3) && keepApart(islands); again++);
  }
}

/** Moves islands off each other, the smaller one further. Answers whether any lay on another. */
function keepApart(islands: readonly Island[]): boolean {
  let any = false;
  for (const [i, a] of islands.entries()) for (let j = i + 1; j < islands.length; j++) {
    const b = islands[j]!, wanted = a.r + b.r;
    const x = b.x - a.x || 0.01 * (j + 1), y = b.y - a.y || 0.01;
    if (Math.abs(x) >= wanted || Math.abs(y) >= wanted) continue;
    const apart = Math.hypot(x, y);
    if (apart >= wanted) continue;
    any = true;
    const push = (wanted - apart) / apart, share = b.r ** 2 / (a.r ** 2 + b.r ** 2);
    a.x -= x * push * share; a.y -= y * push * share; b.x += x * push * (1 - share); b.y += y * push * (1 - share);
  }
  return any;
}
