/** Secrets that are taken out of records, in words. Pure. */
import type { RedactionPattern, SecretKind } from '#contract/redaction';
import { count } from './time.ts';

export const patternTitles: Record<SecretKind, string> = { private_key: 'Private keys', api_key: 'API keys and tokens', password: 'Passwords', card_number: 'Card numbers', ssn: 'Social security numbers' };
export const patternTexts: Record<SecretKind, string> = {
  private_key: 'From BEGIN to END of a key block.',
  api_key: 'Keys of known shapes (OpenAI, AWS, GitHub, Slack, Stripe and others), bearer tokens, and what stands behind words like “API key:”.',
  password: 'What stands behind “Password:” and its like in twelve languages, and passwords inside addresses.',
  card_number: 'By network, length and check sum. IBANs stay: they are a company’s data.',
  ssn: 'United States numbers, written with dashes or named.',
};

/** `Taken out of 3 records, 4 places`. */
export const foundWords = ({ found, records }: RedactionPattern): string =>
  found === 0 ? 'None in memory so far.' : `${count(found, 'place')} in ${count(records, 'record')} of what is in memory.`;
