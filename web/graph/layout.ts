/** Lets a graph find its places, beside the page (settling.ts), and moves it there. With reduced motion it is shown once, in its places. */
import type { Explored } from './model.ts';
import type { Placed, Settled, Tied } from './places.ts';
// Vite makes a file of its own of it, and this its address.
// oxlint-disable-next-line import/default
import address from './settling.ts?worker&url';

/** The page's policy asks for a word of ours with each address that code is loaded from (`require-trusted-types-for 'script'`): this one is our own file. */
const trusted = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string } } }).trustedTypes?.createPolicy('graph-layout', { createScriptURL: (url) => (url === address ? url : '') });

/** How long nodes take to their places, ms. */
const MOVING_MS = 450;

interface Watch { still: boolean; onStep: () => void; onRest: () => void }

/** Starts moving; `onRest` when it is calm, also where no worker can be had. Returns how to stop. */
export function settle(graph: Explored, { still, onStep, onRest }: Watch): () => void {
  if (graph.order < 2) { onRest(); return () => {}; }
  const ids = graph.nodes(), index = new Map(ids.map((id, i) => [id, i]));
  const nodes = graph.mapNodes((_, { x, y, size, settled }): Placed => ({ x, y, size, known: settled }));
  const ties = graph.mapEdges((_, { weight }, a, b): Tied => [index.get(a) ?? 0, index.get(b) ?? 0, weight]);
  const worker = new Worker(trusted?.createScriptURL(address) ?? address, { type: 'module' });
  let frame = 0;
  const rest = (): void => { worker.terminate(); onStep(); onRest(); };

  worker.onmessage = ({ data: { places, islands } }: MessageEvent<Settled>) => {
    const began = performance.now();
    const move = (): void => {
      const part = still ? 1 : Math.min(1, (performance.now() - began) / MOVING_MS), gone = 1 - (1 - part) ** 3;
      graph.updateEachNodeAttributes((id, node) => {
        const i = index.get(id), from = i === undefined ? undefined : nodes[i];
        if (i === undefined || !from) return node;
        return { ...node, x: from.x + (places[i * 2]! - from.x) * gone, y: from.y + (places[i * 2 + 1]! - from.y) * gone, island: islands[i]!, settled: true };
      }, { attributes: ['x', 'y'] });
      if (part === 1) { rest(); return; }
      onStep();
      frame = requestAnimationFrame(move);
    };
    move();
  };
  worker.onerror = rest;
  worker.postMessage({ nodes, ties });
  return () => { worker.terminate(); cancelAnimationFrame(frame); };
}
