/** From nothing to the first answer, in three steps, each with its button where it is due. They stay until the first sync is over. */
import { useState } from 'react';
import type { HistoricalSyncJob } from '../client/index.ts';
import type { Connection } from '../state/sources.ts';
import { canBeAsked, integrationTitle } from '../words/job.ts';
import { count } from '../words/time.ts';
import { Button, Link } from './basics.tsx';
import { Icon } from './icon.tsx';
import { StartDialog } from './start-dialog.tsx';

/** `job`: the first one, on its way; null before it. */
export function FirstSteps({ connections, job }: { connections: readonly Connection[]; job: HistoricalSyncJob | null }) {
  const [open, setOpen] = useState(false);
  const [first] = connections, asks = job !== null && canBeAsked(job);
  const due = asks ? 3 : first ? 2 : 1;
  const at = (step: number) => ({ className: step < due ? 'step-done' : '', 'aria-current': step === due ? 'step' as const : undefined });
  return (
    <>
      <ol className="steps" aria-label="Getting started">
        <li {...at(1)}>
          <strong>Connect an account</strong><span>{first ? `${integrationTitle(first.integration_id)}, ${first.account}` : 'You sign in there and decide. We never see your password.'}</span>
          {!first && <div className="step-act"><Link to="/integrations" className="button button-primary"><span>Choose one</span></Link></div>}
        </li>
        <li {...at(2)}>
          <strong>Read its past</strong><span>{job ? 'The newest days come first. It goes on by itself.' : 'As many months as you like and your plan allows. The newest days come first.'}</span>
          {first && !job && <div className="step-act"><Button kind="primary" icon="history" onClick={() => setOpen(true)}>Sync history</Button></div>}
        </li>
        <li {...at(3)}>
          <strong>Ask</strong><span>{asks ? `${count(job.records_processed, 'record')} can be searched already, while older days are still being read.` : 'By words or by meaning, while older days are still being read.'}</span>
          {asks && <div className="step-act"><Link to="/search" className="button button-primary"><Icon name="search" /><span>Search</span></Link></div>}
        </li>
      </ol>
      {first && <StartDialog open={open} onClose={() => setOpen(false)} connection={first} />}
    </>
  );
}
