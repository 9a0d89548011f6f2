/** What a request brings with it: the one way to read it, and never more of it than a limit, whatever it says of its own length. */
import { ApiError } from '#contract/errors';
import { REQUEST_BYTES_MAX } from '#contract/limits';

/** The body, up to `bytesMax`. What is larger is not read to its end. Throws ApiError `payload_too_large`. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (): ApiError => new ApiError('payload_too_large', `The request is larger than ${bytesMax / 1024} KB.`);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest.
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > bytesMax) throw tooLarge();
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) { bytes.set(part, at); at += part.length; }
  return bytes;
}

/** The body as JSON; undefined: there is none. Throws ApiError `payload_too_large`, `bad_request`. */
export async function readJson(request: Request): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(request, REQUEST_BYTES_MAX));
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('bad_request', 'The request\'s body is not JSON.');
  }
}
