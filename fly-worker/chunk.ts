/** One page on its way into the ledger: which of its records are fresh, and the rows that a commit writes. Pure but for hashing. */
import type { SourceRecord, UnreadableRecord } from '#contract/connector';
import { SYSTEM_NODE_TYPES, type DerivedRecord, type Facts } from '#contract/memory';
import type { SecretKind } from '#contract/redaction';
import { edgeId, nodeId, recordId } from './ids.ts';

/** Whose record it is. `spared`: kinds of secrets that the tenant wants left in; left out: none. */
export interface Owner { tenantId: string; integrationId: string; connectionId: string; jobId: string; spared?: readonly SecretKind[] }

/** A record of a page with its address: id and content hash. */
export interface Addressed { source: SourceRecord; recordId: string; contentHash: string }

/** What the ledger holds of a page's records: id -> content hash. */
export type Known = Map<string, string>;

export interface Failure { recordId: string; stream: string; providerId: string; kind: string; message: string }

/** A page sorted: `fresh` must go into both memories, `unchanged` is there already. Met twice in the run counts as duplicate, by the ledger. */
interface SortedPage { seen: number; fresh: Addressed[]; unchanged: string[]; failures: Failure[] }

/** The same id twice in one page (or an unreadable and a readable one): the first stands. */
export function sortPage(owner: Owner, stream: string, records: Addressed[], unreadable: UnreadableRecord[], known: Known): SortedPage {
  const page: SortedPage = { seen: records.length + unreadable.length, fresh: [], unchanged: [], failures: [] };
  const here = new Set<string>();
  for (const record of records) {
    if (here.has(record.recordId)) continue;
    here.add(record.recordId);
    if (known.get(record.recordId) === record.contentHash) page.unchanged.push(record.recordId);
    else page.fresh.push(record);
  }
  for (const { providerId, message } of unreadable) {
    const id = recordId(owner.tenantId, owner.connectionId, stream, providerId);
    if (here.has(id)) continue;
    here.add(id);
    page.failures.push({ recordId: id, stream, providerId, kind: 'unreadable', message });
  }
  return page;
}

interface RecordRow {
  id: string; hash: string; provider_id: string; kind: string; title: string; preview: string; url: string | null; at: string; ends: string | null; people: string[]; redacted: string | null;
}
interface NodeRow { id: string; type: string; key: string; name: string; props: string; at: string; by: string; sys: boolean }
interface EdgeRow { id: string; src: string; type: string; dst: string }
interface EvidenceRow { rec: string; id: string; method: string; conf: number; name: string | null; props: string | null }
export interface ChunkRows { records: RecordRow[]; nodes: NodeRow[]; edges: EdgeRow[]; evidence: EvidenceRow[] }

/**
 * The same as Postgres takes it fastest: per table one array literal a column, in the order of the commit's unnest. Plain strings, so that they
 * cross threads and JSON without being taken apart (rows as JSON in JSON cost twice the bytes, all of it escaped quotes).
 */
export interface ChunkColumns { recordIds: string[]; records: string[]; staged: string[]; nodes: string[]; edges: string[]; evidence: EvidenceColumns }

/** Of the evidence, which names every id many times: `records` are the ids once, `rows` begins with positions in them and in the ids of `staged` (from 1) or, negative, of `edges`. A third of the bytes. */
interface EvidenceColumns { records: string; rows: string[] }

const systemTypes = new Set<string>(SYSTEM_NODE_TYPES);

/** The rows of a chunk, each list unique by id. The commit sorts them: unsorted multi-row writes deadlock. */
export function toRows(owner: Owner, fresh: Addressed[], derived: DerivedRecord[]): ChunkRows {
  const records = new Map<string, RecordRow>(), nodes = new Map<string, NodeRow>(), edges = new Map<string, EdgeRow>(), evidence: EvidenceRow[] = [];
  fresh.forEach(({ source, recordId: id, contentHash }, i) => {
    const { title, preview, people, facts, redacted } = derived[i]!;
    records.set(id, { id, hash: contentHash, provider_id: source.providerId, kind: source.kind, title, preview, url: source.url, at: source.occurredAt, ends: source.endsAt, people, redacted: Object.keys(redacted).length > 0 ? JSON.stringify(redacted) : null });
    addFacts(owner.tenantId, id, source.occurredAt, facts, nodes, edges, evidence);
  });
  return { records: [...records.values()], nodes: [...nodes.values()], edges: [...edges.values()], evidence };
}

/** The rows of facts alone, for records that stand in the ledger already. */
export function toFactRows(tenantId: string, found: { recordId: string; occurredAt: string; facts: Facts }[]): ChunkRows {
  const nodes = new Map<string, NodeRow>(), edges = new Map<string, EdgeRow>(), evidence: EvidenceRow[] = [];
  for (const { recordId: id, occurredAt, facts } of found) addFacts(tenantId, id, occurredAt, facts, nodes, edges, evidence);
  return { records: [], nodes: [...nodes.values()], edges: [...edges.values()], evidence };
}

