/**
 * What a row of a CRM says: the row is a node of its own kind (contact, account, opportunity, lead);
 *   contact -WORKS_AT-> account, opportunity -RELATES_TO-> account, lead -WORKS_AT-> organization, person -OWNS-> row.
 * A connector names the account in the properties `accountId` and `accountName`, the owner as a participant; all other properties
 * become properties of the node. A contact with an address is the same person as in the mail: contact -RELATES_TO-> person.
 */
import type { SourceRecord } from '#contract/connector';
import type { Facts } from '#contract/memory';
import { findEntities } from './entities.ts';
import { draftFacts, introduce } from './facts.ts';
import type { DerivedText } from './text.ts';

export type CrmKind = 'contact' | 'account' | 'lead' | 'opportunity';

export function crmFacts(record: SourceRecord, kind: CrmKind, derived: DerivedText): Facts {
  const draft = draftFacts();
  const known = introduce(draft, record.participants);
  const row = draft.entity(kind, record.providerId, derived.title || record.providerId, { ...record.properties });
  const accountId = record.properties['accountId'], accountName = record.properties['accountName'];
  if (kind !== 'account' && typeof accountId === 'string' && accountId !== '') {
    const account = draft.entity('account', accountId, typeof accountName === 'string' ? accountName : '');
    draft.relation(kind === 'contact' ? 'WORKS_AT' : 'RELATES_TO', row, account);
  }
  for (const { person, organization, participant } of known) {
    if (participant.role === 'owner') draft.relation('OWNS', person, row);
    else {
      draft.relation('RELATES_TO', row, person);
      if (kind === 'lead' && organization) draft.relation('WORKS_AT', row, organization, {}, 0.8);
    }
  }
  draft.include(findEntities(derived.fresh));
  return draft.done();
}
