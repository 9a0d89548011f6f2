/** The workbench: mail that systems send: automatic notices, invoices with their positions, calendar invitations and answers. */
import { someOfficeTime } from './calendar-time.ts';
import type { Language } from './cast.ts';
import { companyOf, envelope, machine, orderTable, plain, type Workshop } from './compose.ts';
import { documentOf, escapeHtml, paragraph, signature } from './markup.ts';
import { makeMessage } from './message.ts';
import type { GraphMessage } from './shape.ts';
import { factsFor, fill, money, type Storyline } from './storyline.ts';

/** `domain: "home"` is the owner's own house. */
type Notice = { name: string; local: string; domain: string; subject: string; lines: string[] };
const NOTICES: Notice[] = [
  {
    name: 'Build Server', local: 'ci', domain: 'home', subject: '[FAILED] nightly build #$big on main',
    lines: ['Stage <b>integration</b> failed after $n minutes.', 'First failing test: <code>controller/handshake_$n</code>, last change by $colleague.', 'Artefacts are kept until $date.'],
  },
  {
    name: 'Ticket Desk', local: 'helpdesk', domain: 'home', subject: '[$ticket] assigned to you: $part in $city',
    lines: ['Priority changed from normal to high by $colleague.', 'The customer wrote: the $part of order $order makes a rattling noise.', 'Target date: $date, $time.'],
  },
  {
    name: 'Backup Monitor', local: 'backup', domain: 'home', subject: 'Backup report: $big files, $n warnings',
    lines: ['Job <i>fileserver-incremental</i> ended with $n warnings.', 'Largest volume: $big MB, verify finished at $time.', 'Tape $order is full, please change it.'],
  },
  {
    name: 'Parcel Track', local: 'no-reply', domain: 'parceltrack.example', subject: 'Your parcel $order is on its way to $city',
    lines: ['Handed over at the depot in $city at $time.', 'Expected delivery: $date.', 'Contents declared: $part, value $sum.'],
  },
  {
    name: 'Expense Bot', local: 'expenses', domain: 'home', subject: 'Expense report over $sum approved',
    lines: ['Approved by $colleague; payment with the next run on $date.', 'Cost centre: $city travel, receipt $invoice.', 'Rejected positions: none.'],
  },
  {
    name: 'Door & Alarm', local: 'facility', domain: 'home', subject: 'Alarm test in building $n, $date at $time',
    lines: ['Sirens will sound for $n seconds.', 'Badge readers on the ground floor restart afterwards.', 'Questions to $colleague, room $room.'],
  },
];

/** A notice no person wrote, at any hour. */
export function notice(shop: Workshop, from: number, to: number): GraphMessage {
  const { roll, cast } = shop, { name, local, domain, subject: title, lines } = roll.pick(NOTICES);
  const at = new Date(Math.floor((from + roll.next() * (to - from)) / 1_000) * 1_000);
  const people = { company: cast.home.name, person: cast.owner.first, colleague: roll.pick(cast.home.people).name };
  const facts = factsFor(roll, cast.trade, 'en', people, at), host = domain === 'home' ? cast.home.domain : domain, subject = fill(title, facts, roll, 'en');
  const body = lines.map(line => `<p style="margin:0 0 10px 0;font:14px/20px Arial,sans-serif;color:#222222;">${fill(line, facts, roll, 'en')}</p>`).join('\r\n');
  const html = `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>
<table width="560" cellpadding="16" style="border:1px solid #dddddd;border-top:4px solid #4b5563"><tr><td>
<h3 style="font:bold 16px Arial,sans-serif;margin:0 0 12px 0;">${escapeHtml(subject)}</h3>${body}
<p style="font:12px Arial,sans-serif;color:#888888">This message was sent automatically, reference ${roll.int(1e7, 1e8)}.
<a href="https://${host}/item/${facts.ticket}">Open</a></p></td></tr></table></body></html>`;
  const head = envelope(shop, { thread: shop.serial(), subject, at, to: [cast.owner], cc: [] }, machine(name, `${local}@${host}`));
  return makeMessage({ ...head, body: { contentType: 'html', content: html }, preview: plain(body), focused: false });
}

