/**
 * What was deleted in Salesforce since last time, and what was changed just before: a row that is edited gets a new date and with it into a window of its
 * own, but a slow transaction shows its rows later than they are dated. Both come from one query that looks into the recycle bin as well.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm
 */
import { z } from 'zod';
import type { Ask, Changes, ChangesContext, ChangesPage, SourceRecord, UnreadableRecord } from '#contract/connector';
import { SALESFORCE_BIN_DAYS, SALESFORCE_SETTLED_MS, SALESFORCE_SWEEP_DAYS } from '#contract/limits';
import { inUrl, readItems } from './items.ts';
import { ProviderError } from './provider-error.ts';
import { whyUnavailable } from './salesforce-errors.ts';
import { API, fieldsOf, objectOf, placeOfLast, Row, RowPlace, rowRecord, Streams, type SObject } from './salesforce-rows.ts';

/** Everything before `since` has been told. `upTo`: where the next round starts, once this one has been read to its end; `behind`: the row after which it goes on. */
const SalesforcePlace = z.strictObject({ since: z.iso.datetime({ precision: 3 }), upTo: z.iso.datetime({ precision: 3 }).nullable(), behind: RowPlace.nullable() });
export type SalesforcePlace = z.infer<typeof SalesforcePlace>;
type Context = ChangesContext<SalesforcePlace, null>;

const Answer = z.object({ done: z.boolean(), records: z.array(z.unknown()) });
const Deletable = z.object({ Id: z.string().min(1), IsDeleted: z.boolean().nullish() });

export const salesforceChanges: Changes<SalesforcePlace, null> = {
  place: SalesforcePlace,
  sweepDays: Object.fromEntries(Streams.options.map((stream) => [stream, SALESFORCE_SWEEP_DAYS])),

  async read(context) {
    const { from, now, stream } = context, object = objectOf(stream), settled = new Date(Date.parse(now) - SALESFORCE_SETTLED_MS).toISOString();
    if (from === null) return { ...nothing, next: { since: settled, upTo: null, behind: null }, done: true };
    if (Date.parse(now) - Date.parse(from.since) > SALESFORCE_BIN_DAYS * 86_400_000) throw new ProviderError('gone', `The last look into Salesforce's recycle bin is more than ${SALESFORCE_BIN_DAYS} days ago. Everything is read anew.`);
    const upTo = from.upTo ?? settled;
    try {
      const { records: rows, done } = await ask(context, `${since(context, from)} ORDER BY SystemModstamp, Id LIMIT ${context.pageSize}`, object), behind = placeOfLast(rows);
      const isEnd = done && rows.length < context.pageSize;
      if (!isEnd && behind === null) throw new ProviderError('unreadable_answer', 'Salesforce said that there is more, but not where. Resume to try again.');
      return { ...sorted(rows, object, context), next: isEnd ? { since: upTo, upTo: null, behind: null } : { since: from.since, upTo, behind }, done: isEnd };
    } catch (error) {
      // An object that this profile may not see has no changes either.
      if (!(error instanceof ProviderError) || whyUnavailable(error.code, stream) === null) throw error;
      return { ...nothing, next: { since: upTo, upTo: null, behind: null }, done: true };
    }
  },
};

const nothing: Pick<ChangesPage<SalesforcePlace>, 'records' | 'unreadable' | 'removed'> = { records: [], unreadable: [], removed: [] };

function since({ span }: Context, { since: from, behind }: SalesforcePlace): string {
  const after = behind === null ? '' : ` AND (SystemModstamp > ${behind.stamp} OR (SystemModstamp = ${behind.stamp} AND Id > '${behind.id}'))`;
  return `SystemModstamp >= ${from} AND (IsDeleted = true OR SystemModstamp < ${span.until})${after}`;
}

/** Rows in the recycle bin come as well. */
const ask = ({ get, baseUrl }: Ask, where: string, object: SObject): Promise<z.infer<typeof Answer>> =>
  get(Answer, { url: `${baseUrl}${API}/queryAll?q=${inUrl(`SELECT ${[...fieldsOf(object), 'IsDeleted'].join(', ')} FROM ${object} WHERE ${where}`)}` });

function sorted(rows: unknown[], object: SObject, context: { stream: string; baseUrl: string }): typeof nothing {
  const isDeleted = (row: unknown): boolean => Deletable.safeParse(row).data?.IsDeleted === true;
  return {
    ...readItems(rows.filter((row) => !isDeleted(row)), Row, { provider: 'Salesforce', idField: 'Id' }, (row) => rowRecord(row, object, context)),
    removed: rows.filter(isDeleted).map((row) => Deletable.parse(row).Id),
  };
}

/** One row by its id; null: it is in the recycle bin, or neither there nor anywhere else that the account can see. */
export async function readOne(context: Ask & { stream: string; providerId: string }): Promise<SourceRecord | UnreadableRecord | null> {
  const object = objectOf(context.stream), { records: rows } = await ask(context, `Id = '${context.providerId.replaceAll(/[^A-Za-z0-9]/g, '')}'`, object);
  const { records, unreadable } = sorted(rows, object, context);
  return records[0] ?? unreadable[0] ?? null;
}
