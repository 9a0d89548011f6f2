/** The drawing: sigma on a graph. Pan by dragging, zoom by wheel and pinch, choose by click, expand by double click; plus, minus and arrow keys for those without a mouse. */
import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Sigma } from 'sigma';
import { useTheme } from '../state/appearance.ts';
import { Empty, IconButton } from '../parts/basics.tsx';
import { settle } from './layout.ts';
import { collectLabels } from './labels.ts';
import { drawingOf, lookOf } from './look.ts';
import type { Look } from './look.ts';
import type { Picture } from './explore.ts';
import { CROWD, holdsAt } from './model.ts';
import type { EdgeAttributes, Explored, NodeAttributes } from './model.ts';

/** What is asked of the picture: kinds that are hidden, the day it shows, whom one looks at. */
interface Wish { graph: Explored; hidden: ReadonlySet<string>; at: number | null; chosen: string | null }
/** `shown`: the nodes that this leaves. */
export interface View extends Wish { picture: Picture; shown: ReadonlySet<string>; path: readonly string[] }
interface Props { view: View; onChoose: (id: string | null) => void; onExpand: (id: string) => void }

/** Below this width, px, everything is drawn smaller and closer to the rim. */
const NARROW = 600;

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function GraphCanvas({ view, onChoose, onExpand }: Props) {
  const box = useRef<HTMLDivElement>(null), sigma = useRef<Sigma<NodeAttributes, EdgeAttributes> | null>(null);
  const [impossible, setImpossible] = useState(false), [rested, setRested] = useState<Picture | null>(null);
  const theme = useTheme();
  // What the reducers read, always the latest.
  const now = useRef(view), hovered = useRef<string | null>(null), acts = useRef({ onChoose, onExpand }), look = useRef<Look | null>(null), labels = useRef(collectLabels()), room = useRef(NARROW);
  // Once a frame, however many nodes the pointer crossed since the last one.
  const frame = useRef(0), [repaint] = useState(() => () => { cancelAnimationFrame(frame.current); frame.current = requestAnimationFrame(() => sigma.current?.refresh({ skipIndexation: true })); });
  useEffect(() => { now.current = view; acts.current = { onChoose, onExpand }; repaint(); });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colours = lookOf(element);
    look.current = colours;
    let renderer: Sigma<NodeAttributes, EdgeAttributes>;
    try {
      renderer = new Sigma<NodeAttributes, EdgeAttributes>(now.current.graph, element, {
        ...drawingOf(colours, labels.current), allowInvalidContainer: true, labelDensity: 1.5, labelGridCellSize: 70, labelRenderedSizeThreshold: 4.2, zIndex: true, minCameraRatio: 0.04, maxCameraRatio: 4,
        doubleClickZoomingRatio: 1, inertiaDuration: still() ? 0 : 200, zoomDuration: still() ? 0 : 200, minEdgeThickness: 0.6, hideLabelsOnMove: false,
        nodeReducer: (id, data) => nodeLook(id, data, now.current, hovered.current, look.current ?? colours, Math.max(0.6, Math.min(1, room.current / NARROW))),
        edgeReducer: (id, data) => edgeLook(id, data, now.current, hovered.current, look.current ?? colours),
      });
    } catch { setImpossible(true); return; }
    sigma.current = renderer;
    const measure = (): void => { room.current = element.clientWidth; renderer.setSetting('stagePadding', element.clientWidth < NARROW ? 20 : 60); };
    measure();
    renderer.on('resize', measure);
    renderer.on('afterRender', () => { const context = renderer.getCanvases()['labels']?.getContext('2d'); if (context) labels.current.draw(context, look.current ?? colours); });
    renderer.on('clickNode', ({ node }) => acts.current.onChoose(node));
    renderer.on('clickStage', () => acts.current.onChoose(null));
    renderer.on('doubleClickNode', ({ node, preventSigmaDefault }) => { preventSigmaDefault(); acts.current.onExpand(node); });
    renderer.on('enterNode', ({ node }) => { hovered.current = node; element.style.cursor = 'pointer'; repaint(); });
    renderer.on('leaveNode', () => { hovered.current = null; element.style.cursor = ''; repaint(); });
    return () => { sigma.current = null; renderer.kill(); };
  }, [view.graph, repaint]);

  // New nodes: let them find their places.
  useEffect(() => {
    return settle(view.picture.graph, { still: still(), onStep: () => sigma.current?.refresh({ skipIndexation: false }), onRest: () => { if (view.picture.graph.order > 0) setRested(view.picture); } });
  }, [view.picture]);

  // Light or dark, by choice or by the system.
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recolour = (): void => {
      if (!box.current || !sigma.current) return;
      look.current = lookOf(box.current);
      sigma.current.setSettings(drawingOf(look.current, labels.current));
      sigma.current.refresh({ skipIndexation: true });
    };
    recolour();
    dark.addEventListener('change', recolour);
    return () => dark.removeEventListener('change', recolour);
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
      <div ref={box} className="graph-sigma" role="img" tabIndex={0} data-resting={rested === view.picture} aria-label={`A drawing of ${view.graph.order} things and their relations. The list after it has the same. Arrow keys move it, plus and minus zoom.`} onKeyDown={keys} />
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

/** Nodes that are shown. One without a line of that day is not there yet, unless one came for it. */
export const shownOf = ({ graph, hidden, at, chosen }: Wish): ReadonlySet<string> => new Set(graph.filterNodes((id, { kind, hops }) =>
  hops === 0 || (!hidden.has(kind) && (at === null || id === chosen || graph.someEdge(id, (_, edge) => holdsAt(edge, at))))));

function nodeLook(id: string, data: NodeAttributes, view: View, hovered: string | null, look: Look, scale: number) {
  const focus = hovered ?? view.chosen, near = focus === null || focus === id || view.graph.areNeighbors(focus, id), onPath = view.path.includes(id);
  const bright = view.path.length > 0 ? onPath : near;
  return {
    x: data.x, y: data.y, size: data.size * scale, hidden: !view.shown.has(id), label: bright ? data.name : null,
    color: bright ? look.kind(data.kind) : look.line, zIndex: bright ? 1 : 0, highlighted: id === view.chosen || id === hovered, forceLabel: id === focus || onPath || data.hops === 0,
  };
}

const isBetween = (graph: Explored, a: string, b: string): boolean => graph.getNodeAttribute(a, 'island') !== graph.getNodeAttribute(b, 'island');

function edgeLook(id: string, data: EdgeAttributes, view: View, hovered: string | null, look: Look) {
  const [a, b] = view.graph.extremities(id), focus = hovered ?? view.chosen;
  const hidden = !holdsAt(data, view.at) || !view.shown.has(a) || !view.shown.has(b);
  const onPath = view.path.includes(a) && view.path.includes(b) && Math.abs(view.path.indexOf(a) - view.path.indexOf(b)) === 1, mine = focus === a || focus === b;
  // Few lines may be seen, many only sensed, those from island to island least.
  const size = Math.min(4, (view.graph.order > CROWD ? 0.6 : 1) + Math.log2(1 + data.weight) * 0.35);
  if (view.path.length > 0) return { hidden, size: onPath ? 3 : size, color: onPath ? look.accent : look.line, zIndex: onPath ? 2 : 0 };
  return { hidden, size: mine ? size + 0.6 : size, color: mine ? look.lineStrong : focus === null && !(view.graph.order > CROWD && isBetween(view.graph, a, b)) ? look.line : look.lineFaint, zIndex: mine ? 1 : 0 };
}
