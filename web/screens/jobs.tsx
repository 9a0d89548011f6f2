/** Every sync there was, over all integrations or one: filter by state and integration, page through, act, open one. And those that were given up. */
import { IntegrationId, JobStatus } from '#contract/job';
import { callRoute, listSyncJobs } from '../client/index.ts';
import { Button, Empty, Link, PageHead, Skeleton } from '../parts/basics.tsx';
import { useConnections, useIntegrations } from '../state/sources.ts';
import { DeadLetters } from '../parts/dead-letters.tsx';
import { JobTable } from '../parts/job-table.tsx';
import { Pager } from '../parts/pager.tsx';
import { StartAll } from '../parts/start-all.tsx';
import { useJobBook } from '../state/jobs.ts';
import type { LiveJob } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { accountsOf, integrationTitle, statusWords } from '../words/job.ts';
import { count } from '../words/time.ts';

const PAGE = 20;
/** The list refreshes by itself; what is active comes live in between. */
const REFRESH_MS = 5_000;

export function JobsScreen() {
  const { query } = usePlace();
  const givenUp = query.get('show') === 'given-up';
  const dead = useResource('dead-letters:count', (signal) => callRoute('listDeadLetters', { query: { limit: 1 } }, { signal }), { everyMs: 30_000 });
  const status = givenUp ? undefined : JobStatus.safeParse(query.get('status')).data;
  const tab = (label: string, to: string, here: boolean) => <Link to={to} className="filter" aria-current={here ? 'true' : undefined}>{label}</Link>;
  return (
    <>
      <PageHead title="Sync history" lead="Every sync, newest first, with its books." actions={<StartAll />} />
      <div className="filter-bar">
        <nav className="filters" aria-label="State">
          {tab('All', hrefWith({ status: null, offset: null, show: null }), !status && !givenUp)}
          {JobStatus.options.map((one) => <span key={one}>{tab(statusWords[one].label, hrefWith({ status: one, offset: null, show: null }), status === one)}</span>)}
          {dead.data !== undefined && (dead.data.total > 0 || givenUp) && tab(`Given up (${dead.data.total})`, hrefWith({ show: 'given-up', status: null, offset: null }), givenUp)}
        </nav>
        {!givenUp && <IntegrationFilter />}
      </div>
      {givenUp ? <DeadLetters onChange={dead.reload} /> : <AllJobs status={status} />}
    </>
  );
}

/** Only what can be connected is worth choosing. */
function IntegrationFilter() {
  const { query } = usePlace(), integrations = useIntegrations().data?.integrations ?? [];
  if (integrations.length < 2) return null;
  return (
    <label className="select"><span className="visually-hidden">Integration</span>
      <select value={query.get('integration') ?? ''} onChange={(event) => navigate(hrefWith({ integration: event.target.value || null, offset: null }), { replace: true })}>
        <option value="">All integrations</option>
        {integrations.map((one) => <option key={one.integration_id} value={one.integration_id}>{one.title}</option>)}
      </select>
    </label>
  );
}

/** The book has the latest word on a job; the list decides which ones are shown. */
function useLatest(jobs: readonly LiveJob['job'][] | undefined): LiveJob[] | undefined {
  const book = useJobBook();
  return jobs?.map((job) => { const live = book.jobs.get(job.job_id); return live && live.job.seq >= job.seq ? live : { job, mode: null, recordsPerSecond: null }; });
}

function AllJobs({ status }: { status: JobStatus | undefined }) {
  const { query } = usePlace();
  const integration = IntegrationId.safeParse(query.get('integration')).data ?? null;
  const offset = Math.max(0, Number.parseInt(query.get('offset') ?? '0', 10) || 0);
  const connections = useConnections();
  const { data, error, loading, reload } = useResource(`jobs:${integration ?? 'all'}:${status ?? 'all'}:${offset}`, (signal) => listSyncJobs(integration, { ...(status ? { status } : {}), limit: PAGE, offset }, { signal }), { everyMs: REFRESH_MS });
  const jobs = useLatest(data?.jobs), filtered = status !== undefined || integration !== null || offset > 0;
  if (!jobs || !data) {
    return error
      ? <Empty icon="alert" title="The list could not be loaded" action={<Button onClick={reload}>Try again</Button>}>{error.message}</Empty>
      : <div className="card card-loading"><Skeleton lines={6} /></div>;
  }
  if (jobs.length === 0 && !loading) {
    return filtered
      ? <Empty icon="history" title="None like that" action={<Link to="/jobs" className="button button-plain"><span>Show all</span></Link>}>{integration ? `No sync of ${integrationTitle(integration)}` : 'No sync'} is in this state.</Empty>
      : <Empty icon="history" title="Nothing synced yet" action={<Link to="/integrations" className="button button-primary"><span>Connect an account</span></Link>}>Connect an account and read its past; every sync is then listed here with its books.</Empty>;
  }
  return (
    <>
      <JobTable jobs={jobs} accounts={accountsOf(connections.data?.connections)} label="Syncs" />
      <p className="list-sum" role="status">{count(data.total, 'sync')}</p>
      <Pager total={data.total} limit={PAGE} offset={offset} go={(next) => navigate(hrefWith({ offset: next > 0 ? String(next) : null }))} />
    </>
  );
}
