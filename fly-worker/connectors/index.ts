/** Every integration there is, one line each. Adding one: its file, its line here, its tape in tests/tapes. */
import type { Connector } from '#contract/connector';
import type { IntegrationId } from '#contract/job';
import { gmail } from './gmail.ts';
import { googleCalendar } from './google-calendar.ts';
import { ics } from './ics.ts';
import { mbox } from './mbox.ts';
import { outlook } from './outlook.ts';
import { salesforce } from './salesforce.ts';
import { slackExport } from './slack-export.ts';
import { slack } from './slack.ts';

export { ProviderError, type ProviderErrorKind } from './provider-error.ts';

export const connectors: readonly Connector[] = [
  outlook,
  gmail,
  googleCalendar,
  slack,
  salesforce,
  mbox,
  slackExport,
  ics,
];

/** The connector of an integration, or null if this version does not have it yet. */
export const connectorOf = (id: IntegrationId): Connector | null => connectors.find((connector) => connector.id === id) ?? null;
