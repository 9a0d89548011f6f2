/** One job, watched live: state, bar, figures, coverage, and what one can do. Used on the connection's card and on the job's page. */
import type { LiveJob } from '../state/jobs.ts';
import { rangeOf } from '../words/job.ts';
import { ago } from '../words/time.ts';
import type { Connection } from '../state/sources.ts';
import { Notice } from './basics.tsx';
import { Coverage } from './coverage.tsx';
import { useAction } from './dialog.tsx';
import { JobControls, JobState } from './job-actions.tsx';
import { EnrichmentLine, JobFigures, ModeMark, ProgressBar, StatusBadge } from './job-progress.tsx';

export function JobMonitor({ live, connection }: { live: LiveJob; connection: Connection | undefined }) {
  const { job } = live;
  const action = useAction();
  const going = job.status === 'running' || job.status === 'pending';
  return (
    <section className="monitor" aria-label="Historical sync" data-job={job.job_id} data-status={job.status}>
      <div className="monitor-head">
        <StatusBadge job={job} />
        <span className="monitor-range">{rangeOf(job)}</span>
        {going ? <ModeMark mode={live.mode} /> : <span className="mode">{ago(job.completed_at ?? job.updated_at)}</span>}
        <JobControls job={job} action={action} />
      </div>
      {job.status !== 'completed' && <ProgressBar job={job} />}
      <JobState job={job} connection={connection} action={action} />
      {action.error && <Notice tone="bad" alert>{action.error}</Notice>}
      <JobFigures live={live} />
      <Coverage job={job} />
      <EnrichmentLine job={job} />
    </section>
  );
}
