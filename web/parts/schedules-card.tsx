/** How often each account is brought up to date by itself: all of them in one place. */
import { useConnections } from '../state/sources.ts';
import { integrationTitle } from '../words/job.ts';
import { Address, Button, Notice, Skeleton } from './basics.tsx';
import { IntegrationIcon } from './integration-icon.tsx';
import { SchedulePick, scheduleWords } from './schedule-pick.tsx';

export function SchedulesCard() {
  const { data, error, reload } = useConnections();
  // A file does not change, and nothing comes from an account that was disconnected.
  const accounts = data?.connections.filter((one) => one.archive === null && one.status !== 'revoked') ?? [];
  return (
    <section className="card" aria-labelledby="schedules">
      <h2 id="schedules">Schedules</h2>
      <p className="quiet keys-lead">What is new at an account, changed or deleted there comes into memory by itself as often as you say.</p>
      {!data && (error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <Skeleton lines={3} />)}
      {data && accounts.length === 0 && <p className="quiet">No account is connected. Connect one under Integrations.</p>}
      {accounts.length > 0 && (
        <ul className="people" aria-label="Schedules">
          {accounts.map((one) => (
            <li key={one.connection_id} className="person">
              <IntegrationIcon id={one.integration_id} />
              <div className="person-name"><strong><Address of={one.account} /></strong><small>{integrationTitle(one.integration_id)}. {scheduleWords[one.schedule].said}</small></div>
              <span className="person-role"><SchedulePick connection={one} onChange={reload} /></span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
