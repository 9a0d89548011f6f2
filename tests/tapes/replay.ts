/** Replays a tape as a provider: a local HTTP server that answers what was recorded, and breaks in the ways that a test asks for. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GetBytes, Span } from '#contract/connector';
import type { ProviderErrorKind } from '#fly-worker/provider';
import type { TapeCase } from './cases.ts';

export interface Tape {
  span: Span;
  /** The job's range; the window's span when absent. */
  range?: Span;
  /** Regular expression one of whose groups is the page size in a request: its path, or its headers as JSON behind it. */
  pageSize?: string;
  /** Records asked for a page; 100 when absent. */
  recordsAPage?: number;
  exchanges: Exchange[];
  account: { get: string; json: unknown; is: string } | null;
  /** Provider ids in the order they are read, repeats included, by stream. */
  records: Record<string, string[]>;
  unreadable: Record<string, string[]>;
  changes?: TapeChanges;
  /** Records that are met and left out, by stream. */
  leftOut?: Record<string, number>;
  /** Troubles that only this provider words like this. They befall the first stream. */
  troubles?: TapeTrouble[];
  /** Rows that only this provider has. */
  cases?: TapeCase[];
  /** Items that cases are made of, by name. */
  items?: Record<string, object>;
}

/** `spare`: asked only when something went wrong. `file`: parts of it are answered, as HTTP ranges. `status` is 200 when absent. */
interface Exchange { get: string; json?: unknown; file?: FileOnTape; spare?: boolean; status?: number }

/** What `changes` and `readOne` are asked, by stream: a begin that brings a token, a round from there (none where the connector has no changes), and single records. */
export interface TapeChanges {
  exchanges: Exchange[];
  streams: Record<string, { records: string[]; unreadable?: string[]; removed: string[] }>;
  one: { stream: string; id: string; is: 'there' | 'gone' }[];
}

/** Bytes, in lines so that people can read them: a character a byte, or base64. */
type FileOnTape = { latin1: string[] } | { base64: string[] };
/** A request as it came. */
export interface Asked { url: string; headers: IncomingHttpHeaders }

/** The next `times` requests (always, when absent) that begin with `on` get this answer instead. `status` is 200 when absent. */
export interface TapeTrouble { name: string; on: string; times?: number; status?: number; headers?: Record<string, string>; json: unknown; ends: Ending }

/**
 * How a walk under a fault must end: with the same records, with the same set of records (some met twice), with an error of this kind, or
 * passed over: with a note that holds these words, and these records.
 */
export type Ending = 'same' | 'same_set' | ProviderErrorKind | { note?: string; records: string[]; unreadable?: string[] };

/** For connectors that read no files. */
export const noFile: GetBytes = () => Promise.reject(new Error('This connector reads no files.'));

export const tapeOf = (id: string): Tape => JSON.parse(readFileSync(new URL(`./${id}.json`, import.meta.url), 'utf8')) as Tape;

/** What the tape would answer. */
interface Recorded { status: number; headers: Record<string, string>; body: Buffer }
/** Is this request answered by the fault (true) or by the tape (false)? `nth` counts requests from 1. */
export type Fault = (request: { nth: number; path: string; size: number; token: string }, response: ServerResponse, answer: Recorded) => boolean;
export const noFault: Fault = () => false;

export interface Replay { baseUrl: string; asked: string[]; requests: Asked[]; used: Set<string>; fault: Fault; linksTo: string | null; reset(): void; close(): Promise<void> }

/** The recorded exchange with the longest matching beginning answers. What is not on the tape is a 404 that no test expects. */
export async function replay(tape: Tape): Promise<Replay> {
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  const state: Replay = {
    baseUrl, asked: [], requests: [], used: new Set(), fault: noFault, linksTo: null,
    reset() { this.asked.length = this.requests.length = 0; this.used.clear(); this.fault = noFault; this.linksTo = null; },
    close: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent((request.url ?? '').replace(/^\/base/, ''));
    const size = tape.pageSize ? new RegExp(tape.pageSize).exec(`${path}\n${JSON.stringify(request.headers)}`)?.slice(1).find(Boolean) ?? '0' : '0';
    state.asked.push(path);
    state.requests.push({ url: (request.url ?? '').replace(/^\/base/, ''), headers: request.headers });
    const all: Exchange[] = [...tape.exchanges, ...tape.changes?.exchanges ?? [], ...tape.account ? [tape.account] : []];
    const hit = all.filter((e) => path.startsWith(e.get.replaceAll('{{size}}', size))).sort((a, b) => b.get.length - a.get.length)[0];
    const recorded = hit?.file ? partOf(hit.file, request.headers.range) : {
      status: hit ? hit.status ?? 200 : 404, headers: { 'content-type': 'application/json' },
      body: Buffer.from(hit ? JSON.stringify(hit.json).replaceAll('{{base}}', state.linksTo ?? baseUrl).replaceAll('{{host}}', state.linksTo ?? '').replaceAll('{{size}}', size) : ''),
    };
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (state.fault({ nth: state.asked.length, path, size: Number(size), token }, response, recorded)) return;
    if (hit) state.used.add(hit.get);
    response.writeHead(recorded.status, recorded.headers).end(recorded.body);
  }
  return state;
}

const decoded = new WeakMap<FileOnTape, Buffer>();
/** Decoded once: a file is asked for in many parts. */
export function bytesOf(file: FileOnTape): Buffer {
  const bytes = decoded.get(file) ?? ('latin1' in file ? Buffer.from(file.latin1.join(''), 'latin1') : Buffer.from(file.base64.join(''), 'base64'));
  decoded.set(file, bytes);
  return bytes;
}

/** 206, or 416 beyond the end. https://www.rfc-editor.org/rfc/rfc9110#name-range-requests */
function partOf(file: FileOnTape, range: string | undefined): Recorded {
  const bytes = bytesOf(file), [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [], body = bytes.subarray(Number(first), Number(last) + 1);
  if (!(body.length > 0)) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` }, body: Buffer.alloc(0) };
  return { status: 206, headers: { 'content-type': 'application/octet-stream', 'content-range': `bytes ${first}-${Number(first) + body.length - 1}/${bytes.length}`, etag: '"on-tape"' }, body };
}

export const status = (response: ServerResponse, code: number, headers: Record<string, string> = {}, body: unknown = { error: { code: 'UnknownError', message: '' } }): true => {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  return true;
};
