/** Syncs that used up their retries: why, and trying them again one by one or all together. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import { toast } from '../state/toasts.ts';
import { accountsOf, activity, integrationTitle, rangeOf } from '../words/job.ts';
import { ago, count } from '../words/time.ts';
import { Button, Empty, Link, Notice, Skeleton } from './basics.tsx';
import { useConnections } from '../state/sources.ts';
import { useAction } from './dialog.tsx';
import { IntegrationIcon } from './integration-icon.tsx';
import { Pager } from './pager.tsx';

const PAGE = 20;

export function DeadLetters({ onChange }: { onChange: () => void }) {
  const [offset, setOffset] = useState(0);
  const { data, error, reload } = useResource(`dead-letters:${offset}`, (signal) => callRoute('listDeadLetters', { query: { limit: PAGE, offset } }, { signal }), { everyMs: 10_000 });
  const accounts = accountsOf(useConnections().data?.connections);
  const action = useAction();
  const after = (): void => { reload(); onChange(); };

  const retryAll = (): Promise<boolean> => action.run(async () => {
    const { outcomes } = await callRoute('retryDeadLetters', {});
    for (const { job } of outcomes) if (job) noteJob(job);
    const refused = outcomes.filter((one) => one.outcome === 'refused');
    toast({ tone: refused.length > 0 ? 'warn' : 'good', title: `${count(outcomes.length - refused.length, 'sync')} resumed`, text: refused[0]?.error ? `${count(refused.length, 'sync')} could not go on: ${refused[0].error.message}` : undefined });
    after();
  });

  if (!data) return error ? <Empty icon="alert" title="The list could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty> : <div className="card card-loading"><Skeleton lines={4} /></div>;
  if (data.dead_letters.length === 0) return <Empty icon="check" title="Nothing was given up" action={<Link to="/jobs" className="button button-plain"><span>All syncs</span></Link>}>Syncs that use up their retries wait here until somebody tries them again.</Empty>;
  return (
    <>
      <div className="failures-head">
        <p>These used up their retries without getting on. Nothing of what they stored is lost: retrying goes on where they stopped.</p>
        <Button kind="primary" icon="refresh" busy={action.busy} onClick={() => void retryAll()}>Retry all</Button>
      </div>
      {action.error && <Notice tone="bad" alert>{action.error}</Notice>}
      <ul className="card dead-letters">
        {data.dead_letters.map((job) => (
          <li key={job.job_id}>
            <IntegrationIcon id={job.integration_id} small />
            <div className="dead-letter">
              <p><Link to={`/jobs/${job.job_id}`} className="row-name">{accounts.get(job.source_connection_id) ?? integrationTitle(job.integration_id)}</Link> <span className="quiet">{rangeOf(job)} · {ago(job.updated_at)}</span></p>
              <p className="quiet">{activity(job)}{job.last_error && ` ${job.last_error}`}</p>
            </div>
            <RetryOne jobId={job.job_id} onDone={after} />
          </li>
        ))}
      </ul>
      <Pager total={data.total} limit={PAGE} offset={offset} go={setOffset} />
    </>
  );
}

function RetryOne({ jobId, onDone }: { jobId: string; onDone: () => void }) {
  const action = useAction();
  return (
    <div className="dead-letter-act">
      <Button icon="refresh" busy={action.busy} onClick={() => void action.run(async () => { noteJob(await callRoute('retryDeadLetter', { params: { job_id: jobId } })); onDone(); })}>Retry</Button>
      {action.error && <p role="alert" className="refused">{action.error}</p>}
    </div>
  );
}
