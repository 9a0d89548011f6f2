/** An uploaded file as connectors read it: any part, by ranges through the workers' door, never the whole. */
import { ARCHIVE_READ_BYTES } from '#contract/limits';
import type { Ask } from '#contract/connector';
import { inUrl } from './items.ts';
import { ProviderError } from './provider-error.ts';

export interface ArchiveFile {
  /** Known once something was read. */
  readonly size: number;
  /** Changes when another file is uploaded in its place. Known once something was read. */
  readonly version: string;
  /** `length` bytes from `from` on, fewer only at the file's end. Not to be written to. Throws ProviderError; `gone` when the file was replaced. */
  read(from: number, length: number): Promise<Uint8Array>;
}

/**
 * Keeps the last range, so that neighbouring parts cost one request. `version`: of the file in which a checkpoint was written; another
 * one has other bytes at that place, and the reading begins anew.
 */
export function openArchive({ bytes, baseUrl }: Pick<Ask, 'bytes' | 'baseUrl'>, version: string | null): ArchiveFile {
  let held: Uint8Array = new Uint8Array(), heldFrom = 0, size = Infinity, current = version;

  async function fetchFrom(from: number, length: number): Promise<void> {
    const query = current === null ? '' : `?version=${inUrl(current)}`;
    const answer = await bytes({ url: `${baseUrl}/file${query}`, from, length: Math.min(Math.max(length, ARCHIVE_READ_BYTES), size - from) });
    if (current !== null && answer.version !== current) throw replaced();
    ({ bytes: held, version: current, total: size } = answer);
    heldFrom = from;
  }
  return {
    get size() { return size; },
    get version() { return current ?? ''; },
    async read(from, length) {
      if (from >= size) return new Uint8Array();
      const end = Math.min(from + length, size);
      if (from < heldFrom || end > heldFrom + held.length) await fetchFrom(from, length);
      return held.subarray(from - heldFrom, Math.min(from + length, size) - heldFrom);
    },
  };
}

export const replaced = (): ProviderError => new ProviderError('gone', 'Another file was uploaded in the place of this one. It is read from its beginning.');

/** An id for what has none: 64 bits of the content, by two seeds of one 32-bit hash (FNV-1a). */
export function fingerprint(bytes: Uint8Array): string {
  let a = 0x811c9dc5, b = 0x5bd1e995;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return `${(a >>> 0).toString(16).padStart(8, '0')}${(b >>> 0).toString(16).padStart(8, '0')}`;
}

/** Bytes as characters of the same number: enough for what is ASCII. */
export function asciiOf(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4_096) text += String.fromCharCode(...bytes.subarray(i, i + 4_096));
  return text;
}
