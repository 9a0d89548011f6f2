/**
 * The one Durable Object that minds the worker machines. It looks (machines, what they say, how many jobs wait), asks the rule of fleet-machine.ts,
 * does at most one thing, and sleeps until its alarm. Looks come one after the other; a failed one is written down and repeated by the alarm, never at once.
 * Nothing here holds a job: while this object or Fly is out of order, jobs wait in their queue.
 */
import { DurableObject } from 'cloudflare:workers';
import type { FleetDecision, FleetError, FleetStatus } from '#contract/fleet';
import { FLEET_DECISIONS_MAX, FLEET_PAUSE_MS } from '#contract/limits';
import { takeTurns } from '#contract/turns';
import { checkEvery, crowdAt, decideFleet, fleetRules, nextLookAt, type Crowd, type FleetChoice, type FleetRules, type FleetSettings, type SeenMachine, type Sight } from './fleet-machine.ts';
import { MachinesApiError, type FleetPorts, type ListedMachine, type MachinesApi, type MachineTemplate } from './fleet-ports.ts';

interface Seen extends SeenMachine { region: string | null; instanceId: string | null }

/** All that is kept between looks. */
interface Memory {
  seen: Seen[];
  depth: number | null;
  lookedAt: number | null;
  /** The next look that may destroy. */
  checkAt: number;
  /** Fly asked us to be quiet until then. */
  quietUntil: number;
  condemned: string | null;
  crowd: Crowd;
  /** The newest machine's, for the day when none is left. */
  template: MachineTemplate | null;
  decisions: FleetDecision[];
  resting: string | null;
  error: FleetError | null;
  failures: number;
}

const EMPTY: Memory = { seen: [], depth: null, lookedAt: null, checkAt: 0, quietUntil: 0, condemned: null, crowd: { since: null, lastAt: null }, template: null, decisions: [], resting: null, error: null, failures: 0 };

export class FleetObject<E extends FleetSettings> extends DurableObject<E> {
  readonly #ports: FleetPorts;
  readonly #rules: FleetRules;
  readonly #inTurn = takeTurns();
  #memory: Memory;

  constructor(ctx: DurableObjectState, env: E, ports: FleetPorts) {
    super(ctx, env);
    this.#ports = ports;
    this.#rules = fleetRules(env);
    const memory = { ...EMPTY, ...ctx.storage.kv.get<Memory>('fleet') };
    // The settings may have changed since: what is far off by the old ones comes as soon as the new ones say.
    this.#memory = { ...memory, checkAt: Math.min(memory.checkAt, Date.now() + this.#rules.checkMs) };
  }

