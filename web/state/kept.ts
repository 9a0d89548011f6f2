/** Small things this browser remembers for one person: choices, never content. Without storage (private windows, full disks) nothing is remembered and nothing breaks. */
const PREFIX = 'hsync.';

/** What was kept under this name; null when nothing was or it cannot be read. */
export function kept(name: string): string | null {
  try { return localStorage.getItem(PREFIX + name); } catch { return null; }
}
/** Null forgets. */
export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name); else localStorage.setItem(PREFIX + name, value);
  } catch { /* not remembered, then */ }
}
