/** The scaling rule, as a table: every role a machine can play, every threshold on both sides, every combination up to four machines by property. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MachineState } from '#contract/fleet';
import { FLEET_CHECK_MS, FLEET_MAX, FLEET_PATIENCE_MS, FLEET_SILENT_MS, SCALE_DOWN_IDLE_MS, SCALE_UP_QUEUE_DEPTH } from '#contract/limits';
import { checkEvery, crowdAt, decideFleet, fleetRules, nextLookAt, type Crowd, type FleetChoice, type FleetRules, type SeenMachine, type Sight } from '#durable-objects/fleet-machine';

const NOW = 1_800_000_000_000, MINUTE = 60_000;
const SLOTS = 4, CALM = { since: null, lastAt: null };
const rules: FleetRules = { scaleUpDepth: 5, idleMs: 5 * MINUTE, max: 3, checkMs: 5 * MINUTE, silentMs: 2 * MINUTE };

/** One machine of each kind that the rule tells apart. `idle`: long enough; `resting`: not yet. */
const KINDS = {
  busy: { state: 'started', report: { busy: 2, draining: false, idleMs: 0, slots: SLOTS, load: 2 } },
  idle: { state: 'started', report: { busy: 0, draining: false, idleMs: 5 * MINUTE, slots: SLOTS, load: 0 } },
  resting: { state: 'started', report: { busy: 0, draining: false, idleMs: 5 * MINUTE - 1, slots: SLOTS, load: 0 } },
  booting: { state: 'started', silentSince: NOW - 2 * MINUTE + 1 },
  silent: { state: 'started', silentSince: NOW - 2 * MINUTE },
  draining: { state: 'started', report: { busy: 0, draining: true, idleMs: 9 * MINUTE, slots: SLOTS, load: 0 } },
  closed: { state: 'started', report: { busy: 1, draining: true, idleMs: 0, slots: SLOTS, load: 1 } },
  created: { state: 'created', silentSince: NOW - 1 },
  starting: { state: 'starting', silentSince: NOW - 1 },
  stuck: { state: 'starting', silentSince: NOW - 2 * MINUTE },
  stopping: { state: 'stopping' }, stopped: { state: 'stopped' }, destroying: { state: 'destroying' }, destroyed: { state: 'destroyed' }, unknown: { state: 'unknown' },
} satisfies Record<string, Partial<SeenMachine>>;
type Kind = keyof typeof KINDS;

/** Machines by kind, oldest first: `idle-0`, `busy-1`, .. */
const machinesOf = (...kinds: Kind[]): SeenMachine[] => kinds.map((kind, i) => ({ report: null, silentSince: null, ...KINDS[kind], id: `${kind}-${i}`, createdAt: NOW - 1_000 + i }) as SeenMachine);
interface Given { depth?: number | null; check?: boolean; condemned?: string | null; crowd?: Crowd }
const sightOf = (kinds: Kind[], { depth = 0, check = true, condemned = null, crowd = CALM }: Given = {}): Sight => ({ machines: machinesOf(...kinds), depth, condemned, crowd, checkDue: check, now: NOW });
const short = (choice: FleetChoice): string => (choice.action === 'create' || choice.action === 'none' ? choice.action : `${choice.action} ${choice.machineId}`);
const decided = (kinds: Kind[], given?: Given): string => short(decideFleet(sightOf(kinds, given), rules));

