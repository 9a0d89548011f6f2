/** Links, amounts, dates, identifiers and telephone numbers in the new part of a text. Precision first: what could be two things is left out. */
import { FOUND_PER_TYPE_MAX } from '#contract/limits';
import type { EntityFact } from '#contract/memory';
import { around } from './around.ts';

const KEY_CHARS_MAX = 500;

/** Staged entities of a text, unique by type and key, at most FOUND_PER_TYPE_MAX of a type. */
export function findEntities(text: string): EntityFact[] {
  const found = new Map<string, EntityFact>();
  const spoken = text.includes('://') || text.includes('www.') ? findUrls(text, found) : text;
  if (!/\d/.test(spoken)) return [...found.values()];
  findMoney(spoken, found);
  findDates(spoken, found);
  findIdentifiers(spoken, found);
  if (spoken.includes('+')) findPhones(spoken, found);
  return [...found.values()];
}

function put(found: Map<string, EntityFact>, type: string, key: string, name: string, properties: EntityFact['properties'], confidence: number): void {
  if (key.length > KEY_CHARS_MAX || counted(found, type) >= FOUND_PER_TYPE_MAX || found.has(`${type} ${key}`)) return;
  found.set(`${type} ${key}`, { type, key, name: name.replace(/\s+/g, ' ').slice(0, 200), properties, method: 'rule', confidence });
}
const counted = (found: Map<string, EntityFact>, type: string): number => {
  if (found.size < FOUND_PER_TYPE_MAX) return 0;
  let n = 0;
  for (const entity of found.values()) if (entity.type === type) n += 1;
  return n;
};

