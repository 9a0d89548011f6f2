/** Kinds of things that were found in records: what they are, some of them, and whether they are part of the graph. */
import { callRoute } from '../client/index.ts';
import { Button, Empty, Link, PageHead, Skeleton } from '../parts/basics.tsx';
import { EntityIcon } from '../parts/entity-icon.tsx';
import { TypeBadge, TypeButton, useTypeSwitch } from '../parts/type-switch.tsx';
import { useResource } from '../state/resource.ts';
import type { Me } from '../state/session.ts';
import { useEntityTypes } from '../state/sources.ts';
import type { EntityType } from '../state/sources.ts';
import { kindWords, shortName } from '../words/graph.ts';
import { particularsOf } from '../words/schema.ts';
import { number } from '../words/time.ts';
import '../styles/found.css';

/** On a card; all of them are on the type's own page. */
const SAMPLES_SHOWN = 6, LETTERS_SHOWN = 130;

export function FoundScreen({ me }: { me: Me }) {
  const { data, error, reload } = useEntityTypes();
  const found = data?.entity_types.filter((one) => !one.is_system).sort((a, b) => b.samples - a.samples || a.slug.localeCompare(b.slug));
  const system = data?.entity_types.filter((one) => one.is_system) ?? [];
  return (
    <>
      <PageHead title="Found types" lead="Kinds of things that turned up in your records again and again. You decide which of them become part of the graph." />
      {!found && (error ? <Empty icon="alert" title="The found types could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty> : [1, 2].map((n) => <div key={n} className="card card-loading"><Skeleton lines={4} /></div>))}
      {found?.length === 0 && <Empty icon="tag" title="Nothing was found yet" action={<Link to="/integrations" className="button button-primary"><span>See the accounts</span></Link>}>As soon as records with amounts, links, numbers and the like are in memory, their types appear here with samples.</Empty>}
      {found && found.length > 0 && (
        <>
          <p className="found-what">Activating a type gives each of its entries a page of its own, ties to the people and things it was named with, and a place in the graph: for all records so far and for those still to come. It can be taken back at any time.</p>
          <ul className="found-list">{found.map((type) => <TypeCard key={type.slug} type={type} me={me} />)}</ul>
        </>
      )}
      {system.length > 0 && <p className="fine found-system">Always part of the graph: {system.map((one) => kindWords(one.slug).many.toLowerCase()).join(', ')}.</p>}
    </>
  );
}

function TypeCard({ type, me }: { type: EntityType; me: Me }) {
  const does = useTypeSwitch(type), words = kindWords(type.slug), path = `/found/${encodeURIComponent(type.slug)}`;
  const particulars = particularsOf(type);
  return (
    <li className="card found-card">
      <div className="found-head">
        <EntityIcon kind={type.slug} />
        <div className="found-name"><h2><Link to={path}>{words.many}</Link></h2><p className="quiet">{number(type.samples)} found{particulars.length > 0 && <> · {particulars.map((one) => one.name.toLowerCase()).join(', ')}</>}</p></div>
        <TypeBadge type={type} />
      </div>
      <Samples type={type} />
      <div className="found-foot"><Link to={path} className="text-link">See all {number(type.samples)}</Link><TypeButton type={type} me={me} does={does} /></div>
      {does.told}{does.question}
    </li>
  );
}

/** As many as make two lines; of long ones fewer. */
function shownOf<T extends { name: string }>(entities: readonly T[]): readonly T[] {
  let letters = 0;
  return entities.filter((one, i) => { letters += one.name.length + 6; return i < 2 || letters < LETTERS_SHOWN; });
}

function Samples({ type }: { type: EntityType }) {
  const { data, error } = useResource(`discovered:${type.slug}:samples`, (signal) => callRoute('listDiscovered', { query: { type: type.slug, limit: SAMPLES_SHOWN } }, { signal }));
  if (!data) return error ? <p className="quiet">The samples could not be loaded: {error.message}</p> : <Skeleton className="found-samples-loading" />;
  return (
    <ul className="chips" aria-label={`Some ${kindWords(type.slug).many.toLowerCase()}`}>
      {shownOf(data.entities).map((one) => <li key={one.id}>{one.status === 'promoted' ? <Link to={`/entities/${one.id}`} className="chip chip-link" title={one.name}><span>{shortName(one.name)}</span></Link> : <span className="chip" title={one.name}><span>{shortName(one.name)}</span></span>}</li>)}
      {data.total > shownOf(data.entities).length && <li className="chips-more">+{number(data.total - shownOf(data.entities).length)}</li>}
    </ul>
  );
}
