/** What is known of an entity, by kind of relation: the other end, how many records say so, since when and until when; and those records. */
import { Collapsible } from 'radix-ui';
import { useState } from 'react';
import type { CallAnswer } from '../client/index.ts';
import { hrefWith } from '../state/router.ts';
import { methodWords, relationWords } from '../words/graph.ts';
import { ago, count, moment, number, shortDay } from '../words/time.ts';
import { Link } from './basics.tsx';
import { EntityIcon } from './entity-icon.tsx';
import { Icon } from './icon.tsx';

type Entity = CallAnswer<'getNode'>;
type Fact = Entity['facts'][number];
/** Of one kind, before one asks for more. */
const SHOWN_MAX = 6;

export function EntityFacts({ entity }: { entity: Entity }) {
  if (entity.facts.length === 0) return <p className="quiet">No relation to anything else is known.</p>;
  const groups = Map.groupBy(entity.facts, (fact) => `${fact.edge_type}:${fact.source === entity.id}`);
  return (
    <>
      {[...groups].map(([key, facts]) => <Group key={key} facts={facts} title={relationWords(facts[0]?.edge_type ?? '', facts[0]?.source === entity.id)} />)}
      {entity.truncated && <p className="fine"><Icon name="info" />The strongest {number(entity.facts.length)} are shown. The graph shows more of what is near.</p>}
    </>
  );
}

function Group({ facts, title }: { facts: Fact[]; title: string }) {
  const [all, setAll] = useState(false);
  return (
    <section className="facts">
      <h3>{title} <small>{number(facts.length)}</small></h3>
      <ul>{(all ? facts : facts.slice(0, SHOWN_MAX)).map((fact) => <FactRow key={fact.id} fact={fact} />)}</ul>
      {facts.length > SHOWN_MAX && <button type="button" className="text-link facts-more" aria-expanded={all} onClick={() => setAll(!all)}>{all ? 'Show fewer' : `Show all ${facts.length}`}</button>}
    </section>
  );
}

function FactRow({ fact }: { fact: Fact }) {
  const [open, setOpen] = useState(false);
  return (
    <Collapsible.Root asChild open={open} onOpenChange={setOpen}>
      <li className="fact">
        <div className="fact-line">
          <EntityIcon kind={fact.other.node_type} />
          <Link to={`/entities/${fact.other.id}`} className="fact-other">{fact.other.name || fact.other.key}</Link>
          <span className="fact-when">{period(fact)}</span>
          <Collapsible.Trigger className="fact-weight" aria-label={`${count(fact.weight, 'record')} for ${fact.other.name || fact.other.key}`}>{count(fact.weight, 'record')}<Icon name="chevron" /></Collapsible.Trigger>
        </div>
        <Collapsible.Content>
          <ul className="fact-evidence">
            {fact.evidence.map((one) => <li key={one.record_id}><Link to={hrefWith({ record: one.record_id })} className="record-link">{one.title || 'No subject'}</Link><span className="quiet"><time dateTime={one.occurred_at} title={moment(one.occurred_at)}>{ago(one.occurred_at)}</time> · {methodWords(one.method, one.confidence)}</span></li>)}
            {fact.weight > fact.evidence.length && <li className="quiet">and {number(fact.weight - fact.evidence.length)} more</li>}
          </ul>
        </Collapsible.Content>
      </li>
    </Collapsible.Root>
  );
}

/** `since 3 Aug`, `3 Aug – 9 Nov` when it is over, `3 Aug` when it was said once. */
function period({ valid_from, valid_to, first_seen, last_seen }: Fact): string {
  if (valid_to) return `${shortDay(valid_from)} – ${shortDay(valid_to)}`;
  return shortDay(first_seen) === shortDay(last_seen) ? shortDay(first_seen) : `since ${shortDay(valid_from)}`;
}
