/** The people, companies and things a record speaks of, as chips. A person's chip narrows the search to them. */
import type { CallAnswer } from '../client/index.ts';
import { hrefWith } from '../state/router.ts';
import { Link } from './basics.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

export type Entity = CallAnswer<'search'>['results'][number]['entities'][number];

const icons: Record<string, IconName> = {
  person: 'person', contact: 'person', lead: 'person', organization: 'building', account: 'building', event: 'calendar', date: 'calendar',
  thread: 'mail', channel: 'chat', url: 'link',
};
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

function Chip({ entity }: { entity: Entity }) {
  const inside = <><Icon name={icons[entity.node_type] ?? 'info'} /><span>{entity.name || entity.key}</span></>;
  const title = `${entity.node_type.replaceAll('_', ' ')}: ${entity.key}`;
  const search = `/search?${new URLSearchParams({ q: entity.name || entity.key, person: entity.key })}`;
  return entity.node_type === 'person' && entity.key.includes('@')
    ? <Link className="chip chip-link" to={location.pathname === '/search' && new URLSearchParams(location.search).get('q') ? hrefWith({ person: entity.key, record: null }) : search} title={`Only what involves ${entity.key}`}>{inside}</Link>
    : <span className="chip" title={title}>{inside}</span>;
}
