/** A value that lives outside React and is read inside: the one way this page keeps state that several screens share. */
import { useSyncExternalStore } from 'react';

interface Store<T> { get: () => T; set: (next: T) => void; subscribe: (listener: () => void) => () => void }

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => { if (Object.is(next, value)) return; value = next; for (const listener of listeners) listener(); },
    subscribe: (listener) => { listeners.add(listener); return () => { listeners.delete(listener); }; },
  };
}
export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get);
