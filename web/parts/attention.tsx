/** What does not go on by itself, each with the way to where it does. Nothing is shown when nothing is needed. */
import { callRoute } from '../client/index.ts';
import { newestFirst, useJobBook } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import type { Connection } from '../state/sources.ts';
import { activity, integrationTitle } from '../words/job.ts';
import { count } from '../words/time.ts';
import { Link, Notice } from './basics.tsx';

export function Attention({ connections }: { connections: readonly Connection[] }) {
  const { jobs } = useJobBook();
  const dead = useResource('dead-letters:count', (signal) => callRoute('listDeadLetters', { query: { limit: 1 } }, { signal }), { everyMs: 30_000 }).data?.total ?? 0;
  const locked = connections.filter((one) => one.status === 'needs_reauth');
  // Only the latest sync of an account says how it stands.
  const latest = new Map(newestFirst(jobs).toReversed().map(({ job }) => [job.source_connection_id, job]));
  const stuck = [...latest.values()].filter((job) => (job.status === 'failed' || (job.status === 'paused' && job.reason !== 'user_paused')) && !locked.some((one) => one.connection_id === job.source_connection_id));
  if (locked.length === 0 && stuck.length === 0 && dead === 0) return null;
  return (
    <section className="attention" aria-label="Needs you">
      {locked.map((one) => <Notice key={one.connection_id} tone="warn" actions={<Link to="/integrations" className="button button-plain"><span>Reconnect</span></Link>}><strong>{one.account}</strong> no longer lets us into {integrationTitle(one.integration_id)}.</Notice>)}
      {stuck.map((job) => <Notice key={job.job_id} tone={job.status === 'failed' ? 'bad' : 'warn'} actions={<Link to={`/jobs/${job.job_id}`} className="button button-plain"><span>See the sync</span></Link>}>{integrationTitle(job.integration_id)}: {activity(job)}</Notice>)}
      {dead > 0 && <Notice tone="bad" actions={<Link to="/jobs?show=given-up" className="button button-plain"><span>See them</span></Link>}>{count(dead, 'sync')} {dead === 1 ? 'was' : 'were'} given up after {dead === 1 ? 'its' : 'their'} last retry.</Notice>}
    </section>
  );
}
