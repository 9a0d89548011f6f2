/** Finds a node by part of its name: a field with what fits below it, for the keyboard too. */
import { useId, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { callRoute } from '../client/index.ts';
import type { CallAnswer } from '../client/index.ts';
import { EntityIcon } from '../parts/entity-icon.tsx';
import { useResource } from '../state/resource.ts';
import { kindWords } from '../words/graph.ts';

export type FoundNode = CallAnswer<'listNodes'>['nodes'][number];
const SHOWN = 8, TYPING_MS = 200;

interface Props { label: string; onPick: (node: FoundNode) => void; type?: string; /** Is not offered. */ except?: string }
export function FindNode({ label, onPick, type, except }: Props) {
  const [text, setText] = useState(''), [open, setOpen] = useState(false), [at, setAt] = useState(0), id = useId();
  const q = text.trim();
  const { data, loading } = useResource(q && open ? `find-node:${type ?? ''}:${q}` : null, (signal) => callRoute('listNodes', { query: { q, limit: SHOWN, ...(type ? { type } : {}) } }, { signal }), { settleMs: TYPING_MS });
  const found = q ? data?.nodes.filter((one) => one.id !== except) ?? [] : [];
  const pick = (node: FoundNode | undefined): void => { if (!node) return; setText(''); setOpen(false); onPick(node); };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') { event.preventDefault(); setAt((was) => Math.min(found.length - 1, was + 1)); }
    else if (event.key === 'ArrowUp') { event.preventDefault(); setAt((was) => Math.max(0, was - 1)); }
    else if (event.key === 'Enter') { event.preventDefault(); pick(found[at]); }
    else if (event.key === 'Escape') { setOpen(false); setText(''); }
  };
  const shown = open && q !== '';
  return (
    <div className="find-node" onBlur={(event) => { if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false); }}>
      <input type="search" role="combobox" value={text} placeholder={label} aria-label={label} aria-expanded={shown} aria-controls={`${id}-list`} aria-activedescendant={shown && found[at] ? `${id}-${at}` : undefined} aria-autocomplete="list"
        autoComplete="off" spellCheck={false} onFocus={() => setOpen(true)} onKeyDown={keys} onChange={(event) => { setText(event.target.value); setOpen(true); setAt(0); }} />
      {shown && found.length > 0 && (
        <div id={`${id}-list`} role="listbox" aria-label={label} className="menu find-list">
          {found.map((node, i) => (
            <div key={node.id} id={`${id}-${i}`} role="option" tabIndex={-1} aria-selected={i === at} className="menu-item" data-highlighted={i === at ? '' : undefined}
              onPointerDown={(event) => { event.preventDefault(); pick(node); }} onPointerEnter={() => setAt(i)}>
              <EntityIcon kind={node.node_type} /><span className="find-name">{node.name || node.key}<small>{kindWords(node.node_type).one}{node.key.length < 48 && node.key !== node.name && ` · ${node.key}`}</small></span>
            </div>
          ))}
        </div>
      )}
      {shown && found.length === 0 && <p className="menu find-list find-none" role="status">{loading ? 'Looking …' : 'Nobody and nothing by that name'}</p>}
    </div>
  );
}
