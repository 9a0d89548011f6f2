/** Queue, fleet and fairness at a city's size, in virtual time by the second: the product's own order (SQL), scaling rule (decideFleet), load average and limits. Workers, Fly and providers are a time each takes. */
import { checkEvery, crowdAt, decideFleet, nextLookAt, type Crowd, type FleetRules, type SeenMachine } from '#durable-objects/fleet-machine';
import { ACTIVE_JOBS_PER_TENANT_MAX, DUE_SYNCS_MAX, FLEET_PAUSE_MS, LOAD_OVER_MS, SLOTS_DEFAULT } from '#contract/limits';
import { openLoad, type Load } from '#fly-worker/load';
import { randomOf, type Wish } from './city.ts';
import type { WaitingLine } from './queue.ts';

/** Until a new machine answers; a stopped one is faster, but none is left standing here. */
const BOOT_MS = 15_000;
/** What a slot needs from one job to the next: release, look, claim. */
const BETWEEN_JOBS_MS = 150;
const SECOND = 1_000, MINUTE = 60 * SECOND;
/** A machine made so soon after one was given up was given up in vain. */
const IN_VAIN_MS = 15 * MINUTE;

export interface Wait { wish: Wish; /** From the press of the button, or from being due, to the claim. */ waitMs: number }
/** How it stood in one minute. */
interface Minute { atMs: number; machines: number; /** Slots that worked, on average. */ busy: number }
export interface Figures {
  waits: Wait[]; minutes: Minute[]; machinesMost: number; machineHours: number; depthMost: number;
  /** Scheduled syncs that the minute's look could not yet take. */
  dueMost: number; refusedStarts: number; made: number; givenUp: number; inVain: number; lookMs: number[];
}

interface Machine { id: string; createdAt: number; upAt: number; busy: number; idleSince: number; closed: boolean; load: Load }

