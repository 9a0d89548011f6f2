/** A file before a connector, without a socket: every page of every stream. The real way there is the conformance suite's and the whole house's. */
import type { Connector, GetBytes, Page, SourceRecord, Span, UnreadableRecord } from '#contract/connector';

const EVERYTHING: Span = { since: '1926-01-01T00:00:00.000Z', until: '2126-01-01T00:00:00.000Z' };

export interface Imported { records: SourceRecord[]; unreadable: UnreadableRecord[]; leftOut: number; pages: Page[]; reads: { from: number; length: number }[] }
interface ImportOptions { span?: Span; pageSize?: number; version?: string }

export async function importFile(connector: Connector, file: Uint8Array | string, { span = EVERYTHING, pageSize = 100, version = 'v' }: ImportOptions = {}): Promise<Imported> {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file, all: Imported = { records: [], unreadable: [], leftOut: 0, pages: [], reads: [] };
  const read: GetBytes = ({ from, length }) => {
    all.reads.push({ from, length });
    return Promise.resolve({ bytes: bytes.slice(from, from + length), total: bytes.length, version });
  };
  const ask = { get: () => Promise.reject(new Error('A file has no API.')), bytes: read, baseUrl: 'http://desk' };
  const directory = await connector.directory?.(ask) ?? null;
  for (const { name: stream } of await connector.streams({ ...ask, directory })) {
    for (let cursor: unknown = null, first = true; first || cursor !== null; first = false) {
      const page = await connector.fetchPage({ ...ask, stream, span, range: span, directory, cursor, pageSize });
      all.records.push(...page.records);
      all.unreadable.push(...page.unreadable);
      all.pages.push(page);
      cursor = page.next;
      if (cursor === null) all.leftOut += page.leftOut ?? 0;
    }
  }
  return all;
}
