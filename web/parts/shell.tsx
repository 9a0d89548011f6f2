/** The frame around every screen: navigation, search box, account. Side bar when wide, tab bar at the thumb when narrow. */
import { DropdownMenu } from 'radix-ui';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { useJobBook } from '../state/jobs.ts';
import { usePlace } from '../state/router.ts';
import { signOut } from '../state/session.ts';
import type { Me } from '../state/session.ts';
import { toast } from '../state/toasts.ts';
import { percent } from '../words/time.ts';
import { Link } from './basics.tsx';
import { Icon, Mark } from './icon.tsx';
import type { IconName } from './icon.tsx';
import { SearchBox } from './search-box.tsx';

const places: readonly { to: string; label: string; icon: IconName; here: (path: string) => boolean }[] = [
  { to: '/', label: 'Home', icon: 'home', here: (path) => path === '/' },
  { to: '/search', label: 'Search', icon: 'search', here: (path) => path === '/search' },
  { to: '/jobs', label: 'Sync history', icon: 'history', here: (path) => path.startsWith('/jobs') },
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
        <Places path={path} label="Main" />
        <AccountMenu me={me} wide />
      </aside>
      <header className="top">
        <Link to="/" className="brand-small" aria-label="Historical Sync, home"><Mark /></Link>
        <SearchBox />
        <AccountMenu me={me} />
      </header>
      <main id="main" ref={main} tabIndex={-1} aria-label={screenTitle}>{children}</main>
      <div className="tabs"><Places path={path} label="Main, small screen" /></div>
    </div>
  );
}

function Places({ path, label }: { path: string; label: string }) {
  const { jobs } = useJobBook();
  const running = [...jobs.values()].find(({ job }) => job.status === 'running');
  return (
    <nav aria-label={label}>
      {places.map((place) => (
        <Link key={place.to} to={place.to} className="place" aria-current={place.here(path) ? 'page' : undefined}>
          <Icon name={place.icon} /><span>{place.label}</span>
          {place.to === '/jobs' && running && <span className="place-note"><span className="visually-hidden">, running: </span>{percent(running.job.progress_percentage, false)}</span>}
        </Link>
      ))}
    </nav>
  );
}

function AccountMenu({ me, wide = false }: { me: Me; wide?: boolean }) {
  const name = me.user?.name || me.user?.email || me.tenant.name;
  const leave = (): void => { signOut().catch(() => toast({ tone: 'bad', title: 'Signing out did not work', text: 'Check the connection and try again.' })); };
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={wide ? 'account account-wide' : 'account'} aria-label={`Account: ${name}`}>
        <span className="avatar" aria-hidden="true">{name.slice(0, 1).toUpperCase()}</span>
        {wide && <><span className="account-name">{name}</span><Icon name="more" /></>}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align={wide ? 'start' : 'end'} side={wide ? 'top' : 'bottom'} sideOffset={6} collisionPadding={8}>
          <div className="menu-head"><strong>{name}</strong>{me.user && me.user.email !== name && <span>{me.user.email}</span>}<span>{me.tenant.name} · {me.tenant.plan} plan</span></div>
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.Item className="menu-item" onSelect={leave}><Icon name="out" />Sign out</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
