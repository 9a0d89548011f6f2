/** The drawing: sigma on a graph. Pan by dragging, zoom by wheel and pinch, choose by click, expand by double click; plus, minus and arrow keys for those without a mouse. */
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Sigma } from 'sigma';
import { useTheme } from '../state/appearance.ts';
import { Empty, IconButton } from '../parts/basics.tsx';
import { settle } from './layout.ts';
import { drawingOf, lookOf } from './look.ts';
import type { Look } from './look.ts';
import type { Picture } from './explore.ts';
import { holdsAt } from './model.ts';
import type { EdgeAttributes, Explored, NodeAttributes } from './model.ts';

export interface View { picture: Picture; graph: Explored; hidden: ReadonlySet<string>; at: number | null; chosen: string | null; path: readonly string[] }
interface Props { view: View; onChoose: (id: string | null) => void; onExpand: (id: string) => void }

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function GraphCanvas({ view, onChoose, onExpand }: Props) {
  const box = useRef<HTMLDivElement>(null), sigma = useRef<Sigma<NodeAttributes, EdgeAttributes> | null>(null);
  const [impossible, setImpossible] = useState(false), [resting, setResting] = useState(false);
  const theme = useTheme();
  // What the reducers read, always the latest.
  const now = useRef(view), hovered = useRef<string | null>(null), acts = useRef({ onChoose, onExpand }), look = useRef<Look | null>(null);
  useEffect(() => { now.current = view; acts.current = { onChoose, onExpand }; sigma.current?.refresh({ skipIndexation: true }); });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colours = lookOf(element);
    look.current = colours;
    let renderer: Sigma<NodeAttributes, EdgeAttributes>;
    try {
      renderer = new Sigma<NodeAttributes, EdgeAttributes>(now.current.graph, element, {
        ...drawingOf(colours), allowInvalidContainer: true, labelDensity: 0.7, labelGridCellSize: 90, labelRenderedSizeThreshold: 5.5, zIndex: true, minCameraRatio: 0.04, maxCameraRatio: 4,
        stagePadding: 60, doubleClickZoomingRatio: 1, inertiaDuration: still() ? 0 : 200, zoomDuration: still() ? 0 : 200, minEdgeThickness: 0.6, hideLabelsOnMove: false,
        nodeReducer: (id, data) => nodeLook(id, data, now.current, hovered.current, look.current ?? colours),
        edgeReducer: (id, data) => edgeLook(id, data, now.current, hovered.current, look.current ?? colours),
      });
    } catch { setImpossible(true); return; }
    sigma.current = renderer;
    renderer.on('clickNode', ({ node }) => acts.current.onChoose(node));
    renderer.on('clickStage', () => acts.current.onChoose(null));
    renderer.on('doubleClickNode', ({ node, preventSigmaDefault }) => { preventSigmaDefault(); acts.current.onExpand(node); });
    renderer.on('enterNode', ({ node }) => { hovered.current = node; element.style.cursor = 'pointer'; renderer.refresh({ skipIndexation: true }); });
    renderer.on('leaveNode', () => { hovered.current = null; element.style.cursor = ''; renderer.refresh({ skipIndexation: true }); });
    return () => { sigma.current = null; renderer.kill(); };
  }, [view.graph]);

  // New nodes: let them find their places.
  useEffect(() => {
    setResting(false);
    return settle(view.picture.graph, { still: still(), onStep: () => sigma.current?.refresh({ skipIndexation: false }), onRest: () => setResting(view.picture.graph.order > 0) });
  }, [view.picture]);

  // Light or dark, by choice or by the system.
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const repaint = (): void => {
      if (!box.current || !sigma.current) return;
      look.current = lookOf(box.current);
      sigma.current.setSettings(drawingOf(look.current));
      sigma.current.refresh({ skipIndexation: true });
    };
    repaint();
    dark.addEventListener('change', repaint);
    return () => dark.removeEventListener('change', repaint);
  }, [theme]);

  // What was chosen in the list comes into view.
  useEffect(() => {
    const shown = view.chosen && sigma.current?.getNodeDisplayData(view.chosen);
    if (shown && sigma.current && !isInside(sigma.current, shown)) void sigma.current.getCamera().animate({ x: shown.x, y: shown.y }, { duration: still() ? 0 : 300 });
  }, [view.chosen]);

  const camera = () => sigma.current?.getCamera();
  const duration = still() ? 0 : 200;
  const keys = (event: KeyboardEvent): void => {
    const here = camera(), step = 0.12 * (here?.ratio ?? 1);
    const moves: Record<string, () => unknown> = {
      '+': () => here?.animatedZoom({ duration }), '=': () => here?.animatedZoom({ duration }), '-': () => here?.animatedUnzoom({ duration }), '0': () => here?.animatedReset({ duration }),
      ArrowLeft: () => here?.setState({ x: here.x - step }), ArrowRight: () => here?.setState({ x: here.x + step }), ArrowUp: () => here?.setState({ y: here.y + step }), ArrowDown: () => here?.setState({ y: here.y - step }),
      Enter: () => view.chosen && onExpand(view.chosen), Escape: () => onChoose(null),
    };
    const move = moves[event.key];
    if (move) { event.preventDefault(); move(); }
  };
  if (impossible) return <div className="graph-canvas"><Empty icon="graph" title="It cannot be drawn here">This browser does not offer WebGL. The list beside it has everything that would be drawn.</Empty></div>;
  return (
    <div className="graph-canvas">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions */}
      <div ref={box} className="graph-sigma" role="img" tabIndex={0} data-resting={resting} aria-label={`A drawing of ${view.graph.order} things and their relations. The list after it has the same. Arrow keys move it, plus and minus zoom.`} onKeyDown={keys} />
      <div className="graph-zoom">
        <IconButton icon="plus" label="Closer" onClick={() => void camera()?.animatedZoom({ duration })} />
        <IconButton icon="minus" label="Further away" onClick={() => void camera()?.animatedUnzoom({ duration })} />
        <IconButton icon="fit" label="Everything" onClick={() => void camera()?.animatedReset({ duration })} />
      </div>
    </div>
  );
}

