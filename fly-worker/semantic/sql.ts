/** Pure: the few SQL predicates that LanceDB is asked with. Everything from outside is escaped or refused here. */

/** What a search is narrowed to. Times in milliseconds since the epoch, half open. */
export interface Filters { integration?: string; stream?: string; connection?: string; person?: string; fromMs?: number; toMs?: number }

/** A string literal. NUL cannot be stored, so it cannot be looked for. */
const literal = (text: string): string => `'${text.replaceAll('\u0000', '').toWellFormed().replaceAll('\'', '\'\'')}'`;

/** `column in (..)` */
export const isAnyOf = (column: string, values: readonly string[]): string => `${column} IN (${values.map(literal).join(', ')})`;

/** The predicate of the filters, or null when there are none. */
export function predicate({ integration, stream, connection, person, fromMs, toMs }: Filters): string | null {
  const parts = [
    integration === undefined ? null : `integration_id = ${literal(integration)}`,
    stream === undefined ? null : `stream = ${literal(stream)}`,
    connection === undefined ? null : `connection_id = ${literal(connection)}`,
    person === undefined ? null : `array_has(people, ${literal(person.toLowerCase())})`,
    fromMs === undefined ? null : `occurred_at >= ${whole(fromMs)}`,
    toMs === undefined ? null : `occurred_at < ${whole(toMs)}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' AND ');
}

function whole(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError('A date of the filter is not a date.');
  return String(BigInt(Math.trunc(ms)));
}

/** Tenant and embedder ids become names of folders and tables. */
export function safeName(name: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) throw new RangeError('Only letters, digits, _ and - make a name of a tenant or embedder.');
  return name;
}
