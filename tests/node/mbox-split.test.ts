/** Where one mail of a mailbox file ends and the next begins, whoever wrote the file, and in whatever pieces it is read. */
import { describe, expect, it } from 'vitest';
import { splitMbox, type RawMail } from '#fly-worker/connectors/mbox-split';
import { bytesOf, tapeOf } from '../tapes/replay.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const LINE = 'From anna@nordwind.example Tue Jun 16 10:00:00 2026';
const mail = (id: string, body = 'Text', more = ''): string => `${LINE}\nMessage-ID: <${id}@nordwind.example>\nDate: Tue, 16 Jun 2026 10:00:00 +0000\n${more}\n${body}\n\n`;
/** The id at the head of each mail. */
const ids = async (file: string): Promise<(string | undefined)[]> => (await split(Buffer.from(file), 64_000)).map((found) => /^Message-ID: <(.*)@/im.exec(found.text)?.[1]);

async function split(bytes: Uint8Array, piece: number, from = 0): Promise<(Omit<RawMail, 'bytes'> & { text: string })[]> {
  const mails = [];
  let at = from;
  const more = () => { const next = bytes.subarray(at, at + piece); at += next.length; return Promise.resolve(next); };
  for await (const { bytes: raw, ...rest } of splitMbox(more, { from, isSmall: () => true })) mails.push({ ...rest, text: text(raw) });
  return mails;
}

describe('splitting', () => {
  const tape = tapeOf('mbox'), bytes = bytesOf(tape.exchanges[0]!.file!);

  it('is the same in whatever pieces the file comes', async () => {
    const whole = await split(bytes, bytes.length);
    expect(whole.length).toBeGreaterThan(20);
    for (const piece of [1, 2, 7, 64, 1_000, 4_099]) expect(await split(bytes, piece)).toEqual(whole);
  });

  it('goes on at every mail as if it had never stopped', async () => {
    const whole = await split(bytes, 1_000);
    for (const [i, { from }] of whole.entries()) if (i > 0) expect(await split(bytes, 1_000, from)).toEqual(whole.slice(i));
    expect(whole.map(({ next }) => next)).toEqual([...whole.slice(1).map(({ from }) => from), bytes.length]);
  });

  it.each([
    ['words that begin like it', `${mail('a', 'Before.\n\nFrom here on it is different: a line with a colon\n\nFrom Tom: another')}${mail('b')}`, ['a', 'b']],
    ['a date in words', `${mail('a', 'x\n\nFrom my notes of Tue Jun 16 10:00:00 2026 it follows\nthat it holds')}${mail('b')}`, ['a', 'b']],
    ['no empty line between two mails', `${mail('a').trimEnd()}\n${mail('b')}`, ['a', 'b']],
    ['CRLF', (mail('a') + mail('b')).replaceAll('\n', '\r\n'), ['a', 'b']],
    ['a mark of the encoding and empty lines before it', `\ufeff\n\n${mail('a')}${mail('b')}`, ['a', 'b']],
    ['no end of line at the end', (mail('a') + mail('b')).trimEnd(), ['a', 'b']],
    ['lengths that lie', mail('a', 'Text', 'Content-Length: 99999\n') + mail('b', 'Text', 'Content-Length: 1\n') + mail('c'), ['a', 'b', 'c']],
    ['bare lines of Thunderbird', (mail('a') + mail('b')).replaceAll(LINE, 'From '), ['a', 'b']],
    ['Eudora', (mail('a') + mail('b')).replaceAll('anna@nordwind.example Tue', '???@??? Tue'), ['a', 'b']],
    ['a zone before the year', (mail('a') + mail('b')).replaceAll('10:00:00 2026', '10:00:00 +0000 2026'), ['a', 'b']],
    ['a single mail that brings another one along', `Message-ID: <a@nordwind.example>\nDate: Tue, 16 Jun 2026 10:00:00 +0000\n\nForwarded:\n\n${mail('b')}`, ['a']],
    ['a line of 700 KB', `${mail('a', 'x'.repeat(700_000))}${mail('b')}`, ['a', 'b']],
  ])('%s', async (_, file, expected) => { expect(await ids(file)).toEqual(expected); });

  it('takes away one mark of quoting, and only from quoted lines', async () => {
    const [found] = await split(Buffer.from(mail('a', '>From one\n>>From two\n> From three\n>Fromage')), 7);
    expect(found!.text.trim().split('\n').slice(-4)).toEqual(['From one', '>From two', '> From three', '>Fromage']);
  });
});
