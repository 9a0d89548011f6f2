/**
 * Which window may be walked next. Within a stream the changes come first, one after the other, so that nothing that changes while the spans are read is missed;
 * then its spans, side by side; then its sweeps, so that no record is stored and forgotten at once. Streams do not wait for each other. Pure.
 */
import type { WindowKind } from '#contract/windows';

interface Ordered { stream: string; kind: WindowKind; done: boolean }
interface StreamState { left: Record<WindowKind, number>; walking: Record<WindowKind, number> }
/** In this order when several may be walked. */
const KINDS = ['changes', 'span', 'sweep'] as const;
const none = (): Record<WindowKind, number> => ({ changes: 0, span: 0, sweep: 0 });

interface WindowOrder<W extends Ordered> {
  /** Takes the next window that may be walked by now; null: there is none until one that is being walked ends. */
  take(): W | null;
  /** A window that was taken has come to its end. */
  ended(window: W): void;
}

/** `windows`: of each kind, the first come first. What is added to the list later, also while others are walked, is taken in its turn; each window once. */
export function orderWindows<W extends Ordered>(windows: readonly W[]): WindowOrder<W> {
  const waiting: Record<WindowKind, W[]> = { changes: [], span: [], sweep: [] }, streams = new Map<string, StreamState>();
  let known = 0;

  function takeIn(): void {
    for (; known < windows.length; known++) {
      const window = windows[known]!;
      if (window.done) continue;
      const state = streams.get(window.stream) ?? { left: none(), walking: none() };
      state.left[window.kind]++;
      streams.set(window.stream, state);
      waiting[window.kind].push(window);
    }
  }
  function mayBeWalked({ stream, kind }: W): boolean {
    const { left, walking } = streams.get(stream)!;
    if (kind !== 'span' && walking[kind] > 0) return false;
    return KINDS.slice(0, KINDS.indexOf(kind)).every((before) => left[before] === 0);
  }
  return {
    take() {
      takeIn();
      for (const kind of KINDS) {
        // Those in front that may not are of the few streams that are being walked.
        const at = waiting[kind].findIndex(mayBeWalked);
        if (at < 0) continue;
        const [window] = waiting[kind].splice(at, 1);
        streams.get(window!.stream)!.walking[kind]++;
        return window!;
      }
      return null;
    },
    ended({ stream, kind }) {
      const { left, walking } = streams.get(stream)!;
      left[kind]--;
      walking[kind]--;
    },
  };
}
