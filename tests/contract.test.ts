/** The language's own sums: windows and what they prove, plans and their months, and that routes and errors say what they should. */
import { describe, expect, it } from 'vitest';
import { routes, type Route } from '#contract/api';
import { afterRun, breakerSentence, closedBreaker, stateOf, type Breaker } from '#contract/breaker';
import type { Stream } from '#contract/connector';
import { apiErrors, reasonSentences } from '#contract/errors';
import { emptyProgress, IntegrationId, Reason, RESERVED_INTEGRATION_ID, type Outcome } from '#contract/job';
import { WINDOWS_PER_STREAM_MAX } from '#contract/limits';
import { acuPerMonth, monthsBefore, monthsOfHistory, PLANS } from '#contract/plans';
import { takeTurns } from '#contract/turns';
import { coveredByPage, coveredPart, planWindows, streamProgress, type WindowState } from '#contract/windows';

const mail: Stream = { name: 'mail', order: 'newest_first', windowDays: 7 }, calendar: Stream = { name: 'calendar', order: 'unordered', windowDays: 31 };
const span = (since: string, until: string) => ({ since: new Date(since).toISOString(), until: new Date(until).toISOString() });

describe('windows', () => {
  it.each([
    ['a day', span('2026-01-01', '2026-01-02'), 1], ['exactly a window', span('2026-01-01', '2026-01-08'), 1], ['a window and a millisecond', span('2026-01-01', '2026-01-08T00:00:00.001Z'), 2],
    ['three months', span('2026-01-01', '2026-04-01'), 13], ['ten years', span('2016-01-01', '2026-01-01'), WINDOWS_PER_STREAM_MAX],
    ['nothing', span('2026-01-01', '2026-01-01'), 0], ['backwards', span('2026-01-02', '2026-01-01'), 0],
  ])('of %s touch without gap or overlap, newest first', (_, range, count) => {
    const windows = planWindows([mail], range);
    expect(windows).toHaveLength(count);
    for (const [i, w] of windows.entries()) {
      expect(w).toMatchObject({ stream: 'mail', no: i });
      expect(Date.parse(w.since)).toBeLessThan(Date.parse(w.until));
      if (i > 0) expect(w.until).toBe(windows[i - 1]!.since);
    }
    if (count > 0) expect([windows.at(-1)!.since, windows[0]!.until]).toEqual([range.since, range.until]);
  });

  it('are planned per stream', () => {
    expect(Object.entries(Object.groupBy(planWindows([mail, calendar], span('2026-01-01', '2026-03-01')), (w) => w.stream)).map(([name, list]) => [name, list!.length])).toEqual([['mail', 9], ['calendar', 2]]);
  });
});

const states = (...done: (boolean | number)[]): WindowState[] => planWindows([mail], span('2026-01-01', '2026-01-29')).map((w, i) => ({ ...w, done: done[i] === true, covered: typeof done[i] === 'number' ? done[i] : 0 }));

describe('a window that retries another', () => {
  const retry = (of: WindowState, done: boolean): WindowState => ({ ...of, no: 99, retryOf: of.no, done, covered: 0 });
  it.each([true, false])('covers nothing of its own and moves no watermark (done: %s)', (done) => {
    const windows = states(true, true, true, true), more = [...windows, retry(windows[1]!, done)];
    expect(coveredPart(more)).toBe(1);
    expect(streamProgress(more)).toEqual(streamProgress(windows));
  });
});

describe('the covered part', () => {
  it.each<[string, (boolean | number)[], number]>([
    ['nothing', [], 0], ['one of four', [true], 0.25], ['half of the first', [0.5], 0.125], ['all but one', [true, true, true], 0.75], ['everything', [true, true, true, true], 1],
    ['a window that says it is covered but is not done', [1], 0.2475], ['nearly everything', [true, true, true, 1], 0.9975],
  ])('%s', (_, done, expected) => { expect(coveredPart(states(...done))).toBeCloseTo(expected, 4); });

  it('is 1 only when every window is done, also when the rest is tiny', () => {
    const windows = states(true, true, true, true);
    expect(coveredPart([...windows, { stream: 'x', no: 0, since: '2026-01-01T00:00:00.000Z', until: '2026-01-01T00:00:00.001Z', done: false, covered: 0.99 }])).toBeLessThan(1);
    expect(coveredPart([])).toBe(0);
  });
});

