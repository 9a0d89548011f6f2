/**
 * People, companies and places that a text names, without a model: a known given name and a surname, a form of address and a surname, a legal form behind
 * a name, a place from a list. One scan over the capitalised words; only runs of them that hold a known word are looked at. What could be two things is left out.
 */
import { FOUND_PER_TYPE_MAX } from '#contract/limits';
import type { EntityFact } from '#contract/memory';
import { ANCHORS, BEHIND, COMPANIES, GIVEN, HEAD, HEAD_OF, KNOWN, kindOf, LEGAL, mayAnchor, MAYBE_GIVEN, OPENER, PLACE, PLACES, PLAIN, ROLE, STARTER, SUFFIX, TITLE, WEAK_LEGAL } from './gazetteer.ts';

/** A capitalised word of a run. `joint`: what stands between it and the word before it in the run. `isWrapped`: it begins a line. `taken`: part of a name already. */
interface Word { text: string; start: number; end: number; kinds: number; joint: string; isWrapped: boolean; taken: boolean }

/** Names of a text, unique by type and key, at most FOUND_PER_TYPE_MAX of a type. Linear in the text. */
export function findNames(text: string): EntityFact[] {
  const found = new Map<string, EntityFact>(), bounds: number[] = [];
  let anchors = 0, last = -1;
  const close = (): void => {
    // a given name, a title or a legal form alone names nobody
    if ((bounds.length > 2 ? anchors : anchors & (PLACE | KNOWN)) !== 0) readRun(text, wordsOf(text, bounds), found);
    bounds.length = 0;
    anchors = 0;
  };
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 65 || (code > 90 && code < 0xc0) || !isUpper(code)) continue;
    const end = wordEnd(text, i);
    if (i > 0 && isGlued(text.charCodeAt(i - 1)) || isCutOff(text, end)) { i = end; continue; }
    if (last >= 0 && !isJoint(text, last, i)) close();
    bounds.push(i, end);
    if (mayAnchor(text, i, end)) anchors |= kindOf(text.slice(i, end)) & ANCHORS;
    last = end;
    i = end - 1;
  }
  close();
  return [...found.values()];
}

const wordsOf = (text: string, bounds: number[]): Word[] => Array.from({ length: bounds.length / 2 }, (_, i) => {
  const start = bounds[2 * i]!, end = bounds[2 * i + 1]!, word = text.slice(start, end);
  return { text: word, start, end, kinds: kindOf(word), joint: i === 0 ? '' : text.slice(bounds[2 * i - 1], start).replace('\n', ' '), isWrapped: text.charCodeAt(start - 1) === 10, taken: false };
});

function readRun(text: string, run: Word[], found: Map<string, EntityFact>): void {
  // headings and banners say nothing by their capitals
  if (run.length > 3 && run.every((word) => word.text === word.text.toUpperCase())) return;
  findCompanies(text, run, found);
  findPeople(text, run, found);
  findPlaces(run, found);
}

function put(found: Map<string, EntityFact>, type: string, name: string, confidence: number): void {
  const plain = name.replace(/\s+/g, ' '), key = plain.toLowerCase(), id = `${type} ${key}`;
  if (found.has(id)) return;
  let n = 0;
  if (found.size >= FOUND_PER_TYPE_MAX) for (const entity of found.values()) if (entity.type === type) n += 1;
  if (n < FOUND_PER_TYPE_MAX) found.set(id, { type, key, name: plain, properties: {}, method: 'rule', confidence });
}

const isUpper = (code: number): boolean => code <= 90 || (code <= 0xde ? code !== 0xd7 : code >= 0x100 && code <= 0x17f && String.fromCharCode(code) !== String.fromCharCode(code).toLowerCase());
const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 0xc0 && code <= 0x24f && code !== 0xd7 && code !== 0xf7);
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
/** A capital behind one of these is inside something: a word, an address, a path, a file's name, a parameter. */
const isGlued = (code: number): boolean => isLetter(code) || isDigit(code) || code === 64 || code === 95 || code === 47 || code === 46 || code === 45 || code === 61 || code === 37 || code === 35 || code === 39 || code === 0x2019 || code === 38;

/** "anna.berg@..", "report.doc": no name goes on like that. */
const isCutOff = (text: string, end: number): boolean => text.charCodeAt(end) === 64 || text.charCodeAt(end) === 95 || (text.charCodeAt(end) === 46 && isLetter(text.charCodeAt(end + 1)));

