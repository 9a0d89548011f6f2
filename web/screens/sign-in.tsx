/** Sign in with e-mail and password; where anybody may, make an account and a team. The address stays, so that one arrives where one wanted to go. */
import { useState } from 'react';
import { PASSWORD_CHARS_MIN } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import { Button, Notice } from '../parts/basics.tsx';
import { useAction } from '../parts/dialog.tsx';
import { Mark } from '../parts/icon.tsx';
import { useResource } from '../state/resource.ts';
import { askWho, signIn } from '../state/session.ts';

export function SignInScreen({ expired }: { expired: boolean }) {
  const [isNew, setNew] = useState(false), [name, setName] = useState(''), [team, setTeam] = useState(''), [email, setEmail] = useState(''), [password, setPassword] = useState('');
  const { data: options } = useResource('sign-in.options', (signal) => callRoute('signInOptions', {}, { signal }));
  const { busy, error, run, clear } = useAction();
  const enter = (): void => void run(async () => {
    if (!isNew) return signIn(email.trim(), password);
    await callRoute('signUp', { body: { name: name.trim(), tenant_name: team.trim(), email: email.trim(), password } });
    await askWho();
  });
  return (
    <main className="alone">
      <form className="sign-in" onSubmit={(event) => { event.preventDefault(); if (!busy) enter(); }}>
        <Mark />
        <h1>{isNew ? 'Begin with Historical Sync' : 'Sign in to Historical Sync'}</h1>
        <p className="lead">{isNew ? 'You get a team of your own. Others join it by your invitation.' : 'Your mail and calendar, months back, as a memory you can search.'}</p>
        {expired && !error && !isNew && <Notice tone="neutral">You were signed out. Sign in to go on where you were.</Notice>}
        {isNew && <>
          <label className="field">Your name<input name="name" autoComplete="name" required autoFocus value={name} onChange={(event) => setName(event.target.value)} /></label>
          <label className="field">Name of your team<input name="team" autoComplete="organization" required value={team} onChange={(event) => setTeam(event.target.value)} /></label>
        </>}
        <label className="field">E-mail<input type="email" name="email" autoComplete="username" required autoFocus={!isNew} value={email} onChange={(event) => setEmail(event.target.value)} /></label>
        <label className="field">Password<input key={String(isNew)} type="password" name="password" required minLength={isNew ? PASSWORD_CHARS_MIN : 1} placeholder={isNew ? `At least ${PASSWORD_CHARS_MIN} characters` : undefined} autoComplete={isNew ? 'new-password' : 'current-password'} value={password} onChange={(event) => setPassword(event.target.value)} /></label>
        {error && <Notice tone="bad" alert>{error}</Notice>}
        <Button kind="primary" type="submit" busy={busy} className="wide">{isNew ? 'Make an account' : 'Sign in'}</Button>
        {options?.sign_up === 'open' && <button type="button" className="text-link" onClick={() => { clear(); setNew(!isNew); }}>{isNew ? 'I have an account already' : 'I have no account yet'}</button>}
      </form>
    </main>
  );
}
