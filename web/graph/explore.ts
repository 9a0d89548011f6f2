/** What the explorer shows, as the address has it: centres, kinds, steps. Loads each centre's neighbourhood once and puts them together. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { NeighborsAnswer } from '#contract/graph';
import { NEIGHBORS_LIMIT_MAX } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import type { ApiError } from '../client/index.ts';
import { usePlace } from '../state/router.ts';
import { asApiError, sessionLost } from '../state/session.ts';
import { absorb, emptyGraph } from './model.ts';
import type { Explored, NodeAttributes } from './model.ts';

/** People and what they belong to make a readable picture; conversations and meetings are many, and come when asked for. */
const KINDS_FIRST = ['person', 'organization', 'channel', 'account', 'opportunity', 'contact', 'lead'];
export const KINDS_ALL = [...KINDS_FIRST, 'event', 'thread'];
/** Nodes of one answer: the first centre paints the picture, the others add to it. */
const FIRST_LIMIT = 200, MORE_LIMIT = 200;
/** More centres than this make no picture and no address any more. */
export const CENTRES_MAX = 48;
/** Centres asked for at once. */
const AT_ONCE = 8;
/** Kinds that gather others: whoever goes on from them meets the most that is new. */
const GATHERING = new Set(['organization', 'channel', 'account', 'opportunity']);

export interface Asked { centres: readonly string[]; kinds: readonly string[]; depth: number }

export function useAsked(): Asked {
  const { query } = usePlace();
  const node = query.get('node') ?? '', kinds = query.get('kinds') ?? '', depth = query.get('depth') ?? '1';
  return useMemo(() => ({ centres: node.split(',').filter(Boolean), kinds: kinds ? kinds.split(',') : KINDS_FIRST, depth: Math.min(3, Math.max(1, Number.parseInt(depth, 10) || 1)) }), [node, kinds, depth]);
}

/** Whom to go on from for a wider picture, best first: what gathers others before people, then whoever is spoken of most. As many as the picture still takes. */
export function nextCentres(graph: Explored, centres: readonly string[]): string[] {
  const open: { id: string; node: NodeAttributes }[] = [];
  graph.forEachNode((id, node) => { if (!centres.includes(id)) open.push({ id, node }); });
  const rank = ({ node }: { node: NodeAttributes }): number => (GATHERING.has(node.kind) ? 0 : 1);
  return open.sort((a, b) => rank(a) - rank(b) || b.node.weight - a.node.weight || a.id.localeCompare(b.id)).slice(0, Math.max(0, Math.min(AT_ONCE, CENTRES_MAX - centres.length))).map(({ id }) => id);
}

/** A new one whenever something came or went; the graph in it may be the same. `expanded`: centres that are in it. */
export interface Picture { graph: Explored; expanded: number }
interface Exploration {
  picture: Picture;
  loading: boolean;
  error: ApiError | null;
  /** There is more near a centre than was answered. */
  cut: boolean;
  retry: () => void;
  /** Puts more into the picture by other means. `add` answers how many nodes are new. */
  grow: (add: (graph: Explored) => number) => void;
}

/** The picture of what is asked. A centre or a kind added adds to it; anything taken away begins it anew, from answers that are still known. */
export function useExploration({ centres, kinds, depth }: Asked): Exploration {
  const known = useRef(new Map<string, NeighborsAnswer>()), drawn = useRef<string[]>([]);
  const [picture, setPicture] = useState<Picture>(() => ({ graph: emptyGraph(), expanded: 0 })), [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ loading: boolean; error: ApiError | null; cut: boolean }>({ loading: true, error: null, cut: false });

  useEffect(() => {
    const stop = new AbortController();
    const wanted = centres.map((id, i) => ({ id, steps: i === 0 ? depth : 1, limit: i === 0 ? Math.min(NEIGHBORS_LIMIT_MAX, FIRST_LIMIT * depth) : MORE_LIMIT, key: JSON.stringify([id, kinds, i === 0 ? depth : 1, i === 0]) }));
    const anew = drawn.current.some((key) => !wanted.some((one) => one.key === key));
    const graph = anew ? emptyGraph() : picture.graph;
    if (anew) drawn.current = [];
    const load = async (): Promise<void> => {
      setState((was) => ({ loading: true, error: null, cut: was.cut && !anew }));
      const missing = wanted.filter((one) => !drawn.current.includes(one.key));
      for (let from = 0; from < missing.length; from += AT_ONCE) {
        const some = missing.slice(from, from + AT_ONCE);
        const answers = await Promise.all(some.map(async ({ id, key, steps, limit }) => known.current.get(key) ?? callRoute('neighbors', { params: { node_id: id }, query: { depth: steps, limit, types: kinds.join(',') } }, { signal: stop.signal })));
        if (stop.signal.aborted) return;
        for (const [i, answer] of answers.entries()) {
          known.current.set(some[i]!.key, answer);
          drawn.current.push(some[i]!.key);
          absorb(graph, answer);
        }
        setPicture({ graph, expanded: drawn.current.length });
        setState((was) => ({ ...was, cut: was.cut || answers.some((answer) => answer.truncated) }));
      }
      setState((was) => ({ ...was, loading: false }));
    };
    load().catch((cause: unknown) => {
      if (stop.signal.aborted) return;
      const error = asApiError(cause);
      if (error.code === 'unauthenticated') sessionLost();
      setState((was) => ({ ...was, loading: false, error }));
    });
    return () => stop.abort();
    // The picture itself is what this makes.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [centres, kinds, depth, attempt]);

  const grow = useCallback((add: (graph: Explored) => number) => { if (add(picture.graph) > 0) setPicture({ ...picture }); }, [picture]);
  return { picture, ...state, retry: () => setAttempt(attempt + 1), grow };
}