describe('somebody works, always', () => {
  it.each<[Kind[], string]>([
    [[], 'create'],
    [['stopped'], 'start stopped-0'], [['stopped', 'stopped'], 'start stopped-0'], [['destroyed', 'stopped'], 'start stopped-1'],
    [['stopping'], 'create'], [['destroying'], 'create'], [['destroyed'], 'create'], [['draining'], 'create'],
    [['silent'], 'create'], [['silent', 'stopped'], 'start stopped-1'], [['stuck'], 'create'], [['unknown'], 'create'],
    [['silent', 'silent', 'stuck'], 'none'], [['unknown', 'unknown', 'unknown'], 'none'], [['silent', 'stuck', 'unknown', 'stopped'], 'start stopped-3'],
    [['draining', 'silent', 'silent'], 'create'], [['destroying', 'destroying', 'destroying'], 'create'],
    [['booting'], 'none'], [['created'], 'none'], [['starting'], 'none'], [['busy'], 'none'], [['idle'], 'none'], [['resting'], 'none'],
  ])('%j: %s', (kinds, expected) => {
    for (const check of [true, false]) for (const depth of [0, 1, 5, null]) expect(decided(kinds, { depth, check }), JSON.stringify({ check, depth })).toBe(expected);
  });
});

describe('more than five jobs wait', () => {
  it.each<[Kind[], number, string]>([
    [['busy'], 5, 'none'], [['busy'], 6, 'create'], [['idle'], 6, 'create'], [['busy', 'stopped'], 5, 'none'], [['busy', 'stopped'], 6, 'start stopped-1'],
    [['busy', 'busy'], 6, 'create'], [['busy', 'starting'], 6, 'create'], [['busy', 'booting'], 6, 'create'], [['busy', 'draining', 'busy'], 6, 'create'],
    [['busy', 'busy', 'busy'], 6, 'none'], [['busy', 'busy', 'busy'], 10_000, 'none'], [['busy', 'busy', 'starting'], 6, 'none'], [['busy', 'created', 'booting'], 6, 'none'],
    [['busy', 'busy', 'silent'], 6, 'none'], [['busy', 'busy', 'busy', 'stopped'], 6, 'none'], [['busy', 'busy', 'unknown'], 6, 'none'], [['busy', 'stuck', 'stuck'], 6, 'none'],
    [['busy', 'stuck', 'stuck', 'stopped'], 6, 'start stopped-3'],
  ])('%j, %d wait: %s', (kinds, depth, expected) => {
    for (const check of [true, false]) expect(decided(kinds, { depth, check })).toBe(expected);
  });
});

describe('the regular look', () => {
  it.each<[Kind[], string]>([
    [['idle', 'idle'], 'destroy idle-1'], [['idle', 'idle', 'idle'], 'destroy idle-2'], [['idle', 'busy'], 'destroy idle-0'], [['busy', 'idle'], 'destroy idle-1'],
    [['busy', 'idle', 'busy'], 'destroy idle-1'], [['idle', 'resting'], 'destroy idle-0'], [['resting', 'resting'], 'none'], [['busy', 'busy', 'busy'], 'none'], [['busy', 'resting'], 'none'],
    // Only those that answer count: the last that does is kept.
    [['idle', 'silent'], 'none'], [['idle', 'starting'], 'none'], [['idle', 'booting'], 'none'], [['idle', 'stopped'], 'none'], [['silent', 'idle', 'idle'], 'destroy idle-2'],
    [['idle', 'destroying'], 'none'], [['idle', 'unknown'], 'none'],
  ])('%j: %s', (kinds, expected) => {
    expect(decided(kinds)).toBe(expected);
    if (expected.startsWith('destroy')) {
      expect(decided(kinds, { check: false }), 'not between regular looks').toBe('none');
      expect(decided(kinds, { depth: 1 }), 'not while a job waits').toBe('none');
      expect(decided(kinds, { depth: null }), 'not while nobody knows').toBe('none');
    }
  });
});