function isInside(sigma: Sigma<NodeAttributes, EdgeAttributes>, at: { x: number; y: number }): boolean {
  const { x, y } = sigma.framedGraphToViewport(at), { width, height } = sigma.getDimensions();
  return x > 40 && y > 40 && x < width - 40 && y < height - 40;
}

/** Is it shown with these filters? A node without a line of that day is not there yet, unless one came for it. */
export function isShown(id: string, { kind, hops }: NodeAttributes, { graph, hidden, at, chosen }: View): boolean {
  if (hidden.has(kind) && hops > 0) return false;
  return at === null || hops === 0 || id === chosen || graph.someEdge(id, (_, edge) => holdsAt(edge, at));
}

function nodeLook(id: string, data: NodeAttributes, view: View, hovered: string | null, look: Look) {
  const focus = hovered ?? view.chosen, near = focus === null || focus === id || view.graph.areNeighbors(focus, id), onPath = view.path.includes(id);
  const bright = view.path.length > 0 ? onPath : near;
  return {
    x: data.x, y: data.y, size: data.size, hidden: !isShown(id, data, view), label: bright ? data.name : null,
    color: bright ? look.kind(data.kind) : look.line, zIndex: bright ? 1 : 0, highlighted: id === view.chosen || id === hovered, forceLabel: id === focus || onPath || data.hops === 0,
  };
}

function edgeLook(id: string, data: EdgeAttributes, view: View, hovered: string | null, look: Look) {
  const [a, b] = view.graph.extremities(id), focus = hovered ?? view.chosen;
  const hidden = !holdsAt(data, view.at) || [a, b].some((end) => !isShown(end, view.graph.getNodeAttributes(end), view));
  const onPath = view.path.includes(a) && view.path.includes(b) && Math.abs(view.path.indexOf(a) - view.path.indexOf(b)) === 1, mine = focus === a || focus === b;
  const size = Math.min(4, 0.6 + Math.log2(1 + data.weight) * 0.35);
  if (view.path.length > 0) return { hidden, size: onPath ? 3 : size, color: onPath ? look.accent : look.line, zIndex: onPath ? 2 : 0 };
  return { hidden, size: mine ? size + 0.6 : size, color: mine ? look.lineStrong : look.line, zIndex: mine ? 1 : 0 };
}
