/** Makes a found type part of the graph, or takes it out again, and says what happened. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { reloadResources } from '../state/resource.ts';
import type { Me } from '../state/session.ts';
import type { EntityType } from '../state/sources.ts';
import { kindWords } from '../words/graph.ts';
import { number } from '../words/time.ts';
import { Badge, Button, Link, Notice } from './basics.tsx';
import { Confirm, useAction } from './dialog.tsx';

type Changed = CallAnswer<'activateType'>;

const statusWords = { draft: { label: 'Found', tone: 'accent' }, active: { label: 'In the graph', tone: 'good' }, inactive: { label: 'Taken out', tone: 'neutral' } } as const;
export const TypeBadge = ({ type }: { type: EntityType }) => <Badge tone={statusWords[type.status].tone} dot>{statusWords[type.status].label}</Badge>;

interface TypeSwitch { busy: boolean; activate: () => void; ask: () => void; told: React.ReactNode; question: React.ReactNode }
/** The parts of the switch, for a card to lay out: what to press, what was answered, the question before taking out. */
export function useTypeSwitch(type: EntityType): TypeSwitch {
  const { busy, error, run, clear } = useAction();
  const [changed, setChanged] = useState<Changed | null>(null), [asking, setAsking] = useState(false);
  const many = kindWords(type.slug).many.toLowerCase();
  const took = (answer: Changed): void => { setChanged(answer); reloadResources(); };
  return {
    busy,
    activate: () => { setChanged(null); void run(async () => took(await callRoute('activateType', { params: { slug: type.slug } }))); },
    ask: () => { clear(); setAsking(true); },
    told: <div role="status">{error ? <Notice tone="bad">{error}</Notice> : changed?.status === type.status && <Outcome changed={changed} />}</div>,
    question: (
      <Confirm open={asking} onClose={() => setAsking(false)} title={`Take ${many} out of the graph?`} yes="Take them out" no="Keep them"
        text={<>Their pages and what ties them to people and other things go out of sight. Nothing is lost: they stay with the records they were found in, and activating the type brings all of them back.</>}
        act={async () => took(await callRoute('deactivateType', { params: { slug: type.slug } }))} />
    ),
  };
}

function Outcome({ changed: { slug, status, promoted, demoted } }: { changed: Changed }) {
  const words = kindWords(slug), of = (n: number): string => (n === 1 ? words.one : words.many).toLowerCase();
  if (status === 'active') {
    return (
      <Notice tone="good" actions={<Link to={`/entities?type=${encodeURIComponent(slug)}`} className="button button-plain"><span>Show them</span></Link>}>
        {promoted > 0 ? `${number(promoted)} ${of(promoted)} became ${promoted === 1 ? 'a node' : 'nodes'} of the graph.` : 'It was part of the graph already.'} New ones join by themselves.
      </Notice>
    );
  }
  return <Notice tone="neutral">{demoted > 0 ? `${number(demoted)} ${of(demoted)} left the graph. ` : ''}Activating brings all of them back.</Notice>;
}

/** One button: what can be done now. Who may only read sees none. */
export function TypeButton({ type, me, does }: { type: EntityType; me: Me; does: TypeSwitch }) {
  if (!me.scopes.includes('sync')) return null;
  const name = kindWords(type.slug).many;
  return type.status === 'active'
    ? <Button busy={does.busy} onClick={does.ask} aria-label={`Deactivate ${name}`}>Deactivate</Button>
    : <Button kind="primary" busy={does.busy} onClick={does.activate} aria-label={`Activate ${name}`}>Activate</Button>;
}
