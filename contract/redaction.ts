/** Secrets that are taken out of records before anything stores or reads them: the patterns, by name, which of them a tenant has switched on, and how often each was met. Names and counts, never what was found. */
import { z } from 'zod';

export const SECRET_KINDS = ['private_key', 'api_key', 'password', 'card_number', 'ssn'] as const;
/** Also the word in the text: `[redacted:password]`. */
export const SecretKind = z.enum(SECRET_KINDS);
export type SecretKind = z.infer<typeof SecretKind>;

export const RedactionPattern = z.object({
  name: SecretKind, is_on: z.boolean(),
  /** Places it was taken out of, in the records that are in memory now; and in how many of them. */
  found: z.int(), records: z.int(),
});
export type RedactionPattern = z.infer<typeof RedactionPattern>;

/** `changed_at`: null: as it is for everybody, all on. */
export const RedactionSettings = z.object({ patterns: z.array(RedactionPattern), changed_at: z.iso.datetime().nullable() });
export type RedactionSettings = z.infer<typeof RedactionSettings>;

/** The patterns that are on from now on; all others are off. */
export const PutRedactionRequest = z.strictObject({ on: z.array(SecretKind).max(SECRET_KINDS.length) });

/** What of the patterns is left in, in their own order and each once: the same wish is always the same value. */
export const sparedBy = (on: readonly SecretKind[]): SecretKind[] => SECRET_KINDS.filter((kind) => !on.includes(kind));
