/** The people, companies and things a record speaks of, as chips. A chip leads to what is known of it. */
import type { CallAnswer } from '../client/index.ts';
import { kindWords } from '../words/graph.ts';
import { Link } from './basics.tsx';
import { Icon } from './icon.tsx';

type Entity = CallAnswer<'search'>['results'][number]['entities'][number];

/** Threads are plumbing here: every mail has one, with the mail's own name. */
const worthShowing = (entity: Entity): boolean => entity.node_type !== 'thread';
const rank = (entity: Entity): number => entity.node_type === 'person' ? 0 : entity.node_type === 'organization' ? 1 : 2;

export function EntityChips({ entities, most = Infinity }: { entities: readonly Entity[]; most?: number }) {
  const shown = entities.filter(worthShowing).sort((a, b) => rank(a) - rank(b));
  if (shown.length === 0) return null;
  return (
    <ul className="chips" aria-label="Mentions">
      {shown.slice(0, most).map((entity) => <li key={entity.id}><Chip entity={entity} /></li>)}
      {shown.length > most && <li className="chips-more">+{shown.length - most}</li>}
    </ul>
  );
}

/** Leads to what is known of it. A thing whose type is not active is no node of the graph, so there is nothing to lead to. */
function Chip({ entity }: { entity: Entity }) {
  return <Link className="chip chip-link" to={`/entities/${entity.id}`} title={`${kindWords(entity.node_type).one}: ${entity.key}`}><Icon name={kindWords(entity.node_type).icon} /><span>{entity.name || entity.key}</span></Link>;
}
