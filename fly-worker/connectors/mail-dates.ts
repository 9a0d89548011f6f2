/** Dates as mails carry them. The runtime's own parser takes "Room 12" for a day in 2001, so the forms are spelled out. RFC 5322 section 3.3 and 4.3 */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?';
const TIME = '(\\d{1,2})[:.](\\d{2})(?:[:.](\\d{2}))?(?:\\.\\d+)?';
const ZONE = '\\s*(?:([+-]\\d{2}):?(\\d{2})|\\(?([a-z]{1,5})\\)?)?';
/** `Thu, 2 Jan 2020 15:04:05 +0100 (CET)`; the weekday may be missing, the year may have two digits. */
const HEADER_DATE = new RegExp(`(\\d{1,2})[\\s-]+${MONTH}[\\s-]+(\\d{2,4})[\\s,]+${TIME}${ZONE}`, 'i');
/** `Thu Jan  2 15:04:05 2020`, the zone before the year or behind it. */
const ENVELOPE_DATE = new RegExp(`${MONTH}\\s+(\\d{1,2})\\s+${TIME}${ZONE}\\s+(\\d{4})(?:\\s+([+-]\\d{2}):?(\\d{2}))?`, 'i');
/** Not allowed, but met. */
const ISO_DATE = /(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(?:([+-]\d\d):?(\d\d)|z)?/i;

/** The zones that RFC 5322 names; any other name says nothing and counts as UTC. */
const ZONES: Record<string, number> = { edt: -4, est: -5, cdt: -5, cst: -6, mdt: -6, mst: -7, pdt: -7, pst: -8, cet: 1, cest: 2, mez: 1, mesz: 2, bst: 1 };

interface Parts { year: string; month: number; day: string; time: (string | undefined)[]; offset: (string | undefined)[]; zone?: string | undefined }

/** Milliseconds; null: no date, or one that no calendar has. */
function momentOf({ year, month, day, time: [hour, minute, second], offset: [hours, minutes], zone }: Parts): number | null {
  const short = Number(year), full = year.length > 3 ? short : year.length === 3 ? 1900 + short : short < 50 ? 2000 + short : 1900 + short;
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second ?? 0)];
  if (h > 23 || m > 59 || s > 60 || d < 1 || d > new Date(Date.UTC(full, month + 1, 0)).getUTCDate()) return null;
  const shift = hours === undefined ? (ZONES[zone?.toLowerCase() ?? ''] ?? 0) * 60 : Number(`${hours[0]}1`) * (Number(hours.slice(1)) * 60 + Number(minutes));
  return Date.UTC(full, month, d, h, m, Math.min(s, 59)) - shift * 60_000;
}

/** The date of a header field (`Date`, or the end of `Received`); milliseconds, null when there is none. */
export function headerDate(text: string | null | undefined): number | null {
  const header = HEADER_DATE.exec(text ?? '');
  if (header) {
    const [, day, month, year, h, m, s, oh, om, zone] = header;
    return momentOf({ year: year!, month: MONTHS.indexOf(month!.toLowerCase()), day: day!, time: [h, m, s], offset: [oh, om], zone });
  }
  const iso = ISO_DATE.exec(text ?? '');
  if (iso) {
    const [, year, month, day, h, m, s, oh, om] = iso;
    return momentOf({ year: year!, month: Number(month) - 1, day: day!, time: [h, m, s], offset: [oh, om] });
  }
  return envelopeDate(text ?? '');
}

/** The date of the line that begins a mail in an mbox. Written without a zone it counts as UTC. */
export function envelopeDate(line: string): number | null {
  const found = ENVELOPE_DATE.exec(line);
  if (!found) return null;
  const [, month, day, h, m, s, oh, om, zone, year, laterHours, laterMinutes] = found;
  return momentOf({ year: year!, month: MONTHS.indexOf(month!.toLowerCase()), day: day!, time: [h, m, s], offset: laterHours === undefined ? [oh, om] : [laterHours, laterMinutes], zone });
}