/** Small words that stand inside a name or a list of names. */
const JOINTS = new Set([' & ', ' + ', ' and ', ' of ', ' of the ', ' de ', ' du ', ' des ', ' de la ', ' von ', ' van ', ' van der ', ' für ', ' und ', ' et ', ', ']);
const JOINT_CHARS_MAX = 8;
function isJoint(text: string, from: number, to: number): boolean {
  if (to - from > 1) return to - from <= JOINT_CHARS_MAX && JOINTS.has(text.slice(from, to));
  // a line that was broken because it was full goes on in the next one
  return text.charCodeAt(from) === 32 || (text.charCodeAt(from) === 10 && from - text.lastIndexOf('\n', from - 1) > FULL_LINE_CHARS);
}
const FULL_LINE_CHARS = 55;
/** Nothing but a space before it. */
const isNext = (word: Word | undefined): boolean => word?.joint === ' ';

/** Letters and digits, hyphens and apostrophes inside, the dots of initials ("J.", "S.A.") and of abbreviations ("Inc."). A genitive 's stays outside. */
function wordEnd(text: string, start: number): number {
  let end = start + 1, part = start;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (isLetter(code) || isDigit(code)) continue;
    const behind = text.charCodeAt(end + 1);
    if (code === 46 ? end - part !== 1 || !isLetter(behind) : !(code === 45 || code === 39 || code === 0x2019) || !isLetter(behind)) break;
    if (code !== 45 && code !== 46 && (behind === 115 || behind === 83) && !isLetter(text.charCodeAt(end + 2))) break;
    part = end + 1;
  }
  return text.charCodeAt(end) === 46 && (end - part === 1 || DOTTED.has(text.slice(start, end))) ? end + 1 : end;
}
const DOTTED = new Set(['Inc', 'Corp', 'Ltd', 'Co', 'Dr', 'Mr', 'Mrs', 'Ms', 'Prof', 'St', 'Jr', 'Sr', 'Gov', 'Sen', 'Rep']);

const COMPANY_WORDS_MAX = 6;
/** A legal form or a kind of company behind a name, a kind of it before "of", or a company that everybody knows. */
function findCompanies(text: string, run: Word[], found: Map<string, EntityFact>): void {
  for (let at = 0; at < run.length; at += 1) {
    const word = run[at]!;
    if (word.taken) continue;
    if ((word.kinds & (LEGAL | HEAD)) !== 0) nameBefore(text, run, at, found);
    if ((word.kinds & HEAD_OF) !== 0 && !word.taken) nameBehind(text, run, at, found);
    if ((word.kinds & KNOWN) !== 0 && !word.taken) knownAt(text, run, at, found);
  }
}

