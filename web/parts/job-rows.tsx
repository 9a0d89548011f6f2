/** Jobs as a table that becomes a list of cards on a narrow screen. Every row leads to its job. */
import type { LiveJob } from '../state/jobs.ts';
import { isBalanced } from '#contract/job';
import { duration, integrationTitle } from '../words/job.ts';
import { ago, moment, number, percent, range } from '../words/time.ts';
import { Link } from './basics.tsx';
import { StatusBadge } from './job-progress.tsx';

export function JobRows({ jobs, accounts }: { jobs: readonly LiveJob[]; accounts: ReadonlyMap<string, string> }) {
  return (
    <table className="rows">
      <thead><tr><th scope="col">Account</th><th scope="col">State</th><th scope="col">Range</th><th scope="col" className="num">Records</th><th scope="col" className="num">New</th><th scope="col" className="num">Known</th><th scope="col" className="num">Failed</th><th scope="col" className="num">Took</th><th scope="col" className="num">When</th></tr></thead>
      <tbody>{jobs.map(({ job }) => {
        const off = !isBalanced(job.ledger) && job.status !== 'running';
        return (
          <tr key={job.job_id}>
            <th scope="row"><Link to={`/jobs/${job.job_id}`} className="row-link">{accounts.get(job.source_connection_id) ?? integrationTitle(job.integration_id)}</Link><small>{integrationTitle(job.integration_id)}</small></th>
            <td data-label="State"><StatusBadge job={job} />{job.status === 'running' && <span className="row-percent">{percent(job.progress_percentage, false)}</span>}</td>
            <td data-label="Range">{range(job.start_date, job.end_date)}</td>
            <td data-label="Records" className="num">{number(job.records_processed)}</td>
            <td data-label="New" className="num">{number(job.ledger.stored)}</td>
            <td data-label="Known" className="num" title="Known already, or met twice">{number(job.ledger.unchanged + job.ledger.duplicate)}</td>
            <td data-label="Failed" className={`num${job.ledger.failed > 0 || off ? ' num-bad' : ''}`} title={off ? 'The books do not balance' : undefined}>{number(job.ledger.failed)}</td>
            <td data-label="Took" className="num">{duration(job) ?? '–'}</td>
            <td data-label="When" className="num"><time dateTime={job.created_at} title={moment(job.created_at)}>{ago(job.created_at)}</time></td>
          </tr>
        );
      })}</tbody>
    </table>
  );
}
