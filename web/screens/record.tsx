/** One record, beside whatever screen one came from: `?record=<id>` anywhere. Back closes it, reload keeps it. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import { Button, Empty, Skeleton } from '../parts/basics.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { EntityChips } from '../parts/entity-chips.tsx';
import { Icon } from '../parts/icon.tsx';
import { RecordText } from '../parts/marked.tsx';
import { reloadResources, useResource } from '../state/resource.ts';
import { goBack, hrefWith } from '../state/router.ts';
import type { Me } from '../state/session.ts';
import { toast } from '../state/toasts.ts';
import { receiptSentence } from '../words/erasure.ts';
import { integrationTitle, streamTitle } from '../words/job.ts';
import { moment } from '../words/time.ts';

/** What shows records, and so shows one less. The sheet itself is closing. */
const SHOWING = ['search', 'node', 'sources', 'memory-stats', 'discovered', 'entity-types', 'erasures'];

export function RecordSheet({ me, recordId, query }: { me: Me; recordId: string | null; query: string }) {
  const [asking, setAsking] = useState(false);
  const { data, error, reload } = useResource(recordId ? `record:${recordId}` : null, (signal) => callRoute('getRecord', { params: { record_id: recordId ?? '' } }, { signal }));
  const close = (): void => goBack(hrefWith({ record: null }));
  const title = data ? data.title || 'No subject' : error ? 'Not available' : 'Loading …';
  const forget = async (): Promise<void> => {
    const receipt = await callRoute('forgetRecord', { params: { record_id: recordId ?? '' } });
    toast({ tone: 'good', title: 'The record is forgotten', text: receiptSentence(receipt) });
    close();
    for (const about of SHOWING) reloadResources(about);
  };
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
          {me.scopes.includes('admin') && <footer className="record-foot"><Button kind="quiet" icon="trash" onClick={() => setAsking(true)}>Forget this record …</Button></footer>}
        </article>
      )}
      <Confirm open={asking} onClose={() => setAsking(false)} title="Forget this record?" yes="Forget it" no="Keep it" act={forget}
        text={<>It goes from search and from the graph, for everybody in the team, with whatever only it said. This cannot be taken back. At its provider it stays; a later sync that meets it there stores it again.</>} />
    </Dialog>
  );
}
