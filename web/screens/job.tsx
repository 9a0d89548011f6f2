/** One sync: its progress, what happened to it, what failed, its books and its particulars. */
import { useEffect, useState } from 'react';
import type { ApiError, HistoricalSyncJob } from '../client/index.ts';
import { Button, Empty, Link, PageHead, Skeleton } from '../parts/basics.tsx';
import { useConnections } from '../state/sources.ts';
import { EventLog } from '../parts/event-log.tsx';
import { Failures } from '../parts/failures.tsx';
import { JobMonitor } from '../parts/job-monitor.tsx';
import { LedgerTable } from '../parts/ledger-table.tsx';
import { loadJob, useJobBook } from '../state/jobs.ts';
import { usePeople } from '../state/people.ts';
import { asApiError } from '../state/session.ts';
import { actorName } from '../words/events.ts';
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
    loadJob(jobId).catch((cause: unknown) => { if (!gone) setError(asApiError(cause)); });
    return () => { gone = true; };
  }, [jobId, attempt]);

  if (!live) {
    if (error?.code === 'not_found') return <Empty icon="history" title="No such sync" action={<Link to="/jobs" className="button button-primary"><span>All syncs</span></Link>}>It does not exist, or is not yours.</Empty>;
    if (error) return <Empty icon="alert" title="The sync could not be loaded" action={<Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>}>{error.message}</Empty>;
    return <><Crumbs /><PageHead title="Sync" lead={<>&nbsp;</>} /><div className="card card-loading"><Skeleton lines={6} /></div></>;
  }
  const { job } = live, connection = connections.data?.connections.find((one) => one.connection_id === job.source_connection_id);
  return (
    <>
      <Crumbs />
      <PageHead title={`${integrationTitle(job.integration_id)} sync`} lead={connection?.account ?? <>&nbsp;</>} />
      <div className="card"><JobMonitor live={live} connection={connection} /></div>
      <div className="two">
        <div className="two-main">
          {job.ledger.failed > 0 && <section className="card" aria-labelledby="failures" id="failed-records"><h2 id="failures">Not stored</h2><Failures job={job} /></section>}
          <section className="card" aria-labelledby="log"><h2 id="log">What happened</h2><EventLog job={job} /></section>
        </div>
        <div className="two-side">
          <section className="card" aria-labelledby="books"><h2 id="books">The books</h2><LedgerTable job={job} /></section>
          <section className="card" aria-labelledby="particulars"><h2 id="particulars">Particulars</h2><Particulars job={job} /></section>
        </div>
      </div>
    </>
  );
}

const Crumbs = () => <nav className="crumbs" aria-label="Where you are"><Link to="/jobs">Sync history</Link></nav>;

function Particulars({ job }: { job: HistoricalSyncJob }) {
  const people = usePeople();
  const rows: [string, string | null][] = [
    ['Asked for', `${moment(job.created_at)}, ${lowered(actorName(job.created_by, people))}`],
    ['Kind', job.mode === 'incremental' ? 'Update: what is new, edited or deleted since the last sync' : 'History: a stretch of the past'],
    ['Started', job.started_at && moment(job.started_at)],
    ['Ended', job.completed_at && moment(job.completed_at)],
    ['Range', `${moment(job.start_date)} – ${moment(job.end_date)}`],
    ['Priority', job.priority],
    ['Chunks', `${number(job.chunks_completed)} of up to ${number(job.chunk_size)} records`],
    ['Attempts', job.attempt > 0 ? `${number(job.attempt)} of ${number(job.max_retries)} without headway` : null],
    ['Troubles met', job.error_count > 0 ? number(job.error_count) : null],
    ['Last trouble', job.last_error],
    ['Sync id', job.job_id],
  ];
  return <dl className="particulars">{rows.map(([label, value]) => value && <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>;
}

/** `An API key` within a sentence; names keep their letters. */
const lowered = (who: string): string => /^(An|By) /.test(who) ? who.charAt(0).toLowerCase() + who.slice(1) : who;
