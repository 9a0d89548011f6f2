/** Every connector against answers that nobody documented: each ends as a kind that the table knows or as readable pages, never as something unknown, never endless, never with a delete that was not there. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '#contract/connector';
import { connectors } from '#fly-worker/connectors/index';
import { ProviderError } from '#fly-worker/provider';
import { open, walk, type Stage, type Walk } from '../conformance.ts';
import { readRound, type Round } from '../conformance-changes.ts';
import { damage, damaged, fuzzing, oddValue, spoiling, spoilt, type Spoiling } from '../fuzz/junk.ts';
import { noFault, replay, tapeOf, type Fault, type Replay, type Tape } from '../tapes/replay.ts';

const how = fuzzing(process.env, 25);
/** What an empty window looks like at one of them. */
const EMPTY = new Set(['{}', '{"value":[]}']);
/** Wide enough for every record on a tape, and not for five thousand of a series. */
const YEARS = { since: '2025-01-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' };
const ENDLESS = /no last page within|no end of the changes within/;

/** This of the answers, or every one from it on, with these changes. What is no JSON (a file) has its bytes damaged. */
const spoil = (nth: number, ever: boolean, changes: readonly Spoiling[]): Fault => (request, response, { status, headers, body }) => {
  if (ever ? request.nth < nth : request.nth !== nth) return false;
  if (headers['content-type'] !== 'application/json') return false;
  response.writeHead(status, headers).end(JSON.stringify(changes.reduce<unknown>(spoilt, body.length === 0 ? null : JSON.parse(body.toString()))));
  return true;
};