function nameBefore(text: string, run: Word[], at: number, found: Map<string, EntityFact>): void {
  const word = run[at]!, isLegal = (word.kinds & LEGAL) !== 0, after = run[at + 1];
  // "Acme, Inc." has its comma; in "Acme, Lamps Inc." two things are listed. "Limited Edition" and "Industries Council" are no companies
  if (at === 0 || word.isWrapped || run[at - 1]!.taken || !(isNext(word) || (word.joint === ', ' && APART.has(word.text)))) return;
  if (isNext(after) && (after!.kinds & LEGAL) === 0 && (!isLegal || (word.kinds & WEAK_LEGAL) !== 0)) return;
  let from = at - 1;
  while (from > 0 && at - from < COMPANY_WORDS_MAX && !run[from]!.isWrapped && (run[from]!.joint === ' ' || isInName(run[from]!)) && !run[from - 1]!.taken && ((run[from - 1]!.kinds & (LEGAL | ROLE)) === 0)) from -= 1;
  for (let i = from; i < at; i += 1) if ((run[i]!.kinds & STARTER) !== 0 || OF_A_PLACE.test(run[i]!.text)) from = i + 1;
  // "Energy Advocates LLP" is not "Advocates", and "Copyright Progressive Inc." not its first word either: who knows where such a name begins
  if (from < at && (run[from]!.kinds & (PLAIN | ROLE)) !== 0 && ((run[from]!.kinds & OPENER) === 0 || from + 1 === at)) return;
  const name = run.slice(from, at), first = name[0];
  if (!isLegal && first !== undefined && / (?:and|und|et) /.test(first.joint)) return;
  if (!first || name.every(({ kinds, text: part }) => part.length < 2 || (kinds & (PLAIN | LEGAL | PLACE | TITLE)) !== 0 || CO.has(part))) return;
  if ((first.kinds & GIVEN) !== 0 && name.length > 1 && word.joint === ', ') return;
  if ((word.kinds & WEAK_LEGAL) !== 0 && (name.some(({ text: part }) => part.length > 4 && part === part.toUpperCase()) || first.text.length < 3)) return;
  let to = at;
  while (isNext(run[to + 1]) && (run[to + 1]!.kinds & LEGAL) !== 0) to += 1;
  if (run[to + 1]?.joint === ' & ' && CO.has(run[to + 1]!.text)) to += isNext(run[to + 2]) && (run[to + 2]!.kinds & LEGAL) !== 0 ? 2 : 1;
  take(run, from, to);
  put(found, 'company', text.slice(first.start, isLegal ? name.at(-1)!.end : word.end), isLegal ? 0.95 : 0.9);
}
const OF_A_PLACE = /-(?:based|owned|run|backed)$/;
/** What may stand behind a comma: behind others a person's place of work would be taken for the person. */
const APART = new Set(['Inc', 'Inc.', 'Incorporated', 'LLC', 'L.L.C.', 'Ltd', 'Ltd.', 'L.P.']);
const CO = new Set(['Co', 'Co.']);
/** "Barnes & Noble", "Gas and Electric", "Crédit du Nord": one name. Otherwise "and" stands between two. */
const isInName = ({ joint, text }: Word): boolean => joint === ' & ' || joint === ' + ' || joint === ' de ' || joint === ' du ' || joint === ' des ' || joint === ' de la ' || ((joint === ' and ' || joint === ' und ' || joint === ' et ') && PARTNERS.has(text));
const PARTNERS = new Set(['Electric', 'Light', 'Power', 'Sons', 'Company', 'Co', 'Co.', 'Partners', 'Associates', 'Partner', 'Söhne', 'Sohn', 'Fils', 'Cie', 'Trust']);

/** "University of Houston", "Bank of India". */
function nameBehind(text: string, run: Word[], at: number, found: Map<string, EntityFact>): void {
  const next = run[at + 1];
  if (!next || !(next.joint === ' of ' || next.joint === ' of the ') || (next.kinds & (PLAIN & ~OPENER)) !== 0 && (next.kinds & OPENER) === 0) return;
  let to = at + 1;
  while (isNext(run[to + 1]) && (run[to + 1]!.kinds & (PLAIN | HEAD | TITLE)) === 0 && to - at < 3) to += 1;
  if (to === at + 1 && (next.kinds & OPENER) !== 0) return;
  take(run, at, to);
  put(found, 'company', text.slice(run[at]!.start, run[to]!.end), 0.9);
}

function knownAt(text: string, run: Word[], at: number, found: Map<string, EntityFact>): void {
  for (let to = Math.min(at + 3, run.length - 1); to >= at; to -= 1) {
    const name = text.slice(run[at]!.start, run[to]!.end).replace('\n', ' '), before = run[at - 1], after = run[to + 1];
    if (!COMPANIES.has(name)) continue;
    // "Siemens Energy" is another company, "Volvo Trucks" a product: only what stands alone counts
    if (run[at]!.joint !== ' ' || (before !== undefined && (before.kinds & (PLAIN | ROLE)) !== 0)) if (!isNext(after) || (after!.kinds & LEGAL) !== 0) put(found, 'company', name, 0.9);
    return take(run, at, to);
  }
}
const take = (run: Word[], from: number, to: number): void => { for (let i = from; i <= to; i += 1) run[i]!.taken = true; };

function findPeople(text: string, run: Word[], found: Map<string, EntityFact>): void {
  for (let at = 0; at < run.length; at += 1) {
    const word = run[at]!, isTitled = (word.kinds & TITLE) !== 0;
    if (word.taken || (!isTitled && (word.kinds & GIVEN) === 0 && !isMeantAsName(text, run, at))) continue;
    let from = isTitled ? at + 1 : at;
    while (run[from] && (run[from]!.kinds & TITLE) !== 0) from += 1;
    const to = nameEnd(run, from, isTitled);
    if (to === null) { at = Math.max(at, from - 1); continue; }
    const name = run.slice(from, to + 1), before = run[from - 1];
    // a word before that is not known belongs to it: "Saint John Smith", "Acme John Deere"
    const isStranded = !isTitled && before !== undefined && run[from]!.joint === ' ' && (before.kinds & (PLAIN | ROLE | TITLE)) === 0;
    if (!isStranded) put(found, 'mentioned_person', `${name.length === 1 ? `${before!.text} ` : ''}${name.map(({ text, joint }, i) => (i === 0 ? text : joint + text)).join('')}`, isTitled ? 0.95 : 0.9);
    take(run, at, to);
    at = to;
  }
}