/** Runs until everything wished for is done, and `thenMs` longer. `nightMs`: how long after the last wish it may take; then it throws. Throws when a machine that works is to be destroyed. */
export async function runFleet(wishes: readonly Wish[], line: WaitingLine, rules: FleetRules, seed: number, { nightMs = 6 * 3_600 * SECOND, thenMs = 0 } = {}): Promise<Figures> {
  const random = randomOf(seed), figures: Figures = { waits: [], minutes: [], machinesMost: 0, machineHours: 0, depthMost: 0, dueMost: 0, refusedStarts: 0, made: 0, givenUp: 0, inVain: 0, lookMs: [] };
  const beginMs = Math.floor((wishes[0]?.at ?? 0)) * SECOND, lastMs = (wishes.at(-1)?.at ?? 0) * SECOND;
  let now = beginMs;
  const machineAt = (id: string, upAt: number): Machine => ({ id, createdAt: now, upAt, busy: 0, idleSince: upAt, closed: false, load: openLoad(LOAD_OVER_MS, () => Math.max(now, upAt)) });
  let machines: Machine[] = [machineAt('m0', beginMs)];
  let arrived = 0, done = 0, lookAt = beginMs, checkAt = beginMs + rules.checkMs, crowd: Crowd = { since: null, lastAt: null }, gaveUpAt = -Infinity;
  const due: number[] = [], active = new Map<number, number>(), endings = new Map<number, { id: number; machine: Machine }[]>();
  let waiting = 0, worked = 0;

  const beginsAt = (id: number): number => wishes[id]!.at * SECOND;
  const activeOf = (id: number): number => active.get(wishes[id]!.tenant) ?? 0;
  const becomesActive = (id: number): void => { active.set(wishes[id]!.tenant, activeOf(id) + 1); };
  const mayStart = (id: number): boolean => activeOf(id) < ACTIVE_JOBS_PER_TENANT_MAX;

  /** People's wishes as they come; schedules by the minute's look, so many at once; a tenant that has its three jobs waits (schedule) or is told so (person). */
  function arrive(): number[] {
    const come: number[] = [];
    for (; arrived < wishes.length && beginsAt(arrived) <= now; arrived += 1) {
      if (wishes[arrived]!.scheduled) due.push(arrived);
      else if (mayStart(arrived)) { becomesActive(arrived); come.push(arrived); }
      else { figures.refusedStarts += 1; done += 1; }
    }
    if (now % MINUTE === 0) {
      for (let taken = 0, i = 0; i < due.length && taken < DUE_SYNCS_MAX; taken += 1) {
        const id = due[i]!;
        if (!mayStart(id)) { i += 1; continue; }
        due.splice(i, 1);
        becomesActive(id);
        come.push(id);
      }
      figures.dueMost = Math.max(figures.dueMost, due.length);
    }
    if (come.length > 0) lookAt = Math.min(lookAt, now + FLEET_PAUSE_MS);
    return come;
  }

  function finish(): number[] {
    const over = endings.get(now) ?? [];
    endings.delete(now);
    for (const { id, machine } of over) {
      machine.busy -= 1;
      machine.load.is(machine.busy);
      if (machine.busy === 0) machine.idleSince = now;
      active.set(wishes[id]!.tenant, activeOf(id) - 1);
      done += 1;
    }
    return over.map(({ id }) => id);
  }

  /** What came and what ended is written down; free slots take what may go first. */
  async function move(): Promise<void> {
    const come = arrive(), over = finish();
    waiting += come.length;
    const free = machines.filter(({ upAt, busy, closed }) => upAt <= now && !closed && busy < SLOTS_DEFAULT).flatMap((m) => Array.from({ length: SLOTS_DEFAULT - m.busy }, () => m));
    if (come.length === 0 && over.length === 0 && (waiting === 0 || free.length === 0)) return;
    const askedAt = performance.now(), ids = await line.at({ nowMs: now, come: come.map((id) => ({ id, wish: wishes[id]! })), done: over, free: waiting === 0 ? 0 : free.length });
    figures.lookMs.push(performance.now() - askedAt);
    for (const id of ids) {
      // Which slot hears the bell first is nobody's choice.
      const machine = free.splice(Math.floor(random() * free.length), 1)[0]!;
      machine.busy += 1;
      machine.load.is(machine.busy);
      waiting -= 1;
      figures.waits.push({ wish: wishes[id]!, waitMs: now - beginsAt(id) });
      const endMs = now + Math.max(SECOND, Math.round((wishes[id]!.seconds * SECOND + BETWEEN_JOBS_MS) / SECOND) * SECOND);
      endings.set(endMs, [...endings.get(endMs) ?? [], { id, machine }]);
    }
  }

  const seen = ({ id, createdAt, upAt, busy, idleSince, closed, load }: Machine): SeenMachine => (upAt <= now
    ? { id, createdAt, state: 'started', silentSince: null, report: { busy, draining: closed, idleMs: busy === 0 ? now - idleSince : 0, slots: SLOTS_DEFAULT, load: load.mean } }
    : { id, createdAt, state: 'starting', silentSince: createdAt, report: null });

  /** As the fleet's object looks. */
  function look(): void {
    if (now < lookAt) return;
    const checkDue = now >= checkAt;
    crowd = crowdAt(crowd, waiting, now, rules);
    const choice = decideFleet({ machines: machines.map(seen), depth: waiting, condemned: null, crowd, checkDue, now }, rules);
    if (checkDue && !(choice.action === 'none' && choice.postponed)) checkAt = now + checkEvery(machines.filter(({ upAt, closed }) => upAt <= now && !closed).length, rules);
    const named = 'machineId' in choice ? machines.find(({ id }) => id === choice.machineId) : undefined;
    switch (choice.action) {
      case 'create':
        machines.push(machineAt(`m${figures.made += 1}`, now + BOOT_MS));
        if (now - gaveUpAt < IN_VAIN_MS) figures.inVain += 1;
        break;
      case 'close': named!.closed = true; gaveUpAt = now; break;
      case 'destroy':
        if (named!.busy > 0) throw new Error(`${named!.id} is destroyed in the middle of ${named!.busy} jobs.`);
        machines = machines.filter((m) => m !== named);
        figures.givenUp += 1;
        if (!named!.closed) gaveUpAt = now;
        break;
      case 'start': case 'none':
    }
    lookAt = nextLookAt({ now, checkAt, crowd, hasGrown: choice.action === 'create', isOpen: machines.some(({ closed }) => closed) }, rules);
    figures.machinesMost = Math.max(figures.machinesMost, machines.length);
  }

  for (let endMs = Infinity; now <= endMs; now += SECOND) {
    if (now > lastMs + nightMs) throw new Error(`${wishes.length - done} of ${wishes.length} jobs are not done ${nightMs / 3_600_000} hours after the last one came: the fleet is too small for them.`);
    await move();
    look();
    if (done === wishes.length && endMs === Infinity) endMs = now + thenMs;
    figures.depthMost = Math.max(figures.depthMost, waiting);
    figures.machineHours += machines.length / 3_600;
    worked += machines.reduce((sum, { busy }) => sum + busy, 0);
    if (now % MINUTE === 0) { figures.minutes.push({ atMs: now, machines: machines.length, busy: worked / 60 }); worked = 0; }
    if (now % (5 * MINUTE) === 0) await line.tidy();
  }
  return figures;
}

/** Seconds that this part of the waits did not exceed. */
export function waitedAt(waits: readonly Wait[], part: number): number {
  const sorted = waits.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0) / SECOND;
}
