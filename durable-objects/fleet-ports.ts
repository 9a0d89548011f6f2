/** What the fleet's object needs from outside: machines to command, workers to ask, a number from Postgres. Who answers is the front desk's business. */
import type { MachineState } from '#contract/fleet';
import type { WorkerReport } from './fleet-machine.ts';

/** What a new machine is made like: the configuration of one that exists. Opaque to us. */
export interface MachineTemplate { config: Record<string, unknown>; region: string | null }

export interface ListedMachine { id: string; state: MachineState; region: string | null; createdAt: number; instanceId: string | null; template: MachineTemplate | null }

/** Every call is bounded and made once. Throws MachinesApiError. */
export interface MachinesApi {
  /** Our worker machines; others of the app are left out. */
  list(): Promise<ListedMachine[]>;
  create(template: MachineTemplate): Promise<string>;
  start(id: string): Promise<void>;
  /** Asks it to end: SIGTERM, and the kill timeout of fly.toml. */
  stop(id: string): Promise<void>;
  /** False: not within FLEET_STOP_WAIT_SECONDS. */
  stopped(id: string, instanceId: string | null): Promise<boolean>;
  /** Refused by Fly while the machine runs, which is what we want. */
  destroy(id: string): Promise<void>;
}

export interface Workers {
  /** Null: no answer, or somebody else's. */
  report(machineId: string): Promise<WorkerReport | null>;
  /** `drained`: it holds no job and will take none. `unknown`: no clear answer, so it stays. */
  drain(machineId: string): Promise<'drained' | 'busy' | 'unknown'>;
  /** It takes no further job, and does what it has in hand. `unknown`: no clear answer; it may or may not have heard. */
  close(machineId: string): Promise<'closed' | 'unknown'>;
}

export interface FleetPorts {
  /** Null: the number of machines is fixed from outside. */
  machines: MachinesApi | null;
  workers: Workers;
  /** Due jobs that wait. Throws when Postgres does not answer. */
  waitingJobs(): Promise<number>;
}

/**
 * `unreachable`: no answer in time; it may have been done all the same. `rate_limited`: not before `retryAfterMs`. `denied`: our token is not good enough.
 * `refused`: Fly will not do that now. `broken`: Fly failed. `unreadable`: not what is documented. `no_template`: no machine to copy; deploy first.
 */
type MachinesApiTrouble = 'unreachable' | 'rate_limited' | 'denied' | 'refused' | 'broken' | 'unreadable' | 'no_template';

export class MachinesApiError extends Error {
  override name = 'MachinesApiError';
  readonly kind: MachinesApiTrouble;
  readonly retryAfterMs: number | null;
  constructor(kind: MachinesApiTrouble, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}
