/** The sandbox's reading of OData: $filter, $orderby, $top, $select as Graph's mail endpoint takes and refuses them. Pure. */
import type { Answer } from '../wire.ts';
import { graphError } from './wording.ts';

/** Which slice of a mailbox a request asks for. `from` is included, `to` is not. */
export type MailQuery = { from: string; to: string; ascending: boolean; top: number; skip: number; select: string[]; flags: [Flag, boolean][] };
type Flag = 'isRead' | 'isDraft' | 'hasAttachments';

const EVER = { from: '0000', to: '9999' };
const TOP_DEFAULT = 10, TOP_MAX = 1_000;
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,7})?)?Z)?$/;

/** The query of a mail list, or Graph's refusal. */
export function readMailQuery(params: URLSearchParams): MailQuery | Answer {
  const paging = readPaging(params);
  if ('status' in paging) return paging;
  const filter = params.get('$filter'), orderby = params.get('$orderby');
  const [orderProperty = 'receivedDateTime', direction = 'asc'] = orderby?.trim().split(/\s+/) ?? ['receivedDateTime', 'desc'];
  if (orderProperty !== 'receivedDateTime') return graphError(400, 'ErrorInvalidUrlQueryOrderBy', `The sandbox does not sort by ${orderProperty}.`);
  const query: MailQuery = { ...EVER, ...paging, ascending: direction !== 'desc', flags: [] };
  if (!filter) return query;
  const clauses = filter.trim().split(/\s+and\s+/i);
  // https://devblogs.microsoft.com/microsoft365dev/update-to-filtering-and-sorting-rest-api/
  if (orderby && !clauses[0]?.startsWith(orderProperty)) return graphError(400, 'InefficientFilter', 'The restriction or sort order is too complex for this operation.');
  for (const clause of clauses) {
    const refusal = readClause(clause, query);
    if (refusal) return refusal;
  }
  return query;
}

function readClause(clause: string, query: MailQuery): Answer | undefined {
  const [, property, operator, value = ''] = /^\(?(\S+)\s+(ge|gt|le|lt|eq|ne)\s+(.+?)\)?$/i.exec(clause) ?? [];
  if (property === 'receivedDateTime' && operator && operator !== 'ne') {
    if (!INSTANT.test(value)) return invalidFilter(`A binary operator with incompatible types was detected. '${value}' is not an Edm.DateTimeOffset.`);
    narrow(query, operator.toLowerCase(), instant(value));
    return undefined;
  }
  if ((property === 'isRead' || property === 'isDraft' || property === 'hasAttachments') && (operator === 'eq' || operator === 'ne') && /^(true|false)$/.test(value)) {
    query.flags.push([property, (value === 'true') === (operator === 'eq')]);
    return undefined;
  }
  return invalidFilter(`the sandbox cannot read '${clause}'.`);
}

function narrow(query: MailQuery, operator: string, at: string): void {
  // Mail times have whole seconds, so "after" is "from a hair later".
  const after = `${at.slice(0, -1)}~`;
  if (operator === 'ge' || operator === 'eq') query.from = later(query.from, at);
  if (operator === 'gt') query.from = later(query.from, after);
  if (operator === 'lt') query.to = earlier(query.to, at);
  if (operator === 'le' || operator === 'eq') query.to = earlier(query.to, after);
}

const later = (a: string, b: string): string => a > b ? a : b;
const earlier = (a: string, b: string): string => a < b ? a : b;
const invalidFilter = (why: string): Answer => graphError(400, 'BadRequest', `Invalid filter clause: ${why}`);

/** Whole seconds and a `Z`, so that text order is time order; fractions round up, which keeps `ge` and `lt` right. */
export function instant(value: string): string {
  const ms = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'));
  return `${new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** $top, $skip and $select, which mail and calendar share. */
export function readPaging(params: URLSearchParams): { top: number; skip: number; select: string[] } | Answer {
  const top = Number(params.get('$top') ?? TOP_DEFAULT), skip = Number(params.get('$skip') ?? 0);
  if (!Number.isInteger(top) || top < 1) return graphError(400, 'BadRequest', `Invalid value '${params.get('$top')}' for $top query option found. The $top query option requires a non-negative integer value.`);
  if (top > TOP_MAX) return graphError(400, 'BadRequest', `The limit of '${TOP_MAX}' for Top query has been exceeded. The value from the incoming request is '${top}'.`);
  if (!Number.isInteger(skip) || skip < 0) return graphError(400, 'BadRequest', 'Invalid value for $skip query option found.');
  const select = (params.get('$select') ?? '').split(',').map(name => name.trim()).filter(Boolean);
  return { top, skip, select };
}

/** The range of a calendar view: both ends are needed, a missing zone means UTC. */
export function readView(params: URLSearchParams): { from: string; to: string } | Answer {
  const [from, to] = ['startDateTime', 'endDateTime'].map(name => [...params].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]);
  if (!from || !to) return graphError(400, 'ErrorInvalidParameter', 'This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.');
  const [start, end] = [from, to].map(value => /Z$|[+-]\d\d:\d\d$/.test(value) ? value : `${value.length === 10 ? `${value}T00:00:00` : value}Z`);
  if (Number.isNaN(Date.parse(start ?? '')) || Number.isNaN(Date.parse(end ?? ''))) return graphError(400, 'ErrorInvalidParameter', 'The provided time window is not valid.');
  return { from: instant(start ?? ''), to: instant(end ?? '') };
}
