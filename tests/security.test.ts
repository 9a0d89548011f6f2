/** What must hold wherever somebody adds a line: nobody is followed elsewhere, no body is read without a limit, the page runs nothing inline, a tenant's address leads outside. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAiEmbedder } from '#fly-worker/embed/openai';
import { openModel } from '#fly-worker/enrich/model';
import { isInside, mustLeadOutside } from '#fly-worker/outside';

const ROOT = resolve(import.meta.dirname, '..');
const read = (room: string): { file: string; text: string }[] => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(tsx?|html)$/.test(file) && !/(^|\/)(dist|\.build)\//.test(file)).map((file) => ({ file: `${room}/${file}`, text: readFileSync(join(ROOT, room, file), 'utf8') }));
const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length;

describe('the product\'s own lines', () => {
  it('follow nobody elsewhere: every fetch says what becomes of a redirect', () => {
    const careless = ['worker-api', 'durable-objects', 'fly-worker'].flatMap(read).flatMap(({ file, text }) => [...text.matchAll(/(?<![.\w])fetch\((?=[^)])/g)]
      .filter(({ index }) => !/^\S*\(.*\): Promise/.test(text.slice(index)) && !text.slice(index, index + 900).split(/\n\s*\n/)[0]!.includes('redirect: \'manual\'')).map(({ index }) => `${file}:${lineOf(text, index)}`));
    expect(careless, 'add redirect: \'manual\', and handle what is answered then').toEqual([]);
  });

  it('read no request\'s body at the desk but through body.ts, which has limits', () => {
    const careless = read('worker-api').flatMap(({ file, text }) => [...text.matchAll(/\b(?:req|request)(?:\.raw)?\.(?:json|text|arrayBuffer|formData|blob|bytes)\(/g)].map(({ index }) => `${file}:${lineOf(text, index)}`));
    expect(careless).toEqual([]);
  });

  it('put no text into the page as markup, and run none', () => {
    const careless = read('web').flatMap(({ file, text }) => [...text.matchAll(/dangerouslySetInnerHTML|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|javascript:/g)].map(({ 0: what, index }) => `${file}:${lineOf(text, index)}: ${what}`));
    expect(careless).toEqual([]);
    const page = readFileSync(join(ROOT, 'web/index.html'), 'utf8');
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/i);
    for (const [, attributes, inline] of page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) expect([attributes!.includes('src='), inline!.trim()]).toEqual([true, '']);
  });
});

describe('the page', () => {
  it('is served with a policy that runs only its own files, over https, in nobody\'s frame', () => {
    const headers = new Map([...readFileSync(join(ROOT, 'web/public/_headers'), 'utf8').matchAll(/^ {2}([\w-]+): (.+)$/gm)].map(([, name, value]) => [name!.toLowerCase(), value!]));
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|data:|http/);
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=63072000/);
    expect([headers.get('x-frame-options'), headers.get('referrer-policy'), headers.get('x-content-type-options')]).toEqual(['DENY', 'same-origin', 'nosniff']);
  });
});

describe('the address of a tenant\'s model', () => {
  it.each([
    '127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.254', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '198.18.0.1', '224.0.0.1', '255.255.255.255',
    '::1', '::', 'fe80::1', 'fd12:3456::1', 'fdaa::3', 'ff02::1', '64:ff9b::a00:1', '::ffff:127.0.0.1', '::ffff:169.254.169.254', '::ffff:7f00:1',
  ])('is inside: %s', (address) => { expect(isInside(address)).toBe(true); });
  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('is outside: %s', (address) => { expect(isInside(address)).toBe(false); });

  it('is not called when its name resolves to this machine', async () => {
    await expect(mustLeadOutside(new URL('https://localhost/v1'))).rejects.toMatchObject({ name: 'ModelError', kind: 'auth' });
    await expect(openModel({ apiKey: 'sk-test', baseUrl: 'https://localhost:9/v1', model: null }).read([], new AbortController().signal)).rejects.toMatchObject({ name: 'ModelError', kind: 'auth', message: expect.stringContaining('private network') });
  });

  it('leads nowhere else: whoever sends us on is not followed, and the key goes to nobody', async () => {
    const met: string[] = [];
    const server = createServer((request, response) => { met.push(request.url!); response.writeHead(request.url!.startsWith('/v1/') ? 307 : 200, { location: '/inside' }).end('{}'); });
    await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    await expect(openModel({ apiKey: 'sk-test', baseUrl, model: null }).read([], new AbortController().signal)).rejects.toMatchObject({ kind: 'auth', message: expect.stringContaining('not followed') });
    await expect(openAiEmbedder({ apiKey: 'sk-test', baseUrl }).embed(['text'])).rejects.toMatchObject({ kind: 'auth' });
    expect(met).toEqual(['/v1/chat/completions', '/v1/embeddings']);
    server.close();
    server.closeAllConnections();
  });
});
