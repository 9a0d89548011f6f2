/** The workbench: how mail programs write HTML: their heads, their paragraphs, their signatures, their ways to quote. Pure. */
import type { Company, Language, Member } from './cast.ts';
import { longDate, shortDate } from './storyline.ts';
import type { Person } from './shape.ts';

/** What a quote says about the mail it quotes. `inner` is that mail's own content, its quotes included. */
export type Quoted = { from: Person; to: Person[]; at: Date; subject: string; inner: string };

export const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One paragraph as the writer's program makes it. The text is HTML already. */
export function paragraph(text: string, client: Member['client']): string {
  switch (client) {
    case 'outlook': return `<p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif;color:#1F497D">${text}</span></p>\r\n<p class="MsoNormal"><span style="font-size:11.0pt">&nbsp;</span></p>\r\n`;
    case 'owa': return `<div class="elementToProof" style="font-family: Aptos, Aptos_EmbeddedFont, Calibri, Helvetica, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);">${text}</div>\r\n<div class="elementToProof"><br></div>\r\n`;
    case 'gmail': return `<div>${text}</div><div><br></div>`;
    case 'apple': return `<div style="margin: 0px; font-stretch: normal; line-height: normal;">${text}</div><br class="">`;
    case 'plain': return `${text}<br>\r\n<br>\r\n`;
  }
}

/** The whole document around a content. */
export function documentOf(inner: string, client: Member['client']): string {
  switch (client) {
    case 'outlook': return `${WORD_HEAD}${inner}</div>\r\n</body>\r\n</html>\r\n`;
    case 'owa': return `<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style></head>\r\n<body dir="ltr">\r\n${inner}</body>\r\n</html>\r\n`;
    case 'gmail': return `<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body><div dir="ltr">${inner}</div></body></html>`;
    case 'apple': return `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">${inner}</body></html>`;
    case 'plain': return `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body><div class="PlainText">${inner}</div></body></html>`;
  }
}

const WORD_STYLE = `<!--
/* Font Definitions */
@font-face
  {font-family:"Cambria Math";
  panose-1:2 4 5 3 5 4 6 3 2 4;}
@font-face
  {font-family:Calibri;
  panose-1:2 15 5 2 2 2 4 3 2 4;}
/* Style Definitions */
p.MsoNormal, li.MsoNormal, div.MsoNormal
  {margin:0cm;
  font-size:11.0pt;
  font-family:"Calibri",sans-serif;
  mso-ligatures:standardcontextual;
  mso-fareast-language:EN-US;}
a:link, span.MsoHyperlink
  {mso-style-priority:99;
  color:#0563C1;
  text-decoration:underline;}
span.E-MailFormatvorlage17
  {mso-style-type:personal-compose;
  font-family:"Calibri",sans-serif;
  color:windowtext;}
.MsoChpDefault
  {mso-style-type:export-only;
  font-size:10.0pt;}
@page WordSection1
  {size:612.0pt 792.0pt;
  margin:70.85pt 70.85pt 2.0cm 70.85pt;}
div.WordSection1
  {page:WordSection1;}
-->`.replaceAll('\n', '\r\n');

const WORD_HEAD = `<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"
 xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><meta name="Generator" content="Microsoft Word 15 (filtered medium)">
<style>${WORD_STYLE}</style>
</head>
<body lang="EN-GB" link="#0563C1" vlink="#954F72" style="word-wrap:break-word">
<div class="WordSection1">
`;

const WORDS: Record<Language, { from: string; sent: string; to: string; subject: string; forward: string }> = {
  en: { from: 'From', sent: 'Sent', to: 'To', subject: 'Subject', forward: 'Forwarded message' },
  de: { from: 'Von', sent: 'Gesendet', to: 'An', subject: 'Betreff', forward: 'Weitergeleitete Nachricht' },
  fr: { from: 'De', sent: 'Envoyé', to: 'À', subject: 'Objet', forward: 'Message transféré' },
};

/** The former mail below a reply, as the replying program and language put it. */
export function quote({ from, to, at, subject, inner }: Quoted, client: Member['client'], language: Language): string {
  const words = WORDS[language], who = `${escapeHtml(from.name)} &lt;${from.address}&gt;`, whom = to.slice(0, 6).map(({ name, address }) => `${escapeHtml(name)} &lt;${address}&gt;`).join('; ');
  const header = `<b>${words.from}:</b> ${who}<br>\r\n<b>${words.sent}:</b> ${longDate(at, language)}<br>\r\n<b>${words.to}:</b> ${whom}<br>\r\n<b>${words.subject}:</b> ${escapeHtml(subject)}`;
  switch (client) {
    case 'outlook': return `<div>\r\n<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">\r\n<p class="MsoNormal">${header}</p>\r\n</div>\r\n</div>\r\n<p class="MsoNormal">&nbsp;</p>\r\n${inner}`;
    case 'owa': return `<hr tabindex="-1" style="display:inline-block; width:98%">\r\n<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">${header}</font>\r\n<div>&nbsp;</div>\r\n</div>\r\n<div>${inner}</div>\r\n`;
    case 'gmail': return `<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">${wrote(from, at, language, true)}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">${inner}</blockquote></div>`;
    case 'apple': return `<div><br><blockquote type="cite"><div>${wrote(from, at, language, false)}</div><br class="Apple-interchange-newline"><div>${inner}</div></blockquote></div><br>`;
    case 'plain': return `${wrote(from, at, language, false)}<br>\r\n${textLines(inner).map(line => `&gt; ${line}<br>\r\n`).join('')}`;
  }
}

