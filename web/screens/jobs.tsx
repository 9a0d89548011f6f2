/** Every sync there was: filter by state, page through, open one. */
import { JobStatus } from '#contract/job';
import { listSyncJobs } from '../client/index.ts';
import { Button, Empty, Link, PageHead, Skeleton } from '../parts/basics.tsx';
import { useConnections } from '../parts/connect-dialog.tsx';
import { JobRows } from '../parts/job-rows.tsx';
import { useJobBook } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import { hrefWith, usePlace } from '../state/router.ts';
import { statusWords } from '../words/job.ts';
import { count } from '../words/time.ts';
import { accountsOf } from './home.tsx';

const PAGE = 20;

export function JobsScreen() {
  const { query } = usePlace();
  const status = JobStatus.safeParse(query.get('status')).data;
  const offset = Math.max(0, Number.parseInt(query.get('offset') ?? '0', 10) || 0);
  const connections = useConnections(), book = useJobBook();
  const { data, error, loading, reload } = useResource(`jobs:${status ?? 'all'}:${offset}`, (signal) => listSyncJobs(null, { ...(status ? { status } : {}), limit: PAGE, offset }, { signal }), { everyMs: 10_000 });
  // The book has the latest word on a job; the list decides which ones are shown.
  const jobs = data?.jobs.map((job) => { const live = book.jobs.get(job.job_id); return live && live.job.seq >= job.seq ? live : { job, mode: null, recordsPerSecond: null }; });

  return (
    <>
      <PageHead title="Sync history" lead={data ? count(data.total, status ? `${statusWords[status].label.toLowerCase()} sync` : 'sync') : 'Every sync, newest first.'} />
      <nav className="filters" aria-label="State">
        <Link to={hrefWith({ status: null, offset: null })} className="filter" aria-current={status ? undefined : 'true'}>All</Link>
        {JobStatus.options.map((one) => <Link key={one} to={hrefWith({ status: one, offset: null })} className="filter" aria-current={status === one ? 'true' : undefined}>{statusWords[one].label}</Link>)}
      </nav>
      {jobs === undefined && (error
        ? <Empty icon="alert" title="The list could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty>
        : <div className="card card-loading"><Skeleton lines={5} /></div>)}
      {jobs?.length === 0 && !loading && (status || offset > 0
        ? <Empty icon="history" title="None like that" action={<Link to="/jobs" className="button button-plain"><span>Show all</span></Link>}>No sync is in this state.</Empty>
        : <Empty icon="history" title="Nothing synced yet" action={<Link to="/" className="button button-primary"><span>Connect an account</span></Link>}>Connect an account and read its past; every sync is then listed here with its books.</Empty>)}
      {jobs && jobs.length > 0 && <JobRows jobs={jobs} accounts={accountsOf(connections.data?.connections)} />}
      {data && data.total > PAGE && (
        <nav className="pager" aria-label="Pages">
          <span>{offset + 1}–{Math.min(offset + PAGE, data.total)} of {data.total}</span>
          {offset > 0 && <Link className="button button-plain" to={hrefWith({ offset: offset > PAGE ? String(offset - PAGE) : null })}><span>Newer</span></Link>}
          {offset + PAGE < data.total && <Link className="button button-plain" to={hrefWith({ offset: String(offset + PAGE) })}><span>Older</span></Link>}
        </nav>
      )}
    </>
  );
}
