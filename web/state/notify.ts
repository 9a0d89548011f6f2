/** Notices of the browser itself, for whoever has asked for them and looks elsewhere. Off until switched on in this browser. */
import { keep, kept } from './kept.ts';
import { navigate } from './router.ts';
import { createStore, useStore } from './store.ts';

/** `blocked`: the browser refuses; only its own settings can change that. */
type NotifyState = 'off' | 'on' | 'blocked' | 'impossible';

function read(): NotifyState {
  if (typeof Notification === 'undefined') return 'impossible';
  if (Notification.permission === 'denied') return 'blocked';
  return kept('notify') === 'on' && Notification.permission === 'granted' ? 'on' : 'off';
}
const state = createStore<NotifyState>(read());
export const useNotify = (): NotifyState => useStore(state);

/** Asks the browser when it must. Answers what came of it. */
export async function setNotify(on: boolean): Promise<NotifyState> {
  keep('notify', on ? 'on' : null);
  if (on && state.get() !== 'impossible' && Notification.permission === 'default') await Notification.requestPermission();
  state.set(read());
  return state.get();
}

/** Only when nobody looks at the page: there, the toast says it. */
export function notify(title: string, text: string, to: string): void {
  if (read() !== 'on' || document.visibilityState === 'visible') return;
  try {
    const notice = new Notification(title, { body: text, icon: '/mark.svg', tag: to });
    notice.onclick = () => { focus(); navigate(to); notice.close(); };
  } catch { /* some phones allow notices from service workers only */ }
}
