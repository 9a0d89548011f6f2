/** The workbench: newsletters: tables in tables, a tracking pixel, and articles made of other people's matters. */
import type { Dice } from './random.ts';
import type { Language } from './cast.ts';
import { envelope, machine, type Workshop } from './compose.ts';
import { escapeHtml } from './markup.ts';
import { makeMessage } from './message.ts';
import type { GraphMessage } from './shape.ts';
import { dayName, factsFor, fill, type Storyline } from './storyline.ts';

const DAY = 86_400_000;
type Letter = { name: string; domain: string; lang: Language; title: string; colour: string };
type Article = { title: string; text: string; link: string };

const LETTERS: Letter[] = [
  { name: 'Automation Weekly', domain: 'automation-weekly.example', lang: 'en', title: 'Automation Weekly', colour: '#0f766e' },
  { name: 'The Ledger Brief', domain: 'ledgerbrief.example', lang: 'en', title: 'The Ledger Brief', colour: '#7c2d12' },
  { name: 'Handelskammer aktuell', domain: 'kammer-aktuell.example', lang: 'de', title: 'Kammer aktuell', colour: '#1e3a8a' },
  { name: 'Lettre du Design', domain: 'lettre-design.example', lang: 'fr', title: 'La Lettre du Design', colour: '#9d174d' },
  { name: 'Parts Bazaar Deals', domain: 'partsbazaar.example', lang: 'en', title: "This week's deals", colour: '#b45309' },
  { name: 'Bahnreise Magazin', domain: 'bahnreise.example', lang: 'de', title: 'Unterwegs', colour: '#166534' },
];
const READ: Record<Language, string> = { en: 'Read on', de: 'Weiterlesen', fr: 'Lire la suite' };
const LEAVE: Record<Language, string> = { en: 'Unsubscribe', de: 'Abmelden', fr: 'Se désabonner' };

/** One issue, sent before people come to work. */
export function newsletter(shop: Workshop, stories: Storyline[], from: number, to: number): GraphMessage {
  const { roll, cast } = shop, letter = roll.pick(LETTERS), issue = roll.int(12, 480);
  const at = new Date(Math.floor((from + roll.next() * (to - from - DAY)) / DAY) * DAY + DAY / 6 + roll.int(0, 5_400) * 1_000);
  const matching = stories.filter(({ lang }) => lang === letter.lang);
  const articles = roll.some(matching, roll.int(5, 8)).map((story): Article => {
    const people = { company: roll.pick(cast.others).name, person: '', colleague: 'the editors' };
    const facts = factsFor(roll, cast.trade, letter.lang, people, at);
    const say = (text: string): string => escapeHtml(fill(text, facts, roll, letter.lang));
    const link = `https://click.${letter.domain}/t/${issue}/${roll.int(1e8, 1e9)}?u=${roll.int(1e9, 1e10)}&amp;utm_source=newsletter&amp;utm_medium=email`;
    return { title: say(roll.pick(story.subjects)), text: roll.some(story.say, 3).map(say).join(' '), link };
  });
  const subject = `${letter.title} #${issue}: ${articles[0]?.title.replaceAll('&amp;', '&') ?? ''}`;
  const sender = machine(letter.name, `news@${letter.domain}`);
  return makeMessage({
    ...envelope(shop, { thread: shop.serial(), subject, at, to: [cast.owner], cc: [] }, sender), focused: false,
    body: { contentType: 'html', content: pageHtml(letter, issue, at, articles, roll) },
    preview: articles.map(({ title, text }) => `${title} ${text}`).join(' '),
  });
}

function pageHtml(letter: Letter, issue: number, at: Date, articles: Article[], roll: Dice): string {
  const { lang, title, colour, domain, name } = letter;
  const sheet = `@media only screen and (max-width:620px){.wrap{width:100%!important}.card{padding:16px!important}img{max-width:100%!important;height:auto!important}}
body{margin:0;padding:0;background:#f3f4f6}a{color:${colour}}`;
  const preheader = `${articles.map(article => article.title).join(' · ')}${'&#847;&zwnj;&nbsp;'.repeat(40)}`;
  return `<!DOCTYPE html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${sheet}</style></head><body><div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">${preheader}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f4f6"><tbody><tr><td align="center">
<table class="wrap" role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff"><tbody>
<tr><td bgcolor="${colour}" style="padding:28px 32px;color:#ffffff;font-family:Georgia,serif;font-size:28px;">${title}
<span style="font-size:14px;">#${issue} · ${dayName(at, lang)}</span></td></tr>
${articles.map(article => articleHtml(article, letter, issue, roll)).join('\r\n')}
<tr><td align="center" style="padding:24px;font-family:Helvetica,Arial,sans-serif;font-size:12px;color:#9ca3af;">${name} ·
<a href="https://${domain}/unsubscribe?id=${roll.int(1e9, 1e10)}">${LEAVE[lang]}</a></td></tr></tbody></table></td></tr></tbody></table>
<img src="https://open.${domain}/o/${issue}-${roll.int(1e8, 1e9)}.gif" width="1" height="1" alt=""></body></html>`;
}

function articleHtml({ title, text, link }: Article, { domain, colour, lang }: Letter, issue: number, roll: Dice): string {
  const cell = 'padding:24px 32px;border-bottom:1px solid #e5e7eb;font-family:Helvetica,Arial,sans-serif;mso-line-height-rule:exactly;line-height:22px;';
  return `<tr><td class="card" align="left" valign="top" style="${cell}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tbody><tr>
<td width="120" valign="top" style="padding-right:20px;"><a href="${link}" target="_blank" style="text-decoration:none;">
<img src="https://img.${domain}/${issue}/${roll.int(1e5, 1e6)}.jpg" width="120" height="90" alt="" style="display:block;border:0;outline:none;border-radius:6px;"></a></td>
<td valign="top" style="font-size:15px;color:#374151;"><h2 style="margin:0 0 8px;font-size:19px;line-height:26px;color:#111827;">${title}</h2>${text}<br>
<a href="${link}" target="_blank" style="color:${colour};font-weight:bold;">${READ[lang]} &rarr;</a></td></tr></tbody></table></td></tr>`;
}
