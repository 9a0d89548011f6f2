/** What matters from where one stands: personalised PageRank over a small weighted graph. Pure, deterministic. https://en.wikipedia.org/wiki/PageRank */

interface RankTie { a: string; b: string; weight: number }

/** The chance to walk on along a tie, rather than to begin anew at one of the seeds. */
const WALK_ON = 0.7;
const ROUNDS_MAX = 40, CHANGE_MIN = 1e-6;

/** Scores of all nodes that a seed reaches, summing up to 1. Ties are walked both ways, the heavier the likelier. Seeds: node -> how much it is asked for, above zero. */
export function personalisedRank(seeds: ReadonlyMap<string, number>, ties: readonly RankTie[]): Map<string, number> {
  const total = [...seeds.values()].reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return new Map();
  const start = [...seeds].sort(byId).map(([id, weight]) => [id, weight / total] as const);
  const near = new Map<string, { id: string; weight: number }[]>(), sums = new Map<string, number>();
  const ordered = [...ties].sort((x, y) => byId([x.a, 0], [y.a, 0]) || byId([x.b, 0], [y.b, 0]));
  for (const { a, b, weight } of ordered) {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      const list = near.get(from);
      if (list) list.push({ id: to, weight }); else near.set(from, [{ id: to, weight }]);
      sums.set(from, (sums.get(from) ?? 0) + weight);
    }
  }
  let scores = new Map<string, number>(start);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const next = new Map<string, number>();
    let restart = 1;
    for (const [id, score] of scores) {
      const sum = sums.get(id);
      if (sum === undefined) continue;                   // leads nowhere: what arrives here begins anew
      restart -= score * WALK_ON;
      for (const tie of near.get(id)!) next.set(tie.id, (next.get(tie.id) ?? 0) + score * WALK_ON * tie.weight / sum);
    }
    for (const [id, share] of start) next.set(id, (next.get(id) ?? 0) + restart * share);
    let change = 0;
    for (const [id, score] of next) change += Math.abs(score - (scores.get(id) ?? 0));
    scores = next;
    if (change < CHANGE_MIN) break;
  }
  return scores;
}

const byId = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);
