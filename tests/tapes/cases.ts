/** How a tape tells what only its provider has: a sentence, what is answered, what was asked for and what came of it. Short forms are written out here. */
import { expect } from 'vitest';
import type { Span } from '#contract/connector';
import type { ProviderErrorKind } from '#fly-worker/provider';
import { status, type Fault } from './replay.ts';

/**
 * One row. What is said of an outcome is part of it: other fields may stand beside. Short forms, in anything that is answered or expected:
 * `{{base}}` the provider's address; `{{60*text}}` the text so often; `{"$like": "mail", ...}` that item of the tape, with these fields changed;
 * `{"$times": 2000, "$of": {...}}` in a list, so many of it, with `{{n}}` for their numbers and `{{n:15}}` for such with leading zeros.
 * Only in what is expected: `{"$matching": "words"}`, `{"$not": "words"}`, `{"$count": 3}` of a list.
 */
export interface TapeCase {
  name: string;
  /** The tape's first one when absent. */
  stream?: string;
  span?: Span;
  pageSize?: number;
  directory?: unknown;
  /** One page (the default), pages to the window's end put together, a page of the changes, or the record of this id. */
  reads?: 'page' | 'window' | 'changes' | { one: string };
  /** Where the page begins. */
  cursor?: unknown;
  answers: Answers;
  /** Every request in order. */
  asked?: { path?: unknown; query?: Record<string, unknown>; headers?: Record<string, unknown> }[];
  comes?: unknown;
  refused?: ProviderErrorKind;
  /** Other answers from which the very same comes. */
  same?: Answers[];
  /** Other answers whose first record counts as unchanged, or as changed. */
  alike?: Answers[];
  different?: Answers[];
  /** Pages of these sizes hold the same, read to the end. */
  alsoInPagesOf?: number[];
}

/** JSON in the order it is asked for; or by the beginning of the path, decoded (the longest counts); or a file by its lines (UTF-8, ended by CRLF, unless it says otherwise). `{"$status": 404, "$json": {}}` answers with another status. */
export type Answers = unknown[] | { byPath: Record<string, unknown> } | FileOfLines;
export interface FileOfLines { lines: unknown[]; end?: string; encoding?: 'latin1' | 'utf8' }

type Items = Record<string, object>;
const isForm = (value: unknown, key: string): value is Record<string, unknown> => typeof value === 'object' && value !== null && key in value;

/** The value with its short forms written out. */
export function written(value: unknown, items: Items, baseUrl: string, n = 0): unknown {
  const again = (inner: unknown, number = n): unknown => written(inner, items, baseUrl, number);
  if (typeof value === 'string') {
    return value.replaceAll('{{base}}', baseUrl).replaceAll(/\{\{n(?::(\d+))?\}\}/g, (_, width?: string) => String(n).padStart(Number(width ?? 0), '0'))
      .replaceAll(/\{\{(\d+)\*([^{}]*)\}\}/g, (_, times: string, text: string) => text.repeat(Number(times)));
  }
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown) => (isForm(one, '$times') ? Array.from({ length: Number(one['$times']) }, (_, i) => again(one['$of'], i)).flat() : [again(one)]));
  }
  if (isForm(value, '$like')) {
    const { $like, ...change } = value, item = items[String($like)];
    if (!item) throw new Error(`The tape has no item called ${String($like)}.`);
    return again({ ...item, ...change });
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, again(inner)]));
}

/** What is expected, with its words to look for. */
export function wanted(value: unknown, items: Items, baseUrl: string): unknown {
  const revive = (inner: unknown): unknown => {
    if (isForm(inner, '$matching')) return expect.stringMatching(new RegExp(String(inner['$matching'])));
    if (isForm(inner, '$not')) return expect.not.stringMatching(new RegExp(String(inner['$not'])));
    if (isForm(inner, '$count')) return expect.toSatisfy((list: unknown) => Array.isArray(list) && list.length === inner['$count'], `${String(inner['$count'])} of them`);
    if (Array.isArray(inner)) return inner.map(revive);
    if (typeof inner === 'object' && inner !== null) return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, revive(one)]));
    return inner;
  };
  return revive(written(value, items, baseUrl));
}

/** Answers as a fault of the replay: all that it is asked, it is asked here. Files are served as ranges by the replay itself. */
export function answering(answers: unknown[] | { byPath: Record<string, unknown> }): Fault {
  const list = Array.isArray(answers) ? [...answers] : [], paths = Array.isArray(answers) ? {} : answers.byPath;
  return ({ path }, response) => {
    const place = Object.keys(paths).filter((beginning) => path.startsWith(beginning)).sort((a, b) => b.length - a.length)[0];
    const answer = place === undefined ? list.shift() : paths[place];
    if (answer === undefined) return status(response, 400, {}, { error: { code: 'NotInTheCase', message: path } });
    return isForm(answer, '$status') ? status(response, Number(answer['$status']), {}, answer['$json']) : status(response, 200, {}, answer);
  };
}
