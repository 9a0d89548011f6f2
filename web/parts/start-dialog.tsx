/** The historical-sync prompt: why, how far back, how much that will be, Start or Skip. Opens by itself after connecting, or on demand. */
import type { ReactNode } from 'react';
import type { Connection } from '../state/sources.ts';
import { integrationTitle } from '../words/job.ts';
import { Address } from './basics.tsx';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';
import { StartForm } from './start-form.tsx';

const benefits: { icon: IconName; title: string; text: string }[] = [
  { icon: 'search', title: 'Find anything you ever wrote or received', text: 'By its words or by its meaning, from the first minute: the newest days come first.' },
  { icon: 'graph', title: 'See who and what belongs together', text: 'People, companies, threads and meetings become a graph, each fact with its source.' },
  { icon: 'shield', title: 'Yours alone, and nothing twice', text: 'Passwords and card numbers are taken out before anything is stored. Pause or cancel whenever you like.' },
];

interface Props { open: boolean; onClose: () => void; connection: Connection; prompt?: boolean }
export function StartDialog({ open, onClose, connection, prompt = false }: Props) {
  const account: ReactNode = <strong><Address of={connection.account} /></strong>;
  return (
    <Dialog open={open} onClose={onClose} title={prompt ? `${integrationTitle(connection.integration_id)} is connected` : 'Sync history'}
      lead={prompt ? <>Shall we read the past of {account}, so that you can search it?</> : <>Reads the past of {account} into memory. What is there already is not stored twice.</>}>
      {prompt && <ul className="benefits">{benefits.map((one) => <li key={one.title}><span className="benefit-icon"><Icon name={one.icon} /></span><div><strong>{one.title}</strong><p>{one.text}</p></div></li>)}</ul>}
      <StartForm connection={connection} onClose={onClose} skip={prompt ? 'Skip for now' : 'Cancel'} />
    </Dialog>
  );
}