describe('a fleet of more than three', () => {
  const large = { ...rules, max: 60 };
  /** So many machines of four slots, the last ones made last; each with so much to do, now and on average. */
  const fleet = (...says: { busy?: number; load?: number; draining?: boolean }[]): SeenMachine[] => says.map(({ busy = 1, load = busy, draining = false }, i) => ({
    id: `m${i}`, state: 'started', createdAt: NOW - 1_000 + i, silentSince: null, report: { busy, load, draining, idleMs: busy === 0 ? 1_000 : 0, slots: SLOTS },
  }));
  const look = (machines: SeenMachine[], given: Given = {}): string => short(decideFleet({ ...sightOf([], given), machines }, large));
  const ones = (count: number, each = {}): { busy?: number; load?: number }[] => Array.from({ length: count }, () => each);

  it.each<[string, SeenMachine[], string]>([
    ['half of the others\' slots would work', fleet(...ones(5, { busy: 2, load: 1.6 })), 'close m4'],
    ['a little more than half of them', fleet(...ones(5, { busy: 2, load: 1.61 })), 'none'],
    ['fewest jobs go first', fleet({ busy: 2 }, { busy: 0 }, { busy: 1 }, { busy: 2 }, { busy: 2 }), 'close m1'],
    ['of several with as few the newest', fleet({ busy: 2 }, { busy: 1 }, { busy: 2 }, { busy: 1 }, { busy: 2 }), 'close m3'],
    ['all are needed', fleet(...ones(8, { busy: 4 })), 'none'],
    ['a moment\'s rest is no reason', fleet(...ones(8, { busy: 0, load: 3 })), 'none'],
    ['three are kept for load\'s sake', fleet(...ones(3, { busy: 1, load: 0.1 })), 'none'],
    ['four are not', fleet(...ones(4, { busy: 1, load: 0.1 })), 'close m3'],
    // What the closed one still does will be the others'.
    ['one is closed already', fleet(...ones(5, { busy: 2, load: 1.5 }), { busy: 2, load: 1.5, draining: true }), 'none'],
    ['one is closed and has done what it had', fleet(...ones(5, { busy: 4 }), { busy: 0, draining: true }), 'destroy m5'],
  ])('%s: %#', (_, machines, expected) => {
    expect(look(machines)).toBe(expected);
    if (!expected.startsWith('close')) return;
    for (const [why, given] of Object.entries({ 'between regular looks': { check: false }, 'while a job waits': { depth: 1 }, 'while nobody knows': { depth: null }, 'soon after a crowd': { crowd: { since: null, lastAt: NOW - 5 * MINUTE + 1 } } } satisfies Record<string, Given>)) expect(look(machines, given), why).toBe('none');
    expect(look(machines, { crowd: { since: null, lastAt: NOW - 5 * MINUTE } })).toBe(expected);
  });

  it.each<[number, Given, string]>([
    [3, { depth: 400 }, 'none'], [3, { depth: 400, crowd: { since: NOW - FLEET_PATIENCE_MS + 1, lastAt: null } }, 'none'], [3, { depth: 6, crowd: { since: NOW - FLEET_PATIENCE_MS, lastAt: NOW } }, 'create'],
    [59, { depth: 6, crowd: { since: NOW - FLEET_PATIENCE_MS, lastAt: NOW } }, 'create'], [60, { depth: 400, crowd: { since: NOW - MINUTE, lastAt: NOW } }, 'none'], [3, { depth: 5, crowd: { since: NOW - MINUTE, lastAt: NOW } }, 'none'], [2, { depth: 6 }, 'create'],
  ])('%d machines, %j: %s, for a burst is worked off sooner than a machine starts', (count, given, expected) => { expect(look(fleet(...ones(count, { busy: 4 })), { check: false, ...given })).toBe(expected); });

  it('whatever its machines do: closes one only if the others\' slots are at most half full with all of it, keeps three, destroys none that works', () => {
    const report = fc.record({ busy: fc.integer({ min: 0, max: SLOTS }), load: fc.double({ min: 0, max: SLOTS, noNaN: true }), draining: fc.boolean() });
    fc.assert(fc.property(fc.array(report, { minLength: 1, maxLength: 40 }), fc.constantFrom(0, 0, 1, 6, null), fc.boolean(), (says, depth, check) => {
      const machines = fleet(...says), choice = decideFleet({ ...sightOf([], { depth, check }), machines }, large), left = machines.filter(({ id, report: r }) => !r!.draining && !('machineId' in choice && choice.machineId === id));
      const named = 'machineId' in choice ? machines.find(({ id }) => id === choice.machineId)! : null;
      if (choice.action === 'destroy' && named!.report!.busy > 0) return false;
      if (choice.action !== 'close') return true;
      const load = machines.reduce((sum, { report: r }) => sum + r!.load, 0);
      return !named!.report!.draining && left.length >= 3 && load <= (left.length * SLOTS) / 2;
    }), { numRuns: 2_000 });
  });

  it('is done with a burst, or remembers how long it lasted', () => {
    const after = (...depths: (number | null)[]): Crowd => depths.reduce<Crowd>((crowd, depth, i) => crowdAt(crowd, depth, i * 10_000, rules), CALM);
    expect(after(5)).toEqual(CALM);
    expect(after(6, 6)).toEqual({ since: 0, lastAt: null });
    expect(after(6, 6, 0), 'over in time').toEqual(CALM);
    expect(after(6, 6, 6, 6)).toEqual({ since: 0, lastAt: 30_000 });
    expect(after(6, null, null, 6), 'not to know is no change').toEqual({ since: 0, lastAt: 30_000 });
    expect(after(6, 6, 6, 6, 5)).toEqual({ since: null, lastAt: 30_000 });
  });

  it('is looked at as many times as often as it is larger', () => {
    expect([1, 3, 6, 60].map((count) => checkEvery(count, rules))).toEqual([300_000, 300_000, 150_000, 15_000]);
  });

  it.each<[string, Partial<Parameters<typeof nextLookAt>[0]>, number]>([
    ['all is well', {}, 4 * MINUTE], ['it has grown', { hasGrown: true }, 2_000], ['something is open', { isOpen: true }, 30_000], ['the regular look was put off', { checkAt: NOW }, 30_000],
    ['a crowd is there', { crowd: { since: NOW - 10_000, lastAt: null } }, 20_000], ['a crowd has lasted', { crowd: { since: NOW - 40_000, lastAt: NOW } }, 4 * MINUTE], ['the crowd has nearly lasted', { crowd: { since: NOW - 29_999, lastAt: null } }, 2_000],
    ['the regular look is near', { checkAt: NOW + 1 }, 2_000],
  ])('%s: the next look', (_, seen, inMs) => { expect(nextLookAt({ now: NOW, checkAt: NOW + 4 * MINUTE, crowd: CALM, hasGrown: false, isOpen: false, ...seen }, rules) - NOW).toBe(inMs); });
});

