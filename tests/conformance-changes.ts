/** The suites that every connector with `changes` and every one with `readOne` passes: tokens and places are as good as never stopping, a forgotten one is said to be, and no trouble ever looks like a delete. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SourceRecord, type Connector } from '#contract/connector';
import { ProviderError } from '#fly-worker/provider';
import { faults, open, type Stage } from './conformance.ts';
import { noFault, replay, status, type Replay, type Tape, type TapeChanges } from './tapes/replay.ts';

const PAGES_MAX = 60;
export interface Round { places: unknown[]; records: string[]; unreadable: string[]; removed: string[]; token: unknown }

/** Reads a round to its end as the pipeline does; every place goes through a jsonb column. Null: begins. */
export async function readRound({ connector, server, tape, directory }: Stage, stream: string, start: unknown): Promise<Round> {
  const provider = open({ connector, server, tape }), round: Round = { places: [], records: [], unreadable: [], removed: [], token: null };
  for (let from = start; round.places.length < PAGES_MAX;) {
    const page = await provider.readChanges(connector, { stream, span: tape.span, directory, from });
    round.places.push(from);
    for (const record of page.records) {
      SourceRecord.parse(record);
      expect(record.stream).toBe(stream);
      round.records.push(record.providerId);
    }
    for (const broken of page.unreadable) { expect(broken.message).toMatch(/\w{3}.*\.$/); round.unreadable.push(broken.providerId); }
    expect(page.removed.filter((id) => page.records.some((r) => r.providerId === id)), 'gone and there at once').toEqual([]);
    round.removed.push(...page.removed);
    from = connector.changes!.place.parse(JSON.parse(JSON.stringify(page.next)));
    if (page.done) return { ...round, token: from };
  }
  throw new Error(`${connector.id}: no end of the changes within ${PAGES_MAX} pages`);
}

export function describeChanges(connector: Connector, tape: Tape, { streams, one }: TapeChanges): void {
  describe(`${connector.id}: changes`, () => {
    const names = Object.keys(streams), first = names[0]!;
    let server: Replay, elsewhere: Replay, stage: Stage, tokens: Map<string, unknown>;
    beforeAll(async () => {
      server = await replay(tape);
      elsewhere = await replay(tape);
      const { get, bytes } = open({ connector, server, tape });
      stage = { connector, server, tape, directory: await connector.directory?.({ get, bytes, baseUrl: server.baseUrl }) ?? null };
      tokens = new Map(await Promise.all(names.map(async (name) => [name, (await readRound(stage, name, null)).token] as const)));
    });
    beforeEach(() => { server.reset(); elsewhere.reset(); });
    afterAll(async () => { await server.close(); await elsewhere.close(); });

    it('begin with a token and without records', async () => {
      for (const name of names) expect(await readRound(stage, name, null)).toMatchObject({ records: [], unreadable: [], removed: [], token: tokens.get(name) });
    });

    it('tell of every change on the tape, and use every exchange', async () => {
      for (const name of names) {
        const { unreadable = [], ...wanted } = streams[name]!;
        await readRound(stage, name, null);
        expect(await readRound(stage, name, tokens.get(name))).toMatchObject({ ...wanted, unreadable });
      }
      for (const { stream, id } of one) await open(stage).readOne(connector, { stream, providerId: id, directory: stage.directory });
      expect(tape.changes!.exchanges.filter((e) => !e.spare && !server.used.has(e.get)).map((e) => e.get)).toEqual([]);
    });

    it.each(['a begin', 'a round'])('go on from any place of %s as if they had never stopped', async (what) => {
      for (const name of names) {
        const start = what === 'a begin' ? null : tokens.get(name), whole = await readRound(stage, name, start);
        for (const [i, place] of whole.places.entries()) {
          const rest = await readRound(stage, name, place);
          expect(rest.places).toEqual(whole.places.slice(i));
          expect(rest.token).toEqual(whole.token);
          for (const list of ['records', 'unreadable', 'removed'] as const) expect(rest[list]).toEqual(whole[list].slice(whole[list].length - rest[list].length));
        }
      }
    });

    it('refuse a place they did not write', () => {
      for (const place of [{ nonsense: true }, '', 'mail', null, [], { channel: 7 }]) expect(connector.changes!.place.safeParse(place).success).toBe(false);
    });

    it('do not follow a link to another host', async () => {
      if (!/\{\{(?:base|host)\}\}/.test(JSON.stringify(tape.changes))) return;
      server.linksTo = elsewhere.baseUrl;
      const outcome = await readRound(stage, first, null).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ kind: 'foreign_link' });
      expect(elsewhere.asked).toEqual([]);
    });

    it.each(faults)('%s', async (_, fault, ending) => {
      server.fault = fault;
      const outcome = await readRound(stage, first, tokens.get(first)).catch((error: unknown) => error);
      server.fault = noFault;
      if (ending !== 'same' && ending !== 'same_set') {
        expect(outcome, 'trouble is never the end of a round').toBeInstanceOf(ProviderError);
        expect((outcome as ProviderError).kind).toBe(ending);
        return;
      }
      if (outcome instanceof Error) throw outcome;
      const { records, removed } = outcome as Round, wanted = streams[first]!;
      expect([new Set(records), new Set(removed)]).toEqual([new Set(wanted.records), new Set(wanted.removed)]);
    });
  });
}

/** `one`: records by their ids, as the tape has them. */
export function describeLooks(connector: Connector, tape: Tape, { one, exchanges }: TapeChanges): void {
  describe(`${connector.id}: one record`, () => {
    let server: Replay, stage: Stage;
    beforeAll(async () => {
      server = await replay(tape);
      const { get, bytes } = open({ connector, server, tape });
      stage = { connector, server, tape, directory: await connector.directory?.({ get, bytes, baseUrl: server.baseUrl }) ?? null };
    });
    afterAll(() => server.close());
    const look = ({ stream, id: providerId }: TapeChanges['one'][number]) => open(stage).readOne(connector, { stream, providerId, directory: stage.directory });

    it.each(one.map((asked) => [asked.id, asked.is, asked] as const))('%s is %s', async (id, is, asked) => {
      const found = await look(asked);
      if (is === 'gone') expect(found).toBeNull(); else expect(SourceRecord.parse(found)).toMatchObject({ providerId: id, stream: asked.stream });
    });

    it('is asked for as the tape says', async () => {
      server.reset();
      for (const asked of one) await look(asked);
      if (!connector.changes) expect(exchanges.filter((e) => !e.spare && !server.used.has(e.get)).map((e) => e.get)).toEqual([]);
    });

    it.each([400, 401, 403, 404, 410, 429, 500, 503])('is not gone because of a %i without the provider\'s word for it', async (code) => {
      server.fault = (_, response) => status(response, code, { 'retry-after': '600' });
      await expect(look(one[0]!)).rejects.toBeInstanceOf(ProviderError);
      server.fault = noFault;
    });
  });
}
