/** An account that feeds the memory: its state, what memory holds of it, its latest sync, and what one can do. */
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { callRoute, startHistoricalSync } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import type { LiveJob } from '../state/jobs.ts';
import type { Connection, Sources } from '../state/sources.ts';
import { navigate } from '../state/router.ts';
import { toast } from '../state/toasts.ts';
import { integrationTitle, rangeOf, streamTitle } from '../words/job.ts';
import { bytes } from '../words/bytes.ts';
import { ago, count, day, moment, number } from '../words/time.ts';
import { Address, Badge, Button, Figure, Link, Notice, Skeleton } from './basics.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { Confirm, useAction } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { IntegrationIcon } from './integration-icon.tsx';
import { JobMonitor } from './job-monitor.tsx';
import { SchedulePick } from './schedule-pick.tsx';
import { StartDialog } from './start-dialog.tsx';

const stateWords = { active: { label: 'Connected', tone: 'good' }, needs_reauth: { label: 'Needs you', tone: 'warn' }, revoked: { label: 'Disconnected', tone: 'neutral' } } as const;

const uploaded = { label: 'Uploaded', tone: 'good' } as const;

type Asked = 'start' | 'reconnect' | 'disconnect' | null;
interface Props { connection: Connection; live: LiveJob | undefined; jobsLoaded: boolean; sources: Sources | undefined; onChange: () => void }

export function ConnectionCard({ connection, live, jobsLoaded, sources, onChange }: Props) {
  const [asked, setAsked] = useState<Asked>(null);
  const close = (): void => setAsked(null);
  const sync = useAction();
  const title = integrationTitle(connection.integration_id), state = connection.archive ? uploaded : stateWords[connection.status];
  // A file is read as a whole; the server knows how far back the plan reaches.
  const readFile = (): void => void sync.run(async () => noteJob(await startHistoricalSync(connection.integration_id, { connection_id: connection.connection_id })));
  const active = live?.job.status === 'running' || live?.job.status === 'pending';
  // The job below says it already, with the same button.
  const said = live?.job.status === 'paused' && live.job.reason === 'auth_expired';
  return (
    <article className="card connection" aria-label={`${title}, ${connection.account}`}>
      <div className="card-head">
        <IntegrationIcon id={connection.integration_id} />
        <div className="card-title">
          <h3>{title} <Badge tone={state.tone}>{state.label}</Badge></h3>
          <p className="account-address"><Address of={connection.account} /></p>
        </div>
        <div className="card-actions">
          {connection.status === 'needs_reauth' && !said && <Button kind="primary" icon="refresh" onClick={() => setAsked('reconnect')}>Reconnect</Button>}
          {connection.status === 'active' && !active && live?.job.status !== 'paused' && <>
            {connection.last_synced_at && !connection.archive && <Button icon="refresh" busy={sync.busy} onClick={() => void sync.run(async () => noteJob(await callRoute('syncNow', { params: { connection_id: connection.connection_id } })))}>Sync now</Button>}
            {connection.archive ? <Button icon="refresh" busy={sync.busy} onClick={readFile}>Import again</Button> : <Button icon="history" onClick={() => setAsked('start')}>Sync history</Button>}
          </>}
        </div>
        <CardMenu connection={connection} onAsk={setAsked} canStart={connection.status === 'active' && !active} title={title} />
      </div>
      {sync.error && <Notice tone="bad" alert>{sync.error}</Notice>}
      <ConnectionFacts connection={connection} sources={sources} active={active} onChange={onChange} />
      <Health connection={connection} />
      {connection.schedule_note && <Notice tone="warn">The last scheduled sync was left out: {connection.schedule_note}</Notice>}
      {live && live.job.status !== 'completed' && <JobMonitor live={live} connection={connection} />}
      {live?.job.status === 'completed' && <LastSync live={live} />}
      {!live && (jobsLoaded ? <p className="card-empty">Nothing of its past is in memory yet. <button type="button" className="text-link" onClick={() => { if (connection.archive) readFile(); else setAsked('start'); }}>{connection.archive ? 'Import the file' : 'Read the last months'}</button></p> : <Skeleton lines={2} className="card-skeleton" />)}
      <StartDialog open={asked === 'start'} onClose={close} connection={connection} />
      <ConnectDialog open={asked === 'reconnect'} onClose={close} integrationId={connection.integration_id} title={title} loginHint={connection.account} again />
      <Confirm open={asked === 'disconnect'} onClose={close} title={`Disconnect ${title}?`} yes="Disconnect" no="Keep it"
        text={connection.archive ? <>Our copy of <strong>{connection.account}</strong> is deleted, and a running import stops. What is in memory stays there.</> : <>We lose access to <strong>{connection.account}</strong>, and a running sync stops. What is in memory stays there.</>}
        act={async () => { const { message } = await callRoute('disconnect', { params: { connection_id: connection.connection_id } }); toast({ tone: 'good', title: connection.account, text: message }); onChange(); }} />
    </article>
  );
}

