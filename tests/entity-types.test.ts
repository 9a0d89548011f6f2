/** What a type's schema is read off: pure. */
import { describe, expect, it } from 'vitest';
import { inferSchema, titleOf } from '#contract/entity-types';

describe('the schema of a type', () => {
  it.each<[string, Record<string, unknown>[], unknown]>([
    ['nothing at all', [], { type: 'object', properties: {} }],
    ['entities without properties', [{}, {}], { type: 'object', properties: {} }],
    ['what all have', [{ amount: 1, currency: 'EUR' }, { amount: 2.5, currency: 'USD' }], { type: 'object', properties: { amount: { type: 'number' }, currency: { type: 'string' } }, required: ['amount', 'currency'] }],
    ['whole numbers', [{ n: 1 }, { n: 2 }], { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }],
    ['what only some have, or have empty', [{ a: 'x', b: null }, { b: true }], { type: 'object', properties: { a: { type: 'string' }, b: { type: ['boolean', 'null'] } } }],
    ['several types', [{ a: 'x' }, { a: 1 }], { type: 'object', properties: { a: { type: ['integer', 'string'] } }, required: ['a'] }],
    ['addresses, days and moments', [{ l: 'https://x.example/a', m: 'a@b.example', d: '2026-01-02', t: '2026-01-02T10:00:00Z' }, { l: 'http://y.example', m: 'c@d.example', d: '2026-03-04', t: '2026-01-02T10:00:00Z' }],
      { type: 'object', properties: { d: { type: 'string', format: 'date' }, l: { type: 'string', format: 'uri' }, m: { type: 'string', format: 'email' }, t: { type: 'string', format: 'date-time' } }, required: ['d', 'l', 'm', 't'] }],
    ['texts of which one is no address', [{ l: 'https://x.example' }, { l: 'none' }], { type: 'object', properties: { l: { type: 'string' } }, required: ['l'] }],
    ['lists and objects', [{ a: [1], b: { c: 1 } }], { type: 'object', properties: { a: { type: 'array' }, b: { type: 'object' } }, required: ['a', 'b'] }],
  ])('is read off %s', (_, samples, expected) => {
    expect(inferSchema(samples)).toEqual(expected);
    expect(inferSchema(samples.toReversed())).toEqual(expected);
  });

  it('has a name for people', () => { expect([titleOf('purchase_order'), titleOf('url')]).toEqual(['Purchase order', 'Url']); });
});
