/** Beside the drawing: the node that is chosen, what ties it, and everything in the picture as a list, so that nothing needs a mouse or eyes. */
import { useMemo, useState } from 'react';
import { callRoute } from '../client/index.ts';
import { Button, IconButton, Link, Notice } from '../parts/basics.tsx';
import { EntityIcon } from '../parts/entity-icon.tsx';
import { Icon } from '../parts/icon.tsx';
import { useAction } from '../parts/dialog.tsx';
import { keyInWords, kindWords, relationWords } from '../words/graph.ts';
import { count, number, shortDay } from '../words/time.ts';
import type { View } from './canvas.tsx';
import { FindNode } from './find-node.tsx';
import { absorbPath, holdsAt } from './model.ts';
import type { Explored, NodeAttributes } from './model.ts';

interface Props {
  view: View; centres: readonly string[]; loading: boolean;
  /** There is more near a centre than was answered. No more centres fit. */
  cut: boolean; full: boolean;
  onMore: () => void;
  onChoose: (id: string | null) => void; onExpand: (id: string) => void; onRemove: (id: string) => void;
  onPath: (ids: string[]) => void; grow: (add: (graph: Explored) => number) => void;
}

export function GraphPanel(props: Props) {
  const { view } = props, chosen = view.chosen && view.graph.hasNode(view.chosen) ? view.chosen : null;
  return <aside className="graph-panel" aria-label="What is in the picture">{chosen ? <Chosen key={chosen} {...props} id={chosen} /> : <Everything {...props} />}</aside>;
}

/** Said where going on is refused. */
const FULL = 'So many were gone on from that no more fit into one picture. Fold one, or begin with somebody else.';

function Chosen({ view, id, centres, full, onChoose, onExpand, onRemove, onPath, grow }: Props & { id: string }) {
  const node = view.graph.getNodeAttributes(id), kind = kindWords(node.kind), action = useAction();
  const [nowhere, setNowhere] = useState<string | null>(null);
  const ties = view.graph.mapEdges(id, (_, edge, a, b) => ({ other: a === id ? b : a, edge })).filter(({ edge }) => holdsAt(edge, view.at)).sort((a, b) => b.edge.weight - a.edge.weight);
  const findPath = (to: { id: string; name: string; key: string }): void => void action.run(async () => {
    const answer = await callRoute('paths', { query: { from: id, to: to.id } });
    setNowhere(answer.length === null ? `No path to ${to.name || to.key} was found${answer.truncated ? ' within six steps' : ''}.` : null);
    if (answer.length === null) return;
    grow((graph) => absorbPath(graph, answer.nodes, answer.edges));
    onPath(answer.nodes.map((one) => one.id));
  });
  return (
    <>
      <div className="panel-head">
        <EntityIcon kind={node.kind} /><div><h2>{node.name}</h2><p className="quiet">{kind.one}{keyInWords(node) && ` · ${keyInWords(node)}`}</p></div>
        <IconButton icon="close" label="Back to everything" onClick={() => onChoose(null)} />
      </div>
      <div className="panel-acts">
        <Link to={`/entities/${id}`} className="button button-primary"><span>Open</span></Link>
        {centres.includes(id)
          ? centres.length > 1 && <Button onClick={() => onRemove(id)}>Fold</Button>
          : <Button icon="plus" disabled={full} {...(full && { title: FULL })} onClick={() => onExpand(id)}>Expand</Button>}
        {view.path.length > 0 && <Button onClick={() => onPath([])}>Hide the path</Button>}
      </div>
      <FindNode label="Find a path to …" onPick={findPath} />
      {action.error && <Notice tone="bad" alert>{action.error}</Notice>}
      {nowhere && <Notice tone="neutral" alert>{nowhere}</Notice>}
      {view.path.length > 1 && <ol className="path" aria-label="Path">{view.path.map((step) => <li key={step}><button type="button" className="text-link" onClick={() => onChoose(step)}>{view.graph.hasNode(step) ? view.graph.getNodeAttribute(step, 'name') : step}</button></li>)}</ol>}
      <h3 className="panel-label">{count(ties.length, 'tie')} in the picture</h3>
      <ul className="panel-list">
        {ties.map(({ other, edge }) => {
          const far = view.graph.getNodeAttributes(other);
          return (
            <li key={other}>
              <button type="button" className="panel-row" onClick={() => onChoose(other)}>
                <EntityIcon kind={far.kind} /><span>{far.name}<small>{[...new Set(edge.relations.map((one) => relationWords(one.edge_type, one.source === id)))].join(', ')} · since {shortDay(new Date(edge.from).toISOString())}</small></span><b>{number(edge.weight)}</b>
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

const LISTED_MAX = 200;

function Everything({ view, centres, cut, full, loading, onMore, onChoose }: Props) {
  const [text, setText] = useState('');
  const needle = text.trim().toLowerCase();
  const shown = useMemo(() => {
    const out: { id: string; node: NodeAttributes }[] = [];
    view.graph.forEachNode((id, node) => { if (view.shown.has(id)) out.push({ id, node }); });
    return out.sort((a, b) => a.node.hops - b.node.hops || b.node.weight - a.node.weight || a.node.name.localeCompare(b.node.name));
  }, [view]);
  const listed = needle ? shown.filter(({ node }) => `${node.name} ${node.key}`.toLowerCase().includes(needle)) : shown;
  return (
    <>
      <h2 className="panel-title">{count(shown.length, 'thing')} <small>{count(view.graph.size, 'tie')}, {number(view.picture.expanded)} expanded</small></h2>
      <label className="find"><span className="visually-hidden">Find in the picture</span><input type="search" value={text} placeholder="Find in the picture" onChange={(event) => setText(event.target.value)} /></label>
      {(cut || full) && <p className="fine"><Icon name="info" />{full ? FULL : 'There is more than is drawn: the strongest ties come first. Expand what interests you, or go on from all sides.'}</p>}
      {!full && view.graph.order > centres.length && <div className="panel-acts"><Button icon="plus" busy={loading} onClick={onMore}>Show more</Button></div>}
      <ul className="panel-list">
        {listed.slice(0, LISTED_MAX).map(({ id, node }) => (
          <li key={id}><button type="button" className="panel-row" onClick={() => onChoose(id)}><EntityIcon kind={node.kind} /><span>{node.name}<small>{kindWords(node.kind).one}</small></span></button></li>
        ))}
      </ul>
      {listed.length > LISTED_MAX && <p className="fine">The first {LISTED_MAX} of {number(listed.length)}; type a name to find others.</p>}
    </>
  );
}