/** The introduction of a forwarded mail. */
export function forwarded(mail: Quoted, client: Member['client'], language: Language): string {
  const words = WORDS[language];
  if (client !== 'gmail') return quote(mail, client === 'plain' || client === 'apple' ? 'owa' : client, language);
  return `<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- ${words.forward} ---------<br>${words.from}: <b class="gmail_sendername" dir="auto">${escapeHtml(mail.from.name)}</b> &lt;${mail.from.address}&gt;<br>${words.sent}: ${shortDate(mail.at, language)}<br>${words.subject}: ${escapeHtml(mail.subject)}<br></div><br><br>${mail.inner}</div>`;
}

function wrote(from: Person, at: Date, language: Language, linked: boolean): string {
  const address = linked ? `<a href="mailto:${from.address}">${from.address}</a>` : from.address, who = `${escapeHtml(from.name)} &lt;${address}&gt;`;
  return { en: `On ${shortDate(at, 'en')} ${who} wrote:`, de: `Am ${shortDate(at, 'de')} Uhr schrieb ${who}:`, fr: `Le ${shortDate(at, 'fr')}, ${who} a écrit :` }[language];
}

const textLines = (html: string): string[] => html.replace(/<(br|\/p|\/div)[^>]*>/g, '\n').replace(/<[^>]*>/g, '').split(/\s*\n\s*/).filter(Boolean).slice(0, 60);

const REGARDS: Record<Language, string[]> = { en: ['Kind regards', 'Best regards', 'Thanks', 'Cheers', 'Best'], de: ['Mit freundlichen Grüßen', 'Viele Grüße', 'Beste Grüße', 'Herzliche Grüße'], fr: ['Cordialement', 'Bien à vous', 'Bonne journée', 'Meilleures salutations'] };
export const regards = (language: Language): string[] => REGARDS[language];

const DISCLAIMERS: Record<Language, string> = {
  en:
    'This e-mail and any attachment are confidential and may be legally privileged. If you are not the intended recipient, please notify the sender and ' +
    'delete this message; any use, copying or disclosure is prohibited. We do not accept liability for changes made after it was sent. Please consider the ' +
    'environment before printing this e-mail.',
  de:
    'Diese E-Mail enthält vertrauliche und gegebenenfalls rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind oder diese E-Mail ' +
    'irrtümlich erhalten haben, informieren Sie bitte sofort den Absender und vernichten Sie diese Nachricht. Das unerlaubte Kopieren sowie die unbefugte ' +
    'Weitergabe sind nicht gestattet. Pflichtangaben gemäß § 35a GmbHG: Sitz der Gesellschaft und Registergericht siehe oben.',
  fr:
    "Ce message et ses pièces jointes sont confidentiels et établis à l'intention exclusive de leurs destinataires. Si vous l'avez reçu par erreur, merci " +
    "d'en avertir l'expéditeur et de le détruire. Toute utilisation ou diffusion non autorisée est interdite. La société décline toute responsabilité si " +
    'ce message a été altéré ou falsifié.',
};

/** Name, title, house, and below it what the lawyers wanted. A company without a street writes like a person. */
export function signature(member: Member, company: Company | undefined, inlineImage: boolean): string {
  if (!company) return `<div class="gmail_signature">${escapeHtml(member.first)}</div>`;
  const language = company.language;
  const logo = inlineImage ? `<img width="142" height="38" style="width:1.4791in;height:.3958in" src="cid:image001.png@01DC${String(company.phone.length).padStart(4, '0')}.${company.domain.length}A0" alt="${company.name}"><br>\r\n` : '';
  const block = `<b>${escapeHtml(member.name)}</b><br>\r\n${escapeHtml(member.title)}<br>\r\n<br>\r\n${logo}<b><span style="color:#0B4F8A">${escapeHtml(company.name)}</span></b><br>\r\n${company.street} | ${company.city}<br>\r\nT ${company.phone} | <a href="https://www.${company.domain}">www.${company.domain}</a>`;
  const note = company.disclaimer ? `<p style="font-size:7.5pt;color:#7F7F7F">${company.disclaimer > 1 ? `${DISCLAIMERS[language]} ` : ''}${DISCLAIMERS[language]}</p>` : '';
  if (member.client === 'plain') return `--&nbsp;<br>\r\n${block}<br>\r\n${note}<br>\r\n`;
  return `<div ${member.client === 'gmail' ? 'dir="ltr" class="gmail_signature" data-smartmail="gmail_signature"' : 'id="Signature"'}><p style="font-size:9.0pt;font-family:Arial,sans-serif;color:#44546A">${block}</p>${note}</div>\r\n`;
}
