/** Every integration there is, one line each. Adding one: its file, its line here, its tape in tests/tapes. */
import type { Connector } from '#contract/connector';
import type { IntegrationId } from '#contract/job';
import { gmail } from './gmail.ts';
import { googleCalendar } from './google-calendar.ts';
import { outlook } from './outlook.ts';

export { ProviderError, type ProviderErrorKind } from './provider-error.ts';

export const connectors: readonly Connector[] = [
  outlook,
  gmail,
  googleCalendar,
];

/** The connector of an integration, or null if this version does not have it yet. */
export const connectorOf = (id: IntegrationId): Connector | null => connectors.find((connector) => connector.id === id) ?? null;
