/** What happened to a job, newest first: who did what when. */
import { useEffect } from 'react';
import { JOB_EVENTS_MAX } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import type { HistoricalSyncJob } from '../client/index.ts';
import { usePeople } from '../state/people.ts';
import { useResource } from '../state/resource.ts';
import { actorName, eventWords } from '../words/events.ts';
import { clockTime, moment, shortDay } from '../words/time.ts';
import { Button, Notice, Skeleton } from './basics.tsx';
import { Icon } from './icon.tsx';

const FOLLOW_MS = 5_000;

export function EventLog({ job }: { job: HistoricalSyncJob }) {
  const active = job.status === 'running' || job.status === 'pending';
  const { data, error, reload } = useResource(`events:${job.job_id}`, (signal) => callRoute('listJobEvents', { params: { job_id: job.job_id } }, { signal }), { everyMs: active ? FOLLOW_MS : undefined });
  const people = usePeople();
  // Every change of state is an event.
  useEffect(() => { reload(); }, [job.status, job.reason, job.attempt, reload]);
  if (!data) return error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <Skeleton lines={4} />;
  return (
    <>
      <ol className="log" aria-label="Events, newest first">
        {data.events.map((entry, i) => {
          const { label, tone, icon } = eventWords[entry.event], today = shortDay(entry.at), before = data.events[i - 1], fresh = !before || shortDay(before.at) !== today;
          return (
            <li key={entry.no} className={`log-entry tone-${tone}`}>
              <span className="log-icon"><Icon name={icon} /></span>
              <div className="log-text"><strong>{label}</strong> <span className="log-who">{actorName(entry.actor, people)}</span><p>{entry.message}</p></div>
              <time dateTime={entry.at} title={moment(entry.at)}>{fresh && <span>{today} </span>}{clockTime(entry.at)}</time>
            </li>
          );
        })}
      </ol>
      {data.events.length === JOB_EVENTS_MAX && <p className="fine">The newest {JOB_EVENTS_MAX} are kept.</p>}
    </>
  );
}
