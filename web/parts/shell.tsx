/** The frame around every screen: navigation, search box, account. Side bar when wide, tab bar at the thumb when narrow. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { refreshJobs, useJobBook } from '../state/jobs.ts';
import { useOnline } from '../state/online.ts';
import { reloadResources } from '../state/resource.ts';
import { usePlace } from '../state/router.ts';
import type { Me } from '../state/session.ts';
import { mainPlaces, memoryPlaces, settingsPlace } from '../words/places.ts';
import type { Destination } from '../words/places.ts';
import { percent } from '../words/time.ts';
import { AccountMenu } from './account-menu.tsx';
import { Button, Link } from './basics.tsx';
import { Icon, Mark } from './icon.tsx';
import { SearchBox } from './search-box.tsx';
import { Strip } from './strip.tsx';

/** What fits under a thumb. All that search and graph belong to is one place there. */
const thumbPlaces: readonly Destination[] = [
  ...mainPlaces.map((place) => place.to === '/jobs' ? { ...place, label: 'Syncs' } : place),
  { to: '/search', label: 'Memory', icon: 'graph', here: (path) => memoryPlaces.some((place) => place.here(path)) },
  settingsPlace,
];

export function Shell({ me, screenTitle, children }: { me: Me; screenTitle: string; children: ReactNode }) {
  const { path } = usePlace();
  const main = useRef<HTMLElement>(null);
  const seen = useRef(path);
  // After moving to another screen, keyboard and screen reader start at its top.
  useEffect(() => {
    if (seen.current === path) return;
    seen.current = path;
    if (!(document.activeElement instanceof HTMLInputElement)) main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div className="shell">
      <a className="skip-link" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to content</a>
      <aside className="side">
        <Link to="/" className="brand"><Mark /><span><strong>Historical Sync</strong><small>{me.tenant.name}</small></span></Link>
        <nav aria-label="Main">
          <Places of={mainPlaces} path={path} />
          <p className="side-label" id="side-memory">Memory</p>
          <div role="group" aria-labelledby="side-memory"><Places of={memoryPlaces} path={path} /></div>
          <div className="side-end"><Places of={[settingsPlace]} path={path} /></div>
        </nav>
        <AccountMenu me={me} wide />
      </aside>
      <header className="top">
        <Link to="/" className="brand-small" aria-label="Historical Sync, overview"><Mark /></Link>
        <SearchBox />
        <AccountMenu me={me} />
      </header>
      <main id="main" ref={main} tabIndex={-1} aria-label={screenTitle}>
        <Reach />
        {memoryPlaces.length > 1 && memoryPlaces.some((place) => place.here(path)) && <Strip className="memory-tabs" label="Memory" at={path}><Places of={memoryPlaces} path={path} /></Strip>}
        {children}
      </main>
      <div className="tabs"><nav aria-label="Main, small screen"><Places of={thumbPlaces} path={path} /></nav></div>
    </div>
  );
}

function Places({ of, path }: { of: readonly Destination[]; path: string }) {
  const { jobs } = useJobBook();
  const running = [...jobs.values()].find(({ job }) => job.status === 'running');
  return of.map((place) => (
    <Link key={place.to} to={place.to} className="place" aria-current={place.here(path) ? 'page' : undefined}>
      <Icon name={place.icon} /><span>{place.label}</span>
      {place.to === '/jobs' && running && <span className="place-note"><span className="visually-hidden">, running: </span>{percent(running.job.progress_percentage, false)}</span>}
    </Link>
  ));
}

/** Says when what one sees may be old: no network, or no answer. Goes away by itself. */
function Reach() {
  const online = useOnline(), { error, loaded } = useJobBook();
  const silent = loaded && (error?.code === 'unavailable' || error?.code === 'internal');
  const again = (): void => { void refreshJobs(); reloadResources(); };
  return (
    <div role="status" className="reach">
      {!online && <p className="reach-bar"><Icon name="offline" />You are offline. What you see is what was known last; syncs go on without you.</p>}
      {online && silent && <p className="reach-bar"><Icon name="alert" />Historical Sync does not answer right now. What you see may be old.<Button kind="quiet" onClick={again}>Try again</Button></p>}
    </div>
  );
}
