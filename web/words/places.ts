/** The places of the app: where they are, what they are called, which of them a path belongs to. */
import type { IconName } from '../parts/icon.tsx';

export interface Destination { to: string; label: string; icon: IconName; here: (path: string) => boolean }

const at = (path: string) => (here: string): boolean => here === path || here.startsWith(`${path}/`);
export const mainPlaces: readonly Destination[] = [
  { to: '/', label: 'Overview', icon: 'home', here: (path) => path === '/' },
  { to: '/integrations', label: 'Integrations', icon: 'plug', here: at('/integrations') },
  { to: '/jobs', label: 'Sync history', icon: 'history', here: at('/jobs') },
];
export const memoryPlaces: readonly Destination[] = [
  { to: '/search', label: 'Search', icon: 'search', here: at('/search') },
  { to: '/entities', label: 'People and things', icon: 'people', here: at('/entities') },
  { to: '/graph', label: 'Graph', icon: 'graph', here: at('/graph') },
  { to: '/found', label: 'Found types', icon: 'tag', here: at('/found') },
];
export const settingsPlace: Destination = { to: '/settings', label: 'Settings', icon: 'gear', here: at('/settings') };
