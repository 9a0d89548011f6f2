/** One's own way in: the password, and the end of every session. */
import { useState } from 'react';
import { PASSWORD_CHARS_MIN } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import { signedOutEverywhere } from '../state/session.ts';
import type { Me } from '../state/session.ts';
import { toast } from '../state/toasts.ts';
import { Button, Notice } from './basics.tsx';
import { Confirm, useAction } from './dialog.tsx';

export function SignInCard({ me }: { me: Me }) {
  const [now, setNow] = useState(''), [next, setNext] = useState(''), [asking, setAsking] = useState(false), { busy, error, run } = useAction();
  const change = (): void => void run(async () => {
    await callRoute('changePassword', { body: { current_password: now, new_password: next } });
    setNow(''); setNext('');
    toast({ tone: 'good', title: 'The password is changed', text: 'You are signed out everywhere else.' });
  });
  return (
    <>
      <section className="card" aria-labelledby="password">
        <h2 id="password">Password</h2>
        <form className="form" onSubmit={(event) => { event.preventDefault(); if (!busy) change(); }}>
          <input type="email" autoComplete="username" value={me.user?.email ?? ''} readOnly hidden />
          <div className="form-two">
            <label className="field">Current password<input type="password" required autoComplete="current-password" value={now} onChange={(event) => setNow(event.target.value)} /></label>
            <label className="field">New password<input type="password" required autoComplete="new-password" minLength={PASSWORD_CHARS_MIN} value={next} onChange={(event) => setNext(event.target.value)} /></label>
          </div>
          <p className="fine">At least {PASSWORD_CHARS_MIN} characters.</p>
          {error && <Notice tone="bad" alert>{error}</Notice>}
          <div className="form-foot"><Button kind="primary" type="submit" busy={busy}>Change the password</Button></div>
        </form>
      </section>
      <section className="card" aria-labelledby="sessions">
        <div className="card-line">
          <div><h2 id="sessions">Sign out everywhere</h2><p className="quiet">Ends every session of yours, on all devices, this one too. API keys stay.</p></div>
          <Button icon="out" onClick={() => setAsking(true)}>Sign out everywhere</Button>
        </div>
        <Confirm open={asking} onClose={() => setAsking(false)} title="Sign out everywhere?" yes="Sign out" no="Stay" text="You will have to sign in again on every device."
          act={async () => { await callRoute('signOutEverywhere', {}); signedOutEverywhere(); }} />
      </section>
    </>
  );
}