/** "Frank A. Wolak", "with Mark Falk, ": not "Mark Every Line", not "the Grant Letter". */
function isMeantAsName(text: string, run: Word[], at: number): boolean {
  const word = run[at]!;
  if ((word.kinds & MAYBE_GIVEN) === 0) return false;
  if (isNext(run[at + 1]) && INITIAL.test(run[at + 1]!.text)) return true;
  if (at > 0) return (run[at - 1]!.kinds & ROLE) !== 0;
  return /[a-z,] $/.test(text.slice(Math.max(0, word.start - 2), word.start)) && !ARTICLE.test(text.slice(Math.max(0, word.start - 9), word.start));
}
const ARTICLE = /(?:^|[^\p{L}])(?:the|a|an|our|your|my|his|her|their|this|that|any|no|each|every|der|die|das|den|dem|des|ein|eine|einen|einem|la|le|les|un|une) $/u;

/** The last word of a name that begins at `from`: a given name or two (none behind a title), initials, one surname. Null: that is no name. */
function nameEnd(run: Word[], from: number, isTitled: boolean): number | null {
  const first = run[from];
  if (!first || first.taken || (isTitled && first.joint !== ' ')) return null;
  const isGiven = (first.kinds & (GIVEN | MAYBE_GIVEN)) !== 0;
  let at = isGiven ? from + 1 : from;
  if (isGiven && isNext(run[at]) && (run[at]!.kinds & GIVEN) !== 0 && isSurname(run[at + 1])) at += 1;
  while (isNext(run[at]) && INITIAL.test(run[at]!.text)) at += 1;
  if (at === from ? !isSurname({ ...first, joint: ' ' }) : !isSurname(run[at])) return null;
  const after = run[at + 1];
  if (isNext(after) && (after!.kinds & SUFFIX) !== 0) return at + 1;
  // "Ken Lay Foundation", "Rick Buy Status": a third word makes it something else, unless it is known to make nothing
  return isNext(after) && ((after!.kinds & BEHIND) !== 0 || (after!.kinds & (PLAIN | ROLE)) === 0) ? null : at;
}
const INITIAL = /^\p{Lu}\.?$/u;
const PARTICLES = new Set([' ', ' de ', ' de la ', ' du ', ' von ', ' van ', ' van der ']);
/** What German nouns end with and names do not. */
const NOUN_END = /(?:ung|ungen|heit|heiten|keit|keiten|schaft|schaften|tion|tionen|tät|täten|ismus|ment|lagen|liste|listen|plan|pläne|termin|termine|bericht|vertrag|angebot|rechnung|projekt|gespräch|system|nummer|zahlen|daten|werte|preise|kosten)$/;

function isSurname(word: Word | undefined): boolean {
  if (!word || word.taken || word.text.length < 2 || !PARTICLES.has(word.joint) || (word.kinds & (PLAIN | BEHIND | LEGAL | HEAD | TITLE | ROLE | SUFFIX)) !== 0) return false;
  return word.text !== word.text.toUpperCase() && !/\d/.test(word.text) && !NOUN_END.test(word.text);
}

/** Known places that nothing capitalised stands beside, but what a comma or a joint sets apart. */
function findPlaces(run: Word[], found: Map<string, EntityFact>): void {
  for (let at = 0; at < run.length; at += 1) {
    if (run[at]!.taken || (run[at]!.kinds & PLACE) === 0) continue;
    for (let to = Math.min(at + 2, run.length - 1); to >= at; to -= 1) {
      const words = run.slice(at, to + 1), name = words.map(({ text, joint }, i) => (i === 0 ? text : joint + text)).join('');
      if (!PLACES.has(name) || words.some(({ taken }) => taken)) continue;
      const before = run[at - 1], after = run[to + 1];
      if ((run[at]!.joint !== ' ' || (before !== undefined && (before.kinds & PLAIN) !== 0)) && !isNext(after)) put(found, 'place', name, 0.85);
      at = to;
      break;
    }
  }
}
