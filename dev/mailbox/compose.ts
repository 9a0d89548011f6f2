/** The workbench: writes one mail of a storyline: greeting, what there is to say, signature, the quoted past. */
import type { Cast, Company, Language, Member } from './cast.ts';
import { documentOf, escapeHtml, forwarded, paragraph, quote, regards, signature, type Quoted } from './markup.ts';
import { makeMessage, type MailFacts } from './message.ts';
import type { Dice } from './random.ts';
import type { Body, GraphMessage, Person } from './shape.ts';
import { fill, money, type Facts, type Storyline } from './storyline.ts';

/** Everything a mailbox is made with. `serial` makes the next mail's key. */
export type Workshop = { cast: Cast; roll: Dice; serial(): string; ended: number };
/** How a mail stands in its thread. */
type Kind = 'first' | 'reply' | 'forward';
type Wish = { story: Storyline; facts: Facts; kind: Kind; from: Member; to: Member[]; cc: Member[]; at: Date; subject: string; thread: string; past?: Quoted | undefined };

const GREETING: Record<Language, { one: string[]; many: string[] }> = {
  en: { one: ['Hi $first,', 'Hello $first,', 'Dear $first,', '$first,'], many: ['Hi all,', 'Dear both,', 'Hello everyone,'] },
  de: { one: ['Hallo $first,', 'Guten Tag $name,', 'Guten Morgen $first,', 'Moin $first,'], many: ['Hallo zusammen,', 'Guten Tag zusammen,', 'Sehr geehrte Damen und Herren,'] },
  fr: { one: ['Bonjour $first,', 'Re-bonjour $first,', 'Bonjour $name,'], many: ['Bonjour à tous,', 'Bonjour,', 'Madame, Monsieur,'] },
};
const LEADS: Record<Language, string[]> = {
  en: [
    'In short:', 'Where we stand:', 'Three things from my side:', 'For the record:'], de: ['Kurz zum Stand:', 'Die offenen Punkte:',
    'Zur Übersicht:'], fr: ['En résumé :', 'Les points ouverts :', 'Pour mémoire :',
  ],
};
const FORWARDS: Record<Language, string[]> = {
  en: ['FYI, see below. Can you take this one?', 'Passing this on, as $colleague is away until $date.', 'Please have a look before $time, I think this concerns your budget.'],
  de: ['zur Info, siehe unten. Übernimmst du das?', 'leite ich dir weiter, $colleague ist bis $date im Urlaub.', 'bitte vor $time prüfen, das betrifft wohl dein Budget.'],
  fr: [
    "pour information, voir ci-dessous. Tu peux t'en charger ?", "je transfère, $colleague est absent jusqu'au $date.",
    'merci de regarder avant $time, cela touche ton budget.',
  ],
};
/** What people add to any matter. */
const ASIDES: Record<Language, string[]> = {
  en: [
    'On $date I am in $city; $colleague can decide in the meantime.', 'The minutes of $kw are in the shared folder, page $n.', 'Please book the cost on $order and not on the general account.', 'I tried to reach you at $time, the line was busy.',
    '$colleague asked me to copy the $city office from now on.', 'If we miss $date, the next slot is in $kw.', 'The budget holder approved $sum on $past.', 'My notes from the call: $n open points, $colleague takes the first two.',
    'Could we use room $room at $time, the projector there works again?', 'The samples for $city went out on $past with tracking $order.', 'I was told the $part is out of stock until $date.', 'For the next steering meeting I need one slide, not $n.',
  ],
  de: [
    'Am $date bin ich in $city, $colleague vertritt mich.', 'Das Protokoll aus $kw liegt im gemeinsamen Ordner, Seite $n.', 'Bitte auf $order buchen, nicht auf das Sammelkonto.', 'Ich habe es um $time telefonisch versucht, leider besetzt.',
    '$colleague möchte künftig in Kopie stehen.', 'Wenn wir den $date verpassen, ist erst in $kw wieder Platz.', 'Die Freigabe über $sum liegt seit dem $past vor.', 'Raum $room ist um $time reserviert.', 'Die Muster für $city sind am $past unter $order rausgegangen.',
  ],
  fr: [
    'Le $date je serai à $city, $colleague me remplace.', 'Le compte rendu de la $kw est dans le dossier partagé, page $n.', "Merci d'imputer sur $order et non sur le compte général.", "J'ai essayé de vous joindre à $time, sans succès.",
    '$colleague souhaite être en copie désormais.', 'Si nous manquons le $date, il faudra attendre la $kw.', "L'accord pour $sum date du $past.", 'La salle $room est réservée à $time.', 'Les échantillons pour $city sont partis le $past, suivi $order.',
  ],
};
const ATTACHED: Record<Language, string> = { en: 'Attached: ', de: 'Anlage: ', fr: 'Pièce jointe : ' };
const FILES = ['protocol', 'offer', 'drawing', 'measurement', 'plan', 'photos', 'minutes', 'report', 'datasheet', 'packing-list'];

