/** The sandbox's way to read and answer HTTP: JSON in, JSON out. Decides nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const BODY_BYTES_MAX = 8 * 1024 * 1024;

/** An answer before it is sent. A body that is a string or a buffer is sent as it is, anything else as JSON. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

/** A JSON answer. */
export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({ status, body, headers });

/** Sends an answer; one that nobody waits for any more is dropped. */
export function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const bytes = encode(body);
  const type = bytes.length && !headers['content-type'] ? { 'content-type': 'application/json' } : {};
  response.writeHead(status, { ...type, ...headers, 'content-length': bytes.length });
  response.end(bytes);
}

/** What `send` would put on the wire. */
export function encode(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The request's body as text. */
export function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((done, fail) => {
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > BODY_BYTES_MAX) fail(new Error('body too large'));
      else parts.push(part);
    });
    request.once('end', () => done(Buffer.concat(parts).toString('utf8')));
    request.once('error', fail);
  });
}
