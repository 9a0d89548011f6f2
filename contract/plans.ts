/** What each plan allows. */
export const PLANS = ['free', 'solo', 'team', 'enterprise'] as const;
export type Plan = (typeof PLANS)[number];

/** Months of history a sync may reach back. */
export const monthsOfHistory: Record<Plan, number> = { free: 1, solo: 6, team: 12, enterprise: 120 };

/**
 * Months that an import of an uploaded file may reach back. A file is history that somebody has already, and reading it troubles no provider, so
 * that it reaches further; a century is everything, mail of a clock that stood at 1970 as well.
 */
export const monthsOfArchive: Record<Plan, number> = { free: 12, solo: 120, team: 1_200, enterprise: 1_200 };

/** ACUs a month (limits.ts: RECORDS_PER_ACU records each), unless the tenant has a figure of its own. A person's mailbox, a heavy one, a company, a group of them. */
export const acuPerMonth: Record<Plan, number> = { free: 10, solo: 100, team: 1_000, enterprise: 50_000 };

/** Tokens a month that a tenant's own model may read for enrichment, unless the tenant has a figure of its own. Free has no enrichment. */
export const modelTokensPerMonth: Record<Plan, number> = { free: 0, solo: 5_000_000, team: 50_000_000, enterprise: 2_000_000_000 };

/** When the calendar month (UTC) of a moment is over and its ACUs are counted anew. ISO 8601. */
export const monthEnds = (at: Date): string => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)).toISOString();

/** `months` before a moment, to the day; the 31st becomes the last day of a shorter month. UTC. */
export function monthsBefore(at: Date, months: number): Date {
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date;
}
