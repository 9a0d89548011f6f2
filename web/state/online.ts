/** Whether the browser believes it has a network. It may be wrong about yes, hardly ever about no. */
import { useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => { removeEventListener('online', listener); removeEventListener('offline', listener); };
}
export const useOnline = (): boolean => useSyncExternalStore(subscribe, () => navigator.onLine);
