/** Queue, fleet and fairness at a city's size, second by second of virtual time: the product's own order (SQL), scaling rule (decideFleet) and limits. Workers, Fly and providers are a time each takes. */
import { decideFleet, type FleetRules, type SeenMachine } from '#durable-objects/fleet-machine';
import { ACTIVE_JOBS_PER_TENANT_MAX, DUE_SYNCS_MAX, FLEET_PAUSE_MS, SLOTS_DEFAULT } from '#contract/limits';
import { randomOf, type Wish } from './city.ts';
import type { WaitingLine } from './queue.ts';

/** Until a new machine answers; a stopped one is faster, but none is left standing here. */
const BOOT_MS = 15_000;
/** What a slot needs from one job to the next: release, look, claim. */
const BETWEEN_JOBS_MS = 150;
const SECOND = 1_000;

export interface Wait { wish: Wish; /** From the press of the button, or from being due, to the claim. */ waitMs: number }
export interface Figures { waits: Wait[]; machinesMost: number; machineHours: number; depthMost: number; /** Scheduled syncs that the minute's look could not yet take. */ dueMost: number; refusedStarts: number; lookMs: number[] }

interface Machine { id: string; createdAt: number; upAt: number; busy: number; idleSince: number }

/** Runs until everything wished for is done. `nightMs`: how long after the last wish it may take; then it throws. */
export async function runFleet(wishes: readonly Wish[], line: WaitingLine, rules: FleetRules, seed: number, nightMs = 6 * 3_600 * SECOND): Promise<Figures> {
  const random = randomOf(seed), figures: Figures = { waits: [], machinesMost: 0, machineHours: 0, depthMost: 0, dueMost: 0, refusedStarts: 0, lookMs: [] };
  const beginMs = Math.floor((wishes[0]?.at ?? 0)) * SECOND, lastMs = (wishes.at(-1)?.at ?? 0) * SECOND;
  let machines: Machine[] = [{ id: 'm0', createdAt: beginMs, upAt: beginMs, busy: 0, idleSince: beginMs }];
  let made = 1, arrived = 0, done = 0, lookAt = beginMs, checkAt = beginMs + rules.checkMs;
  const due: number[] = [], active = new Map<number, number>(), endings = new Map<number, { id: number; machine: string }[]>();
  let waiting = 0;

  const beginsAt = (id: number): number => wishes[id]!.at * SECOND;
  const mayStart = (id: number): boolean => (active.get(wishes[id]!.tenant) ?? 0) < ACTIVE_JOBS_PER_TENANT_MAX;

  /** People's wishes as they come; schedules by the minute's look, so many at once; a tenant that has its three jobs waits (schedule) or is told so (person). */
  async function arrive(now: number): Promise<void> {
    const come: number[] = [];
    for (; arrived < wishes.length && beginsAt(arrived) <= now; arrived += 1) {
      if (wishes[arrived]!.scheduled) due.push(arrived);
      else if (mayStart(arrived)) come.push(arrived);
      else { figures.refusedStarts += 1; done += 1; continue; }
      if (!wishes[arrived]!.scheduled) active.set(wishes[arrived]!.tenant, (active.get(wishes[arrived]!.tenant) ?? 0) + 1);
    }
    if (now % (60 * SECOND) === 0) {
      for (let taken = 0, i = 0; i < due.length && taken < DUE_SYNCS_MAX; taken += 1) {
        const id = due[i]!;
        if (!mayStart(id)) { i += 1; continue; }
        due.splice(i, 1);
        active.set(wishes[id]!.tenant, (active.get(wishes[id]!.tenant) ?? 0) + 1);
        come.push(id);
      }
      figures.dueMost = Math.max(figures.dueMost, due.length);
    }
    if (come.length === 0) return;
    await line.add(come.map((id) => ({ id, wish: wishes[id]! })), now);
    waiting += come.length;
    lookAt = Math.min(lookAt, now + FLEET_PAUSE_MS);
  }

  async function finish(now: number): Promise<void> {
    const over = endings.get(now) ?? [];
    endings.delete(now);
    for (const { id, machine } of over) {
      const at = machines.find((m) => m.id === machine)!;
      at.busy -= 1;
      if (at.busy === 0) at.idleSince = now;
      active.set(wishes[id]!.tenant, active.get(wishes[id]!.tenant)! - 1);
      done += 1;
    }
    if (over.length > 0) await line.ended(over.map(({ id }) => id));
  }

  async function take(now: number): Promise<void> {
    const free = machines.filter(({ upAt, busy }) => upAt <= now && busy < SLOTS_DEFAULT).flatMap((m) => Array.from({ length: SLOTS_DEFAULT - m.busy }, () => m));
    if (free.length === 0 || waiting === 0) return;
    const askedAt = performance.now(), ids = await line.next(free.length, now);
    figures.lookMs.push(performance.now() - askedAt);
    if (ids.length === 0) return;
    await line.started(ids, now);
    for (const id of ids) {
      // Which slot hears the bell first is nobody's choice.
      const [machine] = free.splice(Math.floor(random() * free.length), 1);
      machine!.busy += 1;
      waiting -= 1;
      figures.waits.push({ wish: wishes[id]!, waitMs: now - beginsAt(id) });
      const endMs = now + Math.max(SECOND, Math.round((wishes[id]!.seconds * SECOND + BETWEEN_JOBS_MS) / SECOND) * SECOND);
      endings.set(endMs, [...endings.get(endMs) ?? [], { id, machine: machine!.id }]);
    }
  }

  /** As the fleet's object looks: soon after a bell or after growing, else when the regular look comes round. */
  function look(now: number): void {
    if (now < lookAt) return;
    const checkDue = now >= checkAt;
    const seen = machines.map(({ id, createdAt, upAt, busy, idleSince }): SeenMachine => ({ id, createdAt, state: upAt <= now ? 'started' : 'starting', report: upAt <= now ? { busy, draining: false, idleMs: busy === 0 ? now - idleSince : 0 } : null, silentSince: upAt <= now ? null : createdAt }));
    const choice = decideFleet({ machines: seen, depth: waiting, condemned: null, checkDue, now }, rules);
    if (checkDue) checkAt = now + rules.checkMs;
    lookAt = choice.action === 'create' ? now + FLEET_PAUSE_MS : checkAt;
    if (choice.action === 'create') machines.push({ id: `m${made++}`, createdAt: now, upAt: now + BOOT_MS, busy: 0, idleSince: now + BOOT_MS });
    if (choice.action === 'destroy') machines = machines.filter(({ id }) => id !== choice.machineId);
    figures.machinesMost = Math.max(figures.machinesMost, machines.length);
  }

  for (let now = beginMs; done < wishes.length; now += SECOND) {
    if (now > lastMs + nightMs) throw new Error(`${wishes.length - done} of ${wishes.length} jobs are not done ${nightMs / 3_600_000} hours after the last one came: the fleet is too small for them.`);
    await arrive(now);
    await finish(now);
    await take(now);
    look(now);
    figures.depthMost = Math.max(figures.depthMost, waiting);
    figures.machineHours += machines.length / 3_600;
  }
  return figures;
}

/** Seconds that this part of the waits did not exceed. */
export function waitedAt(waits: readonly Wait[], part: number): number {
  const sorted = waits.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0) / SECOND;
}