describe('complete back to', () => {
  const edge = (...done: (boolean | number)[]) => streamProgress(states(...done))[0];
  it.each<[string, (boolean | number)[], string | null, boolean]>([
    ['nothing is finished', [0.9], null, false], ['the newest window is finished', [true], '2026-01-22T00:00:00.000Z', false], ['two are, unbroken', [true, true], '2026-01-15T00:00:00.000Z', false],
    ['a gap: only what lies before it counts', [true, false, true, true], '2026-01-22T00:00:00.000Z', false], ['the newest is missing', [false, true, true, true], null, false],
    ['all', [true, true, true, true], '2026-01-01T00:00:00.000Z', true],
  ])('%s', (_, done, back, all) => { expect(edge(...done)).toEqual({ name: 'mail', complete_back_to: back, done: all }); });

  it('does not depend on the order of the rows', () => {
    expect(streamProgress(states(true, true).toReversed())).toEqual(streamProgress(states(true, true)));
  });
  it('is broken by a window that was passed over, says why, and carries the stream\'s title', () => {
    const [newest, older] = states(true, true), note = 'Not a member.';
    expect(streamProgress([newest!, { ...older!, note }])[0]).toMatchObject({ done: true, complete_back_to: newest!.since, note });
    expect(streamProgress([{ ...newest!, note, title: '#general' }, older!])[0]).toMatchObject({ done: true, complete_back_to: null, note, title: '#general' });
  });
});

describe('what one page proves', () => {
  const day = span('2026-01-01', '2026-01-11');
  it.each<[Stream['order'], string | null, number]>([
    ['newest_first', '2026-01-08T00:00:00Z', 0.3], ['oldest_first', '2026-01-08T00:00:00Z', 0.7], ['unordered', '2026-01-08T00:00:00Z', 0], ['newest_first', null, 0],
    ['newest_first', '2025-01-01T00:00:00Z', 0.99], ['oldest_first', '2025-01-01T00:00:00Z', 0], ['newest_first', 'not a date', 0],
  ])('%s, last record at %s: %d', (order, at, expected) => { expect(coveredByPage(order, day, at)).toBeCloseTo(expected, 6); });
});

describe('plans', () => {
  it('reach further the larger they are', () => {
    expect(PLANS.map((p) => monthsOfHistory[p])).toEqual([1, 6, 12, 120]);
    expect(PLANS.map((p) => acuPerMonth[p])).toEqual([10, 100, 1_000, 50_000]);
  });
  it.each([
    ['2026-11-21T10:00:00Z', 3, '2026-08-21T10:00:00.000Z'], ['2026-05-31T00:00:00Z', 3, '2026-02-28T00:00:00.000Z'], ['2024-05-31T00:00:00Z', 3, '2024-02-29T00:00:00.000Z'],
    ['2026-01-15T00:00:00Z', 1, '2025-12-15T00:00:00.000Z'], ['2026-01-31T00:00:00Z', 120, '2016-01-31T00:00:00.000Z'], ['2026-03-31T23:59:59Z', 1, '2026-02-28T23:59:59.000Z'],
  ])('%s less %d months is %s', (at, months, expected) => { expect(monthsBefore(new Date(at), months).toISOString()).toBe(expected); });
});

describe('an integration', () => {
  it('is never called what stands in its place in addresses', () => { expect(IntegrationId.options).not.toContain(RESERVED_INTEGRATION_ID); });
});

describe('the list of routes', () => {
  const all = Object.values(routes as Record<string, Route>);
  it('names every method and path once', () => { expect(new Set(all.map((r) => `${r.method} ${r.path}`)).size).toBe(all.length); });
  it('has a schema for every name in a path, and no other', () => {
    for (const route of all) expect(Object.keys(route.params?.shape ?? {}).sort(), route.path).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort());
  });
  it('asks for more than reading whenever something changes', () => {
    // a question that is too long for an address is still a question
    for (const route of all) if (route.method !== 'get' && route !== routes.context) expect(route.scope, route.path).not.toBe('read');
  });
});

