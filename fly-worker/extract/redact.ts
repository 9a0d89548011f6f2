/** Takes secrets out of text before anything stores or reads it: keys of known shapes, passwords behind their word, private keys, cards, social-security numbers. Account numbers of a business (IBAN) stay: they are its data. */
import type { MarkedPart } from '#contract/memory';
import { around } from './around.ts';
import type { SecretKind } from '#contract/redaction';

/** Text without its secrets, the same parts at their new places, and how many of which kind were taken out. */
interface Redacted { text: string; parts: MarkedPart[]; counts: Partial<Record<SecretKind, number>> }

interface Found { kind: SecretKind; start: number; end: number }

/** Each pattern has a plain word or shape that is looked for first: most mails hold none, and cost almost nothing. */
const PRIVATE_KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;

const API_KEY = new RegExp('(?<![A-Za-z0-9_-])(?:' + [
  String.raw`sk-(?:ant-|proj-|or-|live-|svcacct-)?[A-Za-z0-9_-]{20,}`,                 // OpenAI, Anthropic
  String.raw`[srp]k_(?:live|test)_[A-Za-z0-9]{16,}`, String.raw`whsec_[A-Za-z0-9+/=]{20,}`, // Stripe
  String.raw`gh[pousr]_[A-Za-z0-9]{30,}`, String.raw`github_pat_[A-Za-z0-9_]{40,}`, String.raw`glpat-[A-Za-z0-9_-]{20,}`,
  String.raw`xox[abeprs]-[A-Za-z0-9-]{10,}`, String.raw`xapp-\d-[A-Za-z0-9-]{20,}`,    // Slack
  String.raw`(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])`,                      // AWS
  String.raw`AIza[A-Za-z0-9_-]{35}`, String.raw`ya29\.[A-Za-z0-9_-]{20,}`, String.raw`GOCSPX-[A-Za-z0-9_-]{20,}`, // Google
  String.raw`SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`, String.raw`npm_[A-Za-z0-9]{36}`, String.raw`pypi-[A-Za-z0-9_-]{40,}`, String.raw`hf_[A-Za-z0-9]{30,}`,
  String.raw`shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}`, String.raw`dop_v1_[a-f0-9]{64}`, String.raw`sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}`, String.raw`key-[a-f0-9]{32}`, String.raw`AC[a-f0-9]{32}(?![A-Za-z0-9])`, String.raw`fo1_[A-Za-z0-9_-]{30,}`, String.raw`re_[A-Za-z0-9]{8,}_[A-Za-z0-9]{16,}`,
  String.raw`eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}`, // JSON web tokens
].join('|') + ')', 'g');
const API_KEY_HINT = /sk-|[srp]k_|whsec_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|xapp-|AKIA|ASIA|ABIA|ACCA|AIza|ya29\.|GOCSPX-|SG\.|npm_|pypi-|hf_|shp(?:at|ca|pa|ss)_|dop_v1_|sq0|key-|AC[a-f0-9]{8}|fo1_|re_|eyJ/;

