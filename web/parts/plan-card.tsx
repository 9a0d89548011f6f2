/** The plan: how far back it reaches, what this month allows, and what is used of it. */
import { RECORDS_PER_ACU } from '#contract/limits';
import type { Me } from '../state/session.ts';
import { count, day, number } from '../words/time.ts';

export function PlanCard({ me: { tenant } }: { me: Me }) {
  const { used, limit, resets_at } = tenant.acu, part = limit > 0 ? Math.min(1, used / limit) : 1;
  const shown = used > 0 && used < 1 ? used.toFixed(1) : number(Math.floor(used));
  return (
    <section className="card plan-card" aria-labelledby="plan-title">
      <div className="card-line"><h2 id="plan-title">Plan</h2><span className="plan-name">{tenant.plan}</span></div>
      <div className="meter" role="meter" aria-label="ACUs used this month" aria-valuemin={0} aria-valuemax={limit} aria-valuenow={Math.min(limit, Math.round(used * 10) / 10)}><span className={part >= 1 ? 'meter-full' : part >= 0.8 ? 'meter-high' : ''} style={{ transform: `scaleX(${part})` }} /></div>
      <p className="plan-used"><strong>{shown}</strong> of {number(limit)} ACUs used this month</p>
      <p className="quiet">One ACU is {number(RECORDS_PER_ACU)} records newly stored. Counted anew from {day(resets_at)}. Reaches {count(tenant.months_of_history, 'month')} back.</p>
    </section>
  );
}
