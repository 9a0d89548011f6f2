/** What every chart has: a title that says what is drawn, axes, a reading of the place under the pointer or the arrow keys, and the same figures as a table. */
import { useId, useLayoutEffect, useRef, useState } from 'react';
import type { PointerEvent, ReactNode } from 'react';
import { compact, shortDay } from '../words/time.ts';
import type { Stretch } from './series.ts';

const HEIGHT = 168, TOP = 10, BOTTOM = 22, LEFT = 40;
export interface Plot { width: number; x: (index: number) => number; band: number; y: (value: number) => number; zero: number }

interface Props {
  title: string;
  /** What one sees, in a sentence, for those who do not. */
  summary: string;
  stretches: readonly Stretch[];
  ticks: readonly number[];
  renderPlot: (plot: Plot, read: number | null) => ReactNode;
  /** What stands at one place, as label and value. */
  reading: (index: number) => { label: string; value: string; hue?: string | undefined }[];
  legend?: ReactNode;
  unit?: string;
}

export function ChartFrame({ title, summary, stretches, ticks, renderPlot, reading, legend, unit = '' }: Props) {
  const box = useRef<HTMLDivElement>(null), width = useWidth(box), titleId = useId();
  const [read, setRead] = useState<number | null>(null);
  const top = ticks.at(-1) ?? 1, zero = HEIGHT - BOTTOM, span = Math.max(1, width - LEFT), band = span / Math.max(1, stretches.length);
  const plot: Plot = { width, band, zero, x: (index) => LEFT + index * band, y: (value) => zero - (value / top) * (zero - TOP) };

  const point = (event: PointerEvent<HTMLInputElement>): void => {
    const box = event.currentTarget.getBoundingClientRect(), at = Math.floor(((event.clientX - box.left) / box.width) * stretches.length);
    setRead(at >= 0 && at < stretches.length ? at : null);
  };
  const said = read === null ? null : reading(read), stretch = read === null ? undefined : stretches[read];
  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption className="chart-head"><h3 id={titleId}>{title}</h3>{legend}</figcaption>
      <div ref={box} className="chart-box">
        {width > 0 && <svg width={width} height={HEIGHT} role="img" aria-label={summary}>
          {ticks.map((tick) => (
            <g key={tick}>
              <line className={tick === 0 ? 'axis' : 'grid'} x1={LEFT} x2={width} y1={plot.y(tick)} y2={plot.y(tick)} />
              <text className="tick" x={LEFT - 8} y={plot.y(tick)} dy="0.32em" textAnchor="end">{compact(tick)}</text>
            </g>
          ))}
          {dayMarks(stretches, span).map((index) => <text key={index} className="tick" x={plot.x(index) + (index === 0 ? 0 : band / 2)} y={HEIGHT - 6} textAnchor={index === 0 ? 'start' : index === stretches.length - 1 ? 'end' : 'middle'}>{shortDay(stretches[index]?.to ?? '')}</text>)}
          {read !== null && <rect className="chart-read" x={plot.x(read)} y={TOP} width={band} height={zero - TOP} />}
          {renderPlot(plot, read)}
        </svg>}
        {/* Unseen over the plot: what the pointer, the arrow keys and a screen reader read it with. */}
        <input type="range" className="chart-reader" min={0} max={Math.max(0, stretches.length - 1)} value={read ?? Math.max(0, stretches.length - 1)} aria-label={`Read: ${title}`} aria-valuetext={spoken(stretches, reading, read ?? stretches.length - 1, unit)}
          onChange={(event) => setRead(Number(event.target.value))} onFocus={(event) => { if (event.target.matches(':focus-visible')) setRead(stretches.length - 1); }} onBlur={() => setRead(null)} onPointerMove={point} onPointerLeave={() => setRead(null)} />
        {said && stretch && (
          <div className="chart-tip" aria-hidden="true" style={(read ?? 0) < stretches.length / 2 ? { left: plot.x(read ?? 0) + band + 8 } : { right: width - plot.x(read ?? 0) + 8 }}>
            <strong>{nameOf(stretch)}</strong>
            {said.map((one) => <span key={one.label}>{one.hue && <i style={{ background: one.hue }} />}{one.label}<b>{one.value}{unit}</b></span>)}
          </div>
        )}
      </div>
      <details className="chart-table"><summary>Figures</summary><FigureTable stretches={stretches} reading={reading} unit={unit} title={title} /></details>
    </figure>
  );
}

const nameOf = (stretch: Stretch): string => stretch.from === stretch.to ? shortDay(stretch.to) : `${shortDay(stretch.from)} – ${shortDay(stretch.to)}`;

/** One place as a screen reader says it. */
function spoken(stretches: readonly Stretch[], reading: Props['reading'], index: number, unit: string): string {
  const stretch = stretches[index], said = stretch ? reading(index) : [];
  return stretch ? `${nameOf(stretch)}: ${said.map((one) => `${one.label} ${one.value}${unit}`).join(', ') || 'nothing'}` : 'nothing';
}

function FigureTable({ stretches, reading, unit, title }: Pick<Props, 'stretches' | 'reading' | 'title'> & { unit: string }) {
  const rows = stretches.flatMap((stretch, index) => { const said = reading(index); return said.length > 0 ? [{ stretch, said }] : []; }).reverse();
  return (
    <div className="chart-figures">
      <table aria-label={title}><tbody>{rows.map(({ stretch, said }) => <tr key={stretch.from}><th scope="row">{nameOf(stretch)}</th><td>{said.map((one) => `${one.label} ${one.value}${unit}`).join(', ')}</td></tr>)}</tbody></table>
      {rows.length === 0 && <p className="quiet">Nothing in this time.</p>}
    </div>
  );
}

/** As many dates as fit, the last one always. */
function dayMarks(stretches: readonly Stretch[], span: number): number[] {
  const most = Math.max(2, Math.floor(span / 110)), step = Math.max(1, Math.ceil(stretches.length / most));
  const out: number[] = [];
  for (let i = stretches.length - 1; i >= 0; i -= step) out.unshift(i);
  return out;
}

function useWidth(of: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  // Before the first paint: a chart that comes a moment later than its frame flickers.
  useLayoutEffect(() => {
    if (!of.current) return;
    setWidth(of.current.clientWidth);
    const watch = new ResizeObserver(([entry]) => { if (entry) setWidth(Math.floor(entry.contentRect.width)); });
    watch.observe(of.current);
    return () => watch.disconnect();
  }, [of]);
  return width;
}