  /** A job waits: look as soon as may be. Any number of calls are one look. */
  async ensureWorkerRunning(): Promise<void> {
    if (this.#ports.machines) await this.#wakeAt(Math.max(Date.now(), (this.#memory.lookedAt ?? 0) + FLEET_PAUSE_MS, this.#memory.quietUntil));
  }

  override alarm(): Promise<void> { return this.#inTurn(() => this.#look()); }

  /** How it stands, looked at just now unless that was done a moment ago. Decides nothing. */
  status(): Promise<FleetStatus> {
    return this.#inTurn(async () => {
      const { machines } = this.#ports, now = Date.now();
      if (machines && now >= Math.max((this.#memory.lookedAt ?? 0) + FLEET_PAUSE_MS, this.#memory.quietUntil)) {
        await this.#survey(machines, now).catch((error: unknown) => this.#fail(error, now));
        await this.#wakeAt(this.#nextLook(false));
      }
      return toStatus(this.#memory, this.#rules, machines !== null, await this.ctx.storage.getAlarm(), Date.now());
    });
  }

  async #look(): Promise<void> {
    const { machines } = this.#ports, now = Date.now();
    if (!machines) return;
    if (now < this.#memory.quietUntil) return this.#wakeAt(this.#memory.quietUntil);
    let grown = false;
    try {
      const checkDue = now >= this.#memory.checkAt, sight = await this.#survey(machines, now);
      const choice = decideFleet({ ...sight, checkDue }, this.#rules);
      const isChecked = checkDue && !(choice.action === 'none' && choice.postponed), running = sight.machines.filter(({ report }) => report && !report.draining).length;
      this.#keep({ resting: choice.action === 'none' ? choice.why : null, checkAt: isChecked ? now + checkEvery(running, this.#rules) : this.#memory.checkAt });
      if (choice.action !== 'none') await this.#act(machines, choice, sight.depth);
      grown = choice.action === 'start' || choice.action === 'create';
      if (sight.depth !== null) this.#keep({ failures: 0 });
    } catch (error) {
      this.#fail(error, Date.now());
    }
    await this.#wakeAt(this.#nextLook(grown));
  }

  #nextLook(hasGrown: boolean): number {
    const { checkAt, quietUntil, failures, condemned, crowd, seen } = this.#memory;
    const isOpen = failures > 0 || condemned !== null || seen.some(({ report }) => report?.draining);
    return Math.max(quietUntil, nextLookAt({ now: Date.now(), checkAt, crowd, hasGrown, isOpen }, this.#rules));
  }

  /** Lists the machines, asks those that run, counts the jobs that wait; all of it is remembered. Throws MachinesApiError. */
  async #survey(machines: MachinesApi, now: number): Promise<Omit<Sight, 'checkDue'>> {
    this.#keep({ lookedAt: now });
    const [listed, depth] = await Promise.all([machines.list(), this.#ports.waitingJobs().catch((error: unknown) => { this.#fail(error, now, 'queue_depth'); return null; })]);
    const before = new Map(this.#memory.seen.map((m) => [m.id, m]));
    const seen = await Promise.all(listed.filter((m) => m.state !== 'destroyed').map((m) => this.#ask(m, before.get(m.id), now)));
    seen.sort((a, b) => a.createdAt - b.createdAt);
    const newest = listed.filter((m) => m.template).toSorted((a, b) => a.createdAt - b.createdAt).at(-1);
    const condemned = seen.some((m) => m.id === this.#memory.condemned) ? this.#memory.condemned : null;
    const crowd = crowdAt(this.#memory.crowd, depth, now, this.#rules);
    this.#keep({ seen, depth, condemned, crowd, template: newest?.template ?? this.#memory.template });
    return { machines: seen, depth, condemned, crowd, now };
  }

  async #ask({ id, state, createdAt, region, instanceId }: ListedMachine, before: Seen | undefined, now: number): Promise<Seen> {
    const report = state === 'started' ? await this.#ports.workers.report(id).catch(() => null) : null;
    const expected = (state === 'started' && !report) || state === 'created' || state === 'starting';
    return { id, state, createdAt, region, instanceId, report, silentSince: expected ? before?.silentSince ?? now : null };
  }

  /** Written down before it is done, so that whoever looks sees what we died of. Throws MachinesApiError. */
  async #act(machines: MachinesApi, choice: Exclude<FleetChoice, { action: 'none' }>, depth: number | null): Promise<void> {
    const machineId = choice.action === 'create' ? null : choice.machineId;
    const decision: FleetDecision = { at: new Date().toISOString(), action: choice.action, machine_id: machineId, why: choice.why, queue_depth: depth, outcome: 'trying' };
    this.#keep({ decisions: [decision, ...this.#memory.decisions].slice(0, FLEET_DECISIONS_MAX) });
    const settle = (change: Partial<FleetDecision>): void => this.#keep({ decisions: this.#memory.decisions.with(0, { ...decision, ...change }) });
    try {
      switch (choice.action) {
        case 'start':
          await machines.start(choice.machineId);
          if (this.#memory.condemned === choice.machineId) this.#keep({ condemned: null });
          return settle({ outcome: 'done' });
        case 'create': {
          if (!this.#memory.template) throw new MachinesApiError('no_template', 'There is no machine whose configuration a new one could have. Deploy the worker app once (fly deploy).');
          return settle({ machine_id: await machines.create(this.#memory.template), outcome: 'done' });
        }
        case 'close': {
          const isClosed = await this.#ports.workers.close(choice.machineId) === 'closed';
          if (isClosed) this.#keep({ seen: this.#memory.seen.map((m) => (m.id === choice.machineId && m.report ? { ...m, report: { ...m.report, draining: true } } : m)) });
          return settle({ outcome: isClosed ? 'done' : 'failed' });
        }
        case 'destroy': return settle({ outcome: await this.#destroy(machines, choice.machineId) });
      }
    } catch (error) {
      settle({ outcome: 'failed' });
      throw error;
    }
  }

  /**
   * Drained first: the machine itself says in one step that it holds no job and will take none. Then an orderly stop, then the end without force,
   * which Fly refuses should the machine have been started again meanwhile. What stays undone is finished by the next look.
   */
  async #destroy(machines: MachinesApi, id: string): Promise<'done' | 'kept' | 'trying'> {
    const seen = this.#memory.seen.find((m) => m.id === id);
    if (seen?.state === 'started') {
      const answer = await this.#ports.workers.drain(id);
      if (answer !== 'drained') return 'kept';
      this.#keep({ condemned: id });
      await machines.stop(id);
      if (!await machines.stopped(id, seen.instanceId)) return 'trying';
    }
    await machines.destroy(id);
    this.#keep({ condemned: null, seen: this.#memory.seen.filter((m) => m.id !== id) });
    return 'done';
  }

  #fail(error: unknown, now: number, source?: FleetError['source']): void {
    const known = error instanceof MachinesApiError ? error : null;
    const kind = known?.kind ?? (error instanceof Error ? error.name : 'unknown');
    this.#keep({
      error: { at: new Date(now).toISOString(), source: source ?? (known ? 'machines_api' : 'internal'), kind, message: error instanceof Error ? error.message : String(error) },
      failures: this.#memory.failures + 1, quietUntil: known?.retryAfterMs ? now + known.retryAfterMs : this.#memory.quietUntil,
    });
  }

  #keep(change: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...change };
    this.ctx.storage.kv.put('fleet', this.#memory);
  }

  /** An earlier alarm stays. */
  async #wakeAt(at: number): Promise<void> {
    const armed = await this.ctx.storage.getAlarm();
    if (armed === null || armed > at) await this.ctx.storage.setAlarm(at);
  }
}

function toStatus(memory: Memory, rules: FleetRules, autoscaling: boolean, alarm: number | null, now: number): FleetStatus {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    autoscaling, queue_depth: memory.depth,
    machines: memory.seen.map(({ id, state, region, createdAt, report }) => ({
      machine_id: id, state, region, created_at: new Date(createdAt).toISOString(), busy: report?.busy ?? null, draining: report?.draining ?? false,
      idle_seconds: report && report.busy === 0 ? Math.max(0, report.idleMs + now - (memory.lookedAt ?? now)) / 1000 : null,
    })),
    settings: { scale_up_queue_depth: rules.scaleUpDepth, scale_down_idle_minutes: rules.idleMs / 60_000, fleet_max: rules.max, fleet_check_seconds: rules.checkMs / 1000 },
    last_decision: memory.decisions[0] ?? null, decisions: memory.decisions, resting_because: memory.resting, last_error: memory.error, failures_in_a_row: memory.failures,
    looked_at: iso(memory.lookedAt), next_look_at: iso(alarm),
  };
}
