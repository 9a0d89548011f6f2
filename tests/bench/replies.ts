/**
 * Reply and signature marking on the collections of mails that three parsers are tested with (../shared/data/mail-replies: crisp, github, zapier). Which lines of each
 * mail are new was written down by hand; counted is what of a mail's old lines is taken for new (leaked) and what of its new ones for old (cut).
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { newPart } from '#fly-worker/extract/parts';
import { markReplies } from '#fly-worker/extract/replies';

const ROOT = resolve(import.meta.dirname, '../../../shared/data/mail-replies');
export const hasReplies = existsSync(ROOT);

export type ReplySource = keyof typeof NEW_LINES;
/** A mail may be both leaked and cut. `missed`: what went wrong, by the names of mails. */
interface ReplyFigures { source: ReplySource; mails: number; exact: number; leaked: number; cut: number; missed: string[] }

/** Throws when the collection lacks a mail that is labelled. */
export function measureReplies(): ReplyFigures[] {
  return (Object.keys(NEW_LINES) as ReplySource[]).map((source) => {
    const figures: ReplyFigures = { source, mails: 0, exact: 0, leaked: 0, cut: 0, missed: [] };
    for (const [label, names] of Object.entries(NEW_LINES[source])) for (const name of names.split(' ')) {
      const { leaked, cut } = compare(readFileSync(resolve(ROOT, FOLDERS[source], `${name}.txt`), 'utf8'), label);
      figures.mails += 1;
      if (leaked > 0) figures.leaked += 1;
      if (cut > 0) figures.cut += 1;
      if (leaked + cut === 0) figures.exact += 1; else figures.missed.push(`${name} (${leaked} leaked, ${cut} cut)`);
    }
    return figures;
  });
}

/** How many lines are on the wrong side; lines without a sign count for nothing. */
function compare(raw: string, label: string): { leaked: number; cut: number } {
  const text = raw.replace(/\r\n?/g, '\n').replace(/[ \t\u00a0]+$/gm, ''), kept = countLines(newPart(text, markReplies(text)));
  const isNew = (no: number, wanted: boolean): boolean => label.split(' ').some((range) => range.startsWith('?') !== wanted && inRange(range.replace('?', ''), no));
  const lines = text.split('\n').map((line, i) => ({ line: line.trim(), isNew: isNew(i + 1, true), isEither: isNew(i + 1, false) })).filter(({ line }) => line !== '');
  let cut = 0;
  // a line that occurs twice is looked for as often as it should be there
  for (const { line, isNew } of lines) if (isNew) { if ((kept.get(line) ?? 0) > 0) kept.set(line, kept.get(line)! - 1); else cut += 1; }
  for (const { line, isEither } of lines) if (isEither) kept.delete(line);
  return { leaked: [...kept.values()].reduce((sum, n) => sum + n, 0), cut };
}
const inRange = (range: string, no: number): boolean => { const [from, to = from] = range.split('-').map(Number) as [number, number?]; return no >= from && no <= to; };
function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n').map((one) => one.trim())) if (line !== '') counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const FOLDERS = { crisp: 'crisp/fixtures', github: 'github/emails', zapier: 'zapier/emails' };

/**
 * By collection: numbers of the new lines -> mails; `?`: a name under the mail, that may be new or a signature. Two of crisp's are left out: they are patterns to be
 * filled in, no mails.
 */
const NEW_LINES = {
  crisp: {
    '1-5': [
      'email_10 email_11 email_12 email_13 email_14 email_15 email_16 email_17 email_18 email_22 email_23 email_24 email_25 email_26 email_7 email_8 email_9 email_danish_dash_separator email_en_multiline_2',
      'email_finnish email_fr_multiline email_french_2 email_french_dash_separator email_german email_german_2 email_german_3 email_german_outlook email_gmail_split_line_from email_ios_outlook',
      'email_ios_outlook_fr email_italian email_msn email_norwegian_gmail email_one_is_not_on email_original_message email_original_message_2 email_outlook_split_line_from email_portuguese email_russian',
      'email_tricky_10_special_chars_in_name email_tricky_12_no_space_after_header email_tricky_14_long_quote_header email_tricky_15_original_message_variations email_tricky_4_from_in_body',
      'email_tricky_5_mixed_languages email_tricky_8_sent_from_in_content',
    ].join(' '),
    '1': [
      'correct_sig email_19 email_20 email_2_1 email_4 email_blackberry email_custom_quote_header email_customer_quote_header_2 email_emoji email_iphone email_multi_word_sent_from_my_mobile_device',
      'email_sent_from email_thread email_tricky_17_forward_header email_tricky_9_nested_quotes email_unquoted_reply sig_no_empty_line',
    ].join(' '),
    '1-3': 'email_customer_quote_header_3 email_sent_from_my_not_signature email_tricky_20_html_entities',
    '1-5 ?7': 'email_1 email_with_regards',
    '1-15': 'email_5 email_tricky_7_multiple_dashes',
    '1-9': 'email_bullets email_tricky_13_timestamp_variations',
    '1 ?3-4': 'email_tricky_11_double_signature email_tricky_16_unicode_signatures',
    '1 9-34': 'email_2',
    '1-638': 'email_21',
    '1-3 ?5': 'email_3',
    '1 ?3': 'email_6',
    '1-13 ?15-16': 'email_not_a_signature',
    '1-8 ?10': 'email_not_a_signature_2',
    '1-9 ?11': 'email_reply_header',
    '4 8 12': 'email_tricky_18_inline_reply',
    '1 7 12': 'email_tricky_19_quote_without_header',
    '1-6': 'email_tricky_1_on_false_positive',
    '1-5 ?7-8': 'email_tricky_2_url_with_wrote',
    '1-12': 'email_tricky_3_code_block',
    '1-7': 'email_tricky_6_regards_in_sentence',
    '1-2': 'email_zoho',
  },
  github: {
    '1': 'correct_sig email_1_4 email_1_6 email_1_7 email_2_1 email_2_2 email_2_3 email_BlackBerry email_iPhone email_multi_word_sent_from_my_mobile_device',
    '1-5 ?7': 'email_1_1',
    '1 9-34': 'email_1_2',
    '1-3 ?5': 'email_1_3',
    '1-15': 'email_1_5',
    '13 19': 'email_1_8',
    '1-9': 'email_bullets',
    '1-4 6-8 ?10': 'email_long_quote',
    '1-5': 'email_one_is_not_on',
    '1-3': 'email_sent_from_my_not_signature',
    '1-7': 'email_sig_delimiter_in_middle_of_line',
    '1-6': 'greedy_on',
    '1-2': 'pathological',
  },
  zapier: {
    '1': 'correct_sig email_1_4 email_1_6 email_1_7 email_2_1 email_2_2 email_2_3 email_BlackBerry email_gmail email_headers_no_delimiter email_iPhone email_multi_word_sent_from_my_mobile_device',
    '1-6': 'email_partial_quote_header greedy_on',
    '1-5 ?7': 'email_1_1',
    '1 9-34': 'email_1_2',
    '1-3 ?5': 'email_1_3',
    '1-15': 'email_1_5',
    '13 19': 'email_1_8',
    '1-9': 'email_bullets',
    '1-5': 'email_one_is_not_on',
    '1-3': 'email_sent_from_my_not_signature',
    '1-7': 'email_sig_delimiter_in_middle_of_line',
    '1-2': 'pathological',
  },
};
