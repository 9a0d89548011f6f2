/** One sync: its progress, its books, and its particulars. */
import { useEffect, useState } from 'react';
import { ApiError } from '../client/index.ts';
import type { HistoricalSyncJob } from '../client/index.ts';
import { Button, Empty, Link, PageHead, Skeleton } from '../parts/basics.tsx';
import { useConnections } from '../parts/connect-dialog.tsx';
import { JobMonitor } from '../parts/job-monitor.tsx';
import { LedgerTable } from '../parts/job-progress.tsx';
import { loadJob, useJobBook } from '../state/jobs.ts';
import { integrationTitle } from '../words/job.ts';
import { moment, number } from '../words/time.ts';

export function JobScreen({ jobId }: { jobId: string }) {
  const live = useJobBook().jobs.get(jobId);
  const connections = useConnections();
  const [error, setError] = useState<ApiError | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let gone = false;
    setError(null);
    loadJob(jobId).catch((cause: unknown) => { if (!gone) setError(cause instanceof ApiError ? cause : new ApiError('internal', 'This page ran into a fault of its own. Reload it.')); });
    return () => { gone = true; };
  }, [jobId, attempt]);

  if (!live) {
    if (error?.code === 'not_found') return <Empty icon="history" title="No such sync" action={<Link to="/jobs" className="button button-primary"><span>All syncs</span></Link>}>It does not exist, or is not yours.</Empty>;
    if (error) return <Empty icon="alert" title="The sync could not be loaded" action={<Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>}>{error.message}</Empty>;
    return <><PageHead title="Sync" lead={<>&nbsp;</>} /><div className="card card-loading"><Skeleton lines={6} /></div></>;
  }
  const { job } = live, connection = connections.data?.connections.find((one) => one.connection_id === job.source_connection_id);
  return (
    <>
      <nav className="crumbs" aria-label="Where you are"><Link to="/jobs">Sync history</Link></nav>
      <PageHead title={`${integrationTitle(job.integration_id)} sync`} lead={connection?.account ?? <>&nbsp;</>} />
      <div className="card"><JobMonitor live={live} connection={connection} /></div>
      <div className="two">
        <section className="card" aria-labelledby="books"><h2 id="books">The books</h2><LedgerTable job={job} /></section>
        <section className="card" aria-labelledby="particulars"><h2 id="particulars">Particulars</h2><Particulars job={job} /></section>
      </div>
    </>
  );
}

function Particulars({ job }: { job: HistoricalSyncJob }) {
  const rows: [string, string | null][] = [
    ['Asked for', moment(job.created_at)],
    ['Started', job.started_at && moment(job.started_at)],
    ['Ended', job.completed_at && moment(job.completed_at)],
    ['Range', `${moment(job.start_date)} – ${moment(job.end_date)}`],
    ['Priority', job.priority],
    ['Chunks', `${number(job.chunks_completed)} of up to ${number(job.chunk_size)} records`],
    ['Attempts', job.attempt > 0 ? number(job.attempt) : null],
    ['Troubles met', job.error_count > 0 ? number(job.error_count) : null],
    ['Last trouble', job.last_error],
    ['Sync id', job.job_id],
  ];
  return <dl className="particulars">{rows.map(([label, value]) => value && <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>;
}
