/** What belongs to the team: taking all of it along, having it erased, and the receipts of that. */
import { useEffect, useState } from 'react';
import { callRoute } from '../client/index.ts';
import { FindNode } from '../graph/find-node.tsx';
import { useResource } from '../state/resource.ts';
import type { Me } from '../state/session.ts';
import { useConnections } from '../state/sources.ts';
import { erasureTitle, receiptWords } from '../words/erasure.ts';
import { integrationTitle } from '../words/job.ts';
import { ago, dateField, moment } from '../words/time.ts';
import { Address, Badge, Button, Notice, Skeleton } from './basics.tsx';
import { EraseQuestion } from './erase.tsx';
import type { EraseTarget } from './erase.tsx';
import { Icon } from './icon.tsx';
import { IntegrationIcon } from './integration-icon.tsx';

/** An erasure that goes on by itself is looked at again. */
const LOOK_AGAIN_MS = 2_000;

export function DataCard({ me }: { me: Me }) {
  const [today] = useState(() => dateField(new Date()));
  return (
    <>
      <section className="card" aria-labelledby="export">
        <div className="card-line">
          <div><h2 id="export">Take everything along</h2><p className="quiet">One file with all records, people, things and relations, one JSON object a line. It may take a while to come.</p></div>
          <a className="button button-plain" href="/api/memory/export" download={`memory-${today}.jsonl`}><Icon name="download" /><span>Export</span></a>
        </div>
      </section>
      {me.scopes.includes('admin') && <Erasing me={me} />}
    </>
  );
}

function Erasing({ me }: { me: Me }) {
  const [target, setTarget] = useState<EraseTarget | null>(null);
  const { data, error, reload } = useConnections();
  return (
    <>
      <section className="card" aria-labelledby="erase">
        <h2 id="erase">Erase</h2>
        <p className="quiet erase-lead">From the moment you confirm nothing of it is found any more; it is deleted from all of memory, and you get a receipt. Nothing changes at Outlook, Slack and the like.</p>
        <div className="erase-part">
          <h3>A person</h3>
          <p className="quiet">Every record they wrote, received or are named in.</p>
          <FindNode label="Find the person" type="person" onPick={(node) => setTarget({ subject: 'person', id: node.id, name: node.key })} />
        </div>
        <div className="erase-part">
          <h3>An account</h3>
          {!data && (error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <Skeleton lines={2} />)}
          {data?.connections.length === 0 && <p className="quiet">No account was ever connected.</p>}
          {data && data.connections.length > 0 && (
            <ul className="people" aria-label="Accounts">
              {data.connections.map((one) => (
                <li key={one.connection_id} className="person">
                  <IntegrationIcon id={one.integration_id} />
                  <div className="person-name"><strong><Address of={one.account} /></strong><small>{integrationTitle(one.integration_id)}{one.status === 'revoked' && ', disconnected'}</small></div>
                  <span className="person-role"><Button aria-label={`Erase what came from ${one.account}, ${integrationTitle(one.integration_id)}`} onClick={() => setTarget({ subject: 'connection', id: one.connection_id, name: one.account })}>Erase …</Button></span>
                </li>
              ))}
            </ul>
          )}
        </div>
        <div className="erase-part card-line">
          <div><h3>Everything</h3><p className="quiet">The whole memory of {me.tenant.name}. Accounts stay connected.</p></div>
          <Button kind="danger" onClick={() => setTarget({ subject: 'tenant', name: me.tenant.name })}>Erase everything …</Button>
        </div>
        <EraseQuestion target={target} onClose={() => setTarget(null)} />
      </section>
      <Receipts />
    </>
  );
}

function Receipts() {
  const { data, error, reload } = useResource('erasures', (signal) => callRoute('listErasures', {}, { signal }));
  const running = data?.erasures.some((one) => one.status === 'running') ?? false;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(reload, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [running, reload]);
  return (
    <section className="card" aria-labelledby="receipts">
      <h2 id="receipts">Receipts</h2>
      {!data && (error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <Skeleton lines={2} />)}
      {data?.erasures.length === 0 && <p className="quiet">Nothing was erased so far.</p>}
      {data && data.erasures.length > 0 && (
        <ul className="people" aria-label="Receipts">
          {data.erasures.map((one) => (
            <li key={one.erasure_id} className="person">
              <div className="person-name"><strong>{erasureTitle(one)}</strong><small>{receiptWords(one)} · asked for <time dateTime={one.requested_at} title={moment(one.requested_at)}>{ago(one.requested_at)}</time></small></div>
              <span className="person-role">{one.status === 'done' ? <Badge tone="good">Erased</Badge> : <Badge tone="accent" dot>Being deleted</Badge>}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
