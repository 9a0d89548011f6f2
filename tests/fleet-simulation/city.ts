/** Everybody who uses the product, and what they ask of it: tenants by plan, accounts that are brought up to date once a day, new accounts whose months are read, a wave of them on a Monday morning. Seeded. */
import type { Priority } from '#contract/job';
import type { Plan } from '#contract/plans';

interface City {
  seed: number; tenants: number;
  /** Of all accounts together. */
  recordsADay: number;
  /** From when to when, seconds of the day (UTC). */
  fromSecond: number; untilSecond: number;
  /** New accounts that come within ten minutes, in the middle of it: a launch, a large customer. */
  wave: number;
}
export interface Wish { at: number; tenant: number; plan: Plan; priority: Priority; kind: 'changes' | 'backfill'; /** How long a slot works on it. */ seconds: number; /** A schedule's, not a person's. */ scheduled: boolean }

const DAY = 86_400, WAVE_SECONDS = 600;
const PLANS: [Plan, number][] = [['free', 0.7], ['solo', 0.2], ['team', 0.09], ['enterprise', 0.01]];
const ACCOUNTS: Record<Plan, number> = { free: 1, solo: 1.5, team: 3, enterprise: 5 };
const PRIORITIES: [Priority, number][] = [['normal', 0.79], ['high', 0.1], ['low', 0.1], ['urgent', 0.01]];
/** A part of all records is read by backfills of new accounts, 5,000 records each. */
const BACKFILLED = 0.2, RECORDS_OF_BACKFILL = 5_000;
/** As measured (ARCHITECTURE.md, 1,500 ms a page, four windows), and what a job costs before its first record: claim, tokens, streams, changes asked for. */
const RECORDS_A_SECOND = 92, OVERHEAD_SECONDS = 2.5;
/** People work by day: at the peak twice the mean, at night next to nothing. Schedules are set by people, so they follow. */
const dayShape = (second: number): number => 1 - Math.cos((2 * Math.PI * (second - 3 * 3_600)) / DAY);

/** mulberry32: one stream of numbers per seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is wished for, in the order of time. */
export function wishesOf({ seed, tenants, recordsADay, fromSecond, untilSecond, wave }: City): Wish[] {
  const random = randomOf(seed), wishes: Wish[] = [];
  const pick = <T>(among: readonly (readonly [T, number])[]): T => { let left = random(); for (const [one, part] of among) if ((left -= part) < 0) return one; return among[0]![0]; };
  const some = (mean: number): number => -Math.log(1 - random()) * mean;
  const planOf = (tenant: number): Plan => { const at = randomOf(tenant)(); let left = at; for (const [plan, part] of PLANS) if ((left -= part) < 0) return plan; return 'free'; };
  const accounts = tenants * PLANS.reduce((sum, [plan, part]) => sum + part * ACCOUNTS[plan], 0);
  const recordsAChange = (recordsADay * (1 - BACKFILLED)) / accounts, backfillsADay = (recordsADay * BACKFILLED) / RECORDS_OF_BACKFILL;
  const wish = (at: number, kind: Wish['kind'], scheduled: boolean): void => {
    const tenant = Math.floor(random() * tenants), records = some(kind === 'changes' ? recordsAChange : RECORDS_OF_BACKFILL);
    wishes.push({ at, tenant, plan: planOf(tenant), priority: scheduled ? 'low' : pick(PRIORITIES), kind, seconds: OVERHEAD_SECONDS + records / RECORDS_A_SECOND, scheduled });
  };
  const between = (aDay: number, kind: Wish['kind'], scheduled: boolean): void => {
    for (let at = fromSecond; at < untilSecond;) {
      const rate = Math.max(0.02, dayShape(at)) * aDay / DAY;
      at += some(1 / rate);
      if (at < untilSecond) wish(at, kind, scheduled);
    }
  };
  // Nine of ten accounts are followed by their schedule; people press the button for the rest.
  between(accounts * 0.9, 'changes', true);
  between(accounts * 0.1, 'changes', false);
  between(backfillsADay, 'backfill', false);
  const middle = (fromSecond + untilSecond) / 2;
  for (let i = 0; i < wave; i += 1) wish(middle + random() * WAVE_SECONDS, 'backfill', false);
  return wishes.sort((a, b) => a.at - b.at);
}