/** One mail of a thread, and what the next one would quote. */
export function writeMail(shop: Workshop, wish: Wish): { message: GraphMessage; quoted: Quoted } {
  const { roll, cast } = shop, { story, from, to, at, subject, facts, past, kind } = wish, language = story.lang;
  const company = companyOf(cast, from), say = (text: string): string => escapeHtml(fill(text, { ...facts, when: at }, roll, language));
  const parts = [greeting(to, language, roll), ...sentences(story, kind, say, roll)];
  const table = kind === 'first' && roll.chance(0.12) ? [orderTable(roll, facts, language)] : [];
  const file = roll.chance(0.16) ? `${roll.pick(FILES)}_${facts.order}_v${roll.int(1, 9)}.${roll.pick(['pdf', 'xlsx', 'docx', 'zip'])}` : undefined;
  const image = company !== undefined && company.disclaimer > 0 && roll.chance(0.5);
  const goodbye = `${roll.pick(regards(language))},<br>\r\n${escapeHtml(from.first)}`;
  const own = [...parts, ...table, ...file ? [`${ATTACHED[language]}${file}`] : [], goodbye].map(text => paragraph(text, from.client)).join('');
  const sign = signature(from, company, image);
  const tail = past ? kind === 'forward' ? forwarded(past, from.client, language) : quote(past, from.client, language) : '';
  const inner = `${own}${sign}${tail}`;
  const message = makeMessage({
    ...envelope(shop, wish, from), body: bodyOf(inner, from.client), preview: plain(own),
    hasAttachments: file !== undefined, importance: roll.chance(0.04) ? 'high' : 'normal',
  });
  return { message, quoted: { from, to, at, subject, inner: `${own}${sign}${past && depth(past.inner) < 7 ? tail : ''}` } };
}

/** Programs that write plain text send plain text. */
function bodyOf(inner: string, client: Member['client']): Body {
  if (client !== 'plain') return { contentType: 'html', content: documentOf(inner, client) };
  const lines = inner.replace(/\s*\r\n/g, '').replace(/<ul>/g, '\r\n').replace(/<li>/g, '* ').replace(/<\/(td|th)>/g, '  ')
    .replace(/<(br|\/p|\/div|\/li|\/tr|\/ul|hr)[^>]*>/g, '\r\n').replace(/<[^>]*>/g, '');
  return { contentType: 'text', content: unescapeHtml(lines).replace(/(\r\n){3,}/g, '\r\n\r\n').trim() };
}

