/** Erasing memory: the question, with what it is about typed by hand, and the receipt. For admins and owners only. */
import type { ReactNode } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { reloadResources } from '../state/resource.ts';
import { toast } from '../state/toasts.ts';
import { receiptSentence } from '../words/erasure.ts';
import { Confirm } from './dialog.tsx';

export type EraseTarget = { subject: 'person' | 'connection'; id: string; name: string } | { subject: 'tenant'; name: string };
type Receipt = CallAnswer<'erasePerson'>;

interface Props { target: EraseTarget | null; onClose: () => void; onDone?: () => void }
export function EraseQuestion({ target, onClose, onDone }: Props) {
  const { title, text } = target ? question(target) : { title: '', text: '' };
  return (
    <Confirm open={target !== null} onClose={onClose} title={title} text={text} yes="Erase for good" no="Keep it" {...(target ? { typed: target.name } : {})}
      act={async () => {
        if (!target) return;
        const receipt = await erase(target);
        if (receipt) toast({ tone: 'good', title: `${target.name} is erased`, text: receiptSentence(receipt), link: { to: '/settings/data', label: 'Receipts' } });
        onDone?.();
        reloadResources();
      }} />
  );
}

async function erase(target: EraseTarget): Promise<Receipt | null> {
  switch (target.subject) {
    case 'person': return callRoute('erasePerson', { params: { node_id: target.id } });
    case 'connection': return (await callRoute('disconnect', { params: { connection_id: target.id }, query: { forget: 'true' }, body: { confirm: target.name } })).erasure;
    case 'tenant': return callRoute('eraseTenant', { body: { confirm: target.name } });
  }
}

function question({ subject, name }: EraseTarget): { title: string; text: ReactNode } {
  switch (subject) {
    case 'person': return { title: `Erase ${name}?`, text: <>Every record that {name} wrote, received or is named in goes from memory, for everybody in the team, and with it whatever only those records said. This cannot be taken back. Later syncs leave those records out, also after the account is connected again; a new record that names {name} is stored.</> };
    case 'connection': return { title: `Erase what came from ${name}?`, text: <>Everything that was synced from <strong>{name}</strong> goes from memory, and the account is disconnected, so that nothing brings it back. What is at the provider stays: connected again, a sync that you start reads it anew. This cannot be taken back.</> };
    case 'tenant': return { title: 'Erase the whole memory?', text: <>All records, people, things and relations of <strong>{name}</strong> go, for everybody in the team. Running syncs are cancelled. Accounts stay connected, members and settings stay; a sync after that reads anew what is at the provider, but for records and people that were erased by themselves. This cannot be taken back.</> };
  }
}