function addFacts(tenantId: string, record: string, at: string, facts: Facts, nodes: Map<string, NodeRow>, edges: Map<string, EdgeRow>, evidence: EvidenceRow[]): void {
  const here = new Set<string>();
  for (const e of facts.entities) {
    const id = nodeId(tenantId, e.type, e.key);
    if (here.has(id)) continue;
    here.add(id);
    const props = JSON.stringify(e.properties), isNamed = e.name !== '' && e.name !== e.key;
    evidence.push({ rec: record, id, method: e.method, conf: e.confidence, name: isNamed ? e.name : null, props: props === '{}' ? null : props });
    const row: NodeRow = { id, type: e.type, key: e.key, name: isNamed ? e.name : e.key, props, at: describedAt(isNamed, e.method, at), by: record, sys: systemTypes.has(e.type) };
    const other = nodes.get(id);
    if (!other || isNewer(row, other)) nodes.set(id, row);
  }
  for (const r of facts.relations) {
    const src = nodeId(tenantId, r.source.type, r.source.key), dst = nodeId(tenantId, r.target.type, r.target.key), id = edgeId(tenantId, src, r.type, dst);
    if (here.has(id)) continue;
    here.add(id);
    const props = JSON.stringify(r.properties);
    evidence.push({ rec: record, id, method: r.method, conf: r.confidence, name: null, props: props === '{}' ? null : props });
    if (!edges.has(id)) edges.set(id, { id, src, type: r.type, dst });
  }
}

/** A mention by key alone (an address without a name, a company by its domain) describes a node only as long as nothing better is known; so does, above that, a model's word. */
export const UNNAMED_AT = '0001-01-01T00:00:00.000Z', MODEL_NAMED_AT = '0001-01-02T00:00:00.000Z';
const describedAt = (isNamed: boolean, method: string, at: string): string => (isNamed ? method === 'llm' ? MODEL_NAMED_AT : at : UNNAMED_AT);
const isNewer = (a: NodeRow, b: NodeRow): boolean => a.at > b.at || (a.at === b.at && a.by > b.by);

/** Rows as array literals. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
export function toColumns({ records, nodes, edges, evidence }: ChunkRows): ChunkColumns {
  const system = nodes.filter((n) => n.sys);
  return {
    recordIds: records.map((r) => r.id),
    records: [plain(records.map((r) => r.id)), plain(records.map((r) => r.hash)), quoted(records.map((r) => r.provider_id)), quoted(records.map((r) => r.kind)), quoted(records.map((r) => r.title)),
      quoted(records.map((r) => r.preview)), quoted(records.map((r) => r.url)), quoted(records.map((r) => r.at)), quoted(records.map((r) => r.ends)), quoted(records.map((r) => quoted(r.people))), quoted(records.map((r) => r.redacted))],
    staged: [plain(nodes.map((n) => n.id)), quoted(nodes.map((n) => n.type)), quoted(nodes.map((n) => n.key)), quoted(nodes.map((n) => n.name)), plain(nodes.map((n) => (n.sys ? 't' : 'f')))],
    nodes: [plain(system.map((n) => n.id)), quoted(system.map((n) => n.type)), quoted(system.map((n) => n.key)), quoted(system.map((n) => n.name)), quoted(system.map((n) => n.props)), quoted(system.map((n) => n.at)), plain(system.map((n) => n.by))],
    edges: [plain(edges.map((e) => e.id)), plain(edges.map((e) => e.src)), quoted(edges.map((e) => e.type)), plain(edges.map((e) => e.dst))],
    evidence: toEvidenceColumns(nodes, edges, evidence),
  };
}

function toEvidenceColumns(nodes: NodeRow[], edges: EdgeRow[], evidence: EvidenceRow[]): EvidenceColumns {
  const records = new Map<string, number>(), targets = new Map<string, number>([...nodes.map(({ id }, i) => [id, i + 1] as const), ...edges.map(({ id }, i) => [id, -i - 1] as const)]);
  for (const { rec } of evidence) if (!records.has(rec)) records.set(rec, records.size + 1);
  return {
    records: plain([...records.keys()]),
    rows: [plain(evidence.map((e) => records.get(e.rec)!)), plain(evidence.map((e) => targets.get(e.id)!)), plain(evidence.map((e) => e.method)), plain(evidence.map((e) => e.conf)), quoted(evidence.map((e) => e.name)), quoted(evidence.map((e) => e.props))],
  };
}

/** Values that need no quotes: ids, hashes, numbers, single letters. */
export const plain = (values: readonly (string | number)[]): string => `{${values.join(',')}}`;
/** Any text; null is null. Postgres takes neither NUL nor half a surrogate pair, and both occur in mail: this is where they end. */
export const quoted = (values: (string | null)[]): string => `{${values.map((v) => (v === null ? 'NULL' : `"${SPECIAL.test(v) ? escaped(v) : v}"`)).join(',')}}`;
/** One test spares most values three replacements. */
const SPECIAL = /["\\\0\ud800-\udfff]/;
const escaped = (text: string): string => text.toWellFormed().replaceAll(/["\\]/g, '\\$&').replaceAll('\0', '');