const URL = /\b(?:https?:\/\/|www\.)[^\s<>"'“”«»|\\^`{}]{3,1000}/gi;

/** Returns the text with the links blanked out: digits inside them are neither dates nor order numbers. */
function findUrls(text: string, found: Map<string, EntityFact>): string {
  return text.replace(URL, (raw) => {
    const url = trimUrl(raw);
    const match = /^(?:https?:\/\/)?(?:[^/@\s]*@)?([a-z0-9.-]+\.[a-z]{2,24}|[a-z0-9.-]+(?=:\d))(:\d+)?(\/[^#]*|\?[^#]*)?/i.exec(url);
    if (match) {
      const host = match[1]!.toLowerCase();
      const key = `${host}${match[2] ?? ''}${cleanPath(match[3] ?? '')}`;
      put(found, 'url', key, url, { host, url: /^http/i.test(url) ? url.slice(0, 1_000) : `https://${url}` }, 1);
    }
    return ' ';
  });
}
function trimUrl(raw: string): string {
  let url = raw.replace(/[.,;:!?…]+$/, '');
  // a closing bracket belongs to the link only when it was opened in it (Wikipedia)
  const count = (sign: string) => url.split(sign).length - 1;
  for (let i = 0; i < 4 && /[)\]]$/.test(url) && count(url.endsWith(')') ? ')' : ']') > count(url.endsWith(')') ? '(' : '['); i += 1) url = url.slice(0, -1).replace(/[.,;:!?]+$/, '');
  return url;
}
/** Campaign parameters make one page many. */
const cleanPath = (path: string): string => path.replace(/([?&])(?:utm_[a-z]+|gclid|fbclid|mc_[ce]id|ref)=[^&]*/gi, '$1').replace(/\?&+/, '?').replace(/&{2,}/g, '&').replace(/[?&]+$/, '').replace(/\/$/, '');

const CURRENCY: Record<string, string> = { '$': 'USD', 'us$': 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY', '₹': 'INR', 'usd': 'USD', 'eur': 'EUR', 'gbp': 'GBP', 'chf': 'CHF', 'jpy': 'JPY', 'cad': 'CAD', 'aud': 'AUD', 'sek': 'SEK', 'nok': 'NOK', 'dkk': 'DKK', 'pln': 'PLN', 'inr': 'INR', 'cny': 'CNY', 'brl': 'BRL', 'mxn': 'MXN', 'czk': 'CZK', 'euro': 'EUR', 'euros': 'EUR', 'dollars': 'USD' };
const CODE = 'USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|INR|CNY|BRL|MXN|CZK';
const NUMBER = String.raw`\d{1,3}(?:[.,'’ ]\d{3}){1,5}(?:[.,]\d{1,2})?(?!\d)|\d{1,12}(?:[.,]\d{1,2})?(?!\d)`;
const SCALE = String.raw`(?:[ -]?(thousand|million|billion|mio\.?|mrd\.?|millionen|milliarden|[kKmM]|bn|mn)(?![\p{L}\d]))?`;
const MONEY_BEFORE = new RegExp(String.raw`(?<![\p{L}\d])(US\$|[$€£¥₹]|${CODE})[ \u00a0]?(${NUMBER})${SCALE}`, 'gu');
const MONEY_AFTER = new RegExp(String.raw`(?<![\p{L}\d.,/$€£-])(${NUMBER})${SCALE}[ \u00a0]?(€|£|(?:${CODE}|[Ee]uros?|dollars)(?![\p{L}\d]))`, 'gu');
const MONEY_HINT = /[$€£¥₹]|USD|EUR|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|INR|CNY|BRL|MXN|CZK|[Ee]uro|dollars/;

function findMoney(text: string, found: Map<string, EntityFact>): void {
  if (!MONEY_HINT.test(text)) return;
  for (const [whole, currency, number, scale] of text.matchAll(MONEY_BEFORE)) putMoney(found, whole, currency!, number!, scale);
  for (const [whole, number, scale, currency] of text.matchAll(MONEY_AFTER)) putMoney(found, whole, currency!, number!, scale);
}
function putMoney(found: Map<string, EntityFact>, whole: string, sign: string, number: string, scale: string | undefined): void {
  const currency = CURRENCY[sign.toLowerCase()], base = readNumber(number);
  // "$4.038" is a price to the tenth of a cent here and four thousand there
  const isAmbiguous = /^\d{1,3}\.\d{3}$/.test(number) && /^(?:USD|GBP|CAD|AUD|JPY|INR|CNY|MXN)$/.test(currency ?? '');
  if (currency === undefined || base === null || isAmbiguous) return;
  const amount = Math.round(base * scaleOf(scale) * 100) / 100;
  if (amount > 0 && amount < 1e15) put(found, 'money', `${currency} ${amount}`, whole.trim(), { amount, currency }, 0.95);
}
function scaleOf(word: string | undefined): number {
  if (!word) return 1;
  if (/^(?:k|thousand)$/i.test(word)) return 1e3;
  return /^(?:b|mrd|milliarden|bn)/i.test(word) ? 1e9 : 1e6;
}
/** "1,234.56", "1.234,56", "1 234", "12.50": the last sign followed by one or two digits is the decimal one. */
function readNumber(text: string): number | null {
  const decimal = /[.,](\d{1,2})$/.exec(text);
  const whole = (decimal ? text.slice(0, decimal.index) : text).replace(/[.,'’ ]/g, '');
  const value = Number(decimal ? `${whole}.${decimal[1]}` : whole);
  return Number.isFinite(value) ? value : null;
}

const MONTHS: Record<string, number> = {
  jan: 1, january: 1, januar: 1, jänner: 1, janvier: 1, feb: 2, february: 2, februar: 2, février: 2, mar: 3, march: 3, märz: 3, mars: 3, apr: 4, april: 4, avril: 4, may: 5, mai: 5, jun: 6, june: 6, juni: 6, juin: 6,
  jul: 7, july: 7, juli: 7, juillet: 7, aug: 8, august: 8, août: 8, sep: 9, sept: 9, september: 9, septembre: 9, oct: 10, october: 10, okt: 10, oktober: 10, octobre: 10, nov: 11, november: 11, novembre: 11, dec: 12, december: 12, dez: 12, dezember: 12, décembre: 12,
};
const MONTH = Object.keys(MONTHS).sort((a, b) => b.length - a.length).join('|');
const YEAR = String.raw`(?:19|20)\d\d`;
/** The first sign is tested first: most places in a text are spared the look behind them. */
const DATE = new RegExp([
  String.raw`(${YEAR})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?![\d-])`,
  String.raw`([0-3]?\d)(?:st|nd|rd|th|er)?\.?[ -](?:of )?(${MONTH})\.?,?[ -](${YEAR})`,
  String.raw`(${MONTH})\.? ([0-3]?\d)(?:st|nd|rd|th)?,? (${YEAR})`,
  String.raw`([0-3]?\d)\.([01]?\d)\.(${YEAR})`,
  String.raw`([0-3]?\d)/([0-3]?\d)/(${YEAR})`,
].map((pattern) => `(?:${pattern})`).join('|').replace(/^/, '(?=[\\djfmasond])(?<![\\p{L}\\d./-])(?:').concat(')(?![\\d/])'), 'giu');

/** Signs of a date before the year's first and behind it: "30th of September, 2026", "2026-09-30". */
const DATE_REACH = { before: 26, behind: 14 };

function findDates(text: string, found: Map<string, EntityFact>): void {
  for (const { near } of around(text, /(?:19|20)\d\d/g, DATE_REACH)) for (const m of near.matchAll(DATE)) {
    const [y, mo, d] = m[1] ? [m[1], m[2], m[3]] : m[4] ? [m[6], MONTHS[m[5]!.toLowerCase()], m[4]] : m[7] ? [m[9], MONTHS[m[7].toLowerCase()], m[8]] : m[10] ? [m[12], m[11], m[10]] : slashed(m[13]!, m[14]!, m[15]!);
    const iso = isoDate(Number(y), Number(mo), Number(d));
    if (iso) put(found, 'date', iso, m[0], {}, 0.95);
  }
}
/** 4/5/2026 is the fourth of May here and the fifth of April there: only what one of the two could mean counts. */
const slashed = (a: string, b: string, year: string): [string, number, number] => {
  const first = Number(a), second = Number(b);
  return first > 12 ? [year, second, first] : second > 12 ? [year, first, second] : first === second ? [year, first, second] : [year, 0, 0];
};
function isoDate(year: number, month: number, day: number): string | null {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate())) return null;
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** A word that announces a number, the number's sign, the number. */
const NAMED = /(?<![\p{L}\d])(invoice|order|purchase order|ticket|case|contract|quote|quotation|offer|customer|account|shipment|tracking|booking|reservation|confirmation|reference|claim|policy|project|request|incident|deal|docket|rechnung|bestellung|auftrag|angebot|vertrag|kunden|lieferschein|vorgang|aktenzeichen|facture|commande|devis|contrat|dossier|factura|pedido|fattura|ordine)s?(?:[ -]?(?:no|nr|num|number|id|nummer|numéro|número|numero|n°|code))?\.?[ \t]?(?:is|:|#|=)?[ \t]?#?((?=[A-Z\d/_.-]{0,40}\d)[A-Z\d][A-Z\d/_.-]{2,40})(?![\p{L}\d])/giu;
const CODE_SHAPE = /(?<![\p{L}\d/._-])[A-Z][A-Z\d]{1,9}(?:-[A-Z\d]{1,12}){0,3}-\d{2,12}(?:-[A-Z\d]{1,10}){0,3}(?![\p{L}\d-])/gu;
const NOT_IDENTIFIERS = /^(?:UTF|ISO|UTC|GMT|SHA|MD|AES|RSA|COVID|SARS|RFC|IEEE|EN|DIN|USB|HTTP|TLS|WIN|CP|X|Q[1-4]|FY|H[12]|CW|KW|GPT|MP|H|F|B|A|AK|MI|BOEING|WINDOWS)-\d/;

/** Signs of a word with its number before the number's first digit and behind it, a sign more on both sides to be looked at. */
const NAMED_REACH = { before: 76, behind: 46 };

function findIdentifiers(text: string, found: Map<string, EntityFact>): void {
  for (const { near } of around(text, /\d+/g, NAMED_REACH)) for (const m of near.matchAll(NAMED)) {
    const key = m[2]!.replace(/[./_-]+$/, '').toUpperCase();
    // a year, an amount, a plain count or a date behind the word is not its number
    const digits = key.replace(/\D/g, '').length;
    if (digits < 3 || /^(?:19|20)\d\d$/.test(key) || /^\d{1,3}(?:[.,]\d+)*$/.test(key) || /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$/.test(key)) continue;
    put(found, 'identifier', key, m[2]!.replace(/[./_-]+$/, ''), { label: m[1]!.toLowerCase() }, 0.9);
  }
  for (const m of text.matchAll(CODE_SHAPE)) if (!NOT_IDENTIFIERS.test(m[0])) put(found, 'identifier', m[0], m[0], {}, 0.8);
}

const PHONE = /(?<![\d+])\+\d{1,3}(?:[ ().\u00a0/-]{0,3}\d){6,13}(?!\d)/g;
function findPhones(text: string, found: Map<string, EntityFact>): void {
  for (const [whole] of text.matchAll(PHONE)) {
    const digits = whole.replace(/\(0\)/, '').replace(/\D/g, '');
    if (digits.length >= 8 && digits.length <= 15) put(found, 'phone', `+${digits}`, whole, {}, 0.9);
  }
}
