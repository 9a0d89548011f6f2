/** What fuzzing found, each as a row: it broke something once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '#fly-worker/connectors/index';
import { derive } from '#fly-worker/extract/derive';
import { ProviderError } from '#fly-worker/provider';
import { open, walk, type Stage, type Walk } from '../conformance.ts';
import { readRound } from '../conformance-changes.ts';
import { noFault, replay, tapeOf, type Fault, type Replay } from '../tapes/replay.ts';

const opened: Replay[] = [];
afterAll(() => Promise.all(opened.map((server) => server.close())));
async function stageOf(id: string): Promise<Stage> {
  const connector = connectors.find((one) => one.id === id)!, tape = tapeOf(id), server = await replay(tape);
  opened.push(server);
  const { get, bytes } = open({ connector, server, tape });
  return { connector, server, tape, directory: await connector.directory?.({ get, bytes, baseUrl: server.baseUrl }) ?? null };
}
/** Answers whose text holds `has` come with `change` done to it. */
const altered = (has: string, change: (text: string) => string): Fault => (_, response, { status, headers, body }) => {
  if (!body.includes(has)) return false;
  response.writeHead(status, headers).end(change(body.toString()));
  return true;
};

describe('an answer', () => {
  it.each([
    ['gmail', 'the next page named by half a character', '"nextPageToken":"', '"nextPageToken":"\\ud800'], ['gmail', 'the next page named by NUL', '"nextPageToken":"', '"nextPageToken":"\\u0000'],
    ['google_calendar', 'the next page named by NUL', '"nextPageToken":"', '"nextPageToken":"\\u0000'], ['slack', 'the next page named by half a character', '"next_cursor":"bmV', '"next_cursor":"\\udfffbmV'],
  ])('of %s with %s is unreadable: no checkpoint could hold it', async (id, _, from, to) => {
    const stage = await stageOf(id);
    stage.server.fault = altered(from, (text) => text.replaceAll(from, to));
    const outcome = await walk(stage, Object.keys(stage.tape.records)[0]!).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(ProviderError);
    expect((outcome as ProviderError).kind).toBe('unreadable_answer');
  });

  it('of Gmail whose changes name a mail by half a character ends as a kind that the table knows', async () => {
    const stage = await stageOf('gmail'), { token } = await readRound(stage, 'mail', null);
    stage.server.fault = altered('"messages"', (text) => text.replaceAll(/"id":"[^"]*"/g, '"id":"\\ud800"'));
    await expect(readRound(stage, 'mail', token)).rejects.toBeInstanceOf(ProviderError);
  });

  describe('of Slack with a message that cannot be read', () => {
    let stage: Stage, whole: Walk;
    beforeAll(async () => { stage = await stageOf('slack'); whole = await walk(stage, 'C01GENERAL'); });
    it.each([['reply_count', '"reply_count":{}'], ['text', '"text":[]']])('still has that message\'s answers read: %s', async (field, instead) => {
      // Only where threads begin: they have answers.
      stage.server.fault = altered('"reply_count"', (text) => text.replaceAll(/\{[^{}]*"reply_count"[^{}]*\}/g, (message) => message.replace(new RegExp(`"${field}":(?:"[^"]*"|[\\d.]+)`), instead)));
      const found = await walk(stage, 'C01GENERAL');
      stage.server.fault = noFault;
      expect(whole.ids.filter((id) => !found.ids.includes(id) && !found.unreadable.includes(id))).toEqual([]);
      expect(found.unreadable.length).toBeGreaterThan(whole.unreadable.length);
    });
  });
});

it('an address with NUL in it is spelt alike in both memories and in every filter', () => {
  const [{ people, facts }] = derive([{
    stream: 'mail', providerId: 'm', kind: 'mail', occurredAt: '2026-06-16T10:00:00.000Z', endsAt: null, title: '', body: { format: 'text', content: '' },
    participants: [{ role: 'from', name: null, address: 'an\u0000na@nordwind.example' }], threadId: null, globalId: null, replyToGlobalId: null, url: null, properties: {},
  }]) as [ReturnType<typeof derive>[number]];
  expect(people).toEqual(['anna@nordwind.example']);
  expect(facts.entities.map(({ key }) => key)).toContain('anna@nordwind.example');
});
