/** What narrows a search: integration, time, and whether the newer of two like hits comes first. All in the address. */
import { IntegrationId } from '#contract/job';
import { Switch } from 'radix-ui';
import { useState } from 'react';
import { hrefWith, navigate, usePlace } from '../state/router.ts';
import { useIntegrations } from '../state/sources.ts';
import { dateField, monthsBefore } from '../words/time.ts';

/** The filters as the address has them, ready to be sent. */
interface SearchFilters { integration?: IntegrationId; from?: string; to?: string; person?: string; recency?: 'prefer' }
export function filtersOf(query: URLSearchParams): SearchFilters {
  const integration = IntegrationId.safeParse(query.get('integration')).data, day = (name: string): string | null => { const value = query.get(name); return value && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null; };
  const from = day('from'), to = day('to'), person = query.get('person');
  return { ...(integration && { integration }), ...(from && { from }), ...(to && { to }), ...(person && { person }), ...(query.get('recency') === 'prefer' && { recency: 'prefer' as const }) };
}

const spans = [{ months: 1, label: 'The last month' }, { months: 3, label: 'The last 3 months' }, { months: 12, label: 'The last year' }] as const;

export function SearchFilterBar() {
  const { query } = usePlace(), integrations = useIntegrations().data?.integrations ?? [];
  const filters = filtersOf(query), [today] = useState(() => new Date()), [custom, setCustom] = useState(false);
  const preset = spans.find(({ months }) => !filters.to && filters.from === dateField(monthsBefore(today, months)))?.months;
  const chosen = custom || (filters.from && !preset) || filters.to ? 'custom' : preset ? String(preset) : '';
  const set = (changes: Record<string, string | null>): void => navigate(hrefWith(changes), { replace: true });
  const pick = (value: string): void => {
    setCustom(value === 'custom');
    if (value === 'custom') return;
    set({ from: value ? dateField(monthsBefore(today, Number(value))) : null, to: null });
  };
  return (
    <div className="search-filters" role="group" aria-label="Narrow the search">
      {integrations.length > 1 && (
        <label className="select"><span className="visually-hidden">From where</span>
          <select value={filters.integration ?? ''} onChange={(event) => set({ integration: event.target.value || null })}>
            <option value="">Everywhere</option>
            {integrations.map((one) => <option key={one.integration_id} value={one.integration_id}>{one.title}</option>)}
          </select>
        </label>
      )}
      <label className="select"><span className="visually-hidden">When</span>
        <select value={chosen} onChange={(event) => pick(event.target.value)}>
          <option value="">Any time</option>
          {spans.map(({ months, label }) => <option key={months} value={months}>{label}</option>)}
          <option value="custom">Between …</option>
        </select>
      </label>
      {chosen === 'custom' && <>
        <label className="as-of"><span className="visually-hidden">From</span><input type="date" value={filters.from ?? ''} max={filters.to ?? dateField(today)} onChange={(event) => set({ from: event.target.value || null })} /></label>
        <label className="as-of"><span className="visually-hidden">To</span><input type="date" value={filters.to ?? ''} min={filters.from} onChange={(event) => set({ to: event.target.value || null })} /></label>
      </>}
      <label className="switch-line" htmlFor="recency"><Switch.Root id="recency" className="switch switch-small" checked={filters.recency === 'prefer'} onCheckedChange={(on) => set({ recency: on ? 'prefer' : null })}><Switch.Thumb className="switch-thumb" /></Switch.Root>Newer first</label>
    </div>
  );
}
