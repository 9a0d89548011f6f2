/** Rows of semantic memory as Arrow tables: one Float32Array for all vectors, lengths asserted, because LanceDB pads and cuts wrong ones silently. */
import { Field, FixedSizeList, Float32, Int32, Int64, List, makeData, RecordBatch, Schema, Struct, Table, Utf8, type Data } from 'apache-arrow';
import type { MarkedPart } from '#contract/memory';
import { joint, unjoint } from './joints.ts';

/** A passage of a long text, offsets half open. `vector` null: nothing to embed in it. */
export interface PassageVector { start: number; end: number; vector: Float32Array | null }

/** One record in one version. `vector` null: nothing to embed; found by keyword only. */
export interface MemoryRow {
  recordId: string;
  contentHash: string;
  integrationId: string;
  connectionId: string;
  stream: string;
  /** Milliseconds since the epoch. */
  occurredAt: number;
  title: string;
  text: string;
  parts: MarkedPart[];
  people: string[];
  url: string | null;
  vector: Float32Array | null;
  /** Of a long text: its other passages; `vector` is then that of the first one. */
  more?: PassageVector[];
  /** Vectors beside a text that lies in another table: `more` is all there is to store. */
  isVectorsOnly?: boolean;
  /** Nobody can have stored it before: it is appended, not merged. Merging looks at every id there is. */
  isNew?: boolean;
}
export type StoredRow = Omit<MemoryRow, 'vector' | 'more' | 'isVectorsOnly' | 'isNew'>;

/** Columns that a hit needs; the vector stays where it is. */
export const ROW_COLUMNS = ['record_id', 'content_hash', 'integration_id', 'connection_id', 'stream', 'occurred_at', 'title', 'body', 'text_at', 'parts', 'people', 'url'];

/** What ranking by words reads, and what a hit is shown from. Rows lie all over the table: each column is a read for each of them. */
export const TEXT_COLUMNS = ['id', 'body', 'text_at'];
/** `body`: all of what full-text search reads. */
export interface FoundText { body: string; title: string; people: string[]; text: string }

/** Addresses in the searched text: enough to find a mail by whom it is from or to, too few to drown it. */
const SEARCHED_PEOPLE_MAX = 20;
const MAX_DATE_MS = 8.64e15;

const text = (name: string): Field => new Field(name, new Utf8(), false);

/** Columns for passages: rows beside the text's own, with a vector, what searches are filtered by, and nothing to read. The text's own row is passage 0. In a former table: how a row without them is filled. */
export const PASSAGE_COLUMNS = ['passage', 'from_char', 'to_char'].map((name) => ({ name, valueSql: 'cast(0 as int)' }));

/** `body` is what full-text search reads: title, people, text. The text begins in it at `text_at`. */
export const schemaOf = (dims: number): Schema => new Schema([
  text('id'), text('record_id'), text('content_hash'), text('integration_id'), text('connection_id'), text('stream'),
  new Field('occurred_at', new Int64(), false), new Field('stored_at', new Int64(), false),
  text('title'), text('body'), new Field('text_at', new Int32(), false), text('parts'),
  new Field('people', new List(new Field('item', new Utf8(), false)), false),
  new Field('url', new Utf8(), true),
  new Field('vector', new FixedSizeList(dims, new Field('item', new Float32(), true)), true),
  ...PASSAGE_COLUMNS.map(({ name }) => new Field(name, new Int32(), true)),
]);

/** The same content is the same row, whoever writes it how often. */
export const rowId = (recordId: string, contentHash: string): string => `${recordId}:${contentHash}`;

/** A row as it is stored: the text, or one of its other passages. */
type Line = MemoryRow & { id: string; body: string; textAt: number; passage: number; from: number; to: number };

function linesOf(row: MemoryRow): Line[] {
  const id = rowId(row.recordId, row.contentHash), more = (row.more ?? []).filter(({ vector }) => vector !== null);
  const text: Line = { ...row, ...bodyOf(row), id, passage: 0, from: 0, to: more[0]?.start ?? row.text.length };
  return [...row.isVectorsOnly ? [] : [text], ...more.map(({ start, end, vector }, i): Line => ({ ...row, id: `${id}${PASSAGE_MARK}${i + 1}`, title: '', body: '', textAt: 0, parts: [], url: null, vector, passage: i + 1, from: start, to: end }))];
}
const PASSAGE_MARK = '#';
/** The id of a text's first passage in a table of vectors only. */
export const firstPassageOf = (id: string): string => `${id}${PASSAGE_MARK}1`;
/** The id of the text that a row belongs to, from the row's own. */
export const versionOf = (id: string): string => id.split(PASSAGE_MARK, 1)[0]!;

/** Record id and content hash of a row, from its id. */
export function recordOf(id: string): { recordId: string; contentHash: string } {
  const version = versionOf(id), at = version.lastIndexOf(':');
  return { recordId: version.slice(0, at), contentHash: version.slice(at + 1) };
}

