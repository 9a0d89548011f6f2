/** Where the graph explorer puts nodes, without a page: islands of those who belong together, apart from each other, and the same each time. */
import { expect, test } from 'vitest';
import { settled } from '../../web/graph/places.ts';
import type { Placed, Tied, Unsettled } from '../../web/graph/places.ts';

const TEAMS = 12, MEMBERS = 25;
/** Teams round a lead each, and one hub that everybody is tied to. The hub is the last node. */
function company(): Unsettled {
  const hub = TEAMS * MEMBERS, ties: Tied[] = [];
  const nodes = Array.from({ length: hub + 1 }, (_, i): Placed => ({ x: i % 40, y: Math.floor(i / 40), size: 4, known: false }));
  for (let i = 0; i < hub; i++) {
    const lead = i - i % MEMBERS;
    if (i !== lead) ties.push([lead, i, 3]);
    if (i % MEMBERS > 1) ties.push([i - 1, i, 2]);
    ties.push([hub, i, 1]);
  }
  return { nodes, ties };
}
const at = (places: Float32Array, i: number): [number, number] => [places[i * 2]!, places[i * 2 + 1]!];
const between = (places: Float32Array, i: number, j: number): number => Math.hypot(at(places, i)[0] - at(places, j)[0], at(places, i)[1] - at(places, j)[1]);

test('a team is an island, islands lie apart, and a hub that knows everybody does not pull them into one heap', () => {
  const { places, islands } = settled(company());
  for (let team = 0; team < TEAMS; team++) {
    const own = Array.from({ length: MEMBERS }, (_, i) => team * MEMBERS + i);
    expect(new Set(own.map((i) => islands[i])).size, `team ${team}`).toBe(1);
    // Whoever is nearest is of the same team.
    for (const i of own) {
      const nearest = Array.from({ length: TEAMS * MEMBERS }, (_, j) => j).filter((j) => j !== i).reduce((best, j) => (between(places, i, j) < between(places, i, best) ? j : best), i === 0 ? 1 : 0);
      expect(islands[nearest], `beside ${i}`).toBe(islands[i]);
    }
  }
  expect(new Set(islands).size).toBe(TEAMS + 1);
});

test('nothing lies on anything else, and the same graph lies the same', () => {
  const { places } = settled(company());
  expect(Array.from(places).every(Number.isFinite)).toBe(true);
  let closest = Infinity;
  for (let i = 0; i <= TEAMS * MEMBERS; i++) for (let j = 0; j < i; j++) closest = Math.min(closest, between(places, i, j));
  expect(closest).toBeGreaterThan(4);
  expect(settled(company()).places).toEqual(places);
});

test('what lay somewhere stays near when others come', () => {
  const before = company(), { places } = settled(before), width = Math.max(...places) - Math.min(...places);
  const come = 10, nodes = before.nodes.map((one, i): Placed => ({ ...one, x: at(places, i)[0], y: at(places, i)[1], known: true }));
  const grown: Unsettled = { nodes: [...nodes, ...Array.from({ length: come }, (): Placed => ({ x: 0, y: 0, size: 4, known: false }))], ties: [...before.ties, ...Array.from({ length: come }, (_, i): Tied => [0, nodes.length + i, 2])] };
  const after = settled(grown);
  const moved = nodes.map((_, i) => Math.hypot(at(after.places, i)[0] - at(places, i)[0], at(after.places, i)[1] - at(places, i)[1])).sort((a, b) => a - b);
  expect(moved[Math.floor(moved.length / 2)]).toBeLessThan(width / 5);
  for (let i = 0; i < come; i++) expect(after.islands[nodes.length + i]).toBe(after.islands[0]);
});

test('two, one and no ties are pictures, too', () => {
  const one: Placed = { x: 0, y: 0, size: 4, known: false };
  for (const [nodes, ties] of [[[one, one], [[0, 1, 1]]], [[one, one, one], []], [[one], []]] as [Placed[], Tied[]][]) {
    const { places } = settled({ nodes, ties });
    expect(Array.from(places).every(Number.isFinite)).toBe(true);
    if (nodes.length > 1) expect(between(places, 0, 1)).toBeGreaterThan(1);
  }
});
