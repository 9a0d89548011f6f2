/** Dates and spans as people say them. Clock times are the reader's own; days of a range too. */
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
const dayShort = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayShortYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const thisYear = (date: Date): boolean => date.getFullYear() === new Date().getFullYear();

/** `3 August`, with the year when it is another one. */
export const day = (iso: string): string => { const date = new Date(iso); return (thisYear(date) ? dayMonth : dayMonthYear).format(date); };
/** `3 Aug`. */
export const shortDay = (iso: string): string => { const date = new Date(iso); return (thisYear(date) ? dayShort : dayShortYear).format(date); };
/** `3 August 2026 at 14:05`. */
export const moment = (iso: string): string => { const date = new Date(iso); return `${dayMonthYear.format(date)} at ${clock.format(date)}`; };
/** `14:05:09`. */
export const clockTime = (iso: string): string => clockSeconds.format(new Date(iso));
/** `20 Aug – 20 Nov 2026`. */
export const range = (from: string, to: string): string => {
  const start = new Date(from), end = new Date(to);
  return start.getFullYear() === end.getFullYear() ? `${dayShort.format(start)} – ${dayShortYear.format(end)}` : `${dayShortYear.format(start)} – ${dayShortYear.format(end)}`;
};

/** `just now`, `3 minutes ago`, `yesterday`, `3 August`. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1_000;
  if (seconds < 45) return 'just now';
  if (seconds < 3_600) return count(Math.max(1, Math.round(seconds / 60)), 'minute') + ' ago';
  if (seconds < 22 * 3_600) return count(Math.round(seconds / 3_600), 'hour') + ' ago';
  if (seconds < 44 * 3_600) return 'yesterday';
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)} days ago`;
  return day(iso);
}

export const isPast = (iso: string, now = Date.now()): boolean => Date.parse(iso) <= now;

/** `due now`, `in 12 minutes`, `in 3 hours`, `tomorrow at 04:10`, `on 3 August`. */
export function until(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1_000;
  if (seconds < 60) return 'due now';
  if (seconds < 3_600) return `in ${count(Math.round(seconds / 60), 'minute')}`;
  if (seconds < 12 * 3_600) return `in ${count(Math.round(seconds / 3_600), 'hour')}`;
  return seconds < 48 * 3_600 ? `${new Date(iso).getDate() === new Date(now).getDate() ? 'today' : 'tomorrow'} at ${clock.format(new Date(iso))}` : `on ${day(iso)}`;
}

/** `12 s`, `3 min`, `1 h 20 min`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3_600), minutes = Math.round((seconds % 3_600) / 60);
  return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
}

/** `about 2 minutes left`. */
export function left(seconds: number): string {
  if (seconds < 8) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds left`;
  if (seconds < 3_600) return `about ${count(Math.max(1, Math.round(seconds / 60)), 'minute')} left`;
  return `about ${span(seconds)} left`;
}

const integer = new Intl.NumberFormat('en-GB');
export const number = (value: number): string => integer.format(value);
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });
/** `950`, `12K`, `1.5M`: for axes. */
export const compact = (value: number): string => short.format(value);
/** `1 record`, `3,104 records`. */
export const count = (value: number, noun: string): string => `${integer.format(value)} ${value === 1 ? noun : `${noun}s`}`;
/** `4.2`, `183`. */
export const rate = (perSecond: number): string => perSecond >= 10 ? integer.format(Math.round(perSecond)) : perSecond.toFixed(1);
/** Never shows 100 before it is true. */
export const percent = (value: number, done: boolean): string => `${done ? 100 : Math.min(99, Math.floor(value))} %`;

/** As an `<input type="date">` wants it, in the reader's own days. */
export const dateField = (date: Date): string => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
export function monthsBefore(date: Date, months: number): Date {
  const back = new Date(date);
  back.setMonth(back.getMonth() - months);
  // 31 May minus 3 months is not 3 March.
  if (back.getDate() !== date.getDate()) back.setDate(0);
  return back;
}