/** Who wrote to whom, when, in which folder of the owner. */
export function envelope(shop: Workshop, { thread, subject, at, to, cc }: Pick<Wish, 'thread' | 'subject' | 'at' | 'to' | 'cc'>, from: Member): Omit<MailFacts, 'body' | 'preview'> {
  const sent = from.address === shop.cast.owner.address, age = shop.ended - at.getTime();
  return {
    key: shop.serial(), thread, subject, at: seconds(at), from: person(from), to: to.map(person), cc: cc.map(person),
    folder: sent ? 'Sent Items' : shop.roll.chance(0.08) ? 'Archive' : 'Inbox', isRead: sent || age > 3 * 86_400_000 || shop.roll.chance(0.6),
  };
}

function greeting(to: Member[], language: Language, roll: Dice): string {
  const [first] = to;
  if (to.length !== 1 || !first) return roll.pick(GREETING[language].many);
  return roll.pick(GREETING[language].one).replace('$first', escapeHtml(first.first)).replace('$name', escapeHtml(first.name));
}

function sentences(story: Storyline, kind: Kind, say: (text: string) => string, roll: Dice): string[] {
  if (kind === 'forward') return [say(roll.pick(FORWARDS[story.lang]))];
  const start = say(roll.pick(kind === 'first' ? story.open : story.reply));
  const middle = roll.some([...roll.some(story.say, kind === 'first' ? roll.int(2, 6) : roll.int(1, 4)), ...roll.some(ASIDES[story.lang], roll.int(0, 3))], 9).map(say);
  const asks = roll.chance(kind === 'first' ? 0.8 : 0.4) ? [say(roll.pick(story.ask))] : [];
  if (middle.length > 2 && roll.chance(0.3)) return [start, `${roll.pick(LEADS[story.lang])}<ul>${middle.map(text => `<li>${text}</li>`).join('')}</ul>`, ...asks];
  const half = Math.ceil(middle.length / 2);
  return [[start, ...middle.slice(0, half)].join(' '), middle.slice(half).join(' '), ...asks].filter(Boolean);
}

const COLUMNS: Record<Language, string[]> = { en: ['Item', 'Qty', 'Unit price', 'Total'], de: ['Position', 'Menge', 'Einzelpreis', 'Gesamt'], fr: ['Article', 'Qté', 'Prix unitaire', 'Total'] };

const EXTRAS = ['mounting kit', 'cable set', 'seal ring', 'spare fuse', 'test report', 'lens', 'bracket', 'service hours', 'crate'];

/** A table of positions, as orders and offers carry them. */
export function orderTable(roll: Dice, facts: Facts, language: Language): string {
  const cell = (text: string, tag = 'td'): string => `<${tag} style="border:solid windowtext 1.0pt;padding:0cm 5.4pt 0cm 5.4pt">${escapeHtml(text)}</${tag}>`;
  const rows = Array.from({ length: roll.int(2, 5) }, (_, i) => {
    const count = roll.int(1, 60), price = roll.int(4, 900) + roll.int(0, 99) / 100;
    const cells = [i ? roll.pick(EXTRAS) : facts.product, String(count), money(price, language), money(count * price, language)];
    return `<tr>${cells.map(text => cell(text)).join('')}</tr>`;
  });
  return `<table border="1" cellspacing="0" cellpadding="0" style="border-collapse:collapse;border:none"><tr>${COLUMNS[language].map(text => cell(text, 'th')).join('')}</tr>${rows.join('')}</table>`;
}

/** A sender that is no person. */
export const machine = (name: string, address: string): Member => ({ name, address, first: name, title: '', client: 'plain', language: 'en', company: '' });
export const companyOf = (cast: Cast, { company }: Member): Company | undefined => [cast.home, ...cast.others].find(({ name }) => name === company);
const person = ({ name, address }: Person): Person => ({ name, address });
const seconds = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;
const unescapeHtml = (text: string): string => text.replaceAll('&nbsp;', ' ').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
export const plain = (html: string): string => unescapeHtml(html.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
const depth = (html: string): number => html.split(/gmail_attr|divRplyFwdMsg|solid #E1E1E1|type="cite"/).length;
