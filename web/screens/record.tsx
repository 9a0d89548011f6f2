/** One record, beside whatever screen one came from: `?record=<id>` anywhere. Back closes it, reload keeps it. */
import { callRoute } from '../client/index.ts';
import { Button, Empty, Skeleton } from '../parts/basics.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { EntityChips } from '../parts/entity-chips.tsx';
import { Icon } from '../parts/icon.tsx';
import { RecordText } from '../parts/marked.tsx';
import { useResource } from '../state/resource.ts';
import { goBack, hrefWith } from '../state/router.ts';
import { integrationTitle, streamTitle } from '../words/job.ts';
import { moment } from '../words/time.ts';

export function RecordSheet({ recordId, query }: { recordId: string | null; query: string }) {
  const { data, error, reload } = useResource(recordId ? `record:${recordId}` : null, (signal) => callRoute('getRecord', { params: { record_id: recordId ?? '' } }, { signal }));
  const close = (): void => goBack(hrefWith({ record: null }));
  const title = data ? data.title || 'No subject' : error ? 'Not available' : 'Loading …';
  return (
    <Dialog kind="sheet" open={recordId !== null} onClose={close} title={title}>
      {!data && error && <Empty icon="alert" title={error.code === 'not_found' ? 'This record is gone' : 'The record could not be loaded'} action={error.code === 'not_found' ? <Button onClick={close}>Back</Button> : <Button onClick={reload}>Try again</Button>}>{error.code === 'not_found' ? 'It was forgotten, or never was yours.' : error.message}</Empty>}
      {!data && !error && <Skeleton lines={8} />}
      {data && (
        <article className="record">
          <p className="record-meta">
            <time dateTime={data.occurred_at}>{moment(data.occurred_at)}</time>
            <span>{[integrationTitle(data.integration_id), streamTitle({ name: data.stream })].filter(Boolean).join(' · ')}</span>
            {data.url && <a className="text-link" href={data.url} target="_blank" rel="noopener noreferrer">Open original<Icon name="external" /></a>}
          </p>
          <EntityChips entities={data.entities} />
          <RecordText record={data} query={query} />
        </article>
      )}
    </Dialog>
  );
}
