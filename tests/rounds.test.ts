/** What one run reads, planned from what is known. */
import { describe, expect, it } from 'vitest';
import type { Span, Stream } from '#contract/connector';
import { INCREMENTAL_OVERLAP_DAYS } from '#contract/limits';
import { planAnew, planRun, type Abilities, type StreamHistory } from '#contract/rounds';
import type { PlannedWindow } from '#contract/windows';

const day = (n: number): string => new Date(Date.UTC(2026, 5, 1) + n * 86_400_000).toISOString();
const span = (since: number, until: number): Span => ({ since: day(since), until: day(until) });
const stream: Stream = { name: 'mail', order: 'newest_first', windowDays: 365 };
const token = (since: number, more: object = {}) => ({ since: day(since), place: 'p', isSweepDue: false, ...more });
const tells: Abilities = { hasChanges: true, looksUp: true };

/** A plan in words: kind and days. */
const dayOf = (iso: string): number => (Date.parse(iso) - Date.UTC(2026, 5, 1)) / 86_400_000;
const inWords = (windows: PlannedWindow[]): string[] => windows.map((w) => `${w.kind} ${dayOf(w.since)}..${dayOf(w.until)}${w.kind === 'changes' ? w.checkpoint === null ? ' begin' : ' go on' : ''}`);
const plan = (mode: 'backfill' | 'incremental', history: Partial<StreamHistory>, abilities = tells): string[] => {
  const windows = planRun(mode, [stream], span(0, 40), () => ({ held: [], owed: [], tokens: [], ...history }), abilities);
  expect(windows.map((w) => w.no)).toEqual(windows.map((_, i) => i));
  return inWords(windows);
};

describe('a run', () => {
  it.each<[string, string[], string[]]>([
    ['a backfill takes a token first', plan('backfill', {}), ['span 0..40', 'changes 0..40 begin']],
    ['unless there is one that reaches as far', plan('backfill', { tokens: [token(0)] }), ['span 0..40']],
    ['or nobody tells of changes', plan('backfill', {}, { hasChanges: false, looksUp: true }), ['span 0..40']],
    ['a later sync of nothing is a backfill', plan('incremental', {}), ['span 0..40', 'changes 0..40 begin']],
    ['it reads what is new, and of the rest the changes', plan('incremental', { held: [span(0, 30)], tokens: [token(0)] }), ['span 30..40', 'changes 0..30 go on']],
    ['what a later sync that was stopped did not read is read by the next one', plan('incremental', { held: [span(33, 35), span(0, 30)], owed: [span(30, 33)], tokens: [token(0)] }), ['span 35..40', 'span 30..33', 'changes 0..35 go on']],
    ['memory of what is still to come is kept up to date', plan('incremental', { held: [span(0, 60)], tokens: [token(0)] }), ['changes 0..60 go on']],
    ['but never what nobody asked for', plan('incremental', { held: [span(20, 35), span(0, 10)], tokens: [token(0)] }), ['span 35..40', 'changes 0..35 go on']],
    ['what it owes at the end is one with what is new', plan('incremental', { held: [span(0, 30)], owed: [span(30, 35)], tokens: [token(0)] }), ['span 30..40', 'changes 0..30 go on']],
    ['a sweep that is due reads all that memory holds, wherever it lies', plan('incremental', { held: [span(33, 35), span(20, 30), span(0, 10)], owed: [span(30, 33)], tokens: [token(0, { isSweepDue: true })] }), ['span 20..40', 'span 0..10', 'changes 0..35 go on', 'sweep 0..40']],
    ['so does the first token of what is there already', plan('incremental', { held: [span(0, 30)] }), ['span 0..40', 'changes 0..30 begin', 'sweep 0..40']],
    ['where nobody tells of changes the newest days are read again', plan('incremental', { held: [span(0, 30)] }, { hasChanges: false, looksUp: true }), [`span ${30 - INCREMENTAL_OVERLAP_DAYS}..40`, `sweep ${30 - INCREMENTAL_OVERLAP_DAYS}..40`]],
    ['of these only what is held', plan('incremental', { held: [span(28, 30), span(0, 24)] }, { hasChanges: false, looksUp: false }), ['span 28..40', 'span 23..24']],
    ['a provider that had no changes is asked again when a sweep is due', plan('incremental', { held: [span(0, 30)], tokens: [token(0, { place: null })] }), [`span ${30 - INCREMENTAL_OVERLAP_DAYS}..40`, `sweep ${30 - INCREMENTAL_OVERLAP_DAYS}..40`]],
  ])('%s', (_, planned, wanted) => { expect(planned).toEqual(wanted); });
});

describe('a token that was lost', () => {
  it.each<[string, Span[], string[]]>([
    ['is made good by reading what this run does not read anyway', [span(30, 40)], ['span 0..30', 'sweep 0..40']],
    ['between its windows as well', [span(35, 40), span(20, 25)], ['span 25..30', 'span 0..20', 'sweep 0..40']],
    ['and by nothing more where all of it is read', [span(25, 40), span(0, 25)], []],
  ])('%s', (_, spans, wanted) => { expect(inWords(planAnew(stream, span(0, 30), day(40), spans))).toEqual(wanted); });
});
