/** A file from disk into memory: chosen or dropped, sent with its progress, its import begun. */
import { useId, useRef, useState } from 'react';
import type { DragEvent } from 'react';
import { startHistoricalSync } from '../client/index.ts';
import { uploadArchive } from '../client/upload.ts';
import { noteJob } from '../state/jobs.ts';
import type { Connection, Integration } from '../state/sources.ts';
import { toast } from '../state/toasts.ts';
import { bytes } from '../words/bytes.ts';
import { percent } from '../words/time.ts';
import { Button, Notice } from './basics.tsx';
import { Dialog, useAction } from './dialog.tsx';
import { Icon } from './icon.tsx';

interface Props { open: boolean; onClose: () => void; integration: Integration; onDone: () => void }
export function UploadDialog({ open, onClose, integration, onDone }: Props) {
  const [file, setFile] = useState<File | null>(null), [part, setPart] = useState<number | null>(null), [over, setOver] = useState(false);
  const { busy, error, run, clear } = useAction(), running = useRef<AbortController | null>(null);
  const inputId = useId(), { upload } = integration;
  if (!upload) return null;
  const wrong = file && whyNot(file, upload);

  const choose = (chosen: File | undefined): void => { if (chosen && !busy) { clear(); setPart(null); setFile(chosen); } };
  const drop = (event: DragEvent): void => { event.preventDefault(); setOver(false); choose(event.dataTransfer.files[0]); };
  const close = (): void => { running.current?.abort(new DOMException('The upload was stopped.', 'AbortError')); clear(); setFile(null); setPart(null); onClose(); };
  const send = (chosen: File): void => {
    const stopper = new AbortController();
    running.current = stopper;
    setPart(0);
    void run(async () => {
      const connection = await uploadArchive(chosen, { integrationId: integration.integration_id, onProgress: setPart, signal: stopper.signal })
        .catch((cause: unknown) => { if (stopper.signal.aborted) return null; throw cause; });
      if (connection) await begin(connection);
    }).then((done) => { running.current = null; if (done && !stopper.signal.aborted) { onDone(); close(); } else setPart(null); });
  };

  return (
    <Dialog open={open} onClose={close} title={integration.title} lead={`${upload.in_words}.`}>
      <label htmlFor={inputId} className={`drop${over ? ' drop-over' : ''}`}>
        <input id={inputId} type="file" className="drop-input" accept={upload.extensions.join(',')} disabled={busy}
          onDragEnter={() => setOver(true)} onDragLeave={() => setOver(false)} onDrop={drop} onChange={(event) => { choose(event.target.files?.[0]); event.target.value = ''; }} />
        <Icon name="upload" />
        {file ? <span><strong className="drop-name">{file.name}</strong><small>{bytes(file.size)}</small></span> : <span><strong>Choose a file</strong><small>or drop it here. {upload.extensions.join(', ')}, up to {bytes(upload.bytes_max)}</small></span>}
      </label>
      {part !== null && <div className="upload-progress">
        <div className="bar" role="progressbar" aria-label={`Upload of ${file?.name ?? 'the file'}`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(part * 100)}><div className="bar-fill" style={{ transform: `scaleX(${part})` }} /></div>
        <p className="quiet">{part < 1 ? `${percent(part * 100, false)} sent` : 'Sent. Making sure that it has arrived as it is …'}</p>
      </div>}
      {wrong && <Notice tone="warn">{wrong}</Notice>}
      {error && <Notice tone="bad" alert>{error}</Notice>}
      <p className="fine"><Icon name="shield" />It is read as far back as your plan reaches. A file of the same name takes the place of the one before.</p>
      <div className="dialog-foot">
        <Button onClick={close}>{busy ? 'Stop' : 'Not now'}</Button>
        <Button kind="primary" icon="upload" busy={busy} disabled={!file || wrong !== null && wrong !== undefined} onClick={() => { if (file) send(file); }}>Upload and import</Button>
      </div>
    </Dialog>
  );
}

/** The whole file: the server knows how far back the plan reaches. A start that is refused leaves the file, and says why. */
async function begin(connection: Connection): Promise<void> {
  try {
    noteJob(await startHistoricalSync(connection.integration_id, { connection_id: connection.connection_id }));
  } catch (cause) {
    toast({ tone: 'warn', title: `${connection.account} is uploaded`, text: cause instanceof Error ? `Its import has not begun: ${cause.message}` : 'Its import has not begun.' });
  }
}

/** What can be told before sending gigabytes. */
function whyNot({ name, size }: File, { extensions, bytes_max: most }: NonNullable<Integration['upload']>): string | null {
  if (size === 0) return 'This file is empty.';
  if (size > most) return `This file has ${bytes(size)}; at most ${bytes(most)} are taken. Split it, or connect the account instead.`;
  return extensions.some((extension) => name.toLowerCase().endsWith(extension)) ? null : `This does not look like one: the name should end in ${extensions.join(' or ')}.`;
}
