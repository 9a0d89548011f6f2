/** Who may see what, and which screen an address means. A new screen is one line in `screens`. */
import { lazy, Suspense, useEffect } from 'react';
import type { ReactNode } from 'react';
import { AfterConnecting } from './parts/after-connecting.tsx';
import { Button, Empty, Skeleton } from './parts/basics.tsx';
import { FaultBoundary } from './parts/fault.tsx';
import { Shell } from './parts/shell.tsx';
import { Toaster } from './parts/toaster.tsx';
import { InvitationScreen } from './screens/invitation.tsx';
import { IntegrationsScreen } from './screens/integrations.tsx';
import { JobScreen } from './screens/job.tsx';
import { JobsScreen } from './screens/jobs.tsx';
import { NoTeamScreen } from './screens/no-team.tsx';
import { NotFoundScreen } from './screens/not-found.tsx';
import { OverviewScreen } from './screens/overview.tsx';
import { RecordSheet } from './screens/record.tsx';
import { SearchScreen } from './screens/search.tsx';
import { SignInScreen } from './screens/sign-in.tsx';
import { newestFirst, useJobBook, useJobWatch } from './state/jobs.ts';
import { forgetResources } from './state/resource.ts';
import { usePlace } from './state/router.ts';
import { askWho, useSession } from './state/session.ts';
import type { Me } from './state/session.ts';
import { percent } from './words/time.ts';

/** Screens that not every visit sees come when they are wanted. */
const EntitiesScreen = lazy(async () => ({ default: (await import('./screens/entities.tsx')).EntitiesScreen }));
const EntityScreen = lazy(async () => ({ default: (await import('./screens/entity.tsx')).EntityScreen }));
const FoundScreen = lazy(async () => ({ default: (await import('./screens/found.tsx')).FoundScreen }));
const FoundTypeScreen = lazy(async () => ({ default: (await import('./screens/found-type.tsx')).FoundTypeScreen }));
const GraphScreen = lazy(() => import('./graph/screen.tsx'));
const GroupsScreen = lazy(() => import('./graph/groups.tsx'));
const SettingsScreen = lazy(async () => ({ default: (await import('./screens/settings.tsx')).SettingsScreen }));

interface Screen { path: RegExp; title: string; show: (parts: readonly string[], me: Me) => ReactNode }
const screens: readonly Screen[] = [
  { path: /^\/$/, title: 'Overview', show: (_, me) => <OverviewScreen me={me} /> },
  { path: /^\/integrations$/, title: 'Integrations', show: () => <IntegrationsScreen /> },
  { path: /^\/jobs$/, title: 'Sync history', show: () => <JobsScreen /> },
  { path: /^\/jobs\/([^/]+)$/, title: 'Sync', show: ([jobId = '']) => <JobScreen key={jobId} jobId={jobId} /> },
  { path: /^\/search$/, title: 'Search', show: () => <SearchScreen /> },
  { path: /^\/entities$/, title: 'People and things', show: () => <EntitiesScreen /> },
  { path: /^\/entities\/([^/]+)$/, title: 'Entity', show: ([nodeId = ''], me) => <EntityScreen key={nodeId} nodeId={nodeId} me={me} /> },
  { path: /^\/graph$/, title: 'Graph', show: () => <GraphScreen /> },
  { path: /^\/graph\/groups$/, title: 'Groups', show: () => <GroupsScreen /> },
  { path: /^\/found$/, title: 'Found types', show: (_, me) => <FoundScreen me={me} /> },
  { path: /^\/found\/([^/]+)$/, title: 'Found type', show: ([slug = ''], me) => <FoundTypeScreen key={slug} slug={decodeURIComponent(slug)} me={me} /> },
  { path: /^\/settings(?:\/([^/]+))?$/, title: 'Settings', show: ([section = ''], me) => <SettingsScreen me={me} section={section} /> },
];
const notFound: Screen = { path: /./, title: 'Not found', show: () => <NotFoundScreen /> };

export function App() {
  const session = useSession(), { path } = usePlace();
  useEffect(() => { void askWho(); }, []);
  useEffect(() => { if (session.state === 'signed_out') document.title = 'Sign in · Historical Sync'; }, [session.state]);
  // Whoever holds the link, signed in or not.
  if (path === '/invitation' && session.state !== 'unknown' && session.state !== 'unreachable') return <InvitationScreen signedIn={session.state !== 'signed_out'} email={session.state === 'signed_in' ? session.me.user?.email ?? null : null} />;
  switch (session.state) {
    case 'unknown': return <div className="boot" role="status"><span className="visually-hidden">Loading</span></div>;
    case 'signed_out': return <SignInScreen expired={session.expired} />;
    case 'no_team': return <NoTeamScreen />;
    case 'unreachable': return <main className="alone"><Empty icon="alert" title="No answer" action={<Button kind="primary" onClick={() => void askWho()}>Try again</Button>}>{session.error.message}</Empty></main>;
    case 'signed_in': return <SignedIn key={session.me.tenant.id} me={session.me} />;
  }
}

function SignedIn({ me }: { me: Me }) {
  const { path, query } = usePlace();
  useJobWatch();
  useEffect(() => forgetResources, []);
  const { screen, parts } = match(path);
  useTitle(screen.title);
  return (
    <>
      <Shell me={me} screenTitle={screen.title}><FaultBoundary key={path}><Suspense fallback={<div className="card card-loading"><Skeleton lines={5} /></div>}>{screen.show(parts, me)}</Suspense></FaultBoundary></Shell>
      <AfterConnecting />
      <RecordSheet me={me} recordId={query.get('record')} query={query.get('q') ?? ''} />
      <Toaster />
    </>
  );
}

function match(path: string): { screen: Screen; parts: readonly string[] } {
  for (const screen of screens) {
    const found = screen.path.exec(path);
    if (found) return { screen, parts: found.slice(1) };
  }
  return { screen: notFound, parts: [] };
}

/** `42 % · Historical Sync` while something runs, else the screen's name. */
function useTitle(screenTitle: string): void {
  const { jobs } = useJobBook();
  const running = newestFirst(jobs).find(({ job }) => job.status === 'running');
  const title = `${running ? percent(running.job.progress_percentage, false) : screenTitle} · Historical Sync`;
  useEffect(() => { document.title = title; }, [title]);
}