const PASSWORD_WORD = String.raw`pass\s?word|passwort|passwd|pwd|kennwort|passphrase|mot de passe|contraseña|senha|wachtwoord|lösenord|adgangskode|hasło|пароль`;
const SECRET_WORD = String.raw`(?:api|access|secret|private|auth|client|signing|account|subscription|aws)[ _-]?(?:access[ _-]?)?(?:secret[ _-]?)?(?:key|token|secret)|bearer token|secret`;
/** "Password: x", "api_key=x", "mot de passe : x": whatever stands behind the sign. */
const ASSIGNED = new RegExp(String.raw`(?<![\p{L}])(${PASSWORD_WORD}|${SECRET_WORD})(?:\s?\([^()\n]{0,20}\))?["']?[ \t]{0,3}(?:[:=]|=>|:=)[ \t]{0,3}["'“„<\[]?([^\s"'”“<>\]]{4,200})`, 'giu');
/** "the password is x": only when x looks like one (a digit or a sign in it), so that "password is required" stays. */
const TOLD = new RegExp(String.raw`(?<![\p{L}])(${PASSWORD_WORD})[ \t]{1,2}(?:is now|is|ist jetzt|ist|lautet|est|es|wurde auf)[ \t]{1,2}["'“„]?((?=[^\s"']{0,60}[\d!#$%&*+@^_~])[^\s"'”“<>]{6,100})`, 'giu');
const SIGN = /[\d!#$%&*+@^_~=]/;
const SECRET_HINT = /pass|kennwort|pwd|contrase|senha|wachtwoord|lösenord|adgangskode|hasło|пароль|key|token|secret/gi;
/** "subscription access secret key (for the old account)" = and 200 signs of value; "mot de passe" begins before its hint. */
const SECRET_REACH = { before: 60, behind: 320 };
const BEARER = /\bBearer[ \t]+([A-Za-z0-9._~+/-]{16,4000}=*)/g;
const URL_PASSWORD_HINT = /:\/\/[^\s:/@]{1,80}:[^\s/@]{1,120}@/;
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s:/@]{1,80}:([^\s/@]{1,120})@/gi;

