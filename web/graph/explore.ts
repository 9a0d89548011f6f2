/** What the explorer shows, as the address has it: centres, kinds, steps. Loads each centre's neighbourhood once and puts them together. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { NeighborsAnswer } from '#contract/graph';
import { NEIGHBORS_LIMIT_MAX } from '#contract/limits';
import { callRoute } from '../client/index.ts';
import type { ApiError } from '../client/index.ts';
import { usePlace } from '../state/router.ts';
import { asApiError, sessionLost } from '../state/session.ts';
import { absorb, emptyGraph } from './model.ts';
import type { Explored } from './model.ts';

/** People and what they belong to make a readable picture; conversations and meetings are many, and come when asked for. */
const KINDS_FIRST = ['person', 'organization', 'channel', 'account', 'opportunity', 'contact', 'lead'];
export const KINDS_ALL = [...KINDS_FIRST, 'event', 'thread'];
/** Nodes of one answer: the first centre paints the picture, the others add to it. */
const FIRST_LIMIT = 200, MORE_LIMIT = 120;

export interface Asked { centres: readonly string[]; kinds: readonly string[]; depth: number }

export function useAsked(): Asked {
  const { query } = usePlace();
  const node = query.get('node') ?? '', kinds = query.get('kinds') ?? '', depth = query.get('depth') ?? '1';
  return useMemo(() => ({ centres: node.split(',').filter(Boolean), kinds: kinds ? kinds.split(',') : KINDS_FIRST, depth: Math.min(3, Math.max(1, Number.parseInt(depth, 10) || 1)) }), [node, kinds, depth]);
}

/** A new one whenever something came or went; the graph in it may be the same. */
export interface Picture { graph: Explored }
export interface Exploration {
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
  const [picture, setPicture] = useState<Picture>(() => ({ graph: emptyGraph() })), [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ loading: boolean; error: ApiError | null; cut: boolean }>({ loading: true, error: null, cut: false });

  useEffect(() => {
    const stop = new AbortController();
    const wanted = centres.map((id, i) => ({ id, steps: i === 0 ? depth : 1, limit: i === 0 ? Math.min(NEIGHBORS_LIMIT_MAX, FIRST_LIMIT * depth) : MORE_LIMIT, key: JSON.stringify([id, kinds, i === 0 ? depth : 1, i === 0]) }));
    const anew = drawn.current.some((key) => !wanted.some((one) => one.key === key));
    const graph = anew ? emptyGraph() : picture.graph;
    if (anew) drawn.current = [];
    const load = async (): Promise<void> => {
      setState((was) => ({ loading: true, error: null, cut: was.cut && !anew }));
      for (const { id, key, steps, limit } of wanted.filter((one) => !drawn.current.includes(one.key))) {
        const answer = known.current.get(key) ?? await callRoute('neighbors', { params: { node_id: id }, query: { depth: steps, limit, types: kinds.join(',') } }, { signal: stop.signal });
        if (stop.signal.aborted) return;
        known.current.set(key, answer);
        drawn.current.push(key);
        absorb(graph, answer);
        setPicture({ graph });
        setState((was) => ({ ...was, cut: was.cut || answer.truncated }));
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

  const grow = useCallback((add: (graph: Explored) => number) => { if (add(picture.graph) > 0) setPicture({ graph: picture.graph }); }, [picture]);
  return { picture, ...state, retry: () => setAttempt(attempt + 1), grow };
}
