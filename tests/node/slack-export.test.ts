/** What is particular to an export of Slack: the zips that it comes in. */
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { slackExport } from '#fly-worker/connectors/slack-export';
import { importFile } from '../archive.ts';

describe('an export', () => {
  it('whose one day is made to burst is imported without it', async () => {
    const message = { type: 'message', user: 'U1', text: 'Hello', ts: '1781514000.000100' };
    const { records, unreadable } = await importFile(slackExport, zipSync({
      'channels.json': strToU8('[{"id":"C1","name":"general"}]'), 'users.json': strToU8('[]'), 'general/2026-06-15.json': strToU8(JSON.stringify([message])), 'general/2026-06-16.json': [new Uint8Array(20 << 20), { level: 9 }],
    }));
    expect(records).toMatchObject([{ stream: 'C1', providerId: message.ts, globalId: 'slack:export:C1:1781514000.000100' }]);
    expect(unreadable).toMatchObject([{ providerId: 'file:general/2026-06-16.json', message: expect.stringContaining('unpacks to more') }]);
  });

  it('that was unpacked and packed again with a folder around it is read all the same', async () => {
    const { records } = await importFile(slackExport, zipSync({
      '__MACOSX/Export/channels.json': strToU8('x'), 'Export/channels.json': strToU8('[{"id":"C1","name":"general"}]'), 'Export/users.json': strToU8('[{"id":"U1","team_id":"T1","real_name":"Anna"}]'),
      'Export/general/2026-06-15.json': strToU8(JSON.stringify([{ type: 'message', user: 'U1', text: 'Hello', ts: '1781514000.000100' }])), 'Export/unlisted/2026-06-15.json': strToU8('[]'),
    }));
    expect(records).toMatchObject([{ globalId: 'slack:T1:C1:1781514000.000100', participants: [{ name: 'Anna' }] }]);
  });

  it.each([['another zip', { 'readme.txt': strToU8('x') }], ['no channels', { 'channels.json': strToU8('[]') }], ['broken lists', { 'channels.json': strToU8('{"a":') }]])('that is %s is refused with a sentence', async (_, files) => {
    await expect(importFile(slackExport, zipSync(files))).rejects.toMatchObject({ kind: 'bad_request', message: expect.stringMatching(/no Slack export.*Upload the zip/) });
  });
});
