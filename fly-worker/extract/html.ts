/** HTML mail -> text that reads well, in one pass over the source. Refuses nothing: broken markup becomes the best text it can be, in linear time. */
import { HTML_CHARS_MAX, TEXT_CHARS_MAX } from '#contract/limits';
import type { MarkedPart } from '#contract/memory';
import { decodeReferences } from './html-entities.ts';

/** Text and the parts of it that the markup itself marks as history or signature. */
export interface ReadableText { text: string; parts: MarkedPart[] }

/** How an element breaks the line: 1 = new line, 2 = blank line. */
const BREAKS = new Map<string, 1 | 2>([
  ...['address', 'article', 'aside', 'body', 'center', 'dd', 'details', 'div', 'dt', 'fieldset', 'figcaption', 'figure', 'footer', 'form', 'header', 'html', 'li', 'main', 'nav', 'section', 'summary', 'tbody', 'tfoot', 'thead', 'tr', 'caption', 'option'].map((name): [string, 1] => [name, 1]),
  ...['blockquote', 'dl', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'ol', 'p', 'pre', 'table', 'ul'].map((name): [string, 2] => [name, 2]),
]);
const VOID = new Set(['area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'param', 'source', 'track', 'wbr']);
/** Their content is not markup and not for people. */
const RAW = new Set(['script', 'style', 'title', 'template', 'xml', 'noframes', 'iframe', 'svg']);
/** Elements whose attributes can make them a quote, a signature or hidden. */
const MARKABLE = new Set(['div', 'span', 'blockquote', 'table', 'td', 'tr', 'p', 'section', 'hr', 'font', 'a', 'img']);

const MARK_HINT = /quote|rplyfwd|appendonsend|moz-|signature|reference-message|zmail_extra|messageheader|none|hidden|mso-hide|size\s*:\s*0/i;
const QUOTE_TO_END = /\bid\s*=\s*["']?(?:x_)*(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION)\b|\bclass\s*=\s*["']?[^"'>]*\bOutlookMessageHeader\b/i;
const QUOTE = /\bclass\s*=\s*["']?[^"'>]*\b(?:x_)*(?:gmail_quote(?!_)|gmail_extra|yahoo_quoted|protonmail_quote|zmail_extra|moz-cite-prefix|moz-forward-container|tutanota_quote)\b|\btype\s*=\s*["']?cite\b/i;
const SIGNATURE = /\bclass\s*=\s*["']?[^"'>]*\b(?:x_)*(?:gmail_signature|moz-signature|protonmail_signature_block|email-signature)\b|\bid\s*=\s*["']?(?:x_)*(?:Signature|ms-outlook-mobile-signature|AppleMailSignature)\b/i;
const HIDDEN = /\bstyle\s*=\s*["'][^"'>]*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:px|pt)?\s*(?:;|["'!]))|(?:^|\s)hidden(?:\s|=|$)/i;

/** Deeper markup is read on, but its ends are no longer matched: no mail needs it, hostile ones do. */
const DEPTH_MAX = 400;
const URL_CHARS_MAX = 300;
/** Attributes are read this far: the patterns for them are allowed to look twice. */
const ATTRIBUTE_CHARS_MAX = 1_500;
/** More text than is ever stored needs no reading; the rest of the room is for secrets that shrink when they are taken out. */
const READ_CHARS_MAX = 2 * TEXT_CHARS_MAX;
/** An element ends its own kind where HTML lets the end be left out. */
const CLOSES_ITSELF = new Set(['li', 'td', 'th', 'tr', 'option', 'dd', 'dt']);

/** Text that is not yet as it is kept: signs nobody sees, or white space other than single spaces. */
const UNEVEN = /[^\S ]| {2}|[\u200b\u200c\u2060\ufeff\u00ad]|\u034f/;

type Role = 'plain' | 'hidden' | 'quote' | 'signature' | 'pre' | 'link' | 'list' | 'item';