const DIGITS = /(?<![\w.,$€£-])\d(?:[ -]?\d){12,}(?![\w-]|[.,]\d)/g;
/** How cards are printed in groups. */
const CARD_GROUPS = new Set(['4,4,4,4', '4,6,5', '4,6,4', '13', '14', '15', '16', '19', '4,4,4,4,3']);
const SSN = /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g;
const SSN_TOLD = /\b(?:SSN|social security(?: number| no\.?| #)?)[ \t]{0,2}(?:is|:|#|=)?[ \t]{0,2}((?!000|666|9)\d{3}[ -]?\d{2}[ -]?\d{4})(?!\d)/gi;

/** Replaces every secret by `[redacted:kind]`, but those of the kinds in `spared`. Linear in the text. */
export function redact(text: string, parts: MarkedPart[] = [], spared: readonly SecretKind[] = []): Redacted {
  const all = find(text), found = disjoint(spared.length === 0 ? all : all.filter(({ kind }) => !spared.includes(kind)));
  if (found.length === 0) return { text, parts, counts: {} };
  const counts: Redacted['counts'] = {};
  const moved: { at: number; to: number; by: number }[] = [];
  let out = '', at = 0;
  for (const { kind, start, end } of found) {
    out += `${text.slice(at, start)}[redacted:${kind}]`;
    counts[kind] = (counts[kind] ?? 0) + 1;
    moved.push({ at: start, to: end, by: out.length - end });
    at = end;
  }
  return { text: out + text.slice(at), parts: parts.map((part) => ({ ...part, start: shift(part.start, moved, 'start'), end: shift(part.end, moved, 'end') })), counts };
}

/** An edge inside a secret goes to the secret's edge: a part never begins in the middle of a replacement. */
function shift(offset: number, moved: { at: number; to: number; by: number }[], edge: 'start' | 'end'): number {
  let by = 0;
  for (const step of moved) {
    if (step.at >= offset) break;
    if (step.to > offset) return edge === 'start' ? step.at + by : step.to + step.by;
    by = step.by;
  }
  return offset + by;
}

function find(text: string): Found[] {
  const found: Found[] = [];
  if (text.includes('-----BEGIN')) findPrivateKeys(text, found);
  if (API_KEY_HINT.test(text)) for (const match of text.matchAll(API_KEY)) add(found, 'api_key', match.index, match[0].length);
  for (const { at, near } of around(text, SECRET_HINT, SECRET_REACH)) {
    for (const match of near.matchAll(ASSIGNED)) {
      const isPassword = /^(?:pass|kenn|pwd|mot|contra|senha|wacht|lös|adgang|has|пар)/i.test(match[1]!), value = match[2]!, behind = text.charAt(at + match.index + match[0].length);
      // a password may be a plain word, but then it stands alone; a key never is one
      const stands = isPassword ? SIGN.test(value) || behind === '' || behind === '\n' : value.length >= 8 && /\d/.test(value);
      if (stands) addValue(found, isPassword ? 'password' : 'api_key', match[0], at + match.index, value);
    }
    for (const match of near.matchAll(TOLD)) addValue(found, 'password', match[0], at + match.index, match[2]!);
  }
  if (text.includes('Bearer')) for (const match of text.matchAll(BEARER)) addValue(found, 'api_key', match[0], match.index, match[1]!);
  if (URL_PASSWORD_HINT.test(text)) for (const match of text.matchAll(URL_PASSWORD)) add(found, 'password', match.index + match[0].length - 1 - match[1]!.length, match[1]!.length);
  for (const match of text.matchAll(DIGITS)) findCards(match[0], match.index, found);
  if (text.includes('-')) for (const match of text.matchAll(SSN)) add(found, 'ssn', match.index, match[0].length);
  if (/SSN|social security/i.test(text)) for (const match of text.matchAll(SSN_TOLD)) addValue(found, 'ssn', match[0], match.index, match[1]!);
  return found;
}

const add = (found: Found[], kind: SecretKind, start: number, length: number): void => { found.push({ kind, start, end: start + length }); };
/** The value stands at the end of the match; a full stop or bracket behind it belongs to the sentence. */
function addValue(found: Found[], kind: SecretKind, whole: string, index: number, value: string): void {
  const bare = value.replace(/[.,;:)\]]+$/, '');
  if (bare.length >= 4 && !/^(?:\[redacted|https?:\/\/|\*{3,}|\.{3,}|x{4,}$|_{3,})/i.test(bare)) add(found, kind, index + whole.length - value.length, bare.length);
}

/** From BEGIN to END; without an END (cut off) as far as it looks like a key. */
function findPrivateKeys(text: string, found: Found[]): void {
  let after = 0;
  for (const match of text.matchAll(PRIVATE_KEY_BEGIN)) {
    if (match.index < after) continue;
    const end = text.indexOf('-----END', match.index + match[0].length);
    const close = end < 0 ? -1 : text.indexOf('-----', end + 8);
    after = close < 0 ? text.length : close + 5;
    add(found, 'private_key', match.index, after - match.index);
    if (close < 0) return;
  }
}

/** A run of digits may hold more than the card: every stretch of whole groups that is printed like a card is tried. */
function findCards(run: string, index: number, found: Found[]): void {
  const groups = [...run.matchAll(/\d+/g)];
  for (let from = 0; from < groups.length; from += 1) {
    let digits = '', shape = '';
    for (let to = from; to < groups.length && digits.length < 19; to += 1) {
      digits += groups[to]![0];
      shape += `${shape && ','}${groups[to]![0].length}`;
      if (!(CARD_GROUPS.has(shape) || (from === 0 && to === groups.length - 1)) || !isCard(digits)) continue;
      const start = index + groups[from]!.index;
      add(found, 'card_number', start, index + groups[to]!.index + groups[to]![0].length - start);
      from = to;
      break;
    }
  }
}

function disjoint(found: Found[]): Found[] {
  if (found.length < 2) return found;
  const kept: Found[] = [];
  for (const next of found.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept[kept.length - 1];
    if (!last || next.start >= last.end) kept.push(next);
    else if (next.end > last.end) last.end = next.end;
  }
  return kept;
}

/** Prefix and length of a card network, and Luhn's sum: one random number in hundreds passes. */
export function isCard(digits: string): boolean {
  const n = digits.length;
  const known = digits.startsWith('4') ? n === 13 || n === 16 || n === 19
    : /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/.test(digits) ? n === 16
      : /^3[47]/.test(digits) ? n === 15
        : /^(?:30[0-5]|36|38|39)/.test(digits) ? n === 14
          : /^(?:6011|64[4-9]|65|35|62)/.test(digits) ? n === 16
            : false;
  if (!known || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    const digit = digits.charCodeAt(n - 1 - i) - 48;
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
