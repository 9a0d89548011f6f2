/** Where the history, the signature and the disclaimer of a mail's text are. Line by line, each line looked at a bounded number of times: hostile input costs no more than long input. */
import type { MarkedPart } from '#contract/memory';
import { settleParts } from './parts.ts';

interface Line { start: number; end: number; text: string }

/** Longer lines are text, not markers. */
const MARKER_CHARS_MAX = 250;
/** An attribution may be wrapped over this many lines; a header block has its fields within this many. */
const ATTRIBUTION_LINES = 3, HEADER_LINES = 6;
const SIGN_OFF_LINES = 9, SIGN_OFF_CHARS = 80;

const DIVIDER = new RegExp([
  String.raw`^[>\s]*[-_=*~—]{2,}\s*(?:original message|original appointment|forwarded message|forwarded by\b.*|reply message|ursprüngliche nachricht|original-nachricht|weitergeleitete nachricht|message d['’]origine|message transféré|message original|mensaje original|mensaje reenviado|messaggio originale|messaggio inoltrato|mensagem original|mensagem encaminhada|oorspronkelijk bericht|doorgestuurd bericht|ursprungligt meddelande|opprinnelig melding|oprindelig (?:meddelelse|besked)|alkuperäinen viesti|wiadomość oryginalna|исходное сообщение|пересланное сообщение|原始邮件|転送メッセージ|original message follows).{0,40}$`,
  String.raw`^\s*message du\s*:\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.{0,20}$`,
  String.raw`^\s*(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message (?:réexpédié|transféré)|inicio del mensaje reenviado)\s*:\s*$`,
].join('|'), 'i');
const NOTES_FORWARD = /^[>\s]*-{5,}\s*forwarded by\b/i;

const FROM = /^[>\s*_]*(?:from|von|de|da|van|från|fra|od|от|lähettäjä|发件人|差出人)\s*[*_]*\s*[:：][*_]*\s*\S/i;
const SENT = /^[>\s*_]*(?:sent|date|gesendet|datum|envoyé(?: le)?|enviado(?: el)?|inviato|data|dato|fecha|verzonden|skickat|sendt|wysłano|отправлено|дата|lähetetty|发送时间|送信日時)\s*[*_]*\s*[:：]/i;
const TO = /^[>\s*_]*(?:to|an|à|a|para|aan|till|til|do|кому|vastaanottaja|收件人|宛先|subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|тема|aihe|主题|件名)\s*[*_]*\s*[:：]/i;

const WROTE = /(?:wrote|writes|schrieb(?: am .{1,60})?|a écrit|ecrit|escribió|ha scritto|escreveu|schreef(?: .{1,60})?|skrev(?: .{1,60})?|kirjoitti|napisał(?:\(a\)|a)?|pisze|написал(?:а|\(а\))?|пишет|írta|さんは書きました|写道)\s*(?:[:：]|-{2,})\s*$/i;
const WROTE_START_STRONG = /^[>\s-]*(?:on|am|le|el|il|em|op|den|på|dnia|w dniu|в|in data)\s/iu;
const WROTE_START = /^[>\s]*(?:\d{1,4}[-./]|[a-z]{3,9}, |at |"?[\p{L}.]+[\p{L} .,'"-]{0,60}(?:<|\[mailto:|schrieb|wrote|writes|\())/iu;

const MOBILE = /^\s*(?:sent from (?:my |outlook|mail |yahoo|samsung|gmail|proton|the )|get outlook for (?:ios|android)|gesendet (?:von (?:meinem|outlook|mail)|mit der )|von meinem \S{1,30} gesendet|envoyé (?:de(?:puis)? mon|à partir de)|enviado desde (?:mi|el)|inviato da(?:l mio)?|verstuurd vanaf mijn|skickat från min|sendt fra min|отправлено с )/i;
/** Whatever program it is, when nothing of the mail follows. */
const MOBILE_AT_END = /^\s*sent from (?:an? )?[^\s,.:;!?][^,.:;!?]{2,40}(?:<[^<>\s]{1,200}>)?\s*$/i;
const SIGN_OFF = /^\s*(?:(?:with )?(?:best|kind|warm|many|kindest|warmest)?\s*(?:regards|wishes|greetings)|best|all the best|sincerely(?: yours)?|yours (?:sincerely|faithfully|truly)|cheers|thanks(?: again| so much| and regards)?|thank you|many thanks|respectfully|mit (?:freundlichen|besten|herzlichen|lieben) gr(?:ü|ue)(?:ß|ss)en|(?:viele|liebe|beste|herzliche|freundliche|schöne) gr(?:ü|ue)(?:ß|ss)e|(?:mfg|lg|vg)|(?:bien )?cordialement|(?:bien )?à vous|meilleures salutations|salutations distinguées|sincères salutations|saludos(?: cordiales)?|un saludo|atentamente|cordiali saluti|distinti saluti|atenciosamente|met vriendelijke groet(?:en)?|med vänliga hälsningar|med venlig hilsen|vennlig hilsen|z poważaniem|pozdrawiam|с уважением)[\s,.!;:–—\p{Extended_Pictographic}-]*$/iu;

const LEGAL = /confidential|intended (?:recipient|solely|only)|privileged|received (?:this|it) (?:e-?mail |message |communication )?in error|unauthori[sz]ed|virus|disclaimer|registered (?:in|office|number)|vertraulich|bestimmungsgemäße|irrtümlich|handelsregister|geschäftsführer|amtsgericht|confidentiel|destinataire|par erreur|confidencial|destinatario|riservat/gi;
const LEGAL_HINT = /confidential|vertraulich|confidentiel|confidencial|riservat|in error|disclaimer|handelsregister/i;
const LEGAL_CHARS_MIN = 90;

/** Marks quotes, signatures and disclaimers; `known` are parts found in the markup. The answer is settled. */
export function markReplies(text: string, known: MarkedPart[] = []): MarkedPart[] {
  const lines = splitLines(text);
  const parts = [...known];
  const historyAt = markHistory(lines, parts, text.length);
  markSignature(lines.slice(0, historyAt), parts);
  markDisclaimers(text, lines, parts);
  return settleParts(parts, text);
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf('\n', start), end = newline < 0 ? text.length : newline;
    lines.push({ start, end, text: text.slice(start, Math.min(end, start + MARKER_CHARS_MAX + 1)) });
    start = end + 1;
  }
  return lines;
}

