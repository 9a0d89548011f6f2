/** Extraction: HTML that reads well, history marked, secrets gone, facts right, hostile input in linear time. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { TEXT_CHARS_MAX, TITLE_CHARS_MAX } from '#contract/limits';
import type { DerivedRecord } from '#contract/memory';
import { contentHash, derive } from '#fly-worker/extract/derive';
import { findEntities } from '#fly-worker/extract/entities';
import { readHtml } from '#fly-worker/extract/html';
import { newPart, settleParts } from '#fly-worker/extract/parts';
import { isCard, redact } from '#fly-worker/extract/redact';
import { markReplies } from '#fly-worker/extract/replies';
import { benchMails } from '../bench/mails.ts';

const mail = (change: Partial<SourceRecord> = {}): SourceRecord => ({
  stream: 'mail', kind: 'mail', providerId: 'm1', occurredAt: '2026-06-20T09:15:00.000Z', endsAt: null, title: 'Numbers', body: { format: 'text', content: 'Hello' },
  participants: [{ role: 'from', address: 'anna.berg@nordwind.example', name: 'Anna Berg' }, { role: 'to', address: 'tom@quill.example', name: null }, { role: 'cc', address: 'lea@gmail.com', name: 'Lea' }],
  threadId: 'c1', globalId: '<1@nordwind.example>', replyToGlobalId: null, url: 'https://mail.example/1', properties: {}, ...change,
});
const derived = (change: Partial<SourceRecord> = {}): DerivedRecord => derive([mail(change)])[0]!;
const html = (content: string): DerivedRecord => derived({ body: { format: 'html', content } });
const fresh = (text: string): string => newPart(text, markReplies(text));
const edges = (record: DerivedRecord): string[] => record.facts.relations.map((r) => `${r.source.key} ${r.type} ${r.target.key}`).sort();
const linear = (work: (n: number) => void, n: number, maxMs: number) => { const startedAt = performance.now(); work(n); expect(performance.now() - startedAt).toBeLessThan(maxMs); };

describe('html', () => {
  it.each([
    ['paragraphs and breaks', '<p>One</p><p>Two<br>Three</p>', 'One\n\nTwo\nThree'],
    ['white space', '<div>  a \n\t b&nbsp;&nbsp;c </div>', 'a b c'],
    ['lists', '<ul><li>a<li>b</ul><ol><li>x</li><li>y<ol><li>z</ol></ol>', '- a\n- b\n\n1. x\n2. y\n\n  1. z'],
    ['tables', '<table><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>2</td></tr></table>', 'Item\tPrice\nPen\t2'],
    ['links', 'See <a href="https://x.example/a?b=1&amp;c=2">here</a>, not <a href="https://y.example/">y.example</a> nor <a href="mailto:a@b.example?subject=x">a@b.example</a>.', 'See here <https://x.example/a?b=1&c=2>, not y.example nor a@b.example.'],
    ['links that are no links', '<a href="javascript:x()">a</a> <a href="#top">b</a>', 'a b'],
    ['what is not for people', '<head><title>T</title><style>p{a:b}</style></head><script>if (a<b) "</p>"</script><p>x</p><!-- y --><![if mso]>z<![endif]><svg><text>q</text></svg>', 'x\n\nz'],
    ['hidden text and pixels', '<div style="display:none">secret <b>preheader</b></div>a<img src=x width=1 height=1 alt="open pixel"><img alt="Our new office"><img alt="image001.png">', 'a Our new office'],
    ['character references', '&Auml;&ouml;&szlig; &#8364; &#x20AC; &#150; &lt;b&gt; &nope; &amp;amp; a&copy=1', 'Äöß € € – <b> &nope; &amp; a&copy=1'],
    ['broken markup', 'a < b <p>c</div></p><b>d<i>e</b> <a href="unclosed>x</a>', 'a < b\n\nc\n\nde x'],
    ['preformatted text', '<pre>a  b\n  c</pre>', 'a  b\n  c'],
    ['a comment that never ends', 'a<!-- b <p>c</p>', 'a b\n\nc'],
    ['a fragment of nothing', '', ''],
  ])('%s', (_, source, text) => { expect(readHtml(source).text).toBe(text); });

  it.each([
    ['Gmail', '<div dir="ltr">New<div class="gmail_quote"><div class="gmail_attr">On Mon Anna wrote:</div><blockquote class="gmail_quote">Old</blockquote></div></div>'],
    ['Outlook on the web', '<div>New</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Anna<br><b>Sent:</b> Monday<br><b>To:</b> Tom</div><div>Old</div>'],
    ['Outlook', '<p>New</p><div style="border-top:solid #E1E1E1 1.0pt"><p><b>Von:</b> Anna<br><b>Gesendet:</b> Montag<br><b>An:</b> Tom<br><b>Betreff:</b> x</p></div><p>Old</p>'],
    ['Apple Mail', '<div>New</div><blockquote type="cite"><div>Old</div></blockquote>'],
    ['Thunderbird', '<p>New</p><div class="moz-cite-prefix">Am 12.06.26 um 10:00 schrieb Anna:<br></div><blockquote type="cite" cite="mid:1">Old</blockquote>'],
    ['Yahoo', '<div>New</div><div class="yahoo_quoted">Old</div>'],
  ])('marks the history of %s', (_, source) => {
    const record = html(source);
    expect(record.text).toContain('Old');
    expect(record.passages[0]!.embeddable).toBe('Numbers\nNew');
  });

  it('reads hostile markup in linear time', () => {
    for (const piece of ['<', '<a', '<div ', '<a href="', '<a b="c', '<!--', '<p>', '</p>', '<blockquote>', '<div class=gmail_quote class=a ', '<td><table>', '&', '&#', '<a href=x>y', '"\'<x = "']) {
      linear((n) => readHtml(piece.repeat(n)), Math.floor(400_000 / piece.length), 1_500);
    }
  });
});

describe('history, signatures and disclaimers', () => {
  const COMMON = 'Thanks, that works for us.\n\nWe sign on Friday.';
  it.each([
    'On Mon, Jun 15, 2026 at 10:12 AM Anna Berg <anna@nordwind.example> wrote:\n> Old\n> text', 'On Mon, Jun 15, 2026 at 10:12 AM Anna Berg\n<anna@nordwind.example> wrote:\n\nOld text',
    '-----Original Message-----\nFrom: Anna\nOld', '---------- Forwarded message ---------\nFrom: Anna\nOld', 'Begin forwarded message:\n\nOld', '________________________________\nFrom: Anna\nSent: Monday\nTo: Tom\nSubject: x\n\nOld',
    'Am 12.06.2026 um 10:00 schrieb Anna Berg <anna@nordwind.example>:\n> Old', 'Von: Anna\nGesendet: Montag\nAn: Tom\nBetreff: x\n\nOld', '-----Ursprüngliche Nachricht-----\nOld',
    'Le lun. 15 juin 2026 à 10:12, Anna <anna@nordwind.example> a écrit :\n> Old', 'De : Anna\nEnvoyé : lundi\nÀ : Tom\nObjet : x\n\nOld', 'El lun, 15 jun 2026 a las 10:12, Anna (<anna@nordwind.example>) escribió:\n> Old',
    'Il giorno lun 15 giu 2026 alle ore 10:12 Anna <anna@nordwind.example> ha scritto:\n> Old', 'Op ma 15 jun 2026 om 10:12 schreef Anna <anna@nordwind.example>:\n> Old', 'ср, 30 апр. 2025 г. в 15:19, Anna <anna@nordwind.example>:\n\nOld',
    '-- \nTom Reyes\nQuill', 'Best regards,\nTom\n+49 40 1234', 'Mit freundlichen Grüßen\nTom', 'Sent from my iPhone', 'Gesendet von meinem iPhone', 'Get Outlook for iOS <https://aka.ms/o0ukef>',
    'This e-mail is confidential and intended only for the addressee.\nIf you have received this e-mail in error, please delete it at once and tell the sender.',
  ])('%j is not new', (behind) => {
    expect(fresh(`${COMMON}\n\n${behind}`)).toBe(COMMON);
  });

  it('keeps answers between quoted lines', () => {
    expect(fresh('On Dec 15, 2024, at 2:00 PM, Jane <j@x.example> wrote:\n> Option A?\nYes.\n> Option B?\nNo.')).toBe('Yes.\n\nNo.');
  });

  it.each(['On the other hand, we wrote: nothing.', 'From: our side nothing is missing.', 'I wanted to write about regards to everybody.', 'The data comes From: our database, To: yours.', '2024-01-15 14:30:25\nis only a date', 'It was sent from my iPhone app to all users.'])('%j is all new', (text) => { expect(fresh(text)).toBe(text); });

  it('takes the whole text when a mail holds nothing new', () => {
    expect(derived({ body: { format: 'text', content: '---------- Forwarded message ---------\nFrom: Anna\nThe plan' } }).passages[0]!.embeddable).toContain('The plan');
  });

  it('settles overlapping parts: ascending, apart, the quote wins', () => {
    const text = 'abcdefghij klmno';
    expect(settleParts([{ kind: 'signature', start: 0, end: 10 }, { kind: 'quote', start: 4, end: 6 }, { kind: 'quote', start: 5, end: 8 }], text)).toEqual([{ kind: 'signature', start: 0, end: 4 }, { kind: 'quote', start: 4, end: 8 }, { kind: 'signature', start: 8, end: 10 }]);
  });

  it('reads hostile text in linear time', () => {
    for (const piece of ['On ', '>', '> ', 'From: x\n\n', 'On 1 wrote:\n', '-- \n', 'confidential in error ', '<a@b>:\n', '\n', ' \n', '-----', 'Am 1 schrieb <\n', '1/1/01 1:00 AM\n', 'To:\n']) linear((n) => markReplies(piece.repeat(n)), Math.floor(60_000 / piece.length), 300);
  });

  const REPLIES = new URL('../../../shared/data/mail-replies/crisp/fixtures/', import.meta.url);
  it.skipIf(!existsSync(REPLIES))('finds the new part of real mails of many programs and languages', () => {
    const texts = readdirSync(REPLIES).map((file) => readFileSync(new URL(file, REPLIES), 'utf8')).filter((text) => text.startsWith('Fusce'));
    const clean = texts.filter((text) => !/Etiam non sagittis|wrote|schrieb|>/.test(fresh(text)));
    expect(clean.length / texts.length).toBeGreaterThan(0.9);
  });
});

describe('secrets', () => {
  it.each([
    ['api_key', 'use sk-proj-abcdEFGH1234567890abcdEFGH now'], ['api_key', 'AKIAIOSFODNN7EXAMPLE'], ['api_key', `ghp_${'a1'.repeat(18)}`], ['api_key', `xox${'b'}-123456789012-abcdefGHIJ`], ['api_key', 'api_key = "a8f5f167f44f4964e6c998dee827110c"'], ['api_key', `Authorization: Bearer ${'abc123'.repeat(5)}`], ['api_key', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9`],
    ['password', 'Password: hunter2!'], ['password', 'Passwort: Sommer-2026'], ['password', 'mot de passe : soleil42'], ['password', 'the password is Tr0ub4dor&3.'], ['password', 'pwd=abcd1234'], ['password', 'Password: swordfish\nregards'], ['password', 'postgres://app:s3cr3tpw@db.example/main'],
    ['private_key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----'], ['private_key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk'],
    ['card_number', 'card 4111 1111 1111 1111 please'], ['card_number', '5500005555555559'], ['card_number', '3782-822463-10005'], ['card_number', 'it is 4111 1111 1111 1111 123 (cvv)'],
    ['ssn', 'SSN 123-45-6789'], ['ssn', 'social security number: 123456789'],
  ] as const)('%s: %j', (kind, text) => {
    const { text: out, counts } = redact(text);
    expect(out).toContain(`[redacted:${kind}]`);
    expect(counts[kind]).toBe(1);
    expect(out).not.toMatch(/hunter2|swordfish|4111|MIIE|6789|s3cr3t|sk-proj|Tr0ub|b3Blb/);
  });
  it.each(['Your password is required to log in.', 'Please reset your password: it has expired.', 'order 4111 1111 1111 1112', 'DE89 3704 0044 0532 0130 00', 'call +49 40 123 456 789 012', 'invoice 2026-001-2345', 'The secret: meeting tomorrow.', 'Tokyo: nice', 'the key is under the mat', '123-456-7890', 'order number 1234567890123456'])('leaves %j alone', (text) => { expect(redact(text).text).toBe(text); });
  it('knows cards by network, length and sum', () => { expect(['4012888888881881', '6011111111111117', '30569309025904', '4111111111111112', '1234567812345670', '0000000000000000'].map(isCard)).toEqual([true, true, true, false, false, false]); });
  it('moves the marked parts with the text', () => {
    const text = 'Password: abc123 then\n> Password: abcdef123456789 quoted\nrest', at = text.indexOf('>');
    const out = redact(text, [{ kind: 'quote', start: at, end: text.indexOf('\nrest') }]);
    expect(out.text.slice(out.parts[0]!.start, out.parts[0]!.end)).toBe('> Password: [redacted:password] quoted');
  });
  it('takes them out of title, text and facts, and counts them', () => {
    const record = derived({ title: 'Password: geheim99', body: { format: 'html', content: '<p>card 4111&nbsp;1111 1111 1111</p>' } });
    expect(JSON.stringify(record)).not.toMatch(/geheim99|4111/);
    expect(record.redacted).toEqual({ password: 1, card_number: 1 });
  });
  it('looks at hostile text in linear time', () => {
    for (const piece of ['1 ', '1', '4111 ', 'password ', 'password:', 'sk-', 'eyJ', 'eyJaaaaaaaaaaaa.', '-----BEGIN PRIVATE KEY-----', 'a://b:', '123-45-', 'secret_key=', 'Bearer a']) linear((n) => redact(piece.repeat(n)), Math.floor(20_000 / piece.length), 400);
  });
});

describe('entities in the text', () => {
  const keys = (text: string, type: string) => findEntities(text).filter((entity) => entity.type === type).map((entity) => entity.key);
  it.each([
    ['url', 'See https://Nordwind.example/a/b?utm_source=x&id=7, or (https://en.wiki.example/A_(b)). www.quill.example!', ['nordwind.example/a/b?id=7', 'en.wiki.example/A_(b)', 'www.quill.example']],
    ['money', 'USD 1,234.56, 1.234,56 €, €12k, $3.5 million, 500 EUR, CHF 1\'200, $5', ['USD 1234.56', 'EUR 12000', 'USD 3500000', 'CHF 1200', 'USD 5', 'EUR 1234.56', 'EUR 500']],
    ['money', '$4.038 or version 1.2.3 or 100 people or A$', []],
    ['date', '2026-04-05, 5 April 2026, April 6th, 2026, 07.04.2026, 8. März 2026, 25/12/2026, 12/31/2026, 4/4/2026', ['2026-04-05', '2026-04-06', '2026-04-07', '2026-03-08', '2026-12-25', '2026-12-31', '2026-04-04']],
    ['date', '4/5/2026, 2026-13-01, 31.02.2026, 1.2.3, 192.168.2026.1', []],
    ['identifier', 'Invoice no. 20260113, order #A-7781, ticket JIRA-4521, INV-2026-0113, Rechnung Nr. RE/2026/44', ['20260113', 'A-7781', 'JIRA-4521', 'INV-2026-0113', 'RE/2026/44']],
    ['identifier', 'UTF-8, SHA-256, order 2026, case 12, COVID-19, ISO-8859-1, invoice of 2026', []],
    ['phone', 'call +49 (0)40 1234-567 or +1 713 853 0315, not 12345678', ['+49401234567', '+17138530315']],
  ])('%s: %s', (type, text, expected) => { expect(keys(text, type).sort()).toEqual([...expected].sort()); });
  it('reads hostile text in linear time', () => {
    for (const piece of ['1,', '1.1', '$1', 'order ', 'order no 1/', 'A-', 'A1-1', '+1 ', 'https://', 'https://a(', '1 April ', 'www.)', '1/1/']) linear((n) => findEntities(piece.repeat(n)), Math.floor(12_000 / piece.length), 500);
  });
});

describe('facts', () => {
  it('reads people, organizations and the thread off a mail', () => {
    const record = derived({ title: 'AW: Re: Numbers' });
    expect(edges(record)).toEqual([
      'anna.berg@nordwind.example REPLY_TO tom@quill.example', 'anna.berg@nordwind.example SENT c1', 'anna.berg@nordwind.example WORKS_AT nordwind.example', 'lea@gmail.com IN_THREAD c1', 'lea@gmail.com RECEIVED c1',
      'nordwind.example IN_THREAD c1', 'quill.example IN_THREAD c1', 'tom@quill.example RECEIVED c1', 'tom@quill.example WORKS_AT quill.example',
    ]);
    expect(record.facts.entities.find((e) => e.type === 'thread')?.name).toBe('Numbers');
    expect(record.facts.relations.find((r) => r.type === 'RECEIVED' && r.source.key === 'lea@gmail.com')?.properties).toEqual({ role: 'cc' });
    expect(record.people).toEqual(['anna.berg@nordwind.example', 'tom@quill.example', 'lea@gmail.com']);
  });
  it('a first mail and a forwarded one answer nobody; a quoted author is who is answered', () => {
    expect(edges(derived()).some((edge) => edge.includes('REPLY_TO'))).toBe(false);
    expect(edges(derived({ title: 'Fwd: x' })).some((edge) => edge.includes('REPLY_TO'))).toBe(false);
    expect(edges(derived({ title: 'Re: x', body: { format: 'text', content: 'Yes\n\nOn Mon, Jun 15, 2026, Lea <lea@gmail.com> wrote:\n> ?' } }))).toContain('anna.berg@nordwind.example REPLY_TO lea@gmail.com');
  });
  it('turns names around, keeps odd people out, and marks machines', () => {
    const { facts } = derived({ participants: [{ role: 'from', address: 'no-reply@nordwind.example', name: '"Berg, Anna"' }, { role: 'to', address: null, name: 'Undisclosed' }, { role: 'to', address: 'x@[10.0.0.1]', name: 'x@[10.0.0.1]' }] });
    expect(facts.entities.filter((e) => e.type === 'person').map((e) => [e.name, e.properties])).toEqual([['Anna Berg', { automated: true }], ['x@[10.0.0.1]', {}]]);
    expect(facts.entities.filter((e) => e.type === 'organization').map((e) => e.key)).toEqual(['nordwind.example']);
  });
  it('reads organizer, attendees, place and series off an event', () => {
    const record = derived({ kind: 'event', stream: 'calendar', threadId: 'series', globalId: 'ical', title: 'Kick-off', properties: { location: 'Room 4', isAllDay: false }, participants: [{ role: 'organizer', address: 'anna.berg@nordwind.example', name: 'Anna' }, { role: 'attendee', address: 'tom@quill.example', name: null }] });
    expect(edges(record)).toEqual(['anna.berg@nordwind.example ORGANIZED ical@2026-06-20T09:15:00.000Z', 'anna.berg@nordwind.example WORKS_AT nordwind.example', 'ical@2026-06-20T09:15:00.000Z IN_THREAD series', 'tom@quill.example ATTENDS ical@2026-06-20T09:15:00.000Z', 'tom@quill.example WORKS_AT quill.example']);
    expect(record.facts.entities.find((e) => e.type === 'event')?.properties).toMatchObject({ start: '2026-06-20T09:15:00.000Z', location: 'Room 4', isAllDay: false });
    expect(record.text).toBe('Room 4\n\nHello');
  });
  it('reads channels off a chat and rows off a CRM', () => {
    expect(edges(derived({ kind: 'message', properties: { channelId: 'C1', channelName: 'general', parentAuthor: 'lea@gmail.com' }, participants: [{ role: 'author', address: 'tom@quill.example', name: 'Tom' }, { role: 'mentioned', address: 'mia@quill.example', name: null }] }))).toEqual(expect.arrayContaining(['tom@quill.example POSTED_IN C1', 'tom@quill.example MENTIONS mia@quill.example', 'tom@quill.example REPLY_TO lea@gmail.com']));
    expect(edges(derived({ kind: 'opportunity', providerId: 'O1', properties: { accountId: 'A1', accountName: 'Acme' }, participants: [{ role: 'owner', address: 'tom@quill.example', name: 'Tom' }] }))).toEqual(expect.arrayContaining(['O1 RELATES_TO A1', 'tom@quill.example OWNS O1']));
  });
  it('holds every end of every relation, once, for 800 readers too', () => {
    const { facts } = derived({ participants: [mail().participants[0]!, ...Array.from({ length: 800 }, (_, i) => ({ role: 'to' as const, address: `p${i}@d${i % 50}.example`, name: `P ${i}` }))] });
    const ids = new Set(facts.entities.map((e) => `${e.type} ${e.key}`));
    expect(facts.entities.length).toBe(ids.size);
    expect(new Set(facts.relations.map((r) => `${r.type} ${r.source.key} ${r.target.key}`)).size).toBe(facts.relations.length);
    for (const r of facts.relations) { expect(ids.has(`${r.source.type} ${r.source.key}`)).toBe(true); expect(ids.has(`${r.target.type} ${r.target.key}`)).toBe(true); }
    expect(facts.relations.filter((r) => r.type === 'RECEIVED').length).toBe(800);
  });
});

describe('what is stored', () => {
  it('is well-formed, without NUL, and within its limits', () => {
    const record = derived({ title: `a\u0000\ud800${'t'.repeat(5_000)}`, body: { format: 'text', content: `x\u0000\udfff${'😀'.repeat(8_000)}` }, participants: [{ role: 'from', address: 'a\ud800@b.example', name: 'n\u0000' }] });
    const json = JSON.stringify(record);
    expect(json).not.toMatch(/\\u0000|\\ud[89a-f]/i);
    expect(record.title.length).toBeLessThanOrEqual(TITLE_CHARS_MAX);
    expect(record.text.length).toBeLessThanOrEqual(TEXT_CHARS_MAX);
    expect(record.text.isWellFormed()).toBe(true);
  });
  it('keeps a word at character 9,000', () => { expect(derived({ body: { format: 'text', content: `${'word '.repeat(1_800)}needle` } }).text).toContain('needle'); });
  it('keeps parts inside the text whatever comes', () => {
    for (const { text, parts } of derive(benchMails(60))) for (const [i, part] of parts.entries()) { expect(part.start).toBeLessThan(part.end); expect(part.end).toBeLessThanOrEqual(text.length); if (i > 0) expect(part.start).toBeGreaterThanOrEqual(parts[i - 1]!.end); }
  });
  it('is the same for the same record', () => { expect(derive([mail()])).toEqual(derive([mail()])); });
});

describe('the content hash', () => {
  it('does not depend on the order of properties or on the link', () => {
    expect(contentHash(mail({ properties: { a: 1, b: 2 }, url: 'x' }))).toBe(contentHash(mail({ properties: { b: 2, a: 1 }, url: null })));
  });
  it('changes with everything that derivation reads', () => {
    const changes: Partial<SourceRecord>[] = [{ title: 'x' }, { body: { format: 'html', content: 'Hello' } }, { body: { format: 'text', content: 'Hello!' } }, { participants: [] }, { threadId: null }, { properties: { a: 1 } }, { occurredAt: '2026-06-20T09:15:00.001Z' }, { providerId: 'm2' }, { replyToGlobalId: 'x' }];
    expect(new Set([mail(), ...changes.map(mail)].map(contentHash)).size).toBe(changes.length + 1);
    expect(contentHash(mail())).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('decomposed accents', () => {
  it('become the letters people search for', () => {
    expect(derived({ title: 're\u0301union', body: { format: 'text', content: 'Pre\u0301sence a\u0300 la re\u0301union.' } })).toMatchObject({ title: 'réunion', text: 'Présence à la réunion.' });
  });
});
