/** The suite that every connector passes, through the real provider client and a real socket. Nothing here names a connector. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SourceRecord, type Connector } from '#contract/connector';
import { openProvider, ProviderError, type Clock, type Provider } from '#fly-worker/provider';
import { noFault, replay, status, type Ending, type Fault, type Replay, type Tape, type TapeTrouble } from './tapes/replay.ts';

const PAGE_SIZE = 100, PAGES_MAX = 60;
const BODY_TIMEOUT_MS = 150;

/** Waiting costs nothing and is written down. */
function instantClock(): Clock & { waits: number[] } {
  let now = Date.UTC(2026, 5, 25);
  const waits: number[] = [];
  return { waits, now: () => now, wait: (ms, signal) => { waits.push(ms); now += ms; return signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve(); } };
}

export interface Walk { ids: string[]; unreadable: string[]; cursors: unknown[]; note: string | null; leftOut: number }
/** One connector before its tape. */
export interface Stage { connector: Connector; server: Replay; tape: Tape; directory: unknown }

export function open({ connector, server, tape, timeoutMs = BODY_TIMEOUT_MS }: Pick<Stage, 'connector' | 'server' | 'tape'> & { timeoutMs?: number }): Provider {
  let token = 1;
  return openProvider({
    baseUrl: server.baseUrl, concurrencyMax: connector.concurrencyMax, pageSize: tape.recordsAPage ?? PAGE_SIZE, signal: new AbortController().signal, meaningOf: connector.meaningOf,
    clock: instantClock(), random: () => 0, timeoutMs, token: (rejected) => Promise.resolve(rejected ? `token-${++token}` : 'token-1'),
  });
}

/** Reads a window to its end as the pipeline does; every cursor goes through the checkpoint column. */
export async function walk({ connector, server, tape, directory }: Stage, stream: string, from: unknown = null): Promise<Walk> {
  const provider = open({ connector, server, tape }), range = tape.range ?? tape.span;
  const seen: Walk = { ids: [], unreadable: [], cursors: [], note: null, leftOut: 0 };
  let covered = 0;
  for (let cursor = from; seen.cursors.length < PAGES_MAX;) {
    const page = await provider.fetchPage(connector, { stream, span: tape.span, range, directory, cursor });
    seen.cursors.push(cursor);
    for (const record of page.records) {
      SourceRecord.parse(record);
      expect(record.stream).toBe(stream);
      expect(record.occurredAt >= range.since && record.occurredAt < range.until, `${record.providerId} is outside the range`).toBe(true);
      expect(new Date(record.occurredAt).toISOString()).toBe(record.occurredAt);
      seen.ids.push(record.providerId);
    }
    for (const broken of page.unreadable) { expect(broken.message).toMatch(/\w{3}.*\.$/); seen.unreadable.push(broken.providerId); }
    if (page.skipped) seen.note = page.skipped;
    if (page.leftOut !== undefined) {
      expect(page.leftOut, 'grows from page to page').toBeGreaterThanOrEqual(seen.leftOut);
      seen.leftOut = page.leftOut;
    }
    if (page.covered !== undefined) {
      expect(page.covered >= covered && page.covered <= 1, 'progress never goes back').toBe(true);
      covered = page.covered;
    }
    if (page.next === null) return seen;
    expect(JSON.stringify(page.next), 'fits into a checkpoint').not.toMatch(/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i);
    cursor = connector.cursor.parse(JSON.parse(JSON.stringify(page.next)));
  }
  throw new Error(`${connector.id}: no last page within ${PAGES_MAX}`);
}

const first = (times: number, fault: Fault): Fault => (request, response, answer) => request.nth <= times && fault(request, response, answer);
const on = (nth: number, fault: Fault): Fault => (request, response, answer) => request.nth === nth && fault(request, response, answer);

