/** Settings, one section an address. Who may not change what a section is about does not see it. */
import type { ReactNode } from 'react';
import { ApiKeysCard } from '../parts/api-keys-card.tsx';
import { Link, PageHead } from '../parts/basics.tsx';
import { DataCard } from '../parts/data-card.tsx';
import { MembersCard } from '../parts/members-card.tsx';
import { ModelCard } from '../parts/model-card.tsx';
import { NotificationsCard } from '../parts/notifications-card.tsx';
import { PlanCard } from '../parts/plan-card.tsx';
import { RedactionCard } from '../parts/redaction-card.tsx';
import { SchedulesCard } from '../parts/schedules-card.tsx';
import { SignInCard } from '../parts/sign-in-card.tsx';
import { Segments } from '../parts/segments.tsx';
import { Strip } from '../parts/strip.tsx';
import { setTheme, useTheme } from '../state/appearance.ts';
import type { Me } from '../state/session.ts';
import { NotFoundScreen } from './not-found.tsx';
import '../styles/settings.css';

interface Section { id: string; label: string; admin?: true; show: (me: Me) => ReactNode }
const sections: readonly Section[] = [
  { id: 'plan', label: 'Plan', show: (me) => <PlanCard me={me} /> },
  { id: 'members', label: 'Members', show: (me) => <MembersCard me={me} /> },
  { id: 'keys', label: 'API keys', admin: true, show: () => <ApiKeysCard /> },
  { id: 'model', label: 'Model', admin: true, show: (me) => <ModelCard me={me} /> },
  { id: 'redaction', label: 'Redaction', admin: true, show: () => <RedactionCard /> },
  { id: 'schedules', label: 'Schedules', show: () => <SchedulesCard /> },
  { id: 'sign-in', label: 'Sign-in', show: (me) => <SignInCard me={me} /> },
  { id: 'data', label: 'Data', show: (me) => <DataCard me={me} /> },
  { id: 'browser', label: 'This browser', show: () => <><Appearance /><NotificationsCard /></> },
];

export function SettingsScreen({ me, section }: { me: Me; section: string }) {
  const open = sections.filter((one) => !one.admin || me.scopes.includes('admin'));
  const here = section === '' ? open[0] : open.find((one) => one.id === section);
  if (!here) return <NotFoundScreen />;
  return (
    <>
      <PageHead title="Settings" lead={me.tenant.name} />
      <Strip className="filters" label="Settings" at={here.id}>
        {open.map((one) => <Link key={one.id} to={`/settings/${one.id}`} className="filter" aria-current={one === here ? 'true' : undefined}>{one.label}</Link>)}
      </Strip>
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
