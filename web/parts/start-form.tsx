/** How far back: presets and a range of one's own, within what the plan reaches; with an estimate of what that brings. */
import { RadioGroup } from 'radix-ui';
import { useId, useState } from 'react';
import { newKey, startHistoricalSync } from '../client/index.ts';
import type { ApiError, StartSyncRequest } from '../client/index.ts';
import { noteJob, useJobBook } from '../state/jobs.ts';
import { useSession } from '../state/session.ts';
import type { Me } from '../state/session.ts';
import type { Connection } from '../state/sources.ts';
import { estimate, rough } from '../words/estimate.ts';
import { dateField, day, monthsBefore, number, span } from '../words/time.ts';
import { Button, Link, Notice } from './basics.tsx';
import { useAction } from './dialog.tsx';
import { Icon } from './icon.tsx';

type Choice = '1' | '3' | '6' | '12' | 'custom';
const presets: { value: Choice; label: string; months: number }[] = [
  { value: '1', label: '1 month', months: 1 }, { value: '3', label: '3 months', months: 3 }, { value: '6', label: '6 months', months: 6 }, { value: '12', label: '12 months', months: 12 },
];
/** The server measures the range when the request arrives, a moment after we did. */
const ARRIVAL_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

export function StartForm({ connection, onClose, skip }: { connection: Connection; onClose: () => void; skip: string }) {
  const session = useSession(), plan = session.state === 'signed_in' ? session.me.tenant : null;
  const reaches = (months: number): boolean => plan === null || months <= plan.months_of_history;
  // Three of them: who does not reach three months begins with one.
  const choices = reaches(3) ? presets.slice(1) : presets.slice(0, 3);
  const [choice, setChoice] = useState<Choice>(reaches(3) ? '3' : '1');
  const [today] = useState(() => new Date());
  const [from, setFrom] = useState(() => dateField(reaches(3) ? monthsBefore(today, 3) : earliest(today, plan?.months_of_history ?? 3)));
  const [to, setTo] = useState(() => dateField(today));
  const action = useAction();
  // One key for one opening: pressing twice, or again after a lost answer, starts one job.
  const [idempotencyKey] = useState(newKey);
  const fieldsId = useId();
  const invalid = choice === 'custom' && (!from || !to || from > to);
  const since = choice === 'custom' ? new Date(`${from}T00:00:00`) : monthsBefore(today, Number(choice)), until = choice === 'custom' ? new Date(`${to}T24:00:00`) : today;

  const start = (): void => void action.run(async () => {
    noteJob(await startHistoricalSync(connection.integration_id, { connection_id: connection.connection_id, ...rangeOf(choice, today, from, to) }, { idempotencyKey }));
    onClose();
  });

  return (
    <form onSubmit={(event) => { event.preventDefault(); if (!action.busy && !invalid) start(); }}>
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
        : <p className="choice-hint">Everything since {day(since.toISOString())}, newest first.</p>}
      <Expectation connection={connection} days={invalid ? 0 : Math.max(1, (Math.min(until.getTime(), today.getTime()) - since.getTime()) / DAY_MS)} plan={plan} />
      {plan && choices.some(({ months }) => !reaches(months)) && <p className="fine"><Icon name="info" />Your plan ({plan.plan}) reaches {plan.months_of_history} {plan.months_of_history === 1 ? 'month' : 'months'} back.</p>}
      {action.refusal && <Refused refusal={action.refusal} onClose={onClose} />}
      <div className="dialog-foot">
        <Button onClick={onClose}>{skip}</Button>
        <Button kind="primary" type="submit" busy={action.busy} disabled={invalid}>Start sync</Button>
      </div>
    </form>
  );
}

/** What to expect, said as the guess it is. */
function Expectation({ connection, days, plan }: { connection: Connection; days: number; plan: Me['tenant'] | null }) {
  const { jobs } = useJobBook();
  const earlier = [...jobs.values()].map(({ job }) => job).filter((job) => job.source_connection_id === connection.connection_id);
  const guess = estimate(days, earlier), left = plan ? Math.max(0, Math.floor(plan.acu.limit - plan.acu.used)) : null;
  return (
    <p className="expectation" role="status">
      <Icon name="clock" />
      {days === 0 ? <span>Choose a first day that is not after the last one.</span> : <span>
        About <strong>{number(rough(guess.records))} records</strong> in <strong>{span(guess.seconds)}</strong>, {guess.own ? 'going by this account\'s earlier syncs' : 'as mailboxes usually are'}.
        {left !== null && <> At most {number(guess.acu)} of the {number(left)} ACUs left this month.</>}
      </span>}
    </p>
  );
}

/** A refusal, with the way round it. */
function Refused({ refusal, onClose }: { refusal: ApiError; onClose: () => void }) {
  const way = refusal.code === 'already_active' || refusal.code === 'too_many_jobs' ? <Link to="/jobs?status=running" className="text-link" onClick={onClose}>Show what is running</Link>
    : refusal.code === 'quota_exhausted' || refusal.code === 'plan_limit' ? <Link to="/settings/plan" className="text-link" onClick={onClose}>See the plan</Link> : null;
  return <Notice tone="bad" alert actions={way}>{refusal.message}{refusal.retryAfterSeconds !== null && ` Try again in ${span(refusal.retryAfterSeconds)}.`}</Notice>;
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
