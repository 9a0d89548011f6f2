/** The language of looking back: what came into memory when, from where, and how the syncs fared. Days are UTC. */
import { z } from 'zod';
import { IntegrationId } from './job.ts';
import { ACTIVITY_DAYS_DEFAULT, ACTIVITY_DAYS_MAX } from './limits.ts';
import { Watermark } from './memory.ts';

export const ActivityQuery = z.object({ days: z.coerce.number().int().min(7).max(ACTIVITY_DAYS_MAX).default(ACTIVITY_DAYS_DEFAULT) });

/** Days without anything are left out, except in `growth`, whose first day carries what was there before. */
export const ActivityResponse = z.object({
  since: z.iso.date(), until: z.iso.date(),
  /** Records now in memory by the day they happened (received, started, posted). */
  records: z.array(z.object({ day: z.iso.date(), integration_id: IntegrationId, records: z.int() })),
  /** Records now in memory that were stored by the end of the day, in the version they have now. */
  growth: z.array(z.object({ day: z.iso.date(), records: z.int() })),
  /** Syncs by the day they ended. `seconds`: from start to end of the completed ones together, `processed` what they read meanwhile. */
  syncs: z.array(z.object({
    day: z.iso.date(), completed: z.int(), failed: z.int(), cancelled: z.int(), records_failed: z.int(), processed: z.int(), seconds: z.number(),
  })),
});
export type ActivityResponse = z.infer<typeof ActivityResponse>;

/** What memory holds of each connection, and how far back it is complete. */
export const SourcesResponse = z.object({
  sources: z.array(z.object({ connection_id: z.string(), records: z.int(), oldest: z.iso.datetime(), newest: z.iso.datetime() })),
  watermarks: z.array(Watermark),
});
export type SourcesResponse = z.infer<typeof SourcesResponse>;
