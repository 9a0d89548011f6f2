/** A flood from one address is turned away at the door; another address, the machines and this computer are not. */
import { describe, expect, it } from 'vitest';
import { call, type ErrorBody } from './visitor.ts';

/** wrangler.toml's limit, and room for the end of its period falling in between. */
const FLOOD = 2 * 1_200 + 50;
const from = (address: string, path = '/healthz') => call<ErrorBody>('GET', path, { headers: { 'cf-connecting-ip': address } });

describe('too many requests of one address', () => {
  it('are refused with a word and when to come back, whatever they ask for; others are let in', async () => {
    let refused = await from('192.0.2.1');
    for (let asked = 1; asked < FLOOD && refused.status !== 429; asked++) refused = await from('192.0.2.1');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(refused.body.error.code).toBe('rate_limited');
    expect((await from('192.0.2.1', '/api/me')).status).toBe(429);
    expect((await from('192.0.2.2')).status).toBe(200);
    expect((await from('192.0.2.1', '/internal/nothing')).status, 'the machines have their own secret').toBe(404);
  });
});
