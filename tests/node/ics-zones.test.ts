/** What time a clock's time is: zones by any of their names, the hour that is skipped and the one that comes twice. */
import { describe, expect, it } from 'vitest';
import { zoneNamed } from '#fly-worker/connectors/ics-zones';

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
});