/** HTML, at most HTML_CHARS_MAX of it, as text with links, list marks and tabs between table cells. */
export function readHtml(source: string): ReadableText {
  const html = source.length > HTML_CHARS_MAX ? source.slice(0, HTML_CHARS_MAX) : source;
  const reader = new Reader();
  const end = html.length;
  let at = 0, quotesClosed = true, commentsClosed = true;
  while (at < end && reader.length < READ_CHARS_MAX) {
    const open = html.indexOf('<', at);
    if (open < 0) { reader.text(html.slice(at)); break; }
    if (open > at) reader.text(html.slice(at, open));
    const next = html.charCodeAt(open + 1);
    if (next === 33 || next === 63) {                                                          // <! <?
      at = afterDeclaration(html, open, commentsClosed);
      // a comment without an end swallows no mail, and the end is not looked for again
      if (at < 0) { commentsClosed = false; at = open + 4; }
      continue;
    }
    const isEnd = next === 47;
    const nameAt = isEnd ? open + 2 : open + 1;
    if (!isLetter(html.charCodeAt(nameAt))) { reader.text('<'); at = open + 1; continue; }
    let nameEnd = nameAt + 1;
    while (nameEnd < end && isNameChar(html.charCodeAt(nameEnd))) nameEnd += 1;
    let close = quotesClosed ? tagEnd(html, nameEnd) : html.indexOf('>', nameEnd);
    // a quote that never closes: from here on quotes mean nothing, so that every tag is still looked at once
    if (close < 0 && quotesClosed) { quotesClosed = false; close = html.indexOf('>', nameEnd); }
    if (close < 0) break;
    const name = lower(html.slice(nameAt, nameEnd));
    at = close + 1;
    if (isEnd) { reader.close(name); continue; }
    if (RAW.has(name)) { if (html.charCodeAt(close - 1) !== 47) at = afterRaw(html, name, at); continue; }
    reader.open(name, nameEnd < close ? html.slice(nameEnd, Math.min(close, nameEnd + ATTRIBUTE_CHARS_MAX)) : '');
  }
  return reader.finish();
}

const isLetter = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90);
const isNameChar = (c: number): boolean => isLetter(c) || (c >= 48 && c <= 58) || c === 45 || c === 95;      // digits, ':' (o:p), - _
const lower = (name: string): string => (/[A-Z]/.test(name) ? name.toLowerCase() : name);

/** Index of the '>' that ends the tag, past quoted values; -1 when it never ends. */
function tagEnd(html: string, from: number): number {
  for (let i = from; i < html.length; i += 1) {
    const c = html.charCodeAt(i);
    if (c === 62) return i;
    if (c === 34 || c === 39) {
      // a quote opens a value only behind '='; elsewhere it is a stray
      let before = i - 1;
      while (before > from && html.charCodeAt(before) === 32) before -= 1;
      if (html.charCodeAt(before) !== 61) continue;
      i = html.indexOf(c === 34 ? '"' : '\'', i + 1);
      if (i < 0) return -1;
    }
  }
  return -1;
}

/** Index behind the declaration or comment; -1 for a comment without an end. */
function afterDeclaration(html: string, open: number, commentsClosed: boolean): number {
  if (!html.startsWith('<!--', open)) {
    const close = html.indexOf('>', open + 2);
    return close < 0 ? html.length : close + 1;
  }
  const close = commentsClosed ? html.indexOf('-->', open + 4) : -1;
  return close < 0 ? -1 : close + 3;
}

const rawEnds = new Map([...RAW].map((name) => [name, new RegExp(`</${name}[\\s>/]`, 'gi')]));
function afterRaw(html: string, name: string, from: number): number {
  const end = rawEnds.get(name)!;
  end.lastIndex = from;
  const found = end.exec(html);
  if (!found) return html.length;
  const close = html.indexOf('>', found.index);
  return close < 0 ? html.length : close + 1;
}

class Reader {
  #out = '';
  #breaks = 0;
  #space = false;
  #cell = false;
  #names: string[] = [];
  #roles: Role[] = [];
  #beyond = 0;
  #hidden = 0;
  #pre = 0;
  #lists: number[] = [];
  #links: { href: string; shown: string }[] = [];
  #open: { kind: 'quote' | 'signature'; from: number }[] = [];
  #parts: MarkedPart[] = [];
  #quoteFrom = -1;

