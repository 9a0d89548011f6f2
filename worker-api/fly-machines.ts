/** The Fly Machines API, as much of it as the fleet needs. One bounded attempt a call; every failure has a kind. https://fly.io/docs/machines/api/machines-resource/ */
import { z } from 'zod';
import type { MachineState } from '#contract/fleet';
import { FLEET_STOP_WAIT_SECONDS, FLEET_TIMEOUT_MS } from '#contract/limits';
import { MachinesApiError, type ListedMachine, type MachinesApi } from '#durable-objects/fleet-ports';

interface FlyOptions { apiUrl: string; app: string; token: string }

/** Of the machine object only what we use; a machine that was just destroyed has no config. */
const Machine = z.object({
  id: z.string().min(1), state: z.string(), region: z.string().nullish(), instance_id: z.string().nullish(), created_at: z.iso.datetime({ offset: true }),
  config: z.looseObject({ image: z.string().min(1), metadata: z.record(z.string(), z.string()).nullish() }).nullish(),
});
type Machine = z.infer<typeof Machine>;
const Ok = z.object({ ok: z.boolean().optional() });

/** The process group of fly.toml. The app's other machines (release commands, consoles) are none of ours. */
const PROCESS_GROUP = 'worker';
/** Fly counts by the second. */
const RETRY_AFTER_MS = 2_000;

export function openFlyMachines({ apiUrl, app, token }: FlyOptions): MachinesApi {
  const base = `${apiUrl.replace(/\/+$/, '')}/v1/apps/${encodeURIComponent(app)}/machines`;

  async function call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const what = `${method} /machines${path.split('?')[0]}`;
    const response = await fetch(`${base}${path}`, {
      method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(FLEET_TIMEOUT_MS), redirect: 'manual',
    }).catch((error: unknown) => { throw new MachinesApiError('unreachable', `The Machines API did not answer ${what}: ${error instanceof Error ? error.message : String(error)}`); });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) throw refusal(what, response, answer);
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw new MachinesApiError('unreadable', `The Machines API answered ${what} with something unexpected (${parsed.error.issues[0]?.path.join('.') ?? ''}).`);
    return parsed.data;
  }
  const at = (id: string): string => `/${encodeURIComponent(id)}`;

  return {
    // https://fly.io/docs/machines/api/machines-resource/#list-machines
    async list() { return (await call('GET', '', z.array(Machine))).filter(isWorker).map(toListed); },
    // https://fly.io/docs/machines/api/machines-resource/#create-a-machine
    async create({ config, region }) { return (await call('POST', '', Machine, { config, ...(region ? { region } : {}) })).id; },
    // https://fly.io/docs/machines/api/machines-resource/#start-a-machine
    async start(id) { await call('POST', `${at(id)}/start`, z.unknown()); },
    // https://fly.io/docs/machines/api/machines-resource/#stop-a-machine
    async stop(id) { await call('POST', `${at(id)}/stop`, Ok, {}); },
    // https://fly.io/docs/machines/api/machines-resource/#wait-for-a-machine-to-reach-a-specified-state (the instance is required for `stopped`)
    async stopped(id, instanceId) {
      const query = new URLSearchParams({ state: 'stopped', timeout: String(FLEET_STOP_WAIT_SECONDS), ...(instanceId ? { instance_id: instanceId } : {}) });
      try {
        await call('GET', `${at(id)}/wait?${query}`, Ok);
        return true;
      } catch (error) {
        if (error instanceof MachinesApiError && (error.kind === 'refused' || error.kind === 'unreachable')) return false;
        throw error;
      }
    },
    // https://fly.io/docs/machines/api/machines-resource/#delete-a-machine-permanently (without `force` a running machine is refused)
    async destroy(id) { await call('DELETE', at(id), Ok); },
  };
}

function refusal(what: string, response: Response, answer: unknown): MachinesApiError {
  const said = z.object({ error: z.string() }).safeParse(answer);
  const message = `The Machines API answered ${what} with ${response.status}${said.success ? `: ${said.data.error.slice(0, 200)}` : ''}.`;
  if (response.status === 429) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return new MachinesApiError('rate_limited', message, Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : RETRY_AFTER_MS);
  }
  if (response.status === 401 || response.status === 403) return new MachinesApiError('denied', message);
  return new MachinesApiError(response.status >= 500 ? 'broken' : 'refused', message);
}

const isWorker = ({ config }: Machine): boolean => { const group = config?.metadata?.fly_process_group; return group === undefined || group === PROCESS_GROUP; };

function toListed(machine: Machine): ListedMachine {
  const region = machine.region ?? null;
  return {
    id: machine.id, state: toState(machine.state), region, instanceId: machine.instance_id ?? null, createdAt: Date.parse(machine.created_at),
    template: machine.config ? { config: machine.config, region } : null,
  };
}

/** https://fly.io/docs/machines/machine-states/ */
function toState(state: string): MachineState {
  switch (state) {
    case 'created': case 'starting': case 'started': case 'stopping': case 'stopped': case 'destroying': case 'destroyed': return state;
    case 'restarting': case 'replacing': case 'updating': return 'starting';
    case 'suspending': return 'stopping';
    case 'suspended': return 'stopped';
    case 'replaced': return 'destroyed';
    default: return 'unknown';
  }
}