const throttled: Fault = (_, response) => status(response, 429, {}, { error: { code: 'ApplicationThrottled', message: '' } });
const throttledFor = (after: string): Fault => (_, response) => status(response, 429, { 'retry-after': after });
const answering = (code: number): Fault => (_, response) => status(response, code);
const hang: Fault = () => true;
const hangInBody: Fault = (_, response, { status: code, headers, body }) => { response.writeHead(code, headers).write(body.subarray(0, 20)); return true; };
const reset: Fault = (_, response) => { response.destroy(); return true; };
const cutOff: Fault = (_, response, { status: code, headers, body }) => { response.writeHead(code, { ...headers, 'content-length': String(body.length) }).write(body.subarray(0, body.length / 2), () => response.destroy()); return true; };
const half: Fault = (_, response, { status: code, headers, body }) => { response.writeHead(code, headers).end(body.subarray(0, body.length / 2)); return true; };
const otherShape: Fault = (_, response) => status(response, 200, {}, { surprise: true });

export const faults: [string, Fault, Ending][] = [
  ['one 504', first(1, answering(504)), 'same'],
  ['504 for every page larger than 30', ({ size }, response) => size > 30 && status(response, 504), 'same_set'],
  ['504 for every page after the first larger than 30', ({ size, nth }, response) => nth > 1 && size > 30 && status(response, 504), 'same_set'],
  ['504 for ever', answering(504), 'provider_unavailable'],
  ['500, 502 and 503 in a row', (r, response, a) => (first(1, answering(500))(r, response, a) || on(2, answering(502))(r, response, a) || on(3, answering(503))(r, response, a)), 'same'],
  ['503 for ever', answering(503), 'provider_unavailable'],
  ['429 with Retry-After', first(1, throttledFor('7')), 'same'],
  ['429 with Retry-After as a date', first(1, throttledFor('Thu, 25 Jun 2026 00:00:05 GMT')), 'same'],
  ['429 without Retry-After', first(2, throttled), 'same'],
  ['429 with Retry-After 1 for ever', throttledFor('1'), 'rate_limited'],
  ['429 without Retry-After for ever', throttled, 'rate_limited'],
  ['429 that asks for ten minutes', first(1, throttledFor('600')), 'rate_limited'],
  ['401 once', ({ token }, response) => token === 'token-1' && status(response, 401), 'same'],
  ['a token that expires in the middle', ({ nth, token }, response) => nth > 1 && token === 'token-1' && status(response, 401), 'same'],
  ['401 for every token', answering(401), 'auth_expired'],
  ['403', answering(403), 'forbidden'],
  ['404', answering(404), 'not_found'],
  ['410', answering(410), 'gone'],
  ['400', answering(400), 'bad_request'],
  ['a hang before the headers', first(1, hang), 'same'],
  ['a hang in the body', first(1, hangInBody), 'same'],
  ['a reset connection', first(2, reset), 'same'],
  ['reset connections for ever', reset, 'provider_unavailable'],
  ['an answer cut off by the network', first(1, cutOff), 'same'],
  ['half an answer that claims to be whole', first(1, half), 'same'],
  ['half answers for ever', half, 'provider_unavailable'],
  ['an answer of another shape', otherShape, 'unreadable_answer'],
];

/** The fault of a tape's own trouble. Counts by itself. */
function faultOf({ on, times, status: code = 200, headers = {}, json }: TapeTrouble): Fault {
  let left = times ?? Infinity;
  return ({ path }, response) => path.startsWith(on) && left-- > 0 && status(response, code, headers, json);
}

