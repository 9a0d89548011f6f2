/** Every connector passes the same suite, each with its tape. Nothing here names a connector. */
import { expect, it } from 'vitest';
import { connectors } from '#fly-worker/connectors/index';
import { describeCases } from './conformance-cases.ts';
import { describeChanges, describeLooks } from './conformance-changes.ts';
import { describeConnector } from './conformance.ts';
import { tapeOf } from './tapes/replay.ts';

for (const connector of connectors) {
  const tape = tapeOf(connector.id);
  describeConnector(connector, tape);
  if (tape.cases) describeCases(connector, tape, tape.cases);
  if (tape.changes && connector.changes) describeChanges(connector, tape, tape.changes);
  if (tape.changes && connector.readOne) describeLooks(connector, tape, tape.changes);
}

it('every connector that tells of changes, or of one record, has them on its tape', () => {
  expect(connectors.filter((c) => (c.changes || c.readOne) && !tapeOf(c.id).changes).map((c) => c.id)).toEqual([]);
});
