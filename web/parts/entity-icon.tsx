/** The tile that stands for a kind of thing, in its colour. */
import { kindHue, kindWords } from '../words/graph.ts';
import { Icon } from './icon.tsx';

export function EntityIcon({ kind, large = false }: { kind: string; large?: boolean }) {
  return <span className={`tile ${large ? '' : 'tile-small'}`} style={{ '--tile': kindHue(kind) } as React.CSSProperties} aria-hidden="true"><Icon name={kindWords(kind).icon} /></span>;
}
