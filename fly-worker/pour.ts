/** An answer that is too large to be held: written part by part, no faster than the other side reads. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Ends when the parts do, or when the reader leaves. What breaks after the first part cuts the answer off, so that nobody takes it for the whole; before it, it is thrown. */
export async function pour(response: ServerResponse, parts: AsyncIterable<string>, broken: (error: unknown) => void): Promise<void> {
  const begin = (): void => { if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' }); };
  try {
    for await (const part of parts) {
      if (response.destroyed) return;
      begin();
      if (!response.write(part)) await readOrGone(response);
    }
  } catch (error) {
    if (!response.headersSent) throw error;
    broken(error);
    response.destroy();
    return;
  }
  begin();
  response.end();
}

async function readOrGone(response: ServerResponse): Promise<void> {
  const either = new AbortController();
  await Promise.race(['drain', 'close'].map((event) => once(response, event, { signal: either.signal }).catch(() => undefined)));
  either.abort();
}
