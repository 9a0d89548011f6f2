/** Bytes as mail carries them -> text: base64url and charsets. Pure; the same in Node and at the edge. */

/** The one standard decoder of every runtime that this room's plain library does not list. https://encoding.spec.whatwg.org */
declare const TextDecoder: new (label: string, options?: { fatal?: boolean }) => { decode(bytes: Uint8Array): string };

const DIGITS = new Uint8Array(256).fill(255);
for (const [i, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) DIGITS[char.charCodeAt(0)] = i;
DIGITS['+'.charCodeAt(0)] = 62;
DIGITS['/'.charCodeAt(0)] = 63;

/** RFC 4648 section 5, and the plain alphabet too. What is no digit (padding, line ends) is passed over. */
export function fromBase64Url(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(text.length * 3 / 4));
  let length = 0, bits = 0, held = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = DIGITS[text.charCodeAt(i) & 0xff]!;
    if (digit === 255) continue;
    bits = (bits << 6 | digit) & 0xffff;
    held += 6;
    if (held >= 8) bytes[length++] = bits >> (held -= 8) & 0xff;
  }
  return bytes.subarray(0, length);
}

const ESCAPE = 0x1b;

/**
 * Text of a mail's part. What is valid UTF-8 is UTF-8, whatever its header says: Gmail turns bodies into UTF-8 and leaves the header as it was, and other
 * charsets are valid UTF-8 by accident only where they are plain ASCII. Seven-bit charsets (ISO-2022-JP) are that and more; their escapes give them away.
 */
export function textOf(bytes: Uint8Array, charset: string | null): string {
  const sevenBit = /^iso-2022/i.test(charset ?? '') && bytes.includes(ESCAPE) && bytes.every((byte) => byte < 0x80);
  return (sevenBit ? null : decoded(bytes, 'utf-8', true)) ?? decoded(bytes, charset ?? 'windows-1252', false) ?? decoded(bytes, 'windows-1252', false)!;
}

function decoded(bytes: Uint8Array, charset: string, fatal: boolean): string | null {
  try {
    return new TextDecoder(charset, { fatal }).decode(bytes);
  } catch {
    return null;                                                              // not this charset, or none that anybody knows
  }
}
