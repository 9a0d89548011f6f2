/** The workbench: one Neon request as one conversation with Postgres: everything is written at once, answered at once. Opens no connections. */
import type pg from 'pg';

/** One statement of a request; parameters are text, as the Neon driver sends them. */
export type Statement = { query: string; params?: unknown[] };

/** One statement's answer in Neon's shape. */
export type Result = {
  command: string; rowCount: number | null; rowAsArray: boolean; fields: Field[];
  rows: (unknown[] | Record<string, unknown>)[];
};

type Field = { name: string; dataTypeID: number; tableID: number; columnID: number; dataTypeSize: number; dataTypeModifier: number; format: string };
type Manner = { begin: string; arrayMode: boolean; rawText: boolean };
type Wire = pg.Connection & {
  stream: { cork(): void; uncork(): void };
  parse(message: { text: string; name: string }): void;
  bind(message: { values: (string | null)[] }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: object): void;
  close(message: { type: 'S' | 'P'; name: string }): void;
  sync(): void;
};

/** Postgres types that Neon turns to JSON values when no raw text is asked for. */
const NUMERIC = new Set([21, 23, 26, 700, 701]), BOOLEAN = 16, JSONS = new Set([114, 3802]);

/**
 * A query object for `pg.Client.query`: writes BEGIN, all statements and COMMIT with a single Sync, so that a batch
 * costs one round trip and one write. Postgres skips the rest after an error.
 */
export class SqlBatch {
  /** Set while a cancel for this batch is under way: the connection must not be reused before. */
  cancelling: Promise<void> | undefined;
  #texts: Statement[];
  #manner: Manner;
  #results: Result[] = [];
  #current: Result;
  #settle: { done(results: Result[]): void; fail(error: Error): void } | undefined;

  constructor(statements: Statement[], manner: Manner) {
    this.#manner = manner;
    this.#texts = manner.begin ? [{ query: manner.begin }, ...statements, { query: 'COMMIT' }] : statements;
    this.#current = this.#blank();
  }

  run(client: pg.PoolClient): Promise<Result[]> {
    return new Promise((done, fail) => {
      this.#settle = { done, fail };
      client.query(this as unknown as pg.Submittable);
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as Wire;
    wire.stream.cork();
    for (const { query, params = [] } of this.#texts) {
      wire.parse({ text: query, name: '' });
      wire.bind({ values: params.map(toText) });
      wire.describe({ type: 'P', name: '' });
      wire.execute({});
    }
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: { fields: Field[] }): void {
    this.#current.fields = fields.map(({ name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier }) =>
      ({ name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier, format: 'text' }));
  }

  handleDataRow({ fields: texts }: { fields: (string | null)[] }): void {
    const { fields, rows } = this.#current;
    const values = this.#manner.rawText ? texts : texts.map((text, i) => toJson(text, fields[i]?.dataTypeID ?? 0));
    rows.push(this.#manner.arrayMode ? values : Object.fromEntries(values.map((value, i) => [fields[i]?.name, value])));
  }

  /** `INSERT 0 5`, `SELECT 3`, `CREATE TABLE`: the first word is the command, a last number the count. */
  handleCommandComplete({ text }: { text: string }): void {
    const count = / (\d+)$/.exec(text)?.[1];
    this.#current.command = text.split(' ', 1)[0] ?? text;
    this.#current.rowCount = count === undefined ? null : Number(count);
    this.#finishStatement();
  }

  handleEmptyQuery(): void {
    this.#finishStatement();
  }

  handlePortalSuspended(): void {
    this.#finishStatement();
  }

  handleCopyInResponse(connection: pg.Connection): void {
    (connection as unknown as { sendCopyFail(reason: string): void }).sendCopyFail('COPY is not possible over HTTP');
  }

  handleCopyData(): void {}

  /** Refused or disconnected: either way `pg` tells this query nothing more. */
  handleError(error: Error): void {
    this.#settle?.fail(error);
  }

  handleReadyForQuery(): void {
    this.#settle?.done(this.#manner.begin ? this.#results.slice(1, -1) : this.#results);
  }

  #finishStatement(): void {
    this.#results.push(this.#current);
    this.#current = this.#blank();
  }

  #blank(): Result {
    return { command: '', rowCount: null, rowAsArray: this.#manner.arrayMode, fields: [], rows: [] };
  }
}

function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `{${value.map(arrayElement).join(',')}}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function arrayElement(value: unknown): string {
  if (Array.isArray(value)) return toText(value) ?? 'NULL';
  const text = toText(value);
  return text === null ? 'NULL' : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function toJson(text: string | null, type: number): unknown {
  if (text === null) return null;
  if (type === BOOLEAN) return text === 't';
  if (JSONS.has(type)) return JSON.parse(text);
  return NUMERIC.has(type) && Number.isFinite(Number(text)) ? Number(text) : text;
}
