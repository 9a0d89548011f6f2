/** Dialogs: Radix for focus and keyboard, our own backdrop (Radix' one injects a style tag, which a strict content security policy forbids). */
import { AlertDialog, Dialog as RadixDialog } from 'radix-ui';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { ApiError } from '../client/index.ts';
import { asApiError, sessionLost } from '../state/session.ts';
import { tellTabs } from '../state/tabs.ts';
import { Button, IconButton, Notice } from './basics.tsx';

interface DialogProps { open: boolean; onClose: () => void; title: string; lead?: ReactNode; children: ReactNode; kind?: 'window' | 'sheet' }
export function Dialog({ open, onClose, title, lead, children, kind = 'window' }: DialogProps) {
  // The window itself takes the focus: its title is read out, and no button looks chosen already. Afterwards it goes back to where it was.
  const content = useRef<HTMLDivElement>(null), focus = useFocusBack();
  return (
    <RadixDialog.Root open={open} onOpenChange={(next) => { if (!next) onClose(); }}>
      <RadixDialog.Portal>
        <div className="backdrop" aria-hidden="true" />
        <RadixDialog.Content ref={content} className={kind === 'sheet' ? 'sheet' : 'dialog'} onOpenAutoFocus={(event) => { focus.remember(); event.preventDefault(); content.current?.focus(); }} onCloseAutoFocus={focus.giveBack} {...(lead ? {} : { 'aria-describedby': undefined })}>
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

/** Our dialogs are opened by state, so Radix knows no button to give the focus back to. */
function useFocusBack(): { remember: () => void; giveBack: (event: Event) => void } {
  const before = useRef<Element | null>(null);
  return {
    remember: () => { before.current = document.activeElement; },
    giveBack: (event) => { event.preventDefault(); if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true }); },
  };
}

interface ConfirmProps {
  open: boolean; onClose: () => void; title: string; text: ReactNode; yes: string; no: string; act: () => Promise<unknown>;
  /** What must be typed before it can be done: for what cannot be taken back at all. */
  typed?: string;
}
/** Asks once before something that cannot be taken back. A refusal is shown in place. */
export function Confirm({ open, onClose, title, text, yes, no, act, typed }: ConfirmProps) {
  const { busy, error, run, clear } = useAction();
  const [said, setSaid] = useState(''), focus = useFocusBack();
  const close = (): void => { clear(); setSaid(''); onClose(); };
  const sure = typed === undefined || said.trim() === typed;
  const go = (): void => { if (sure && !busy) void run(async () => { await act(); close(); }); };
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => { if (!next) close(); }}>
      <AlertDialog.Portal>
        <div className="backdrop" aria-hidden="true" />
        <AlertDialog.Content className="dialog dialog-small" aria-modal onOpenAutoFocus={focus.remember} onCloseAutoFocus={focus.giveBack}>
          <div className="dialog-head"><AlertDialog.Title>{title}</AlertDialog.Title></div>
          <AlertDialog.Description asChild><div className="dialog-lead">{text}</div></AlertDialog.Description>
          {typed !== undefined && (
            <form onSubmit={(event) => { event.preventDefault(); go(); }}>
              <label className="field dialog-typed"><span>Type <strong>{typed}</strong> to confirm</span><input value={said} autoComplete="off" spellCheck={false} onChange={(event) => setSaid(event.target.value)} /></label>
            </form>
          )}
          {error && <Notice tone="bad" alert>{error}</Notice>}
          <div className="dialog-foot">
            <AlertDialog.Cancel asChild><Button>{no}</Button></AlertDialog.Cancel>
            <Button kind="danger" busy={busy} disabled={!sure} onClick={go}>{yes}</Button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

export interface Action {
  busy: boolean;
  /** The refusal as a sentence. */
  error: string | null;
  /** The same with its code, for whoever can do something about it. */
  refusal: ApiError | null;
  /** Answers whether it went well. */
  run: (act: () => Promise<unknown>) => Promise<boolean>;
  clear: () => void;
}
/** One action at a time, its refusal as a sentence. What it changed is told to the other tabs. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  return {
    busy, refusal, error: refusal?.message ?? null, clear: () => setRefusal(null),
    run: async (act) => {
      setBusy(true);
      setRefusal(null);
      try {
        await act();
        tellTabs('changed');
        return true;
      } catch (cause) {
        const error = asApiError(cause);
        if (error.code === 'unauthenticated') sessionLost();
        setRefusal(error);
        return false;
      } finally { setBusy(false); }
    },
  };
}
