/** One entity: what is said of it, which records say so, when, and what is near. As it is now, or as it was on a day. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { Badge, Button, Empty, Figure, Link, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { EntityFacts } from '../parts/entity-facts.tsx';
import { EntityIcon } from '../parts/entity-icon.tsx';
import { EraseQuestion } from '../parts/erase.tsx';
import { Icon } from '../parts/icon.tsx';
import { MonthBars } from '../parts/month-bars.tsx';
import { AlsoKnownAs, SameAsDialog } from '../parts/same-as.tsx';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import type { Me } from '../state/session.ts';
import { kindWords } from '../words/graph.ts';
import { integrationTitle } from '../words/job.ts';
import { nameInWords } from '../words/schema.ts';
import { ago, dateField, day, moment, number } from '../words/time.ts';

export type Entity = CallAnswer<'getNode'>;

export function EntityScreen({ nodeId, me }: { nodeId: string; me: Me }) {
  const [merging, setMerging] = useState(false), [erasing, setErasing] = useState(false), maySync = me.scopes.includes('sync');
  const { query } = usePlace(), asOf = query.get('as_of');
  const { data, error, reload } = useResource(`node:${nodeId}:${asOf ?? 'now'}`, (signal) => callRoute('getNode', { params: { node_id: nodeId }, query: asOf ? { as_of: asOf } : {} }, { signal }));
  if (!data) {
    if (error?.code === 'not_found') return <><Crumbs /><Empty icon="people" title={asOf ? 'Not known yet on that day' : 'No such entry'} action={asOf ? <Button onClick={() => navigate(hrefWith({ as_of: null }))}>As it is now</Button> : <Link to="/entities" className="button button-primary"><span>Show everyone</span></Link>}>{asOf ? `No record up to ${day(asOf)} speaks of it.` : 'It was forgotten, or never was yours.'}</Empty></>;
    if (error) return <><Crumbs /><Empty icon="alert" title="It could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty></>;
    return <><Crumbs /><PageHead title="…" lead={<>&nbsp;</>} /><div className="card card-loading"><Skeleton lines={8} /></div></>;
  }
  const kind = kindWords(data.node_type), relations = Object.values(data.counts).reduce((sum, one) => sum + one, 0);
  return (
    <>
      <Crumbs />
      <header className="entity-head">
        <EntityIcon kind={data.node_type} large />
        <div><h1>{data.name || data.key}</h1><p><Badge tone="neutral">{kind.one}</Badge> {data.key !== data.name && data.key.length < 80 && <span className="quiet">{data.key}</span>}</p></div>
        <div className="page-actions">
          {data.node_type === 'person' && data.key.includes('@') && <Link className="button button-plain" to={`/search?${new URLSearchParams({ q: data.name || data.key, person: data.key })}`}><Icon name="search" /><span>Search</span></Link>}
          {maySync && !asOf && <Button icon="link" onClick={() => setMerging(true)}>Same as …</Button>}
          <Link className="button button-plain" to={`/graph?node=${data.id}`}><Icon name="graph" /><span>Show in the graph</span></Link>
        </div>
      </header>
      <SameAsDialog entity={data} open={merging} onClose={() => setMerging(false)} />
      <EraseQuestion target={erasing ? { subject: 'person', id: data.id, name: data.key } : null} onClose={() => setErasing(false)} onDone={() => navigate('/entities', { replace: true })} />
      {asOf && <Notice tone="accent" actions={<Button onClick={() => navigate(hrefWith({ as_of: null }))}>As it is now</Button>}>As known on {day(asOf)}: only what records up to that day say.</Notice>}
      <dl className="figures figures-card figures-four">
        <Figure label="Records" value={number(data.records)} />
        <Figure label="Relations" value={number(relations)} />
        <Figure label="First seen" value={<span title={moment(data.first_seen)}>{day(data.first_seen)}</span>} />
        <Figure label="Last seen" value={<span title={moment(data.last_seen)}>{ago(data.last_seen)}</span>} />
      </dl>
      <div className="two">
        <div className="two-main">
          <section className="card" aria-labelledby="facts"><div className="card-line"><h2 id="facts">What is known</h2><AsOf value={asOf} /></div><EntityFacts entity={data} /></section>
        </div>
        <div className="two-side">
          {data.timeline.length > 0 && <section className="card" aria-labelledby="timeline"><h2 id="timeline">Over time</h2><MonthBars months={data.timeline} /></section>}
          <Properties entity={data} />
          <AlsoKnownAs entity={data} mayChange={maySync} />
          <section className="card" aria-labelledby="records"><h2 id="records">Latest records</h2><Records entity={data} /></section>
          {data.node_type === 'person' && me.scopes.includes('admin') && <Button kind="quiet" icon="trash" className="erase-person" onClick={() => setErasing(true)}>Erase this person …</Button>}
        </div>
      </div>
    </>
  );
}

const Crumbs = () => <nav className="crumbs" aria-label="Where you are"><Link to="/entities">People and things</Link></nav>;

function AsOf({ value }: { value: string | null }) {
  const [today] = useState(() => dateField(new Date()));
  return (
    <label className="as-of"><span>As of</span>
      <input type="date" value={value ?? ''} max={today} onChange={(event) => navigate(hrefWith({ as_of: event.target.value || null }), { replace: true })} />
    </label>
  );
}

/** What the newest record says of it beside its name. Ids of other systems say nothing to anybody. */
function Properties({ entity }: { entity: Entity }) {
  const shown = Object.entries(entity.properties).filter(([key, value]) => value !== null && value !== '' && !/id$/i.test(key) && ['string', 'number', 'boolean'].includes(typeof value));
  if (shown.length === 0) return null;
  const said = (value: unknown): string => typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' ? number(value) : /^\d{4}-\d{2}-\d{2}T/.test(String(value)) ? moment(String(value)) : String(value);
  return <section className="card" aria-labelledby="properties"><h2 id="properties">Particulars</h2><dl className="particulars">{shown.map(([key, value]) => <div key={key}><dt>{nameInWords(key)}</dt><dd>{said(value)}</dd></div>)}</dl></section>;
}

function Records({ entity }: { entity: Entity }) {
  if (entity.evidence.length === 0) return <p className="quiet">No record speaks of it at that time.</p>;
  return (
    <ul className="record-list">
      {entity.evidence.map((one) => (
        <li key={one.record_id}><Link to={hrefWith({ record: one.record_id })} className="record-link">{one.title || 'No subject'}</Link><span className="quiet">{integrationTitle(one.integration_id)} · <time dateTime={one.occurred_at} title={moment(one.occurred_at)}>{ago(one.occurred_at)}</time></span></li>
      ))}
    </ul>
  );
}
