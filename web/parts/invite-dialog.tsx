/** Inviting somebody: the address, the role in words, and the link, told once. No mail is sent. */
import { useState } from 'react';
import type { Role } from '#contract/accounts';
import { callRoute } from '../client/index.ts';
import type { Me } from '../state/session.ts';
import { roleWords } from '../words/accounts.ts';
import { Button, Notice } from './basics.tsx';
import { Dialog, useAction } from './dialog.tsx';
import { ToldOnce } from './told-once.tsx';

export function InviteDialog({ open, onClose, me, onDone }: { open: boolean; onClose: () => void; me: Me; onDone: () => void }) {
  const [email, setEmail] = useState(''), [role, setRole] = useState<Role>('member'), [link, setLink] = useState<string | null>(null);
  const { busy, error, run, clear } = useAction();
  const close = (): void => { clear(); setEmail(''); setRole('member'); setLink(null); onClose(); };
  const invite = (): void => void run(async () => { setLink((await callRoute('invite', { body: { email, role } })).link); onDone(); });
  return (
    <Dialog open={open} onClose={close} title={link ? 'Pass this link on' : 'Invite somebody'} lead={link ? <>It lets <strong>{email.trim()}</strong> join {me.tenant.name}, once, within a week.</> : `To ${me.tenant.name}. You get a link to pass on; we send no mail.`}>
      {link ? <>
        <ToldOnce label="Link" value={link} note="It is shown this once. If it gets lost, take the invitation back and make a new one." />
        <div className="dialog-foot"><Button kind="primary" onClick={close}>Done</Button></div>
      </> : (
        <form className="form" onSubmit={(event) => { event.preventDefault(); if (!busy) invite(); }}>
          <label className="field">E-mail<input type="email" required autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} /></label>
          <fieldset className="options">
            <legend>Role</legend>
            {(['member', 'admin', 'owner'] as const).filter((one) => one !== 'owner' || me.role === 'owner').map((one) => (
              <label key={one} className="option"><input type="radio" name="role" checked={role === one} onChange={() => setRole(one)} /><strong>{roleWords[one].label}</strong><small>{roleWords[one].may}</small></label>
            ))}
          </fieldset>
          {error && <Notice tone="bad" alert>{error}</Notice>}
          <div className="dialog-foot"><Button onClick={close}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>Make the link</Button></div>
        </form>
      )}
    </Dialog>
  );
}
