/** What one can do with a job now: pause, cancel, or the next step out of a state that does not run by itself. Refusals are shown in place. */
import { useState } from 'react';
import { cancelSyncJob, pauseSyncJob, resumeSyncJob } from '../client/index.ts';
import type { HistoricalSyncJob } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import type { Connection } from '../state/sources.ts';
import { activity, canBeAsked, integrationTitle, nextSteps } from '../words/job.ts';
import type { NextStep, Tone } from '../words/job.ts';
import { Button, Link, Notice } from './basics.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { Confirm } from './dialog.tsx';
import type { Action } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { StartDialog } from './start-dialog.tsx';

/** Pause and Cancel, while they make sense. */
export function JobControls({ job, action }: { job: HistoricalSyncJob; action: Action }) {
  const [asking, setAsking] = useState(false);
  const going = job.status === 'running' || job.status === 'pending';
  if (!going && job.status !== 'paused') return null;
  return (
    <div className="job-controls">
      {going && <Button kind="quiet" icon="pause" busy={action.busy} onClick={() => void action.run(async () => noteJob(await pauseSyncJob(job.job_id)))}>Pause</Button>}
      <Button kind="quiet" icon="close" onClick={() => setAsking(true)}>Cancel</Button>
      <ConfirmCancel job={job} open={asking} onClose={() => setAsking(false)} />
    </div>
  );
}

export function ConfirmCancel({ job, open, onClose }: { job: HistoricalSyncJob; open: boolean; onClose: () => void }) {
  return <Confirm open={open} onClose={onClose} title="Cancel this sync?" yes="Cancel the sync" no="Keep it"
    text="It stops within seconds. What is in memory stays there; the rest of the range is not fetched. A new sync later picks up what is missing."
    act={async () => noteJob(await cancelSyncJob(job.job_id))} />;
}

const tones: Record<HistoricalSyncJob['status'], Tone> = { pending: 'neutral', running: 'accent', completed: 'good', failed: 'bad', paused: 'warn', cancelled: 'neutral' };

/** Says why a job is not running, and offers the way on. */
export function JobState({ job, connection, action }: { job: HistoricalSyncJob; connection: Connection | undefined; action: Action }) {
  if (job.status === 'running') return <p className="activity">{activity(job)}{canBeAsked(job) && <> <Link to="/search" className="text-link">Search it now</Link></>}</p>;
  const steps = nextSteps(job).filter((step) => fits(step, job, connection));
  return (
    <Notice tone={tones[job.status]} plain={job.status === 'completed' || job.status === 'pending'} actions={steps.length > 0 && steps.map((step, index) => <Step key={step} step={step} first={index === 0} job={job} connection={connection} action={action} />)}>
      {activity(job)}
      {job.status === 'failed' && job.last_error && job.last_error !== job.message && <small className="last-error">{job.last_error}</small>}
    </Notice>
  );
}

/** A step that would be refused anyway is not offered: no Reconnect for an account that works, no Resume for one that does not. */
function fits(step: NextStep, job: HistoricalSyncJob, connection: Connection | undefined): boolean {
  switch (step) {
    case 'reconnect': return job.reason === 'forbidden' || connection?.status !== 'active';
    case 'resume': return connection === undefined || connection.status === 'active';
    case 'start_again': return connection?.status === 'active';
    case 'search': case 'raise_limit': case 'see_running': return true;
    // Its own page shows them already.
    case 'see_failures': return location.pathname !== `/jobs/${job.job_id}`;
  }
}

function Step({ step, first, job, connection, action }: { step: NextStep; first: boolean; job: HistoricalSyncJob; connection: Connection | undefined; action: Action }) {
  const [open, setOpen] = useState(false);
  const kind = first ? 'primary' : 'plain';
  switch (step) {
    case 'resume': return <Button kind={kind} icon="play" busy={action.busy} onClick={() => void action.run(async () => noteJob(await resumeSyncJob(job.job_id)))}>Resume</Button>;
    case 'search': return <Link to="/search" className="button button-plain"><Icon name="search" /><span>Search it</span></Link>;
    case 'see_failures': return <Link to={`/jobs/${job.job_id}`} className="button button-plain"><Icon name="alert" /><span>See failures</span></Link>;
    case 'see_running': return <Link to="/jobs?status=running" className={`button button-${kind}`}><span>See what is running</span></Link>;
    case 'raise_limit': return <Link to="/settings/plan" className={`button button-${kind}`}><Icon name="bolt" /><span>Raise the limit</span></Link>;
    case 'reconnect': return <>
      <Button kind={kind} icon="refresh" onClick={() => setOpen(true)}>Reconnect</Button>
      <ConnectDialog open={open} onClose={() => setOpen(false)} integrationId={job.integration_id} title={integrationTitle(job.integration_id)} loginHint={connection?.account} again />
    </>;
    case 'start_again': return <>
      <Button kind={kind} onClick={() => setOpen(true)}>Start again</Button>
      {connection && <StartDialog open={open} onClose={() => setOpen(false)} connection={connection} />}
    </>;
  }
}