/** How much of it is in memory, when it was last asked, how far back it is complete. */
function ConnectionFacts({ connection, sources, active, onChange }: { connection: Connection; sources: Sources | undefined; active: boolean; onChange: () => void }) {
  const source = sources?.sources.find((one) => one.connection_id === connection.connection_id);
  const marks = sources?.watermarks.filter((one) => one.connection_id === connection.connection_id) ?? [];
  const { usage } = connection;
  const back = marks.map((one) => one.complete_back_to).toSorted().at(-1);
  return (
    <dl className="figures connection-facts">
      <Figure label="In memory" value={sources ? number(source?.records ?? 0) : '–'} hint={source ? 'records' : undefined} />
      <Figure label="Last sync" value={active ? 'now' : connection.last_synced_at ? <time dateTime={connection.last_synced_at} title={moment(connection.last_synced_at)}>{ago(connection.last_synced_at)}</time> : 'never'} />
      {connection.archive ? <Figure label="File" value={bytes(connection.archive.bytes)} hint={`uploaded ${ago(connection.archive.uploaded_at)}`} /> : <Figure label="Next sync" value={<SchedulePick connection={connection} onChange={onChange} />} />}
      {connection.archive === null && <Figure label="Complete back to" value={back ? <span title={marks.map((one) => `${streamTitle({ name: one.stream, title: one.title })}: ${day(one.complete_back_to)}`).join('\n')}>{day(back)}</span> : '–'} hint={marks.length > 1 ? `${marks.length} streams` : undefined} />}
      {connection.archive === null && <Figure label="Asked today" value={<span title={usageSentence(connection)}>{number(usage.today.requests)}</span>} hint={usage.today.throttled > 0 ? `${number(usage.today.throttled)} told to wait` : usage.today.requests === 1 ? 'request' : 'requests'} />}
    </dl>
  );
}

/** While its provider is down; also when it has just been left alone for a while and the next sync tries again. */
function Health({ connection: { health, integration_id } }: { connection: Connection }) {
  if (health.state === 'open' && health.message) return <Notice tone="warn">{health.message} Nothing is lost: whatever waits goes on by itself.</Notice>;
  return health.state === 'half_open' ? <Notice tone="warn">{integrationTitle(integration_id)} has failed {health.failures_in_a_row} times in a row. The next sync tries again.</Notice> : null;
}

const usageSentence = ({ usage: { today, last_30_days: month } }: Connection): string =>
  `Today ${count(today.requests, 'request')}, ${number(today.throttled)} answered with "wait". In the last 30 days ${count(month.requests, 'request')}, ${number(month.throttled)} with "wait".`;

function LastSync({ live: { job } }: { live: LiveJob }) {
  return (
    <p className="last-sync" data-job={job.job_id} data-status={job.status}>
      <Icon name="check" /><span>The last sync ({lowered(rangeOf(job))}) is complete: {count(job.records_processed, 'record')}{job.ledger.failed > 0 && <>, <Link className="text-link" to={`/jobs/${job.job_id}`}>{number(job.ledger.failed)} could not be stored</Link></>}.</span>
      <Link className="text-link" to={`/jobs/${job.job_id}`}>Its books</Link>
    </p>
  );
}

/** Within a sentence. */
const lowered = (said: string): string => said.replace(/^New|^The/, (word) => word.toLowerCase());

function CardMenu({ connection, onAsk, canStart, title }: { connection: Connection; onAsk: (asked: Asked) => void; canStart: boolean; title: string }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="icon-button" aria-label={`More for ${title}`}><Icon name="more" /></DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {!connection.archive && <DropdownMenu.Item className="menu-item" disabled={!canStart} onSelect={() => onAsk('start')}><Icon name="history" />Sync history …</DropdownMenu.Item>}
          <DropdownMenu.Item className="menu-item" onSelect={() => navigate(`/jobs?integration=${connection.integration_id}`)}><Icon name="clock" />Its syncs</DropdownMenu.Item>
          {!connection.archive && <DropdownMenu.Item className="menu-item" onSelect={() => onAsk('reconnect')}><Icon name="refresh" />Reconnect …</DropdownMenu.Item>}
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.Item className="menu-item menu-danger" onSelect={() => onAsk('disconnect')}><Icon name="plug" />Disconnect …</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
