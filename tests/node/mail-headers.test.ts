/** What stands in the headers of a mail, however it is spelled, folded and encoded. */
import { describe, expect, it } from 'vitest';
import { headerOf, messageIdIn, peopleOf } from '#fly-worker/connectors/mail-headers';

describe('headers', () => {
  const headers = (all: Record<string, string>) => Object.entries(all).map(([name, value]) => ({ name, value }));
  it('are found in any case, unfolded, with their words decoded', () => {
    expect(headerOf(headers({ SUBJECT: '=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?iso-8859-1?B?IGF1cyBL9mxu?=' }), 'subject')).toBe('Grüße aus Köln');
    expect([headerOf([], 'subject'), headerOf(headers({ Subject: ' ' }), 'subject')]).toEqual([null, null]);
    expect(messageIdIn(headers({ 'In-Reply-To': 'mail of Monday <a.b@c> (oh)' }), 'in-reply-to')).toBe('<a.b@c>');
  });

  it('name people as the other mail connectors do', () => {
    expect(peopleOf(headers({ From: '"Chen, Mia" <Mia@Quill.example>', Sender: 'mia@quill.example', To: 'Team: =?utf-8?B?SsO2cmc=?= <j@quill.example>, ann@quill.example;, undisclosed-recipients:;', Cc: 'Nobody', 'Reply-To': 'desk@quill.example' }))).toEqual([
      { role: 'from', address: 'mia@quill.example', name: 'Chen, Mia' }, { role: 'to', address: 'j@quill.example', name: 'Jörg' }, { role: 'to', address: 'ann@quill.example', name: null },
      { role: 'cc', address: null, name: 'Nobody' }, { role: 'reply_to', address: 'desk@quill.example', name: null },
    ]);
  });
});
