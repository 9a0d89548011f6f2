/** What is particular to calendar files: series written out, clocks of any zone, files that are torn; and rules that would never end. */
import { describe, expect, it } from 'vitest';
import { OCCURRENCES_MAX } from '#contract/limits';
import { ics } from '#fly-worker/connectors/ics';
import { ruleOf } from '#fly-worker/connectors/ics-values';
import { zoneNamed } from '#fly-worker/connectors/ics-zones';
import { momentsOf, TooManySteps } from '#fly-worker/connectors/recurrence';
import { importFile, type ImportOptions } from '../archive.ts';

const event = (...lines: string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n');
const calendar = (...parts: string[]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', ...parts, 'END:VCALENDAR', ''].join('\r\n');
const read = (file: string, options?: ImportOptions) => importFile(ics, file, options);
const year = (y: number) => ({ span: { since: `${y}-01-01T00:00:00.000Z`, until: `${y + 1}-01-01T00:00:00.000Z` } });
const starts = async (file: string, options?: ImportOptions): Promise<string[]> => (await read(file, options)).records.map((r) => r.occurredAt.slice(0, 16));

/** jCal of a rule, as the parser gives it. */
const jcal = (rule: string): object => Object.fromEntries(rule.split(';').map((part) => part.split('=')).map(([name, value]) => [name!.toLowerCase(),
  name === 'UNTIL' ? `${value!.slice(0, 4)}-${value!.slice(4, 6)}-${value!.slice(6, 8)}${value!.length > 8 ? `T${value!.slice(9, 11)}:${value!.slice(11, 13)}:${value!.slice(13)}` : ''}` : name === 'WKST' ? value : value!.includes(',') ? value!.split(',') : value]));
function first(rule: string, start: string, n = 6, stepsMax = 200_000): string[] {
  const found: string[] = [];
  for (const at of momentsOf(ruleOf(jcal(rule))!, Date.parse(`${start}Z`), { since: 0, until: Date.UTC(2100, 0, 1), stepsMax })) {
    found.push(new Date(at).toISOString().slice(0, 16).replace(/T09:00$/, ''));
    if (found.length === n) break;
  }
  return found;
}

describe('rules, by the examples of RFC 5545 section 3.8.5.3', () => {
  it.each([
    ['FREQ=DAILY;COUNT=3', ['1997-09-02', '1997-09-03', '1997-09-04']],
    ['FREQ=DAILY;INTERVAL=10;COUNT=5', ['1997-09-02', '1997-09-12', '1997-09-22', '1997-10-02', '1997-10-12']],
    ['FREQ=WEEKLY;INTERVAL=2;WKST=SU', ['1997-09-02', '1997-09-16', '1997-09-30', '1997-10-14', '1997-10-28', '1997-11-11']],
    ['FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH', ['1997-09-02', '1997-09-04', '1997-09-09', '1997-09-11']],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=1FR', ['1997-09-05', '1997-10-03', '1997-11-07']],
    ['FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=1SU,-1SU', ['1997-09-07', '1997-09-28', '1997-11-02', '1997-11-30', '1998-01-04', '1998-01-25']],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=-2MO', ['1997-09-22', '1997-10-20', '1997-11-17']],
    ['FREQ=MONTHLY;BYMONTHDAY=-3', ['1997-09-28', '1997-10-29', '1997-11-28', '1997-12-29', '1998-01-29', '1998-02-26']],
    ['FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1', ['1997-09-30', '1997-10-01', '1997-10-31', '1997-11-01']],
    ['FREQ=MONTHLY;INTERVAL=18;COUNT=4;BYMONTHDAY=10,11', ['1997-09-10', '1997-09-11', '1999-03-10', '1999-03-11']],
    ['FREQ=YEARLY;COUNT=4;BYMONTH=6,7', ['1998-06-02', '1998-07-02', '1999-06-02', '1999-07-02']],
    ['FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200', ['2000-01-01', '2000-04-09', '2000-07-18', '2003-01-01']],
    ['FREQ=YEARLY;BYDAY=20MO', ['1998-05-18', '1999-05-17', '2000-05-15', '2001-05-14', '2002-05-20', '2003-05-19']],
    ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', ['1998-05-11', '1999-05-17', '2000-05-15', '2001-05-14', '2002-05-13', '2003-05-12']],
    ['FREQ=YEARLY;BYMONTH=3;BYDAY=TH', ['1998-03-05', '1998-03-12', '1998-03-19', '1998-03-26', '1999-03-04', '1999-03-11']],
    ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13', ['1998-02-13', '1998-03-13', '1998-11-13', '1999-08-13', '2000-10-13', '2001-04-13']],
    ['FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8', ['1997-11-04', '2001-11-06', '2005-11-08', '2009-11-03', '2013-11-05', '2017-11-07']],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', ['1997-09-04', '1997-10-07', '1997-11-06']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2', ['1997-09-29', '1997-10-30', '1997-11-27', '1997-12-30', '1998-01-29', '1998-02-26']],
    ['FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000', ['1997-09-02', '1997-09-02T12:00', '1997-09-02T15:00']],
    ['FREQ=MINUTELY;INTERVAL=90;COUNT=3', ['1997-09-02', '1997-09-02T10:30', '1997-09-02T12:00']],
    ['FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20;COUNT=5', ['1997-09-02', '1997-09-02T09:20', '1997-09-02T10:00', '1997-09-02T10:20', '1997-09-03']],
    ['FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5', ['1997-09-15', '1997-09-30', '1997-10-15', '1997-10-30', '1997-11-15']],
  ])('%s', (rule, expected) => { expect(first(rule, '1997-09-02T09:00:00', Math.max(expected.length, 3)).slice(0, expected.length)).toEqual(expected); });

  it('by the week that begins on another day', () => {
    expect(first('FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '1997-08-05T09:00:00')).toEqual(['1997-08-05', '1997-08-10', '1997-08-19', '1997-08-24']);
    expect(first('FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '1997-08-05T09:00:00')).toEqual(['1997-08-05', '1997-08-17', '1997-08-19', '1997-08-31']);
  });

  it('may begin anywhere: what was before the range changes nothing', () => {
    for (const rule of ['FREQ=DAILY;INTERVAL=3', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR', 'FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31', 'FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29', 'FREQ=HOURLY;INTERVAL=7']) {
      const parsed = ruleOf(jcal(rule))!, start = Date.UTC(1996, 1, 29, 9), since = Date.UTC(2020, 0, 1), until = Date.UTC(2021, 0, 1);
      const all = [...momentsOf(parsed, start, { since: 0, until, stepsMax: 1e7 })].filter((at) => at >= since);
      expect([...momentsOf(parsed, start, { since, until, stepsMax: 1e7 })], rule).toEqual(all);
    }
  });

  it.each(['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31', 'FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4', 'FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2', 'FREQ=SECONDLY;BYHOUR=25'])('%s comes to an end', (rule) => {
    try { expect(ruleOf(jcal(rule)) === null ? [] : first(rule, '1970-01-01T00:00:00')).toEqual([]); } catch (error) { expect(error).toBeInstanceOf(TooManySteps); }
  });

  it.each(['FREQ=FORTNIGHTLY', 'FREQ=DAILY;INTERVAL=0', 'FREQ=DAILY;UNTIL=soon', 'FREQ=WEEKLY;BYDAY=XX', 'FREQ=MONTHLY;BYMONTHDAY=40'])('%s is none', (rule) => { expect(ruleOf(jcal(rule))).toBeNull(); });
});

describe('series', () => {
  it('without an end are written out within the range, at the same clock time on either side of a change', async () => {
    const file = calendar(event('UID:a', 'DTSTART;TZID=America/New_York:20200101T090000', 'RRULE:FREQ=MONTHLY'));
    expect(await starts(file, year(2026))).toEqual(['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '11', '12'].map((m) => `2026-${m}-01T${['01', '02', '03', '11', '12'].includes(m) ? '14' : '13'}:00`));
  });

  it('that come back too often stop, and say that they did', async () => {
    const { records, unreadable } = await read(calendar(event('UID:a', 'DTSTART:20260101T000000Z', 'RRULE:FREQ=SECONDLY')), year(2026));
    expect(records).toHaveLength(OCCURRENCES_MAX);
    expect(unreadable).toMatchObject([{ providerId: 'a/rest', message: expect.stringContaining('more often than can be followed') }]);
  });

  it('leave out what was struck off, by moment or by day, and add what was added', async () => {
    const file = calendar(event('UID:a', 'DTSTART:20260105T090000Z', 'RRULE:FREQ=DAILY;COUNT=5', 'EXDATE:20260106T090000Z', 'EXDATE;VALUE=DATE:20260108', 'RDATE:20260201T120000Z', 'RDATE;VALUE=PERIOD:20260202T120000Z/PT1H'));
    expect(await starts(file)).toEqual(['2026-01-05T09:00', '2026-01-07T09:00', '2026-01-09T09:00', '2026-02-01T12:00', '2026-02-02T12:00']);
  });

  it('end with the moment that is named in UTC, not a day later', async () => {
    expect(await starts(calendar(event('UID:a', 'DTSTART;TZID=Asia/Tokyo:20260105T080000', 'RRULE:FREQ=DAILY;UNTIL=20260106T230000Z')))).toEqual(['2026-01-04T23:00', '2026-01-05T23:00', '2026-01-06T23:00']);
  });

  it('worded anew once are read as worded, wherever in the file that stands', async () => {
    const series = event('UID:a', 'SUMMARY:Weekly', 'DTSTART:20260105T090000Z', 'RRULE:FREQ=WEEKLY;COUNT=3'), moved = event('UID:a', 'SUMMARY:Moved', 'RECURRENCE-ID:20260112T090000Z', 'DTSTART:20260113T100000Z');
    for (const file of [calendar(series, moved), calendar(moved, series)]) {
      const { records } = await read(file);
      expect(records.map((r) => [r.providerId, r.occurredAt.slice(0, 16), r.title, r.properties['type']]).sort()).toEqual([
        ['a/2026-01-05T09:00:00.000Z', '2026-01-05T09:00', 'Weekly', 'occurrence'], ['a/2026-01-12T09:00:00.000Z', '2026-01-13T10:00', 'Moved', 'exception'], ['a/2026-01-19T09:00:00.000Z', '2026-01-19T09:00', 'Weekly', 'occurrence'],
      ]);
    }
  });

  it('are split between pages at any of their times', async () => {
    const file = calendar(event('UID:a', 'DTSTART:20260105T090000Z', 'RRULE:FREQ=DAILY;COUNT=9', 'EXDATE:20260107T090000Z'), 'BEGIN:VTODO\r\nUID:t\r\nEND:VTODO', event('UID:b', 'DTSTART:20260106T100000Z'), event('UID:c', 'DTSTART:19990101T090000Z'), event('UID:d', 'DTSTART:20260201T090000Z', 'RRULE:FREQ=WEEKLY;COUNT=7'));
    const whole = await importFile(ics, file, { pageSize: 1_000 });
    expect([whole.records.length, whole.unreadable.length]).toEqual([17, 1]);
    for (const pageSize of [1, 2, 5]) {
      const paged = await importFile(ics, file, { pageSize });
      expect(paged.records).toEqual(whole.records);
      expect([paged.unreadable, paged.leftOut]).toEqual([whole.unreadable, whole.leftOut]);
    }
  });
});

describe('time zones', () => {
  const none = new Map();
  it.each([
    ['Europe/Berlin', '2026-01-15T12:00:00', '2026-01-15T11:00'], ['Europe/Berlin', '2026-07-15T12:00:00', '2026-07-15T10:00'], ['Pacific Standard Time', '2026-07-15T12:00:00', '2026-07-15T19:00'],
    ['/mozilla.org/20050126_1/Europe/Paris', '2026-07-15T12:00:00', '2026-07-15T10:00'], ['GMT+0200', '2026-07-15T12:00:00', '2026-07-15T10:00'], ['UTC', '2026-07-15T12:00:00', '2026-07-15T12:00'], ['Asia/Kolkata', '2026-07-15T12:00:00', '2026-07-15T06:30'],
    // The hour that is skipped, and the one that comes twice.
    ['Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30'], ['Europe/Berlin', '2026-03-29T03:00:00', '2026-03-29T01:00'], ['Europe/Berlin', '2026-10-25T02:30:00', '2026-10-25T00:30'], ['Europe/Berlin', '2026-10-25T03:00:00', '2026-10-25T02:00'],
    ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30'], ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45'],
  ])('%s at %s', (name, clock, iso) => { expect(new Date(zoneNamed(name, none)!(Date.parse(`${clock}Z`))).toISOString().slice(0, 16)).toBe(iso); });

  it.each(['Atlantis/Capital', 'Customized Time Zone', '', '+99:00'])('%s is nobody\'s', (name) => { expect(zoneNamed(name, none)).toBeNull(); });

  it('of the file are as the file describes them, also with a rule that never comes', async () => {
    const zone = (rule: string): string => ['BEGIN:VTIMEZONE', 'TZID:Ours', 'BEGIN:STANDARD', 'DTSTART:20000101T000000', 'TZOFFSETFROM:+0300', 'TZOFFSETTO:+0300', 'END:STANDARD', 'BEGIN:DAYLIGHT', 'DTSTART:20260401T000000', 'TZOFFSETFROM:+0300', 'TZOFFSETTO:+0400', rule, 'END:DAYLIGHT', 'END:VTIMEZONE'].join('\r\n');
    const at = (day: string): string => event(`UID:${day}`, `DTSTART;TZID=Ours:${day}T120000`);
    expect(await starts(calendar(at('20260301'), at('20260501'), zone('RRULE:FREQ=YEARLY')))).toEqual(['2026-03-01T09:00', '2026-05-01T08:00']);
    expect(await starts(calendar(zone('RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'), at('20260301')))).toEqual(['2026-03-01T09:00']);
  });
});

describe('files', () => {
  it('that fold within a character, end lines in any way, or hold several calendars are read', async () => {
    const folded = Buffer.from(calendar(event('UID:a', 'DTSTART:20260105T090000Z', 'SUMMARY:Grüße')).replace('Grüße', 'Gr~e')), at = folded.indexOf('~');
    const torn = Buffer.concat([folded.subarray(0, at), Buffer.from([0xc3]), Buffer.from('\r\n '), Buffer.from([0xbc]), Buffer.from('ß'), folded.subarray(at + 1)]);
    expect((await importFile(ics, torn)).records[0]!.title).toBe('Grüße');
    const two = calendar(event('UID:a', 'DTSTART:20260105T090000Z')) + calendar(event('UID:b', 'DTSTART:20260106T090000Z'));
    expect((await read(two.replaceAll('\r\n', '\n'))).records.map((r) => r.providerId)).toEqual(['a', 'b']);
  });

  it('name rooms not as people, and people by their address', async () => {
    const [found] = (await read(calendar(event('UID:a', 'DTSTART:20260105T090000Z', 'ORGANIZER;CN=Anna:mailto:Anna@Nordwind.example', 'ATTENDEE;CUTYPE=ROOM;CN=Elbe:mailto:elbe@nordwind.example', 'ATTENDEE;CN="Reyes, Tom";EMAIL=tom@quill.example:urn:uuid:1', 'ATTENDEE:mailto:mia@quill.example')))).records;
    expect(found!.participants).toEqual([{ role: 'organizer', address: 'anna@nordwind.example', name: 'Anna' }, { role: 'attendee', address: 'tom@quill.example', name: 'Reyes, Tom' }, { role: 'attendee', address: 'mia@quill.example', name: null }]);
  });

  it('larger than one reading are split at any byte', async () => {
    const many = calendar(...Array.from({ length: 3_000 }, (_, i) => event(`UID:e${i}`, 'DTSTART:20260105T090000Z', `DESCRIPTION:${'long text '.repeat(60)}`)));
    expect(many.length).toBeGreaterThan(1.5 * (1 << 20));
    const { records, unreadable } = await read(many);
    expect([records.length, new Set(records.map((r) => r.providerId)).size, unreadable.length]).toEqual([3_000, 3_000, 0]);
  });

  it('with an event larger than is read go on behind it', async () => {
    const { records, unreadable } = await read(calendar(event('UID:big', 'DTSTART:20260105T090000Z', `ATTACH;ENCODING=BASE64;VALUE=BINARY:${'A'.repeat(5 << 20)}`), event('UID:small', 'DTSTART:20260105T090000Z')));
    expect(records.map((r) => r.providerId)).toEqual(['small']);
    expect(unreadable).toEqual([{ providerId: 'big', message: 'It is too large to be read.' }]);
  });
});
