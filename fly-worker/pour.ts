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
      if (!response.write(part)) await drained(response);
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

/** Leaves no listener behind: a long answer drains thousands of times. */
async function drained(response: ServerResponse): Promise<void> {
  const heard = new AbortController(), { signal } = heard;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).finally(() => heard.abort());
}
