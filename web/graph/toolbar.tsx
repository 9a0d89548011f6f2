/** What is in the picture: kinds with their colours, steps, and the day it shows. */
import { Segments } from '../parts/segments.tsx';
import { kindHue, kindWords } from '../words/graph.ts';
import { day, number } from '../words/time.ts';
import { KINDS_ALL } from './explore.ts';

interface Props {
  counts: ReadonlyMap<string, number>; found: readonly string[]; kinds: readonly string[]; onKinds: (kinds: string[]) => void;
  depth: number; onDepth: (depth: number) => void;
  span: { from: number; until: number } | null; at: number | null; onAt: (at: number | null) => void;
}
const DAY_MS = 86_400_000;
const depths = [{ value: '1', label: '1 step' }, { value: '2', label: '2' }, { value: '3', label: '3' }] as const;

export function GraphToolbar({ counts, found, kinds, onKinds, depth, onDepth, span, at, onAt }: Props) {
  // Found types that were activated can be asked for; any other kind has a place once it is in the picture.
  const all = [...new Set([...KINDS_ALL, ...found, ...counts.keys()])];
  const toggle = (kind: string): void => onKinds(kinds.includes(kind) ? kinds.filter((one) => one !== kind) : all.filter((one) => one === kind || kinds.includes(one)));
  return (
    <div className="graph-bar">
      <div className="kinds" role="group" aria-label="Kinds">
        {all.map((kind) => (
          <button key={kind} type="button" className="kind" aria-pressed={kinds.includes(kind)} onClick={() => toggle(kind)}>
            <i style={{ background: kindHue(kind) }} />{kindWords(kind).many}{kinds.includes(kind) && <small>{number(counts.get(kind) ?? 0)}</small>}
          </button>
        ))}
      </div>
      <Segments label="Steps from the first" value={String(depth) as '1' | '2' | '3'} options={depths} onChange={(value) => onDepth(Number(value))} />
      {span && span.until - span.from > DAY_MS && (
        <label className="graph-day"><span>{at === null ? 'As it is now' : `As of ${day(new Date(at).toISOString())}`}</span>
          <input type="range" min={Math.floor(span.from / DAY_MS)} max={Math.ceil(span.until / DAY_MS)} value={at === null ? Math.ceil(span.until / DAY_MS) : Math.round(at / DAY_MS)} aria-label="Day" aria-valuetext={at === null ? 'now' : day(new Date(at).toISOString())}
            onChange={(event) => { const value = Number(event.target.value); onAt(value >= Math.ceil(span.until / DAY_MS) ? null : value * DAY_MS); }} />
        </label>
      )}
    </div>
  );
}
