/** Pages of a list, newest first. */
import { number } from '../words/time.ts';
import { Button } from './basics.tsx';

interface Props { total: number; limit: number; offset: number; go: (offset: number) => void; words?: readonly [back: string, on: string] }
const byAge = ['Newer', 'Older'] as const;
export function Pager({ total, limit, offset, go, words: [back, on] = byAge }: Props) {
  if (total <= limit && offset === 0) return null;
  return (
    <nav className="pager" aria-label="Pages">
      <span>{number(Math.min(offset + 1, total))}–{number(Math.min(offset + limit, total))} of {number(total)}</span>
      <Button disabled={offset === 0} onClick={() => go(Math.max(0, offset - limit))}>{back}</Button>
      <Button disabled={offset + limit >= total} onClick={() => go(offset + limit)}>{on}</Button>
    </nav>
  );
}
