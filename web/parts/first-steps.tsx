/** From nothing to the first answer, in three steps, each with its button where it is due. */
import { useState } from 'react';
import type { Connection } from '../state/sources.ts';
import { integrationTitle } from '../words/job.ts';
import { Button, Link } from './basics.tsx';
import { StartDialog } from './start-dialog.tsx';

export function FirstSteps({ connections }: { connections: readonly Connection[] }) {
  const [open, setOpen] = useState(false);
  const [first] = connections;
  return (
    <>
      <ol className="steps" aria-label="Getting started">
        <li className={first ? 'step-done' : ''} aria-current={first ? undefined : 'step'}>
          <strong>Connect an account</strong><span>{first ? `${integrationTitle(first.integration_id)}, ${first.account}` : 'You sign in there and decide. We never see your password.'}</span>
          {!first && <div className="step-act"><Link to="/integrations" className="button button-primary"><span>Choose one</span></Link></div>}
        </li>
        <li aria-current={first ? 'step' : undefined}>
          <strong>Read its past</strong><span>Three months or more. The newest days come first.</span>
          {first && <div className="step-act"><Button kind="primary" icon="history" onClick={() => setOpen(true)}>Sync history</Button></div>}
        </li>
        <li><strong>Ask</strong><span>By words or by meaning, while older days are still being read.</span></li>
      </ol>
      {first && <StartDialog open={open} onClose={() => setOpen(false)} connection={first} />}
    </>
  );
}
