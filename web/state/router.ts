/** Where the page is: the address bar as the single truth, through the browser's history. No route table here; app.tsx has it. */
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
const tell = (): void => { for (const listener of listeners) listener(); };
const subscribe = (listener: () => void): (() => void) => {
  if (listeners.size === 0) addEventListener('popstate', tell);
  listeners.add(listener);
  return () => { listeners.delete(listener); if (listeners.size === 0) removeEventListener('popstate', tell); };
};

interface Place { path: string; query: URLSearchParams }
let place: Place & { href: string } = read();
function read(): Place & { href: string } {
  const { pathname, search } = location;
  return { path: pathname, query: new URLSearchParams(search), href: pathname + search };
}
function current(): Place & { href: string } {
  if (place.href !== location.pathname + location.search) place = read();
  return place;
}
export const usePlace = (): Place => useSyncExternalStore(subscribe, current);

export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  const samePage = new URL(to, location.href).pathname === location.pathname;
  if (replace) history.replaceState(history.state, '', to); else history.pushState({ within: true }, '', to);
  tell();
  if (!samePage) scrollTo(0, 0);
}

/** Back to where one came from inside the app; after a fresh load, to `otherwise`. */
export function goBack(otherwise: string): void {
  if ((history.state as { within?: boolean } | null)?.within) history.back();
  else navigate(otherwise, { replace: true });
}

/** The same place with some query parameters changed; null takes one away. */
export function hrefWith(changes: Record<string, string | null>, from: Place = current()): string {
  const query = new URLSearchParams(from.query);
  for (const [key, value] of Object.entries(changes)) if (value === null) query.delete(key); else query.set(key, value);
  return query.size > 0 ? `${from.path}?${query}` : from.path;
}
