/** Two entries that are the same: says so and lets this one stand for both; or takes that back. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { FindNode } from '../graph/find-node.tsx';
import type { FoundNode } from '../graph/find-node.tsx';
import { reloadResources } from '../state/resource.ts';
import { toast } from '../state/toasts.ts';
import { kindWords } from '../words/graph.ts';
import { count } from '../words/time.ts';
import { Button, Notice } from './basics.tsx';
import { Confirm, Dialog, useAction } from './dialog.tsx';
import { EntityIcon } from './entity-icon.tsx';

type Entity = CallAnswer<'getNode'>;
const calledBy = ({ name, key }: { name: string; key: string }): string => name || key;

export function SameAsDialog({ entity, open, onClose }: { entity: Entity; open: boolean; onClose: () => void }) {
  const [other, setOther] = useState<FoundNode | null>(null), { busy, error, run, clear } = useAction();
  const close = (): void => { setOther(null); clear(); onClose(); };
  const kind = kindWords(entity.node_type), stays = calledBy(entity), goes = other ? calledBy(other) : '';
  const merge = (): void => void run(async () => {
    if (!other) return;
    await callRoute('mergeNode', { params: { node_id: other.id }, body: { into: entity.id } });
    reloadResources();
    toast({ tone: 'good', title: `${goes} is now ${stays}`, text: 'It can be taken back under “Also known as”.' });
    close();
  });
  return (
    <Dialog open={open} onClose={close} title={`Who else is ${stays}?`} lead={`If the same ${kind.one.toLowerCase()} is in memory twice, let this entry stand for both.`}>
      <div className="same-as">
        {!other && <FindNode label={`Find the other ${kind.one.toLowerCase()}`} type={entity.node_type} except={entity.id} onPick={setOther} />}
        {other && (
          <>
            <ul className="same-as-two">
              <Side node={other} said="becomes another name for it" records={other.records} />
              <Side node={entity} said="stays, and stands for both" records={entity.records} />
            </ul>
            <p className="quiet">Records, relations and searches for either lead to <strong>{stays}</strong> from then on. Nothing is deleted, and it can be taken back at any time.</p>
          </>
        )}
        {error && <Notice tone="bad" alert>{error}</Notice>}
      </div>
      <div className="dialog-foot">
        {other ? <Button onClick={() => { setOther(null); clear(); }}>Choose another</Button> : <Button onClick={close}>Cancel</Button>}
        {other && <Button kind="primary" busy={busy} onClick={merge}>They are the same</Button>}
      </div>
    </Dialog>
  );
}

function Side({ node, said, records }: { node: { node_type: string; name: string; key: string }; said: string; records: number }) {
  return <li><EntityIcon kind={node.node_type} /><div><strong>{calledBy(node)}</strong> <span className="quiet">{said}</span><small>{node.key !== node.name && node.key.length < 60 && `${node.key} · `}{count(records, 'record')}</small></div></li>;
}

/** What this entry stands for besides itself. */
export function AlsoKnownAs({ entity, mayChange }: { entity: Entity; mayChange: boolean }) {
  const [asked, setAsked] = useState<Entity['merged'][number] | null>(null);
  if (entity.merged.length === 0) return null;
  const split = async (): Promise<void> => {
    if (!asked) return;
    await callRoute('splitNode', { params: { node_id: asked.id } });
    reloadResources();
    toast({ tone: 'good', title: `${calledBy(asked)} stands for itself again`, link: { to: `/entities/${asked.id}`, label: 'Open' } });
  };
  return (
    <section className="card" aria-labelledby="merged">
      <h2 id="merged">Also known as</h2>
      <ul className="also">{entity.merged.map((one) => <li key={one.id}><span>{calledBy(one)}{one.key !== calledBy(one) && <small>{one.key}</small>}</span>{mayChange && <Button kind="quiet" aria-label={`Take apart: ${calledBy(one)}`} onClick={() => setAsked(one)}>Take apart</Button>}</li>)}</ul>
      <Confirm open={asked !== null} onClose={() => setAsked(null)} title={`Is ${asked ? calledBy(asked) : ''} somebody or something else?`} yes="Take apart" no="Keep together"
        text={<>It becomes an entry of its own again, with its own records and relations. They can be joined again at any time.</>} act={split} />
    </section>
  );
}
