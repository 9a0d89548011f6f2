/** Where nodes lie: ForceAtlas2 in small slices between frames, so that the page answers meanwhile, and then rest. With reduced motion everything is computed first and shown once. */
import layout from 'graphology-layout-forceatlas2';
import type { Explored } from './model.ts';

/** CommonJS: its types say `default` where its code has the thing itself. */
const forceAtlas2 = layout as unknown as (typeof layout)['default'];

/** Time a slice may take of a frame, ms; iterations until it is calm. */
const SLICE_MS = 10, ITERATIONS_SMALL = 420, ITERATIONS_LARGE = 220, LARGE = 600;

/** Starts moving; `onRest` when it is calm. Returns how to stop. */
export function settle(graph: Explored, { still, onStep, onRest }: { still: boolean; onStep: () => void; onRest: () => void }): () => void {
  if (graph.order < 2) { onRest(); return () => {}; }
  const large = graph.order > LARGE, shown = still ? graph.copy() as Explored : graph;
  const settings = { ...forceAtlas2.inferSettings(graph.order), gravity: 0.35, scalingRatio: large ? 24 : 18, slowDown: 4, adjustSizes: !large, barnesHutOptimize: large, linLogMode: true, outboundAttractionDistribution: false, edgeWeightInfluence: 1 };
  // What is tied to nearly everything pulls everything into one heap; without its pull, one sees who belongs together.
  const hubs = new Set(shown.filterNodes((id) => shown.degree(id) > 0.45 * shown.order));
  let left = large ? ITERATIONS_LARGE : ITERATIONS_SMALL, batch = 4, frame = 0, stopped = false;

  const step = (): void => {
    if (stopped) return;
    const began = performance.now();
    do {
      forceAtlas2.assign(shown, { iterations: Math.min(batch, left), settings, getEdgeWeight: (_, { weight }, a, b) => Math.log2(1 + weight) / (hubs.has(a) || hubs.has(b) ? 12 : 1) });
      left -= batch;
    } while (left > 0 && performance.now() - began < SLICE_MS);
    // Larger batches keep the layout's own momentum; as large as a frame has room for.
    batch = performance.now() - began < SLICE_MS ? Math.min(24, batch * 2) : Math.max(1, Math.floor(batch / 2));
    if (!still) onStep();
    if (left > 0) { frame = still ? window.setTimeout(step) : requestAnimationFrame(step); return; }
    separate(shown);
    if (still) shown.forEachNode((id, { x, y }) => { if (graph.hasNode(id)) graph.mergeNodeAttributes(id, { x, y }); });
    onStep();
    onRest();
  };
  frame = still ? window.setTimeout(step) : requestAnimationFrame(step);
  return () => { stopped = true; cancelAnimationFrame(frame); clearTimeout(frame); };
}

/** How wide the drawing is taken to be, px: sizes are in pixels, places are not. */
const DRAWN_PX = 480, ROUNDS = 40;

/** Pushes apart what lies on each other, a little at a time. Only neighbours on a grid are compared. */
function separate(graph: Explored): void {
  const ids = graph.nodes(), at = ids.map((id) => { const { x, y, size } = graph.getNodeAttributes(id); return { x, y, size }; });
  const extent = Math.max(...at.map((one) => one.x)) - Math.min(...at.map((one) => one.x)), unit = Math.max(extent, 1) / DRAWN_PX, cell = 34 * unit;
  for (let round = 0, moved = true; round < ROUNDS && moved; round++) {
    moved = false;
    const grid = Map.groupBy(at, (one) => `${Math.floor(one.x / cell)},${Math.floor(one.y / cell)}`);
    for (const a of at) {
      const column = Math.floor(a.x / cell), row = Math.floor(a.y / cell);
      for (let dx = -1; dx <= 1; dx++) for (let dy = -1; dy <= 1; dy++) for (const b of grid.get(`${column + dx},${row + dy}`) ?? []) {
        if (a === b) continue;
        const [x, y] = [b.x - a.x || 0.01 * unit, b.y - a.y], apart = Math.hypot(x, y), wanted = (a.size + b.size + 3) * unit;
        if (apart >= wanted) continue;
        const push = (wanted - apart) / 2 / apart;
        a.x -= x * push; a.y -= y * push; b.x += x * push; b.y += y * push;
        moved = true;
      }
    }
  }
  for (const [i, id] of ids.entries()) graph.mergeNodeAttributes(id, { x: at[i]?.x ?? 0, y: at[i]?.y ?? 0 });
}
