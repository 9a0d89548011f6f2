/** Home: what is in memory, the accounts it comes from, what is happening to them, and the latest syncs. */
import { useEffect, useState } from 'react';
import { isActive } from '#contract/job';
import { callRoute } from '../client/index.ts';
import { Button, Empty, Figure, Link, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { useConnections, useIntegrations } from '../parts/connect-dialog.tsx';
import { ConnectionCard, IntegrationCard } from '../parts/connection-card.tsx';
import type { Connection } from '../parts/job-actions.tsx';
import { JobRows } from '../parts/job-rows.tsx';
import { StartDialog } from '../parts/start-dialog.tsx';
import { newestFirst, useJobBook } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { toast } from '../state/toasts.ts';
import { connectErrorSentence } from '../words/connect.ts';
import { number } from '../words/time.ts';

/** The prompt waits this long, so that one sees first that connecting worked. */
const PROMPT_AFTER_MS = 1_000;
const RECENT_ROWS = 5;

export function HomeScreen() {
  const integrations = useIntegrations(), connections = useConnections(), book = useJobBook();
  const { query } = usePlace();
  const jobs = newestFirst(book.jobs);
  const all = connections.data?.connections.filter((one) => one.status !== 'revoked') ?? [];
  const error = connections.error ?? integrations.error;
  const connectError = query.get('connect_error');
  const known = connections.data !== undefined && integrations.data !== undefined;
  // A sync that ended has changed its account: when it was last synced, perhaps whether it lets us in.
  const active = jobs.filter(({ job }) => isActive(job.status)).length, { reload } = connections;
  useEffect(() => { if (book.loaded) reload(); }, [active, book.loaded, reload]);
  const free = integrations.data?.integrations.filter((one) => !all.some((connection) => connection.integration_id === one.integration_id)) ?? [];

  return (
    <>
      <PageHead title="Home" lead={known && all.length === 0 ? 'Three steps to a memory you can search.' : 'What is in memory, and where it comes from.'} />
      {connectError && (
        <Notice tone="bad" alert actions={<Button onClick={() => navigate(hrefWith({ connect_error: null }), { replace: true })}>Dismiss</Button>}>
          {connectErrorSentence(connectError)}
        </Notice>
      )}
      {known && book.loaded && jobs.length === 0 ? <FirstSteps connected={all.length > 0} /> : <MemoryFigures active={jobs.some(({ job }) => job.status === 'running')} />}

      <section className="block" aria-labelledby="accounts">
        <h2 id="accounts">Accounts</h2>
        {!known && (error ? <Empty icon="alert" title="The accounts could not be loaded" action={<Button onClick={() => { connections.reload(); integrations.reload(); }}>Try again</Button>}>{error.message}</Empty> : <div className="card card-loading"><Skeleton lines={3} /></div>)}
        {known && all.map((connection) => <ConnectionCard key={connection.connection_id} connection={connection} live={jobs.find(({ job }) => job.source_connection_id === connection.connection_id)} jobsLoaded={book.loaded} onChange={connections.reload} />)}
        {known && free.map((integration) => <IntegrationCard key={integration.integration_id} integration={integration} />)}
      </section>

      {jobs.length > 0 && (
        <section className="block" aria-labelledby="recent">
          <div className="block-head"><h2 id="recent">Latest syncs</h2>{book.total > RECENT_ROWS && <Link to="/jobs" className="text-link">All {number(book.total)}</Link>}</div>
          <JobRows jobs={jobs.slice(0, RECENT_ROWS)} accounts={accountsOf(connections.data?.connections)} />
        </section>
      )}
      <AfterConnecting connections={all} jobsLoaded={book.loaded} hasJob={(id) => jobs.some(({ job }) => job.source_connection_id === id)} />
    </>
  );
}

export const accountsOf = (connections: readonly Connection[] | undefined): ReadonlyMap<string, string> => new Map(connections?.map((one) => [one.connection_id, one.account]));

/** From nothing to the first answer. */
function FirstSteps({ connected }: { connected: boolean }) {
  return (
    <ol className="steps" aria-label="Getting started">
      <li className={connected ? 'step-done' : ''} aria-current={connected ? undefined : 'step'}><strong>Connect an account</strong><span>You sign in there and decide. We never see your password.</span></li>
      <li aria-current={connected ? 'step' : undefined}><strong>Read its past</strong><span>Three months or more. The newest days come first.</span></li>
      <li><strong>Ask</strong><span>By words or by meaning, while older days are still being read.</span></li>
    </ol>
  );
}

function MemoryFigures({ active }: { active: boolean }) {
  const { data, error } = useResource('memory-stats', (signal) => callRoute('memoryStats', {}, { signal }), { everyMs: active ? 2_000 : 60_000 });
  const shown = (value: number | undefined): string => value === undefined ? '–' : number(value);
  return (
    <dl className="figures figures-card" aria-label="In memory" title={error && !data ? error.message : undefined}>
      <Figure label="Records" value={shown(data?.records)} />
      <Figure label="Entities" value={shown(data?.entities)} />
      <Figure label="Relationships" value={shown(data?.relationships)} />
    </dl>
  );
}

/** Back from consent: `/?connected=<connection_id>`. A first connection gets the prompt once; a reconnected one just a word. */
function AfterConnecting({ connections, jobsLoaded, hasJob }: { connections: readonly Connection[]; jobsLoaded: boolean; hasJob: (connectionId: string) => boolean }) {
  const { query } = usePlace();
  const connectedId = query.get('connected');
  const [prompted, setPrompted] = useState<Connection | null>(null);
  const [open, setOpen] = useState(false);
  const connected = connections.find((one) => one.connection_id === connectedId);
  const syncedBefore = connected !== undefined && hasJob(connected.connection_id);

  useEffect(() => {
    if (!connected || !jobsLoaded) return;
    const settle = (): void => navigate(hrefWith({ connected: null }), { replace: true });
    if (syncedBefore) { settle(); toast({ tone: 'good', title: 'Reconnected', text: `${connected.account} lets us in again.` }); return; }
    const timer = setTimeout(() => { setPrompted(connected); setOpen(true); settle(); }, PROMPT_AFTER_MS);
    return () => clearTimeout(timer);
    // The connection's identity is what counts, not each fresh copy of it.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [connected?.connection_id, jobsLoaded, syncedBefore]);

  return prompted && <StartDialog prompt open={open} onClose={() => setOpen(false)} connection={prompted} />;
}
