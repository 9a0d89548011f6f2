/** The workbench: chance that repeats itself. Same seed, same mailbox. */

/** A stream of choices from one seed. */
export type Dice = {
  next(): number;
  int(from: number, to: number): number;
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  some<T>(list: readonly T[], count: number): T[];
};

/** sfc32, seeded by mixing the text's characters: fast, and good enough to look like people. */
export function dice(seed: string): Dice {
  let a = 0x9e3779b9, b = 0x243f6a88, c = 0xb7e15162, d = 1;
  for (let i = 0; i < seed.length; i++) {
    a = Math.imul(a ^ seed.charCodeAt(i), 2654435761);
    b = Math.imul(b ^ a, 1597334677);
    c = c ^ (b >>> 13);
  }
  const next = (): number => {
    const t = (a + b | 0) + d | 0;
    d = d + 1 | 0;
    a = b ^ b >>> 9;
    b = c + (c << 3) | 0;
    c = (c << 21 | c >>> 11) + t | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) next();
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(list: readonly T[]): T => {
    if (!list.length) throw new Error('nothing to pick from');
    return list[Math.floor(next() * list.length)] as T;
  };
  const some = <T>(list: readonly T[], count: number): T[] => {
    const left = [...list], taken: T[] = [];
    while (left.length && taken.length < count) taken.push(...left.splice(int(0, left.length - 1), 1));
    return taken;
  };
  return { next, int, pick, some, chance: share => next() < share };
}
