/** Integrations: the accounts that feed the memory, each with its state and its way on, and what else could be connected. */
import { useEffect } from 'react';
import { isActive } from '#contract/job';
import { Button, Empty, Notice, PageHead, Skeleton } from '../parts/basics.tsx';
import { ConnectionCard } from '../parts/connection-card.tsx';
import { IntegrationCard } from '../parts/integration-card.tsx';
import { StartAll } from '../parts/start-all.tsx';
import { newestFirst, useJobBook } from '../state/jobs.ts';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { useConnections, useIntegrations, useSources } from '../state/sources.ts';
import { connectErrorSentence } from '../words/connect.ts';

export function IntegrationsScreen() {
  const integrations = useIntegrations(), connections = useConnections(), book = useJobBook();
  const { query } = usePlace();
  const jobs = newestFirst(book.jobs), active = jobs.filter(({ job }) => isActive(job.status)).length;
  const sources = useSources(active > 0);
  const all = connections.data?.connections.filter((one) => one.status !== 'revoked') ?? [];
  const error = connections.error ?? integrations.error, connectError = query.get('connect_error');
  const known = connections.data !== undefined && integrations.data !== undefined;
  // A sync that ended has changed its account: when it was last synced, perhaps whether it lets us in.
  const { reload } = connections;
  useEffect(() => { if (book.loaded) reload(); }, [active, book.loaded, reload]);

  return (
    <>
      <PageHead title="Integrations" lead="The accounts that feed the memory." actions={<StartAll />} />
      {connectError && (
        <Notice tone="bad" alert actions={<Button onClick={() => navigate(hrefWith({ connect_error: null }), { replace: true })}>Dismiss</Button>}>
          {connectErrorSentence(connectError)}
        </Notice>
      )}
      {!known && (error
        ? <Empty icon="alert" title="The accounts could not be loaded" action={<Button onClick={() => { connections.reload(); integrations.reload(); }}>Try again</Button>}>{error.message}</Empty>
        : <div className="card card-loading"><Skeleton lines={5} /></div>)}
      {known && all.length > 0 && (
        <section className="cards" aria-label="Connected accounts">
          {all.map((connection) => (
            <ConnectionCard key={connection.connection_id} connection={connection} jobsLoaded={book.loaded} sources={sources.data} onChange={connections.reload}
              live={jobs.find(({ job }) => job.source_connection_id === connection.connection_id)} />
          ))}
        </section>
      )}
      {known && (
        <section className="block" aria-labelledby="more">
          <h2 id="more">{all.length > 0 ? 'Connect more' : 'What would you like to remember?'}</h2>
          <div className="integrations">
            {integrations.data?.integrations.map((integration) => <IntegrationCard key={integration.integration_id} integration={integration} onChange={connections.reload} connected={all.filter((one) => one.integration_id === integration.integration_id).length} />)}
          </div>
        </section>
      )}
    </>
  );
}
