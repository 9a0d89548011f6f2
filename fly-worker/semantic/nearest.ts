/** Where in a text what was asked for is said in other words: by the local word vectors, whatever embedder found the text. For showing, never for ranking. */
import { SNIPPET_CHARS } from '#contract/limits';
import { embedLocally } from '../embed/local.ts';
import { SIF_DIMS } from '../embed/sif.ts';

/** Sentences, or lines, joined until they fill a snippet. Offsets in `text`. */
function stretchesOf(text: string): { start: number; end: number }[] {
  const stretches: { start: number; end: number }[] = [];
  for (const { 0: sentence, index } of text.matchAll(/[^\n.!?。！？]+(?:[.!?。！？]+|\n+|$)/g)) {
    const last = stretches.at(-1), end = index + sentence.length;
    if (last && end - last.start <= SNIPPET_CHARS) last.end = end;
    else stretches.push({ start: index, end });
  }
  return stretches;
}

/** The stretch of `text` that is nearest in meaning, about as long as a snippet; all of it where nothing is. About 0.1 ms for 2,000 characters. */
export function nearestStretch(text: string, query: string): { start: number; end: number } {
  const stretches = stretchesOf(text), vectors = embedLocally([query, ...stretches.map(({ start, end }) => text.slice(start, end))]);
  let best = { start: 0, end: text.length }, bestScore = 0;
  for (const [i, stretch] of stretches.entries()) {
    let score = 0;
    for (let k = 0; k < SIF_DIMS; k += 1) score += vectors[k]! * vectors[(i + 1) * SIF_DIMS + k]!;
    if (score > bestScore) { bestScore = score; best = stretch; }
  }
  return best;
}
