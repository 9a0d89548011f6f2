/** An integration that could be connected, or connected once more for another account. */
import { useState } from 'react';
import type { Integration } from '../state/sources.ts';
import { listOf } from '../words/job.ts';
import { Button } from './basics.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { IntegrationIcon } from './integration-icon.tsx';
import { UploadDialog } from './upload-dialog.tsx';

export function IntegrationCard({ integration, connected, onChange }: { integration: Integration; connected: number; onChange: () => void }) {
  const [open, setOpen] = useState(false), close = (): void => setOpen(false), isFile = integration.upload !== null;
  return (
    <article className="card integration" aria-label={integration.title}>
      <IntegrationIcon id={integration.integration_id} />
      <div className="card-title">
        <h3>{integration.title}</h3>
        <p>{reads(integration)}</p>
      </div>
      <Button kind={connected > 0 ? 'plain' : 'primary'} icon={isFile ? 'upload' : connected > 0 ? 'plus' : 'link'} onClick={() => setOpen(true)}>{isFile ? 'Choose a file' : connected > 0 ? 'Another account' : 'Connect'}</Button>
      {isFile ? <UploadDialog open={open} onClose={close} integration={integration} onDone={onChange} /> : <ConnectDialog open={open} onClose={close} integrationId={integration.integration_id} title={integration.title} />}
    </article>
  );
}

/** What it reads is what matters here; the whole list comes before consent. */
function reads(integration: Integration): string {
  if (integration.upload) return `${integration.upload.in_words}.`;
  const inWords = integration.scopes.map((one) => one.in_words.replace(/\.$/, '')), reading = inWords.filter((words) => /^read/i.test(words));
  const said = listOf((reading.length > 0 ? reading : inWords).map((words) => words.charAt(0).toLowerCase() + words.slice(1)));
  return said ? `${said.charAt(0).toUpperCase()}${said.slice(1)}.` : 'Not connected yet.';
}
