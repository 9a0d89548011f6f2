/**
 * How many worker machines there should be, as a pure function: what was seen -> at most one thing to do.
 * Carrying it out (and asking a machine whether it really is idle) is worker-fleet's. Never names a machine that works or does not answer.
 */
import type { FleetAction, MachineState } from '#contract/fleet';
import { FLEET_CHECK_MS, FLEET_LOAD_SHARE, FLEET_MAX, FLEET_PATIENCE_MS, FLEET_PAUSE_MS, FLEET_RETRY_MS, FLEET_SILENT_MS, FLEET_SMALL, SCALE_DOWN_IDLE_MS, SCALE_UP_QUEUE_DEPTH } from '#contract/limits';

/** What a machine says of itself. `draining`: it takes no job any more. `load`: slots that worked lately, on average (LOAD_OVER_MS). */
export interface WorkerReport { busy: number; draining: boolean; idleMs: number; slots: number; load: number }

/** Too many jobs wait since `since` (null: they do not), and it was last so for longer than a burst at `lastAt`. */
export interface Crowd { since: number | null; lastAt: number | null }

export interface SeenMachine {
  id: string;
  state: MachineState;
  createdAt: number;
  /** Null: not asked (not started), or no answer. */
  report: WorkerReport | null;
  /** Since when it answers nothing although it should, now or soon. */
  silentSince: number | null;
}

export interface Sight {
  machines: SeenMachine[];
  /** Due jobs that wait. Null: unknown. */
  depth: number | null;
  /** The machine whose destruction was begun and not seen to end. */
  condemned: string | null;
  crowd: Crowd;
  /** The regular look has come round: only then is a machine given up. */
  checkDue: boolean;
  now: number;
}

/** The settings of SPEC section 7. */
export interface FleetRules { scaleUpDepth: number; idleMs: number; max: number; checkMs: number; silentMs: number }

/** `close`: it takes no further job, does what it has in hand, and is destroyed when that is done. `postponed`: the regular look is to come again soon. */
export type FleetChoice = { action: Extract<FleetAction, 'start' | 'close' | 'destroy'>; machineId: string; why: string } | { action: 'create'; why: string } | { action: 'none'; why: string; postponed?: true };

/**
 * working   answers and takes jobs               coming  will answer in a moment
 * silent    started, but answers nothing         leaving takes no job any more, not gone yet
 * stopped   can be started                       odd     in a state nobody knows, or stuck on the way
 */
type Role = 'working' | 'coming' | 'silent' | 'leaving' | 'stopped' | 'odd' | 'gone';

export function decideFleet(sight: Sight, rules: FleetRules): FleetChoice {
  const by = Map.groupBy(sight.machines.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)), (m) => roleOf(m, sight.now, rules));
  const of = (role: Role): SeenMachine[] => by.get(role) ?? [];
  const working = of('working'), crew = working.length + of('coming').length, running = crew + of('silent').length;

  if (crew === 0) return another(of, sight, rules, running === 0 ? 'No worker is running.' : 'No worker answers.');
  // A large fleet works off a burst before another machine would have started.
  const isCrowded = sight.depth !== null && sight.depth > rules.scaleUpDepth && (running < FLEET_SMALL || isLasting(sight.crowd, sight.now));
  if (isCrowded && running < rules.max) return another(of, sight, rules, `${sight.depth} jobs wait and ${running} of at most ${rules.max} workers are running.`);

  const unfinished = of('leaving').find((m) => m.state === 'started' && m.report?.busy === 0) ?? of('stopped').find((m) => m.id === sight.condemned);
  // Not before another one answers: until then it still serves searches.
  if (unfinished && working.length > 0) return { action: 'destroy', machineId: unfinished.id, why: 'Its end was begun and is finished now.' };

  if (!sight.checkDue) return { action: 'none', why: 'Enough workers are running.' };
  if (working.length <= 1) return { action: 'none', why: 'One worker is always kept.' };
  if (sight.depth !== 0) return { action: 'none', why: sight.depth === null ? 'Nobody knows how many jobs wait.' : 'Jobs wait.', postponed: true };
  const idle = working.findLast(({ report }) => report?.busy === 0 && report.idleMs >= rules.idleMs);
  if (idle) return { action: 'destroy', machineId: idle.id, why: `Idle for ${Math.floor((idle.report?.idleMs ?? 0) / 1000)} s, and ${running} workers are running.` };
  const wasCrowded = sight.crowd.lastAt !== null && sight.now - sight.crowd.lastAt < rules.idleMs;
  return wasCrowded ? { action: 'none', why: 'Not long ago too many jobs waited.' } : spare(working, of('leaving'), crew);
}

