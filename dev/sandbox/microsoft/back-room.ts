/**
 * What a test changes in a Microsoft account, below /admin/accounts/{address}/microsoft. New mails, edits and deletes of mails are in admin.ts.
 *
 * POST   expire-delta                                     delta links given out so far answer 410, as Google's history and sync tokens do
 * GET    folders · POST folders {displayName} · DELETE folders/{id}    with its mails, for good
 * POST   messages/{id}/move {folder}                      by the folder's name or id
 * POST   messages/{id}/purge                              deleted for good; a plain DELETE leaves it recoverable
 * GET    events                                           [{id, subject, start, end, type, seriesMasterId, isCancelled}]
 * POST   events {subject, start, end, body?} · PATCH events/{id} {subject?, start?, end?} · DELETE events/{id}
 */
import { randomUUID } from 'node:crypto';
import { exchangeId, makeEvent } from '../../mailbox/message.ts';
import type { Account } from '../accounts.ts';
import { json, type Answer } from '../wire.ts';

type Input = Record<string, unknown>;
const OK = json(200, { ok: true }), NOT_FOUND = json(404, { error: 'not found; the endpoints are listed in dev/sandbox/microsoft/back-room.ts' });

export function backRoom(account: Account, [room = '', id, verb]: string[], method: string, input: Input, now: number): Answer {
  switch (room) {
    case 'expire-delta': account.journalEdition++; return OK;
    case 'folders': return folders(account, method, id, input);
    case 'messages': return message(account, id ?? '', verb, input);
    case 'events': return events(account, method, id, input, now);
    default: return NOT_FOUND;
  }
}

function folders(account: Account, method: string, id: string | undefined, { displayName }: Input): Answer {
  if (method === 'GET') return json(200, account.folders);
  if (method === 'POST' && typeof displayName === 'string') {
    const folder = { id: exchangeId(`folder ${randomUUID()}`), displayName };
    account.folders = [...account.folders, folder];
    return json(201, folder);
  }
  if (method !== 'DELETE' || !account.folders.some(folder => folder.id === id)) return NOT_FOUND;
  for (const entry of account.messages.filter(({ value }) => value.parentFolderId === id)) account.remove(entry.id, true);
  account.folders = account.folders.filter(folder => folder.id !== id);
  return OK;
}

function message(account: Account, id: string, verb: string | undefined, { folder }: Input): Answer {
  const entry = account.find(id), target = account.folders.find(one => one.id === folder || one.displayName === folder);
  if (verb === 'purge') return account.remove(id, true) || account.binned.delete(id) ? OK : NOT_FOUND;
  if (verb !== 'move' || !entry || !target) return NOT_FOUND;
  account.edited(entry, () => { entry.value.parentFolderId = target.id; });
  return OK;
}

function events(account: Account, method: string, id: string | undefined, input: Input, now: number): Answer {
  const found = account.events.find(event => event.id === id)?.value, { subject, start, end, body } = input;
  const time = (value: unknown): { dateTime: string; timeZone: 'UTC' } | undefined => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? { dateTime: `${new Date(value).toISOString().slice(0, 19)}.0000000`, timeZone: 'UTC' } : undefined);
  if (method === 'GET') return json(200, account.events.map(({ value }) => ({ id: value.id, subject: value.subject, start: value.start, end: value.end, type: value.type, seriesMasterId: value.seriesMasterId, isCancelled: value.isCancelled })));
  if (method === 'DELETE') return account.cancel(id ?? '') ? OK : NOT_FOUND;
  if (method === 'PATCH' && found) {
    account.schedule({ ...found, ...typeof subject === 'string' && { subject }, start: time(start) ?? found.start, end: time(end) ?? found.end, lastModifiedDateTime: `${new Date(now).toISOString().slice(0, 19)}Z` });
    return OK;
  }
  if (method !== 'POST' || typeof subject !== 'string' || !time(start) || !time(end)) return NOT_FOUND;
  const owner = { name: account.plan.name, address: account.plan.address };
  const made = makeEvent({ key: randomUUID(), subject, html: typeof body === 'string' ? body : '', preview: '', start: String(start), end: String(end), created: new Date(now).toISOString(), organizer: owner, owner: owner.address, attendees: [] });
  account.schedule(made);
  return json(201, made);
}
