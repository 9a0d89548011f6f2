/** Circles side by side, the largest in the middle, none over another: an overview map without an order to learn. Pure, and the same each time. */
interface Circle { x: number; y: number; r: number }

/** Between two circles, and how finely a place is looked for: units of the drawing. */
const GAP = 6, STEP = 4;
/** The golden angle: the spiral never looks along the same line twice. */
const TURN = 2.399963;

/** A circle for each radius, in the same order. Each is put at the free place nearest to the middle; wider than high by `aspect`. */
export function pack(radii: readonly number[], aspect: number): Circle[] {
  const placed: Circle[] = [];
  for (const { r, i } of radii.map((r, i) => ({ r, i })).sort((a, b) => b.r - a.r || a.i - b.i)) {
    for (let n = 0; ; n++) {
      const away = STEP * Math.sqrt(n), x = Math.cos(n * TURN) * away * aspect, y = Math.sin(n * TURN) * away;
      if (placed.some((other) => other !== undefined && Math.hypot(other.x - x, other.y - y) < other.r + r + GAP)) continue;
      placed[i] = { x, y, r };
      break;
    }
  }
  return placed;
}

/** The smallest window that shows all of them. */
export function windowOf(circles: readonly Circle[]): { x: number; y: number; width: number; height: number } {
  const left = Math.min(...circles.map((c) => c.x - c.r)) - GAP, right = Math.max(...circles.map((c) => c.x + c.r)) + GAP;
  const top = Math.min(...circles.map((c) => c.y - c.r)) - GAP, bottom = Math.max(...circles.map((c) => c.y + c.r)) + GAP;
  return { x: left, y: top, width: right - left, height: bottom - top };
}
