/** An account that feeds the memory, or an integration that could: its state, its latest sync, and what one can do. */
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import type { LiveJob } from '../state/jobs.ts';
import { toast } from '../state/toasts.ts';
import { integrationTitle, listOf } from '../words/job.ts';
import { ago } from '../words/time.ts';
import { Address, Badge, Button, Skeleton } from './basics.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { Confirm } from './dialog.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';
import type { Connection } from './job-actions.tsx';
import { JobMonitor } from './job-monitor.tsx';
import { StartDialog } from './start-dialog.tsx';

type Integration = CallAnswer<'listIntegrations'>['integrations'][number];

export const integrationIcons: Record<Integration['integration_id'], IconName> = {
  outlook: 'mail', gmail: 'mail', google_calendar: 'calendar', slack: 'chat', salesforce: 'building', mbox: 'mail', slack_export: 'chat', ics: 'calendar',
};
export const IntegrationIcon = ({ id }: { id: Integration['integration_id'] }) => <span className={`tile tile-${id}`}><Icon name={integrationIcons[id]} /></span>;

const stateWords = { active: { label: 'Connected', tone: 'good' }, needs_reauth: { label: 'Needs you', tone: 'warn' }, revoked: { label: 'Disconnected', tone: 'neutral' } } as const;

type Asked = 'start' | 'reconnect' | 'disconnect' | null;
export function ConnectionCard({ connection, live, jobsLoaded, onChange }: { connection: Connection; live: LiveJob | undefined; jobsLoaded: boolean; onChange: () => void }) {
  const [asked, setAsked] = useState<Asked>(null);
  const close = (): void => setAsked(null);
  const title = integrationTitle(connection.integration_id), state = stateWords[connection.status];
  const active = live?.job.status === 'running' || live?.job.status === 'pending';
  // The job below says it already, with the same button.
  const said = live?.job.status === 'paused' && live.job.reason === 'auth_expired';
  return (
    <article className="card" aria-label={`${title}, ${connection.account}`}>
      <div className="card-head">
        <IntegrationIcon id={connection.integration_id} />
        <div className="card-title">
          <h3>{title} <Badge tone={state.tone}>{state.label}</Badge></h3>
          <p><span className="account-address"><Address of={connection.account} /></span><span className="card-when">{active ? 'syncing now' : connection.last_synced_at ? `last synced ${ago(connection.last_synced_at)}` : 'never synced'}</span></p>
        </div>
        <div className="card-actions">
          {connection.status === 'needs_reauth' && !said && <Button kind="primary" icon="refresh" onClick={() => setAsked('reconnect')}>Reconnect</Button>}
          {connection.status === 'active' && !active && live?.job.status !== 'paused' && <Button icon="history" onClick={() => setAsked('start')}>Sync history</Button>}
        </div>
        <CardMenu onAsk={setAsked} canStart={connection.status === 'active' && !active} title={title} />
      </div>
      {live
        ? <JobMonitor live={live} connection={connection} />
        : jobsLoaded ? <p className="card-empty">Nothing of its past is in memory yet. <button type="button" className="text-link" onClick={() => setAsked('start')}>Read the last months</button></p> : <Skeleton lines={2} className="card-skeleton" />}
      <StartDialog open={asked === 'start'} onClose={close} connection={connection} />
      <ConnectDialog open={asked === 'reconnect'} onClose={close} integrationId={connection.integration_id} title={title} loginHint={connection.account} again />
      <Confirm open={asked === 'disconnect'} onClose={close} title={`Disconnect ${title}?`} yes="Disconnect" no="Keep it"
        text={<>We lose access to <strong>{connection.account}</strong>, and a running sync stops. What is in memory stays there.</>}
        act={async () => { const { message } = await callRoute('disconnect', { params: { connection_id: connection.connection_id } }); toast({ tone: 'good', title: connection.account, text: message }); onChange(); }} />
    </article>
  );
}

function CardMenu({ onAsk, canStart, title }: { onAsk: (asked: Asked) => void; canStart: boolean; title: string }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="icon-button" aria-label={`More for ${title}`}><Icon name="more" /></DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.Item className="menu-item" disabled={!canStart} onSelect={() => onAsk('start')}><Icon name="history" />Sync history …</DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => onAsk('reconnect')}><Icon name="refresh" />Reconnect …</DropdownMenu.Item>
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.Item className="menu-item menu-danger" onSelect={() => onAsk('disconnect')}><Icon name="close" />Disconnect …</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** An integration nobody has connected yet. */
export function IntegrationCard({ integration }: { integration: Integration }) {
  const [open, setOpen] = useState(false);
  const inWords = integration.scopes.map((one) => one.in_words.replace(/\.$/, ''));
  // What it reads is what matters here; the whole list comes before consent.
  const reads = inWords.filter((words) => /^read/i.test(words));
  const said = listOf((reads.length > 0 ? reads : inWords).map((words) => words.charAt(0).toLowerCase() + words.slice(1)));
  return (
    <article className="card" aria-label={integration.title}>
      <div className="card-head">
        <IntegrationIcon id={integration.integration_id} />
        <div className="card-title">
          <h3>{integration.title}</h3>
          <p>{said ? `Connect it to ${said}, months back.` : 'Not connected yet.'}</p>
        </div>
        <div className="card-actions"><Button kind="primary" icon="link" onClick={() => setOpen(true)}>Connect</Button></div>
      </div>
      <ConnectDialog open={open} onClose={() => setOpen(false)} integrationId={integration.integration_id} title={integration.title} />
    </article>
  );
}
