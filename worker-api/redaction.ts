/** Which secrets are taken out of a tenant's records, and how many were: counts are read off the records in memory, so nothing is counted twice and what is forgotten counts no more. */
import { sql, type SQL } from 'drizzle-orm';
import { routes } from '#contract/api';
import { SECRET_KINDS, sparedBy, type RedactionSettings, type SecretKind } from '#contract/redaction';
import { isKept } from '#migrations/erasure';
import type { Row } from '#migrations/database';
import { tenantDatabase, utc } from './database.ts';
import { serve, type App } from './route.ts';

export function serveRedaction(app: App): void {
  serve(app, routes.getRedaction, async ({ env, principal: { tenantId } }) => toSettings(await tenantDatabase(env).tenant(tenantId, [kept(tenantId), counted(tenantId)])));

  serve(app, routes.putRedaction, async ({ env, principal: { tenantId, name }, body }) => {
    const spared = `{${sparedBy(body.on).join(',')}}`;
    const [, ...answers] = await tenantDatabase(env).tenant(tenantId, [
      // Said again, nothing changed: who said it first stands there.
      sql`insert into redaction_settings (tenant_id, spared, changed_by) values (${tenantId}, ${spared}::text[], ${name})
          on conflict (tenant_id) do update set spared = excluded.spared, changed_by = excluded.changed_by, changed_at = now() where redaction_settings.spared <> excluded.spared`,
      kept(tenantId), counted(tenantId),
    ]);
    return toSettings(answers);
  });
}

const kept = (tenantId: string): SQL => sql`select array_to_json(spared)::text as spared, ${utc('changed_at')} as changed_at from redaction_settings where tenant_id = ${tenantId}`;
const counted = (tenantId: string): SQL => sql`
  select x.key as name, sum(x.value::int)::int as found, count(*)::int as records from records r cross join lateral jsonb_each_text(r.redacted) x
   where r.tenant_id = ${tenantId} and r.redacted is not null and ${isKept} group by 1`;

function toSettings([settings, counts]: Row[][]): RedactionSettings {
  const row = settings?.[0] as { spared: string; changed_at: string } | undefined, spared = JSON.parse(row?.spared ?? '[]') as SecretKind[];
  const found = new Map((counts as { name: string; found: number; records: number }[]).map((one) => [one.name, one]));
  return {
    patterns: SECRET_KINDS.map((name) => ({ name, is_on: !spared.includes(name), found: found.get(name)?.found ?? 0, records: found.get(name)?.records ?? 0 })),
    changed_at: row?.changed_at ?? null,
  };
}
