/** Text with emphasis, never HTML: found words, and the parts of a mail that are history or boilerplate. */
import { Collapsible } from 'radix-ui';
import { Fragment, useState } from 'react';
import type { ReactNode } from 'react';
import type { CallAnswer } from '../client/index.ts';
import { count } from '../words/time.ts';
import { Icon } from './icon.tsx';

type MemoryRecord = CallAnswer<'getRecord'>;

/** A snippet as the search answers it: the found words stand between ⟦ and ⟧. */
export function Snippet({ text }: { text: string }) {
  return <>{text.split('⟦').map((piece, index) => {
    const end = piece.indexOf('⟧');
    if (index === 0 || end < 0) return <Fragment key={index}>{piece}</Fragment>;
    return <Fragment key={index}><mark>{piece.slice(0, end)}</mark>{piece.slice(end + 1)}</Fragment>;
  })}</>;
}
/** The same text without the marks, for titles and labels. */
export const unmarked = (text: string): string => text.replace(/[⟦⟧]/g, '');

const WORD = /[\p{L}\p{N}][\p{L}\p{N}'’.@-]*/gu;
/** The words of a query, marked wherever the text has them. */
function WithWords({ text, query }: { text: string; query: string }) {
  const words = [...query.matchAll(WORD)].map(([word]) => word).filter((word) => word.length > 1).sort((a, b) => b.length - a.length);
  if (words.length === 0) return <>{text}</>;
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&')).join('|')})`, 'giu');
  return <>{text.split(pattern).map((piece, index) => index % 2 === 1 ? <mark key={index}>{piece}</mark> : <Fragment key={index}>{piece}</Fragment>)}</>;
}

interface Piece { kind: 'new' | 'quote' | 'signature' | 'disclaimer'; text: string }
function pieces(text: string, parts: MemoryRecord['parts']): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const part of parts) {
    if (part.start > at) out.push({ kind: 'new', text: text.slice(at, part.start) });
    out.push({ kind: part.kind, text: text.slice(Math.max(at, part.start), part.end) });
    at = Math.max(at, part.end);
  }
  if (at < text.length) out.push({ kind: 'new', text: text.slice(at) });
  return out.map((piece) => ({ ...piece, text: piece.text.replace(/^\n+|\n+$/g, '') })).filter((piece) => piece.text.trim() !== '');
}

/** The whole text of a record: what is new in full, quotes and disclaimers folded, signatures dimmed. */
export function RecordText({ record, query }: { record: MemoryRecord; query: string }) {
  return <div className="record-text">{pieces(record.text, record.parts).map((piece, index) => {
    const text = <WithWords text={piece.text} query={query} />;
    switch (piece.kind) {
      case 'new': return <p key={index}>{text}</p>;
      case 'signature': return <p key={index} className="dimmed">{text}</p>;
      case 'quote': return <Folded key={index} label={`Earlier message, ${count(piece.text.split('\n').length, 'line')}`}>{text}</Folded>;
      case 'disclaimer': return <Folded key={index} label="Legal notice">{text}</Folded>;
    }
  })}</div>;
}

function Folded({ label, children }: { label: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Collapsible.Root className="folded" open={open} onOpenChange={setOpen}>
      <Collapsible.Trigger className="folded-trigger"><Icon name="chevron" />{label}</Collapsible.Trigger>
      <Collapsible.Content><p className="dimmed quoted">{children}</p></Collapsible.Content>
    </Collapsible.Root>
  );
}
