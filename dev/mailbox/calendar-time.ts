/** The workbench: when people at work write and meet: weekdays, office hours in Central Europe. Pure. */
import type { Dice } from './random.ts';

const HOUR = 3_600_000, DAY = 24 * HOUR;

/** The same moment if people are at work then, otherwise the next morning they are. */
export function officeTime(at: number, roll: Dice): number {
  const hour = new Date(at).getUTCHours();
  let day = Math.floor(at / DAY) * DAY;
  if (hour >= 6 && hour < 17 && !isWeekend(day)) return at;
  if (hour >= 17) day += DAY;
  while (isWeekend(day)) day += DAY;
  return day + 6.5 * HOUR + roll.int(0, 3 * 3_600) * 1_000;
}

/** A moment of office life between two dates. */
export function someOfficeTime(from: number, to: number, roll: Dice): number {
  for (let tries = 0; tries < 20; tries++) {
    const day = Math.floor((from + roll.next() * (to - from)) / DAY) * DAY;
    // Mornings are busier than afternoons, and lunch is quiet.
    const at = day + (roll.chance(0.58) ? 6.25 : 11.5) * HOUR + Math.floor((roll.next() + roll.next()) / 2 * 5.2 * HOUR);
    if (!isWeekend(day) && at >= from && at < to) return Math.floor(at / 1_000) * 1_000;
  }
  return Math.floor((from + roll.next() * (to - from)) / 1_000) * 1_000;
}

/** Saturday or Sunday. */
export function isWeekend(day: number): boolean {
  const weekday = new Date(day).getUTCDay();
  return weekday === 0 || weekday === 6;
}
