/**
 * What a row of a CRM says: the row is a node of its own kind (contact, account, opportunity, lead);
 *   contact -WORKS_AT-> account, opportunity -RELATES_TO-> account
 *   lead -WORKS_AT-> organization   by the domain of the lead's address
 *   contact, lead -RELATES_TO-> person (as: same_person)       the person with this address, the one of mail, calendar and chat
 *   account -RELATES_TO-> organization (as: same_company)      the company with the domain of the account's website, the one of the addresses
 *   person -OWNS-> row
 * A row and a person stay two nodes: a row is what the company wrote down, can stand there twice, and goes when it is deleted; the person is
 * who is meant, and is one. A connector names the account in the properties `accountId` and `accountName`, a website in `website`, the one
 * the row is about and its owner as participants; all properties become properties of the node.
 */
import type { SourceRecord } from '#contract/connector';
import type { Facts } from '#contract/memory';
import { draftFacts, introduce, organizationOf } from './facts.ts';
import { mention } from './mentions.ts';
import { redact } from './redact.ts';
import type { DerivedText } from './text.ts';

type CrmKind = 'contact' | 'account' | 'lead' | 'opportunity';

export function crmFacts(record: SourceRecord, kind: CrmKind, derived: DerivedText): Facts {
  const draft = draftFacts();
  const known = introduce(draft, record.participants);
  const { accountId, accountName, website } = record.properties;
  const row = draft.entity(kind, record.providerId, derived.title, Object.fromEntries(Object.entries(record.properties).map(([name, value]) => [name, typeof value === 'string' ? redact(value.slice(0, 1_000), [], derived.spared).text : value])));
  if (kind !== 'account' && typeof accountId === 'string' && accountId !== '') {
    const account = draft.entity('account', accountId, typeof accountName === 'string' ? accountName : '');
    draft.relation(kind === 'contact' ? 'WORKS_AT' : 'RELATES_TO', row, account);
  }
  const domain = typeof website === 'string' ? companyOf(website) : null;
  if (kind === 'account' && domain !== null) draft.relation('RELATES_TO', row, draft.entity('organization', domain, derived.title, { domain }), { as: 'same_company' }, 0.9);
  for (const { person, organization, participant } of known) {
    if (participant.role === 'owner') draft.relation('OWNS', person, row);
    if (participant.role !== 'subject') continue;
    draft.relation('RELATES_TO', row, person, { as: 'same_person' });
    if (kind === 'lead' && organization) draft.relation('WORKS_AT', row, organization, {}, 0.8);
  }
  mention(draft, derived.fresh, known, null);
  return draft.done();
}

/** Pages of a company on somebody else's address say nothing about the company's own. */
const PORTALS = /(?:^|\.)(?:facebook|linkedin|instagram|twitter|x|youtube|xing|google|wikipedia|tiktok)\.(?:com|org|de)$/;

/** `https://www.brightwell-foods.example/about` -> `brightwell-foods.example`, as it stands in the addresses of its people. */
function companyOf(website: string): string | null {
  const host = /^\s*(?:https?:\/\/)?(?:[^/@\s]*@)?([^/:?#\s]+)/i.exec(website)?.[1]?.toLowerCase().replace(/^www\./, '');
  return host === undefined || PORTALS.test(host) ? null : organizationOf(`@${host}`);
}