/** A large fleet shares few jobs among all its machines, so that none of them is ever idle for long: one that the others could do without takes no more of them. */
function spare(working: SeenMachine[], leaving: SeenMachine[], crew: number): FleetChoice {
  const sum = (machines: SeenMachine[], of: 'busy' | 'slots' | 'load'): number => machines.reduce((all, { report }) => all + (report?.[of] ?? 0), 0);
  // What those that leave have done falls to the others.
  const load = sum(working, 'load') + sum(leaving, 'load'), slots = sum(working, 'slots'), [least] = working.toReversed().toSorted((a, b) => sum([a], 'busy') - sum([b], 'busy'));
  if (crew <= FLEET_SMALL || !least || load > (slots - sum([least], 'slots')) * FLEET_LOAD_SHARE) return { action: 'none', why: 'No worker has been idle for long enough.' };
  return { action: 'close', machineId: least.id, why: `${load.toFixed(1)} of ${slots} slots worked lately, on average: the others can do that.` };
}

const isLasting = ({ since }: Crowd, now: number): boolean => since !== null && now - since >= FLEET_PATIENCE_MS;

/** What a look makes of the crowd that the one before saw. An unknown depth changes nothing. */
export function crowdAt(before: Crowd, depth: number | null, now: number, rules: FleetRules): Crowd {
  if (depth === null) return before;
  const since = depth > rules.scaleUpDepth ? before.since ?? now : null, crowd = { since, lastAt: before.lastAt };
  return isLasting(crowd, now) ? { since, lastAt: now } : crowd;
}

/** How far apart regular looks are, ms: each gives up one machine at most, so a fleet many times as large has as many times as many of them. */
export const checkEvery = (running: number, rules: FleetRules): number => rules.checkMs / Math.max(1, running / FLEET_SMALL);

/** What the time of the next look hangs on. `isOpen`: something failed or is not finished. */
interface LookedAt { now: number; checkAt: number; crowd: Crowd; hasGrown: boolean; isOpen: boolean }

/** Soon after growing, because one more may not be enough; in a while after trouble and what waits; when a crowd has lasted; else when the regular look comes round. */
export function nextLookAt({ now, checkAt, crowd, hasGrown, isOpen }: LookedAt, rules: FleetRules): number {
  const soon = now + FLEET_PAUSE_MS;
  if (hasGrown) return soon;
  const again = isOpen || checkAt <= now ? now + Math.min(FLEET_RETRY_MS, rules.checkMs) : checkAt;
  return Math.max(soon, Math.min(again, crowd.since === null || isLasting(crowd, now) ? Infinity : crowd.since + FLEET_PATIENCE_MS));
}

/** A stopped machine starts in a second; a new one is made when there is none and the fleet may grow. */
function another(of: (role: Role) => SeenMachine[], { machines, now }: Sight, rules: FleetRules, why: string): FleetChoice {
  const stopped = of('stopped')[0];
  if (stopped) return { action: 'start', machineId: stopped.id, why };
  const exist = machines.filter((m) => { const role = roleOf(m, now, rules); return role !== 'gone' && role !== 'leaving'; }).length;
  if (exist >= rules.max) return { action: 'none', why: `${why} There are ${exist} machines already, ${rules.max} at most; look after those that do not answer.` };
  return { action: 'create', why };
}

function roleOf({ state, report, silentSince }: SeenMachine, now: number, rules: FleetRules): Role {
  const waitedFor = silentSince !== null && now - silentSince < rules.silentMs;
  switch (state) {
    case 'started':
      if (report) return report.draining ? 'leaving' : 'working';
      return waitedFor ? 'coming' : 'silent';
    case 'created': case 'starting': return waitedFor ? 'coming' : 'odd';
    case 'stopped': return 'stopped';
    case 'stopping': case 'destroying': return 'leaving';
    case 'destroyed': return 'gone';
    case 'unknown': return 'odd';
  }
}

export interface FleetSettings { SCALE_UP_QUEUE_DEPTH?: string; SCALE_DOWN_IDLE_MINUTES?: string; FLEET_MAX?: string; FLEET_CHECK_SECONDS?: string }

/** The rules an environment asks for. What is not a number of the expected kind leaves the default. */
export function fleetRules(env: FleetSettings): FleetRules {
  return {
    scaleUpDepth: settingOf(env.SCALE_UP_QUEUE_DEPTH, 1, 0, SCALE_UP_QUEUE_DEPTH), idleMs: settingOf(env.SCALE_DOWN_IDLE_MINUTES, 60_000, 0, SCALE_DOWN_IDLE_MS),
    max: Math.floor(settingOf(env.FLEET_MAX, 1, 1, FLEET_MAX)), checkMs: settingOf(env.FLEET_CHECK_SECONDS, 1000, 1, FLEET_CHECK_MS), silentMs: FLEET_SILENT_MS,
  };
}

function settingOf(text: string | undefined, unit: number, least: number, fallback: number): number {
  const value = text?.trim() ? Number(text) : NaN;
  return Number.isFinite(value) && value >= least ? value * unit : fallback;
}
