/** Dialogs: Radix for focus and keyboard, our own backdrop (Radix' one injects a style tag, which a strict content security policy forbids). */
import { AlertDialog, Dialog as RadixDialog } from 'radix-ui';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { ApiError } from '../client/index.ts';
import { sessionLost } from '../state/session.ts';
import { Button, IconButton, Notice } from './basics.tsx';

interface DialogProps { open: boolean; onClose: () => void; title: string; lead?: ReactNode; children: ReactNode; kind?: 'window' | 'sheet' }
export function Dialog({ open, onClose, title, lead, children, kind = 'window' }: DialogProps) {
  // The window itself takes the focus: its title is read out, and no button looks chosen already.
  const content = useRef<HTMLDivElement>(null);
  return (
    <RadixDialog.Root open={open} onOpenChange={(next) => { if (!next) onClose(); }}>
      <RadixDialog.Portal>
        <div className="backdrop" aria-hidden="true" />
        <RadixDialog.Content ref={content} className={kind === 'sheet' ? 'sheet' : 'dialog'} onOpenAutoFocus={(event) => { event.preventDefault(); content.current?.focus(); }} {...(lead ? {} : { 'aria-describedby': undefined })}>
          <div className="dialog-head">
            <RadixDialog.Title>{title}</RadixDialog.Title>
            <RadixDialog.Close asChild><IconButton icon="close" label="Close" /></RadixDialog.Close>
          </div>
          {lead && <RadixDialog.Description asChild><div className="dialog-lead">{lead}</div></RadixDialog.Description>}
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

interface ConfirmProps { open: boolean; onClose: () => void; title: string; text: ReactNode; yes: string; no: string; act: () => Promise<unknown> }
/** Asks once before something that cannot be taken back. A refusal is shown in place. */
export function Confirm({ open, onClose, title, text, yes, no, act }: ConfirmProps) {
  const { busy, error, run, clear } = useAction();
  const close = (): void => { clear(); onClose(); };
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => { if (!next) close(); }}>
      <AlertDialog.Portal>
        <div className="backdrop" aria-hidden="true" />
        <AlertDialog.Content className="dialog dialog-small">
          <div className="dialog-head"><AlertDialog.Title>{title}</AlertDialog.Title></div>
          <AlertDialog.Description asChild><div className="dialog-lead">{text}</div></AlertDialog.Description>
          {error && <Notice tone="bad" alert>{error}</Notice>}
          <div className="dialog-foot">
            <AlertDialog.Cancel asChild><Button>{no}</Button></AlertDialog.Cancel>
            <Button kind="danger" busy={busy} onClick={() => void run(async () => { await act(); close(); })}>{yes}</Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

/** One action at a time, its refusal as a sentence. */
export function useAction(): { busy: boolean; error: string | null; run: (act: () => Promise<unknown>) => Promise<void>; clear: () => void } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  return {
    busy, error, clear: () => setError(null),
    run: async (act) => {
      setBusy(true);
      setError(null);
      try {
        await act();
      } catch (cause) {
        if (cause instanceof ApiError && cause.code === 'unauthenticated') sessionLost();
        setError(cause instanceof ApiError ? cause.message : 'This page ran into a fault of its own. Reload it.');
      } finally { setBusy(false); }
    },
  };
}