describe('an end that was begun', () => {
  it.each<[Kind[], Given, string]>([
    [['idle', 'draining'], {}, 'destroy draining-1'], [['idle', 'draining'], { check: false }, 'destroy draining-1'], [['busy', 'draining'], { depth: 3 }, 'destroy draining-1'],
    [['idle', 'stopped'], { condemned: 'stopped-1' }, 'destroy stopped-1'], [['idle', 'stopped'], { condemned: 'gone-7' }, 'none'],
    [['idle', 'stopping'], { condemned: 'stopping-1' }, 'none'], [['idle', 'destroying'], { condemned: 'destroying-1' }, 'none'],
    [['busy', 'closed'], {}, 'none'], [['busy', 'closed', 'draining'], { check: false }, 'destroy draining-2'], [['closed'], {}, 'create'], [['draining', 'booting'], {}, 'none'], [['stopped', 'starting'], { condemned: 'stopped-0' }, 'none'],
    // Needed after all: started again instead.
    [['busy', 'stopped'], { condemned: 'stopped-1', depth: 6 }, 'start stopped-1'], [['stopped'], { condemned: 'stopped-0' }, 'start stopped-0'],
    // The proxy started it again: it is a worker like any other.
    [['busy', 'busy'], { condemned: 'busy-1' }, 'none'],
  ])('%j %j: %s', (kinds, given, expected) => { expect(decided(kinds, given)).toBe(expected); });
});

