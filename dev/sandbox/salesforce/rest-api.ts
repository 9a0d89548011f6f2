/** The sandbox's Salesforce REST API: query, its further pages, who one is. Authorisation and faults have happened before. */
import type { CrmObject } from '../../mailbox/crm.ts';
import type { ApiRequest } from '../provider.ts';
import { json, type Answer } from '../wire.ts';
import { fieldOf, find, keep, organizationOf, rowAs, type Organization } from './organization.ts';
import { readSoql, SoqlError } from './soql.ts';
import { refuse } from './wording.ts';

const DATA = /^\/services\/data\/v(\d+\.0)\/(query|queryAll)(?:\/(\w+)-(\d+))?\/?$/;
/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm */
const BATCH_DEFAULT = 2_000, BATCH_MIN = 200;

export function answerSalesforce(request: ApiRequest): Answer {
  const { url, account, method } = request, organization = organizationOf(account);
  if (url.pathname === '/services/oauth2/userinfo') return userInfo(request, organization);
  const [, version, kind, locator, from] = DATA.exec(url.pathname) ?? [];
  if (!version || !kind) return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
  if (method !== 'GET') return refuse(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${method}' not allowed. Allowed are HEAD,GET`);
  try {
    return locator ? further(request, organization, `/services/data/v${version}`, locator, Number(from)) : query(request, organization, `/services/data/v${version}`, kind === 'queryAll');
  } catch (error) {
    if (error instanceof SoqlError) return refuse(400, error.code, error.message);
    throw error;
  }
}

function query(request: ApiRequest, organization: Organization, path: string, all: boolean): Answer {
  const source = request.url.searchParams.get('q');
  if (!source) return refuse(400, 'MALFORMED_QUERY', 'SOQL statements cannot be empty or null');
  const asked = readSoql<Organization['rows']['Account'][number]>(source, (row, field) => fieldOf(organization, objectOf(source), row, field));
  const rows = find(organization, asked, all), object = asked.object as CrmObject;
  const size = batchOf(request);
  if (rows.length <= size && request.pageFault !== 'empty-page-with-next') return json(200, { totalSize: rows.length, done: true, records: rows.map(row => rowAs(organization, object, row, asked.fields, path)) });
  return further(request, organization, path, keep(organization, { object, fields: asked.fields, rows }), 0);
}

/** The object is needed before the query is read to its end: fields are looked up while rows are compared. */
const objectOf = (source: string): CrmObject => (/\sFROM\s+(\w+)/i.exec(source)?.[1] ?? '') as CrmObject;

function further(request: ApiRequest, organization: Organization, path: string, locator: string, from: number): Answer {
  const kept = organization.locators.get(locator);
  if (!kept) return refuse(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
  const { object, fields, rows } = kept, start = Math.max(0, from - (request.pageFault === 'duplicate-across-pages' ? 1 : 0));
  const until = request.pageFault === 'empty-page-with-next' ? start : start + batchOf(request), done = until >= rows.length;
  const host = request.pageFault === 'foreign-next-link' ? 'https://salesforce.attacker.example' : '';
  return json(200, {
    totalSize: rows.length, done, ...!done && { nextRecordsUrl: `${host}${path}/query/${locator}-${until}` }, records: rows.slice(start, until).map(row => rowAs(organization, object, row, fields, path)),
  });
}

/** A wish; never fewer than 200. */
function batchOf({ headers }: ApiRequest): number {
  const wished = Number(/batchSize=(\d+)/i.exec(String(headers['sforce-query-options'] ?? ''))?.[1] ?? BATCH_DEFAULT);
  return Math.min(BATCH_DEFAULT, Math.max(BATCH_MIN, wished));
}

/** https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm */
function userInfo({ account, base, scope }: ApiRequest, { organization, rows }: Organization): Answer {
  if (!/\b(openid|id|full)\b/.test(scope)) return { status: 403, body: 'Missing_OAuth_Scope', headers: { 'content-type': 'text/plain' } };
  const { name, address } = account.plan, id = rows.User.find(({ Email }) => Email === address)?.Id ?? rows.User[0]!.Id;
  return json(200, {
    sub: `${base}/id/${organization}/${id}`, user_id: id, organization_id: organization, preferred_username: address, nickname: address.split('@')[0], name, email: address, email_verified: true,
    zoneinfo: 'Europe/Berlin', user_type: 'STANDARD', active: true, urls: { rest: `${base}/services/data/v{version}/`, query: `${base}/services/data/v{version}/query/` },
  });
}
