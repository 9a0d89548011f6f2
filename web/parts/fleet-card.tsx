/** The worker machines: how many, how busy, what waits, and what was decided last. */
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { useResource } from '../state/resource.ts';
import { ago, count, span } from '../words/time.ts';
import { Badge, Notice, Skeleton } from './basics.tsx';
import { Icon } from './icon.tsx';

type Fleet = CallAnswer<'fleet'>;
type Machine = Fleet['machines'][number];

export function FleetCard() {
  const { data, error } = useResource('fleet', (signal) => callRoute('fleet', {}, { signal }), { everyMs: 10_000 });
  // Not everybody may look behind the scenes.
  if (error?.code === 'forbidden') return null;
  return (
    <section className="card" aria-labelledby="fleet-title">
      <div className="card-line"><h2 id="fleet-title">Workers</h2>{data && <span className="quiet">{data.queue_depth === null ? '' : data.queue_depth === 0 ? 'nothing waits' : `${count(data.queue_depth, 'sync')} waiting`}</span>}</div>
      {!data && (error ? <p className="quiet">{error.message}</p> : <Skeleton lines={3} />)}
      {data && <FleetState fleet={data} />}
    </section>
  );
}

function FleetState({ fleet }: { fleet: Fleet }) {
  const { last_decision: decision, last_error: trouble } = fleet;
  return (
    <>
      {fleet.machines.length > 0
        ? <ul className="machines">{fleet.machines.map((machine) => <li key={machine.machine_id}><Icon name="machine" /><code>{machine.machine_id}</code><MachineState machine={machine} /></li>)}</ul>
        : <p className="quiet">{fleet.autoscaling ? 'No machine is running. One is started as soon as a sync waits.' : 'The machines are looked after elsewhere; their number is fixed.'}</p>}
      {fleet.failures_in_a_row > 0 && trouble && <Notice tone="warn">The machines could not be looked after: {trouble.message} Syncs wait and nothing is lost; it is tried again by itself.</Notice>}
      {decision && <p className="quiet">{decision.why} ({ago(decision.at)})</p>}
      {!decision && fleet.resting_because && <p className="quiet">{fleet.resting_because}</p>}
    </>
  );
}

function MachineState({ machine }: { machine: Machine }) {
  if (machine.draining) return <Badge tone="neutral">finishing, then off</Badge>;
  if (machine.state !== 'started') return <Badge tone="neutral">{machine.state}</Badge>;
  if (machine.busy === null) return <Badge tone="warn">does not answer</Badge>;
  return machine.busy > 0 ? <Badge tone="accent" dot>{count(machine.busy, 'sync')}</Badge> : <Badge tone="good">ready{machine.idle_seconds && machine.idle_seconds > 60 ? ` for ${span(machine.idle_seconds)}` : ''}</Badge>;
}
