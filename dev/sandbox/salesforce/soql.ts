/**
 * As much SOQL as a sync speaks: SELECT fields FROM object WHERE comparisons with AND, OR and brackets, ORDER BY, LIMIT, OFFSET. Pure.
 * https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
 */

export type Value = string | number | boolean | null;
/** Reads a field of a row; `Owner.Email` goes through the reference. Throws SoqlError for a field that the object does not have. */
type Read<Row> = (row: Row, field: string) => Value;
export type Query<Row> = { fields: string[]; object: string; fits(row: Row): boolean; order: { field: string; descending: boolean }[]; limit: number; offset: number };

/** Salesforce's refusal: a code and a sentence. */
export class SoqlError extends Error {
  override name = 'SoqlError';
  readonly code: 'MALFORMED_QUERY' | 'INVALID_FIELD' | 'INVALID_TYPE' | 'NUMBER_OUTSIDE_VALID_RANGE';
  constructor(code: SoqlError['code'], message: string) { super(message); this.code = code; }
}

const TOKEN = /\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z_][\w.]*)|(\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d))?)|(-?\d+(?:\.\d+)?)|(<=|>=|!=|[=<>(),]))/y;
/** OFFSET beyond this is refused. */
const OFFSET_MAX = 2_000;

type Token = { kind: 'text' | 'word' | 'date' | 'number' | 'sign'; text: string };

/** Reads a query. Throws SoqlError. */
export function readSoql<Row>(source: string, read: Read<Row>): Query<Row> {
  const tokens = tokensOf(source);
  let at = 0;
  const peek = (): string => tokens[at]?.text.toUpperCase() ?? '';
  const next = (): Token => tokens[at++] ?? fail('unexpected end');
  const is = (word: string): boolean => peek() === word && (at++, true);
  const expect = (word: string): void => { if (!is(word)) fail(`unexpected token: '${tokens[at]?.text ?? 'end'}'`); };
  const word = (): string => { const token = next(); return token.kind === 'word' ? token.text : fail(`unexpected token: '${token.text}'`); };
  const number = (): number => { const token = next(); return token.kind === 'number' ? Number(token.text) : fail(`unexpected token: '${token.text}'`); };
  const list = <T>(one: () => T): T[] => { const all = [one()]; while (is(',')) all.push(one()); return all; };

  const either = (): Query<Row>['fits'] => { const all = [both()]; while (is('OR')) all.push(both()); return all.length === 1 ? all[0]! : row => all.some(fits => fits(row)); };
  const both = (): Query<Row>['fits'] => { const all = [term()]; while (is('AND')) all.push(term()); return all.length === 1 ? all[0]! : row => all.every(fits => fits(row)); };
  const term = (): Query<Row>['fits'] => {
    if (is('(')) { const inner = either(); expect(')'); return inner; }
    const field = word(), sign = next(), value = literal(next());
    if (sign.kind !== 'sign') return fail(`unexpected token: '${sign.text}'`);
    return row => compare(read(row, field), sign.text, value);
  };

  expect('SELECT');
  const fields = list(word);
  expect('FROM');
  const object = word(), fits = is('WHERE') ? either() : () => true;
  const order = is('ORDER') ? (expect('BY'), list(() => { const field = word(); return { field, descending: is('DESC') || (is('ASC'), false) }; })) : [];
  const limit = is('LIMIT') ? number() : Infinity, offset = is('OFFSET') ? number() : 0;
  if (at < tokens.length) fail(`unexpected token: '${tokens[at]!.text}'`);
  if (offset > OFFSET_MAX) throw new SoqlError('NUMBER_OUTSIDE_VALID_RANGE', `Maximum SOQL offset allowed is ${OFFSET_MAX}`);
  return { fields, object, fits, order, limit, offset };
}

function fail(message: string): never {
  throw new SoqlError('MALFORMED_QUERY', message);
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [], text = source.trim();
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
    const found = TOKEN.exec(text);
    if (!found) return fail(`unexpected character in '${text.slice(0, 40)}..'`);
    const kinds = ['text', 'word', 'date', 'number', 'sign'] as const, which = kinds.findIndex((_, i) => found[i + 1] !== undefined);
    tokens.push({ kind: kinds[which]!, text: found[which + 1]! });
  }
  return tokens;
}

function literal({ kind, text }: Token): Value {
  switch (kind) {
    case 'text': return text.slice(1, -1).replace(/\\(.)/g, '$1');
    case 'number': return Number(text);
    case 'date': return text.length === 10 ? text : Date.parse(text);
    case 'word': return text.toLowerCase() === 'null' ? null : /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : fail(`unexpected token: '${text}'`);
    case 'sign': return fail(`unexpected token: '${text}'`);
  }
}

/** A time is compared as a time: fields hold text, the query a moment. */
function compare(field: Value, sign: string, value: Value): boolean {
  const left = typeof field === 'string' && typeof value === 'number' ? Date.parse(field) : field;
  if (sign === '=' || sign === '!=') return (left === value) === (sign === '=');
  if (left === null || value === null) return false;
  return sign === '<' ? left < value : sign === '<=' ? left <= value : sign === '>' ? left > value : left >= value;
}
