/** Zips by ranges: what is in them, how large they may be, and what is made to burst. */
import { deflateSync, strToU8, zipSync, type Zippable } from 'fflate';
import { describe, expect, it } from 'vitest';
import { ARCHIVE_READ_BYTES, ZIP_ENTRY_BYTES_MAX } from '#contract/limits';
import { openArchive } from '#fly-worker/connectors/archive-file';
import { entriesOf, unpack, ZipTrouble } from '#fly-worker/connectors/zip';

const fileOf = (bytes: Uint8Array) => openArchive({ baseUrl: 'http://desk', bytes: ({ from, length }) => Promise.resolve({ bytes: bytes.slice(from, from + length), total: bytes.length, version: 'v' }) }, null);
const contents = async (bytes: Uint8Array): Promise<Record<string, string>> => {
  const file = fileOf(bytes), all: Record<string, string> = {};
  for (const entry of await entriesOf(file)) all[entry.name] = Buffer.from(await unpack(file, entry)).toString();
  return all;
};
const trouble = (of: Promise<unknown>): Promise<string> => of.then(() => 'none', (error: unknown) => { if (error instanceof ZipTrouble) return error.message; throw error; });

describe('a zip', () => {
  it('is read by its table: names in any script, packed or not, folders left out', async () => {
    const files: Zippable = { 'a.txt': strToU8('A'), 'Ordner/ä.json': [strToU8('{"ä":1}'), { level: 9 }], 'plain.txt': [strToU8('plain'), { level: 0 }], 'empty/': new Uint8Array(), 'nothing.txt': new Uint8Array() };
    expect(await contents(zipSync(files))).toEqual({ 'a.txt': 'A', 'Ordner/ä.json': '{"ä":1}', 'plain.txt': 'plain', 'nothing.txt': '' });
  });

  it('is found with a remark behind it', async () => {
    expect(await contents(zipSync({ 'a.txt': strToU8('A') }, { comment: 'PK\x05\x06 is what the end begins with. '.repeat(200) }))).toEqual({ 'a.txt': 'A' });
  });

  it('of more than 65,535 files has its numbers elsewhere, and costs a few hundred bytes a file', async () => {
    const bytes = zip64(70_000), file = fileOf(bytes);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed, entries = await entriesOf(file);
    expect(entries).toHaveLength(70_000);
    expect(Buffer.from(await unpack(file, entries[69_999]!)).toString()).toBe('x');
    expect((process.memoryUsage().heapUsed - before) / 70_000).toBeLessThan(1_000);
  });

  it('that was cut short, or is none, says so', async () => {
    const whole = zipSync({ 'a.txt': strToU8('A'.repeat(1_000)) });
    for (const broken of [whole.slice(0, -30), strToU8('PK\x03\x04 and no more'), new Uint8Array(100)]) expect(await trouble(entriesOf(fileOf(broken)))).toMatch(/no table of contents/);
    const damaged = whole.slice();
    damaged.fill(0, 0, 20);
    expect(await trouble(contents(damaged))).toMatch(/not where the zip's table of contents says/);
  });
});

describe('a file in a zip', () => {
  it('that bursts is stopped by what comes out, whatever the table says of it', async () => {
    // 1,000 to 1, and the table says it is small
    const bomb = zipSync({ 'bomb.json': [new Uint8Array(20 << 20), { level: 9 }] });
    expect(await trouble(contents(bomb))).toMatch(/unpacks to more than it may/);
    const table = bomb.lastIndexOf(0x02);
    new DataView(bomb.buffer).setUint32(findTable(bomb) + 24, 10, true);
    expect(table).toBeGreaterThan(0);
    expect(await trouble(contents(bomb))).toMatch(/unpacks to more than it may/);
  });

  it('that says it is huge is not begun', async () => {
    const bytes = zipSync({ 'a.json': strToU8('[]') });
    new DataView(bytes.buffer).setUint32(findTable(bytes) + 24, ZIP_ENTRY_BYTES_MAX + 1, true);
    expect(await trouble(contents(bytes))).toMatch(/larger than 64 MB/);
  });

  it('that is locked, damaged, of another size or packed in an odd way says so', async () => {
    const fresh = (): { bytes: Uint8Array; data: DataView; at: number } => { const bytes = zipSync({ 'a.json': [strToU8(JSON.stringify([...'a text that packs well, a text that packs well'])), { level: 9 }] }); return { bytes, data: new DataView(bytes.buffer), at: findTable(bytes) }; };
    const locked = fresh(), odd = fresh(), other = fresh(), damaged = fresh();
    locked.data.setUint16(locked.at + 8, 1, true);
    odd.data.setUint16(odd.at + 10, 12, true);
    other.data.setUint32(other.at + 24, 5, true);
    damaged.bytes.fill(0xff, 40, 60);
    expect(await trouble(contents(locked.bytes))).toMatch(/locked/);
    expect(await trouble(contents(odd.bytes))).toMatch(/not supported/);
    expect(await trouble(contents(other.bytes))).toMatch(/damaged/);
    expect(await trouble(contents(damaged.bytes))).toMatch(/damaged/);
  });

  it('is read in ranges, and one that spans several comes out whole', async () => {
    const noise = new Uint8Array(3 * ARCHIVE_READ_BYTES).map((_, i) => (i * 2_654_435_761) >>> 24), bytes = zipSync({ 'noise.bin': [noise, { level: 1 }] }), file = fileOf(bytes);
    const [entry] = await entriesOf(file);
    expect(Buffer.compare(await unpack(file, entry!), noise)).toBe(0);
  });
});

/** Where the first entry of the table begins. */
function findTable(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 22 + 16, true);
}

/** A zip whose end speaks in 64 bits, as APPNOTE 4.3.14 and 4.3.15 have it. */
function zip64(count: number): Uint8Array {
  const packed = deflateSync(strToU8('x')), parts: Buffer[] = [], table: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const name = Buffer.from(`general/${String(i).padStart(5, '0')}.json`), local = Buffer.alloc(30), entry = Buffer.alloc(46);
    local.writeUInt32LE(0x04034b50); local.writeUInt16LE(8, 8); local.writeUInt32LE(packed.length, 18); local.writeUInt32LE(1, 22); local.writeUInt16LE(name.length, 26);
    entry.writeUInt32LE(0x02014b50); entry.writeUInt16LE(8, 10); entry.writeUInt32LE(packed.length, 20); entry.writeUInt32LE(1, 24); entry.writeUInt16LE(name.length, 28); entry.writeUInt32LE(at, 42);
    parts.push(local, name, Buffer.from(packed));
    table.push(entry, name);
    at += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(table), end64 = Buffer.alloc(56), locator = Buffer.alloc(20), end = Buffer.alloc(22, 0xff);
  end64.writeUInt32LE(0x06064b50); end64.writeBigUInt64LE(BigInt(count), 32); end64.writeBigUInt64LE(BigInt(directory.length), 40); end64.writeBigUInt64LE(BigInt(at), 48);
  locator.writeUInt32LE(0x07064b50); locator.writeBigUInt64LE(BigInt(at + directory.length), 8);
  end.writeUInt32LE(0x06054b50); end.writeUInt16LE(0, 20);
  return Buffer.concat([...parts, directory, end64, locator, end]);
}
