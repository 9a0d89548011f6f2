/** Names beside nodes: the largest first, and none over another. What finds no room is read closer by, where nodes are further apart. */
import type { Look } from './look.ts';

interface Label { text: string; x: number; y: number; size: number; forced: boolean }
interface Box { left: number; top: number; right: number; bottom: number }

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
/** Letters of a name; room around it, px. */
const LETTERS_MAX = 34, HEIGHT = 14, AIR = 3;
export const shortened = (label: string): string => (label.length > LETTERS_MAX ? `${label.slice(0, LETTERS_MAX - 2)}…` : label);
export const fontOf = (weight: 500 | 600, px: 12 | 13): string => `${weight} ${px}px ${FONT}`;

/** Sigma names what could be labelled, one by one; only when all are known can the best be chosen. */
export interface Labels { offer: (label: Label) => void; draw: (context: CanvasRenderingContext2D, look: Look) => void }

export function collectLabels(): Labels {
  let offered: Label[] = [];
  const widths = new Map<string, number>();
  const widthOf = (context: CanvasRenderingContext2D, text: string): number => {
    const key = context.font + text, known = widths.get(key);
    if (known !== undefined) return known;
    const { width } = context.measureText(text);
    widths.set(key, width);
    return width;
  };
  return {
    offer: (label) => { offered.push(label); },
    draw(context, look) {
      const drawn: Box[] = [], end = context.canvas.clientWidth;
      context.lineWidth = 4;
      context.lineJoin = 'round';
      context.strokeStyle = look.ground;
      context.fillStyle = look.text;
      for (const { text, x, y, size } of offered.sort((a, b) => Number(b.forced) - Number(a.forced) || b.size - a.size || a.text.localeCompare(b.text))) {
        context.font = fontOf(500, size > 10 ? 13 : 12);
        const said = shortened(text), width = widthOf(context, said), right = x + size + 4;
        // On the other side where the drawing ends.
        const left = right + width > end ? x - size - 4 - width : right;
        const box: Box = { left: left - AIR, top: y - HEIGHT / 2 - AIR, right: left + width + AIR, bottom: y + HEIGHT / 2 + AIR };
        if (drawn.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top)) continue;
        drawn.push(box);
        // A rim of ground colour, so that lines do not run through letters.
        context.strokeText(said, left, y + 4);
        context.fillText(said, left, y + 4);
      }
      offered = [];
    },
  };
}
