/** The historical-sync prompt: why, how far back, Start or Skip. Opens by itself after connecting, or on demand. */
import { RadioGroup } from 'radix-ui';
import { useId, useState } from 'react';
import { ApiError, newKey, startHistoricalSync } from '../client/index.ts';
import type { StartSyncRequest } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import { useSession } from '../state/session.ts';
import { integrationTitle } from '../words/job.ts';
import { dateField, day, monthsBefore } from '../words/time.ts';
import { Address, Button, Link, Notice } from './basics.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';
import type { Connection } from './job-actions.tsx';

const benefits: { icon: IconName; title: string; text: string }[] = [
  { icon: 'search', title: 'Find anything you ever wrote or received', text: 'By its words or by its meaning, from the first minute: the newest days come first.' },
  { icon: 'graph', title: 'See who and what belongs together', text: 'People, companies, threads and meetings become a graph, each fact with its source.' },
  { icon: 'shield', title: 'Yours alone, and nothing twice', text: 'Passwords and card numbers are taken out before anything is stored. Pause or cancel whenever you like.' },
];
type Choice = '3' | '6' | '12' | 'custom';
const choices: { value: Choice; label: string; months: number }[] = [
  { value: '3', label: '3 months', months: 3 }, { value: '6', label: '6 months', months: 6 }, { value: '12', label: '12 months', months: 12 },
];
/** The server measures the range when the request arrives, a moment after we did. */
const ARRIVAL_MS = 5 * 60_000;

interface Props { open: boolean; onClose: () => void; connection: Connection; prompt?: boolean }
export function StartDialog({ open, onClose, connection, prompt = false }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title={prompt ? `${integrationTitle(connection.integration_id)} is connected` : 'Sync history'}
      lead={prompt ? <>Shall we read the past of <strong><Address of={connection.account} /></strong>, so that you can search it?</> : <>Reads the past of <strong><Address of={connection.account} /></strong> into memory. What is there already is not stored twice.</>}>
      {prompt && <ul className="benefits">{benefits.map((one) => <li key={one.title}><span className="benefit-icon"><Icon name={one.icon} /></span><div><strong>{one.title}</strong><p>{one.text}</p></div></li>)}</ul>}
      <StartForm connection={connection} onClose={onClose} skip={prompt ? 'Skip for now' : 'Cancel'} />
    </Dialog>
  );
}

function StartForm({ connection, onClose, skip }: { connection: Connection; onClose: () => void; skip: string }) {
  const session = useSession();
  const plan = session.state === 'signed_in' ? session.me.tenant : null;
  const [choice, setChoice] = useState<Choice>('3');
  const [today] = useState(() => new Date());
  const [from, setFrom] = useState(() => dateField(monthsBefore(today, 3)));
  const [to, setTo] = useState(() => dateField(today));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  // One key for one opening: pressing twice, or again after a lost answer, starts one job.
  const [idempotencyKey] = useState(newKey);
  const fieldsId = useId();
  const reaches = (months: number): boolean => plan === null || months <= plan.months_of_history;
  const tooShort = plan !== null && choices.some(({ months }) => !reaches(months));
  const invalid = choice === 'custom' && (!from || !to || from > to);

  async function start(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      noteJob(await startHistoricalSync(connection.integration_id, { connection_id: connection.connection_id, ...rangeOf(choice, today, from, to) }, { idempotencyKey }));
      onClose();
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError('internal', 'This page ran into a fault of its own. Reload it.'));
    } finally { setBusy(false); }
  }

  return (
    <form onSubmit={(event) => { event.preventDefault(); if (!busy && !invalid) void start(); }}>
      <h3 className="dialog-label" id={`${fieldsId}-label`}>How far back?</h3>
      <RadioGroup.Root className="choices" value={choice} onValueChange={(value) => setChoice(value as Choice)} aria-labelledby={`${fieldsId}-label`}>
        {choices.map(({ value, label, months }) => <RadioGroup.Item key={value} value={value} className="choice" disabled={!reaches(months)}>{label}</RadioGroup.Item>)}
        <RadioGroup.Item value="custom" className="choice">Custom</RadioGroup.Item>
      </RadioGroup.Root>
      {choice === 'custom'
        ? <div className="range-fields">
            <label>From<input type="date" value={from} max={to || dateField(today)} {...(plan && plan.months_of_history > 0 ? { min: dateField(earliest(today, plan.months_of_history)) } : {})} required onChange={(event) => setFrom(event.target.value)} /></label>
            <label>To<input type="date" value={to} min={from} max={dateField(today)} required onChange={(event) => setTo(event.target.value)} /></label>
          </div>
        : <p className="choice-hint">Everything since {day(monthsBefore(today, Number(choice)).toISOString())}, newest first.</p>}
      {tooShort && plan && <p className="fine"><Icon name="info" />Your plan ({plan.plan}) reaches {plan.months_of_history} months back.</p>}
      {error && <Notice tone="bad" alert actions={error.code === 'already_active' && <Link to="/jobs" className="text-link" onClick={onClose}>Show it</Link>}>
        {error.message}{error.retryAfterSeconds !== null && ` Try again in ${error.retryAfterSeconds} s.`}
      </Notice>}
      <div className="dialog-foot">
        <Button onClick={onClose}>{skip}</Button>
        <Button kind="primary" type="submit" busy={busy} disabled={invalid}>Start sync</Button>
      </div>
    </form>
  );
}

/** A custom day begins at midnight, so the first day that is wholly within the plan. */
function earliest(today: Date, months: number): Date { const first = monthsBefore(today, months); first.setDate(first.getDate() + 1); return first; }

function rangeOf(choice: Choice, today: Date, from: string, to: string): Pick<StartSyncRequest, 'start_date' | 'end_date'> {
  if (choice === '3') return {};
  if (choice !== 'custom') return { start_date: new Date(monthsBefore(today, Number(choice)).getTime() + ARRIVAL_MS).toISOString() };
  const endOfDay = new Date(`${to}T24:00:00`);
  const start = new Date(`${from}T00:00:00`).toISOString();
  return endOfDay > today ? { start_date: start } : { start_date: start, end_date: endOfDay.toISOString() };
}