describe.each(connectors.map((connector) => [connector.id, connector] as const))(`%s (seed ${how.seed})`, (id, connector: Connector) => {
  const tape: Tape = tapeOf(id), streams = Object.keys(tape.records);
  let server: Replay, stage: Stage, whole: Map<string, Walk>;
  beforeAll(async () => {
    server = await replay(tape);
    const { get, bytes } = open({ connector, server, tape });
    stage = { connector, server, tape, directory: await connector.directory?.({ get, bytes, baseUrl: server.baseUrl }) ?? null };
    whole = new Map();
    for (const stream of streams) whole.set(stream, await walk(stage, stream));
  });
  afterAll(() => server.close());

  /** Ends, and as the table knows it. Null: as an error of a known kind. */
  async function outcomeOf<T>(fault: Fault, ask: () => Promise<T>): Promise<T | null> {
    server.reset();
    server.fault = fault;
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ProviderError) { expect(error.message).toMatch(/\w{3}.*\.$/s); expect(error.message).not.toMatch(/token-\d/); return null; }
      // Pages that lead in a circle are counted and stopped by the pipeline (PAGES_PER_WINDOW_MAX).
      if (error instanceof Error && ENDLESS.test(error.message)) return null;
      throw error;
    } finally {
      server.fault = noFault;
    }
  }

  it('reads spoilt pages as records, as failures with a sentence, or not at all', async () => {
    if (connector.upload) return;
    await fc.assert(fc.asyncProperty(fc.constantFrom(...streams), fc.integer({ min: 1, max: 6 }), fc.boolean(), fc.array(spoiling(), { minLength: 1, maxLength: 3 }), async (stream, nth, ever, changes) => {
      await outcomeOf(spoil(nth, ever, changes), () => walk(stage, stream));
    }), how);
  });

  const nameless = ({ unreadable }: Walk): number => unreadable.filter((one) => one.startsWith('unreadable:')).length;
  it('loses nothing of a page whose items are not what they should be: each is a record or a failure', async () => {
    if (connector.upload) return;
    await fc.assert(fc.asyncProperty(fc.constantFrom(...streams), fc.integer({ min: 1, max: 4 }), fc.nat({ max: 1_000_000 }), async (stream, nth, at) => {
      const before = whole.get(stream)!, found = await outcomeOf(spoil(nth, false, [{ at, how: 'retype', value: null }]), () => walk(stage, stream));
      // What has lost its very id cannot be asked for what hangs on it: a thread's answers.
      if (found !== null && found.note === before.note && nameless(found) <= nameless(before)) expect(found.ids.length + found.unreadable.length).toBeGreaterThanOrEqual(before.ids.length + before.unreadable.length);
    }), how);
  });

  it('does not call it done after an answer that was cut off or is something else', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...streams), fc.oneof(fc.double({ min: 0, max: 0.99, noNaN: true }), oddValue()), async (stream, part) => {
      if (EMPTY.has(JSON.stringify(part))) return;
      const fault: Fault = (_, response, { status, headers, body }) => {
        response.writeHead(status, headers).end(typeof part === 'number' && part > 0 && part < 1 ? body.subarray(0, body.length * part) : JSON.stringify(part));
        return true;
      };
      expect(await outcomeOf(fault, () => walk(stage, stream))).toBeNull();
    }), how);
  });

  it('takes any checkpoint: one that it wrote, or none of its own', async () => {
    const written = [...whole.values()].flatMap(({ cursors }) => cursors.filter((cursor) => cursor !== null));
    await fc.assert(fc.asyncProperty(fc.constantFrom(...streams), fc.constantFrom(...written, null), fc.array(spoiling(), { maxLength: 2 }), oddValue(), async (stream, cursor, changes, other) => {
      for (const candidate of [changes.reduce<unknown>(spoilt, cursor), other]) {
        const parsed = connector.cursor.safeParse(candidate);
        if (parsed.success) await outcomeOf(noFault, () => walk(stage, stream, parsed.data));
        if (connector.changes) connector.changes.place.safeParse(candidate);
      }
    }), how);
  });

  it('finds no delete in a spoilt round of changes that was not told', async () => {
    const { changes } = connector, told = tape.changes;
    if (!changes || !told) return;
    const names = Object.keys(told.streams), tokens = new Map<string, unknown>(), rounds = new Map<string, Round>();
    for (const name of names) {
      server.reset();
      tokens.set(name, (await readRound(stage, name, null)).token);
      rounds.set(name, await readRound(stage, name, tokens.get(name)));
    }
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), fc.integer({ min: 1, max: 8 }), fc.nat({ max: 1_000_000 }), fc.array(spoiling(), { maxLength: 2 }), async (name, nth, at, more) => {
      const retyped = await outcomeOf(spoil(nth, false, [{ at, how: 'retype', value: null }]), () => readRound(stage, name, tokens.get(name)));
      if (retyped) expect(retyped.removed.filter((one) => !rounds.get(name)!.removed.includes(one))).toEqual([]);
      await outcomeOf(spoil(nth, true, more), () => readRound(stage, name, tokens.get(name)));
      if (told.one[0]) await outcomeOf(spoil(1, true, more), () => open(stage).readOne(connector, { stream: told.one[0]!.stream, providerId: told.one[0]!.id, directory: stage.directory }));
    }), how);
  });

  it('reads any answer about itself: accounts, tokens, meanings, directories, streams', async () => {
    const account = tape.account?.json;
    await fc.assert(fc.asyncProperty(spoiling(), oddValue(), fc.integer({ min: 100, max: 599 }), async (change, value, status) => {
      for (const answer of [spoilt(account ?? {}, change), value]) {
        connector.oauth?.account.schema.safeParse(answer);
        connector.oauth?.tokenAnswer.safeParse(answer);
        connector.meaningOf?.(status, answer);
      }
      const { get, bytes } = open(stage), asked = { get, bytes, baseUrl: server.baseUrl };
      if (connector.directory && !connector.upload) await outcomeOf(spoil(1, true, [change]), async () => connector.streams({ ...asked, directory: await connector.directory!(asked) }));
    }), { ...how, numRuns: Math.ceil(how.numRuns / 2) });
  });
});

describe(`files that people upload (seed ${how.seed})`, () => {
  const uploads = connectors.filter((connector) => connector.upload);
  it.each(uploads.map((connector) => [connector.id, connector] as const))('%s reads a damaged one as far as it goes', async (id, connector) => {
    const { importFile } = await import('../archive.ts'), file = fileOf(tapeOf(id));
    await fc.assert(fc.asyncProperty(fc.array(damage(), { minLength: 1, maxLength: 4 }), async (damages) => {
      const bytes = damaged(file, damages);
      connector.upload!.refuse(bytes.subarray(0, 4_096));
      try {
        const { records, unreadable } = await importFile(connector, bytes, { span: YEARS });
        for (const { message } of unreadable) expect(message).toMatch(/\w{3}.*\.$/s);
        for (const { occurredAt } of records) expect(new Date(occurredAt).toISOString()).toBe(occurredAt);
      } catch (error) {
        expect(error).toBeInstanceOf(ProviderError);
      }
    }), { ...how, numRuns: how.numRuns * 2 });
  });
  const fileOf = ({ exchanges }: Tape): Uint8Array => {
    const { file } = exchanges.find((exchange) => exchange.file)!;
    return 'latin1' in file! ? Buffer.from(file.latin1.join(''), 'latin1') : Buffer.from(file!.base64.join(''), 'base64');
  };
  it('come with every tape of an upload', () => { for (const { id } of uploads) expect(readFileSync(new URL(`../tapes/${id}.json`, import.meta.url), 'utf8')).toContain('"file"'); });
});
