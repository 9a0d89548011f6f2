/** The charts of the overview, loaded on demand: records over time by integration, memory growth, throughput, failures. */
import type { ActivityResponse } from '#contract/activity';
import { integrationHue, integrationTitle } from '../words/job.ts';
import { count, number, rate } from '../words/time.ts';
import { ChartFrame } from './frame.tsx';
import type { Plot } from './frame.tsx';
import { barsOf, growthLine, recordBars, stretchesOf, throughputOf, ticksOf } from './series.ts';
import type { Bars } from './series.ts';

export default function ActivityCharts({ activity }: { activity: ActivityResponse }) {
  return (
    <div className="charts">
      <Records activity={activity} />
      <Growth activity={activity} />
      <Throughput activity={activity} />
      <Failures activity={activity} />
    </div>
  );
}

const total = (bars: Bars<string>): number => bars.series.reduce((sum, one) => sum + one.total, 0);
const barReading = <K extends string>(bars: Bars<K>, name: (key: K) => string, hue: (key: K) => string) => (index: number) =>
  bars.series.flatMap((one) => { const value = one.values[index] ?? 0; return value > 0 ? [{ label: name(one.key), value: number(value), hue: hue(one.key) }] : []; });

/** Bars that stand on each other, two pixels apart where there is room. */
function Stack<K extends string>({ bars, plot, hue }: { bars: Bars<K>; plot: Plot; hue: (key: K) => string }) {
  const gap = plot.band > 5 ? 2 : plot.band > 3 ? 1 : 0;
  return bars.stretches.map((stretch, index) => {
    let below = 0;
    return bars.series.map((one) => {
      const value = one.values[index] ?? 0;
      if (value === 0) return null;
      const y = plot.y(below + value), height = plot.y(below) - y;
      below += value;
      // A day with one record is not an empty day.
      return <rect key={`${stretch.from}${one.key}`} x={plot.x(index) + gap / 2} y={Math.min(y, plot.zero - 1)} width={Math.max(1, plot.band - gap)} height={Math.max(1, height)} fill={hue(one.key)} rx={gap > 0 ? 1 : 0} />;
    });
  });
}

function Records({ activity }: { activity: ActivityResponse }) {
  const bars = recordBars(activity);
  return <ChartFrame title="Records by the day they happened" summary={`${count(total(bars), 'record')} of this time are in memory: ${bars.series.map((one) => `${integrationTitle(one.key)} ${number(one.total)}`).join(', ') || 'none'}.`}
    stretches={bars.stretches} ticks={ticksOf(bars.max)} reading={barReading(bars, integrationTitle, integrationHue)}
    legend={<ul className="legend">{bars.series.map((one) => <li key={one.key}><i style={{ background: integrationHue(one.key) }} />{integrationTitle(one.key)}</li>)}</ul>}
    renderPlot={(plot) => <Stack bars={bars} plot={plot} hue={integrationHue} />} />;
}

function Growth({ activity }: { activity: ActivityResponse }) {
  const { stretches, values } = growthLine(activity), last = values.at(-1) ?? 0;
  const middle = (plot: Plot, index: number): number => plot.x(index) + plot.band / 2;
  return <ChartFrame title="Memory" summary={`Memory grew from ${number(values[0] ?? 0)} to ${count(last, 'record')}.`} stretches={stretches} ticks={ticksOf(Math.max(...values, 0))}
    reading={(index) => [{ label: 'In memory', value: number(values[index] ?? 0), hue: 'var(--hue-1)' }]}
    renderPlot={(plot, read) => <>
      <path className="area" d={`M${middle(plot, 0)},${plot.zero} ${values.map((value, i) => `L${middle(plot, i)},${plot.y(value)}`).join(' ')} L${middle(plot, values.length - 1)},${plot.zero}Z`} />
      <path className="line" d={values.map((value, i) => `${i === 0 ? 'M' : 'L'}${middle(plot, i)},${plot.y(value)}`).join(' ')} />
      {read !== null && <circle className="line-dot" cx={middle(plot, read)} cy={plot.y(values[read] ?? 0)} r={3.5} />}
    </>} />;
}

function Throughput({ activity }: { activity: ActivityResponse }) {
  const { stretches, values } = throughputOf(activity), known = values.filter((value) => value !== null), best = Math.max(0, ...known);
  return <ChartFrame title="Records per second while syncing" summary={known.length > 0 ? `Up to ${rate(best)} records per second.` : 'No sync was completed in this time.'} stretches={stretches} ticks={ticksOf(best, false)} unit="/s"
    reading={(index) => { const value = values[index]; return value == null ? [] : [{ label: 'Read', value: rate(value), hue: 'var(--hue-2)' }]; }}
    renderPlot={(plot) => values.map((value, index) => value !== null && <g key={stretches[index]?.from}><line className="stem" x1={plot.x(index) + plot.band / 2} x2={plot.x(index) + plot.band / 2} y1={plot.zero} y2={plot.y(value)} /><circle className="stem-dot" cx={plot.x(index) + plot.band / 2} cy={plot.y(value)} r={3} /></g>)} />;
}

const troubleWords = { syncs: 'Syncs that stopped', records: 'Records not stored' } as const;
const troubleHue = (key: keyof typeof troubleWords): string => (key === 'syncs' ? 'var(--hue-7)' : 'var(--hue-3)');
function Failures({ activity }: { activity: ActivityResponse }) {
  const bars = barsOf(stretchesOf(activity.since, activity.until), activity.syncs.flatMap(({ day, failed, records_failed }) => [{ day, key: 'syncs' as const, value: failed }, { day, key: 'records' as const, value: records_failed }]));
  const name = (key: keyof typeof troubleWords): string => troubleWords[key];
  return <ChartFrame title="Failures" summary={total(bars) === 0 ? 'Nothing failed in this time.' : bars.series.map((one) => `${name(one.key)}: ${number(one.total)}`).join(', ')} stretches={bars.stretches} ticks={ticksOf(bars.max)}
    reading={barReading(bars, name, troubleHue)}
    legend={total(bars) === 0 ? <span className="quiet">None in this time</span> : <ul className="legend">{bars.series.map((one) => <li key={one.key}><i style={{ background: troubleHue(one.key) }} />{name(one.key)}</li>)}</ul>}
    renderPlot={(plot) => <Stack bars={bars} plot={plot} hue={troubleHue} />} />;
}
