/**
 * Pure: words of scripts that are written without spaces. The text index splits at whatever is no letter, which is twice as fast as
 * asking a dictionary for every word of every language; so a joint is put between the words of those few scripts that need one.
 */

/** A noncharacter, for use inside of one program: no letter, and in no text. https://www.unicode.org/faq/private_use.html#nonchar1 */
const JOINT = '\ufdd0', JOINTS = /\ufdd0/g;
/** Thai, Lao, Myanmar, Khmer, kana, Han. */
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\ud840-\ud8bf]/;
const RUNS = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー]+/gu;
const words = new Intl.Segmenter('und', { granularity: 'word' });

/** As the text index reads it. A joint that stood in the text before is a replacement character then. */
export function joint(text: string): string {
  const clean = text.includes(JOINT) ? text.replace(JOINTS, '\ufffd') : text;
  return UNSPACED.test(clean) ? clean.replace(RUNS, (run) => Array.from(words.segment(run), ({ segment }) => segment).join(JOINT)) : clean;
}

/** As it was written. */
export const unjoint = (text: string): string => (text.includes(JOINT) ? text.replace(JOINTS, '') : text);
