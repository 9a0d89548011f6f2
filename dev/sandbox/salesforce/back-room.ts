/**
 * What a test changes in an organisation, below /admin/accounts/{address}/salesforce:
 * GET {object} · PATCH {object}/{id} {any fields} (touches the row, also without fields) · DELETE {object}/{id} (to the recycle bin)
 * POST leads {count}: so many cards more · DELETE locators: all open queries are forgotten
 */
import { anotherLead, stampOf, type CrmObject } from '../../mailbox/crm.ts';
import type { Account } from '../accounts.ts';
import { json, type Answer } from '../wire.ts';
import { organizationOf } from './organization.ts';

const NONE = json(404, { error: 'not found; the endpoints are listed in dev/sandbox/salesforce/back-room.ts' });

/** Answers one request of the back room. */
export function backRoom(account: Account, [room = '', id]: string[], method: string, input: Record<string, unknown>, now: number): Answer {
  const organization = organizationOf(account), { rows, deleted, locators } = organization;
  if (room === 'locators' && method === 'DELETE') {
    locators.clear();
    return json(200, { ok: true });
  }
  if (room === 'leads' && method === 'POST') {
    const count = Number(input['count'] ?? 1), before = rows.Lead.length;
    for (let n = 0; n < count; n++) rows.Lead.push(anotherLead(account.cast, rows.User[0]!, before + n, now - 60_000 - n * 1_000));
    return json(201, { leads: rows.Lead.length });
  }
  if (!(room in rows)) return NONE;
  const object = room as CrmObject;
  if (id === undefined) return json(200, rows[object]);
  const row = rows[object].find(({ Id }) => Id === id);
  if (!row) return NONE;
  if (method === 'PATCH' || method === 'POST') Object.assign(row, input, { SystemModstamp: stampOf(now) });
  if (method === 'DELETE') {
    rows[object].splice(rows[object].indexOf(row), 1);
    deleted[object].push(Object.assign(row, { IsDeleted: true, SystemModstamp: stampOf(now) }));
  }
  return json(200, row);
}
