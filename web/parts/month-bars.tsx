/** Records per month, as bars that are also a list: the figures are in the text. Months without any are shown as what they are. */
import { number } from '../words/time.ts';

const month = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' }), monthYear = new Intl.DateTimeFormat('en-GB', { month: 'short', year: '2-digit', timeZone: 'UTC' });
const MONTHS_MAX = 24;

export function MonthBars({ months }: { months: readonly { month: string; records: number }[] }) {
  const all = filled(months).slice(-MONTHS_MAX), most = Math.max(1, ...all.map((one) => one.records));
  return (
    <ol className="months" aria-label="Records per month">
      {all.map((one, i) => (
        <li key={one.month} title={`${monthYear.format(new Date(`${one.month}-01`))}: ${number(one.records)} records`}>
          <span className="month-bar"><span style={{ transform: `scaleY(${one.records / most})` }} /></span>
          <span className="month-name" aria-hidden="true">{all.length <= 6 || i % Math.ceil(all.length / 6) === 0 ? (one.month.endsWith('-01') || i === 0 ? monthYear : month).format(new Date(`${one.month}-01`)) : ''}</span>
          <span className="visually-hidden">{monthYear.format(new Date(`${one.month}-01`))}: {number(one.records)} records</span>
        </li>
      ))}
    </ol>
  );
}

function filled(months: readonly { month: string; records: number }[]): { month: string; records: number }[] {
  const first = months[0], last = months.at(-1);
  if (!first || !last) return [];
  const known = new Map(months.map((one) => [one.month, one.records])), out: { month: string; records: number }[] = [];
  const at = new Date(`${first.month}-01T00:00:00Z`);
  for (;; at.setUTCMonth(at.getUTCMonth() + 1)) {
    const name = at.toISOString().slice(0, 7);
    out.push({ month: name, records: known.get(name) ?? 0 });
    if (name >= last.month) return out;
  }
}
