/** How nodes and labels are drawn: the page's own colours, which WebGL has to be told as numbers. */
import type { Settings } from 'sigma/settings';
import { kindHue } from '../words/graph.ts';
import { fontOf, shortened } from './labels.ts';
import type { Labels } from './labels.ts';
import type { EdgeAttributes, NodeAttributes } from './model.ts';

export interface Look { ground: string; surface: string; text: string; faint: string; line: string; lineFaint: string; lineStrong: string; accent: string; kind: (kind: string) => string }

/** Reads what the stylesheet says now: light or dark, whichever holds. */
export function lookOf(element: HTMLElement): Look {
  const probe = document.createElement('span');
  element.append(probe);
  const resolve = (colour: string): string => { probe.style.color = colour; return asHex(getComputedStyle(probe).color); };
  const kinds = new Map<string, string>();
  const look = {
    ground: resolve('var(--surface)'), surface: resolve('var(--surface)'), text: resolve('var(--text)'), faint: resolve('var(--text-faint)'),
    line: resolve('color-mix(in srgb, var(--text) 20%, var(--surface))'), lineFaint: resolve('color-mix(in srgb, var(--text) 9%, var(--surface))'), lineStrong: resolve('color-mix(in srgb, var(--text) 45%, var(--surface))'), accent: resolve('var(--accent)'),
  };
  probe.remove();
  return { ...look, kind: (kind) => {
    const known = kinds.get(kind);
    if (known) return known;
    element.append(probe);
    const colour = resolve(kindHue(kind));
    probe.remove();
    kinds.set(kind, colour);
    return colour;
  } };
}

/** `rgb(79, 86, 211)` and `color(srgb 0.3 0.3 0.8)` as `#4f56d3`. */
function asHex(computed: string): string {
  const parts = (/\(([^)]*)\)/.exec(computed)?.[1] ?? '').replace('srgb', '').split(/[\s,/]+/).filter(Boolean).slice(0, 3).map(Number);
  const scale = computed.startsWith('color(') ? 255 : 1;
  return `#${parts.map((part) => Math.round(part * scale).toString(16).padStart(2, '0')).join('')}`;
}

type Drawing = Pick<Settings<NodeAttributes, EdgeAttributes>, 'defaultDrawNodeLabel' | 'defaultDrawNodeHover'>;

/** Labels are offered first and drawn when all are known; the one under the pointer on a plate. */
export function drawingOf(look: Look, labels: Labels): Drawing {
  return {
    defaultDrawNodeLabel(_, { label, x, y, size, forceLabel = false }) { if (label) labels.offer({ text: label, x, y, size, forced: forceLabel }); },
    defaultDrawNodeHover(context, { label, x, y, size, color }) {
      context.font = fontOf(600, 13);
      const text = shortened(label ?? ''), width = context.measureText(text).width, height = Math.max(24, size * 2 + 8);
      context.fillStyle = look.surface;
      context.shadowColor = 'rgb(0 0 0 / 0.3)';
      context.shadowBlur = 10;
      context.beginPath();
      context.roundRect(x - size - 4, y - height / 2, width + size * 2 + 18, height, 8);
      context.fill();
      context.shadowBlur = 0;
      context.fillStyle = color;
      context.beginPath();
      context.arc(x, y, size, 0, Math.PI * 2);
      context.fill();
      context.fillStyle = look.text;
      context.fillText(text, x + size + 5, y + 4.5);
    },
  };
}
