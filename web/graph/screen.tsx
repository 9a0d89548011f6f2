/** The graph explorer, loaded on demand: what is near a person or thing, drawn; pan, expand, filter by kind and day, find paths. The address keeps it. */
import { useMemo, useState } from 'react';
import { PAGE_LIMIT_MAX } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import { Button, Empty, Link, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { Icon } from '../parts/icon.tsx';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate } from '../state/router.ts';
import { activeFoundTypes, useEntityTypes } from '../state/sources.ts';
import { GraphCanvas, shownOf } from './canvas.tsx';
import type { View } from './canvas.tsx';
import { CENTRES_MAX, KINDS_ALL, nextCentres, useAsked, useExploration } from './explore.ts';
import type { Asked } from './explore.ts';
import { FindNode } from './find-node.tsx';
import { kindsOf, spanOf } from './model.ts';
import { GraphPanel } from './panel.tsx';
import { GraphToolbar } from './toolbar.tsx';
import '../styles/graph.css';

export default function GraphScreen() {
  const asked = useAsked();
  return asked.centres.length > 0 ? <Explorer asked={asked} /> : <Begin />;
}

/** Without a centre: whoever is spoken of most. */
function Begin() {
  const { data, error, reload } = useResource('graph:begin', (signal) => callRoute('listNodes', { query: { type: 'person', limit: PAGE_LIMIT_MAX } }, { signal }));
  const first = data?.nodes.toSorted((a, b) => b.records - a.records)[0];
  const asked = useMemo<Asked>(() => ({ centres: first ? [first.id] : [], kinds: KINDS_ALL.slice(0, 7), depth: 1 }), [first]);
  if (first) return <Explorer asked={asked} />;
  return (
    <>
      <PageHead title="Graph" />
      {data ? <Empty icon="graph" title="There is no graph yet" action={<Link to="/integrations" className="button button-primary"><span>Connect an account</span></Link>}>People, companies and what ties them appear here as soon as the first records are in memory.</Empty>
        : error ? <Empty icon="alert" title="The graph could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty> : <div className="card card-loading"><Skeleton lines={8} /></div>}
    </>
  );
}

function Explorer({ asked }: { asked: Asked }) {
  const { picture, loading, error, cut, retry, grow } = useExploration(asked);
  const [chosen, setChosen] = useState<string | null>(null), [at, setAt] = useState<number | null>(null), [path, setPath] = useState<string[]>([]);
  const counts = useMemo(() => new Map(kindsOf(picture.graph).map(({ kind, count }) => [kind, count])), [picture]);
  const types = useEntityTypes().data?.entity_types ?? [];
  const span = useMemo(() => spanOf(picture.graph), [picture]);
  const view = useMemo<View>(() => {
    const wish = { graph: picture.graph, hidden: new Set([...counts.keys()].filter((kind) => !asked.kinds.includes(kind))), at, chosen };
    return { ...wish, picture, shown: shownOf(wish), path };
  }, [picture, counts, asked.kinds, at, chosen, path]);
  const go = (changes: Record<string, string | null>): void => navigate(hrefWith({ node: asked.centres.join(','), ...changes }), { replace: true });
  const full = asked.centres.length >= CENTRES_MAX;
  const centre = (...ids: string[]): void => { const fresh = ids.filter((id) => !asked.centres.includes(id)); if (fresh.length > 0 && !full) go({ node: [...asked.centres, ...fresh].join(',') }); };

  return (
    <div className="graph-screen">
      <div className="graph-head">
        <h1>Graph</h1>
        <FindNode label="Add somebody or something" onPick={(node) => { centre(node.id); setChosen(node.id); }} />
        {asked.centres.length > 1 && <Button kind="quiet" onClick={() => { setChosen(null); setPath([]); go({ node: asked.centres[0] ?? null }); }}>Only the first</Button>}
        <Link to="/graph/groups" className="button button-quiet graph-groups"><Icon name="map" /><span>Groups</span></Link>
        <span className="graph-state" role="status">{loading ? 'Loading …' : ''}</span>
      </div>
      <GraphToolbar counts={counts} found={activeFoundTypes(types)} kinds={asked.kinds} onKinds={(kinds) => go({ kinds: kinds.length > 0 ? kinds.join(',') : 'none' })} depth={asked.depth} onDepth={(depth) => go({ depth: depth === 1 ? null : String(depth) })} span={span} at={at} onAt={setAt} />
      {error && <Notice tone="bad" alert actions={<Button onClick={retry}>Try again</Button>}>{error.code === 'not_found' ? 'One of these is no longer in memory.' : error.message}</Notice>}
      <div className="graph-body">
        <GraphCanvas view={view} onChoose={setChosen} onExpand={centre} />
        <GraphPanel view={view} centres={asked.centres} cut={cut} full={full} loading={loading} onMore={() => centre(...nextCentres(picture.graph, asked.centres))} onChoose={setChosen} onExpand={centre} onRemove={(id) => go({ node: asked.centres.filter((one) => one !== id).join(',') })} onPath={setPath} grow={grow} />
      </div>
    </div>
  );
}
