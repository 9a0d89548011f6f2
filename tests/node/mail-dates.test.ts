/** Dates as mails have them, in their headers and on the lines between them. */
import { describe, expect, it } from 'vitest';
import { envelopeDate, headerDate } from '#fly-worker/connectors/mail-dates';

describe('dates', () => {
  it.each([
    ['Thu, 2 Jan 2020 15:04:05 +0100', '2020-01-02T14:04:05.000Z'], ['2 Jan 20 15:04 EST', '2020-01-02T20:04:00.000Z'], ['Thu, 02-Jan-99 15:04:05 GMT', '1999-01-02T15:04:05.000Z'],
    ['Thu, 2 January 2020 15:04:05 -0800 (PST)', '2020-01-02T23:04:05.000Z'], ['2020-01-02 15:04:05 +02:00', '2020-01-02T13:04:05.000Z'], ['Thu Jan  2 15:04:05 2020', '2020-01-02T15:04:05.000Z'],
    ['Thu, 31 Dec 2020 23:59:60 +0000', '2020-12-31T23:59:59.000Z'],
  ])('%s', (date, iso) => { expect(new Date(headerDate(date)!).toISOString()).toBe(iso); });

  it.each(['', 'yesterday', 'Room 12', 'Tue, 30 Feb 2020 10:00:00 +0000', '1 Jan 2020 25:00:00', 'Mon, 99 Jun 2026 10:00:00'])('%s is none', (date) => { expect(headerDate(date)).toBeNull(); });

  it.each([
    ['From - Thu Jan  2 15:04:05 2020', '2020-01-02T15:04:05.000Z'], ['From 180@xxx Thu Jan 02 15:04:05 +0100 2020', '2020-01-02T14:04:05.000Z'], ['From a@b Thu Jan 2 15:04:05 2020 -0500', '2020-01-02T20:04:05.000Z'],
  ])('%s', (line, iso) => { expect(new Date(envelopeDate(line)!).toISOString()).toBe(iso); });
});
