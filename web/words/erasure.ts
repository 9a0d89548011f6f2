/** Erasures in words: what was asked for, and the receipt. Pure. */
import type { Erasure, ErasureSubject } from '#contract/erasure';
import { count, number } from './time.ts';

const subjects: Record<ErasureSubject, string> = { record: 'A record', person: 'A person', connection: 'An account', tenant: 'Everything' };
export const erasureTitle = ({ subject }: Erasure): string => subjects[subject];

/** `entities` counts the nodes again, each is one that was found. `34 records, 12 people and things, 40 relations`: what was deleted so far, nothing that was not. */
export function receiptWords({ records, nodes, edges, entities, texts }: Erasure): string {
  const parts = [
    records > 0 && count(records, 'record'), texts > 0 && `${count(texts, 'passage')} for searching`, nodes > 0 && (nodes === 1 ? '1 person or thing' : `${number(nodes)} people and things`),
    edges > 0 && count(edges, 'relation'), entities > nodes && `${number(entities - nodes)} found in text`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : 'nothing was there';
}

/** As one sentence, for whoever asked a moment ago. */
export const receiptSentence = (erasure: Erasure): string => erasure.status === 'done'
  ? `Deleted: ${receiptWords(erasure)}.`
  : 'Nothing of it is found any more. It is still being deleted; the receipt is complete under Settings, Data.';