describe('whatever is seen', () => {
  const kinds = Object.keys(KINDS) as Kind[];
  const all = (count: number): Kind[][] => (count === 0 ? [[]] : all(count - 1).flatMap((list) => kinds.map((k) => [...list, k])));
  const sights = [0, 1, 2, 3].flatMap(all).flatMap((list) => [0, 5, 6, null].flatMap((depth) => [true, false].map((check) => sightOf(list, { depth, check, condemned: 'stopped-0' }))));

  it('nobody who works or does not answer is named, one that works is left, and there are never more than the most', () => {
    for (const sight of sights) {
      const choice = decideFleet(sight, rules);
      const named = 'machineId' in choice ? sight.machines.find((m) => m.id === choice.machineId)! : null;
      switch (choice.action) {
        case 'start': if (named!.state !== 'stopped') throw new Error(`${choice.machineId} is not stopped`); break;
        case 'create': {
          const there = sight.machines.filter((m) => ['created', 'starting', 'started', 'stopped', 'unknown'].includes(m.state) && !m.report?.draining).length;
          if (there >= rules.max) throw new Error(`a machine too many: ${JSON.stringify(sight)}`);
          break;
        }
        case 'destroy': {
          const idle = named!.state === 'stopped' || (named!.state === 'started' && named!.report?.busy === 0);
          const left = sight.machines.filter((m) => m !== named && m.report && !m.report.draining).length;
          if (!idle || left === 0) throw new Error(`${choice.machineId} must stay: ${JSON.stringify(sight)}`);
          break;
        }
        case 'close': throw new Error(`three are not too many: ${JSON.stringify(sight)}`);
        case 'none': expect(choice.why).toMatch(/\.$/);
      }
    }
    expect(sights.length).toBeGreaterThan(20_000);
  });

  it('the order of the list changes nothing', () => {
    for (const sight of sights.filter((s) => s.machines.length === 3)) {
      const choice = short(decideFleet(sight, rules)), other = short(decideFleet({ ...sight, machines: sight.machines.toReversed() }, rules));
      if (choice !== other) throw new Error(`${choice} or ${other}`);
    }
  });

  it('every state of a machine is known to the rule', () => {
    for (const state of MachineState.options) expect(() => decideFleet({ ...sightOf([]), machines: [{ id: 'm', state, createdAt: 0, report: null, silentSince: null }] }, rules)).not.toThrow();
  });
});

describe('the settings', () => {
  const defaults = { scaleUpDepth: SCALE_UP_QUEUE_DEPTH, idleMs: SCALE_DOWN_IDLE_MS, max: FLEET_MAX, checkMs: FLEET_CHECK_MS, silentMs: FLEET_SILENT_MS };
  it('are those of the contract', () => { expect(defaults).toEqual({ scaleUpDepth: 5, idleMs: 300_000, max: 3, checkMs: 300_000, silentMs: 120_000 }); });
  it.each<[string, Parameters<typeof fleetRules>[0], Partial<FleetRules>]>([
    ['nothing', {}, {}],
    ['all', { SCALE_UP_QUEUE_DEPTH: '0', SCALE_DOWN_IDLE_MINUTES: '0.05', FLEET_MAX: '20', FLEET_CHECK_SECONDS: '2' }, { scaleUpDepth: 0, idleMs: 3_000, max: 20, checkMs: 2_000 }],
    ['nonsense', { SCALE_UP_QUEUE_DEPTH: 'many', SCALE_DOWN_IDLE_MINUTES: '-1', FLEET_MAX: '0', FLEET_CHECK_SECONDS: '' }, {}],
    ['infinity', { SCALE_UP_QUEUE_DEPTH: 'Infinity', FLEET_MAX: '2.9', FLEET_CHECK_SECONDS: '0' }, { max: 2 }],
  ])('%s', (_, env, expected) => { expect(fleetRules(env)).toEqual({ ...defaults, ...expected }); });
});
