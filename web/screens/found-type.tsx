/** One found type: every entry with how often it was named, and what the entries have in common. */
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { Button, Empty, Link, Notice, Skeleton } from '../parts/basics.tsx';
import { EntityIcon } from '../parts/entity-icon.tsx';
import { Pager } from '../parts/pager.tsx';
import { TypeBadge, TypeButton, useTypeSwitch } from '../parts/type-switch.tsx';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import type { Me } from '../state/session.ts';
import { useEntityTypes } from '../state/sources.ts';
import type { EntityType } from '../state/sources.ts';
import { kindWords, shortName } from '../words/graph.ts';
import { particularsOf } from '../words/schema.ts';
import { ago, day, moment, number } from '../words/time.ts';
import '../styles/found.css';

type Discovered = CallAnswer<'listDiscovered'>['entities'][number];
const PAGE = 30;

export function FoundTypeScreen({ slug, me }: { slug: string; me: Me }) {
  const { data, error, reload } = useEntityTypes(), type = data?.entity_types.find((one) => one.slug === slug && !one.is_system);
  return (
    <>
      <nav className="crumbs" aria-label="Where you are"><Link to="/found">Found types</Link></nav>
      {!data && (error ? <Empty icon="alert" title="The type could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty> : <div className="card card-loading"><Skeleton lines={8} /></div>)}
      {data && !type && <Empty icon="tag" title="No such type" action={<Link to="/found" className="button button-primary"><span>Show the found types</span></Link>}>It was not found often enough, or its records were forgotten.</Empty>}
      {type && <Shown type={type} me={me} />}
    </>
  );
}

function Shown({ type, me }: { type: EntityType; me: Me }) {
  const does = useTypeSwitch(type), words = kindWords(type.slug);
  return (
    <>
      <header className="entity-head">
        <EntityIcon kind={type.slug} large />
        <div><h1>{words.many}</h1><p><TypeBadge type={type} /><span className="quiet">{number(type.samples)} found{type.activated_at && type.status === 'active' && <>, in the graph since {day(type.activated_at)}</>}</span></p></div>
        <div className="page-actions">
          {type.status === 'active' && <Link className="button button-plain" to={`/entities?type=${encodeURIComponent(type.slug)}`}><span>Show them</span></Link>}
          <TypeButton type={type} me={me} does={does} />
        </div>
      </header>
      <div className="found-told">{does.told}{does.question}</div>
      <div className="two">
        <div className="two-main"><Entries type={type} /></div>
        <div className="two-side">
          <section className="card" aria-labelledby="particulars"><h2 id="particulars">What they have in common</h2><Particulars type={type} /></section>
          {type.status !== 'active' && <section className="card" aria-labelledby="means"><h2 id="means">What activating means</h2><p className="quiet">Each entry gets a page of its own, ties to the people and things it was named with, and a place in the graph: for all records so far and for those still to come. It can be taken back at any time.</p></section>}
        </div>
      </div>
    </>
  );
}

function Particulars({ type }: { type: EntityType }) {
  const particulars = particularsOf(type);
  if (particulars.length === 0) return <p className="quiet">Only what they are called: nothing else is said of them.</p>;
  return <dl className="particulars">{particulars.map((one) => <div key={one.name}><dt>{one.name}</dt><dd>{one.kind}{!one.always && <span className="quiet">, not always there</span>}</dd></div>)}</dl>;
}

function Entries({ type }: { type: EntityType }) {
  const { query } = usePlace(), offset = Math.max(0, Number.parseInt(query.get('offset') ?? '0', 10) || 0);
  const { data, error, reload } = useResource(`discovered:${type.slug}:${offset}`, (signal) => callRoute('listDiscovered', { query: { type: type.slug, limit: PAGE, offset } }, { signal }));
  if (!data) return error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <div className="card card-loading"><Skeleton lines={8} /></div>;
  return (
    <>
      <ul className="card entity-list" aria-label={kindWords(type.slug).many}>{data.entities.map((one) => <Entry key={one.id} entity={one} />)}</ul>
      <Pager total={data.total} limit={PAGE} offset={offset} go={(next) => navigate(hrefWith({ offset: next > 0 ? String(next) : null }))} words={['Before', 'Next']} />
    </>
  );
}

/** Leads to its page, once its type is part of the graph; until then there is none. */
function Entry({ entity }: { entity: Discovered }) {
  const said = Object.values(entity.properties).filter((value) => (typeof value === 'string' || typeof value === 'number') && !entity.name.includes(String(value))).join(' · ');
  return (
    <li className="entity-row">
      <EntityIcon kind={entity.entity_type} />
      <span className="entity-name">{entity.status === 'promoted' ? <Link to={`/entities/${entity.id}`} className="row-link">{shortName(entity.name)}</Link> : shortName(entity.name)}{said && <small>{said}</small>}</span>
      <span className="entity-count">{number(entity.records)} <small>{entity.records === 1 ? 'record' : 'records'}</small></span>
      <time dateTime={entity.last_seen} title={moment(entity.last_seen)}>{ago(entity.last_seen)}</time>
    </li>
  );
}
