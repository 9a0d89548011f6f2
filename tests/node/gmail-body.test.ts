/** Which of a mail's parts is its text, in which charset it is written, and what only hangs on it. */
import { describe, expect, it } from 'vitest';
import { bodyOf, hasAttachments, type Part } from '#fly-worker/connectors/gmail-body';
import { fromBase64Url, textOf } from '#fly-worker/connectors/text-bytes';

const leaf = (mimeType: string, text: string, more: Partial<Part> = {}): Part => ({ mimeType, body: { data: Buffer.from(text).toString('base64url') }, ...more });
const several = (kind: string, ...parts: Part[]): Part => ({ mimeType: `multipart/${kind}`, parts });

describe('a body', () => {
  const page = leaf('text/html', '<p>page</p>'), text = leaf('text/plain', 'text'), file = leaf('text/plain', 'a file', { filename: 'a.txt' }), image: Part = { mimeType: 'image/png', filename: 'x.png' };
  it.each<[string, Part, ReturnType<typeof bodyOf>]>([
    ['the page of two alternatives', several('alternative', text, page), { format: 'html', content: '<p>page</p>' }],
    ['the text when there is no page', several('alternative', text, leaf('text/calendar', 'BEGIN:VCALENDAR')), { format: 'text', content: 'text' }],
    ['the text when the page is empty', several('alternative', text, leaf('text/html', ' ')), { format: 'text', content: 'text' }],
    ['the page within its images', several('mixed', several('alternative', text, several('related', page, image)), file), { format: 'html', content: '<p>page</p>' }],
    ['texts one after the other', several('mixed', text, file, leaf('text/plain', 'footer')), { format: 'text', content: 'text\n\nfooter' }],
    ['a page and the text behind it', several('mixed', page, leaf('text/plain', 'a < b\nfooter')), { format: 'html', content: '<p>page</p>\n<div>a &lt; b<br>footer</div>' }],
    ['not of the mail that is attached', several('mixed', text, { mimeType: 'message/rfc822', filename: 'old.eml', parts: [page] }), { format: 'text', content: 'text' }],
    ['nothing when all is sealed', { mimeType: 'application/pkcs7-mime', filename: 'smime.p7m' }, null],
  ])('is %s', (_, part, expected) => { expect(bodyOf(part)).toEqual(expected); });

  it('has attachments beside it, not within it', () => {
    const inline = { ...image, headers: [{ name: 'Content-Disposition', value: 'INLINE' }, { name: 'Content-ID', value: '<x>' }] };
    expect([hasAttachments(several('mixed', text, file)), hasAttachments(several('related', page, inline)), hasAttachments(text)]).toEqual([true, false, false]);
  });

  it('is read in its own charset where it is not UTF-8, whatever its header says', () => {
    const bytes = (text: string, encoding: BufferEncoding = 'utf8') => fromBase64Url(Buffer.from(text, encoding).toString('base64url'));
    expect(textOf(bytes('Grüße – „so“'), 'iso-8859-1')).toBe('Grüße – „so“');
    expect(textOf(bytes('Grüße', 'latin1'), 'iso-8859-1')).toBe('Grüße');
    expect(textOf(bytes('Grüße', 'latin1'), 'UTF-8')).toBe('Gr\ufffd\ufffde');
    expect(textOf(bytes('Grüße', 'latin1'), 'no-such-charset')).toBe('Grüße');
    expect(textOf(bytes('Grüße', 'latin1'), null)).toBe('Grüße');
    expect(textOf(bytes('\u001b$B$3$s$K$A$O\u001b(B'), 'ISO-2022-JP')).toBe('こんにちは');
    expect(textOf(bytes('こんにちは'), 'ISO-2022-JP')).toBe('こんにちは');
  });

  it('comes out of base64 of either alphabet, with and without padding or line ends', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    for (const text of [all.toString('base64url'), all.toString('base64'), all.toString('base64').replace(/(.{76})/g, '$1\r\n')]) expect(Buffer.from(fromBase64Url(text))).toEqual(all);
    expect(fromBase64Url('')).toHaveLength(0);
  });
});
