/** Everything the memory knows by name: people, companies, channels, meetings .., found by name and kind. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { Button, Empty, Link, PageHead, Skeleton } from '../parts/basics.tsx';
import { EntityIcon } from '../parts/entity-icon.tsx';
import { Pager } from '../parts/pager.tsx';
import { Strip } from '../parts/strip.tsx';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { activeFoundTypes, useEntityTypes } from '../state/sources.ts';
import { kindWords, MAIN_KINDS } from '../words/graph.ts';
import { ago, count, moment, number } from '../words/time.ts';

type Node = CallAnswer<'listNodes'>['nodes'][number];
const PAGE = 30, TYPING_MS = 220;

export function EntitiesScreen() {
  const { query } = usePlace();
  const q = query.get('name') ?? '', type = query.get('type') ?? 'person', offset = Math.max(0, Number.parseInt(query.get('offset') ?? '0', 10) || 0);
  const types = useEntityTypes().data?.entity_types ?? [];
  const [text, setText] = useState(q);
  const { data, error, reload } = useResource(`nodes:${type}:${q}:${offset}`, (signal) => callRoute('listNodes', { query: { limit: PAGE, offset, ...(q ? { q } : {}), ...(type === 'all' ? {} : { type }) } }, { signal }), { settleMs: q ? TYPING_MS : 0 });
  const find = (value: string): void => { setText(value); navigate(hrefWith({ name: value.trim() || null, offset: null }), { replace: true }); };
  return (
    <>
      <PageHead title="People and things" lead="Everything memory knows by name, each with what is said of it and where." />
      <div className="filter-bar">
        <Strip className="filters" label="Kind" at={type}>
          {['person', 'organization', ...MAIN_KINDS.slice(2), ...activeFoundTypes(types), 'all'].map((one) => <Link key={one} to={hrefWith({ type: one === 'person' ? null : one, offset: null })} replace className="filter" aria-current={type === one ? 'true' : undefined}>{one === 'all' ? 'All' : kindWords(one).many}</Link>)}
        </Strip>
      </div>
      <label className="find"><span className="visually-hidden">Part of the name</span><input type="search" value={text} placeholder="Part of the name" autoComplete="off" spellCheck={false} onChange={(event) => find(event.target.value)} /></label>
      {!data && (error ? <Empty icon="alert" title="The list could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty> : <div className="card card-loading"><Skeleton lines={8} /></div>)}
      {data?.nodes.length === 0 && (q || type !== 'person'
        ? <Empty icon="search" title="Nobody and nothing by that name" action={<Link to="/entities" className="button button-plain"><span>Show everyone</span></Link>}>{q ? `Nothing of this kind has “${q}” in its name.` : 'Nothing of this kind is in memory.'}</Empty>
        : <Empty icon="people" title="Nobody is known yet" action={<Link to="/integrations" className="button button-primary"><span>Connect an account</span></Link>}>People and things appear here as soon as the first records are in memory.</Empty>)}
      {data && data.nodes.length > 0 && (
        <>
          <ul className="card entity-list">{data.nodes.map((node) => <Row key={node.id} node={node} />)}</ul>
          <p className="list-sum" role="status">{count(data.total, 'entry').replace('entrys', 'entries')}</p>
          <Pager total={data.total} limit={PAGE} offset={offset} go={(next) => navigate(hrefWith({ offset: next > 0 ? String(next) : null }))} words={['Before', 'Next']} />
        </>
      )}
    </>
  );
}

function Row({ node }: { node: Node }) {
  const kind = kindWords(node.node_type);
  return (
    <li className="entity-row">
      <EntityIcon kind={node.node_type} />
      <span className="entity-name"><Link to={`/entities/${node.id}`} className="row-link">{node.name || node.key}</Link><small>{node.name && node.key !== node.name && node.key.length < 60 ? node.key : kind.one}</small></span>
      <span className="entity-count">{number(node.records)} <small>{node.records === 1 ? 'record' : 'records'}</small></span>
      <time dateTime={node.last_seen} title={moment(node.last_seen)}>{ago(node.last_seen)}</time>
    </li>
  );
}
