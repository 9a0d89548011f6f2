/** One press, one sync per connected account; each outcome listed. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import { reloadResources } from '../state/resource.ts';
import { integrationTitle } from '../words/job.ts';
import { Badge, Button, Notice } from './basics.tsx';
import { useConnections } from '../state/sources.ts';
import { Dialog, useAction } from './dialog.tsx';

type Outcomes = CallAnswer<'startAll'>['outcomes'];

export function StartAll() {
  const connected = useConnections().data?.connections.filter((one) => one.status === 'active') ?? [];
  const [open, setOpen] = useState(false);
  const [outcomes, setOutcomes] = useState<Outcomes | null>(null);
  const action = useAction();
  if (connected.length < 2) return null;
  const start = (): void => void action.run(async () => {
    const answer = await callRoute('startAll', { body: {} });
    for (const { job } of answer.outcomes) if (job) noteJob(job);
    setOutcomes(answer.outcomes);
    reloadResources('jobs:');
  });
  const close = (): void => { setOpen(false); setOutcomes(null); action.clear(); };
  return (
    <>
      <Button icon="history" onClick={() => setOpen(true)}>Sync all accounts</Button>
      <Dialog open={open} onClose={close} title={outcomes ? 'What became of it' : 'Sync all accounts'} lead={outcomes ? undefined : `Reads the last months of ${connected.length} accounts. What is in memory already is not stored twice.`}>
        {outcomes && (
          <ul className="outcomes">
            {outcomes.map((one) => (
              <li key={one.connection_id}><Badge tone={one.outcome === 'started' ? 'good' : 'warn'}>{one.outcome === 'started' ? 'Started' : 'Not started'}</Badge>
                <span><strong>{one.account}</strong> <span className="quiet">{integrationTitle(one.integration_id)}</span>{one.error && <span className="outcome-why">{one.error.message}</span>}</span></li>
            ))}
          </ul>
        )}
        {action.error && <Notice tone="bad" alert>{action.error}</Notice>}
        <div className="dialog-foot">
          {outcomes ? <Button kind="primary" onClick={close}>Done</Button> : <><Button onClick={close}>Cancel</Button><Button kind="primary" busy={action.busy} onClick={start}>Start all</Button></>}
        </div>
      </Dialog>
    </>
  );
}
