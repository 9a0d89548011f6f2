/** Uploaded files in object storage: streamed in by parts, read by ranges, never whole in memory. One object per connection, replaced as a whole when its upload is complete. */
import type { R2Bucket, R2MultipartUpload, R2UploadedPart } from '@cloudflare/workers-types';
import { sql } from 'drizzle-orm';
import { ApiError } from '#contract/errors';
import { ARCHIVE_BYTES_MAX, ARCHIVE_HEAD_BYTES, ARCHIVE_PART_BYTES } from '#contract/limits';
import { tenantDatabase } from './database.ts';
import type { Env } from './env.ts';

/** Tenant first: nobody's key is the beginning of another's. */
export const archiveKey = (tenantId: string, connectionId: string): string => `${tenantId}/${connectionId}`;

/** Bytes that one file may have. */
export const bytesMaxOf = ({ ARCHIVE_BYTES_MAX: setting }: Pick<Env, 'ARCHIVE_BYTES_MAX'>): number => (Number(setting) > 0 ? Number(setting) : ARCHIVE_BYTES_MAX);

export interface Stored { bytes: number; /** Of the whole file, hex. */ sha256: string }
interface StoreLimits {
  bytesMax: number;
  /** Says what is wrong with a file that begins like this. */
  refuse(head: Uint8Array): string | null;
}

/**
 * Streams a file in; at most one part is held. Whatever goes wrong, and be it at the last byte, leaves nothing behind and what was there before in its
 * place. Throws ApiError `payload_too_large`, `unprocessable`, `bad_request` when the upload breaks off.
 * https://developers.cloudflare.com/r2/objects/multipart-objects/
 */
export async function storeArchive(bucket: R2Bucket, key: string, body: ReadableStream<Uint8Array>, limits: StoreLimits): Promise<Stored> {
  const digest = new crypto.DigestStream('SHA-256'), hash = digest.getWriter(), parts = partsInto(bucket, key), reader = body.getReader();
  // Given up, each of these is refused; nobody waits for it then.
  for (const outcome of [digest.digest, hash.closed]) outcome.catch(() => undefined);
  let bytes = 0, isChecked = false;
  const check = (): void => {
    isChecked = true;
    const trouble = limits.refuse(parts.head());
    if (trouble !== null) throw new ApiError('unprocessable', trouble);
  };
  try {
    for (let next = await read(reader); next; next = await read(reader)) {
      bytes += next.length;
      if (bytes > limits.bytesMax) throw tooLarge(limits.bytesMax);
      await hash.write(next);
      if (!isChecked && bytes >= ARCHIVE_HEAD_BYTES) {
        await parts.add(next.subarray(0, ARCHIVE_HEAD_BYTES));
        check();
        await parts.add(next.subarray(ARCHIVE_HEAD_BYTES));
      } else await parts.add(next);
    }
    if (bytes === 0) throw new ApiError('unprocessable', 'The file is empty.');
    if (!isChecked) check();
    await hash.close();
    const sha256 = hex(await digest.digest);
    await parts.finish();
    return { bytes, sha256 };
  } catch (error) {
    await Promise.allSettled([parts.abandon(), reader.cancel(), hash.abort()]);
    throw error;
  }
}

/** Null at the end. A person who goes away in the middle is no fault of ours. */
async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | null> {
  const next = await reader.read().catch(() => { throw new ApiError('bad_request', 'The upload broke off before its end. Nothing was kept; upload the file again.'); });
  return next.done ? null : next.value;
}

interface Parts {
  add(bytes: Uint8Array): Promise<void>;
  /** The first bytes, as long as nothing was sent on. */
  head(): Uint8Array;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** All parts but the last have the same size, as storage wants it. A file of less than one part needs none. */
function partsInto(bucket: R2Bucket, key: string): Parts {
  const part = new Uint8Array(ARCHIVE_PART_BYTES), sent: R2UploadedPart[] = [];
  let filled = 0, upload: R2MultipartUpload | null = null;
  const send = async (): Promise<void> => {
    upload ??= await bucket.createMultipartUpload(key);
    sent.push(await upload.uploadPart(sent.length + 1, part.subarray(0, filled)));
    filled = 0;
  };
  return {
    async add(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (filled === part.length) await send();
        const piece = bytes.subarray(at, at + part.length - filled);
        part.set(piece, filled);
        filled += piece.length;
        at += piece.length;
      }
    },
    head: () => part.subarray(0, Math.min(filled, ARCHIVE_HEAD_BYTES)),
    async finish() {
      if (upload === null) {
        await bucket.put(key, part.subarray(0, filled));
        return;
      }
      await send();
      await upload.complete(sent);
    },
    async abandon() { await upload?.abort(); },
  };
}

/** A part of a file, as HTTP has it. `version`: of the file that is meant. Throws ApiError `not_found`, `gone` when another file is in its place, `bad_request`. */
export async function readArchive(bucket: R2Bucket, key: string, range: { offset: number; length: number }, version: string | null): Promise<Response> {
  const found = await bucket.get(key, { range, ...(version === null ? {} : { onlyIf: { etagMatches: version.replaceAll('"', '') } }) })
    .catch(async (error: unknown) => { throw ((await bucket.head(key))?.size ?? Infinity) <= range.offset ? new ApiError('bad_request', 'The file has no such part.') : error; });
  if (found === null) throw new ApiError('not_found', 'The file is no longer there.');
  if (!('body' in found)) throw new ApiError('gone', 'Another file was uploaded in the place of this one.');
  const length = Math.min(range.length, found.size - range.offset);
  return new Response(found.body as unknown as BodyInit, {
    status: 206,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(length), 'content-range': `bytes ${range.offset}-${range.offset + length - 1}/${found.size}`, etag: found.httpEtag, 'cache-control': 'no-store' },
  });
}

/** The file goes; what was imported from it stays. Repeating is harmless. Throws ApiError `unavailable`. */
export async function dropArchive(env: Env, tenantId: string, connectionId: string): Promise<void> {
  await env.ARCHIVES.delete(archiveKey(tenantId, connectionId))
    .catch(() => { throw new ApiError('unavailable', 'The file was disconnected but could not be deleted just now. Disconnect it once more in a moment.', { retryAfterSeconds: 5 }); });
  await tenantDatabase(env).tenant(tenantId, [sql`delete from archives where tenant_id = ${tenantId} and connection_id = ${connectionId}::uuid`]);
}

export const tooLarge = (bytesMax: number): ApiError =>
  new ApiError('payload_too_large', `The file is larger than ${bytesMax >= 1 << 20 ? `${Math.floor(bytesMax / (1 << 20))} MB` : `${bytesMax} bytes`}. Nothing of it was kept. Split it and upload the parts one by one.`, { details: { bytes_max: bytesMax } });

const hex = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
