/** Sign in: e-mail and password. The address stays, so that one arrives where one wanted to go. */
import { useState } from 'react';
import { Button, Notice } from '../parts/basics.tsx';
import { useAction } from '../parts/dialog.tsx';
import { Mark } from '../parts/icon.tsx';
import { signIn } from '../state/session.ts';

export function SignInScreen({ expired }: { expired: boolean }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAction();
  return (
    <main className="alone">
      <form className="sign-in" onSubmit={(event) => { event.preventDefault(); if (!busy) void run(() => signIn(email.trim(), password)); }}>
        <Mark />
        <h1>Sign in to Historical Sync</h1>
        <p className="lead">Your mail and calendar, months back, as a memory you can search.</p>
        {expired && !error && <Notice tone="neutral">You were signed out. Sign in to go on where you were.</Notice>}
        <label className="field">E-mail<input type="email" name="email" autoComplete="username" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} /></label>
        <label className="field">Password<input type="password" name="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} /></label>
        {error && <Notice tone="bad" alert>{error}</Notice>}
        <Button kind="primary" type="submit" busy={busy} className="wide">Sign in</Button>
      </form>
    </main>
  );
}
