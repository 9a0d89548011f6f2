/** People, companies and places named in a text: found where they are sure, in the languages of the sandbox, and nothing found in what only looks like them. */
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '#contract/connector';
import { derive } from '#fly-worker/extract/derive';
import { findNames } from '#fly-worker/extract/names';

const found = (text: string): string[] => findNames(text).map(({ type, name }) => `${type === 'mentioned_person' ? 'person' : type}: ${name}`).sort();

describe('names in a text', () => {
  it.each<[string, string[]]>([
    ['I spoke to Laura Hoffman and to James O\'Neill about it, then called Mr. Patel.', ['person: James O\'Neill', 'person: Laura Hoffman', 'person: Mr. Patel']],
    ['CEO Martin Keller\'s plan was read by Dr. Sofia Lindqvist, Anna-Lena Berg and Robert J. Miles Jr. today.', ['person: Martin Keller', 'person: Robert J. Miles Jr.', 'person: Sofia Lindqvist']],
    ['This was agreed with Frank Ellison, see the letter of Mark T. Irving and of\nour bank: it was signed yesterday in the evening by Laura\nHoffman.', ['person: Frank Ellison', 'person: Laura Hoffman', 'person: Mark T. Irving']],
    ['Bitte stimme dich mit Jürgen Weiß und Frau Petersen ab, Herr Dr. Krause ist im Urlaub.', ['person: Dr. Krause', 'person: Frau Petersen', 'person: Jürgen Weiß']],
    ['Peter von der Heide? Nein: Peter von Hagen und Klaus Brandt.', ['person: Klaus Brandt', 'person: Peter von Hagen']],
    ['J\'ai vu Mme Lefèvre et François Dubois hier, avec Monsieur Garnier.', ['person: François Dubois', 'person: Mme Lefèvre', 'person: Monsieur Garnier']],
    ['Our supplier Brightwell Foods Inc. was bought by Harper & Lowe LLC; Acme, Inc. was not.', ['company: Acme', 'company: Brightwell Foods', 'company: Harper & Lowe']],
    ['Das Angebot der Nordwind Logistik GmbH, der Krüger & Söhne KG und der Hansen GmbH & Co. KG liegt vor.', ['company: Hansen', 'company: Krüger & Söhne', 'company: Nordwind Logistik']],
    ['La société Atelier du Nord SARL et Transports Moreau S.A. ont signé.', ['company: Atelier du Nord', 'company: Transports Moreau']],
    ['She left Siemens for the University of Houston and then Stanford University.', ['company: Siemens', 'company: Stanford University', 'company: University of Houston']],
    ['We meet in San Francisco, then fly to Köln via Paris.', ['place: Köln', 'place: Paris', 'place: San Francisco']],
    ['Unser Büro in Hamburg zieht nach München; Lyon et Genève suivront.', ['place: Genève', 'place: Hamburg', 'place: Lyon', 'place: München']],
    ['Laura Hoffman (Quill Software Ltd.) lives in Boston, Massachusetts.', ['company: Quill Software', 'person: Laura Hoffman', 'place: Boston', 'place: Massachusetts']],
  ])('finds in %j what it names', (text, expected) => { expect(found(text)).toEqual([...expected].sort()); });

  it.each([
    ['the beginning of a sentence', 'Please Review the plan. Martin said no. Thanks Again. Will Smithers go? May We ask? Mark Every line. The Grant Letter is here.'],
    ['German nouns', 'Kannst du Klaus Unterlagen schicken, Anna Bescheid geben und Martin Rechnungen zeigen? Dann hat Peter Zeit für Laura Schulungen.'],
    ['months and days', 'On Monday, April First, we begin; June Sales and August Numbers follow. Am Dienstag, Mai Umsatz.'],
    ['products', 'Microsoft Teams, Google Docs, Siemens Energy Manager, Volvo Trucks, Boeing Business Jets, Acme Limited Edition, Jasmine Tea, Alexa Echo Dot'],
    ['greetings and endings', 'Hi Anna,\nDear Martin, Lieber Klaus, Bonjour Pierre,\nThanks Laura\nBest Regards\nMit Freundlichen Grüßen'],
    ['headlines', 'Quarterly Results And Outlook For Next Year\nNew Claudia Fashion Collection Out Now\nMartin Luther King Day Sale'],
    ['capitals', 'ANNA BERG AND THE ACME CORPORATION MEET IN LONDON\nURGENT: PLEASE READ, KLAUS BRANDT'],
    ['streets, schools and papers', 'Meet at Martin Street, Clara Barton School, Henry Hub and the Francisco Chronicle; see Robert Koch Platz.'],
    ['addresses, links and files', 'https://x.example/Anna-Berg/London a.Klaus_Brandt@x.example Martin.Keller@x.example Kevin Scott.doc #London @Paris'],
    ['places inside other names', 'The London Stock Exchange, New York Times, Paris Hilton and California Power Exchange.'],
    ['lists of plain words', 'The Company, the Customer Inc., a Limited offer, Energy Advocates LLP, An AG, In Inc'],
  ])('finds nothing in %s', (_, text) => { expect(found(text)).toEqual([]); });

  it('reads hostile text in linear time', () => {
    for (const piece of ['A', 'A ', 'Anna ', 'Anna, ', 'Acme Inc. ', 'Mr. ', 'University of ', 'A.', 'Z-', 'Berlin ', 'Ä\'', 'Bank of the Inc, ']) {
      const startedAt = performance.now();
      findNames(piece.repeat(Math.floor(40_000 / piece.length)));
      expect(performance.now() - startedAt, piece).toBeLessThan(500);
    }
  });
});

