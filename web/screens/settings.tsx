/** Settings, one section an address: the plan, this browser. */
import type { ReactNode } from 'react';
import { Link, PageHead } from '../parts/basics.tsx';
import { NotificationsCard } from '../parts/notifications-card.tsx';
import { PlanCard } from '../parts/plan-card.tsx';
import { Segments } from '../parts/segments.tsx';
import { setTheme, useTheme } from '../state/appearance.ts';
import type { Me } from '../state/session.ts';
import { NotFoundScreen } from './not-found.tsx';

interface Section { id: string; label: string; show: (me: Me) => ReactNode }
const sections: readonly Section[] = [
  { id: 'plan', label: 'Plan', show: (me) => <PlanCard me={me} /> },
  { id: 'browser', label: 'This browser', show: () => <><Appearance /><NotificationsCard /></> },
];

export function SettingsScreen({ me, section }: { me: Me; section: string }) {
  const here = section === '' ? sections[0] : sections.find((one) => one.id === section);
  if (!here) return <NotFoundScreen />;
  return (
    <>
      <PageHead title="Settings" lead={me.tenant.name} />
      <nav className="filters" aria-label="Settings">
        {sections.map((one) => <Link key={one.id} to={`/settings/${one.id}`} className="filter" aria-current={one === here ? 'true' : undefined}>{one.label}</Link>)}
      </nav>
      <div className="settings">{here.show(me)}</div>
    </>
  );
}

const themes = [{ value: 'system', label: 'As the system' }, { value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' }] as const;
function Appearance() {
  const theme = useTheme();
  return (
    <section className="card" aria-labelledby="colours">
      <h2 id="colours">Colours</h2>
      <Segments label="Colours" value={theme} options={themes} onChange={setTheme} />
    </section>
  );
}
