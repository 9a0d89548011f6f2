/** Pure: the words of a query, the forms they may stand in, and where they are in a text. The index keeps words as they are: endings are the query's business. */

export interface Term {
  /** Folded, in lower case. */
  word: string;
  /** The part that must be at a word's beginning. */
  stem: string;
  /** Other forms to look for; most of them are no words, and cost nothing. */
  forms: Forms;
}
/** Folded. `respelled`: the same word (Mueller, Müller); `near`: plurals and tenses; `far`: derived words and rarer endings. */
interface Forms { respelled: ReadonlySet<string>; near: ReadonlySet<string>; far: ReadonlySet<string> }

/** Words that match everywhere and say nothing. Left out of a query, never of the index. */
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
  return (content.length > 0 ? content : words).map((word) => ({ word, stem: stemOf(word), forms: formsOf(word, query) }));
}

const list = (words: string): string[] => words.split(' ');
/** Endings of English, German, French and Spanish, folded. */
const NEAR_ENDINGS = ['', ...list('s es ed ing ings e y ies ied en n em')];
const FAR_ENDINGS = list('er ers or ors ly ment ments ation ations ion ions al ung ungen t st te ten ent ant ez ee ees o a os as ar ado ando');
/** Added to the word itself: its last letters may only look like an ending (today, todays; Rechnung, Rechnungen). */
const ADDED_ENDINGS = list('s es ed ing e en n er ly'), SHORT_ENDINGS = list('s ed ing e en n');
const NO_FORMS: Forms = { respelled: new Set(), near: new Set(), far: new Set() };

function formsOf(word: string, query: string): Forms {
  if (word.length < 3 || /[^a-zß]/.test(word)) return NO_FORMS;
  const stem = stemOf(word), near = new Set<string>(), far = new Set<string>();
  for (const ending of word.length > 3 ? ADDED_ENDINGS : SHORT_ENDINGS) near.add(word + ending);
  if (/[bdgklmnprtv]$/.test(stem)) for (const ending of ['ed', 'ing', 'er']) near.add(stem + stem.at(-1)! + ending);
  if (word.length > 3) {
    for (const ending of NEAR_ENDINGS) near.add(stem + ending);
    for (const ending of FAR_ENDINGS) if (!near.has(stem + ending)) far.add(stem + ending);
  }
  for (const form of [near, far]) form.delete(word);
  return { respelled: respellings(word, query), near, far };
}

/** Müller is written Mueller where there are no umlauts, and the other way round. */
function respellings(word: string, query: string): Set<string> {
  const out = new Set<string>();
  if (/[aou]e/.test(word)) out.add(word.replace(/([aou])e/g, '$1'));
  for (const [token] of query.toLowerCase().matchAll(/[\p{L}\p{N}]*[äöü][\p{L}\p{N}]*/gu)) if (fold(token) === word) out.add(fold(token.replace(/[äöü]/g, (char) => `${fold(char)}e`)));
  return out;
}

/** Cuts the commonest endings of English, German and French; numbers and short words stay whole. */
function stemOf(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word;
  const stem = word.replace(/(?:ations?|ments?|ings?|ungen|ung|ies|ied|ers?|ed|es|en|em|er|ly|s|e|y)$/, '');
  return stem.length >= 3 ? stem.replace(/([^aeiousl])\1$/, '$1') : word;
}

/** Long stems match by their beginning, short ones only a word of the same stem. */
export const matches = ({ word, stem, forms }: Term, token: string): boolean =>
  token === word || forms.near.has(token) || forms.respelled.has(token) || (token.startsWith(stem) && (stem.length >= 5 ? token.length - stem.length <= ENDING_CHARS : stemOf(token) === stem));

/** Words apart at most in which neighbours of the query still count as neighbours in the text. */
const NEIGHBOUR_WORDS = 4;

/** How much of the query a folded text holds, 0..1 each: `coverage` of its terms, `closeness` of those that stand side by side in the query. One pass. */
export function likeness(terms: readonly Term[], folded: string, known = new Map<string, number>()): { coverage: number; closeness: number } {
  if (terms.length === 0) return { coverage: 0, closeness: 0 };
  const last = terms.map(() => -Infinity), pairs = new Set<number>();
  let position = 0;
  for (const token of folded.match(WORD) ?? []) {
    position += 1;
    let term = known.get(token);
    if (term === undefined) { term = terms.findIndex((candidate) => matches(candidate, token)); known.set(token, term); }
    if (term < 0) continue;
    last[term] = position;
    if (position - (last[term - 1] ?? -Infinity) <= NEIGHBOUR_WORDS) pairs.add(term);
    if (position - (last[term + 1] ?? -Infinity) <= NEIGHBOUR_WORDS) pairs.add(term + 1);
  }
  return { coverage: last.filter((at) => at > 0).length / terms.length, closeness: terms.length > 1 ? pairs.size / (terms.length - 1) : 0 };
}

export const coverage = (terms: readonly Term[], folded: string): number => likeness(terms, folded).coverage;