/** Builds the table of rows and their passages; ids must be unique (see `deduplicated`). Throws on a vector of another length or with NaN in it. */
export function toArrow(texts: readonly MemoryRow[], dims: number, nowMs: number): Table {
  const schema = schemaOf(dims), rows = texts.flatMap(linesOf);
  const int32 = (values: number[]) => makeData({ type: new Int32(), length: rows.length, nullCount: 0, data: Int32Array.from(values) });
  const int64 = (values: number[]) => makeData({ type: new Int64(), length: rows.length, nullCount: 0, data: BigInt64Array.from(values, (value) => BigInt(clampMs(value))) });
  const columns: Data[] = [
    strings(rows.map((row) => row.id)), strings(rows.map((row) => row.recordId)), strings(rows.map((row) => row.contentHash)),
    strings(rows.map((row) => row.integrationId)), strings(rows.map((row) => row.connectionId)), strings(rows.map((row) => row.stream)),
    int64(rows.map((row) => row.occurredAt)), int64(rows.map(() => nowMs)),
    strings(rows.map((row) => row.title)), strings(rows.map((row) => row.body)), int32(rows.map((row) => row.textAt)),
    strings(rows.map((row) => JSON.stringify(row.parts))),
    lists(rows.map((row) => row.people), schema.fields[12]!.type as List<Utf8>),
    strings(rows.map((row) => row.url)),
    vectorData(rows, dims, schema.fields[14]!.type as FixedSizeList),
    int32(rows.map((row) => row.passage)), int32(rows.map((row) => row.from)), int32(rows.map((row) => row.to)),
  ];
  return new Table(schema, [new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children: columns }))]);
}

/** Texts as Arrow keeps them: one after the other, and where each ends. Less than half the time that builders take. https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-layout */
function strings(values: readonly (string | null)[]): Data<Utf8> {
  const { length } = values, valueOffsets = new Int32Array(length + 1), present = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (const [i, value] of values.entries()) {
    valueOffsets[i + 1] = valueOffsets[i]! + (value === null ? 0 : Buffer.byteLength(value));
    if (value === null) nullCount += 1; else present[i >> 3]! |= 1 << (i & 7);
  }
  const data = Buffer.allocUnsafeSlow(valueOffsets[length]!);
  for (const [i, value] of values.entries()) if (value !== null) data.write(value, valueOffsets[i]!);
  return makeData({ type: new Utf8(), length, nullCount, nullBitmap: nullCount > 0 ? present : undefined, valueOffsets, data });
}

function lists(values: readonly string[][], type: List<Utf8>): Data<List<Utf8>> {
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [i, value] of values.entries()) valueOffsets[i + 1] = valueOffsets[i]! + value.length;
  return makeData({ type, length: values.length, nullCount: 0, valueOffsets, child: strings(values.flat()) });
}

function vectorData(rows: readonly Line[], dims: number, type: FixedSizeList): Data {
  const values = new Float32Array(rows.length * dims), present = new Uint8Array(Math.ceil(rows.length / 8));
  let nulls = 0;
  for (const [i, { vector, recordId }] of rows.entries()) {
    if (vector === null) { nulls += 1; continue; }
    if (vector.length !== dims) throw new RangeError(`The vector of ${recordId} has ${vector.length} dimensions instead of ${dims}.`);
    let sum = 0;
    for (let k = 0; k < dims; k += 1) sum += vector[k]! * vector[k]!;
    if (!(sum > 0 && Number.isFinite(sum))) throw new RangeError(`The vector of ${recordId} is zero or not a number. Store null instead.`);
    values.set(vector, i * dims);
    present[i >> 3]! |= 1 << (i & 7);
  }
  const child = makeData({ type: new Float32(), length: rows.length * dims, nullCount: 0, data: values });
  return makeData({ type, length: rows.length, nullCount: nulls, nullBitmap: nulls > 0 ? present : undefined, child }) as Data;
}

const clampMs = (ms: number): number => Math.trunc(Math.max(-MAX_DATE_MS, Math.min(MAX_DATE_MS, ms)));

function bodyOf({ title, people, text }: MemoryRow): { body: string; textAt: number } {
  const head = joint(`${title}\n${people.slice(0, SEARCHED_PEOPLE_MAX).join(' ')}\n`);
  return { body: head + joint(text), textAt: head.length };
}

/** `body` taken apart again; of the people those that are searched. */
export function textFromLance(raw: Record<string, unknown>): FoundText {
  const stored = String(raw['body']), textAt = Number(raw['text_at']), head = unjoint(stored.slice(0, textAt)), text = unjoint(stored.slice(textAt)), peopleAt = head.lastIndexOf('\n', head.length - 2) + 1;
  return { body: head + text, title: head.slice(0, Math.max(0, peopleAt - 1)), people: head.slice(peopleAt, Math.max(peopleAt, head.length - 1)).split(' ').filter((one) => one !== ''), text };
}

/** One row per id, the first: a merge with the same new key twice would insert both. */
export function deduplicated(rows: readonly MemoryRow[]): MemoryRow[] {
  const byId = new Map<string, MemoryRow>();
  for (const row of rows) { const id = rowId(row.recordId, row.contentHash); if (!byId.has(id)) byId.set(id, row); }
  return [...byId.values()];
}

/** A row as LanceDB answers it -> a row as we speak of it. */
export function fromLance(raw: Record<string, unknown>): StoredRow {
  const body = String(raw['body']);
  return {
    recordId: String(raw['record_id']), contentHash: String(raw['content_hash']), integrationId: String(raw['integration_id']), connectionId: String(raw['connection_id']), stream: String(raw['stream']),
    occurredAt: Number(raw['occurred_at']), title: String(raw['title']), text: unjoint(body.slice(Number(raw['text_at']))),
    parts: JSON.parse(String(raw['parts'])) as MarkedPart[],
    people: [...(raw['people'] as Iterable<string> | null) ?? []],
    url: typeof raw['url'] === 'string' ? raw['url'] : null,
  };
}
