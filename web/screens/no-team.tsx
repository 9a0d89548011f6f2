/** Signed in, but in no team (any more): wait for an invitation, or begin one of one's own. */
import { useState } from 'react';
import { callRoute } from '../client/index.ts';
import { Button, Notice } from '../parts/basics.tsx';
import { useAction } from '../parts/dialog.tsx';
import { Mark } from '../parts/icon.tsx';
import { askWho, signOut } from '../state/session.ts';

export function NoTeamScreen() {
  const [name, setName] = useState(''), { busy, error, run } = useAction();
  return (
    <main className="alone">
      <form className="sign-in" onSubmit={(event) => { event.preventDefault(); if (!busy) void run(async () => { await callRoute('createTenant', { body: { name } }); await askWho(); }); }}>
        <Mark />
        <h1>You belong to no team</h1>
        <p className="lead">Open the link of an invitation, or begin a team of your own.</p>
        <label className="field">Name of the team<input required maxLength={200} autoComplete="organization" value={name} onChange={(event) => setName(event.target.value)} /></label>
        {error && <Notice tone="bad" alert>{error}</Notice>}
        <Button kind="primary" type="submit" busy={busy} className="wide">Begin</Button>
        <Button onClick={() => void run(signOut)} className="wide">Sign out</Button>
      </form>
    </main>
  );
}
