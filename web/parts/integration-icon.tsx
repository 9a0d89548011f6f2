/** The tile that stands for an integration. */
import type { IntegrationId } from '#contract/job';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

const icons: Record<IntegrationId, IconName> = {
  outlook: 'mail', gmail: 'mail', google_calendar: 'calendar', slack: 'chat', salesforce: 'building', mbox: 'mail', slack_export: 'chat', ics: 'calendar',
};
export function IntegrationIcon({ id, small = false }: { id: IntegrationId; small?: boolean }) {
  return <span className={`tile tile-${id}${small ? ' tile-small' : ''}`} aria-hidden="true"><Icon name={icons[id]} /></span>;
}
