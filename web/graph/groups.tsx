/** Who belongs together: the graph's communities as a map by size and as a list with their most central members. Each leads into the explorer. */
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { Button, Empty, Link, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { EntityChips } from '../parts/entity-chips.tsx';
import { Pager } from '../parts/pager.tsx';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { kindHue, kindWords } from '../words/graph.ts';
import { ago, count, moment, number } from '../words/time.ts';
import { pack, windowOf } from './pack.ts';
import '../styles/groups.css';

type Groups = CallAnswer<'communities'>;
type Group = Groups['communities'][number];
/** Circles of one map, and rows of one page. */
const PAGE = 30;
/** Members that the explorer starts from, and that a row names. */
const CENTRES = 5, NAMED = 6;
/** While they are being worked out anew: seconds of a worker's arithmetic. */
const LOOK_AGAIN_MS = 4_000;
/** Radius of the largest circle; from where on a name fits into one. Units of the drawing. */
const RADIUS_MAX = 90, RADIUS_MIN = 16, RADIUS_NAMED = 34, RADIUS_NAMED_NARROW = 60;

const nameOf = ({ nodes: [first] }: Group): string => first ? first.name || first.key : 'A group';
/** Into the explorer, from those in the middle of it; with their kinds, whatever they are. */
const leadsTo = ({ nodes }: Group): string => {
  const centres = nodes.slice(0, CENTRES), kinds = new Set(['person', 'organization', 'channel', 'account', 'opportunity', 'contact', 'lead', ...centres.map((one) => one.node_type)]);
  return `/graph?${new URLSearchParams({ node: centres.map((one) => one.id).join(','), kinds: [...kinds].join(',') })}`;
};

export default function GroupsScreen() {
  const { query } = usePlace(), offset = Math.max(0, Number.parseInt(query.get('offset') ?? '0', 10) || 0);
  const { data, error, reload } = useResource(`communities:${offset}`, (signal) => callRoute('communities', { query: { limit: PAGE, offset } }, { signal }));
  const wait = data?.stale === true;
  useEffect(() => {
    if (!wait) return;
    const timer = setInterval(reload, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [wait, reload]);
  const groups = data?.communities.filter((one) => one.nodes.length > 0) ?? [];
  return (
    <>
      <PageHead title="Groups" lead="Who belongs together, by how closely they are tied." actions={<Link to="/graph" className="button button-plain"><span>Explore the graph</span></Link>} />
      {data && <State groups={data} />}
      {!data && (error ? <Empty icon="alert" title="The groups could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty> : <div className="card groups-map"><Skeleton lines={8} /></div>)}
      {data && groups.length === 0 && (wait
        ? <Empty icon="map" title="Being worked out">For the first time. The groups appear here by themselves, in a moment.</Empty>
        : <Empty icon="map" title="There are no groups yet" action={<Link to="/integrations" className="button button-primary"><span>See the accounts</span></Link>}>They are worked out as soon as a sync is complete and people in it are tied to each other.</Empty>)}
      {data && groups.length > 0 && (
        <>
          {offset === 0 && groups.length > 1 && <GroupMap groups={groups} />}
          <ol className="card groups-list" aria-label="Groups, the largest first">{groups.map((group) => <GroupRow key={group.id} group={group} />)}</ol>
          <Pager total={data.total} limit={PAGE} offset={offset} go={(next) => navigate(hrefWith({ offset: next > 0 ? String(next) : null }))} words={['Larger', 'Smaller']} />
        </>
      )}
    </>
  );
}

/** When they were worked out, what that is worth, and that it is being done anew. */
function State({ groups: { built_at, stale, modularity, truncated, total } }: { groups: Groups }) {
  const clear = modularity === null ? '' : modularity >= 0.3 ? 'They are clearly apart.' : 'They are not clearly apart: everybody is tied to nearly everybody.';
  return (
    <div className="groups-state" role="status">
      {stale && built_at && <Notice tone="accent">Something was synced since. They are being worked out anew; this page shows it by itself.</Notice>}
      {built_at && <p className="list-sum">{count(total, 'group')}, worked out <time dateTime={built_at} title={moment(built_at)}>{ago(built_at)}</time>. {clear}{truncated && ' There are more ties than were looked at; the weakest were left out.'}</p>}
    </div>
  );
}

/** For the eye and the mouse; the list below says the same to everybody. */
function GroupMap({ groups }: { groups: readonly Group[] }) {
  const narrow = useNarrow();
  const circles = useMemo(() => {
    const most = Math.max(...groups.map((one) => one.size));
    return pack(groups.map(({ size }) => Math.max(RADIUS_MIN, RADIUS_MAX * Math.sqrt(size / most))), narrow ? 0.75 : 1.6);
  }, [groups, narrow]);
  const { x, y, width, height } = windowOf(circles);
  return (
    <div className="card groups-map" aria-hidden="true">
      <svg viewBox={`${x} ${y} ${width} ${height}`} preserveAspectRatio="xMidYMid meet">
        {groups.map((group, i) => <GroupCircle key={group.id} group={group} at={circles[i]!} />)}
      </svg>
    </div>
  );
}

/** A high map fits a narrow screen. */
const narrowScreen = matchMedia('(max-width: 860px)');
const watchWidth = (listener: () => void): (() => void) => { narrowScreen.addEventListener('change', listener); return () => narrowScreen.removeEventListener('change', listener); };
const useNarrow = (): boolean => useSyncExternalStore(watchWidth, () => narrowScreen.matches);

function GroupCircle({ group, at }: { group: Group; at: { x: number; y: number; r: number } }) {
  const href = leadsTo(group), name = nameOf(group), fits = Math.max(4, Math.floor(at.r / 3.5));
  return (
    <a href={href} tabIndex={-1} className="group-circle" style={{ '--hue': kindHue(group.nodes[0]?.node_type ?? '') } as React.CSSProperties}
      onClick={(event) => { if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; event.preventDefault(); navigate(href); }}>
      <title>{`Around ${name}: ${number(group.size)} members`}</title>
      <circle cx={at.x} cy={at.y} r={at.r} />
      {at.r >= RADIUS_NAMED && <text className={at.r < RADIUS_NAMED_NARROW ? 'group-word' : undefined} x={at.x} y={at.y - 3}>{name.length > fits ? `${name.slice(0, fits - 1).trimEnd()}…` : name}</text>}
      <text className="group-size" x={at.x} y={at.r >= RADIUS_NAMED ? at.y + 13 : at.y + 4}>{number(group.size)}</text>
    </a>
  );
}

function GroupRow({ group }: { group: Group }) {
  const kinds = Map.groupBy(group.nodes, (one) => one.node_type);
  return (
    <li className="group-row">
      <div className="group-name">
        <Link to={leadsTo(group)} className="row-link">Around {nameOf(group)}</Link>
        <small>{number(group.size)} members{group.nodes.length < group.size ? ', in the middle ' : ': '}{[...kinds].map(([kind, of]) => `${number(of.length)} ${(of.length === 1 ? kindWords(kind).one : kindWords(kind).many).toLowerCase()}`).join(', ')}</small>
      </div>
      <EntityChips entities={group.nodes.slice(0, NAMED)} />
    </li>
  );
}
