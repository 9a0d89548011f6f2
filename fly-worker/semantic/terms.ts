/** Pure: the words of a query and where they are in a text, tolerant of endings and accents as the full-text index is. */

export interface Term { /** Folded, in lower case. */ word: string; /** The part that must be at a word's beginning. */ stem: string }

/** Words that match everywhere and say nothing; the index leaves the English ones out, too. */
const STOP_WORDS = new Set('a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with what who when where which how do does did i you we my our your me us about from have has had can could would should der die das den dem ein eine und oder ist sind war wir ihr sie es zu von mit für auf im le la les un une des et ou est sont pour dans sur avec'.split(' '));
const TERMS_MAX = 32;
/** An ending may add this many letters to the stem. */
const ENDING_CHARS = 5;

export const WORD = /[\p{L}\p{N}]+/gu;

/** Lower case without accents; as long as the original, so that offsets stay. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  if (!/[\u0080-\uffff]/.test(lower)) return lower;
  const folded = lower.replace(/[\u00c0-\u024f]/g, (char) => char.normalize('NFD').charAt(0));
  // some letters change their length with their case (İ): then the offsets of the original count more than its accents
  return folded.length === text.length ? folded : text;
}

/** Unique terms of a query, stop words out unless there is nothing else. */
export function termsOf(query: string): Term[] {
  const words = [...new Set(fold(query).match(WORD) ?? [])].slice(0, TERMS_MAX);
  const content = words.filter((word) => !STOP_WORDS.has(word));
  return (content.length > 0 ? content : words).map((word) => ({ word, stem: stemOf(word) }));
}

/** Cuts the commonest endings of English, German and French; numbers and short words stay whole. */
export function stemOf(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word;
  const stem = word.replace(/(?:ations?|ments?|ings?|ungen|ung|ies|ied|ers?|ed|es|en|em|er|ly|s|e|y)$/, '');
  return stem.length >= 3 ? stem.replace(/([^aeiousl])\1$/, '$1') : word;
}

/** Long stems match by their beginning, short ones only a word of the same stem. */
export const matches = ({ word, stem }: Term, token: string): boolean =>
  token === word || (token.startsWith(stem) && (stem.length >= 5 ? token.length - stem.length <= ENDING_CHARS : stemOf(token) === stem));

/** Share of the query's terms that the folded text holds, 0..1. */
export function coverage(terms: readonly Term[], folded: string): number {
  if (terms.length === 0) return 0;
  let held = 0;
  for (const term of terms) if (holds(folded, term)) held += 1;
  return held / terms.length;
}

function holds(folded: string, term: Term): boolean {
  for (let at = folded.indexOf(term.stem), tries = 0; at >= 0 && tries < 100; at = folded.indexOf(term.stem, at + 1), tries += 1) {
    if (isWordChar(folded, at - 1)) continue;
    let end = at + term.stem.length;
    while (end - at < 60 && isWordChar(folded, end)) end += 1;
    if (matches(term, folded.slice(at, end))) return true;
  }
  return false;
}
const isWordChar = (text: string, at: number): boolean => at >= 0 && at < text.length && /[\p{L}\p{N}]/u.test(text[at]!);
