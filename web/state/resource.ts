/** Answers of the server, kept by key: shown at once when known, asked again on mount, on focus, when the network is back and on demand. */
import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react';
import type { ApiError } from '#contract/errors';
import { asApiError, sessionLost } from './session.ts';

interface Resource<T> { data: T | undefined; error: ApiError | null; loading: boolean }
export type Shown<T> = Resource<T> & { reload: () => void };
interface Entry { state: Resource<unknown>; running: AbortController | null; listeners: Set<() => void>; reload: (() => void) | null; loadedAt: number }

const entries = new Map<string, Entry>();
const nothing: Resource<never> = { data: undefined, error: null, loading: false };
const KEPT_MAX = 200;
/** Several parts of a screen may show one answer: asked once, it is good for all of them. */
const FRESH_MS = 1_000;

function entryOf(key: string): Entry {
  let entry = entries.get(key);
  if (!entry) {
    entry = { state: { ...nothing, loading: true }, running: null, listeners: new Set(), reload: null, loadedAt: 0 };
    entries.set(key, entry);
    for (const [old, { listeners }] of entries) { if (entries.size <= KEPT_MAX) break; if (listeners.size === 0 && old !== key) entries.delete(old); }
  }
  return entry;
}
function set(entry: Entry, state: Resource<unknown>): void { entry.state = state; for (const listener of entry.listeners) listener(); }

async function load(entry: Entry, loader: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  entry.running?.abort();
  const running = new AbortController();
  entry.running = running;
  set(entry, { ...entry.state, loading: true });
  try {
    const data = await loader(running.signal);
    if (running.signal.aborted) return;
    entry.loadedAt = Date.now();
    set(entry, { data, error: null, loading: false });
  } catch (cause) {
    if (running.signal.aborted) return;
    const error = asApiError(cause);
    if (error.code === 'unauthenticated') sessionLost();
    set(entry, { ...entry.state, error, loading: false });
  } finally { if (entry.running === running) entry.running = null; }
}

interface ResourceOptions {
  /** Ask again every so often while the page is visible. */
  everyMs?: number | undefined;
  /** Wait this long before the first request for a key, so that typing does not ask for every letter. */
  settleMs?: number | undefined;
}

/** `key` null: nothing to load (yet). */
export function useResource<T>(key: string | null, loader: (signal: AbortSignal) => Promise<T>, { everyMs, settleMs = 0 }: ResourceOptions = {}): Shown<T> {
  const latest = useRef(loader);
  useEffect(() => { latest.current = loader; });
  const subscribe = useCallback((listener: () => void) => {
    if (key === null) return () => {};
    const entry = entryOf(key);
    entry.listeners.add(listener);
    return () => { entry.listeners.delete(listener); };
  }, [key]);
  const state = useSyncExternalStore(subscribe, () => key === null ? nothing : entryOf(key).state) as Resource<T>;
  const reload = useCallback(() => { if (key !== null) void load(entryOf(key), (signal) => latest.current(signal)); }, [key]);

  useEffect(() => {
    if (key === null) return;
    entryOf(key).reload = reload;
    const unlessFresh = (): void => { const entry = entryOf(key); if (!entry.running && Date.now() - entry.loadedAt > FRESH_MS) reload(); };
    const first = setTimeout(unlessFresh, settleMs);
    const whenSeen = (): void => { if (document.visibilityState === 'visible') unlessFresh(); };
    const timer = everyMs ? setInterval(whenSeen, everyMs) : undefined;
    addEventListener('focus', whenSeen);
    return () => { clearTimeout(first); clearInterval(timer); removeEventListener('focus', whenSeen); };
  }, [key, reload, everyMs, settleMs]);
  return { ...state, reload };
}

/** Asks again for everything that is on the screen: something changed, here or in another tab. `about` limits it to keys that begin so. */
export function reloadResources(about = ''): void {
  for (const [key, entry] of entries) if (entry.listeners.size > 0 && key.startsWith(about)) entry.reload?.();
}

/** Drops everything, as signing out must. */
export function forgetResources(): void {
  for (const entry of entries.values()) { entry.running?.abort(); set(entry, { ...nothing, loading: true }); }
  entries.clear();
}