describe('errors', () => {
  it('are all answered with an HTTP error', () => { for (const status of Object.values(apiErrors)) expect(status).toBeGreaterThanOrEqual(400); });
  it('every reason has a sentence that ends, and abandoned the words of the contract', () => {
    for (const reason of Reason.options) expect(reasonSentences[reason]).toMatch(reason === 'abandoned' ? /^Abandoned \(server restart or timeout\)$/ : /\.$/);
  });
});

describe('turns', () => {
  it('are taken one after the other, and a failure stops nobody', async () => {
    const inTurn = takeTurns(), order: string[] = [];
    const slow = inTurn(async () => { await new Promise((done) => setImmediate(done)); order.push('slow'); });
    const failing = inTurn(() => Promise.reject(new Error('no')));
    const last = inTurn(() => { order.push('last'); return Promise.resolve(7); });
    await expect(failing).rejects.toThrow('no');
    expect([await slow, await last, order]).toEqual([undefined, 7, ['slow', 'last']]);
  });
});

describe('the circuit breaker of a connection', () => {
  const MINUTE = 60_000, NOW = Date.parse('2026-11-01T14:00:00Z');
  const down: Outcome = { kind: 'errored', reason: 'provider_error', message: '503' }, ours: Outcome = { kind: 'errored', reason: 'internal_error', message: 'x' };
  const open: Breaker = { failures: 5, openUntil: NOW + 5 * MINUTE };

  it.each<[string, Breaker, Outcome, boolean, Breaker]>([
    ['a first failure', closedBreaker, down, false, { failures: 1, openUntil: null }],
    ['a fourth', { failures: 3, openUntil: null }, down, false, { failures: 4, openUntil: null }],
    ['a fifth opens it for five minutes', { failures: 4, openUntil: null }, down, false, open],
    ['a probe that fails, for ten', open, down, false, { failures: 6, openUntil: NOW + 10 * MINUTE }],
    ['one more, for twenty', { failures: 6, openUntil: NOW }, down, false, { failures: 7, openUntil: NOW + 20 * MINUTE }],
    ['any number of them, for an hour at most', { failures: 400, openUntil: NOW }, down, false, { failures: 401, openUntil: NOW + 60 * MINUTE }],
    ['a run that completed', open, { kind: 'completed', progress: emptyProgress }, false, closedBreaker],
    ['a run that stored something and was shut down', open, { kind: 'handed_back', crashed: false }, true, closedBreaker],
    ['a run that stored something and then failed begins to count anew', open, down, true, { failures: 1, openUntil: null }],
    ['being asked to wait says nothing', open, { kind: 'snoozed', retryAfterMs: 1, message: '429' }, false, open],
    ['losing access says nothing', { failures: 2, openUntil: null }, { kind: 'paused', reason: 'auth_expired', message: 'x' }, false, { failures: 2, openUntil: null }],
    ['a fault of ours says nothing', { failures: 4, openUntil: null }, ours, false, { failures: 4, openUntil: null }],
    ['a crash says nothing', { failures: 4, openUntil: null }, { kind: 'handed_back', crashed: true }, false, { failures: 4, openUntil: null }],
    ['a request the provider will never take says nothing', { failures: 4, openUntil: null }, { kind: 'failed', reason: 'provider_error', message: '400' }, false, { failures: 4, openUntil: null }],
  ])('%s', (_, before, outcome, stored, after) => { expect(afterRun(before, outcome, stored, NOW)).toEqual(after); });

  it('is open until its moment, then half open until the probe has ended, and says so', () => {
    expect([stateOf(closedBreaker, NOW), stateOf(open, NOW), stateOf(open, open.openUntil!)]).toEqual(['closed', 'open', 'half_open']);
    expect(breakerSentence('Outlook', 5, open.openUntil!)).toBe('Outlook has failed 5 times in a row; next try at 14:05 UTC.');
  });
});
