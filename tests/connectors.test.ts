/** Every connector passes the same suite, each with its tape. Nothing here names a connector. */
import { expect, it } from 'vitest';
import { connectors } from '#fly-worker/connectors/index';
import { describeChanges } from './conformance-changes.ts';
import { describeConnector } from './conformance.ts';
import { tapeOf } from './tapes/replay.ts';

for (const connector of connectors) {
  const tape = tapeOf(connector.id);
  describeConnector(connector, tape);
  if (tape.changes) describeChanges(connector, tape, tape.changes);
}

it('every connector that tells of changes has them on its tape', () => {
  expect(connectors.filter((c) => c.changes && !tapeOf(c.id).changes).map((c) => c.id)).toEqual([]);
});
