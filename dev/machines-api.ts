/**
 * The Machines API on loopback: Fly's endpoints, states and refusals for one app, without Fly. What a machine really is, `Power` decides: a worker process, or less in tests.
 * https://fly.io/docs/machines/api/machines-resource/ and https://fly.io/docs/machines/machine-states/
 *
 * GET    /v1/apps/{app}/machines                      all that are not destroyed
 * POST   /v1/apps/{app}/machines {config, region?}    created -> starting -> started
 * GET    /v1/apps/{app}/machines/{id}
 * POST   /v1/apps/{app}/machines/{id}/start           from created or stopped
 * POST   /v1/apps/{app}/machines/{id}/stop            started -> stopping -> stopped
 * GET    /v1/apps/{app}/machines/{id}/wait?state&timeout&instance_id      408 when it takes longer
 * DELETE /v1/apps/{app}/machines/{id}?force           412 while it runs, unless forced
 */
import { randomBytes } from 'node:crypto';

type StandInState = 'created' | 'starting' | 'started' | 'stopping' | 'stopped' | 'destroying' | 'destroyed';
export interface StandInMachine { id: string; name: string; state: StandInState; region: string; instance_id: string; created_at: string; updated_at: string; config: Record<string, unknown> }

/** What stands behind a machine. Both resolve when it is done. */
interface Power { on(id: string): Promise<void>; off(id: string): Promise<void> }
export interface ApiAnswer { status: number; body: unknown }

export interface StandInApi {
  machines(): StandInMachine[];
  /** As `fly deploy` would: without being asked over HTTP. */
  add(): Promise<StandInMachine>;
  /** What Fly's proxy does to a stopped machine when a request comes. */
  start(id: string): Promise<void>;
  answer(method: string, url: URL, authorization: string | undefined, body: unknown): Promise<ApiAnswer>;
}

/** Actions of one kind on one machine within a second; more are answered with 429. */
const ACTIONS_PER_SECOND_MAX = 3;
const WAIT_SECONDS_MAX = 60;
const CONFIG = { image: 'registry.fly.io/historical-sync-worker:local', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 2048 }, metadata: { fly_process_group: 'worker' }, restart: { policy: 'always' } };

const refuse = (status: number, error: string): ApiAnswer => ({ status, body: { error } });

export function openMachinesApi({ app, token, power, region = 'fra' }: { app: string; token: string; power: Power; region?: string }): StandInApi {
  const machines = new Map<string, StandInMachine>(), actions = new Map<string, number[]>();

  function enter(machine: StandInMachine, state: StandInState): void {
    machine.state = state;
    machine.updated_at = new Date().toISOString();
  }
  function create(config: Record<string, unknown>, where: string): StandInMachine {
    const id = randomBytes(7).toString('hex'), at = new Date().toISOString();
    const machine: StandInMachine = { id, name: `local-${id.slice(0, 4)}`, state: 'created', region: where, instance_id: randomBytes(13).toString('hex').toUpperCase(), created_at: at, updated_at: at, config };
    machines.set(id, machine);
    return machine;
  }
  async function start(machine: StandInMachine): Promise<void> {
    enter(machine, 'starting');
    await power.on(machine.id);
    if (machine.state === 'starting') enter(machine, 'started');
  }
  async function stop(machine: StandInMachine): Promise<void> {
    enter(machine, 'stopping');
    await power.off(machine.id);
    if (machine.state === 'stopping') enter(machine, 'stopped');
  }
  async function destroy(machine: StandInMachine): Promise<void> {
    enter(machine, 'destroying');
    await power.off(machine.id);
    enter(machine, 'destroyed');
    machines.delete(machine.id);
  }
  /** Too many of one action on one machine, as Fly counts. */
  function tooFast(key: string): boolean {
    const now = Date.now(), recent = (actions.get(key) ?? []).filter((at) => now - at < 1_000);
    actions.set(key, [...recent, now]);
    return recent.length >= ACTIONS_PER_SECOND_MAX;
  }

  async function wait(machine: StandInMachine, query: URLSearchParams): Promise<ApiAnswer> {
    const wanted = query.get('state') ?? 'started', until = Date.now() + Math.min(Number(query.get('timeout') ?? WAIT_SECONDS_MAX), WAIT_SECONDS_MAX) * 1000;
    if (wanted === 'stopped' && query.get('instance_id') !== machine.instance_id) return refuse(400, 'invalid_argument: instance_id must be given to wait for stopped');
    while (machine.state !== wanted) {
      if (Date.now() >= until) return refuse(408, 'deadline_exceeded: the machine did not reach the state in time');
      await new Promise((done) => setTimeout(done, 20));
    }
    return { status: 200, body: { ok: true } };
  }

  async function one(method: string, machine: StandInMachine, action: string, url: URL): Promise<ApiAnswer> {
    const before = machine.state;
    switch (`${method} ${action}`) {
      case 'GET ': return { status: 200, body: machine };
      case 'GET wait': return wait(machine, url.searchParams);
      case 'POST start':
        if (before === 'starting' || before === 'started') return { status: 200, body: { previous_state: before } };
        if (before !== 'stopped' && before !== 'created') return refuse(412, `failed_precondition: unable to start machine from current state: '${before}'`);
        void start(machine);
        return { status: 200, body: { previous_state: before } };
      case 'POST stop':
        if (before === 'started' || before === 'starting') void stop(machine);
        return { status: 200, body: { ok: true } };
      case 'DELETE ':
        if (before !== 'stopped' && before !== 'created' && url.searchParams.get('force') !== 'true') return refuse(412, `failed_precondition: unable to destroy machine, not currently stopped, suspended, failed or created: '${before}'`);
        await destroy(machine);
        return { status: 200, body: { ok: true } };
      default: return refuse(404, 'not found');
    }
  }

  return {
    machines: () => [...machines.values()],
    async add() {
      const machine = create(CONFIG, region);
      await start(machine);
      return machine;
    },
    async start(id) {
      const machine = machines.get(id);
      if (machine?.state === 'stopped' || machine?.state === 'created') await start(machine);
    },
    async answer(method, url, authorization, body) {
      if (authorization !== `Bearer ${token}`) return refuse(401, 'unauthorized');
      const [, , apps, name, room, id, action = ''] = url.pathname.split('/').map(decodeURIComponent);
      if (apps !== 'apps' || name !== app || room !== 'machines') return refuse(404, 'app not found');
      if (method !== 'GET' && tooFast(`${id ?? 'app'} ${method} ${action}`)) return refuse(429, 'rate limit exceeded');
      if (!id) {
        if (method === 'GET') return { status: 200, body: [...machines.values()] };
        const { config, region: where } = (body ?? {}) as { config?: Record<string, unknown>; region?: string };
        if (method !== 'POST' || typeof config?.image !== 'string') return refuse(422, 'invalid_argument: config.image is required');
        const machine = create(config, where ?? region), answered = { ...machine };
        void start(machine);
        return { status: 200, body: answered };
      }
      const machine = machines.get(id);
      return machine ? one(method, machine, action, url) : refuse(404, 'machine not found');
    },
  };
}
