/** Overview: what is in memory, what is happening, what needs somebody, and how it went over time. Before there is anything: the way to the first answer. */
import { lazy, Suspense, useState } from 'react';
import { isActive } from '#contract/job';
import { callRoute } from '../client/index.ts';
import { Attention } from '../parts/attention.tsx';
import { Figure, Link, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { FirstSteps } from '../parts/first-steps.tsx';
import { FleetCard } from '../parts/fleet-card.tsx';
import { JobMonitor } from '../parts/job-monitor.tsx';
import { JobTable } from '../parts/job-table.tsx';
import { PlanCard } from '../parts/plan-card.tsx';
import { Segments } from '../parts/segments.tsx';
import { newestFirst, useJobBook } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import type { Me } from '../state/session.ts';
import { useConnections, useMemoryStats } from '../state/sources.ts';
import { accountsOf, integrationTitle } from '../words/job.ts';
import { number } from '../words/time.ts';

const ActivityCharts = lazy(() => import('../charts/activity.tsx'));
const RECENT_ROWS = 5;

export function OverviewScreen({ me }: { me: Me }) {
  const connections = useConnections(), book = useJobBook();
  const jobs = newestFirst(book.jobs), active = jobs.filter(({ job }) => isActive(job.status));
  const all = connections.data?.connections ?? [], connected = all.filter((one) => one.status !== 'revoked');
  const known = connections.data !== undefined && book.loaded, empty = known && jobs.length === 0;
  // The very first sync: the steps lead on until it is over.
  const first = known && jobs.length === 1 && active[0]?.job.mode === 'backfill' ? active[0].job : null, beginning = empty || first !== null;
  const accounts = accountsOf(all);
  return (
    <>
      <PageHead title="Overview" lead={beginning ? 'Three steps to a memory you can search.' : 'What is in memory, and what is happening to it.'} />
      {beginning ? <FirstSteps connections={connected} job={first} /> : <MemoryFigures live={active.length > 0} />}
      <Attention connections={connected} />
      {active.length > 0 && (
        <section className="block" aria-labelledby="now">
          <h2 id="now">Happening now</h2>
          {active.map((live) => {
            const { job } = live;
            return (
              <article key={job.job_id} className="card" aria-label={`${integrationTitle(job.integration_id)}, ${accounts.get(job.source_connection_id) ?? ''}`}>
                <p className="now-head"><Link to={`/jobs/${job.job_id}`} className="row-name">{integrationTitle(job.integration_id)}</Link><span className="quiet">{accounts.get(job.source_connection_id)}</span></p>
                <JobMonitor live={live} connection={all.find((one) => one.connection_id === job.source_connection_id)} />
              </article>
            );
          })}
        </section>
      )}
      {!beginning && <Activity />}
      {jobs.length > 0 && (
        <section className="block" aria-labelledby="recent">
          <div className="block-head"><h2 id="recent">Latest syncs</h2>{book.total > RECENT_ROWS && <Link to="/jobs" className="text-link">All {number(book.total)}</Link>}</div>
          <JobTable jobs={jobs.slice(0, RECENT_ROWS)} accounts={accounts} label="Latest syncs" />
        </section>
      )}
      <div className="block pair"><PlanCard me={me} /><FleetCard /></div>
    </>
  );
}

function MemoryFigures({ live }: { live: boolean }) {
  const { data, error } = useMemoryStats(live);
  const shown = (value: number | undefined): string => value === undefined ? '–' : number(value);
  return (
    <dl className="figures figures-card" aria-label="In memory" title={error && !data ? error.message : undefined}>
      <Figure label="Records" value={shown(data?.records)} />
      <Figure label="Entities" value={shown(data?.entities)} />
      <Figure label="Relationships" value={shown(data?.relationships)} />
    </dl>
  );
}

const spans = [{ value: '30', label: '30 days' }, { value: '90', label: '90 days' }, { value: '365', label: 'A year' }] as const;

function Activity() {
  const [days, setDays] = useState<(typeof spans)[number]['value']>('90');
  const { data, error, reload } = useResource(`activity:${days}`, (signal) => callRoute('activity', { query: { days } }, { signal }), { everyMs: 60_000 });
  return (
    <section className="block" aria-labelledby="activity">
      <div className="block-head"><h2 id="activity">Over time</h2><Segments label="Span" value={days} options={spans} onChange={setDays} /></div>
      <div className="charts-place">
        {data ? <Suspense fallback={<Skeleton lines={6} />}><ActivityCharts activity={data} /></Suspense>
          : error ? <Notice tone="bad" actions={<button type="button" className="button button-plain" onClick={reload}><span>Try again</span></button>}>{error.message}</Notice> : <Skeleton lines={6} />}
      </div>
    </section>
  );
}
