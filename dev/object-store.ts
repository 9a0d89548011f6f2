/** A small S3-compatible store in memory: ranges, conditional writes, listing, multi-delete, multipart, copy. Checks no signatures; `ignoresConditions` makes it one that loses commits. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Stored { bytes: Buffer; etag: string; at: Date }

export interface ObjectStore {
  endpoint: string;
  objects: Map<string, Stored>;
  ignoresConditions: boolean;
  /** Answers 403 to everything. */
  refuses: boolean;
  requests: number;
  /** Waited for before anything is looked at or written; `accessKeyId`: whose request it is. */
  before: (accessKeyId: string) => Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on `port` (0: any free one). */
export async function startObjectStore({ port = 0 }: { port?: number } = {}): Promise<ObjectStore> {
  const uploads = new Map<string, Map<number, Buffer>>();
  const server = createServer((request, response) => {
    void handle(store, uploads, request, response).catch((error: unknown) => { response.writeHead(500).end(String(error)); });
  });
  const store: ObjectStore = {
    endpoint: '', objects: new Map(), ignoresConditions: false, refuses: false, requests: 0, before: () => Promise.resolve(),
    stop: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); }),
  };
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  store.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return store;
}

async function handle(store: ObjectStore, uploads: Map<string, Map<number, Buffer>>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', store.endpoint), key = decodeURIComponent(url.pathname).slice(1), query = url.searchParams;
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const body = unchunked(Buffer.concat(parts), request);
  store.requests += 1;
  await store.before(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
  if (store.refuses) return fail(response, 403, 'AccessDenied');
  switch (request.method) {
    case 'GET': return query.has('list-type') || query.has('prefix') || !key.includes('/') ? list(store, key.replace(/\/$/, ''), query, response) : read(store, key, request, response, true);
    case 'HEAD': return read(store, key, request, response, false);
    case 'PUT': return query.has('partNumber') ? putPart(uploads, query, body, response) : put(store, key, request, body, response);
    case 'POST': return query.has('delete') ? deleteMany(store, key.replace(/\/$/, ''), body, response) : query.has('uploads') ? begin(uploads, response) : complete(store, uploads, key, query, request, response);
    case 'DELETE': {
      if (query.has('uploadId')) uploads.delete(query.get('uploadId')!);
      else store.objects.delete(key);
      return void response.writeHead(204).end();
    }
    default: return fail(response, 405, 'MethodNotAllowed');
  }
}

/** The SDKs may send a signed stream in chunks: `size;chunk-signature=..\r\n bytes \r\n`. */
function unchunked(body: Buffer, request: IncomingMessage): Buffer {
  if (!/STREAMING/.test(String(request.headers['x-amz-content-sha256'] ?? ''))) return body;
  const out: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const line = body.indexOf('\r\n', at), size = parseInt(body.toString('latin1', at, line), 16);
    if (!(size > 0)) break;
    out.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(out);
}

const stored = (bytes: Buffer): Stored => ({ bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"`, at: new Date() });
const xml = (response: ServerResponse, status: number, text: string): void => void response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
const fail = (response: ServerResponse, status: number, code: string): void => xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function read({ objects }: ObjectStore, key: string, request: IncomingMessage, response: ServerResponse, withBody: boolean): void {
  const object = objects.get(key);
  if (!object) return withBody ? fail(response, 404, 'NoSuchKey') : void response.writeHead(404).end();
  const { bytes, etag, at } = object, range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  const headers = { etag, 'last-modified': at.toUTCString(), 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' };
  if (!range) return void response.writeHead(200, { ...headers, 'content-length': bytes.length }).end(withBody ? bytes : undefined);
  const from = range[1] === '' ? Math.max(0, bytes.length - Number(range[2])) : Number(range[1]), to = range[1] === '' || range[2] === '' ? bytes.length - 1 : Math.min(Number(range[2]), bytes.length - 1);
  if (from > to) return fail(response, 416, 'InvalidRange');
  response.writeHead(206, { ...headers, 'content-length': to - from + 1, 'content-range': `bytes ${from}-${to}/${bytes.length}` }).end(withBody ? bytes.subarray(from, to + 1) : undefined);
}

/** No await between looking and writing: conditions hold. */
function put(store: ObjectStore, key: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const { 'if-none-match': absent, 'if-match': match, 'x-amz-copy-source': source } = request.headers, old = store.objects.get(key);
  if (!store.ignoresConditions && ((absent === '*' && old) || (match !== undefined && old?.etag !== match))) return fail(response, 412, 'PreconditionFailed');
  if (typeof source === 'string') {
    const from = store.objects.get(decodeURIComponent(source).replace(/^\//, ''));
    if (!from) return fail(response, 404, 'NoSuchKey');
    store.objects.set(key, stored(from.bytes));
    return xml(response, 200, `<CopyObjectResult><ETag>${store.objects.get(key)!.etag}</ETag><LastModified>${new Date().toISOString()}</LastModified></CopyObjectResult>`);
  }
  const object = stored(body);
  store.objects.set(key, object);
  response.writeHead(200, { etag: object.etag }).end();
}

function begin(uploads: Map<string, Map<number, Buffer>>, response: ServerResponse): void {
  const id = randomUUID();
  uploads.set(id, new Map());
  xml(response, 200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
}
function putPart(uploads: Map<string, Map<number, Buffer>>, query: URLSearchParams, body: Buffer, response: ServerResponse): void {
  const parts = uploads.get(query.get('uploadId') ?? '');
  if (!parts) return fail(response, 404, 'NoSuchUpload');
  parts.set(Number(query.get('partNumber')), body);
  response.writeHead(200, { etag: stored(body).etag }).end();
}
function complete(store: ObjectStore, uploads: Map<string, Map<number, Buffer>>, key: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
  const id = query.get('uploadId') ?? '', parts = uploads.get(id);
  if (!parts) return fail(response, 404, 'NoSuchUpload');
  if (!store.ignoresConditions && request.headers['if-none-match'] === '*' && store.objects.has(key)) return fail(response, 412, 'PreconditionFailed');
  uploads.delete(id);
  store.objects.set(key, stored(Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part))));
  xml(response, 200, `<CompleteMultipartUploadResult><Key>${escaped(key)}</Key><ETag>${store.objects.get(key)!.etag}</ETag></CompleteMultipartUploadResult>`);
}

function deleteMany(store: ObjectStore, bucket: string, body: Buffer, response: ServerResponse): void {
  const keys = [...body.toString('utf8').matchAll(/<Key>([\s\S]*?)<\/Key>/g)].map((match) => match[1]!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
  for (const key of keys) store.objects.delete(`${bucket}/${key}`);
  xml(response, 200, `<DeleteResult>${keys.map((key) => `<Deleted><Key>${escaped(key)}</Key></Deleted>`).join('')}</DeleteResult>`);
}

const KEYS_PER_LIST = 1_000;
function list({ objects }: ObjectStore, bucket: string, query: URLSearchParams, response: ServerResponse): void {
  const prefix = query.get('prefix') ?? '', delimiter = query.get('delimiter') ?? '', after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const keys = [...objects.keys()].filter((key) => key.startsWith(`${bucket}/${prefix}`)).map((key) => key.slice(bucket.length + 1)).filter((key) => key > after).sort();
  const page = keys.slice(0, Number(query.get('max-keys') ?? KEYS_PER_LIST)), folders = new Set<string>(), contents: string[] = [];
  for (const key of page) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut >= 0) { folders.add(key.slice(0, cut + delimiter.length)); continue; }
    const { bytes, etag, at } = objects.get(`${bucket}/${key}`)!;
    contents.push(`<Contents><Key>${escaped(key)}</Key><LastModified>${at.toISOString()}</LastModified><ETag>${etag}</ETag><Size>${bytes.length}</Size></Contents>`);
  }
  const more = keys.length > page.length;
  xml(response, 200, `<ListBucketResult><Name>${bucket}</Name><Prefix>${escaped(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : ''}${contents.join('')}${[...folders].map((folder) => `<CommonPrefixes><Prefix>${escaped(folder)}</Prefix></CommonPrefixes>`).join('')}</ListBucketResult>`);
}
