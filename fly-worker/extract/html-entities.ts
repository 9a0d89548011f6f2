/** HTML character references -> characters. The names of HTML 4 and the few newer ones that mail uses; what is unknown stays as written. */

const LATIN1 = 'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';
const OTHERS: Record<string, number> = {
  amp: 38, lt: 60, gt: 62, quot: 34, apos: 39, AMP: 38, LT: 60, GT: 62, QUOT: 34, COPY: 169, REG: 174, NewLine: 10, Tab: 9,
  OElig: 338, oelig: 339, Scaron: 352, scaron: 353, Yuml: 376, fnof: 402, circ: 710, tilde: 732,
  Alpha: 913, Beta: 914, Gamma: 915, Delta: 916, Epsilon: 917, Theta: 920, Lambda: 923, Pi: 928, Sigma: 931, Phi: 934, Psi: 936, Omega: 937,
  alpha: 945, beta: 946, gamma: 947, delta: 948, epsilon: 949, theta: 952, lambda: 955, mu: 956, pi: 960, rho: 961, sigma: 963, tau: 964, phi: 966, chi: 967, psi: 968, omega: 969,
  ensp: 8194, emsp: 8195, thinsp: 8201, zwnj: 8204, zwj: 8205, lrm: 8206, rlm: 8207, ndash: 8211, mdash: 8212, horbar: 8213, lsquo: 8216, rsquo: 8217, sbquo: 8218, ldquo: 8220, rdquo: 8221, bdquo: 8222,
  dagger: 8224, Dagger: 8225, bull: 8226, hellip: 8230, permil: 8240, prime: 8242, Prime: 8243, lsaquo: 8249, rsaquo: 8250, oline: 8254, frasl: 8260, euro: 8364, trade: 8482, larr: 8592, uarr: 8593, rarr: 8594, darr: 8595, harr: 8596, rArr: 8658, hArr: 8660,
  forall: 8704, part: 8706, exist: 8707, empty: 8709, nabla: 8711, isin: 8712, prod: 8719, sum: 8721, minus: 8722, lowast: 8727, radic: 8730, prop: 8733, infin: 8734, cap: 8745, cup: 8746, int: 8747, sim: 8764, cong: 8773, asymp: 8776, ne: 8800, equiv: 8801, le: 8804, ge: 8805, sub: 8834, sup: 8835, oplus: 8853, otimes: 8855, perp: 8869, sdot: 8901,
  loz: 9674, spades: 9824, clubs: 9827, hearts: 9829, diams: 9830, check: 10003, commat: 64, num: 35, dollar: 36, percnt: 37, lpar: 40, rpar: 41, ast: 42, plus: 43, comma: 44, period: 46, sol: 47, colon: 58, semi: 59, equals: 61, quest: 63, lsqb: 91, bsol: 92, rsqb: 93, lowbar: 95, grave: 96, lcub: 123, verbar: 124, vert: 124, rcub: 125,
};
const NAMES = new Map<string, string>([
  ...LATIN1.split(' ').map((name, index): [string, string] => [name, String.fromCharCode(160 + index)]),
  ...Object.entries(OTHERS).map(([name, code]): [string, string] => [name, String.fromCharCode(code)]),
]);

/** Numbers 128..159 mean Windows-1252 in every browser. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,31}))(;?)/g;

/** Decodes in one pass; cheap when there is no ampersand. */
export const decodeReferences = (text: string): string => (text.includes('&') ? text.replace(REFERENCE, decodeOne) : text);

function decodeOne(whole: string, decimal: string | undefined, hex: string | undefined, name: string | undefined, semicolon: string): string {
  if (name !== undefined) {
    const char = NAMES.get(name);
    // `&copy=1` in a bare link is a parameter, not a copyright sign: without a semicolon only the whole old names count
    return char !== undefined && (semicolon !== '' || LATIN1_NAMES.has(name)) ? char : whole;
  }
  const code = decimal !== undefined ? Number(decimal) : parseInt(hex!, 16);
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80]!;
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  return String.fromCodePoint(code);
}
const LATIN1_NAMES = new Set(['nbsp', 'amp', 'lt', 'gt', 'quot', 'auml', 'ouml', 'uuml', 'Auml', 'Ouml', 'Uuml', 'szlig', 'eacute', 'egrave', 'agrave', 'ccedil']);