  get length(): number { return this.#out.length; }

  text(raw: string): void {
    if (this.#hidden > 0) return;
    if (this.#pre > 0) { this.#preformatted(decodeReferences(raw)); return; }
    const written = decodeReferences(raw), text = UNEVEN.test(written) ? written.replace(/(?:[\u200b\u200c\u2060\ufeff\u00ad]|\u034f)+/g, '').replace(/\s+/g, ' ') : written;
    if (text === '' || text === ' ') { this.#space ||= text === ' '; return; }
    const trimmed = text.trim();
    if (text.charCodeAt(0) === 32) this.#space = true;
    this.#write(trimmed);
    this.#space = text.charCodeAt(text.length - 1) === 32;
  }

  open(name: string, attributes: string): void {
    if (name === 'br') { if (this.#hidden === 0) { this.#breaks = this.#breaks === 0 ? 1 : Math.min(2, this.#breaks + 1); this.#space = false; } return; }
    const breaks = BREAKS.get(name);
    const top = this.#names[this.#names.length - 1];
    if ((top === 'p' && breaks !== undefined) || (top === name && CLOSES_ITSELF.has(name))) { this.#names.pop(); this.#leave(this.#roles.pop()!); }
    if (breaks !== undefined) this.#break(breaks);
    else if (name === 'td' || name === 'th') { this.#cell = true; this.#space = false; }
    if (name === 'img') { this.#image(attributes); return; }
    const role = this.#roleOf(name, attributes);
    if (VOID.has(name)) return;
    if (this.#names.length >= DEPTH_MAX) { this.#beyond += 1; return; }
    this.#names.push(name);
    this.#roles.push(role);
    switch (role) {
      case 'plain': return;
      case 'hidden': this.#hidden += 1; return;
      case 'quote': case 'signature': this.#open.push({ kind: role, from: this.#out.length }); return;
      case 'pre': this.#pre += 1; return;
      case 'link': this.#links.push({ href: hrefOf(attributes), shown: '' }); return;
      case 'list': this.#lists.push(name === 'ol' ? 1 : 0); return;
      case 'item': this.#item(); return;
    }
  }

  close(name: string): void {
    if (name === 'p' && !this.#names.includes('p')) { this.#break(2); return; }
    if (this.#beyond > 0) { this.#beyond -= 1; const stray = BREAKS.get(name); if (stray !== undefined) this.#break(stray); return; }
    const index = this.#names.lastIndexOf(name);
    if (index >= 0) while (this.#names.length > index) { this.#names.pop(); this.#leave(this.#roles.pop()!); }
    const breaks = BREAKS.get(name);
    if (breaks !== undefined) this.#break(breaks);
    else if (name === 'td' || name === 'th') { this.#cell = true; this.#space = false; }
  }

  finish(): ReadableText {
    while (this.#roles.length > 0) this.#leave(this.#roles.pop()!);
    const text = this.#out;
    if (this.#quoteFrom >= 0 && this.#quoteFrom < text.length) this.#parts.push({ kind: 'quote', start: this.#quoteFrom, end: text.length });
    return { text, parts: this.#parts };
  }

  #roleOf(name: string, attributes: string): Role {
    if (attributes !== '' && MARKABLE.has(name) && MARK_HINT.test(attributes)) {
      if (HIDDEN.test(attributes) && !VOID.has(name)) return 'hidden';
      if (QUOTE_TO_END.test(attributes)) { if (this.#quoteFrom < 0 && this.#hidden === 0) this.#quoteFrom = this.#out.length; return 'plain'; }
      if (QUOTE.test(attributes)) return 'quote';
      if (SIGNATURE.test(attributes)) return 'signature';
    }
    switch (name) {
      case 'blockquote': return 'quote';
      case 'pre': case 'textarea': return 'pre';
      case 'a': return 'link';
      case 'ul': case 'ol': return 'list';
      case 'li': return 'item';
      default: return 'plain';
    }
  }

  #leave(role: Role): void {
    switch (role) {
      case 'plain': case 'item': return;
      case 'hidden': this.#hidden -= 1; return;
      case 'pre': this.#pre -= 1; return;
      case 'list': this.#lists.pop(); return;
      case 'link': this.#link(this.#links.pop()!); return;
      case 'quote': case 'signature': {
        const part = this.#open.pop()!;
        const isInner = role === 'quote' && this.#open.some((outer) => outer.kind === 'quote');
        if (!isInner && part.from < this.#out.length) this.#parts.push({ kind: part.kind, start: part.from, end: this.#out.length });
      }
    }
  }

  #break(lines: 1 | 2): void {
    if (this.#hidden > 0) return;
    if (lines > this.#breaks) this.#breaks = lines;
    this.#space = false;
    this.#cell = false;
  }

  #write(text: string): void {
    if (this.#out !== '') {
      if (this.#breaks > 0) this.#out += this.#breaks === 1 ? '\n' : '\n\n';
      else if (this.#cell) this.#out += '\t';
      else if (this.#space) this.#out += ' ';
    }
    this.#breaks = 0; this.#space = false; this.#cell = false;
    this.#out += text;
    const link = this.#links[this.#links.length - 1];
    if (link && link.shown.length < URL_CHARS_MAX) link.shown += text;
  }

  #preformatted(text: string): void {
    const lines = text.replace(/\r\n?/g, '\n').split('\n');
    for (const [i, line] of lines.entries()) {
      if (i > 0) this.#breaks = Math.min(2, this.#breaks + 1);
      const kept = line.trimEnd();
      if (kept !== '') this.#write(kept);
    }
  }

  #item(): void {
    const depth = this.#lists.length, number = this.#lists[depth - 1] ?? 0;
    if (number > 0) this.#lists[depth - 1] = number + 1;
    if (this.#hidden > 0) return;
    this.#write(`${'  '.repeat(Math.max(0, Math.min(depth, 8) - 1))}${number > 0 ? `${number}.` : '-'}`);
    this.#space = true;
  }

  /** The address behind a link, unless its text says it already, or it is longer than anyone would read. */
  #link({ href, shown }: { href: string; shown: string }): void {
    if (href === '' || shown === '' || this.#hidden > 0) return;
    const bare = href.replace(/^(?:https?:\/\/|mailto:)/i, '').replace(/\/$/, '').toLowerCase();
    if (!shown.toLowerCase().includes(bare)) this.#out += ` <${href.replace(/^mailto:/i, '')}>`;
  }

  /** What an image says instead; tracking pixels, spacers and file names say nothing. */
  #image(attributes: string): void {
    if (this.#hidden > 0) return;
    const alt = /\balt\s*=\s*(?:"([^"]{2,300})"|'([^']{2,300})')/i.exec(attributes);
    if (!alt || /\b(?:width|height)\s*=\s*["']?[01]\b/i.test(attributes)) return;
    const words = decodeReferences(alt[1] ?? alt[2] ?? '').replace(/\s+/g, ' ').trim();
    if (/\p{L}{2}/u.test(words) && !/\.(?:png|jpe?g|gif|svg|bmp|webp)$|^(?:image|img|logo|spacer|pixel|icon)$/i.test(words)) { this.#space = true; this.#write(words); this.#space = true; }
  }
}

function hrefOf(attributes: string): string {
  const match = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(attributes);
  const raw = decodeReferences(match?.[1] ?? match?.[2] ?? match?.[3] ?? '').trim();
  if (!/^(?:https?:\/\/|mailto:)[^\s<>]+$/i.test(raw)) return '';
  if (/^mailto:/i.test(raw)) return raw.replace(/\?.*$/s, '');
  if (raw.length <= URL_CHARS_MAX) return raw;
  const short = raw.replace(/[?#].*$/s, '');
  return short.length <= URL_CHARS_MAX ? short : '';
}
