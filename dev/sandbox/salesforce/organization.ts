/** A Salesforce organisation as one account sees it: its rows, its open query locators. Kept per account, made when somebody looks. */
import { castFor } from '../../mailbox/cast.ts';
import { writeCrm, type Crm, type CrmObject, type CrmRow } from '../../mailbox/crm.ts';
import type { Account } from '../accounts.ts';
import { SoqlError, type Query, type Value } from './soql.ts';

/** A query whose rows are still to be fetched. */
type Locator = { object: CrmObject; fields: string[]; rows: CrmRow[] };
export type Organization = Crm & { deleted: Record<CrmObject, CrmRow[]>; locators: Map<string, Locator> };

/** https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm */
const LOCATORS_MAX = 10;
const organizations = new WeakMap<Account, Organization>();

/** The organisation of the account's company. */
export function organizationOf(account: Account): Organization {
  const known = organizations.get(account);
  if (known) return known;
  const { seed, mails, months, colleagueOf } = account.plan;
  const crm = writeCrm({ seed, cast: colleagueOf ? castFor(seed, colleagueOf) : account.cast, leads: Math.ceil(mails / 5), months, now: account.now });
  const made: Organization = { ...crm, deleted: { Account: [], Contact: [], Lead: [], Opportunity: [], User: [] }, locators: new Map() };
  organizations.set(account, made);
  return made;
}

/** The field of a row. `Owner.Email`: of the row that `OwnerId` names. Throws SoqlError. */
export function fieldOf({ rows }: Organization, object: CrmObject, row: CrmRow, field: string): Value {
  const [reference, inner] = field.split('.');
  if (inner === undefined) return has(rows, object, field) ? row[field] ?? null : noSuchField(object, field);
  const target = ({ Owner: 'User', Account: 'Account' } as const)[reference as 'Owner' | 'Account'];
  if (!target || !has(rows, object, `${reference}Id`) || !has(rows, target, inner)) return noSuchField(object, field);
  return rows[target].find(({ Id }) => Id === row[`${reference}Id`])?.[inner] ?? null;
}

const has = (rows: Crm['rows'], object: CrmObject, field: string): boolean => field === 'IsDeleted' || rows[object].length === 0 || field in rows[object][0]!;
function noSuchField(object: string, field: string): never {
  throw new SoqlError('INVALID_FIELD', `\nSELECT ${field} FROM ${object}\n       ^\nERROR at Row:1:Column:8\nNo such column '${field}' on entity '${object}'.`);
}

/** The rows of a query in its order. `all`: those in the recycle bin, too. */
export function find(organization: Organization, { object, fits, order, limit, offset }: Query<CrmRow>, all: boolean): CrmRow[] {
  if (!(object in organization.rows)) throw new SoqlError('INVALID_TYPE', `sObject type '${object}' is not supported.`);
  const name = object as CrmObject, found = [...organization.rows[name], ...all ? organization.deleted[name] : []].filter(fits);
  found.sort((a, b) => {
    for (const { field, descending } of order) {
      const left = fieldOf(organization, name, a, field) ?? '', right = fieldOf(organization, name, b, field) ?? '';
      if (left !== right) return (left < right ? -1 : 1) * (descending ? -1 : 1);
    }
    return 0;
  });
  return found.slice(offset, offset + limit);
}

/** Keeps the rest of a query; the oldest locator beyond the limit is forgotten. */
export function keep({ locators }: Organization, locator: Locator): string {
  const [oldest] = locators.keys(), id = `0r8${String(locators.size).padStart(3, '0')}${Math.random().toString(36).slice(2, 14).toUpperCase()}`;
  if (locators.size >= LOCATORS_MAX && oldest !== undefined) locators.delete(oldest);
  locators.set(id, locator);
  return id;
}

/** A row as the API shows it: the fields asked for, references as objects. */
export function rowAs(organization: Organization, object: CrmObject, row: CrmRow, fields: string[], path: string): object {
  const shown: Record<string, unknown> = { attributes: { type: object, url: `${path}/sobjects/${object}/${row.Id}` } };
  for (const field of fields) {
    const value = fieldOf(organization, object, row, field), [reference, inner] = field.split('.');
    if (inner === undefined) shown[field] = value;
    else if (row[`${reference}Id`] === null) shown[reference!] = null;
    else shown[reference!] = { attributes: { type: reference === 'Owner' ? 'User' : reference, url: `${path}/sobjects/${reference === 'Owner' ? 'User' : reference}/${String(row[`${reference}Id`])}` }, ...shown[reference!] as object, [inner]: value };
  }
  return shown;
}
