/**
 * The table of contents of a zip and single files of it, by ranges. Own reading of the table (the kept library with random access holds 6 KB an
 * entry where 200 bytes do: 356 MB instead of 12 for 60,000 days); unpacking is fflate's. What unpacks without end is stopped by count, not by
 * what it says of itself. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { Inflate } from 'fflate';
import { ARCHIVE_READ_BYTES, ZIP_ENTRIES_MAX, ZIP_ENTRY_BYTES_MAX, ZIP_RATIO_MAX } from '#contract/limits';
import type { ArchiveFile } from './archive-file.ts';
import { textOf } from './text-bytes.ts';

export interface ZipEntry {
  name: string;
  /** Bytes as they lie in the zip, and unpacked as the table says. */
  packed: number;
  size: number;
  /** Where its own header begins. */
  at: number;
  /** 0: as it is, 8: deflated. */
  method: number;
  isEncrypted: boolean;
}

/** The zip, or one file of it, cannot be read: a sentence for people. */
export class ZipTrouble extends Error { override name = 'ZipTrouble'; }

const END = 0x06054b50, END64_LOCATOR = 0x07064b50, END64 = 0x06064b50, ENTRY = 0x02014b50, LOCAL = 0x04034b50;
/** The end's own length and the longest remark behind it. */
const END_BYTES = 22, REMARK_BYTES_MAX = 65_535;
const OVERFLOW = 0xffff_ffff;

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** Sizes beyond 2^53 are no sizes. */
const wide = (data: DataView, at: number): number => Number(data.getBigUint64(at, true));

/** Every file of the zip in the order of its table, folders left out. Throws ZipTrouble, ProviderError. */
export async function entriesOf(file: ArchiveFile): Promise<ZipEntry[]> {
  const { from, until } = await findTable(file), entries: ZipEntry[] = [];
  for (let at = from; at + 46 <= until;) {
    const fixed = view(await file.read(at, 46));
    if (fixed.byteLength < 46 || fixed.getUint32(0, true) !== ENTRY) throw new ZipTrouble('The zip\'s table of contents is damaged.');
    const [nameLength, extraLength, remarkLength] = [fixed.getUint16(28, true), fixed.getUint16(30, true), fixed.getUint16(32, true)];
    const isEncrypted = (fixed.getUint16(8, true) & 1) !== 0, method = fixed.getUint16(10, true);
    const found = { packed: fixed.getUint32(20, true), size: fixed.getUint32(24, true), at: fixed.getUint32(42, true) };
    const words = await file.read(at + 46, nameLength + extraLength), name = textOf(words.slice(0, nameLength), null);
    if (!name.endsWith('/')) entries.push({ name, method, isEncrypted, ...widened(found, words.subarray(nameLength)) });
    if (entries.length > ZIP_ENTRIES_MAX) throw new ZipTrouble(`The zip holds more than ${ZIP_ENTRIES_MAX} files.`);
    at += 46 + nameLength + extraLength + remarkLength;
  }
  return entries;
}

async function findTable(file: ArchiveFile): Promise<{ from: number; until: number }> {
  await file.read(0, 1);
  const tailFrom = Math.max(0, file.size - END_BYTES - REMARK_BYTES_MAX), tail = (await file.read(tailFrom, END_BYTES + REMARK_BYTES_MAX)).slice(), data = view(tail);
  for (let i = tail.length - END_BYTES; i >= 0; i--) {
    if (data.getUint32(i, true) !== END) continue;
    const size = data.getUint32(i + 12, true), from = data.getUint32(i + 16, true), isWide = size === OVERFLOW || from === OVERFLOW || data.getUint16(i + 10, true) === 0xffff;
    const table = isWide ? await wideTable(file, tailFrom + i) ?? { from, until: from + size } : { from, until: from + size };
    if (table.from >= 0 && table.until <= tailFrom + i) return table;
  }
  throw new ZipTrouble('The zip has no table of contents: the upload or the export was cut short.');
}