/** Quoted lines where they stand; from a divider, a header block or an attribution with nothing marked behind it, everything. Returns the line where history takes over. */
function markHistory(lines: Line[], parts: MarkedPart[], end: number): number {
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!, first = firstChar(line.text);
    if ((first === '>' && line.text.trim() !== '>:') || isWrapped(lines, i)) { parts.push({ kind: 'quote', start: line.start, end: line.end }); continue; }
    if (line.text.length > MARKER_CHARS_MAX || first === '') continue;
    if (isDivider(line.text, first) || isHeaderBlock(lines, i) || isNotesHeader(lines, i)) {
      parts.push({ kind: 'quote', start: lines[ruleAbove(lines, i)]!.start, end });
      return i;
    }
    const began = attributionStart(lines, i);
    if (began < 0) continue;
    const next = lines.slice(i + 1, i + 6).find((following) => following.text.trim() !== '');
    const isMarkedBehind = next !== undefined && firstChar(next.text) === '>';
    parts.push({ kind: 'quote', start: lines[began]!.start, end: isMarkedBehind ? line.end : end });
    if (!isMarkedBehind) return began;
  }
  return lines.length;
}

/** A quoted line that was too long went on in the next one, without a sign: the sign goes on behind it. */
const isWrapped = (lines: Line[], at: number): boolean =>
  at > 0 && lines[at - 1]!.text.length >= WRAPPED_CHARS && isQuoted(lines[at - 1]) && isQuoted(lines[at + 1]) && lines[at]!.text.trim() !== '';
const WRAPPED_CHARS = 60;
const isQuoted = (line: Line | undefined): boolean => line !== undefined && firstChar(line.text) === '>';

/** The line of signs that programs draw above the mail that is answered; without one, the line itself. */
function ruleAbove(lines: Line[], at: number): number {
  const above = lines.slice(Math.max(0, at - 3), at).findLastIndex((line) => line.text.trim() !== ''), i = above < 0 ? -1 : Math.max(0, at - 3) + above;
  return i >= 0 && /^\s*(?:_{10,}|-{10,}|={4,})\s*$/.test(lines[i]!.text) ? i : at;
}

const firstChar = (text: string): string => /\S/.exec(text)?.[0] ?? '';
const isDivider = (text: string, first: string): boolean => ('-_=*~—'.includes(first) || /^\s*[BADIM]/i.test(text)) && (DIVIDER.test(text) || NOTES_FORWARD.test(text));

/** "From: .. / Sent: .. / To: .." as Outlook, Apple Mail and their translations put it above the mail that is answered. */
function isHeaderBlock(lines: Line[], at: number): boolean {
  if (!FROM.test(lines[at]!.text)) return false;
  let hasSent = false, toFields = 0;
  for (let i = at + 1, seen = 0; i < lines.length && seen < HEADER_LINES; i += 1) {
    const { text } = lines[i]!;
    if (text.trim() === '') continue;
    seen += 1;
    if (SENT.test(text)) hasSent = true; else if (TO.test(text)) toFields += 1;
  }
  return (hasSent && toFields > 0) || toFields > 1;
}

