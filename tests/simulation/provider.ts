/** A provider for the simulation: two streams and one that may not be read, windows of overlapping pages, edits at any moment, records that cannot be read or processed. */
import type { Page, SourceRecord, Stream } from '#contract/connector';
import type { DerivedRecord, Facts } from '#contract/memory';

export const STREAMS: Stream[] = [{ name: 'mail', order: 'newest_first', windowDays: 2 }, { name: 'calendar', order: 'unordered', windowDays: 2 }, { name: 'closed', title: '#closed', order: 'newest_first', windowDays: 2 }];
export const CLOSED_NOTE = 'Not read: nobody of us is in it.';
export const RANGE = { since: '2026-01-01T00:00:00.000Z', until: '2026-01-05T00:00:00.000Z' };
const PAGES = 3, PER_PAGE = 3;

export interface SimulatedProvider {
  /** Record id -> revision. */
  revisions: Map<string, number>;
  ids: string[];
  unreadable: string | null;
  /** From now on every record can be read and processed. */
  cured: boolean;
  page(stream: string, since: string, cursor: number | null): Page<number>;
}

/** `poison`: one record that cannot be read. */
export function openSimulatedProvider(poison: boolean): SimulatedProvider {
  const windowsOf = (stream: string) => [RANGE.until, '2026-01-03T00:00:00.000Z'].map((_, i) => ({ stream, since: i === 0 ? '2026-01-03T00:00:00.000Z' : RANGE.since }));
  const plan = STREAMS.filter((s) => s.name !== 'closed').flatMap((s) => windowsOf(s.name));
  // Pages overlap by one record, as shifting lists do; the last record of the newer mail window moved into the older one meanwhile.
  const idAt = (stream: string, since: string, page: number, i: number): string => {
    const n = page * (PER_PAGE - 1) + i;
    return stream === 'mail' && since === RANGE.since && n === 0 ? `mail-2026-01-03-${(PAGES - 1) * (PER_PAGE - 1) + PER_PAGE - 1}` : `${stream}-${since.slice(0, 10)}-${n}`;
  };
  const ids = [...new Set(plan.flatMap(({ stream, since }) => Array.from({ length: PAGES }, (_, p) => Array.from({ length: PER_PAGE }, (_, i) => idAt(stream, since, p, i))).flat()))];
  const revisions = new Map(ids.map((id) => [id, 0]));
  const unreadable = poison ? ids[4]! : null;
  const provider: SimulatedProvider = {
    revisions, ids, unreadable, cured: false,
    page(stream, since, cursor) {
      if (stream === 'closed') return { records: [], unreadable: [], next: null, skipped: CLOSED_NOTE };
      const page = cursor ?? 0;
      const met = Array.from({ length: PER_PAGE }, (_, i) => idAt(stream, since, page, i));
      return {
        records: met.filter((id) => provider.cured || id !== unreadable).map((id) => recordOf(stream, since, id, revisions.get(id)!)),
        unreadable: met.filter((id) => !provider.cured && id === unreadable).map((providerId) => ({ providerId, message: 'broken' })),
        next: page + 1 < PAGES ? page + 1 : null,
      };
    },
  };
  return provider;
}

export const recordOf = (stream: string, since: string, id: string, revision: number): SourceRecord => ({
  stream, providerId: id, kind: 'mail', occurredAt: since, endsAt: null, title: id, body: { format: 'text', content: `${id}#${revision}` }, participants: [],
  threadId: null, globalId: null, replyToGlobalId: null, url: null, properties: {},
});

export const hashOf = (record: SourceRecord): string => record.body.content;

/** The facts of one revision of one record: people shared with others, and a topic that only this revision names. */
function factsOf(content: string): Facts {
  const [id, revision] = content.split('#') as [string, string];
  const person = `p${id.length + Number(id.slice(-1)) % 4}`;
  const entity = (type: string, key: string) => ({ type, key, name: key, properties: {}, method: 'rule' as const, confidence: 1 });
  return {
    entities: [entity('person', person), entity('thread', id), entity('url', `topic-${id}-${revision}`)],
    relations: [{ type: 'SENT', source: { type: 'person', key: person }, target: { type: 'thread', key: Number(revision) % 2 ? 'moved' : id }, properties: {}, method: 'rule', confidence: 1 }],
  };
}

export function derivedOf(record: SourceRecord): DerivedRecord {
  const facts = factsOf(record.body.content);
  const target = facts.relations[0]!.target.key;
  if (!facts.entities.some((e) => e.key === target)) facts.entities.push({ type: 'thread', key: target, name: target, properties: {}, method: 'rule', confidence: 1 });
  return { title: record.title, text: record.body.content, parts: [], passages: [], preview: '', people: [], redacted: {}, facts };
}
