/** The rows that a tape tells of its own provider, run for every connector alike: what was asked, what came of it, what counts as the same. */
import { afterEach, describe, expect, it } from 'vitest';
import { SourceRecord, type ChangesPage, type Connector, type Page } from '#contract/connector';
import { ARCHIVE_READ_BYTES } from '#contract/limits';
import { contentHash } from '#fly-worker/extract/hash';
import { ProviderError } from '#fly-worker/provider';
import { open } from './conformance.ts';
import { answering, wanted, written, type Answers, type FileOfLines, type TapeCase } from './tapes/cases.ts';
import { replay, type Asked, type Replay, type Tape } from './tapes/replay.ts';

const PAGES_MAX = 100;
type Outcome = (Page & { pages: number }) | ChangesPage<unknown> | { record: unknown };

export function describeCases(connector: Connector, tape: Tape, cases: TapeCase[]): void {
  describe(`${connector.id}: cases`, () => {
    const items = tape.items ?? {}, servers: Replay[] = [];
    afterEach(async () => { for (const server of servers.splice(0)) await server.close(); });

    /** A provider that says these answers and nothing else. */
    async function serve(answers: Answers): Promise<Replay> {
      const isFile = 'lines' in answers, server = await replay({ ...tape, exchanges: isFile ? [{ get: '/file', file: { base64: [fileOf(answers)] } }] : [], changes: undefined, account: null });
      servers.push(server);
      if (!isFile) server.fault = answering(written(answers, items, server.baseUrl) as unknown[]);
      return server;
    }
    const fileOf = ({ lines, end = '\r\n', encoding = 'utf8' }: FileOfLines): string => Buffer.from((written(lines, items, '') as string[]).map((line) => line + end).join(''), encoding).toString('base64');

    async function read(one: TapeCase, server: Replay, pageSize = one.pageSize): Promise<Outcome> {
      const provider = open({ connector, server, tape: { ...tape, ...pageSize && { recordsAPage: pageSize } }, timeoutMs: 5_000 });
      const stream = one.stream ?? Object.keys(tape.records)[0]!, span = one.span ?? tape.span, isFile = 'lines' in one.answers;
      const directory = one.directory ?? (isFile ? await connector.directory?.({ get: provider.get, bytes: provider.bytes, baseUrl: server.baseUrl }) : null) ?? null;
      const cursor = written(one.cursor ?? null, items, server.baseUrl), reads = one.reads ?? (isFile ? 'window' : 'page');
      if (reads === 'changes') return provider.readChanges(connector, { stream, span, directory, from: cursor && connector.changes!.place.parse(cursor) });
      if (reads !== 'page' && reads !== 'window') return { record: await provider.readOne(connector, { stream, providerId: reads.one, directory }) };
      const fetch = (at: unknown): Promise<Page> => provider.fetchPage(connector, { stream, span, range: one.span ?? tape.range ?? tape.span, directory, cursor: at });
      let page = await fetch(cursor);
      const all = [page];
      while (reads === 'window' && page.next !== null && all.length < PAGES_MAX) all.push(page = await fetch(connector.cursor.parse(JSON.parse(JSON.stringify(page.next)))));
      return { ...page, records: all.flatMap((one) => one.records), unreadable: all.flatMap((one) => one.unreadable), pages: all.length };
    }
    const records = (outcome: Outcome): SourceRecord[] => ('records' in outcome ? outcome.records : [SourceRecord.parse(outcome.record)]);
    const firstHash = async (one: TapeCase, answers: Answers): Promise<string> => contentHash(records(await read({ ...one, answers }, await serve(answers)))[0]!);

    it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
      const server = await serve(one.answers), outcome = await read(one, server).catch((error: unknown) => error);
      if (one.asked) expect(server.requests.map(readable)).toMatchObject(wanted(one.asked, items, server.baseUrl) as object[]);
      for (const { headers: { range = '' } } of server.requests) expect(lengthOf(range), 'no part is larger than one may ask for').toBeLessThanOrEqual(ARCHIVE_READ_BYTES);
      if (one.refused) {
        expect(outcome).toBeInstanceOf(ProviderError);
        expect(outcome).toMatchObject({ kind: one.refused });
        return;
      }
      if (outcome instanceof Error) throw outcome;
      const found = outcome as Outcome;
      if (!('record' in found)) for (const record of found.records) SourceRecord.parse(record);
      if (one.comes !== undefined) expect(found).toMatchObject(wanted(one.comes, items, server.baseUrl) as object);
      for (const answers of one.same ?? []) expect(await read({ ...one, answers }, await serve(answers))).toEqual(found);
      for (const answers of one.alike ?? []) expect(await firstHash(one, answers)).toBe(contentHash(records(found)[0]!));
      for (const answers of one.different ?? []) expect(await firstHash(one, answers)).not.toBe(contentHash(records(found)[0]!));
      for (const size of one.alsoInPagesOf ?? []) expect(essence(await read({ ...one, reads: 'window' }, server, size)), `in pages of ${size}`).toEqual(essence(found));
    });
  });
}

function readable({ url, headers }: Asked): { path: string; query: Record<string, string>; headers: Asked['headers'] } {
  const { pathname, searchParams } = new URL(url, 'http://tape');
  return { path: decodeURIComponent(pathname), query: Object.fromEntries(searchParams), headers };
}
function lengthOf(range: string): number {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  return first === undefined ? 0 : Number(last) - Number(first) + 1;
}
const essence = (outcome: Outcome): object => ('records' in outcome ? { records: outcome.records, unreadable: outcome.unreadable, leftOut: 'leftOut' in outcome ? outcome.leftOut : 0 } : outcome);
