/** The end of an invitation's link, `/invitation#<token>`: what it is for, and joining, with the account one has or a new one. The token stays in the address's fragment, which no server sees. */
import { useState } from 'react';
import { PASSWORD_CHARS_MIN } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { Button, Empty, Link, Notice, Skeleton } from '../parts/basics.tsx';
import { useAction } from '../parts/dialog.tsx';
import { Mark } from '../parts/icon.tsx';
import { useResource } from '../state/resource.ts';
import { askWho, signIn } from '../state/session.ts';
import { navigate } from '../state/router.ts';
import { roleWords } from '../words/accounts.ts';
import { day } from '../words/time.ts';

type Shown = CallAnswer<'showInvitation'>;

/** `email`: of whoever is signed in, where that is known. */
interface Visitor { signedIn: boolean; email: string | null }
export function InvitationScreen(visitor: Visitor) {
  const [token] = useState(() => location.hash.slice(1));
  const { data, error, reload } = useResource(token ? `invitation.${token}` : null, (signal) => callRoute('showInvitation', { body: { token } }, { signal }));
  const lost = token === '' || (error !== null && error.code !== 'unavailable');
  return (
    <main className="alone">
      {lost && <Empty icon="link" title="This invitation is no longer good" action={<Link to="/" className="button button-primary">To Historical Sync</Link>}>{error?.message ?? 'The link is not complete.'} Ask whoever invited you for a new one.</Empty>}
      {!lost && error && <Empty icon="alert" title="No answer" action={<Button kind="primary" onClick={reload}>Try again</Button>}>{error.message}</Empty>}
      {!lost && !error && !data && <div className="sign-in"><Skeleton lines={5} /></div>}
      {data && <Join shown={data} token={token} visitor={visitor} />}
    </main>
  );
}

function Join({ shown, token, visitor: { signedIn, email } }: { shown: Shown; token: string; visitor: Visitor }) {
  const [has, setHas] = useState(false), [name, setName] = useState(''), [password, setPassword] = useState(''), { busy, error, run, clear } = useAction();
  const isOther = email !== null && email.toLowerCase() !== shown.email.toLowerCase();
  const join = (): void => void run(async () => {
    if (!signedIn && has) await signIn(shown.email, password);
    if (!signedIn && !has) await callRoute('signUp', { body: { name, email: shown.email, password, invitation_token: token } });
    else await callRoute('acceptInvitation', { body: { token } });
    navigate('/', { replace: true });
    await askWho();
  });
  return (
    <form className="sign-in" onSubmit={(event) => { event.preventDefault(); if (!busy) join(); }}>
      <Mark />
      <h1>Join {shown.tenant_name}</h1>
      <p className="lead">{shown.invited_by} invites {shown.email} as {roleWords[shown.role].label.toLowerCase()}: {roleWords[shown.role].may.toLowerCase()} Good until {day(shown.expires_at)}.</p>
      {isOther && <Notice tone="warn">You are signed in as {email}. Sign out first, or ask for an invitation to that address.</Notice>}
      {!signedIn && !has && <label className="field">Name<input name="name" autoComplete="name" required value={name} onChange={(event) => setName(event.target.value)} /></label>}
      {!signedIn && <>
        <input type="email" autoComplete="username" value={shown.email} readOnly hidden />
        <label className="field">Password<input type="password" name="password" required minLength={has ? 1 : PASSWORD_CHARS_MIN} autoComplete={has ? 'current-password' : 'new-password'} value={password} onChange={(event) => setPassword(event.target.value)} /></label>
      </>}
      {error && <Notice tone="bad" alert>{error}</Notice>}
      <Button kind="primary" type="submit" busy={busy} disabled={isOther} className="wide">{!signedIn && has ? 'Sign in and join' : 'Join'}</Button>
      {!signedIn && <button type="button" className="text-link" onClick={() => { clear(); setHas(!has); }}>{has ? 'I have no account yet' : 'I have an account already'}</button>}
    </form>
  );
}
