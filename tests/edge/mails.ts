/** Invented mails of few words for tests of the graph: who wrote to whom when in which conversation. */
import type { SourceRecord } from '#contract/connector';
import { backRoom, newConnection, type Tenant } from './visitor.ts';

interface Letter { id: string; on: string; from: string; to: string[]; thread?: string; subject?: string; text?: string; isReply?: boolean }

const person = (who: string): { address: string; name: string | null } => {
  const [, name, address] = /^(.*?)\s*<(.+)>$/.exec(who) ?? [null, null, who];
  return { address: address!, name: name ?? null };
};

/** `from` and `to` are addresses, or `Name <address>`; `on` is a day. */
export const mail = ({ id, on, from, to, thread = id, subject = 'Lamps', text = 'Hello', isReply = false }: Letter): SourceRecord => ({
  stream: 'mail', kind: 'mail', providerId: id, occurredAt: `${on}T12:00:00.000Z`, endsAt: null, title: subject, body: { format: 'text', content: text },
  participants: [{ role: 'from', ...person(from) }, ...to.map((who) => ({ role: 'to' as const, ...person(who) }))],
  threadId: thread, globalId: `<${id}@x.example>`, replyToGlobalId: null, url: `https://mail.example/${id}`, properties: { isReply },
});

/** Ingests them through the real ledger, as one job of a connection. Answers the records' ids. */
export async function learn(tenant: Tenant, records: SourceRecord[], connection?: string): Promise<string[]> {
  return backRoom('learn', { tenant: tenant.id, connection: connection ?? await newConnection(tenant), records });
}
