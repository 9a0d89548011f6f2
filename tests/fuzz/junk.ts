/** What fuzzing feeds to everything: how much and with which seed, values that nobody documented, and ways to spoil a document that was right. */
import fc from 'fast-check';

const SEED = 1;

/**
 * What a property is checked with, by the environment: `usual` runs, or FUZZ_RUNS of them, then with a seed nobody has seen; FUZZ_SEED replays.
 * A failure prints seed and path.
 */
export function fuzzing({ FUZZ_RUNS, FUZZ_SEED }: Readonly<Record<string, string | undefined>>, usual: number): { numRuns: number; seed: number; endOnFailure: boolean } {
  const seed = FUZZ_SEED ? Number(FUZZ_SEED) : FUZZ_RUNS ? Date.now() % 2 ** 31 : SEED;
  return { numRuns: FUZZ_RUNS ? Number(FUZZ_RUNS) : usual, seed, endOnFailure: false };
}

/** Texts that have broken something somewhere. */
const ODD_TEXTS = [
  '', ' ', '\u0000', 'a\u0000b', '\ud800', '\udfff\ud800', '\ufeff', '\u202e', '\r\n\r\n', '__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '-1', '1e999', '9'.repeat(40), '0x10', '../../etc/passwd', '%2e%2e%2f', '%', '%E0%A4%A', '%00',
  '\' or 1=1 --', '"; drop table records; --', '{}', '[]', '<script>', '${7*7}', '{{base}}', '2026-13-45T99:99:99Z', '0000-00-00', '9999-12-31T23:59:59.999Z', '+275760-09-13T00:00:00.001Z', '1970-01-01T00:00:00Z', '2026-06-18T10:00:00+99:99',
  'https://evil.example/', 'http://127.0.0.1/', '//evil.example', 'javascript:alert(1)', 'mailto:', '@', 'a@b@c', '<@>', 'x'.repeat(5_000), '😀'.repeat(300), 'é'.repeat(100), 'https://'.repeat(400), '('.repeat(3_000),
];
export const oddText = (): fc.Arbitrary<string> => fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 40 }));

const deep = (levels: number): unknown => { let value: unknown = 0; for (let i = 0; i < levels; i += 1) value = i % 2 ? [value] : { a: value }; return value; };

/** Any JSON value, and often one that is unlikely. */
export const oddValue = (): fc.Arbitrary<unknown> => fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, -1e308, 5e-324, [], {}, [null], [[]], { value: [] }, { __proto__: null }, { length: 1e9 }, deep(200), Array.from({ length: 300 }, () => ({}))),
  oddText(), fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
);

/** A change to a JSON document: at which of its places, and what becomes of it. */
export interface Spoiling { at: number; how: 'replace' | 'retype' | 'remove' | 'twice' | 'rename'; value: unknown }
export const spoiling = (): fc.Arbitrary<Spoiling> => fc.record({ at: fc.nat({ max: 1_000_000 }), how: fc.constantFrom('replace', 'replace', 'replace', 'retype', 'remove', 'twice', 'rename'), value: oddValue() });

type Container = Record<string, unknown> | unknown[];
interface Place { holder: Container; key: string | number }

function placesOf(document: unknown): Place[] {
  const places: Place[] = [], line: unknown[] = [document];
  for (let one = line.pop(); one !== undefined; one = line.pop()) {
    if (typeof one !== 'object' || one === null) continue;
    const keys = Array.isArray(one) ? [...one.keys()] : Object.keys(one);
    for (const key of keys) {
      places.push({ holder: one as Container, key });
      line.push((one as Record<string | number, unknown>)[key]);
    }
  }
  return places;
}

/** The document with this done to it; itself stays as it was. */
export function spoilt(document: unknown, { at, how, value }: Spoiling): unknown {
  const copy: unknown = structuredClone(document), places = placesOf(copy);
  if (places.length === 0) return value;
  const { holder, key } = places[at % places.length]!, held = holder as Record<string | number, unknown>;
  switch (how) {
    case 'replace': held[key] = value; break;
    case 'retype': held[key] = typeof held[key] === 'object' ? 'not what it was' : { odd: true }; break;
    case 'remove': if (Array.isArray(holder)) holder.splice(Number(key), 1); else delete held[key]; break;
    case 'twice': if (Array.isArray(holder)) holder.push(held[key]); else held[`${key}2`] = held[key]; break;
    case 'rename': if (!Array.isArray(holder)) { held[`${key}_`] = held[key]; delete held[key]; } break;
  }
  return copy;
}

/** A change to a text or a file: cut off, bytes turned round, a piece taken out, doubled, or put in. */
interface Damage { at: number; how: 'cut' | 'flip' | 'drop' | 'double' | 'insert'; length: number; text: string }
export const damage = (): fc.Arbitrary<Damage> => fc.record({ at: fc.nat({ max: 1_000_000 }), how: fc.constantFrom('cut', 'flip', 'drop', 'double', 'insert'), length: fc.nat({ max: 200 }), text: oddText() });

export function damaged(bytes: Uint8Array, damages: readonly Damage[]): Uint8Array {
  let now = Buffer.from(bytes);
  for (const { at: anywhere, how, length, text } of damages) {
    const at = now.length === 0 ? 0 : anywhere % now.length, before = now.subarray(0, at), after = now.subarray(at);
    switch (how) {
      case 'cut': now = Buffer.from(before); break;
      case 'flip': now = Buffer.from(now); for (let i = at; i < Math.min(now.length, at + 1 + length % 4); i += 1) now[i] = now[i]! ^ (1 << (length % 8)); break;
      case 'drop': now = Buffer.concat([before, after.subarray(length)]); break;
      case 'double': now = Buffer.concat([before, after.subarray(0, length), after]); break;
      case 'insert': now = Buffer.concat([before, Buffer.from(text), after]); break;
    }
  }
  return now;
}