describe('names in a record', () => {
  const mail = (content: string): SourceRecord => ({
    stream: 'mail', kind: 'mail', providerId: 'm1', occurredAt: '2026-06-20T09:15:00.000Z', endsAt: null, title: 'Numbers', body: { format: 'text', content },
    participants: [{ role: 'from', address: 'anna.berg@nordwind.example', name: 'Anna Berg' }, { role: 'to', address: 'tom@quill.example', name: 'Reyes, Tom' }, { role: 'cc', address: 'lea@gmail.com', name: 'Lea Roth' }],
    threadId: 'c1', globalId: '<1@nordwind.example>', replyToGlobalId: null, url: null, properties: {},
  });
  const facts = (content: string) => derive([mail(content)])[0]!.facts;
  const named = (content: string): string[] => facts(content).entities.filter(({ type }) => type === 'mentioned_person' || type === 'company' || type === 'place').map(({ type, key }) => `${type} ${key}`);
  const mentions = (content: string): string[] => facts(content).relations.filter(({ type }) => type === 'MENTIONS').map(({ source, target }) => `${source.key} ${target.key}`);

  it('a name of somebody who takes part is a mention of them, and no second person', () => {
    expect(named('Tom Reyes and Ms. Roth agree, Laura Hoffman does not.')).toEqual(['mentioned_person laura hoffman']);
    expect(mentions('Tom Reyes and Ms. Roth agree, Laura Hoffman does not. Anna Berg')).toEqual(['anna.berg@nordwind.example tom@quill.example', 'anna.berg@nordwind.example lea@gmail.com']);
  });
  it('the company behind an address is no second company', () => {
    expect(named('Nordwind GmbH and Harper & Lowe LLC')).toEqual(['company harper & lowe']);
  });
  it('history and signatures name nobody', () => {
    expect(named('Yes.\n\nBest regards,\nAnna Berg\nHarper Logistics GmbH, Hamburg\n\nOn Mon, Jun 15, 2026, Lea <lea@gmail.com> wrote:\n> Laura Hoffman moves to London.')).toEqual([]);
  });
  it('what is found is staged by the key that a model would give it', () => {
    expect(facts('We hired Laura Hoffman.').entities.find(({ type }) => type === 'mentioned_person')).toEqual({ type: 'mentioned_person', key: 'laura hoffman', name: 'Laura Hoffman', properties: {}, method: 'rule', confidence: 0.9 });
  });
});