const DEAR: Record<Language, string> = { en: 'Dear customer,', de: 'Sehr geehrte Damen und Herren,', fr: 'Madame, Monsieur,' };
const REMINDER: Record<Language, string> = { en: 'Reminder: ', de: 'Zahlungserinnerung: ', fr: 'Relance : ' };
const FREIGHT: Record<Language, string> = { en: 'shipping', de: 'Versand', fr: 'port' };
const BILL: Record<Language, { subject: string; lines: string[] }> = {
  en: {
    subject: 'Invoice $invoice for order $order',
    lines: ['please find attached invoice $invoice over $amount for order $order.', 'The amount is due on $date. Please quote the invoice number with your payment.'],
  },
  de: {
    subject: 'Rechnung $invoice zu Auftrag $order',
    lines: ['anbei erhalten Sie die Rechnung $invoice über $amount zum Auftrag $order.', 'Bitte überweisen Sie den Betrag bis zum $date. Bei Zahlung binnen $n Tagen gewähren wir 2 % Skonto.'],
  },
  fr: {
    subject: 'Facture $invoice, commande $order',
    lines: ["veuillez trouver ci-joint la facture $invoice d'un montant de $amount pour la commande $order.", 'Le règlement est attendu pour le $date, par virement, en rappelant le numéro.'],
  },
};

/** An invoice with its number, amount, due date and positions; sometimes the reminder. */
export function invoice(shop: Workshop, from: number, to: number): GraphMessage {
  const { roll, cast } = shop, company = roll.pick(cast.others.filter(({ role }) => role !== 'customer')), clerk = roll.pick(company.people);
  const language = company.language, at = new Date(someOfficeTime(from, to, roll));
  const facts = factsFor(roll, cast.trade, language, { company: company.name, person: clerk.first, colleague: clerk.name }, at);
  const say = (text: string): string => fill(text, facts, roll, language);
  const subject = `${roll.chance(0.2) ? REMINDER[language] : ''}${say(BILL[language].subject)}`;
  const freight = `${money(roll.int(1, 900) + 0.5, language)} ${FREIGHT[language]} · ${facts.invoice}.pdf`;
  const lines = [DEAR[language], ...BILL[language].lines.map(line => escapeHtml(say(line))), orderTable(roll, facts, language), freight];
  const own = lines.map(text => paragraph(text, clerk.client)).join('');
  const html = documentOf(`${own}${signature(clerk, companyOf(cast, clerk), roll.chance(0.3))}`, clerk.client);
  const head = envelope(shop, { thread: shop.serial(), subject, at, to: [cast.owner], cc: [] }, clerk);
  return makeMessage({ ...head, body: { contentType: 'html', content: html }, preview: plain(own), hasAttachments: true });
}

const ANSWERS: Record<Language, string[]> = {
  en: ['Accepted: ', 'Declined: ', 'Tentative: ', 'Invitation: ', 'Canceled: '],
  de: ['Zugesagt: ', 'Abgelehnt: ', 'Mit Vorbehalt: ', 'Einladung: ', 'Abgesagt: '],
  fr: ['Accepté : ', 'Refusé : ', 'Provisoire : ', 'Invitation : ', 'Annulé : '],
};

/** An invitation or an answer to one, as calendars mail them. */
export function invitation(shop: Workshop, stories: Storyline[], from: number, to: number): GraphMessage {
  const { roll, cast } = shop, story = roll.pick(stories), company = roll.pick(cast.byRole(story.with));
  const sender = roll.pick(company.people.filter(one => one !== cast.owner)), at = new Date(someOfficeTime(from, to, roll));
  const people = { company: company.name, person: sender.first, colleague: roll.pick(cast.home.people).name };
  const facts = factsFor(roll, cast.trade, story.lang, people, at), say = (text: string): string => fill(text, facts, roll, story.lang);
  const subject = `${roll.pick(ANSWERS[story.lang])}${say(roll.pick(story.subjects))}`;
  const lines = roll.some([...story.ask, ...story.open], 2).map(text => escapeHtml(say(text)));
  const own = [...lines, `<b>${say('$date, $time')}</b>, ${say('$room')}`, meetingBlock(shop)].map(text => paragraph(text, 'owa')).join('');
  const head = envelope(shop, { thread: shop.serial(), subject, at, to: [cast.owner], cc: roll.some(cast.home.people, roll.int(0, 4)) }, sender);
  return makeMessage({ ...head, body: { contentType: 'html', content: documentOf(own, 'owa') }, preview: plain(own) });
}

function meetingBlock({ roll }: Workshop): string {
  const id = [roll.int(200, 399), roll.int(100, 999), roll.int(100, 999), roll.int(10, 99)].join(' ');
  return `${'_'.repeat(80)}<br>\r\n<span style="font-size:18pt;color:#252424">Microsoft Teams</span><br>
<a href="https://teams.microsoft.com/l/meetup-join/19%3ameeting_${roll.int(1e9, 1e10)}">Join the meeting now</a><br>
Meeting ID: ${id} · Passcode: ${roll.int(1e5, 1e6).toString(36)}`;
}
