/**
 * Salesforce: contacts, accounts, leads and opportunities, a stream each, by the time of their last change. Pages are followed by
 * Salesforce's own link; every checkpoint also holds the last row, so that the walk goes on by (SystemModstamp, Id) when the link is no
 * longer good: locators are forgotten after days, are lost when too many are open, and end with the session that opened them.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
 */
import { z } from 'zod';
import { defineConnector, type FetchContext, type Page, type Stream } from '#contract/connector';
import { CHUNK_SIZE_DEFAULT } from '#contract/limits';
import { inSpan, inUrl, readItems } from './items.ts';
import { ProviderError } from './provider-error.ts';
import { readOne, salesforceChanges, type SalesforcePlace } from './salesforce-changes.ts';
import { salesforceMeaning, whyUnavailable } from './salesforce-errors.ts';
import { salesforceOAuth } from './salesforce-oauth.ts';
import { API, fieldsOf, objectOf, placeOfLast, Row, RowPlace, rowRecord, Streams, type SObject } from './salesforce-rows.ts';

/** What Salesforce takes for `batchSize`. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm */
const BATCH_MIN = 200, BATCH_MAX = 2_000;

/** Where the next page starts: where `link` leads as long as Salesforce remembers it, else behind this row, newest first; null: nothing was read yet. */
const Cursor = z.strictObject({ link: z.string().startsWith(`${API}/query/`).nullable(), behind: RowPlace.nullable() });
type Cursor = z.infer<typeof Cursor>;
type Context = FetchContext<Cursor, null>;

/** Rows are read one by one afterwards. */
const Answer = z.object({ done: z.boolean(), nextRecordsUrl: z.string().nullish(), records: z.array(z.unknown()) });
type Answer = z.infer<typeof Answer>;

export const salesforce = defineConnector<Cursor, null, SalesforcePlace>({
  id: 'salesforce',
  title: 'Salesforce',
  baseUrl: { env: 'SALESFORCE_LOGIN_URL', fallback: 'https://login.salesforce.com', perAccount: ['salesforce.com', 'salesforce.mil'] },
  oauth: salesforceOAuth,
  /** Ten query locators a user; four leave room for people. https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/ */
  concurrencyMax: 4,
  cursor: Cursor,
  meaningOf: salesforceMeaning,
  // Long windows: most rows of most companies have not changed for months, and an empty window costs a call of the day's allowance.
  streams: () => Promise.resolve(Streams.options.map((name): Stream => ({ name, order: 'newest_first', windowDays: 92 }))),

  async fetchPage(context) {
    const object = objectOf(context.stream);
    try {
      return toPage(context, object, await ask(context, object));
    } catch (error) {
      const skipped = error instanceof ProviderError ? whyUnavailable(error.code, context.stream) : null;
      if (skipped === null) throw error;
      return { records: [], unreadable: [], next: null, skipped };
    }
  },

  changes: salesforceChanges,
  readOne,
});

/** Fewer rows than a default chunk are asked for when somebody wants small chunks, or when pages have proved too heavy: that takes a LIMIT. */
const isSmall = (pageSize: number): boolean => pageSize < CHUNK_SIZE_DEFAULT;

async function ask(context: Context, object: SObject): Promise<Answer> {
  const { get, baseUrl, cursor, pageSize } = context;
  const headers: Record<string, string> = isSmall(pageSize) ? {} : { 'Sforce-Query-Options': `batchSize=${Math.min(BATCH_MAX, Math.max(BATCH_MIN, pageSize))}` };
  if (cursor?.link && !isSmall(pageSize)) {
    try {
      return await get(Answer, { url: baseUrl + cursor.link, headers });
    } catch (error) {
      // A renewed session cannot use its predecessor's locator and is told that it has expired, so both mean: ask anew.
      if (!(error instanceof ProviderError) || (error.kind !== 'gone' && error.kind !== 'auth_expired')) throw error;
    }
  }
  return get(Answer, { url: `${baseUrl}${API}/query?q=${inUrl(soql(context, object))}`, headers });
}

/** Dates stand without quotes. https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm */
function soql({ span, cursor, pageSize }: Context, object: SObject): string {
  const place = cursor?.behind ?? null;
  const behind = place === null ? '' : ` AND (SystemModstamp < ${place.stamp} OR (SystemModstamp = ${place.stamp} AND Id < '${place.id}'))`;
  const limit = isSmall(pageSize) ? ` LIMIT ${pageSize}` : '';
  return `SELECT ${fieldsOf(object).join(', ')} FROM ${object} WHERE SystemModstamp >= ${span.since} AND SystemModstamp < ${span.until}${behind} ORDER BY SystemModstamp DESC, Id DESC${limit}`;
}

function toPage(context: Context, object: SObject, { records: rows, done, nextRecordsUrl }: Answer): Page<Cursor> {
  const page = readItems(rows, Row, { provider: 'Salesforce', idField: 'Id' }, (row) => {
    const record = rowRecord(row, object, context);
    return typeof record === 'string' || inSpan(record.occurredAt, context.span) ? record : null;
  });
  const isCutShort = isSmall(context.pageSize) && rows.length >= context.pageSize;
  return { ...page, next: done && !isCutShort ? null : cursorBehind(context, rows, nextRecordsUrl ?? null) };
}

/** Behind the last row that says where it stands. A page that leads nowhere is not the end. */
function cursorBehind({ cursor, baseUrl }: Context, rows: unknown[], link: string | null): Cursor {
  if (link !== null && !link.startsWith(`${API}/query/`)) throw new ProviderError('foreign_link', `Salesforce named a next page that is not below ${baseUrl}${API}/query. It was not followed; the page is read again on the next try.`);
  const place = placeOfLast(rows);
  if (link === null && place === null) throw new ProviderError('unreadable_answer', 'Salesforce said that there is more, but not where. Resume to try again.');
  return { link, behind: place ?? cursor?.behind ?? null };
}