/** Of more than 65,535 files or 4 GB the numbers stand elsewhere (Zip64). */
async function wideTable(file: ArchiveFile, end: number): Promise<{ from: number; until: number } | null> {
  if (end < 20) return null;
  const locator = view((await file.read(end - 20, 20)).slice());
  if (locator.getUint32(0, true) !== END64_LOCATOR) return null;
  const at = wide(locator, 8), record = view((await file.read(at, 56)).slice());
  if (record.byteLength < 56 || record.getUint32(0, true) !== END64) throw new ZipTrouble('The zip\'s table of contents is damaged.');
  return { from: wide(record, 48), until: wide(record, 48) + wide(record, 40) };
}

/** The extra field 1 brings what did not fit, in this order. */
function widened(found: { packed: number; size: number; at: number }, extra: Uint8Array): { packed: number; size: number; at: number } {
  const data = view(extra), wider = { ...found };
  for (let i = 0; i + 4 <= extra.length; i += 4 + data.getUint16(i + 2, true)) {
    if (data.getUint16(i, true) !== 1) continue;
    let at = i + 4;
    for (const key of ['size', 'packed', 'at'] as const) {
      if (found[key] !== OVERFLOW || at + 8 > extra.length) continue;
      wider[key] = wide(data, at);
      at += 8;
    }
  }
  return wider;
}

/** One file, unpacked. Throws ZipTrouble when it is too large, packed in a way that nobody uses, or not what the table says; ProviderError. */
export async function unpack(file: ArchiveFile, entry: ZipEntry): Promise<Uint8Array> {
  const { name, method, packed, size, isEncrypted } = entry;
  if (isEncrypted) throw new ZipTrouble(`${name} is locked with a password.`);
  if (method !== 0 && method !== 8) throw new ZipTrouble(`${name} is packed in a way that is not supported (${method}).`);
  const most = Math.min(ZIP_ENTRY_BYTES_MAX, Math.max(packed * ZIP_RATIO_MAX, ARCHIVE_READ_BYTES));
  if (size > ZIP_ENTRY_BYTES_MAX || packed > ZIP_ENTRY_BYTES_MAX) throw new ZipTrouble(`${name} is larger than ${ZIP_ENTRY_BYTES_MAX >> 20} MB unpacked.`);
  const header = view((await file.read(entry.at, 30)).slice());
  if (header.byteLength < 30 || header.getUint32(0, true) !== LOCAL) throw new ZipTrouble(`${name} is not where the zip's table of contents says.`);
  const from = entry.at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const keep = (piece: Uint8Array): void => {
    length += piece.length;
    if (length > most) throw new ZipTrouble(`${name} unpacks to more than it may (${ZIP_ENTRY_BYTES_MAX >> 20} MB, or ${ZIP_RATIO_MAX} times its size in the zip).`);
    pieces.push(piece);
  };
  await feed(file, { from, packed, name }, method === 0 ? keep : null, keep);
  if (length !== size) throw new ZipTrouble(`${name} is damaged: ${length} bytes instead of ${size}.`);
  return joined(pieces, length);
}

/** Deflated bytes go in by pieces so small that what comes out between two looks is bounded as well (1,032 to 1 at most). */
const PIECE_BYTES = 8_192;

async function feed(file: ArchiveFile, { from, packed, name }: { from: number; packed: number; name: string }, plain: ((piece: Uint8Array) => void) | null, keep: (piece: Uint8Array) => void): Promise<void> {
  const inflate = new Inflate(keep);
  for (let done = 0; done < packed;) {
    const bytes = await file.read(from + done, Math.min(ARCHIVE_READ_BYTES, packed - done));
    if (bytes.length === 0) throw new ZipTrouble(`${name} is cut short: the zip ends before it does.`);
    if (plain) plain(bytes.slice());
    else {
      for (let i = 0; i < bytes.length; i += PIECE_BYTES) {
        try {
          inflate.push(bytes.slice(i, i + PIECE_BYTES), done + Math.min(i + PIECE_BYTES, bytes.length) === packed);
        } catch (error) {
          if (error instanceof ZipTrouble) throw error;
          throw new ZipTrouble(`${name} is damaged and cannot be unpacked.`);
        }
      }
    }
    done += bytes.length;
  }
}

function joined(pieces: Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