/** Lotus Notes: a name, a date and time, "To:", "cc:", "Subject:", each on its line, sometimes name and date on one. */
function isNotesHeader(lines: Line[], at: number): boolean {
  const near = lines.slice(at, at + 9).filter((line) => line.text.trim() !== '').slice(0, 6).map((line) => line.text);
  const dated = near.slice(0, 2).findIndex((text) => NOTES_DATE.test(text));
  if (dated < 0 || near[0]!.length > 120 || (dated === 0 ? !/\son\s|^\s*\d/.test(near[0]!) : !/[/@]/.test(near[0]!))) return false;
  const rest = near.slice(dated + 1);
  return /^\s*to:/i.test(rest[0] ?? '') && rest.some((text) => /^\s*subject:/i.test(text));
}
const NOTES_DATE = /\d{1,2}\/\d{1,2}\/\d{2,4} \d{1,2}:\d\d(?::\d\d)? [AP]M\s*$/;

/** An address and a colon at the end, a year or a time before it: an attribution in whatever language. */
const ADDRESSED = /@[^\s<>]+\s*>\s*[:：]\s*$|<[^\s<>]+@[^\s<>]+>\s+(?:wrote|schrieb)\s*$/i;
const DATED = /\b(?:19|20)\d\d\b|\d[:.]\d\d\b/;

/** The line where "On .. wrote:" begins that ends at line `at`; -1 when there is none. A date or an address must be in it. */
function attributionStart(lines: Line[], at: number): number {
  const { text } = lines[at]!;
  if (!/(?:[:：-]|wrote|schrieb)\s*$/i.test(text)) return -1;
  const saysWrote = WROTE.test(text), mayAddress = />\s*(?:[:：]|wrote|schrieb)\s*$/i.test(text);
  if (!saysWrote && !mayAddress) return -1;
  let joined = '', start = -1, isDated = false;
  for (let i = at; i >= Math.max(0, at - ATTRIBUTION_LINES + 1); i -= 1) {
    const candidate = lines[i]!.text;
    if (candidate.trim() === '') break;
    joined = `${candidate} ${joined}`;
    const isAddressed = mayAddress && DATED.test(joined) && ADDRESSED.test(joined);
    if (!isAddressed && !(saysWrote && /\d|@/.test(joined))) continue;
    if (WROTE_START_STRONG.test(candidate) && (!isDated || DATED.test(candidate))) return i;
    if (isDated) return start;
    if (start < 0 && (isAddressed || WROTE_START.test(candidate))) start = i;
    else if (saysWrote && DATED.test(candidate)) { start = i; isDated = true; }
  }
  return start;
}

/** "-- ", "Sent from my ..", or a sign-off with few short lines behind it, in the part before the history. */
function markSignature(lines: Line[], parts: MarkedPart[]): void {
  let last = lines.findLastIndex((line) => line.text.trim() !== '' && firstChar(line.text) !== '>');
  if (last < 0) return;
  let end = lines[last]!.end;
  for (let i = Math.max(0, last - 40); i <= last; i += 1) {
    const { text, start } = lines[i]!;
    if (/^(?:--|—+|__+)\s*$/.test(text) && i < last && last - i <= 25) {
      parts.push({ kind: 'signature', start, end });
      last = i - 1; end = start;
      break;
    }
    if ((MOBILE.test(text) && /^[^,]{0,90}$|excuse|brevity|typos/i.test(text)) || (MOBILE_AT_END.test(text) && isFollowedByHistory(lines, i, parts))) parts.push({ kind: 'signature', start, end: lines[i]!.end });
  }
  for (let i = last; i >= Math.max(0, last - SIGN_OFF_LINES); i -= 1) {
    const line = lines[i]!;
    if (line.end - line.start > SIGN_OFF_CHARS) return;
    if (i > 0 && SIGN_OFF.test(line.text)) { parts.push({ kind: 'signature', start: line.start, end }); return; }
  }
}

/** Nothing of its own comes behind it. */
function isFollowedByHistory(lines: Line[], at: number, parts: MarkedPart[]): boolean {
  const next = lines.slice(at + 1, at + 6).find((line) => line.text.trim() !== '');
  return next === undefined || parts.some(({ kind, start, end }) => kind === 'quote' && start <= next.start && next.start < end);
}

/** Paragraphs in legal language: two of its words at least. */
function markDisclaimers(text: string, lines: Line[], parts: MarkedPart[]): void {
  if (!LEGAL_HINT.test(text)) return;
  for (let i = 0; i < lines.length; i += 1) {
    if (lines[i]!.text.trim() === '') continue;
    let to = i;
    while (to + 1 < lines.length && lines[to + 1]!.text.trim() !== '') to += 1;
    const start = lines[i]!.start, end = lines[to]!.end;
    i = to;
    if (end - start < LEGAL_CHARS_MIN) continue;
    const paragraph = text.slice(start, Math.min(end, start + 4_000));
    const words = new Set(paragraph.match(LEGAL)?.map((word) => word.toLowerCase()));
    if (words.size >= 2) parts.push({ kind: 'disclaimer', start, end });
  }
}