/** Every row of the suite for one connector and its tape. */
export function describeConnector(connector: Connector, tape: Tape): void {
  describe(`${connector.id}`, () => {
    const streams = Object.keys(tape.records);
    let server: Replay, elsewhere: Replay, stage: Stage;
    const ask = () => { const { get, bytes } = open({ connector, server, tape }); return { get, bytes, baseUrl: server.baseUrl }; };
    beforeAll(async () => {
      server = await replay(tape);
      elsewhere = await replay(tape);
      stage = { connector, server, tape, directory: await connector.directory?.(ask()) ?? null };
    });
    beforeEach(() => { server.reset(); elsewhere.reset(); });
    afterAll(async () => { await server.close(); await elsewhere.close(); });

    it('names the streams that its tape holds', async () => {
      const found = await connector.streams({ ...ask(), directory: stage.directory });
      expect(found.map((stream) => stream.name).sort()).toEqual([...streams].sort());
      for (const stream of found) expect(stream.windowDays).toBeGreaterThan(0);
    });

    it('reads the name of the account after consent', async () => {
      if (!tape.account || !connector.oauth) return;
      expect(await ask().get(connector.oauth.account.schema, { url: server.baseUrl + connector.oauth.account.path })).toBe(tape.account.is);
    });

    it('reads every record and every exchange on the tape, empty pages and repeats included', async () => {
      await connector.streams({ ...ask(), directory: await connector.directory?.(ask()) });
      for (const stream of streams) {
        const seen = await walk(stage, stream);
        expect(seen.ids).toEqual(tape.records[stream]);
        expect(seen.unreadable).toEqual(tape.unreadable[stream] ?? []);
        expect(seen.leftOut).toBe(tape.leftOut?.[stream] ?? 0);
      }
      expect([...server.used].sort()).toEqual(tape.exchanges.filter((exchange) => !exchange.spare).map((exchange) => exchange.get).sort());
    });

    it('resumes from any checkpoint as if it had never stopped', async () => {
      for (const stream of streams) {
        const whole = await walk(stage, stream);
        const tails = await Promise.all(whole.cursors.map((cursor) => walk(stage, stream, cursor)));
        for (const [i, tail] of tails.entries()) {
          expect(tail.cursors).toEqual(whole.cursors.slice(i));
          expect(whole.ids.slice(whole.ids.length - tail.ids.length)).toEqual(tail.ids);
        }
      }
    });

    it('yields the same record for the same answer, so that its hash is stable', async () => {
      const read = async () => {
        const records: unknown[] = [], provider = open(stage), directory = await connector.directory?.(ask()) ?? null;
        for (const stream of streams) records.push((await provider.fetchPage(connector, { stream, span: tape.span, range: tape.range ?? tape.span, directory, cursor: null })).records);
        return JSON.stringify(records);
      };
      expect(await read()).toBe(await read());
    });

    it('refuses a cursor it did not write', () => {
      for (const cursor of [{ nonsense: true }, '', 'mail', 7, null]) expect(connector.cursor.safeParse(cursor).success).toBe(false);
    });

    it('does not follow a page link to another host, and does not call it the end', async () => {
      if (!/\{\{(?:base|host)\}\}/.test(JSON.stringify(tape.exchanges))) return;
      server.linksTo = elsewhere.baseUrl;
      const outcome = await walk(stage, streams[0]!).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(ProviderError);
      expect((outcome as ProviderError).kind).toBe('foreign_link');
      expect(elsewhere.asked).toEqual([]);
    });

    it.each(faults)('%s', (_, fault, ending) => endsAs(fault, ending));
    it.each((tape.troubles ?? []).map((one) => [one.name, one] as const))('%s', (_, one) => endsAs(faultOf(one), one.ends));

    async function endsAs(fault: Fault, ending: Ending): Promise<void> {
      const stream = streams[0]!, expected = tape.records[stream]!;
      server.fault = fault;
      const outcome = await walk(stage, stream).catch((error: unknown) => error);
      server.fault = noFault;
      if (typeof ending === 'string' && ending !== 'same' && ending !== 'same_set') {
        expect(outcome, 'a fetch error is never an empty page').toBeInstanceOf(ProviderError);
        const error = outcome as ProviderError;
        expect(error.kind).toBe(ending);
        expect(error.message).not.toMatch(/token-\d|\?|\$filter/);
        if (ending === 'rate_limited') expect(error.retryAfterMs).toBeGreaterThan(0);
        return;
      }
      if (outcome instanceof Error) throw outcome;
      const { ids, unreadable, note } = outcome as Walk;
      if (ending === 'same') expect(ids).toEqual(expected);
      else if (ending === 'same_set') expect(new Set(ids)).toEqual(new Set(expected));
      else {
        expect(ids).toEqual(ending.records);
        expect(unreadable).toEqual(ending.unreadable ?? []);
      }
      const wanted = typeof ending === 'string' ? undefined : ending.note;
      if (wanted === undefined) expect(note).toBeNull(); else expect(note).toContain(wanted);
    }
  });
}
