/** A look through the keyhole: patterns with bounded matches are tried only near what they need. */

/** How far a match reaches before its anchor and behind the anchor's first sign, a sign more on both sides to be looked at. */
interface Reach { before: number; behind: number }

/** The stretches of a text where something that needs an anchor can stand at all, and where they begin. Those that touch are one. `anchor`: with the flag g. */
export function* around(text: string, anchor: RegExp, { before, behind }: Reach): Generator<{ at: number; near: string }> {
  let from = -1, to = -1;
  for (const { index } of text.matchAll(anchor)) {
    if (from >= 0 && index - before <= to) { to = index + behind; continue; }
    if (from >= 0) yield { at: from, near: text.slice(from, to) };
    from = Math.max(0, index - before);
    to = index + behind;
  }
  if (from >= 0) yield { at: from, near: text.slice(from, to) };
}
