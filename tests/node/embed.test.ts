/** Embedders: the local one by what it must tell apart, OpenAI's through the real SDK against a local server. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EMBEDDING_INPUTS_MAX, EMBEDDING_TOKENS_PER_REQUEST_MAX } from '#contract/limits';
import { vectorAt } from '#fly-worker/embed/embedder';
import { localEmbedder } from '#fly-worker/embed/local';
import { openAiEmbedder, pack } from '#fly-worker/embed/openai';

describe('the local embedder', () => {
  const local = localEmbedder();
  const likeness = async (a: string, b: string) => {
    const v = await local.embed([a, b]);
    return Array.from({ length: local.dims }, (_, i) => v[i]! * v[local.dims + i]!).reduce((sum, x) => sum + x, 0);
  };
  it('puts paraphrases nearer than strangers', async () => {
    expect(await likeness('the car broke down', 'my vehicle has engine trouble')).toBeGreaterThan(await likeness('the car broke down', 'quarterly revenue forecast') + 0.2);
    expect(await likeness('Rechnung überfällig', 'Rechnungen sind überfällig')).toBeGreaterThan(await likeness('Rechnung überfällig', 'Besprechung am Montag verschieben') + 0.2);
  });
  it('gives unit vectors for anything with a letter or digit, and zeros that cannot be taken for a vector otherwise', async () => {
    const texts = ['hello', 'the', 'Ü', '42', 'Zxqvwy', '日本語', 'x'.repeat(100_000), '', '!?', '🎉'];
    const vectors = await local.embed(texts);
    const found = texts.map((_, row) => vectorAt(vectors, local.dims, row));
    expect(found.map((vector) => vector !== null)).toEqual([true, true, true, true, true, true, true, false, false, false]);
    for (const vector of found) if (vector) expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
  });
  it('is the same every time', async () => { expect(await local.embed(['budget for Q3'])).toEqual(await local.embed(['budget for Q3'])); });
});

describe('the OpenAI embedder', () => {
  let server: Server | undefined, asked: { input: string[]; dimensions: number; encoding_format: string }[] = [];
  afterEach(async () => { await new Promise<void>((resolve) => { server?.close(() => resolve()); server?.closeAllConnections(); }); asked = []; });
  type Answer = (body: { input: string[]; dimensions: number; encoding_format: string }, nth: number) => { status?: number; headers?: Record<string, string>; json: unknown };
  const open = async (answer: Answer, dims = 8) => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => { text += chunk.toString(); }).on('end', () => {
        const body = JSON.parse(text) as (typeof asked)[number];
        asked.push(body);
        const { status = 200, headers = {}, json } = answer(body, asked.length);
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return openAiEmbedder({ apiKey: 'sk-test', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, dims });
  };
  const vectorFor = (text: string, dims: number) => Float32Array.from({ length: dims }, (_, i) => (i === text.length % dims ? 1 : 0));
  const embedding: Answer = ({ input, dimensions, encoding_format }) => ({ json: { data: input.map((text, index) => ({ index, embedding: encoding_format === 'base64' ? Buffer.from(vectorFor(text, dimensions).buffer).toString('base64') : [...vectorFor(text, dimensions)] })).reverse() } });

  it('keeps order, asks in base64 for the dimensions, and leaves empty texts as zeros', async () => {
    const embedder = await open(embedding);
    const vectors = await embedder.embed(['a', '', 'ccc', '  ']);
    expect(vectorAt(vectors, 8, 0)![1]).toBe(1);
    expect(vectorAt(vectors, 8, 1)).toBeNull();
    expect(vectorAt(vectors, 8, 2)![3]).toBe(1);
    expect(asked).toMatchObject([{ input: ['a', 'ccc'], dimensions: 8, encoding_format: 'base64' }]);
    expect(embedder.id).toBe('openai-text-embedding-3-small-8');
  });
  it('packs by inputs and by tokens', () => {
    expect(pack(Array.from({ length: EMBEDDING_INPUTS_MAX + 5 }, () => 'x')).map((batch) => batch.length)).toEqual([EMBEDDING_INPUTS_MAX, 5]);
    const long = pack(Array.from({ length: 100 }, () => 'word '.repeat(8_000)));
    for (const batch of long) expect(batch.reduce((sum, { text }) => sum + text.length / 4, 0)).toBeLessThanOrEqual(EMBEDDING_TOKENS_PER_REQUEST_MAX);
    expect(long.flat().map(({ row }) => row)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(pack(['日'.repeat(50_000)])[0]![0]!.text.length).toBeLessThanOrEqual(4_096);
  });
  it('does not ask again when the account has no quota', async () => {
    const embedder = await open(() => ({ status: 429, json: { error: { code: 'insufficient_quota', type: 'insufficient_quota', message: 'sk-test' } } }));
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ kind: 'quota', message: expect.not.stringContaining('sk-test') as string });
    expect(asked.length).toBe(1);
  });
  it('asks again after a limit, and says so of a refused key and a refused text', async () => {
    expect((await (await open((body, nth) => (nth === 1 ? { status: 429, headers: { 'retry-after-ms': '1' }, json: {} } : embedding(body, nth)))).embed(['a'])).length).toBe(8);
    await expect((await open(() => ({ status: 401, json: { error: {} } }))).embed(['a'])).rejects.toMatchObject({ kind: 'auth' });
    await expect((await open(() => ({ status: 400, json: { error: {} } }))).embed(['a'])).rejects.toMatchObject({ kind: 'refused' });
  });
  it('takes no answer with too few or too short vectors, or without a direction', async () => {
    for (const data of [[], [{ index: 0, embedding: [1, 2] }], [{ index: 0, embedding: Array(8).fill(0) }]]) {
      await expect((await open(() => ({ json: { data } }))).embed(['a'])).rejects.toMatchObject({ kind: 'bad_answer' });
    }
  });
  it('stops when it is told to', async () => {
    const stop = new AbortController(), embedder = await open(() => { stop.abort(new Error('stopped')); return { json: {} }; });
    await expect(embedder.embed(['a'], stop.signal)).rejects.toThrow('stopped');
  });
});
