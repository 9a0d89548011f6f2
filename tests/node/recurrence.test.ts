/** When series come back: the examples of RFC 5545 section 3.8.5.3, weeks that begin on another day, rules that name days that never come. */
import { describe, expect, it } from 'vitest';
import { ruleOf } from '#fly-worker/connectors/ics-values';
import { momentsOf, TooManySteps } from '#fly-worker/connectors/recurrence';

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
