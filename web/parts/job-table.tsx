/** Jobs as a table that becomes a list of cards on a narrow screen. Every row leads to its job and carries what one can do with it. */
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { isBalanced } from '#contract/job';
import { pauseSyncJob, resumeSyncJob } from '../client/index.ts';
import type { HistoricalSyncJob } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import type { LiveJob } from '../state/jobs.ts';
import { usePeople } from '../state/people.ts';
import { toast } from '../state/toasts.ts';
import { actorName } from '../words/events.ts';
import { activity, duration, integrationTitle, modeWords, rangeOf } from '../words/job.ts';
import { ago, moment, number, percent } from '../words/time.ts';
import { Address, Link } from './basics.tsx';
import { useAction } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { IntegrationIcon } from './integration-icon.tsx';
import { ConfirmCancel } from './job-actions.tsx';
import { StatusBadge } from './job-progress.tsx';

export function JobTable({ jobs, accounts, label }: { jobs: readonly LiveJob[]; accounts: ReadonlyMap<string, string>; label: string }) {
  const people = usePeople();
  return (
    <table className="rows jobs-table" aria-label={label}>
      <thead><tr>
        <th scope="col">Account</th><th scope="col">State</th><th scope="col">Range</th><th scope="col" className="num">Records</th><th scope="col" className="num">New</th>
        <th scope="col" className="num">Failed</th><th scope="col" className="num">Took</th><th scope="col">Asked for</th><th scope="col"><span className="visually-hidden">Actions</span></th>
      </tr></thead>
      <tbody>{jobs.map(({ job }) => <JobRow key={job.job_id} job={job} account={accounts.get(job.source_connection_id)} people={people} />)}</tbody>
    </table>
  );
}

function JobRow({ job, account, people }: { job: HistoricalSyncJob; account: string | undefined; people: ReadonlyMap<string, string> }) {
  const off = !isBalanced(job.ledger) && job.status === 'completed', integration = integrationTitle(job.integration_id);
  return (
    <tr data-status={job.status}>
      <th scope="row">
        <span className="row-account"><IntegrationIcon id={job.integration_id} small />
          <span><Link to={`/jobs/${job.job_id}`} className="row-link">{account ? <Address of={account} /> : integration}</Link><small>{integration} · {modeWords[job.mode]}</small></span></span>
      </th>
      <td data-label="State" title={job.status === 'running' ? undefined : activity(job)}>
        <StatusBadge job={job} />
        {job.status === 'running' && <span className="row-progress"><span className="row-bar" aria-hidden="true"><span style={{ transform: `scaleX(${job.progress_percentage / 100})` }} /></span>{percent(job.progress_percentage, false)}</span>}
      </td>
      <td data-label="Range">{rangeOf(job)}</td>
      <td data-label="Records" className="num">{number(job.records_processed)}</td>
      <td data-label="New" className="num" title={`${number(job.ledger.unchanged + job.ledger.duplicate)} were known already`}>{number(job.ledger.stored)}</td>
      <td data-label="Failed" className={`num${job.ledger.failed > 0 || off ? ' num-bad' : ''}`} title={off ? 'The books do not balance' : undefined}>{number(job.ledger.failed)}</td>
      <td data-label="Took" className="num">{duration(job) ?? '–'}</td>
      <td data-label="When"><time dateTime={job.created_at} title={moment(job.created_at)}>{ago(job.created_at)}</time><small>{actorName(job.created_by, people)}</small></td>
      <td data-label="Actions"><RowMenu job={job} name={account ?? integration} /></td>
    </tr>
  );
}

/** What one can do from here; what needs more room (reconnect, another range) is on the job's page. */
function RowMenu({ job, name }: { job: HistoricalSyncJob; name: string }) {
  const [asking, setAsking] = useState(false);
  const action = useAction();
  const going = job.status === 'running' || job.status === 'pending';
  const resumable = job.status === 'failed' || job.status === 'paused' || job.reason === 'abandoned';
  const act = (verb: (jobId: string) => Promise<HistoricalSyncJob>): void => {
    void action.run(async () => { noteJob(await verb(job.job_id).catch((cause: Error) => { toast({ tone: 'bad', title: 'That did not work', text: cause.message }); throw cause; })); });
  };
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className="icon-button row-menu" aria-label={`Actions for ${name}, ${integrationTitle(job.integration_id)}`}><Icon name="more" /></DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
            <DropdownMenu.Item className="menu-item" asChild><Link to={`/jobs/${job.job_id}`}><Icon name="history" />Open</Link></DropdownMenu.Item>
            {going && <DropdownMenu.Item className="menu-item" onSelect={() => act(pauseSyncJob)}><Icon name="pause" />Pause</DropdownMenu.Item>}
            {resumable && <DropdownMenu.Item className="menu-item" onSelect={() => act(resumeSyncJob)}><Icon name="play" />{job.status === 'paused' ? 'Resume' : 'Retry'}</DropdownMenu.Item>}
            {job.ledger.failed > 0 && <DropdownMenu.Item className="menu-item" asChild><Link to={`/jobs/${job.job_id}`}><Icon name="alert" />See failures</Link></DropdownMenu.Item>}
            {(going || job.status === 'paused') && <DropdownMenu.Item className="menu-item menu-danger" onSelect={() => setAsking(true)}><Icon name="close" />Cancel …</DropdownMenu.Item>}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <ConfirmCancel job={job} open={asking} onClose={() => setAsking(false)} />
    </>
  );
}
