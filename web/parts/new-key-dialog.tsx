/** A new API key: its name, what it may do in words, how long it holds; and then the key, this once. */
import { useState } from 'react';
import { Scope } from '#contract/accounts';
import { callRoute } from '../client/index.ts';
import { scopeWords } from '../words/accounts.ts';
import { Button, Notice } from './basics.tsx';
import { Dialog, useAction } from './dialog.tsx';
import { ToldOnce } from './told-once.tsx';

const ages = [{ days: 30, label: '30 days' }, { days: 90, label: '90 days' }, { days: 365, label: 'One year' }, { days: 0, label: 'Until it is revoked' }] as const;

export function NewKeyDialog({ open, onClose, onDone }: { open: boolean; onClose: () => void; onDone: () => void }) {
  const [name, setName] = useState(''), [scopes, setScopes] = useState<readonly Scope[]>(['read']), [days, setDays] = useState(90), [key, setKey] = useState<string | null>(null);
  const { busy, error, run, clear } = useAction();
  const close = (): void => { clear(); setName(''); setScopes(['read']); setDays(90); setKey(null); onClose(); };
  const make = (): void => void run(async () => {
    setKey((await callRoute('createApiKey', { body: { name, scopes: [...scopes], ...(days > 0 ? { expires_in_days: days } : {}) } })).key);
    onDone();
  });
  const toggle = (scope: Scope): void => setScopes(scopes.includes(scope) ? scopes.filter((one) => one !== scope) : [...scopes, scope]);
  return (
    <Dialog open={open} onClose={close} title={key ? 'Your new key' : 'New API key'} {...(key ? {} : { lead: 'For scripts and agents that call the API.' })}>
      {key ? <>
        <ToldOnce label={name.trim()} value={key} note="It is shown this once: we keep only its hash. Put it where secrets are kept." />
        <div className="dialog-foot"><Button kind="primary" onClick={close}>I have it</Button></div>
      </> : (
        <form className="form" onSubmit={(event) => { event.preventDefault(); if (!busy && scopes.length > 0) make(); }}>
          <label className="field">Name<input required maxLength={200} autoComplete="off" value={name} placeholder="What it is for" onChange={(event) => setName(event.target.value)} /></label>
          <fieldset className="options">
            <legend>It may</legend>
            {Scope.options.map((one) => <label key={one} className="option"><input type="checkbox" checked={scopes.includes(one)} onChange={() => toggle(one)} /><strong>{scopeWords[one].label}</strong><small>{scopeWords[one].may}</small></label>)}
          </fieldset>
          <label className="field">Good for<select value={days} onChange={(event) => setDays(Number(event.target.value))}>{ages.map((one) => <option key={one.days} value={one.days}>{one.label}</option>)}</select></label>
          {error && <Notice tone="bad" alert>{error}</Notice>}
          <div className="dialog-foot"><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" busy={busy} disabled={scopes.length === 0}>Make the key</Button></div>
        </form>
      )}
    </Dialog>
  );
}
