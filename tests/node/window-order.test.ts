/** Which window of a run may be walked next. */
import { describe, expect, it } from 'vitest';
import type { WindowKind } from '#contract/windows';
import { orderWindows } from '#fly-worker/window-order';

type W = { name: string; stream: string; kind: WindowKind; done: boolean };
/** `mail.span.1`: stream, kind, number. */
const named = (...names: string[]): W[] => names.map((name) => { const [stream, kind] = name.split('.'); return { name, stream: stream!, kind: kind as WindowKind, done: false }; });
const takeAll = (order: { take(): W | null }): W[] => { const taken: W[] = []; for (let w = order.take(); w; w = order.take()) taken.push(w); return taken; };
const names = (windows: W[]): string[] => windows.map((w) => w.name);

describe('the order of windows', () => {
  it('lets the spans of a stream wait for its changes, and no other stream', () => {
    const order = orderWindows(named('mail.span.1', 'mail.span.2', 'mail.changes', 'calendar.span.1', 'calendar.changes'));
    const [mail, calendar] = takeAll(order);
    expect(names([mail!, calendar!])).toEqual(['mail.changes', 'calendar.changes']);
    expect(order.take()).toBeNull();
    order.ended(calendar!);
    expect(names(takeAll(order))).toEqual(['calendar.span.1']);
    order.ended(mail!);
    expect(names(takeAll(order))).toEqual(['mail.span.1', 'mail.span.2']);
  });

  it('walks changes and sweeps of one stream one at a time, and sweeps last', () => {
    const order = orderWindows(named('mail.sweep.1', 'mail.sweep.2', 'mail.span.1', 'mail.span.2', 'mail.changes.1', 'mail.changes.2'));
    for (const one of ['mail.changes.1', 'mail.changes.2']) {
      const taken = takeAll(order);
      expect(names(taken)).toEqual([one]);
      order.ended(taken[0]!);
    }
    const spans = takeAll(order);
    expect(names(spans)).toEqual(['mail.span.1', 'mail.span.2']);
    order.ended(spans[1]!);
    expect(order.take(), 'a span is still being read').toBeNull();
    order.ended(spans[0]!);
    const [sweep] = takeAll(order);
    expect(sweep!.name).toBe('mail.sweep.1');
    order.ended(sweep!);
    expect(names(takeAll(order))).toEqual(['mail.sweep.2']);
  });

  it('takes in what is planned meanwhile, before the sweeps that wait for it, and leaves out what is done', () => {
    const windows = named('mail.span.1', 'mail.changes', 'mail.sweep');
    windows[0]!.done = true;
    const order = orderWindows(windows), [changes] = takeAll(order);
    expect(changes!.name).toBe('mail.changes');
    windows.push(...named('mail.span.2'));
    order.ended(changes!);
    const [span] = takeAll(order);
    expect(span!.name).toBe('mail.span.2');
    order.ended(span!);
    expect(names(takeAll(order))).toEqual(['mail.sweep']);
  });
});
