/** The soak's own eye: what grows is seen, what goes up and down is not taken for it. */
import { describe, expect, it } from 'vitest';
import { verdictOf, type Course, type Sample } from '../soak/thirds.ts';

const WHOLE_MS = 600_000;
const course = (value: (at: number) => number, more: Partial<Course> = {}): Course => ({
  name: 'x', unit: 'MB', how: 'most', part: 0.05, slack: 20, samples: Array.from({ length: 300 }, (_, i): Sample => ({ at: i * 2_000, value: value(i * 2_000) })), ...more,
});

describe('a course', () => {
  it.each<[string, Course, boolean | null]>([
    ['that stays', course(() => 400), true], ['that swings', course((at) => 400 + 150 * Math.sin(at / 9_000)), true], ['that warms up', course((at) => 400 - 300 * Math.exp(-at / 15_000)), true],
    ['that is tidied away after a while', course((at) => Math.min(at, 200_000) / 100, { settlesMs: 250_000 }), true], ['that had no time to be', course((at) => at, { settlesMs: 400_000 }), null],
    ['that leaks', course((at) => 400 + at / 2_000), false], ['that leaks within what is nothing', course((at) => 400 + at / 20_000), true],
    ['of latencies that get slower', course((at) => 20 + at / 3_000, { how: 'p95', slack: 20 }), false], ['with one slow answer', course((at) => (at === 500_000 ? 9_000 : 20), { how: 'p95' }), true],
    ['that ended in the middle: nothing is known of the rest', course(() => 400, { samples: [{ at: 100_000, value: 1 }] }), false],
  ])('%s', (_, one, flat) => { expect(verdictOf(one, WHOLE_MS).flat).toBe(flat); });
});
