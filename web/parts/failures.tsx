/** Records of a job that could not be read or processed: which, why, how often, and trying them again. They did not stop the job. */
import { useEffect, useState } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer, HistoricalSyncJob } from '../client/index.ts';
import { noteJob } from '../state/jobs.ts';
import { useResource } from '../state/resource.ts';
import { toast } from '../state/toasts.ts';
import { streamTitle } from '../words/job.ts';
import { ago, count, moment } from '../words/time.ts';
import { Button, Notice, Skeleton } from './basics.tsx';
import { useAction } from './dialog.tsx';
import { Pager } from './pager.tsx';

type Failure = CallAnswer<'listFailures'>['failures'][number];
const kinds: Record<Failure['kind'], string> = { unreadable: 'Could not be read', not_processed: 'Could not be processed' };
const PAGE = 20;

export function Failures({ job }: { job: HistoricalSyncJob }) {
  const [offset, setOffset] = useState(0);
  const { data, error, reload } = useResource(`failures:${job.job_id}:${offset}`, (signal) => callRoute('listFailures', { params: { job_id: job.job_id }, query: { limit: PAGE, offset } }, { signal }));
  const action = useAction();
  useEffect(() => { reload(); }, [job.ledger.failed, job.status, reload]);
  const going = job.status === 'running' || job.status === 'pending';

  const retry = async (): Promise<void> => {
    await action.run(async () => {
      noteJob(await callRoute('retryFailures', { params: { job_id: job.job_id } }));
      toast({ tone: 'neutral', title: 'Trying the failed records again', text: 'Only they are read; everything else stays as it is.' });
    });
  };
  if (!data) return error ? <Notice tone="bad" actions={<Button onClick={reload}>Try again</Button>}>{error.message}</Notice> : <Skeleton lines={3} />;
  if (data.total === 0) return <p className="quiet">Every record could be read.</p>;
  return (
    <>
      <div className="failures-head">
        <p>{count(data.total, 'record')} could not be stored. They did not stop the sync, and can be tried again alone.</p>
        <Button icon="refresh" busy={action.busy} disabled={going} title={going ? 'Possible when the sync has ended or is paused' : undefined} onClick={() => void retry()}>Try them again</Button>
      </div>
      {action.error && <Notice tone="bad" alert>{action.error}</Notice>}
      <ul className="failures">
        {data.failures.map((one) => (
          <li key={one.record_id}>
            <p className="failure-why"><strong>{kinds[one.kind]}</strong> {one.message}</p>
            <p className="failure-what"><span>{streamTitle(job.streams.find((stream) => stream.name === one.stream) ?? { name: one.stream })}</span><code title="The provider's own id">{one.provider_id}</code><span>{count(one.attempts, 'attempt')}</span><time dateTime={one.failed_at} title={moment(one.failed_at)}>{ago(one.failed_at)}</time></p>
          </li>
        ))}
      </ul>
      <Pager total={data.total} limit={PAGE} offset={offset} go={setOffset} />
    </>
  );
}
