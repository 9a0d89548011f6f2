/** Light or dark: the system's choice until the reader makes one. public/theme.js applies it before the first paint. */
import { kept, keep } from './kept.ts';
import { createStore, useStore } from './store.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const read = (): Theme => { const said = kept('theme'); return said === 'light' || said === 'dark' ? said : 'system'; };
const theme = createStore<Theme>(read());
export const useTheme = (): Theme => useStore(theme);

export function setTheme(next: Theme): void {
  keep('theme', next === 'system' ? null : next);
  if (next === 'system') delete document.documentElement.dataset['theme']; else document.documentElement.dataset['theme'] = next;
  theme.set(next);
}
/** Another tab may have chosen. */
addEventListener('storage', (event) => { if (event.key === 'hsync.theme') setTheme(read()); });
