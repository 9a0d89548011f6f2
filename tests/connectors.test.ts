/** Every connector passes the same suite, each with its tape. Nothing here names a connector. */
import { connectors } from '#fly-worker/connectors/index';
import { describeConnector } from './conformance.ts';
import { tapeOf } from './tapes/replay.ts';

for (const connector of connectors) describeConnector(connector, tapeOf(connector.id));
