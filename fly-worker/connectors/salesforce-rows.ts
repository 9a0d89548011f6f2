/**
 * Salesforce's rows as records. A row's date is its last change (SystemModstamp), by which it is found; its content is what people wrote
 * into it, so that a row which only was touched (by a trigger, a recalculation) is met again as unchanged.
 * https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_list.htm
 */
import { z } from 'zod';
import type { Participant, SourceRecord } from '#contract/connector';
import { addressOf, facts } from './items.ts';
import { ProviderError } from './provider-error.ts';

/** Where the REST API lives. Versions are kept for years. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/api_rest_eol.htm */
export const API = '/services/data/v59.0';

export const Streams = z.enum(['contacts', 'accounts', 'leads', 'opportunities']);
const OBJECTS: Record<z.infer<typeof Streams>, SObject> = { contacts: 'Contact', accounts: 'Account', leads: 'Lead', opportunities: 'Opportunity' };

/** The object of a stream. Throws ProviderError for a stream that Salesforce does not have. */
export function objectOf(stream: string): SObject {
  const name = Streams.safeParse(stream);
  if (!name.success) throw new ProviderError('bad_request', `Salesforce has no stream called "${stream}". Start the sync again.`);
  return OBJECTS[name.data];
}

/** Where a row stands in the order of changes: its last change, and among equal ones its id. */
export const RowPlace = z.strictObject({ stamp: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), id: z.string().regex(/^[A-Za-z0-9]{15,18}$/) });
export type RowPlace = z.infer<typeof RowPlace>;

/** Of the last row that says where it stands; null: none does. */
export function placeOfLast(rows: unknown[]): RowPlace | null {
  const row = Row.safeParse(rows.findLast((one) => Row.safeParse(one).success)).data;
  return (row && RowPlace.safeParse({ id: row.Id, stamp: toIso(row.SystemModstamp) }).data) ?? null;
}

export type SObject = 'Contact' | 'Account' | 'Lead' | 'Opportunity';

const Text = z.string().nullish(), Amount = z.number().nullish(), Flag = z.boolean().nullish();
const Name = z.object({ Name: Text, Email: Text }).nullish();

/** All four objects at once: what an object does not have is absent. */
export const Row = z.object({
  Id: z.string().min(1), Name: Text, SystemModstamp: z.string(), CreatedDate: Text, Description: Text, Owner: Name, OwnerId: Text,
  Email: Text, Phone: Text, Title: Text, Department: Text, AccountId: Text, Account: z.object({ Name: Text }).nullish(), MailingCity: Text, MailingCountry: Text, LeadSource: Text,
  Website: Text, Industry: Text, Type: Text, BillingCity: Text, BillingCountry: Text, NumberOfEmployees: Amount, AnnualRevenue: Amount,
  Company: Text, Status: Text, City: Text, Country: Text, IsConverted: Flag,
  StageName: Text, Amount, CloseDate: Text, Probability: Amount, NextStep: Text, IsClosed: Flag, IsWon: Flag,
});
export type Row = z.infer<typeof Row>;

const COMMON = ['Id', 'Name', 'SystemModstamp', 'CreatedDate', 'Description', 'OwnerId', 'Owner.Name', 'Owner.Email'];
const FIELDS: Record<SObject, string[]> = {
  Contact: ['Email', 'Phone', 'Title', 'Department', 'AccountId', 'Account.Name', 'MailingCity', 'MailingCountry', 'LeadSource'],
  Account: ['Website', 'Phone', 'Industry', 'Type', 'BillingCity', 'BillingCountry', 'NumberOfEmployees', 'AnnualRevenue'],
  Lead: ['Email', 'Phone', 'Title', 'Company', 'Website', 'Industry', 'Status', 'LeadSource', 'City', 'Country', 'IsConverted'],
  Opportunity: ['AccountId', 'Account.Name', 'StageName', 'Amount', 'CloseDate', 'Probability', 'Type', 'NextStep', 'LeadSource', 'IsClosed', 'IsWon'],
};
/** The fields of an object as SOQL lists them. */
export const fieldsOf = (object: SObject): string[] => [...COMMON, ...FIELDS[object]];

const KINDS = { Contact: 'contact', Account: 'account', Lead: 'lead', Opportunity: 'opportunity' } as const;

/** The record of a row, or a sentence about why there is none. */
export function rowRecord(row: Row, object: SObject, { stream, baseUrl }: { stream: string; baseUrl: string }): SourceRecord | string {
  const occurredAt = toIso(row.SystemModstamp);
  if (occurredAt === null) return `Its date of change "${row.SystemModstamp}" cannot be read.`;
  const address = addressOf(row.Email), owner = row.Owner ?? {};
  const participants: Participant[] = [
    ...(address === null ? [] : [{ role: 'subject' as const, address, name: row.Name ?? null }]),
    ...(owner.Name || owner.Email ? [{ role: 'owner' as const, address: addressOf(owner.Email), name: owner.Name ?? null, ...(row.OwnerId ? { id: `salesforce:${row.OwnerId}` } : {}) }] : []),
  ];
  const said = wordsOf(row, object);
  return {
    stream, kind: KINDS[object], providerId: row.Id, occurredAt, endsAt: null,
    title: row.Name ?? '',
    body: { format: 'text', content: [...said.map(([label, value]) => `${label}: ${value}`), row.Description ?? ''].filter(Boolean).join('\n') },
    participants, threadId: null, globalId: null, replyToGlobalId: null,
    url: `${baseUrl}/lightning/r/${object}/${row.Id}/view`,
    properties: facts({
      accountId: row.AccountId, accountName: row.Account?.Name, website: row.Website, company: row.Company,
      jobTitle: row.Title, department: row.Department, phone: row.Phone, email: address, industry: row.Industry, type: row.Type, employees: row.NumberOfEmployees, annualRevenue: row.AnnualRevenue,
      city: row.MailingCity ?? row.BillingCity ?? row.City, country: row.MailingCountry ?? row.BillingCountry ?? row.Country, source: row.LeadSource,
      status: row.Status, isConverted: row.IsConverted, stage: row.StageName, amount: row.Amount, closeDate: row.CloseDate, probability: row.Probability, isClosed: row.IsClosed, isWon: row.IsWon,
      createdAt: row.CreatedDate ? toIso(row.CreatedDate) : null,
    }),
  };
}

/** What is searched for in words. */
function wordsOf(row: Row, object: SObject): [label: string, value: string][] {
  const place = [row.MailingCity ?? row.BillingCity ?? row.City, row.MailingCountry ?? row.BillingCountry ?? row.Country].filter(Boolean).join(', ');
  const all: [string, string | number | null | undefined][] = [
    ['Kind', object], ['Title', row.Title], ['Department', row.Department], ['Company', row.Company], ['Account', row.Account?.Name], ['Email', row.Email], ['Phone', row.Phone], ['Website', row.Website],
    ['Industry', row.Industry], ['Type', row.Type], ['Status', row.Status], ['Stage', row.StageName], ['Amount', row.Amount], ['Close date', row.CloseDate], ['Next step', row.NextStep],
    ['Source', row.LeadSource], ['Place', place], ['Owner', row.Owner?.Name],
  ];
  return all.flatMap(([label, value]): [string, string][] => (value == null || value === '' ? [] : [[label, String(value)]]));
}

/** `2026-05-01T07:25:37.000+0000` -> `2026-05-01T07:25:37.000Z`; null when it is no date. */
function toIso(text: string): string | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
